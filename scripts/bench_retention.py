"""Times the purge of old rows with two child tables: this connector against batched SQL by hand; and what others feel.

Both sides delete the same tenth of `--rows` parents, with one row of each child table for every parent, from fresh
copies of one template database on one real PostgreSQL, in batches of the same size, each its own transaction. Ours
also counts before and after, looks for holds, replicas and others' latency before each batch, and compares the
server's own counters before each commit. The embedded server runs without fsync: no commit waits for a disk.

The load is a loop of one client that reads and updates young rows by key, as an application would, first alone and
then beside a purge that gives way to it.

    scripts/bench retention [--json] [--rows N] [--rounds N]

With --json the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from statistics import median
from urllib.parse import urlsplit, urlunsplit

import psycopg

import connectors
from connectors.model import CollectionSpec, LinkKind, LinkSpec, Secret, SystemSpec
from connectors.protocol import Purges
from connectors.purging import Expiry, OnHold
from connectors.sandbox.postgres import EmbeddedPostgres

CUT = datetime(2025, 1, 1, tzinfo=UTC)
BATCH = 5000
WARM = 200  # requests before the first that counts
ALONE = 20  # seconds: fewer requests than beside the purge would make a p99 of their own
ORDER = Expiry("public.visits", CUT, along=frozenset({"public.clicks", "public.notes"}))
BUILD = """
CREATE TABLE visits (id bigint PRIMARY KEY, at timestamptz NOT NULL, path text NOT NULL, ip inet NOT NULL, seen int);
CREATE TABLE clicks (id bigint PRIMARY KEY, visit_id bigint NOT NULL, target text NOT NULL);
CREATE TABLE notes (id bigint PRIMARY KEY, visit_id bigint NOT NULL, body text NOT NULL);
INSERT INTO visits SELECT g, timestamptz '{cut}' + (g - {old}) * interval '1 second', '/course/' || g % 997,
    '10.0.0.0'::inet + g % 65536, 0 FROM generate_series(1, {rows}) g;
INSERT INTO clicks SELECT g, g, 'button ' || g % 31 FROM generate_series(1, {rows}) g;
INSERT INTO notes SELECT g, g, 'seen by browser ' || g % 40 FROM generate_series(1, {rows}) g;
CREATE INDEX ON visits (at);
CREATE INDEX ON clicks (visit_id);
CREATE INDEX ON notes (visit_id);
ALTER TABLE clicks ADD FOREIGN KEY (visit_id) REFERENCES visits;
ALTER TABLE notes ADD FOREIGN KEY (visit_id) REFERENCES visits;
"""
# What a careful engineer writes for this schema.
CHOOSE = "SELECT id FROM visits WHERE at < %s ORDER BY at LIMIT %s FOR UPDATE SKIP LOCKED"
BY_HAND = (
    "DELETE FROM notes WHERE visit_id = ANY(%s)",
    "DELETE FROM clicks WHERE visit_id = ANY(%s)",
    "DELETE FROM visits WHERE id = ANY(%s)",
)


def spec(url: str, **more: object) -> SystemSpec:
    def child(name: str) -> CollectionSpec:
        return CollectionSpec(f"public.{name}", (), (LinkSpec(("visit_id",), "public.visits", LinkKind.OWNS),))

    held = (CollectionSpec("public.visits", age_field="at"), child("clicks"), child("notes"))
    return SystemSpec(
        "bench", "heroku_postgres", {"purge_batch": BATCH, "statement_timeout": 900, **more}, {"dsn": Secret(url)},
        held, sandbox=True,
    )  # fmt: skip


def connector(url: str) -> Purges:
    built = connectors.build(spec(url))
    assert isinstance(built, Purges)
    return built


def ours(url: str) -> tuple[int, float, float]:
    """Rows gone with the children, the seconds it took, and how many of these it rested for the sake of others.

    The counts before and after are not in it: nobody by hand makes them.
    """
    purges = connector(url)
    planned = purges.expired(ORDER, OnHold())
    began = time.perf_counter()
    gone, rested = 0, 0.0
    for batch in purges.purge(ORDER, OnHold):
        gone += batch.count + sum(n for _, n in batch.along)
        time.sleep(batch.rest)
        rested += batch.rest
    took = time.perf_counter() - began
    assert purges.expired(ORDER, OnHold()).count == 0
    assert gone == planned.count + sum(n for _, n in planned.along)
    return gone, took, rested


def by_hand(url: str) -> tuple[int, float, float]:
    gone = 0
    began = time.perf_counter()
    with psycopg.connect(url) as connection:
        while True:
            chosen = [row[0] for row in connection.execute(CHOOSE, [CUT, BATCH]).fetchall()]
            if not chosen:
                break
            gone += sum(connection.execute(query.encode(), [chosen]).rowcount for query in BY_HAND)
            connection.commit()
    return gone, time.perf_counter() - began, 0.0


class Load:
    """One client's requests in a process of its own, and how long each took."""

    def __init__(self, url: str, rows: int) -> None:
        spawned = multiprocessing.get_context("spawn")
        self.took: list[float] = []
        self._over, self._ready = spawned.Event(), spawned.Event()
        self._told, telling = spawned.Pipe(duplex=False)
        self._process = spawned.Process(target=requests, args=(url, rows, self._ready, self._over, telling))

    def __enter__(self) -> Load:
        self._process.start()
        self._ready.wait()
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        self.took = self._told.recv()
        self._process.join()

    def p99(self) -> float:
        return sorted(self.took)[int(len(self.took) * 0.99)] * 1000


def requests(url: str, rows: int, ready: Event, over: Event, telling: Connection) -> None:
    """Read and update young rows by key, until it is over."""
    took: list[float] = []
    with psycopg.connect(url, autocommit=True) as connection:
        while not over.wait(0.002):
            key = random.randrange(rows // 2, rows)  # noqa: S311 (which row is read)
            began = time.perf_counter()
            connection.execute("SELECT path FROM visits WHERE id = %s", [key]).fetchone()
            connection.execute("UPDATE visits SET seen = seen + 1 WHERE id = %s", [key])
            took.append(time.perf_counter() - began)
            if len(took) == WARM and not ready.is_set():
                took.clear()
                ready.set()
    telling.send(took)


def copies(server: EmbeddedPostgres, rows: int) -> Iterator[str]:
    """Fresh copies of the built database: equal files for every side."""
    template = server.fresh("bench_template")
    with psycopg.connect(template, autocommit=True) as connection:
        for statement in BUILD.format(cut=CUT.isoformat(), rows=rows, old=rows // 10 + 1).split(";"):
            if statement.strip():
                connection.execute(statement.encode())
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
    name = urlsplit(template).path.lstrip("/")
    while True:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS bench_copy WITH (FORCE)")
            connection.execute(f"CREATE DATABASE bench_copy TEMPLATE {name}".encode())
            connection.execute("CHECKPOINT")
        yield urlunsplit(urlsplit(template)._replace(path="/bench_copy"))


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the purge of a tenth of all rows against batched SQL by hand.")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of the table; a tenth is past its time")
    parser.add_argument("--rounds", type=int, default=3, help="measured rounds of each side")
    given = parser.parse_args()
    took: dict[str, list[float]] = {"ours": [], "hand": [], "rested": []}
    gone = 0
    with EmbeddedPostgres() as server:
        fresh = copies(server, given.rows)
        for number in range(given.rounds):
            sides = [("ours", ours), ("hand", by_hand)]
            for name, side in sides if number % 2 else reversed(sides):
                gone, seconds, rested = side(next(fresh))
                took[name].append(seconds)
                took["rested"] += [rested] if name == "ours" else []
        url = next(fresh)
        with Load(url, given.rows) as alone:
            time.sleep(ALONE)
        with Load(url, given.rows) as beside:
            _, slowed, gave_way = ours(url)
        with Load(url, given.rows) as after:
            time.sleep(ALONE)
    ratios = [a / b for a, b in zip(took["ours"], took["hand"], strict=True)]
    working = [
        (a - r) / b for a, b, r in zip(took["ours"], took["hand"], took["rested"], strict=True)
    ]  # fmt: skip
    result = {
        "rows": given.rows, "gone": gone, "ours_s": round(median(took["ours"]), 2),
        "hand_s": round(median(took["hand"]), 2), "ratio": round(median(ratios), 3),
        "ratios": [round(r, 3) for r in ratios], "ratio_without_rests": round(median(working), 3),
        "rested_s": round(median(took["rested"]), 2), "rested_beside_s": round(gave_way, 2),
        "p99_alone_ms": round(alone.p99(), 2),
        "p99_after_ms": round(after.p99(), 2), "p99_beside_ms": round(beside.p99(), 2),
        "p99_ratio": round(beside.p99() / alone.p99(), 2), "beside_s": round(slowed, 2),
        "requests_beside": len(beside.took), "requests_alone": len(alone.took),
    }  # fmt: skip
    shown = (
        (f"{gone:,} rows in 3 tables, of {3 * given.rows:,}", ""),
        ("purged by the connector", f"{result['ours_s']} s"),
        ("deleted in batches by SQL written by hand", f"{result['hand_s']} s"),
        (f"ratio, median of {given.rounds} rounds", f"{result['ratio']}"),
        ("the same without rests for the sake of others", f"{result['ratio_without_rests']}"),
        ("others' p99 before and after the purge", f"{result['p99_alone_ms']}, {result['p99_after_ms']} ms"),
        ("others' p99 beside a purge", f"{result['p99_beside_ms']} ms"),
        ("that many times as long", f"{result['p99_ratio']}"),
        ("how long the purge took beside them", f"{result['beside_s']} s"),
    )
    sys.stdout.writelines(f"{what:<48}{value:>18}".rstrip() + "\n" for what, value in shown)
    if given.json:
        sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
