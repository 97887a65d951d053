"""What nobody may do: act without a verification or the plan that was looked at, act alone, or write under a hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.errors import IncompleteError, NotAllowedError
from orchestrator.inventory.model import StaffMember
from orchestrator.model import Level, Right
from orchestrator.signing import StaffKey
from orchestrator.staff import identify
from tests.office import Office

STORES = ("app_db", "sendgrid")


def test_nothing_happens_without_a_verification(office: Office, tmp_path: Path) -> None:
    email = office.sandbox.people.subject.email
    request = office.service.new_request(Right.DELETE, [("email", email)], "email")
    for act in (
        lambda: office.service.plan(request),
        lambda: office.service.approve(request, "sha256:0"),
        lambda: office.service.run(request),
        lambda: office.service.export(request, tmp_path / "x"),
    ):
        with pytest.raises(NotAllowedError, match="not verified"):
            act()
    office.service.verify(request, Level.REASONABLE, "reply", ["email"], ["email"], "confirmed at every sign-in")
    office.service.plan(request)
    with pytest.raises(NotAllowedError, match="reasonably_high"):
        office.service.export(request, tmp_path / "x")


def test_only_the_plan_that_was_looked_at_can_be_approved_and_run(office: Office) -> None:
    request = office.request(office.sandbox.people.subject.email)
    first = office.service.plan(request)
    with pytest.raises(NotAllowedError, match="no valid approval"):
        office.service.run(request)
    second = office.service.plan(request)
    with pytest.raises(NotAllowedError, match="current plan"):
        office.service.approve(request, first.digest)
    office.service.approve(request, second.digest)
    later = office.as_(office.service.actor, datetime.now(UTC) + timedelta(hours=73))
    with pytest.raises(NotAllowedError, match="too old"):
        later.run(request)


def test_two_people_are_needed_in_four_eyes_mode(office: Office, tmp_path: Path) -> None:
    keys = {name: StaffKey.generate(tmp_path / name) for name in ("desk-1", "desk-2")}
    everything = frozenset({"verify", "plan", "approve", "override", "run", "export", "hold"})
    staff = tuple(StaffMember(name, key.public, everything) for name, key in keys.items())
    held = replace(office.workspace.inventory, approval="four_eyes", staff=staff)
    with pytest.raises(NotAllowedError, match="say who acts"):
        Office(office.sandbox, tmp_path / "four", held)
    with pytest.raises(NotAllowedError, match="is not the key"):
        identify(held, "desk-1", tmp_path / "desk-2")
    office.workspace.inventory = held
    one, two = (office.as_(identify(held, n, tmp_path / n)) for n in keys)
    office.service = one
    request = office.request(office.sandbox.people.subject.email)
    planned = one.plan(request)
    with pytest.raises(NotAllowedError, match="another person"):
        one.approve(request, planned.digest)
    two.approve(request, planned.digest)
    approval = one.run(request).payload["approval"]
    assert approval["mode"] == "four_eyes"
    assert [a["signed"] for a in approval["approvals"]] == [True]


def test_a_hold_placed_after_the_approval_stops_the_write(office: Office) -> None:
    subject = office.sandbox.people.subject
    request = office.approved(subject.email)
    before = office.sandbox.untouched(subject)
    review = datetime.now(UTC) + timedelta(days=30)
    hold = office.service.place_hold("case 7", review, {"email": subject.email.upper()})
    with pytest.raises(IncompleteError, match="legal hold"):
        office.service.run(request)
    assert office.sandbox.untouched(subject) == before
    planned = office.service.plan(request)
    assert {s.action for s in planned.plan.steps if s.count} <= {"retain", "manual"}
    assert {s.rule for s in planned.plan.steps if s.action == "retain"} == {"hold"}
    office.service.release_hold(hold.id)
    again = office.service.plan(request)
    assert "delete" in {s.action for s in again.plan.steps}
