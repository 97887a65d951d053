"""Steps that people do, and opt-outs: over a whole request, from the plan to the last receipt."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.training_tracker.mailings import SHOP
from orchestrator.due import Owed
from orchestrator.errors import NotAllowedError, UnknownError
from orchestrator.manual import ManualStep, Progress
from orchestrator.model import Right
from tests.office import Office, dsr

STORES = ("app_db", "sendgrid", "calendly")


@pytest.fixture
def proof(tmp_path: Path) -> Path:
    file = tmp_path / "screenshot.png"
    file.write_bytes(b"a picture of the empty search")
    return file


def step(office: Office, system: str, collection: str) -> ManualStep:
    return next(s for s in office.service.manual_steps() if (s.system, s.collection) == (system, collection))


def standing(payload: dict[str, Any], system: str, collection: str) -> list[str]:
    return [s["standing"] for s in payload["steps"] if (s["system"], s["collection"]) == (system, collection)]


def test_only_approved_plans_have_steps_to_do(office: Office) -> None:
    request = office.request(office.sandbox.people.subject.email)
    planned = office.service.plan(request)
    assert office.service.manual_steps() == ()
    office.service.approve(request, planned.digest)
    steps = office.service.manual_steps()
    assert {(s.system, s.collection) for s in steps} >= {("calendly", "routing_form_submissions"), ("aws_other", "*")}
    assert all(s.owner and s.due and s.note for s in steps)
    handed = next(s for s in steps if s.collection == "public.completions")
    assert handed.owner == "customer-success"


def test_a_word_is_not_proof_and_a_search_is(office: Office, proof: Path) -> None:
    subject = office.sandbox.people.subject
    office.erase(subject.email)
    wanted = ("calendly", "routing_form_submissions")
    ref = step(office, *wanted).ref
    assert office.service.manual_done(ref, "sales", proof).progress == Progress.ATTESTED
    # Said and not done: the search that follows outweighs the word.
    payload = office.service.run(step(office, *wanted).request).payload
    assert standing(payload, *wanted) == ["still_there"]
    assert step(office, *wanted).progress is Progress.STILL_THERE
    fake = office.sandbox.stores["calendly"].fake
    fake.submissions = [s for s in fake.submissions if s["questions_and_answers"][0]["answer"] != subject.email]
    office.service.manual_done(ref, "sales", proof)
    payload = office.service.run(step(office, *wanted).request).payload
    assert standing(payload, *wanted) == ["gone"]
    assert step(office, *wanted).progress is Progress.VERIFIED


def test_what_no_search_reaches_stays_attested_and_never_verified(office: Office, proof: Path) -> None:
    done = office.erase(office.sandbox.people.subject.email)
    for system, collection in (("aws_other", "*"), ("calendly", "notes"), ("app_db", "public.completions")):
        office.service.manual_done(step(office, system, collection).ref, "", proof, "looked and deleted")
        payload = office.service.run(done.payload["request"]).payload
        assert standing(payload, system, collection) == ["attested, not verified"]


def test_the_evidence_is_kept_encrypted_and_its_hash_is_in_the_receipt(office: Office, proof: Path) -> None:
    done = office.erase(office.sandbox.people.subject.email)
    proof.write_bytes(b"picture showing ann.lee@example.com")
    office.service.manual_done(step(office, "aws_other", "*").ref, "desk", proof)
    payload = office.service.run(done.payload["request"]).payload
    (told,) = [s["attested"] for s in payload["steps"] if s["system"] == "aws_other"]
    vault = office.workspace.vault.file(done.payload["request"])
    assert vault.get(f"evidence:{told['evidence']}") == proof.read_bytes()
    assert told["by"] != told["recorded_by"] != ""
    assert not [name for name, content in office.files().items() if b"picture showing" in content]


def test_a_step_can_fail_and_be_done_later(office: Office, proof: Path) -> None:
    office.erase(office.sandbox.people.subject.email)
    ref = step(office, "aws_other", "*").ref
    assert office.service.manual_failed(ref, "no access to the shared mailbox").progress is Progress.FAILED
    assert office.service.manual_done(ref[:8], "", proof).progress is Progress.ATTESTED
    assert office.service.manual_failed(ref, "was wrong").progress is Progress.FAILED


def test_a_word_is_carried_over_to_the_next_plan(office: Office, proof: Path) -> None:
    done = office.erase(office.sandbox.people.subject.email)
    office.service.manual_done(step(office, "aws_other", "*").ref, "", proof)
    request = done.payload["request"]
    office.service.approve(request, office.service.plan(request).digest)
    assert step(office, "aws_other", "*").progress is Progress.ATTESTED


def test_a_word_does_not_count_for_identifiers_that_nobody_knew(office: Office, proof: Path) -> None:
    """Whoever looked by her address has not looked by the number that she gave afterwards."""
    done = office.erase(office.sandbox.people.subject.email)
    request = done.payload["request"]
    office.service.manual_done(step(office, "aws_other", "*").ref, "", proof)
    office.service.confirm_identifier(request, "phone", "+1 202 555 0142", "read out on the call")
    office.service.approve(request, office.service.plan(request).digest)
    again = step(office, "aws_other", "*")
    assert again.progress is Progress.OPEN_AGAIN
    assert not again.settled
    assert "open again: more identifiers are known" in dsr(office, "manual", "list", "--json").stdout
    assert "aws_other" in {o.system for o in office.service.due(request)}
    payload = office.service.run(request).payload
    assert standing(payload, "aws_other", "*") == ["by_hand"]
    assert office.service.manual_done(again.ref, "", proof).progress is Progress.ATTESTED
    assert standing(office.service.run(request).payload, "aws_other", "*") == ["attested, not verified"]


def test_bad_evidence_and_unknown_steps_are_refused(office: Office, tmp_path: Path, proof: Path) -> None:
    office.erase(office.sandbox.people.subject.email)
    ref = step(office, "aws_other", "*").ref
    with pytest.raises(NotAllowedError, match="cannot read the evidence"):
        office.service.manual_done(ref, "", tmp_path / "none.png")
    (tmp_path / "empty").touch()
    with pytest.raises(NotAllowedError, match="is empty"):
        office.service.manual_done(ref, "", tmp_path / "empty")
    with pytest.raises(NotAllowedError, match="e-mail address"):
        office.service.manual_done(ref, "", proof, "asked ann.lee@example.com")
    with pytest.raises(NotAllowedError, match="e-mail address"):
        office.service.manual_done(ref, "marketing@example.com", proof)
    for wrong in ("", "zzzzzz"):
        with pytest.raises(UnknownError, match="no step by hand"):
            office.service.manual_done(wrong, "", proof)
    assert step(office, "aws_other", "*").progress is Progress.OPEN


def test_what_is_overdue_raises_the_alarm(office: Office) -> None:
    office.erase(office.sandbox.people.subject.email)
    assert dsr(office, "manual", "list").returncode == 0
    later = office.as_(office.service.actor, datetime.now(UTC) + timedelta(days=31))
    assert all(s.overdue for s in later.manual_steps())
    request = office.service.new_request(
        Right.DELETE, [("email", office.sandbox.people.namesake.email)], "mail", datetime.now(UTC) - timedelta(days=40)
    )
    office.verified(request)
    office.service.approve(request, office.service.plan(request).digest)
    late = dsr(office, "manual", "list", "--json")
    assert late.returncode == 7
    assert {s["request"] for s in json.loads(late.stdout) if s["overdue"]} == {request}


def test_the_opt_out_is_entered_before_and_read_after_the_deletion(office: Office) -> None:
    subject = office.sandbox.people.subject
    fake = office.sandbox.stores["sendgrid"].fake
    assert subject.email not in fake.accounts[SHOP].unsubscribes
    done = office.erase(subject.email)
    assert subject.email in fake.accounts[SHOP].unsubscribes
    assert done.payload["opt_outs"] == [{"system": "sendgrid", "kept": True}]
    assert office.service.opted_out(["a@example.net", f" {subject.email.upper()}"]) == (2,)


def test_a_lost_opt_out_is_a_failure_and_the_next_run_enters_it_again(office: Office) -> None:
    subject = office.sandbox.people.subject
    fake = office.sandbox.stores["sendgrid"].fake
    done = office.erase(subject.email)
    fake.accounts[SHOP].forget({subject.email})
    request = done.payload["request"]
    lost = office.service.run(request).payload
    assert lost["opt_outs"] == [{"system": "sendgrid", "kept": False}]
    assert (lost["outcome"], lost["final"]) == ("open", False)
    assert office.service.run(request).payload["opt_outs"] == [{"system": "sendgrid", "kept": True}]
    assert subject.email in fake.accounts[SHOP].unsubscribes


def test_a_vendor_that_does_not_know_the_person_is_not_told(office: Office) -> None:
    fake = office.sandbox.stores["sendgrid"].fake
    email = office.sandbox.people.administrator.email
    fake.clear()
    planned = office.service.plan(office.request(email))
    assert planned.plan.suppresses == ()


def test_an_import_is_checked_without_repeating_addresses(office: Office, tmp_path: Path) -> None:
    subject = office.sandbox.people.subject
    office.erase(subject.email)
    file = tmp_path / "import.csv"
    file.write_text(f"one@example.net\n{subject.email}\n")
    answer = dsr(office, "opt-out", "check", "--from", str(file))
    assert answer.returncode == 5
    assert "line 2" in answer.stdout
    assert subject.email not in answer.stdout + answer.stderr


def test_an_import_that_is_not_one_address_a_line_is_refused(office: Office, tmp_path: Path) -> None:
    """What cannot be read as an address must not pass as one that has not opted out."""
    subject = office.sandbox.people.subject
    office.erase(subject.email)
    file = tmp_path / "import.csv"
    file.write_text(f"one@example.net\n\nAnn Lee,{subject.email}\n<{subject.email}>\n")
    answer = dsr(office, "opt-out", "check", "--from", str(file))
    assert answer.returncode == 2
    assert "lines 3, 4" in answer.stderr
    assert subject.email not in answer.stdout + answer.stderr
    file.write_bytes(b"\xef\xbb\xbf" + subject.email.encode() + b"\r\n")
    assert dsr(office, "opt-out", "check", "--from", str(file)).returncode == 5


def test_a_request_is_read_back_long_after_its_plan(office: Office) -> None:
    done = office.erase(office.sandbox.people.subject.email)
    for store in ("sendgrid", "calendly"):
        office.sandbox.stores[store].fake.advance(timedelta(days=8))
    later = office.as_(office.service.actor, datetime.now(UTC) + timedelta(days=20))
    payload = later.run(done.payload["request"]).payload
    assert standing(payload, "sendgrid", "contacts") == ["gone"]
    assert standing(payload, "calendly", "bookings") == ["gone"]
    assert "accepted" not in {s["standing"] for s in payload["steps"]}


def test_what_is_owed_is_listed_by_day_and_raises_the_alarm_when_it_is_past(office: Office) -> None:
    done = office.erase(office.sandbox.people.subject.email)
    assert dsr(office, "due").returncode == 0
    found = office.service.due()
    others = {Owed.BY_HAND, Owed.HAND_OVER, Owed.NOTIFY}
    assert {o.owed for o in found} == {Owed.READ_BACK, Owed.DECIDE_ANEW, *others}
    assert not any(o.overdue for o in found)
    later = office.as_(office.service.actor, datetime.now(UTC) + timedelta(days=9))
    overdue_then = {o.system for o in later.due() if o.overdue}
    assert overdue_then == {"sendgrid", "calendly", "organisations", "*"}, "and the person is looked for again"
    office.sandbox.stores["sendgrid"].fake.advance(timedelta(days=9))
    office.sandbox.stores["calendly"].fake.advance(timedelta(days=9))
    later.run(done.payload["request"])
    overdue = {(o.owed, o.system, o.collection) for o in later.due() if o.overdue}
    assert Owed.READ_BACK not in {what for what, _, _ in overdue}, "what was read back is owed no more"
    # With her own contact gone the vendor names another that bears her address too: a person must look.
    handed = (Owed.HAND_OVER, "organisations", "5")
    assert overdue == {handed, *((Owed.DECIDE_ANEW, "sendgrid", name) for name in ("contacts", "recipient_data"))}
    years_later = office.as_(office.service.actor, datetime.now(UTC) + timedelta(days=8 * 366))
    assert ("app_db", "public.invoices") in {(o.system, o.collection) for o in years_later.due() if o.overdue}


def test_what_an_exception_kept_is_deleted_when_it_has_ended(office: Office) -> None:
    subject = office.sandbox.people.subject
    request = office.erase(subject.email).payload["request"]
    years_later = office.as_(office.service.actor, datetime.now(UTC) + timedelta(days=8 * 366))
    planned = years_later.plan(request)
    due = [s for s in planned.plan.steps if s.collection == "public.invoices"]
    assert due
    assert {s.action for s in due} == {"delete"}
    years_later.approve(request, planned.digest)
    payload = years_later.run(request).payload
    assert standing(payload, "app_db", "public.invoices") == ["gone"]


def test_our_own_list_is_written_even_if_no_mailing_vendor_knows_the_person(office: Office) -> None:
    administrator = office.sandbox.people.administrator
    office.sandbox.stores["sendgrid"].fake.clear()
    office.erase(administrator.email)
    assert office.service.opted_out([administrator.email]) == (1,)
