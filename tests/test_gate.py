"""What stops a run that is approved: holds and cancellations of the last minute."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from connectors.model import Status
from orchestrator.denial import Because
from orchestrator.errors import IncompleteError, NotAllowedError
from orchestrator.journal import Journal
from orchestrator.model import Level, Right, StepResult
from tests.office import Office

STORES = ("app_db", "sendgrid")


def review() -> datetime:
    return datetime.now(UTC) + timedelta(days=30)


def test_a_hold_on_the_organisation_placed_after_the_approval_stops_the_write(office: Office) -> None:
    """Nobody proves their organisation: it is a claim of their row, and a hold on it counts all the same."""
    subject = office.sandbox.people.subject
    request = office.approved(subject.email)
    before = office.sandbox.untouched(subject)
    with psycopg.connect(office.sandbox.stores["app_db"].url) as c:
        row = c.execute("SELECT organisation_id FROM users WHERE id = %s", [subject.user_id]).fetchone()
    assert row is not None
    hold = office.service.place_hold("case 8", review(), {"organisation": str(row[0])})
    with pytest.raises(IncompleteError, match=f"legal hold {hold.id}"):
        office.service.run(request)
    assert office.sandbox.untouched(subject) == before


def test_a_hold_that_comes_before_the_opt_out_asks_for_a_new_plan(office: Office) -> None:
    subject = office.sandbox.people.subject
    request = office.approved(subject.email)
    office.service.place_hold("case 9", review(), {"collection": "sendgrid/suppressions.unsubscribes"})
    with pytest.raises(IncompleteError, match="dsr plan") as told:
        office.service.run(request)
    assert "dsr run" not in str(told.value)
    assert office.service.plan(request).plan.suppresses == (), "the new plan does not enter it"


def test_a_plan_that_is_replaced_while_a_run_begins_is_not_carried_out(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = office.approved(office.sandbox.people.subject.email)
    first = office.service.show_plan(request).digest
    lease = Journal.lease

    def after_another_driver(journal: Journal, name: str) -> object:
        monkeypatch.setattr(Journal, "lease", lease)
        office.service.plan(request)
        return lease(journal, name)

    monkeypatch.setattr(Journal, "lease", after_another_driver)
    with pytest.raises(NotAllowedError, match="no valid approval"):
        office.service.run(request)
    assert office.workspace.journal.outcomes(first) == {}


def test_a_denied_request_is_not_carried_out(office: Office, tmp_path: Path) -> None:
    """Denied as a fraud, say: whose data would that be?"""
    letter = tmp_path / "letter.pdf"
    letter.write_bytes(b"We could not verify that it was you.")
    subject = office.sandbox.people.subject
    request = office.approved(subject.email)
    before = office.sandbox.untouched(subject)
    office.service.deny(request, Because.FRAUD, "the address was taken over", letter)
    for act in (lambda: office.service.run(request), lambda: office.service.plan(request)):
        with pytest.raises(NotAllowedError, match="was denied"):
            act()
    assert office.sandbox.untouched(subject) == before


def test_what_is_not_proven_any_more_opens_nothing_in_the_next_plan(office: Office) -> None:
    """Nor does what it revealed: the plan that was begun stood on a proof that is withdrawn."""
    people = office.sandbox.people
    given = [("email", people.subject.email), ("user_id", str(people.bystander.user_id))]
    request = office.service.new_request(Right.DELETE, given, "email")
    office.service.verify(request, Level.REASONABLY_HIGH, "reply", ["email"], ["email", "user_id"], "a method of ours")
    digest = office.service.plan(request).digest
    kept = office.workspace.vault.open(request)
    assert str(people.bystander.user_id) in str(kept.get_json(f"plan:{digest}")["subject"])
    step = office.service.show_plan(request).plan.steps[0]
    office.workspace.journal.outcome(digest, step.ref, StepResult(step.ref, Status.ABSENT))  # as if it was begun
    office.service.override(request, "several_people", "both accounts were said to be theirs")
    office.service.approve(request, digest)
    office.service.verify(request, Level.REASONABLY_HIGH, "by telephone", ["email"], ["email"], "a method of ours")
    with pytest.raises(NotAllowedError, match="verification changed"):
        office.service.run(request)
    digest = office.service.plan(request).digest
    known = {i["value"] for i in kept.get_json(f"plan:{digest}")["subject"]["identifiers"]}
    assert known.isdisjoint({str(people.bystander.user_id), people.bystander.email, *people.bystander.ga_clients})
    assert people.subject.email in known


def test_a_mailing_system_that_is_no_longer_one_is_said_to_be_in_the_way(office: Office) -> None:
    request = office.erase(office.sandbox.people.subject.email).payload["request"]
    held = office.workspace.inventory
    office.workspace.inventory = replace(held, systems={n: s for n, s in held.systems.items() if n != "sendgrid"})
    service = office.as_(office.service.actor)
    assert service.run(request).payload["outcome"] == "open"
    with pytest.raises(IncompleteError, match="sendgrid: opt-out not entered"):
        service.run(request)
