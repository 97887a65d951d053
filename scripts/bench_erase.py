"""Times the erasure of one person with 10,000 rows or more in 12 tables: this connector against SQL by hand.

Both sides do the whole job over a new connection: find, count, delete, commit. The connector also
maps the foreign keys, counts personal fields and compares the server's own counters before the
commit; the ratio is the price of that. Rounds alternate on one real
PostgreSQL; before each the person is planted anew and the tables are vacuumed, and one unmeasured
round of both comes first. The embedded server runs without fsync: no commit waits for a disk.

    scripts/bench erase [--json] [--rounds N] [--rows N]

With --json the last line is one JSON object. `--rows` multiplies the person's rows, not those of the others.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import psycopg
from psycopg import sql

import connectors
from connectors.model import (
    Action,
    CollectionSpec,
    Disclosure,
    FieldSpec,
    Identifier,
    IdentitySpec,
    LinkKind,
    LinkSpec,
    Order,
    Secret,
    Status,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.sandbox.postgres import EmbeddedPostgres

EMAIL = "ann.lee@example.com"
OTHERS = 2_000  # people
TIMES = 20  # rows of all others for each of the person's, in the tables below the people
FIRST = 10_000_000  # the person's ids begin here
CUT = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the benchmark; `columns` are (name, type, an expression over g that fills it)."""

    name: str
    parent: str
    rows: int
    columns: tuple[tuple[str, str, str], ...]

    @property
    def link(self) -> str:
        return {"people": "person_id", "quiz_attempts": "attempt_id"}.get(self.parent, f"{self.parent[:-1]}_id")


_WHEN = ("created_at", "timestamptz NOT NULL", "'2026-01-01'::timestamptz - g % 1500 * interval '1 day'")
TABLES = (
    Table("people", "", 1, (
        ("email", "text NOT NULL UNIQUE", f"CASE WHEN g < {FIRST} THEN 'p' || g || '@example.net' ELSE '{EMAIL}' END"),
        ("name", "text NOT NULL", "'Person ' || g"), ("phone", "text", "'555-01' || g % 100"), _WHEN)),
    Table("profiles", "people", 1, (
        ("biography", "text", "repeat('Trains. ', 20)"), ("address", "text", "g || ' Elm Street'"),
        ("preferences", "jsonb NOT NULL", "jsonb_build_object('language', 'en', 'nick', 'n' || g)"))),
    Table("sessions", "people", 500, (
        ("ip", "inet NOT NULL", "'10.0.0.0'::inet + g % 65536"), ("agent", "text", "'Browser/' || g % 40"), _WHEN)),
    Table("notifications", "people", 1500, (
        ("body", "text NOT NULL", "'Reminder number ' || g"), ("seen_at", "timestamptz", "NULL"), _WHEN)),
    Table("certificates", "people", 98, (
        ("printed_name", "text NOT NULL", "'Person ' || g"), ("serial", "text NOT NULL", "md5(g::text)"), _WHEN)),
    Table("orders", "people", 400, (
        ("billing_address", "text NOT NULL", "g || ' Elm Street'"), ("cents", "int NOT NULL", "g % 9999"), _WHEN)),
    Table("order_lines", "orders", 1600, (
        ("remark", "text", "'remark ' || g"), ("quantity", "int NOT NULL", "1 + g % 5"))),
    Table("enrolments", "people", 100, (
        ("goal", "text", "'goal ' || g"), ("course", "int NOT NULL", "g % 300"), _WHEN)),
    Table("lesson_views", "enrolments", 3000, (
        ("ip", "inet", "'10.0.0.0'::inet + g % 65536"), ("seconds", "int NOT NULL", "g % 600"), _WHEN)),
    Table("quiz_attempts", "enrolments", 300, (
        ("score", "int", "g % 100"), ("comment", "text", "'attempt ' || g"), _WHEN)),
    Table("quiz_answers", "quiz_attempts", 2400, (
        ("answer", "text NOT NULL", "'answer ' || g"), ("correct", "boolean NOT NULL", "g % 3 > 0"))),
    Table("tickets", "people", 100, (
        ("subject", "text NOT NULL", "'question ' || g"), ("body", "text NOT NULL", "repeat('help ', 30)"), _WHEN)),
)  # fmt: skip
ROWS = sum(t.rows for t in TABLES)
AMONG = 2 * OTHERS + sum(t.rows * TIMES for t in TABLES[2:])  # rows of others


def scaled(rows: int) -> tuple[Table, ...]:
    """The tables with about so many rows of the person's, who still has one account and one profile."""
    return tuple(replace(t, rows=max(1, round(t.rows * rows / ROWS)) if t.rows > 1 else 1) for t in TABLES)


# What a careful engineer writes for this one schema: the condition of each table, children first.
BY_HAND = {
    "quiz_answers": """attempt_id IN (SELECT id FROM quiz_attempts WHERE enrolment_id IN (
        SELECT id FROM enrolments WHERE person_id = %(id)s))""",
    "quiz_attempts": "enrolment_id IN (SELECT id FROM enrolments WHERE person_id = %(id)s)",
    "lesson_views": "enrolment_id IN (SELECT id FROM enrolments WHERE person_id = %(id)s)",
    "enrolments": "person_id = %(id)s",
    "order_lines": "order_id IN (SELECT id FROM orders WHERE person_id = %(id)s)",
    "orders": "person_id = %(id)s",
    "tickets": "person_id = %(id)s",
    "certificates": "person_id = %(id)s",
    "notifications": "person_id = %(id)s",
    "sessions": "person_id = %(id)s",
    "profiles": "person_id = %(id)s",
    "people": "id = %(id)s",
}


def build(url: str) -> None:
    """The tables with indexes on their foreign keys, and everyone but the person."""
    with psycopg.connect(url, autocommit=True) as connection:
        for table in TABLES:
            columns = ["id bigint PRIMARY KEY"]
            if table.parent:
                columns.append(f"{table.link} bigint NOT NULL REFERENCES {table.parent}")
            columns += [f"{name} {kind}" for name, kind, _ in table.columns]
            connection.execute(f"CREATE TABLE {table.name} ({', '.join(columns)})".encode())
            if table.parent:
                connection.execute(f"CREATE INDEX ON {table.name} ({table.link})".encode())
            others = {t.name: t.rows * TIMES for t in TABLES} | {t.name: OTHERS for t in TABLES[:2]}
            plant(connection, table, 1, others[table.name], others)
        connection.execute("CREATE INDEX ON people (lower(email))")


def plant(
    connection: psycopg.Connection[object], table: Table, first: int, rows: int, above: dict[str, int]
) -> None:  # fmt: skip
    """Rows with ids from `first`, each pointing at one of as many parents as `above` says, planted from there."""
    names, values = ["id"], ["g"]
    if table.parent:
        names.append(table.link)
        values.append(f"{first} + (g - {first}) % {above[table.parent]}")
    names += [name for name, _, _ in table.columns]
    values += [value for _, _, value in table.columns]
    connection.execute(
        f"INSERT INTO {table.name} ({', '.join(names)}) "  # noqa: S608 (constants of this file)
        f"SELECT {', '.join(values)} FROM generate_series({first}, {first + rows - 1}) g".encode()
    )


def restore(url: str, tables: tuple[Table, ...] = TABLES) -> None:
    """The person as before, no dead rows, fresh statistics, nothing left to write out."""
    with psycopg.connect(url, autocommit=True) as connection:
        with connection.transaction():
            for table in tables:
                plant(connection, table, FIRST, table.rows, above={t.name: t.rows for t in tables})
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")


def spec(url: str) -> SystemSpec:
    """The inventory entry of the benchmark's database."""
    identities = (IdentitySpec("email", "email", Trust.PROVEN), IdentitySpec("user_id", "id", Trust.ASSIGNED))
    collections = []
    for table in TABLES:
        said = tuple(FieldSpec(n, "A", Disclosure.DISCLOSE) for n, _, _ in table.columns if n != "created_at")
        dated = "created_at" if _WHEN in table.columns and table.name != "people" else ""
        collections.append(
            CollectionSpec(
                f"public.{table.name}", identities if not table.parent else (),
                (LinkSpec((table.link,), f"public.{table.parent}", LinkKind.OWNS),) if table.parent else (),
                said, Action.DELETE, dated, (CUT,) if table.name == "orders" else (), not table.parent,
            )
        )  # fmt: skip
    return SystemSpec("bench", "heroku_postgres", {}, {"dsn": Secret(url)}, tuple(collections), sandbox=True)


def ours(url: str) -> int:
    """Locate and delete through the protocol, as a plan without exceptions would."""
    connector = connectors.build(spec(url))
    subject = Subject.of(Identifier("email", EMAIL, Trust.PROVEN))
    orders = [Order(r.at, Action.DELETE, r.count) for r in connector.locate(subject)]
    outcomes = list(connector.delete(subject, orders))
    assert {o.status for o in outcomes} == {Status.DONE}
    return sum(o.count for o in outcomes)


def by_hand(url: str) -> int:
    """Count, then delete children before parents in one transaction, comparing with the counts."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT id FROM people WHERE lower(email) = lower(%s)", [EMAIL]).fetchone()
        assert found
        who, counts = {"id": found[0]}, {}
        for table, condition in BY_HAND.items():
            query = sql.SQL("SELECT count(*) FROM {} WHERE ").format(sql.Identifier(table)) + sql.SQL(condition)
            counts[table] = (connection.execute(query, who).fetchone() or (0,))[0]
        for table, condition in BY_HAND.items():
            query = sql.SQL("DELETE FROM {} WHERE ").format(sql.Identifier(table)) + sql.SQL(condition)
            assert connection.execute(query, who).rowcount == counts[table]
        connection.commit()
    return sum(counts.values())


def timed(url: str, side: Callable[[str], int], tables: tuple[Table, ...]) -> float:
    """Seconds that one side takes; what it removed is checked against what was planted and what is left."""
    restore(url, tables)
    began = time.perf_counter()
    removed = side(url)
    took = time.perf_counter() - began
    with psycopg.connect(url) as connection:
        query = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT count(*), count(*) FILTER (WHERE id >= {}) FROM {}").format(FIRST, sql.Identifier(t.name))
            for t in TABLES
        )
        left = connection.execute(query).fetchall()
    if (removed, sum(r[0] for r in left), sum(r[1] for r in left)) != (sum(t.rows for t in tables), AMONG, 0):
        raise SystemExit(f"{side.__name__}: removed {removed} rows, or touched those of others")
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the erasure of one person against SQL by hand.")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--rounds", type=int, default=15, help="measured rounds of each side (default 15)")
    parser.add_argument("--rows", type=int, default=ROWS, help=f"rows of the person's (default {ROWS})")
    given = parser.parse_args()
    if given.rounds < 1 or given.rows < ROWS:
        parser.error(f"--rounds: at least 1; --rows: at least {ROWS}")
    tables = scaled(given.rows)
    took: dict[str, list[float]] = {"ours": [], "hand": []}
    with EmbeddedPostgres() as server:
        url = server.fresh("bench_sandbox")
        build(url)
        for number in range(given.rounds + 1):
            sides = [("ours", ours), ("hand", by_hand)]
            for name, side in sides if number % 2 else reversed(sides):
                seconds = timed(url, side, tables)
                if number:
                    took[name].append(seconds)
    result = {f"{name}_s": round(statistics.median(seconds), 4) for name, seconds in took.items()}
    # Both sides of a round run one after the other: what else the machine does weighs on both alike.
    ratios = [one / other for one, other in zip(took["ours"], took["hand"], strict=True)]
    result["ratio"] = round(statistics.median(ratios), 2)
    result["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    rows = sum(t.rows for t in tables)
    result |= {"rows": rows, "tables": len(TABLES), "rounds": given.rounds}
    shown = (
        (f"one person: {rows:,} rows in {len(TABLES)} tables, among {AMONG:,} of others", ""),
        ("found, counted, deleted by the connector", f"{result['ours_s']:.3f} s"),
        ("counted, deleted by SQL written by hand", f"{result['hand_s']:.3f} s"),
        (f"ratio, median of {given.rounds} rounds", f"{result['ratio']:.2f}"),
        ("peak memory of this process", f"{result['peak_mb']:.1f} MB"),
    )
    sys.stdout.writelines(f"{what:<48}{value:>12}".rstrip() + "\n" for what, value in shown)
    if given.json:
        sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
