"""What a requester says, compared by the program with a real database; and guesses that do not pay."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from connectors.sandbox.world import Sandbox
from orchestrator.errors import IncompleteError, NotAllowedError, UnknownError
from orchestrator.held import Answer
from orchestrator.model import Level, Right
from tests.office import ROOT, Office, dsr

STORES = ("app_db",)
MATCHED, NOT_MATCHED, NOT_HELD = Answer
ANNS = {"phone": "(608) 555-0042", "name": "ANN  LEE", "zip": "50042"}


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(only=STORES) as sandbox:
        sandbox.replant()
        yield sandbox


@pytest.fixture
def office(running: Sandbox, tmp_path: Path) -> Iterator[Office]:
    office = Office.over(running, tmp_path / "state", STORES)
    yield office
    office.close()


def asked(office: Office, *identifiers: tuple[str, str], right: Right = Right.ACCESS) -> str:
    given = identifiers or (("email", office.sandbox.people.subject.email),)
    return office.service.new_request(right, given, "email")


def test_what_matches_and_what_does_not(office: Office, tmp_path: Path) -> None:
    people = office.sandbox.people
    request = asked(office)
    before = office.sandbox.untouched(people.subject)
    said = {**ANNS, "handle": "benno7", "street": "1 Nowhere Rd"}
    assert office.service.compare(request, said) == {
        "phone": MATCHED, "name": MATCHED, "zip": MATCHED, "handle": NOT_MATCHED, "street": NOT_MATCHED,
    }  # fmt: skip
    assert office.service.shown(request).level is Level.REASONABLE
    declaration = tmp_path / "declaration.txt"
    declaration.write_text("under penalty of perjury")
    office.service.keep_paper(request, "declaration", declaration)
    done = office.service.verify(request, Level.REASONABLY_HIGH, "points and a declaration", [], ["email"])
    assert done.matched == ("name", "phone", "zip")
    with pytest.raises(NotAllowedError, match="was compared and is not matched"):
        office.service.verify(request, Level.REASONABLE, "points", ["handle"], ["email"], "we are sure")
    kept = b"".join(office.files().values())
    for value in (*said.values(), people.subject.name, "Ann Lee"):
        assert value.encode() not in kept, "what was said is kept nowhere"
    assert office.sandbox.untouched(people.subject) == before


def test_nobodys_data_matches_nothing_and_says_nothing(office: Office) -> None:
    request = asked(office, ("email", "nobody.here@example.net"))
    assert set(office.service.compare(request, ANNS).values()) == {NOT_HELD}
    namesake = asked(office, ("email", office.sandbox.people.namesake.email))
    assert office.service.compare(namesake, {"name": "Ann Lee", "phone": ANNS["phone"]})["phone"] is not MATCHED


def test_who_adds_a_victims_address_to_his_own_proves_nothing_of_hers(office: Office) -> None:
    """His telephone matches his data, and it has to match hers as well."""
    people = office.sandbox.people
    his = {"name": people.attacker.name, "handle": f"rob{people.attacker.user_id}"}
    alone = asked(office, ("email", people.attacker.email))
    assert office.service.compare(alone, his) == {"name": MATCHED, "handle": MATCHED}
    for hers in (("email", people.subject.email), ("user_id", str(people.subject.user_id))):
        both = asked(office, ("email", people.attacker.email), hers)
        assert set(office.service.compare(both, his).values()) == {NOT_MATCHED}
        assert office.service.shown(both).level is None


def test_what_anybody_can_write_about_somebody_proves_nothing(office: Office) -> None:
    """A stranger fills in the contact form with her address and a number of his own."""
    subject = office.sandbox.people.subject
    with psycopg.connect(office.sandbox.stores["app_db"].url) as c:
        row = (990002, subject.email, "Rob Marsh", "+1 414 555 9999")
        c.execute("INSERT INTO leads (id, email, name, phone, created_at) VALUES (%s, %s, %s, %s, now())", row)
    request = asked(office)
    answers = office.service.compare(request, {"phone": "414 555 9999", "name": "Rob Marsh"})
    assert set(answers.values()) == {NOT_MATCHED}


def test_attempts_are_counted_before_anything_is_compared(office: Office) -> None:
    request = asked(office)
    for _ in range(2):
        office.service.compare(request, {"handle": "guess99"})
    office.service.compare(request, {"phone": ANNS["phone"]})
    words = set()
    for guess in (ANNS["phone"], "608 555 9999"):
        with pytest.raises(NotAllowedError, match="no attempts are left") as refused:
            office.service.compare(request, {"phone": guess})
        words.add(str(refused.value))
    assert len(words) == 1, "right or wrong, the same words"
    for _ in range(3):  # another request about the same person
        other = asked(office)
        office.service.compare(other, {"handle": "guess99"})
    with pytest.raises(NotAllowedError, match="no attempts are left"):
        office.service.compare(asked(office), ANNS)
    later = office.as_(office.service.actor, datetime.now(UTC) + timedelta(days=31))
    assert later.compare(asked(office), ANNS)["phone"] is MATCHED
    entries = list(office.workspace.journal.entries(request, "comparing"))
    assert [e.payload["points"] for e in entries] == [["handle"], ["handle"], ["phone"]]


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"ssn": "123-45-6789"}, r"is not asked of anybody \(11 CCR 7060"),
        ({"card_number": "4242"}, "is not asked of anybody"),
        ({"shoe_size": "42"}, "has no point 'shoe_size'"),
        ({"phone": "+"}, "too short"),
        ({}, "1 to 6 points"),
        ({f"phone{n}": "1" for n in range(7)}, "no point"),
    ],
)
def test_what_is_not_compared_is_no_attempt(office: Office, said: dict[str, str], says: str) -> None:
    request = asked(office)
    with pytest.raises((NotAllowedError, UnknownError), match=says):
        office.service.compare(request, said)
    assert not any(office.workspace.journal.entries(request, "comparing"))


@pytest.mark.parametrize("attribute", ["phone", "mobile_phone"])
def test_nobody_is_verified_by_what_is_to_be_corrected(office: Office, attribute: str) -> None:
    """Nor by a point that may match a field which holds it; and what matched before counts for nothing."""
    email = [("email", office.sandbox.people.subject.email)]
    request = office.service.new_correction(email, {"job_title": "Rigger"}, [], "email")
    assert office.service.compare(request, {"phone": ANNS["phone"], "name": "Ann Lee"})["phone"] is MATCHED
    assert office.service.shown(request).level is Level.REASONABLE
    office.service.contest(request, {attribute: "+1 608 555 9999"})
    assert office.service.shown(request).level is None
    with pytest.raises(NotAllowedError, match=r"contested in this request.*\(11 CCR 7060\(h\)\)"):
        office.service.compare(request, {"phone": "608 555 9999"})
    for basis in ("", "we are sure"):
        with pytest.raises(NotAllowedError, match="contested in this request"):
            office.service.verify(request, Level.REASONABLE, "points", ["phone"], ["email"], basis)


def test_a_system_that_is_down_costs_no_attempt(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    request = asked(office)
    monkeypatch.setenv("DSR_SANDBOX_APP_DB_DSN", "postgresql://sandbox@127.0.0.1:1/sandbox")
    with pytest.raises(IncompleteError, match="app_db could not be searched"):
        office.service.compare(request, ANNS)
    assert not any(office.workspace.journal.entries(request, "comparing"))


def test_from_the_command_line_values_come_by_standard_input(office: Office, tmp_path: Path) -> None:
    request = asked(office, right=Right.DELETE)
    command = [sys.executable, "-m", "orchestrator.cli", "--sandbox", "--state", str(office.state)]
    typed = "\n".join(f"{name}={value}" for name, value in ANNS.items())
    done = subprocess.run(
        [*command, "request", "compare", request, "--from", "-", "--json"], input=typed, cwd=ROOT,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert json.loads(done.stdout) == dict.fromkeys(ANNS, "matched"), done.stderr
    paper = tmp_path / "declaration.txt"
    paper.write_text("under penalty of perjury")
    letter = ("--letter", str(paper))
    assert dsr(office, "request", "shown", request).returncode == 0
    assert dsr(office, "request", "paper", request, "--kind", "declaration", str(paper)).returncode == 0
    assert dsr(office, "request", "ask-more", request, "--for", "identity", "--point", "phone", *letter).returncode == 0
    assert dsr(office, "request", "more-came", request).returncode == 0
    assert dsr(office, "request", "fee", request, "--estimate", "5.00 USD", "--reason", "x", *letter).returncode == 5
    verified = dsr(office, "request", "verify", request, "--method", "points", "--proves", "email", "--json")
    assert json.loads(verified.stdout)["level"] == "reasonably_high", verified.stderr
    assert dsr(office, "evidence", "list").returncode == 0
    assert dsr(office, "evidence", "purge").returncode == 0
    refused = dsr(office, "request", "unverifiable", request, "--reason", "x", *letter)
    assert (refused.returncode, "is verified" in refused.stderr) == (5, True)
