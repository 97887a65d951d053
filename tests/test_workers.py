"""Several workers on one PostgreSQL: one that is killed, or hangs, is succeeded, and nothing is lost or done twice."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.sandbox.training_tracker import crowd
from connectors.sandbox.world import Sandbox
from orchestrator.engine import Engine
from tests import worker
from tests.office import Office
from tests.orchestrator import databases

STORES = ("app_db", "sendgrid")
SILENCE = "2"  # seconds


@pytest.fixture
def office(running: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setenv("DSR_LONGEST_SILENCE", SILENCE)
    monkeypatch.setattr("orchestrator.storage.lease.LONGEST_SILENCE", float(SILENCE))
    with databases.postgres(tmp_path / "queue") as url:
        monkeypatch.setenv("DSR_DATABASE_URL", url)
        running.replant()
        office = Office.over(running, tmp_path / "state", STORES)
        yield office
        office.close()


def until(true: Callable[[], bool], what: str, seconds: float = 60) -> None:
    give_up = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < give_up, what
        time.sleep(0.05)


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGSTOP])
def test_a_worker_that_is_killed_or_hangs_is_succeeded(office: Office, by: signal.Signals) -> None:
    people = [crowd.person(n) for n in range(300, 303)]
    journal = office.workspace.journal
    requests = [office.approved(p.email) for p in people]
    engine = Engine(office.workspace, lambda: office.service)
    near = office.sandbox.untouched(office.sandbox.people.subject)
    office.sandbox.stores["sendgrid"].faults.latency = 0.04
    for request in requests:
        engine.queue(request)
    first = worker.start(office.state, STORES)
    until(lambda: any(journal.entries(kind="intended")), "the first worker never began")
    first.send_signal(by)
    second = worker.start(office.state, STORES)
    try:
        until(lambda: len(list(journal.entries(kind="receipt"))) == len(requests), "a request was lost")
    finally:
        first.kill()
        second.terminate()
        second.wait()
        office.sandbox.stores["sendgrid"].faults.latency = 0.0
        engine.close()
    for request in requests:
        digest = journal.latest_plan(request)
        assert digest
        assert set(journal.outcomes(digest)) == {s.ref for s in journal.plan(digest).steps}
        assert len(list(journal.receipts(request))) == 1
    assert office.sandbox.untouched(office.sandbox.people.subject) == near
    journal.verify()
