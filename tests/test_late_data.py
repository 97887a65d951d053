"""Rows that appear between plan and run, during it, and in the thirty days after: each is caught, and by whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connectors.model import Action
from connectors.sandbox.world import Sandbox
from orchestrator.due import Owed
from orchestrator.engine.attend import Next, go_on
from orchestrator.errors import OrchestratorError, UnsafePlanError
from orchestrator.journal import State
from orchestrator.rechecks import RECHECKS
from orchestrator.service import Service
from tests.office import Office, inventory
from tests.restored import sql

LEAD = "somebody.new@example.net"
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(only=("app_db", "files", "amazon")) as sandbox:
        yield sandbox


@pytest.fixture
def office(running: Sandbox, tmp_path: Path) -> Iterator[Office]:
    running.replant()
    held = inventory(only_connected=True)
    office = Office(
        running, tmp_path / "state", replace(held, systems={"app_db": held.systems["app_db"]}, letters=None)
    )
    entered(office, 990001)
    yield office
    office.close()


def entered(office: Office, number: int, ago: str = "20 days") -> None:
    """An integration enters the person, as known to it for so long."""
    made = "INSERT INTO leads (id, email, name, created_at) VALUES (%s, %s, 'Ann', now() - %s::interval)"
    sql(office, made, number, LEAD, ago)


def there(office: Office) -> int:
    return int(sql(office, "SELECT count(*) FROM leads WHERE email = %s", LEAD)[0][0])


def on(office: Office, at: datetime) -> Service:
    office.workspace.journal.now = lambda: at
    return office.as_(office.service.actor, at)


def to_go(service: Service, request: str) -> list[int]:
    """How many leads the latest plan deletes."""
    steps = service.show_plan(request).plan.steps
    return [s.count for s in steps if s.collection == "public.leads" and s.action is Action.DELETE]


def looked(office: Office, request: str, at: datetime) -> Next:
    return go_on(on(office, at), request, 1)


def test_what_comes_between_plan_and_run_is_not_deleted_unseen(office: Office) -> None:
    request = office.approved(LEAD)
    entered(office, 990002)
    with pytest.raises(OrchestratorError, match="changed"):
        office.service.run(request)
    assert there(office) == 2, "two rows are not what was approved"
    again = office.service.plan(request)
    assert to_go(office.service, request) == [2]
    office.service.approve(request, again.digest)
    assert office.service.run(request).payload["outcome"] == "complete"
    assert there(office) == 0


def test_what_comes_while_it_runs_is_seen_by_the_reading_after(office: Office) -> None:
    request = office.approved(LEAD)
    came: list[str] = []

    def meanwhile(system: str, what: str) -> None:
        if what.startswith("reading back") and not came:
            came.append(system)
            entered(office, 990003)

    done = office.service.run(request, meanwhile)
    assert came
    assert done.payload["outcome"] == "open", "it is not called complete"
    assert [o.overdue for o in office.service.due(request) if o.owed is Owed.DECIDE_ANEW] == [True]
    told = looked(office, request, done.confirmation.at + HOUR)
    assert "a new plan waits for approval" in told.said
    assert to_go(office.service, request) == [1]
    assert any(o.owed is Owed.GO_ON for o in office.service.due(request)), "somebody is told that it waits"


@pytest.mark.parametrize("number", range(len(RECHECKS)))
def test_what_is_entered_anew_after_a_complete_erasure_is_found_on_each_of_the_days(
    office: Office, number: int
) -> None:
    done = office.erase(LEAD)
    request, begun = done.payload["request"], done.confirmation.at
    assert done.payload["final"]
    for day in RECHECKS[:number]:
        told = looked(office, request, begun + day + HOUR)
        assert told.at == begun + RECHECKS[RECHECKS.index(day) + 1]
    entered(office, 990004)
    told = looked(office, request, begun + RECHECKS[number] + HOUR)
    assert "a new plan waits for approval" in told.said
    assert there(office) == 1, "nothing is deleted that nobody approved"
    service = on(office, begun + RECHECKS[number] + HOUR)
    service.approve(request, service.show_plan(request).digest)
    service.run(request)
    assert there(office) == 0
    assert service.journal.state(request) is not State.CLOSED, "and it is looked for again, as long as the first time"


def test_nobody_is_looked_for_when_the_last_day_is_over(office: Office) -> None:
    done = office.erase(LEAD)
    request, begun = done.payload["request"], done.confirmation.at
    for day in RECHECKS:
        looked(office, request, begun + day + HOUR)
    assert office.workspace.journal.state(request) is State.CLOSED
    assert not office.service.due(request)


def test_a_returner_stops_for_a_person_and_stays(office: Office) -> None:
    """She was erased, and has come back since: that is not the data that she wanted erased."""
    done = office.erase(LEAD)
    request, begun = done.payload["request"], done.confirmation.at
    entered(office, 990005, ago="-2 days")
    at = begun + RECHECKS[1] + HOUR
    told = looked(office, request, at)
    assert told.stuck
    assert "later" in told.said
    service = on(office, at)
    planned = service.show_plan(request)
    assert not planned.plan.changes
    with pytest.raises(UnsafePlanError):
        service.approve(request, planned.digest)

    # A person looks: she has come back, and what is hers now stays.
    service.override(request, "later", "a customer again since the first of the month")
    service.approve(request, planned.digest)
    service.run(request)
    (step,) = [s for s in service.manual_steps(request) if s.collection == "public.leads"]
    proof = office.state.parent / "proof.png"
    proof.write_bytes(b"a picture")
    service.manual_done(step.ref, "", proof, "it is a new contract, which stays")
    for day in RECHECKS:
        looked(office, request, at + day + HOUR)
    assert service.journal.state(request) is State.CLOSED
    assert there(office) == 1
    assert office.workspace.vault.requests() == frozenset(), "and nothing of her is kept"
