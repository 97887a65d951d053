"""Rate limits hold for all threads and processes together, and nobody waits longer than needed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import TransientError
from connectors.model import Capabilities, Subject
from connectors.protocol import Connector
from orchestrator.pace import Pace, Rate
from orchestrator.storage.store import Store
from orchestrator.wrap import Retried
from tests.orchestrator import databases

ROOT = Path(__file__).parent.parent.parent


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with databases.postgres(tmp_path_factory.mktemp("pg")) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    sqlite = request.param == "sqlite"
    opened = Store.open(tmp_path / "pace.sqlite" if sqlite else databases.emptied(request.getfixturevalue("server")))
    yield opened
    opened.close()


@given(st.integers(1, 60), st.floats(0.1, 100), st.integers(1, 150))
def test_no_window_holds_more_calls_than_allowed(calls: int, seconds: float, asked: int) -> None:
    rate, went, free_at, now = Rate(calls, seconds), [], 0.0, 1000.0
    for _ in range(asked):  # the statement of `Pace`, in Python
        free_at = rate.step + max(free_at, now - rate.step * (rate.at_once - 1))
        now = max(now, free_at - rate.step)
        went.append(now)
    for first, last in zip(went, went[calls:], strict=False):
        assert last - first >= seconds * (1 - 1e-9)


def test_calls_wait_for_their_turns(store: Store) -> None:
    clock = Clock()
    pace = Pace(store, lambda: clock.now, clock.sleep)
    went = []
    for _ in range(30):
        pace.wait("mail", Rate(10, 5.0))
        went.append(clock.now)
    assert went[0] == went[1] == 1000.0, "a fifth goes at once"
    assert all(later - earlier >= 5.0 - 1e-6 for earlier, later in zip(went, went[10:], strict=False))
    assert clock.now - 1000.0 <= 30 / 8 * 5.0, "and nobody waits for longer than that takes"


def test_systems_do_not_wait_for_one_another(store: Store) -> None:
    clock = Clock()
    pace = Pace(store, lambda: clock.now, clock.sleep)
    for name in ("mail", "calendar", "logs"):
        pace.wait(name, Rate(1, 60.0))
    assert clock.now == 1000.0


def test_what_a_vendor_asks_for_holds_for_everybody(store: Store) -> None:
    clock = Clock()
    one, two = (Pace(store, lambda: clock.now, clock.sleep) for _ in range(2))
    one.hold("mail", 30)
    one.hold("mail", 5)  # a shorter wait does not shorten it
    two.wait("mail", Rate(100, 1.0))
    assert clock.now == pytest.approx(1030.0)
    one.hold("logs", 7)
    two.wait("logs", None)
    assert clock.now == pytest.approx(1037.0)


def test_a_turn_too_far_away_is_left_for_a_later_run(store: Store) -> None:
    clock = Clock()
    pace = Pace(store, lambda: clock.now, clock.sleep)
    pace.hold("analytics", 3600)
    with pytest.raises(TransientError, match="rate limit") as raised:
        pace.wait("analytics", Rate(500, 60.0))
    assert raised.value.retry_after == pytest.approx(3600)
    assert clock.now == 1000.0


def test_whoever_is_sent_away_uses_up_no_turn(store: Store) -> None:
    """However often it asks: those who can wait are not put off by those who cannot."""
    clock, rate = Clock(), Rate(2, 100.0)
    waiting = Pace(store, lambda: clock.now, lambda seconds: None)  # many at once: nobody's wait passes the time
    waiting.wait("analytics", rate)
    waiting.wait("analytics", rate)
    away = []
    for _ in range(5):
        with pytest.raises(TransientError) as raised:
            waiting.wait("analytics", rate)
        away.append(raised.value.retry_after)
    assert away == [pytest.approx(200.0)] * 5
    clock.sleep(100.0)
    Pace(store, lambda: clock.now, clock.sleep).wait("analytics", rate)
    assert clock.now == pytest.approx(1200.0)


def test_threads_and_processes_share_one_limit(tmp_path: Path) -> None:
    path, rate = tmp_path / "pace.sqlite", Rate(20, 1.0)
    Pace.open(path).close()
    code = (
        "import sys, time; from orchestrator.pace import Pace, Rate\npace = Pace.open(sys.argv[1])\n"
        f"for _ in range(15): pace.wait('mail', {rate!r}); print(time.time(), flush=True)"
    )
    workers = [
        subprocess.Popen([sys.executable, "-c", code, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    pace, went = Pace.open(path), []

    def call() -> None:
        for _ in range(8):
            pace.wait("mail", rate)
            went.append(time.time())

    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for worker in workers:
        went += [float(line) for line in worker.communicate()[0].splitlines()]
    pace.close()
    went.sort()
    assert len(went) == 46
    # Waking up late moves calls together a little: a busy machine is given a tenth.
    assert all(later - earlier >= 0.9 for earlier, later in zip(went, went[rate.calls :], strict=False))


@pytest.mark.parametrize("for_all", [True, False])
def test_the_retry_policy_tells_what_a_vendor_asked_for(for_all: bool) -> None:
    """A wait for one kind of call (a day's quota of deletions) holds up no other."""
    told: list[float] = []

    class Overloaded:
        system = "mail"
        capabilities = Capabilities(frozenset({"email"}))
        calls = 0

        def check(self) -> None:
            self.calls += 1
            if self.calls == 1:
                raise TransientError("mail", "too many requests", 0.01, for_all=for_all)

        def locate(self, subject: Subject) -> Iterator[object]:
            raise NotImplementedError

        export = delete = locate

    inside = Overloaded()
    Retried(_as_connector(inside), asked_to_wait=told.append).check()
    assert told == ([0.01] if for_all else [])
    assert inside.calls == 2


def _as_connector(value: object) -> Connector:
    assert isinstance(value, Connector)
    return value


@pytest.mark.parametrize("asked", [1e9, float("inf")])
def test_a_vendor_cannot_shut_its_system_out_for_ever(store: Store, asked: float) -> None:
    """A header may be wrong, or a clock far off: after a day it is asked again."""
    clock = Clock()
    pace = Pace(store, lambda: clock.now, clock.sleep)
    pace.hold("shop", asked)
    with pytest.raises(TransientError):
        pace.wait("shop", None)
    clock.sleep(24 * 3600)
    pace.wait("shop", None)
