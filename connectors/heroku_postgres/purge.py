"""The ability `Purges`: count what is past its time, and let it go in batches, each its own transaction.

What a batch did is compared with the server's own counters before it is committed, as in an erasure: a trigger or
cascade that touched one row more rolls it back. Settings: `purge_batch` (5000 rows at most), `purge_seconds` (1, what
a batch is to take), `purge_courtesy` (4: while others are at work it rests that many times as long as a batch took,
and takes a tenth of the rows), `purge_latency` (3: from how many times their normal time on others' queries count as
slowed), `purge_lag` (10 seconds of a replica), `purge_scan_rows` (100000: larger tables need an index on what they
are looked up by).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from psycopg.sql import SQL, Composable

from connectors import settings
from connectors.errors import RefusedError, TransientError
from connectors.heroku_postgres import partitions
from connectors.heroku_postgres.effects import counters
from connectors.heroku_postgres.expiring import Expiring
from connectors.heroku_postgres.holding import Holding, known
from connectors.heroku_postgres.links import Map
from connectors.heroku_postgres.partitions import Partition
from connectors.heroku_postgres.pressure import LAG, UNSEEN, UNSEEN_NOTE, Pace, Pulse
from connectors.heroku_postgres.session import Connections
from connectors.model import Action, Identifier, SystemSpec
from connectors.purging import Batch, Expired, Expiry, OnHold

_STEADY, _REPLICAS = 5.0, 0.5  # seconds for which structure and lag are taken to be the same
_TRIES = 6  # batches in a row that ran into locks or a timeout, before the caller is told
_DEAD = (
    "SELECT n_dead_tup > 0.1 * greatest(n_live_tup, 1) FROM pg_stat_user_tables WHERE schemaname || '.' || relname = %s"
)
_FEW = SQL("SELECT count(*) FROM (SELECT FROM {} LIMIT %s) x")


@dataclass
class _Known:
    """Whom the holds of one moment are about, found anew when they change; and the structure, every few seconds."""

    mark: str | None = None
    laid: Map | None = None
    looked: float = float("-inf")  # when the structure and the replicas were looked at last
    asked: float = float("-inf")
    identifiers: frozenset[Identifier] = frozenset()


class Purge:
    """Purges of one database."""

    def __init__(self, spec: SystemSpec, connections: Connections) -> None:
        self._spec, self._connections = spec, connections
        self._most = settings.whole(spec, "purge_batch", 5000, 1, 100_000)
        self._wanted = settings.number(spec, "purge_seconds", 1.0, 0.01, 60)
        self._factor = settings.number(spec, "purge_latency", 3.0, 1.1)
        self._courtesy = settings.number(spec, "purge_courtesy", 4.0, 0, 100)
        self._lag = settings.number(spec, "purge_lag", 10.0, 0.1)
        self._scanned = settings.whole(spec, "purge_scan_rows", 100_000, 0)

    def expired(self, order: Expiry, held: OnHold) -> Expired:
        """Exact counts in one snapshot; where an index is missing on a large table, none and the reason."""
        with self._connections.session() as connection:
            laid = self._connections.structure.of(connection, fresh=True)
            expiring = Expiring(laid, order)
            total = max(0, int(expiring.table.tuples))
            if stops := [*expiring.stops, *self._unindexed(connection, expiring)]:
                return Expired(order.collection, total=total, stops=tuple(stops))
            holding = Holding(connection, laid, held, known(connection, laid, held))
            count, oldest, *along = _row(connection, expiring.counted(holding))
            kept = expiring.kept(holding)
            held_back, tied = _row(connection, kept) if kept else (0, 0)
            whole = partitions.whole(connection, expiring, holding)
            (unseen,) = connection.execute(UNSEEN).fetchone() or (0,)
            theirs = tuple((b.link.table, n) for b, n in zip(expiring.branches, along, strict=True))
            return Expired(
                order.collection, count, oldest, theirs, held_back, tied, max(total, count),
                tuple(p.called for p in whole), notes=(UNSEEN_NOTE,) if unseen else (),
            )  # fmt: skip

    def purge(self, order: Expiry, held: Callable[[], OnHold]) -> Iterator[Batch]:
        """Partitions first, then batches of the oldest rows; nothing that is locked is waited for."""
        with self._connections.session() as connection:
            expiring = Expiring(self._connections.structure.of(connection, fresh=True), order)
            if stops := [*expiring.stops, *self._unindexed(connection, expiring)]:
                raise RefusedError(self._spec.system, f"{order.collection}: {'; '.join(stops)}")
        whom, left = _Known(), order.at_most
        for dropped in self._partitions(order, held, whom, left):
            left = None if left is None else left - dropped.count
            yield dropped
        with Pulse(self._connections.another, expiring.probe) as pulse:
            yield from self._batches(order, held, whom, left, pulse)
        yield from self._advice(expiring)

    def _batches(
        self, order: Expiry, held: Callable[[], OnHold], whom: _Known, left: int | None, pulse: Pulse
    ) -> Iterator[Batch]:
        pace = Pace(self._most, self._wanted, self._factor, pulse.normal, self._courtesy, others=pulse.others)
        since: str | None = None
        failures = 0
        while left is None or left > 0:
            began = time.monotonic()
            rows = pace.rows if left is None else min(pace.rows, left)
            try:
                done = self._batch(order, held, whom, rows, since)
            except TransientError:
                failures += 1
                if failures >= _TRIES:
                    raise
                yield Batch(order.collection, rest=pace.troubled(failures), note="locked out or timed out; again")
                continue
            if isinstance(done, float):
                yield Batch(order.collection, rest=min(30.0, done), note="waits for a replica that lags")
                continue
            if done is None:  # what is held changed while it was under way
                continue
            failures, (since, batch) = 0, done
            if not batch.count:
                return
            took = time.monotonic() - began
            left = None if left is None else left - batch.count
            rest = pace.after(took, pulse.lately(), others=pulse.others)
            yield Batch(batch.collection, batch.count, batch.along, took, rest)

    def _batch(
        self, order: Expiry, held: Callable[[], OnHold], whom: _Known, rows: int, since: str | None
    ) -> tuple[str | None, Batch] | float | None:
        """The age of the last row and what was done; the lag of a replica that must catch up; None to ask again."""
        with self._connections.session() as connection:
            now, holding, expiring = self._ready(connection, order, held, whom)
            if (lag := self._behind(connection, whom)) > self._lag:
                return lag
            # An index is there, whatever the server's statistics say.
            planning = "" if list(expiring.scanned) else "SET LOCAL enable_seqscan = off"
            before = counters(connection, self._spec.system, planning)
            chosen, done, last, *along = _row(connection, expiring.batch(holding, rows, since))
            if chosen != done:
                raise TransientError(self._spec.system, f"{order.collection}: rows changed while they were chosen")
            if not done:
                return last, Batch(order.collection)
            theirs = tuple((b.link.table, n) for b, n in zip(expiring.branches, along, strict=True))
            self._compare(connection, before, order, done, dict(theirs))
            self._gates(expiring)
            if held().mark != now.mark:
                return None
            connection.commit()
            return last, Batch(order.collection, done, theirs)

    def _ready(
        self, connection: Any, order: Expiry, held: Callable[[], OnHold], whom: _Known
    ) -> tuple[OnHold, Holding, Expiring]:
        if time.monotonic() - whom.looked > _STEADY:  # what a key added meanwhile did, the counters tell
            whom.laid, whom.looked = self._connections.structure.of(connection), time.monotonic()
        laid = whom.laid
        assert laid is not None
        expiring = Expiring(laid, order)
        if expiring.stops:
            raise RefusedError(self._spec.system, f"{order.collection}: {'; '.join(expiring.stops)}")
        self._gates(expiring)
        now = held()
        if whom.mark != now.mark:
            whom.identifiers, whom.mark = known(connection, laid, now), now.mark
        return now, Holding(connection, laid, now, whom.identifiers), expiring

    def _behind(self, connection: Any, whom: _Known) -> float:
        """Seconds that the slowest replica is behind; asked for now and then."""
        if time.monotonic() - whom.asked < _REPLICAS:
            return 0.0
        (lag,) = connection.execute(LAG).fetchone() or (0.0,)
        if lag <= self._lag:
            whom.asked = time.monotonic()
        return float(lag)

    def _gates(self, expiring: Expiring) -> None:
        for name in expiring.names:
            self._spec.gate(name)

    def _compare(self, connection: Any, before: Any, order: Expiry, done: int, along: dict[str, int]) -> None:
        after = counters(connection, self._spec.system, "SET CONSTRAINTS ALL IMMEDIATE")
        wanted = {name: (0, 0, n) for name, n in along.items() if n}
        wanted[order.collection] = (0, 0, done) if order.action is Action.DELETE else (0, done, 0)
        none = (0, 0, 0)
        for name in sorted({*after, *wanted}):
            did = tuple(a - b for a, b in zip(after.get(name, none), before.get(name, none), strict=True))
            if did != wanted.get(name, none):
                raise RefusedError(
                    self._spec.system,
                    f"{name}: {did[0]} rows would be added, {did[1]} changed and {did[2]} deleted, and the order says "
                    f"{wanted.get(name, none)} (by a trigger, or a key that changed); nothing was changed",
                )

    def _partitions(
        self, order: Expiry, held: Callable[[], OnHold], whom: _Known, left: int | None
    ) -> Iterator[Batch]:  # fmt: skip
        while True:
            began = time.monotonic()
            with self._connections.session() as connection:
                now, holding, expiring = self._ready(connection, order, held, whom)
                found: list[Partition] = partitions.whole(connection, expiring, holding)
                counts = {p: partitions.counted(connection, p) for p in found[:1]}
            fitting = [p for p, n in counts.items() if left is None or n <= left]
            if not fitting:
                return
            (first,) = fitting
            with self._connections.session() as connection:
                self._gates(expiring)
                partitions.drop(connection, expiring, first)
                if held().mark != now.mark:
                    continue
                connection.commit()
            left = None if left is None else left - counts[first]
            took = time.monotonic() - began
            yield Batch(order.collection, counts[first], (), took, note=f"partition {first.called} was dropped")

    def _unindexed(self, connection: Any, expiring: Expiring) -> Iterator[str]:
        for name, column in expiring.scanned:
            table = expiring.laid.table(name)
            few = connection.execute(_FEW.format(table.sql), [self._scanned + 1]).fetchone()[0] <= self._scanned
            if not few:
                yield (
                    f"{name} has more than {self._scanned} rows and no index that begins with {column}: each batch "
                    f"would read all of it. CREATE INDEX CONCURRENTLY ON {name} ({column})"
                )

    def _advice(self, expiring: Expiring) -> Iterator[Batch]:
        with self._connections.session() as connection:
            for name in expiring.names:
                row = connection.execute(_DEAD, [name]).fetchone()
                if row and row[0]:
                    yield Batch(
                        expiring.name, note=f"dead rows are left behind; at a quiet hour: VACUUM (ANALYZE) {name}"
                    )


def _row(connection: Any, query: Composable) -> Any:
    return connection.execute(query).fetchone()
