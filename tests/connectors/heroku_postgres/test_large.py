"""A person with a million rows: found, exported and erased in seconds, without this process growing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.model import Disclosure, FieldSpec, Status
from tests.connectors.heroku_postgres.database import ANN, USERS, Database, owned, planned

SEEN = (FieldSpec("said", disclosure=Disclosure.DISCLOSE),)
EVENTS = owned(
    "events", "user_id to users", fields=SEEN, age_field="at", cutoffs=(datetime(2020, 1, 1, tzinfo=UTC),)
)  # fmt: skip
ORDERS = owned("orders", "user_id to users")
LINES = owned("lines", "shop,number to orders", fields=SEEN)
REPLIES = owned("replies", "user_id to users", "parent to replies", fields=SEEN)
MEGABYTE = 2**20
ROWS = 1_000_000


@pytest.fixture
def large(people: Database) -> Database:
    """A million rows of the subject's: dated, below a composite key, and in a tree; and a tenth of that of the
    bystander's, in the same tables."""
    people.run(
        "CREATE TABLE events (user_id bigint REFERENCES users ON DELETE CASCADE, at timestamptz, said text)",
        "CREATE TABLE orders (shop int, number int, user_id bigint REFERENCES users, PRIMARY KEY (shop, number))",
        "CREATE TABLE lines (shop int, number int, said text, FOREIGN KEY (shop, number) REFERENCES orders)",
        "CREATE TABLE replies (id int PRIMARY KEY, user_id bigint REFERENCES users, "
        "parent int REFERENCES replies, said text)",
    )
    for who, share, first in ((1, 1, 0), (2, 10, 5_000_000)):
        people.run(
            f"INSERT INTO events SELECT {who}, '2010-01-01'::date + n % 7000, 'event ' || n "
            f"FROM generate_series(1, {500_000 // share}) n",
            f"INSERT INTO orders SELECT n % 7, {first} + n, {who} FROM generate_series(1, {100_000 // share}) n",
            f"INSERT INTO lines SELECT n % 7, {first} + n, 'line ' || repeat('x', 40) "
            f"FROM generate_series(1, {100_000 // share}) n, generate_series(1, 3)",
            # A tenth of the replies say whose they are; the others answer those, ten generations deep.
            f"INSERT INTO replies SELECT {first} + n, CASE WHEN n <= {10_000 // share} THEN {who} END, "
            f"CASE WHEN n > {10_000 // share} THEN {first} + n - {10_000 // share} END, 'reply' "
            f"FROM generate_series(1, {100_000 // share}) n",
        )
    people.run("CREATE INDEX ON lines (number)", "CREATE INDEX ON replies (parent)", "ANALYZE")
    return people


@contextmanager
def growing_at_most(megabytes: int) -> Iterator[None]:
    """The resident memory of this process, at its peak."""
    status = Path("/proc/self/status")

    def measured(what: str) -> int:
        (line,) = (line for line in status.read_text().splitlines() if line.startswith(what))
        return int(line.split()[1]) * 1024

    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    before = measured("VmRSS")
    yield
    grown = (measured("VmHWM") - before) / MEGABYTE
    assert grown < megabytes


@pytest.mark.skipif(sys.platform != "linux", reason="measures memory by /proc")
def test_a_million_rows(large: Database) -> None:
    connector = large.connector(USERS, EVENTS, ORDERS, LINES, REPLIES, statement_timeout=120)
    with growing_at_most(20):
        records = list(connector.locate(ANN))
        assert sum(r.count for r in records) == ROWS + 1
        size = sum(len(c) for r in records for a in connector.export(ANN, r.at) for c in a.chunks)
        assert size > 10 * MEGABYTE
        outcomes = list(connector.delete(ANN, planned(connector)))
    assert {o.status for o in outcomes} == {Status.DONE}
    assert sum(o.count for o in outcomes) == ROWS + 1
    assert list(connector.locate(ANN)) == []
    assert {t: len(rows) for t, rows in large.everything().items()} == {
        "public.users": 1, "public.events": 50_000, "public.orders": 10_000, "public.lines": 30_000,
        "public.replies": 10_000,
    }  # fmt: skip
