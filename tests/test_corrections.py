"""Whole requests to correct, over real parts: from intake to a verified receipt."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.sandbox.world import Sandbox
from orchestrator.errors import IncompleteError, NotAllowedError, UnsafePlanError
from orchestrator.letter_notices import Given
from orchestrator.letters.items import outcome
from orchestrator.letters.kinds import Kind, State
from orchestrator.model import Level
from orchestrator.preferences import Preferences
from orchestrator.receipt import verify_file
from tests.correcting import NAMES, NEW, SYSTEMS, WAS, approved, asked, later, others, standings, to_the_end, value
from tests.office import ROOT, Office, dsr

WHY = "a new sign-in"  # a method that stands beside the illustrations of the rules


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


@pytest.fixture
def quiet(running: Sandbox, tmp_path: Path) -> Iterator[Office]:
    """For whoever writes nothing into any system; first in this file, before anybody does."""
    office = Office.over(running, tmp_path / "state", SYSTEMS)
    yield office
    office.close()


def test_anothers_address_is_not_entered_and_opens_nothing(quiet: Office) -> None:
    victim, subject = quiet.sandbox.people.bystander, quiet.sandbox.people.subject
    before = quiet.sandbox.untouched(victim)
    request = asked(quiet, {"email": victim.email})
    quiet.service.confirm_new_value(request, "email", "said so on the telephone")
    planned = quiet.service.plan(request)
    assert {f.code for f in planned.open} == {"new_value_taken", "new_value_known"}
    with pytest.raises(NotAllowedError, match="cannot be overridden"):
        quiet.service.override(request, "new_value_taken", "she said so")
    with pytest.raises(UnsafePlanError):
        quiet.service.approve(request, planned.digest)
    assert victim.email not in json.dumps(
        quiet.workspace.vault.open(request).get_json(f"plan:{planned.digest}")["subject"]
    )
    assert quiet.sandbox.untouched(victim) == before
    assert value(quiet.sandbox, "SELECT email FROM users WHERE id = 42") == (subject.email,)


def test_nothing_is_proved_by_what_is_contested(quiet: Office) -> None:
    subject = quiet.sandbox.people.subject
    given = [("email", subject.email), ("user_id", str(subject.user_id))]
    request = quiet.service.new_correction(given, {"email": NEW}, [], "email")
    for matched, proves in ((["email"], ["user_id"]), (["user number"], ["email"]), (["E-mail address"], ["user_id"])):
        with pytest.raises(NotAllowedError, match="proves nothing"):
            quiet.service.verify(request, Level.REASONABLY_HIGH, "reply", matched, proves)
    quiet.service.verify(request, Level.REASONABLE, "signed in", ["user number"], ["user_id"], WHY)
    with pytest.raises(NotAllowedError, match="reasonably_high"):
        quiet.service.plan(request)
    later_on = asked(quiet, {"job_title": "Fitter"}, [("job_title", "Welder")])
    quiet.service.contest(later_on, {"training_record": "passed"})
    assert quiet.service.corrections(later_on)[0].attribute == "training_record"


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
    shown = dsr(office, "correct", "show", request, "--json")
    assert [c["attribute"] for c in json.loads(shown.stdout)] == ["given_name", "family_name"]
    assert "Li-Stone" not in shown.stdout, "only --reveal shows values"
    assert "Li-Stone" in dsr(office, "correct", "show", request, "--reveal").stdout
    office.service.verify(request, Level.REASONABLE, "signed in again", ["user number"], ["user_id"], WHY)
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
    told = outcome(done.payload, office.workspace.inventory)
    assert {State.CORRECTED, State.UNCORRECTED, State.HANDED_OVER} <= told.states, "as the letter says it"
    assert all(i.basis for i in told.items if i.state is State.UNCORRECTED)
    said = office.letter(request, Kind.PARTIAL_DENIAL, Given(name="Ann Lee"))
    assert "The right information stands there." in said
    assert "kept as it was issued" in said
    assert "11 CCR 7023(b), (f)" in said
    assert "1798.105" not in said, "an exception to deletion is no ground against a correction"
    kept = office.workspace.vault.open(request).slots()
    assert not [s for s in kept if s.startswith(("corrections", "plan:"))], "no value is kept longer than needed"
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
