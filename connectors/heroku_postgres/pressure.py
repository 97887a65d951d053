"""How others fare while rows are purged: whether there are any, how long a small query of our own takes beside it, and
replicas' lag."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from psycopg import Error
from psycopg.sql import Composable

LAG = (
    "SELECT coalesce(max(extract(epoch FROM replay_lag)), 0)::float8 FROM pg_catalog.pg_stat_replication "
    "WHERE state = 'streaming'"
)
# Of replicas a role without pg_read_all_stats sees that they are there, and nothing else.
UNSEEN = "SELECT count(*) FROM pg_catalog.pg_stat_replication WHERE state IS NULL"
UNSEEN_NOTE = "the role sees no replica's lag and does not wait for it: GRANT pg_read_all_stats"
# Who asked something within the last second. Of other roles' sessions nobody sees more than that they are there without
# pg_read_all_stats: these count as at work.
OTHERS = (
    "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = current_database() "
    "AND coalesce(backend_type, 'client backend') = 'client backend' "
    "AND application_name IS DISTINCT FROM 'dsr-orchestrator' "
    "AND (state IS NULL OR state = 'active' OR state_change > clock_timestamp() - interval '1 second')"
)
_FEWEST, _LATELY = 4, 16  # probes that tell anything, and that are looked at
_LOOKS = 15  # probes between two looks for others
_EVERY = 0.02  # seconds between two probes
_FIRST, _BREATH = 20, 0.005  # probes before the first batch, and seconds between: what is normal


class Pulse:
    """Asks a small query again and again on a connection of its own, and remembers how long it took."""

    def __init__(self, connect: Any, query: Composable) -> None:
        self._connect, self._query = connect, query
        self._seen: deque[float] = deque(maxlen=_LATELY)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pulse of a purge", daemon=True)
        self.normal = 0.0
        self.others = False  # whether anybody else is at work

    def __enter__(self) -> Self:
        with suppress(Error):
            self._connection = self._connect()
            for _ in range(_FIRST):
                self._seen.append(self._asked())
                self._over.wait(_BREATH)
            self.normal = self.lately()
            self._look()
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:  # fmt: skip
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        if connection := getattr(self, "_connection", None):
            connection.close()

    def lately(self) -> float:
        """What nine of ten of the last probes stayed under, in seconds; 0 if there were too few."""
        seen = sorted(self._seen.copy())
        return seen[int(len(seen) * 0.9)] if len(seen) >= _FEWEST else 0.0

    def _beat(self) -> None:
        beats = 0
        with suppress(Error):  # without a pulse the purge goes on at its own pace
            while not self._over.wait(_EVERY):
                self._seen.append(self._asked())
                beats += 1
                if beats % _LOOKS == 0:
                    self._look()

    def _look(self) -> None:
        (count,) = self._connection.execute(OTHERS).fetchone()
        self.others = count > 0

    def _asked(self) -> float:
        began = time.perf_counter()
        self._connection.execute(self._query).fetchone()
        return time.perf_counter() - began


class Pace:
    """How many rows the next batch takes and how long to rest before it. Pure but for what it is told.

    A batch is to take about `wanted` seconds. While others are at work it takes a tenth of the rows at most and rests
    `courtesy` times as long as it took: what slows a few of their requests is seen in their p99 only if it goes on all
    the time. Where their queries take more than `factor` times as long as at the beginning, batches shrink and
    rests grow further; where they do not, both go back.
    """

    def __init__(
        self, most: int, wanted: float, factor: float, normal: float, courtesy: float = 0.0, *, others: bool = False
    ) -> None:
        self.most, self.least = most, max(1, most // 50)
        self.wanted, self.factor, self.normal, self.courtesy = wanted, factor, normal, courtesy
        self._share = 0.0
        self.rows = self._bound(others)

    def _bound(self, others: bool) -> int:
        return max(self.least, self.most // 10) if others and self.courtesy else self.most

    def after(self, seconds: float, lately: float, *, others: bool = False) -> float:
        """Seconds to rest after a batch that took so long, while others' queries took `lately`."""
        pressed = self.normal > 0 and lately > max(self.normal * self.factor, self.normal + 0.005)
        if pressed:
            self.rows = max(self.least, self.rows // 2)
            self._share = min(2 * max(2.0, self.courtesy), self._share * 2 or 0.5)
        else:
            self._share = self._share / 2 if self._share > 0.1 else 0.0
            self.rows = int(max(self.least, self.rows * (1.5 if seconds < self.wanted else 0.7)))
        self.rows = min(self.rows, self._bound(others))
        return min(30.0, seconds * max(self._share, self.courtesy if others else 0.0))

    def troubled(self, failures: int) -> float:
        """Seconds to rest after a batch that ran into locks or a timeout."""
        self.rows = max(self.least, self.rows // 2)
        return float(min(30.0, 0.25 * 2**failures))
