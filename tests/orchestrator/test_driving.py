"""One driver at a time, and no writes from one that was given up for dead."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from sqlalchemy import text

from orchestrator.errors import BusyError, NotAllowedError
from orchestrator.journal import Journal
from orchestrator.storage import slots
from tests.orchestrator import databases

_HOLD = """
with journal.lease(name):
    print("held", flush=True)
    sys.stdin.read()
"""

_ZOMBIE = """
from orchestrator.errors import NotAllowedError
with journal.lease(name):
    print("held", flush=True)
    sys.stdin.read()
    try:
        journal.append(name, "closed", "zombie", {"outcome": "from the dead"})
    except NotAllowedError as refused:
        print(type(refused).__name__, flush=True)
"""
_CUT = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE application_name LIKE 'dsr process%' AND pid <> pg_backend_pid()"
)


def test_one_driver_at_a_time(where: str, journal: Journal) -> None:
    with journal.lease("r-1"):
        taken = rf"r-1 is already being driven by process {os.getpid()} since 20"
        with pytest.raises(NotAllowedError, match=taken), journal.lease("r-1"):
            pass
        with journal.lease("r-2"), Journal.open(where) as other, pytest.raises(NotAllowedError), other.lease("r-1"):
            pass
    with journal.lease("r-1"):
        pass


def test_a_lease_ends_with_its_process(where: str, journal: Journal) -> None:
    holder = databases.process(_HOLD, where, "r-1")
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(NotAllowedError, match=f"process {holder.pid}"), journal.lease("r-1"):
        pass
    holder.kill()
    holder.wait()
    for _ in range(100):
        try:
            with journal.lease("r-1"):
                return
        except NotAllowedError:
            threading.Event().wait(0.05)
    raise AssertionError("the dead process still holds the lease")


def test_a_driver_whose_connection_was_cut_goes_on_until_somebody_takes_over(server: str) -> None:
    with Journal.open(databases.emptied(server)) as journal, journal.lease("r-1") as first:
        with journal.store.read() as connection:
            connection.execute(_CUT)
        journal.append("r-1", "closed", "s1", {"outcome": "mine still"})
        with Journal.open(server) as other, other.lease("r-1") as second:
            assert second.token > first.token
            with pytest.raises(NotAllowedError, match="took over"):
                journal.append("r-1", "closed", "s1", {"outcome": "too late"})
            with pytest.raises(NotAllowedError, match="took over"):
                journal.driving.still("r-1")
            other.append("r-1", "closed", "s2", {"outcome": "theirs"})
        assert [e.payload["outcome"] for e in journal.entries("r-1")] == ["mine still", "theirs"]


def test_a_driver_who_is_silent_is_succeeded_and_writes_nothing_when_it_comes_back(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = databases.emptied(server)
    zombie = databases.process(_ZOMBIE, where, "r-1")
    assert zombie.stdin
    assert zombie.stdout
    assert zombie.stdout.readline() == "held\n"
    with Journal.open(where) as journal:
        with pytest.raises(BusyError, match=f"process {zombie.pid}"), journal.lease("r-1"):
            pass
        zombie.send_signal(signal.SIGSTOP)  # its session stays open, its beat does not
        monkeypatch.setattr("orchestrator.storage.lease.LONGEST_SILENCE", 0.5)
        threading.Event().wait(1.0)
        with journal.lease("r-1"):
            zombie.send_signal(signal.SIGCONT)
            zombie.stdin.close()
            assert zombie.stdout.read() == "NotAllowedError\n"
            journal.append("r-1", "closed", "s1", {"outcome": "the successor's"})
        assert zombie.wait() == 0
        assert [e.payload["outcome"] for e in journal.entries("r-1")] == ["the successor's"]


def test_no_more_at_a_time_than_there_are_slots(journal: Journal) -> None:
    inside, most, lock = 0, 0, threading.Lock()

    def call() -> None:
        nonlocal inside, most
        with slots.slot(journal.store, "calls to billing", 2, longest=30):
            with lock:
                inside += 1
                most = max(most, inside)
            threading.Event().wait(0.05)
            with lock:
                inside -= 1

    callers = [threading.Thread(target=call) for _ in range(6)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert most == 2
    with (
        slots.slot(journal.store, "calls to billing", 1, longest=0),
        pytest.raises(BusyError, match="1 at a time"),
        slots.slot(journal.store, "calls to billing", 1, longest=0.2),
    ):
        pass
