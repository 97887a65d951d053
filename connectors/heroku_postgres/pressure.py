"""How others fare while rows are purged: how long a small query of our own takes beside it, and replicas' lag."""

from __future__ import annotations

import threading
import time
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
_FEWEST = 4  # probes that tell anything
_EVERY = 0.02  # seconds between two probes
_FIRST, _BREATH = 20, 0.005  # probes before the first batch, and seconds between: what is normal


class Pulse:
    """Asks a small query again and again on a connection of its own, and remembers how long it took."""

    def __init__(self, connect: Any, query: Composable) -> None:
        self._connect, self._query = connect, query
        self._seen: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pulse of a purge", daemon=True)
        self.normal = 0.0

    def __enter__(self) -> Self:
        with suppress(Error):
            self._connection = self._connect()
            for _ in range(_FIRST):
                self._seen.append(self._asked())
                self._over.wait(_BREATH)
            self.normal = self.lately()
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
        """What nine of ten probes since the last question stayed under, in seconds; 0 if there were none."""
        seen, self._seen = sorted(self._seen), []
        return seen[int(len(seen) * 0.9)] if len(seen) >= _FEWEST else 0.0

    def _beat(self) -> None:
        with suppress(Error):  # without a pulse the purge goes on at its own pace
            while not self._over.wait(_EVERY):
                self._seen.append(self._asked())

    def _asked(self) -> float:
        began = time.perf_counter()
        self._connection.execute(self._query).fetchone()
        return time.perf_counter() - began


class Pace:
    """How many rows the next batch takes and how long to rest before it. Pure but for what it is told.

    A batch is to take about `wanted` seconds. Where others' queries take more than `factor` times as long as at
    the beginning, batches shrink and the rests grow; where they do not, both go back.
    """

    def __init__(self, most: int, wanted: float, factor: float, normal: float) -> None:
        self.most, self.least = most, max(1, most // 50)
        self.wanted, self.factor, self.normal = wanted, factor, normal
        self.rows, self._share = most, 0.0

    def after(self, seconds: float, lately: float) -> float:
        """Seconds to rest after a batch that took so long, while others' queries took `lately`."""
        pressed = self.normal > 0 and lately > max(self.normal * self.factor, self.normal + 0.005)
        if pressed:
            self.rows = max(self.least, self.rows // 2)
            self._share = min(4.0, self._share * 2 or 0.5)
        else:
            self._share = self._share / 2 if self._share > 0.1 else 0.0
            grown = self.rows * (1.5 if seconds < self.wanted else 0.7)
            self.rows = int(min(self.most, max(self.least, grown)))
        return min(30.0, seconds * self._share)

    def troubled(self, failures: int) -> float:
        """Seconds to rest after a batch that ran into locks or a timeout."""
        self.rows = max(self.least, self.rows // 2)
        return float(min(30.0, 0.25 * 2**failures))
