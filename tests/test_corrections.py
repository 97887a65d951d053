"""Whole requests to correct, over real parts: from intake to a verified receipt."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.sandbox.training_tracker.people import Person
from connectors.sandbox.world import Sandbox
from orchestrator.correction.cases import RefusedAs
from orchestrator.denial import Because
from orchestrator.errors import IncompleteError, NotAllowedError, UnsafePlanError
from orchestrator.issue import Fulfilled
from orchestrator.model import Level
from orchestrator.preferences import Preferences
from orchestrator.receipt import verify_file
from tests.office import ROOT, Office

SYSTEMS = ("app_db", "billing", "sendgrid", "hatchbuck")
NEW = "anne.li@example.com"
NAMES = {"given_name": "Anne", "family_name": "Li-Stone"}
WAS = [("given_name", "Ann"), ("family_name", "Lee")]


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(only=SYSTEMS) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.replant()
    return running


@pytest.fixture
def office(sandbox: Sandbox, tmp_path: Path) -> Iterator[Office]:
    office = Office.over(sandbox, tmp_path / "state", SYSTEMS)
    yield office
    office.close()


def others(sandbox: Sandbox, person: Person) -> dict[str, object]:
    return {p.name + p.email: sandbox.untouched(p) for p in sandbox.people if p != person}


def asked(
    office: Office, new: dict[str, str], was: list[tuple[str, str]] | None = None, level: Level = Level.REASONABLY_HIGH
) -> str:
    """A verified request of the subject, who signed in to her account."""
    user = [("user_id", str(office.sandbox.people.subject.user_id))]
    request = office.service.new_correction(user, new, was or [], "account")
    office.service.verify(request, level, "signed in to the account again", ["user number"], ["user_id"])
    return request


def approved(office: Office, request: str) -> str:
    office.service.approve(request, office.service.plan(request).digest)
    return request


def later(office: Office, by: timedelta) -> None:
    office.sandbox.stores["sendgrid"].fake.advance(by)


def to_the_end(office: Office, request: str) -> Fulfilled:
    """Run again while a vendor is half way, with its own time in between."""
    for _ in range(4):
        try:
            return office.service.run(request)
        except IncompleteError:
            later(office, timedelta(hours=2))
    return office.service.run(request)


def standings(done: Fulfilled) -> dict[str, str]:
    return {f"{s['system']}/{s['collection']}/{s['attribute']}": s["standing"] for s in done.payload["steps"]}


def value(sandbox: Sandbox, query: str) -> Any:
    with psycopg.connect(sandbox.stores["app_db"].url) as c:
        return c.execute(query.encode()).fetchone()


def test_a_name_is_put_right_wherever_it_stands(office: Office, tmp_path: Path) -> None:
    subject = office.sandbox.people.subject
    before = others(office.sandbox, subject)
    lines = [
        f"user_id={subject.user_id}",
        *(f"set {k}={v}" for k, v in NAMES.items()),
        *(f"was {k}={v}" for k, v in WAS),
    ]
    command = [sys.executable, "-m", "orchestrator.cli", "--sandbox", "--state", str(office.state), "request", "new"]
    taken = subprocess.run(
        [*command, "--right", "correct", "--channel", "account", "--from", "-", "--json"], cwd=ROOT, check=True,
        capture_output=True, text=True, input="\n".join(lines),
    )  # fmt: skip
    request = json.loads(taken.stdout)["request"]
    office.service.verify(request, Level.REASONABLE, "signed in again", ["user number"], ["user_id"])
    done = office.service.run(approved(office, request))
    stands = standings(done)
    corrected = {place for place, standing in stands.items() if standing == "corrected"}
    assert corrected == {
        "app_db/public.users/name", "app_db/public.leads/name", "billing/customers/name",
        "billing/payment_methods/name", "hatchbuck/contacts/given_name", "hatchbuck/contacts/family_name",
    }  # fmt: skip
    assert {p for p, s in stands.items() if s == "accepted"} == {
        "sendgrid/contacts/given_name", "sendgrid/contacts/family_name"
    }  # fmt: skip
    assert stands["app_db/public.invoices/name"] == stands["billing/invoices/name"] == "uncorrected"
    assert stands["app_db/public.certificates/name"] == "by_hand", "a certificate is its organisation's to correct"
    assert (done.payload["outcome"], done.payload["late"]) == ("open", [])
    assert value(office.sandbox, "SELECT name FROM users WHERE id = 42") == ("Anne Li-Stone",)
    assert value(office.sandbox, "SELECT DISTINCT billing_name FROM invoices WHERE user_id = 42") == ("Ann Lee",)
    assert others(office.sandbox, subject) == before
    assert {(v["name"], v["answer"]) for v in done.payload["vendors"]} >= {
        ("billing", "corrected"),
        ("hatchbuck", "corrected"),
    }
    assert [c["title"] for c in done.payload["contested"]] == ["First name", "Last name", "Name"]
    assert verify_file(done.envelope, [office.workspace.signing_key.public]) == done.payload
    page = done.page.read_text()
    assert "What was contested" in page
    assert "Correction of personal data" in page
    for name, content in office.files().items():
        for personal in ("Li-Stone", subject.email, subject.name):
            assert personal.encode() not in content, f"{name} holds a personal value"


def test_it_ends_when_vendors_and_people_have_done_theirs(office: Office, tmp_path: Path) -> None:
    request = approved(office, asked(office, NAMES, WAS))
    office.service.run(request)
    later(office, timedelta(hours=2))
    proof = tmp_path / "letter.txt"
    proof.write_text("The organisation was told.")
    for step in office.service.manual_steps(request):
        office.service.manual_done(step.ref, "privacy-desk", proof)
    done = office.service.run(request)
    assert (done.payload["outcome"], done.payload["final"]) == ("complete", True)
    assert {"corrected", "uncorrected", "attested, not verified"} >= set(standings(done).values())
    assert "Done" in done.page.read_text()
    assert any(office.workspace.journal.entries(request, "vault_destroyed")), "no value is kept longer than needed"
    assert [c["title"] for c in done.payload["contested"]] == ["First name", "Last name", "Name"]


def test_an_address_goes_with_its_opt_outs(office: Office) -> None:
    subject = office.sandbox.people.subject
    before = others(office.sandbox, subject)
    request = asked(office, {"email": NEW})
    with pytest.raises(NotAllowedError, match="nobody has seen"):
        office.service.plan(request)
    office.service.confirm_new_value(request, "email", "reply from the new address")
    tag = office.workspace.vault.person_tag
    old = tag("email", subject.email)
    for purpose in ("marketing", "sale"):
        office.workspace.journal.append("", "opted_out", "privacy-desk", {"tag": old, "purpose": purpose})
    approved(office, request)
    with pytest.raises(IncompleteError, match="ask again later"):
        office.service.run(request)
    mailer = office.sandbox.stores["sendgrid"].fake.accounts[""]
    assert NEW in mailer.unsubscribes, "before the new address stands anywhere"
    assert not [c for c in mailer.contacts.values() if c["email"] == NEW]
    listed = Preferences(office.workspace.journal).of([tag("email", NEW)])
    assert [c.purpose for c in listed] == ["sale", "marketing"], "in our own list as well, each purpose by itself"
    half_way = office.service.plan(request).plan
    assert {s.system for s in half_way.steps if s.action == "correct"} <= {"sendgrid"}
    assert {s.system for s in half_way.steps if s.rule == "in_place"} >= {"app_db", "billing", "hatchbuck"}, (
        "found by the old address as well, which no system but the last plan knows any more"
    )
    approved(office, request)
    to_the_end(office, request)
    later(office, timedelta(hours=2))
    stands = standings(office.service.run(request))
    assert {p for p, s in stands.items() if s in ("corrected", "in_place")} == {
        "app_db/public.users/email", "app_db/public.leads/email", "billing/customers/email",
        "billing/payment_methods/email", "hatchbuck/contacts/email", "sendgrid/contacts/email",
        "sendgrid/suppressions.unsubscribes/email",
    }  # fmt: skip
    assert stands["app_db/public.audit_log/email"] == "uncorrected"
    assert stands["app_db/public.email_suppressions/email"] == "by_hand", "entered beside the old one, by its owner"
    assert value(office.sandbox, "SELECT email FROM users WHERE id = 42") == (NEW,)
    assert subject.email in mailer.unsubscribes
    assert others(office.sandbox, subject) == before
    again = office.service.plan(request).plan
    assert not [s for s in again.steps if s.action == "correct"], "and a new plan finds all of it right"
    assert NEW.encode() not in b"".join(office.files().values())


def test_anothers_address_is_not_entered_and_opens_nothing(office: Office) -> None:
    victim, subject = office.sandbox.people.bystander, office.sandbox.people.subject
    before = office.sandbox.untouched(victim)
    request = asked(office, {"email": victim.email})
    office.service.confirm_new_value(request, "email", "said so on the telephone")
    planned = office.service.plan(request)
    assert {f.code for f in planned.open} == {"new_value_taken", "new_value_known"}
    with pytest.raises(NotAllowedError, match="cannot be overridden"):
        office.service.override(request, "new_value_taken", "she said so")
    with pytest.raises(UnsafePlanError):
        office.service.approve(request, planned.digest)
    assert victim.email not in json.dumps(
        office.workspace.vault.open(request).get_json(f"plan:{planned.digest}")["subject"]
    )
    assert office.sandbox.untouched(victim) == before
    assert value(office.sandbox, "SELECT email FROM users WHERE id = 42") == (subject.email,)


def test_nothing_is_proved_by_what_is_contested(office: Office) -> None:
    subject = office.sandbox.people.subject
    given = [("email", subject.email), ("user_id", str(subject.user_id))]
    request = office.service.new_correction(given, {"email": NEW}, [], "email")
    for matched, proves in ((["email"], ["user_id"]), (["user number"], ["email"]), (["E-mail address"], ["user_id"])):
        with pytest.raises(NotAllowedError, match="proves nothing"):
            office.service.verify(request, Level.REASONABLY_HIGH, "reply", matched, proves)
    office.service.verify(request, Level.REASONABLE, "signed in", ["user number"], ["user_id"])
    with pytest.raises(NotAllowedError, match="reasonably_high"):
        office.service.plan(request)
    later_on = asked(office, {"job_title": "Fitter"}, [("job_title", "Welder")])
    office.service.contest(later_on, {"training_record": "passed"})
    assert office.service.corrections(later_on)[0].attribute == "training_record"


def test_what_was_approved_is_what_is_done(office: Office) -> None:
    request = approved(office, asked(office, NAMES, WAS))
    office.service.contest(request, {**NAMES, "family_name": "Smith"}, WAS)
    with pytest.raises(NotAllowedError, match="changed since the plan was made"):
        office.service.run(request)
    approved(office, request)
    office.service.place_hold("case 7", datetime.now(UTC) + timedelta(days=30), {"collection": "app_db/public.users"})
    with pytest.raises(IncompleteError, match="legal hold"):
        office.service.run(request)
    assert value(office.sandbox, "SELECT name FROM users WHERE id = 42") == ("Ann Lee",)
    stands = {(s.collection, s.rule) for s in office.service.plan(request).plan.steps if s.system == "app_db"}
    assert ("public.users", "hold") in stands


def test_what_somebody_else_changed_since_is_not_overwritten(office: Office) -> None:
    request = approved(office, asked(office, NAMES, WAS))
    with psycopg.connect(office.sandbox.stores["app_db"].url) as c:
        c.execute("UPDATE users SET name = 'Ann L. Lee' WHERE id = 42")
    with pytest.raises(IncompleteError, match=r"dsr plan"):
        office.service.run(request)
    assert value(office.sandbox, "SELECT name FROM users WHERE id = 42") == ("Ann L. Lee",)


def test_one_value_is_refused_another_deleted_instead(office: Office, tmp_path: Path) -> None:
    request = asked(office, {"job_title": "Engineer", "birth_date": "1990-02-02", "tax_number": "000-00-0001"})
    service = office.service
    with pytest.raises(NotAllowedError, match=r"identifies the person|does not contest"):
        service.delete_instead(request, "email", "consent")
    service.refuse_attribute(request, "birth_date", RefusedAs.ACCURATE, "the identity document that was shown")
    statement = tmp_path / "statement.txt"
    statement.write_text("word " * 251)
    with pytest.raises(NotAllowedError, match="250 words"):
        service.statement(request, "birth_date", statement)
    statement.write_text("I was born a day later.")
    service.statement(request, "birth_date", statement)
    service.delete_instead(request, "job_title", "the person asked for it")
    shown = {c.attribute: c for c in service.corrections(request, reveal=True)}
    assert (shown["job_title"].new, shown["tax_number"].new) == ("Engineer", None), "11 CCR 7024(d): never shown"
    done = service.run(approved(office, request))
    decisions = {c["attribute"]: (c["decision"], bool(c["statement"])) for c in done.payload["contested"]}
    assert decisions == {
        "job_title": ("deleted_instead", False), "birth_date": ("refused", True), "tax_number": ("corrected", False)
    }  # fmt: skip
    stands = standings(done)
    assert not [p for p in stands if p.endswith("birth_date")], "nothing is done about what was refused"
    assert stands["hatchbuck/contacts/job_title"] == "corrected"
    assert "more likely than not accurate" in done.page.read_text()
    everything = asked(office, {"birth_date": "1990-02-02"})
    service.refuse_attribute(everything, "birth_date", RefusedAs.ACCURATE, "documents")
    with pytest.raises(NotAllowedError, match="everything was refused"):
        service.plan(everything)
    service.deny(everything, Because.OTHER, "more likely than not accurate", statement)


WORKER = """
import pathlib, sys, types
from tests.office import Office
from tests.test_corrections import SYSTEMS
Office.over(types.SimpleNamespace(environ={}), pathlib.Path(sys.argv[1]), SYSTEMS).service.run(sys.argv[2])
"""


def test_killed_between_an_effect_and_its_entry_it_goes_on(office: Office) -> None:
    subject = office.sandbox.people.subject
    before = others(office.sandbox, subject)
    request = approved(office, asked(office, NAMES, WAS))
    crm = office.sandbox.stores["hatchbuck"]
    hers = next(
        c for c in crm.fake.contacts.values() if any("ann.lee@example.com" in e["address"].lower() for e in c["emails"])
    )
    crm.faults.latency = 0.3
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(office.state), request], cwd=ROOT)
    for _ in range(4000):
        if hers["firstName"] == "Anne":
            break
        time.sleep(0.005)
    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    crm.faults.latency = 0.0
    digest = office.service.show_plan(request).digest
    journal = office.workspace.journal
    done_before = set(journal.outcomes(digest))
    step = next(
        s
        for s in office.service.show_plan(request).plan.steps
        if s.attribute == "given_name" and s.system == "hatchbuck"
    )
    assert hers["firstName"] == "Anne", "the effect is there"
    assert step.ref in journal.intended(digest) - done_before, "and no entry of it"
    done = to_the_end(office, request)
    stands = standings(done)
    assert stands["hatchbuck/contacts/given_name"] == stands["app_db/public.users/name"] == "corrected"
    assert (hers["firstName"], hers["lastName"]) == ("Anne", "Li-Stone")
    assert others(office.sandbox, subject) == before
    assert len(list(journal.receipts(request))) == 1
    journal.verify()
