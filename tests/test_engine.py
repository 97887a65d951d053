"""What drives requests on: both drives do the same, one request never holds up another, and nothing is done twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.sandbox.training_tracker import crowd
from connectors.sandbox.world import Sandbox
from orchestrator.engine import Engine, Next
from orchestrator.engine.attend import ATTEMPTS
from orchestrator.engine.status import status
from orchestrator.errors import BusyError, NotAllowedError
from orchestrator.journal import State
from orchestrator.service import Service
from tests.office import Office
from tests.orchestrator import databases

STORES = ("app_db", "sendgrid")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with databases.postgres(tmp_path_factory.mktemp("queue")) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def office(
    request: pytest.FixtureRequest, running: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    if request.param == "postgresql":
        url = databases.emptied(request.getfixturevalue("server"))
        monkeypatch.setenv("DSR_DATABASE_URL", url)
    running.replant()
    office = Office.over(running, tmp_path / "state", STORES)
    yield office
    office.close()


@pytest.fixture
def engine(office: Office) -> Iterator[Engine]:
    engine = Engine(office.workspace, lambda: Service(office.workspace, office.service.actor))
    yield engine
    engine.close()


def worked(engine: Engine) -> dict[str, Next]:
    """What came of everything that was due."""
    told: dict[str, Next] = {}
    engine.work(told.__setitem__, once=True)
    return told


def test_what_was_queued_is_carried_out_and_looked_at_again_in_time(office: Office, engine: Engine) -> None:
    subject = office.sandbox.people.subject
    request = office.approved(subject.email)
    assert worked(engine) == {}, "nobody asked for it yet"
    engine.queue(request)
    told = worked(engine)[request]
    assert not told.stuck
    digest = office.workspace.journal.latest_plan(request)
    assert digest
    steps = office.workspace.journal.plan(digest).steps
    assert set(office.workspace.journal.outcomes(digest)) == {s.ref for s in steps}
    assert told.at is not None, "a vendor has taken it on, and late data is looked for"
    assert told.at - datetime.now(UTC) < timedelta(days=1, minutes=1)
    assert worked(engine) == {}, "not due yet"
    (standing,) = status(office.service, engine.agenda.rows())
    assert (standing.done, standing.next_at) == (standing.steps, told.at)


def test_only_what_is_approved_can_be_queued(office: Office, engine: Engine) -> None:
    request = office.request(office.sandbox.people.subject.email)
    office.service.plan(request)
    with pytest.raises(NotAllowedError, match="no valid approval"):
        engine.queue(request)
    assert engine.agenda.rows() == {}


def test_a_stuck_request_holds_up_no_other_and_says_why(office: Office, engine: Engine) -> None:
    people = office.sandbox.people
    stuck, fine = office.approved(people.subject.email), office.approved(crowd.person(300).email)
    engine.queue(stuck)
    engine.queue(fine)
    office.service.plan(stuck)  # a newer plan: the approval is void
    told = worked(engine)
    assert told[stuck].stuck
    assert not told[fine].stuck
    assert office.workspace.journal.state(fine) not in (State.APPROVED, State.RUNNING)
    first, *_ = status(office.service, engine.agenda.rows())
    assert first.request == stuck
    assert first.stuck == told[stuck].said.replace("\n", " ")
    assert "dsr queue" in first.next_step
    assert [e.payload["attempts"] for e in office.workspace.journal.entries(stuck, "stuck")] == [1]
    assert worked(engine) == {}, "a person looks first"


def test_a_system_that_is_down_is_tried_again_later_and_at_last_shown_to_a_person(
    office: Office, engine: Engine
) -> None:
    request = office.approved(office.sandbox.people.subject.email)
    engine.queue(request)
    engine.pause("", "app_db", "the database is being moved")
    waits = []
    for attempt in range(1, ATTEMPTS + 1):
        told = worked(engine)[request]
        assert told.stuck is (attempt == ATTEMPTS)
        if told.at:
            waits.append(told.at - datetime.now(UTC))
            engine.agenda.hurry(request, datetime.now(UTC))
            engine.drive.wake(request, datetime.now(UTC))
    assert waits[1] < waits[2] < waits[3]
    assert "app_db" in told.said
    engine.resume("", "app_db")
    assert engine.retry("app_db") == (request,)
    assert not worked(engine)[request].stuck


def test_a_paused_request_writes_nothing_until_it_is_resumed(office: Office, engine: Engine) -> None:
    request = office.approved(office.sandbox.people.subject.email)
    engine.queue(request)
    engine.pause(request, "", "the person called")
    with pytest.raises(NotAllowedError, match="is paused: the person called"):
        office.service.run(request)
    told = worked(engine)[request]
    assert told.at is not None
    assert not told.stuck
    digest = office.workspace.journal.latest_plan(request)
    assert digest
    assert office.workspace.journal.outcomes(digest) == {}
    engine.resume(request, "")
    assert not worked(engine)[request].stuck
    assert office.workspace.journal.outcomes(digest)


def test_what_ends_the_process_each_time_is_left_to_a_person(office: Office, engine: Engine) -> None:
    request = office.approved(office.sandbox.people.subject.email)
    engine.queue(request)
    for _ in range(ATTEMPTS):
        engine.agenda.take(request, datetime.now(UTC))
    assert worked(engine)[request].stuck


def test_what_a_webhook_made_anew_is_found_again_and_proposed(office: Office, engine: Engine) -> None:
    subject = office.sandbox.people.subject
    request = office.approved(subject.email)
    engine.queue(request)
    first = worked(engine)[request]
    office.sandbox.replant()
    engine.agenda.hurry(request, datetime.now(UTC))
    engine.drive.wake(request, datetime.now(UTC))
    told = worked(engine)[request]
    assert first.at
    assert "a new plan waits for approval" in told.said
    assert len(list(office.workspace.journal.entries(request, "planned"))) == 2


def test_a_second_worker_on_one_file_is_told_who_works(running: Sandbox, tmp_path: Path) -> None:
    office = Office.over(running, tmp_path / "state", STORES)
    engine = Engine(office.workspace, lambda: office.service)
    stop = threading.Event()
    worker = threading.Thread(target=lambda: engine.work(stop=stop))
    worker.start()
    try:
        time.sleep(1)
        with pytest.raises(BusyError, match=r"dsr work is already being driven by process \d+ since"):
            engine.work(once=True)
    finally:
        stop.set()
        worker.join()
        office.close()
