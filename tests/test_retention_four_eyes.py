"""Retention under four eyes: the service, and not the command line, sees to it that two people decide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.sandbox.world import Sandbox
from orchestrator import canonical
from orchestrator.engine.attend import go_on
from orchestrator.errors import NotAllowedError, UnsafePlanError
from orchestrator.receipt import verify_file
from orchestrator.retention import RETENTION, expiry
from orchestrator.service import Service
from tests.four_eyes import two_people
from tests.office import Office
from tests.test_retention import RESETS, held, old

UNTIL = datetime.now(UTC) + timedelta(days=100)
Pair = tuple[Service, Service]


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(only=("app_db",)) as sandbox:
        yield sandbox


@pytest.fixture
def office(running: Sandbox, tmp_path: Path) -> Iterator[Office]:
    running.replant()
    loaded = held()
    office = Office(running, tmp_path / "state", replace(loaded, limits=replace(loaded.limits, share=1.0)))
    yield office
    office.close()


@pytest.fixture
def pair(office: Office, tmp_path: Path) -> Pair:
    return two_people(office, tmp_path / "keys")


def test_who_plans_does_not_approve_and_their_own_word_counts_for_nothing(office: Office, pair: Pair) -> None:
    one, two = pair
    planned, shown = old(office), one.plan_retention()
    assert planned > 0
    with pytest.raises(NotAllowedError, match="desk-1 made the plan or overrode the guard: another person"):
        one.approve_retention(shown.digest)
    # Put past the use case into the journal, genuinely signed by who made the plan:
    own = one.actor.sign("retention", shown.digest, one.now())
    office.workspace.journal.append(RETENTION, "retention_approved", "desk-1", canonical.plain(own))
    # ... and by the other, but over something else, or with a word changed after it was signed.
    other = two.actor.sign("retention-settings", shown.digest, two.now())
    changed = replace(own, by="desk-2")
    for forged in (other, changed):
        office.workspace.journal.append(RETENTION, "retention_approved", "desk-2", canonical.plain(forged))
    ran = one.run_retention(execute=True)
    assert (ran.dry, old(office)) == (True, planned)
    latest = one.latest_retention()
    two.approve_retention(latest.digest)
    ran = one.run_retention(execute=True)
    assert old(office) == 0
    payload = verify_file(Path(ran.receipt), office.workspace.public_keys)
    assert (payload["mode"], [a["signed"] for a in payload["approvals"]]) == ("four_eyes", [True])


def test_who_overrides_the_guard_does_not_approve(office: Office, pair: Pair) -> None:
    one, two = pair
    strict = replace(one.inventory, limits=replace(one.inventory.limits, share=0.01))
    one.inventory = two.inventory = office.workspace.inventory = strict
    shown = one.plan_retention()
    with pytest.raises(UnsafePlanError, match="would go"):
        two.approve_retention(shown.digest)
    two.override_retention("whole_collection", "the period is meant so")
    with pytest.raises(NotAllowedError, match="desk-2 made the plan or overrode the guard"):
        two.approve_retention(shown.digest)
    with pytest.raises(NotAllowedError, match="desk-1 made the plan"):
        one.approve_retention(shown.digest)


def test_an_approval_in_advance_takes_a_second_person_too(office: Office, pair: Pair) -> None:
    one, two = pair
    planned = old(office)
    one.arm(True)
    made = one.approve_ahead(RESETS, 10_000, UNTIL)
    one.plan_retention()  # the first after a change only counts
    ran = one.run_retention()  # alone: plans, approves in advance, and runs
    assert (ran.dry, old(office)) == (True, planned)
    assert "desk-1 approved it in advance and made this plan: another person" in ran.waits[RESETS]
    ran = two.run_retention()
    assert (ran.dry, old(office)) == (False, 0)
    assert ran.payload["steps"][0]["approval"] == made.id


def test_an_approval_in_advance_is_signed_over_its_bounds(office: Office, pair: Pair) -> None:
    one, two = pair
    planned = old(office)
    one.arm(True)
    made = two.approve_ahead(RESETS, 1, UNTIL)
    wider = replace(made, id="s-wider", limit=10_000)
    office.workspace.journal.append(RETENTION, "standing_approved", "desk-2", canonical.plain(wider), wider.id)
    one.plan_retention()
    assert "its signature does not fit" in one.run_retention().waits[RESETS]
    clerk = Service(office.workspace, replace(two.actor, may=frozenset({"plan", "run"})))
    for act in (
        lambda: clerk.approve_ahead(RESETS, 10, UNTIL),
        lambda: clerk.withdraw(made.id),
        lambda: clerk.arm(True),
        lambda: clerk.approve_retention("sha256:00"),
    ):
        with pytest.raises(NotAllowedError, match="may not approve"):
            act()
    assert old(office) == planned


def test_an_exception_that_ends_is_not_let_go_by_one_person(running: Sandbox, tmp_path: Path) -> None:
    running.replant()
    office = Office.over(running, tmp_path / "state", ("app_db",))
    first = office.erase(running.people.subject.email)
    request = str(first.payload["request"])
    one, two = two_people(office, tmp_path / "keys")
    later = datetime.now(UTC) + timedelta(days=400)
    one, two = (office.as_(person.actor, later) for person in (one, two))
    alone = one.approve_ahead("expiry:security-log", 10_000, later + timedelta(days=30))
    assert alone.id not in go_on(one, request, 1).said  # a worker in their name plans, and asks a person
    assert expiry.approve(one, request) == ()
    two.plan(request)
    assert expiry.approve(two, request) == (alone.id,)
    office.close()
