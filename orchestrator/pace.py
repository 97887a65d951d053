"""Rate limits that hold for every request and every process of an installation together.

Each system has one row that says when its next call may go. Whoever calls moves that instant on by
one atomic statement and then waits for its own turn, so turns are handed out in order and nobody
polls. A wait that a vendor asks for (Retry-After, X-RateLimit-Reset) moves it for everybody.

At most `calls` in any window of `seconds`: a fifth may go at once, the rest in equal steps (the
generic cell rate algorithm, ITU-T I.371 annex A; also in https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from connectors.errors import TransientError
from orchestrator.storage.store import Store

LONGEST_TURN = 120.0  # seconds; whoever would wait longer is sent away and asks again in a later run
USED_UP = "its rate limit is used up for now"
LONGEST_HOLD = 24 * 3600.0  # seconds; a header may be wrong, so after a day a vendor is asked again

_TAKE = text("""
    INSERT INTO dsr_pace (system, free_at) VALUES (:system, :now - :burst + :step)
    ON CONFLICT (system) DO UPDATE SET free_at = :step +
        CASE WHEN dsr_pace.free_at > :now - :burst THEN dsr_pace.free_at ELSE :now - :burst END
    WHERE dsr_pace.free_at <= :now + :longest
    RETURNING free_at""")  # no row: the turn is too far away, and is not taken
_HOLD = text("""
    INSERT INTO dsr_pace (system, free_at) VALUES (:system, :until)
    ON CONFLICT (system) DO UPDATE SET free_at =
        CASE WHEN dsr_pace.free_at > :until THEN dsr_pace.free_at ELSE :until END""")


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `calls` in any `seconds`."""

    calls: int
    seconds: float

    @property
    def at_once(self) -> int:
        return max(1, self.calls // 5)

    @property
    def step(self) -> float:
        """Seconds between calls: with what went at once before, any window holds `calls` at most."""
        return self.seconds / max(1, self.calls - self.at_once + (self.calls == 1))


class Pace:
    """The turns of one installation, kept in its journal's database or in a file beside it."""

    def __init__(
        self, store: Store, now: Callable[[], float] = time.time, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._store, self._now, self._sleep = store, now, sleep

    @classmethod
    def open(cls, where: str | Path) -> Pace:
        """As `Store.open`. A file of its own is safe to lose: it holds no evidence."""
        return cls(Store.open(where))

    def close(self) -> None:
        self._store.close()

    def wait(self, system: str, rate: Rate | None) -> None:
        """Take the next turn and wait for it. TransientError if it is too far away: then it is left to others.

        Without a rate there are no turns; a wait that the vendor asked for still holds.
        """
        now = self._now()
        if rate is None:
            self._until(system, self._held(system) - now)
            return
        burst = rate.step * (rate.at_once - 1)
        values = {"system": system, "now": now, "step": rate.step, "burst": burst, "longest": LONGEST_TURN}
        with self._store.turns() as connection:
            free_at: float | None = connection.execute(_TAKE, values).scalar()
        if free_at is None:
            raise TransientError(system, USED_UP, self._held(system) - now)
        self._until(system, free_at - rate.step - now)

    def hold(self, system: str, seconds: float) -> None:
        """Nobody calls the system for so long, and at most a day: a vendor asked for it."""
        with self._store.turns() as connection:
            connection.execute(_HOLD, {"system": system, "until": self._now() + min(seconds, LONGEST_HOLD)})

    def _held(self, system: str) -> float:
        with self._store.read() as connection:
            held = connection.execute(text("SELECT free_at FROM dsr_pace WHERE system = :system"), {"system": system})
            return float(held.scalar() or 0.0)

    def _until(self, system: str, ahead: float) -> None:
        if ahead > LONGEST_TURN:
            raise TransientError(system, USED_UP, ahead)
        if ahead > 0:
            self._sleep(ahead)
