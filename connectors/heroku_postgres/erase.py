"""All orders of the database in one transaction, and nothing but the orders.

Every row is locked and counted before anything is written. All deletions are one statement, so
that foreign keys are checked when everything is gone and neither cycles nor the order of tables
matter. Before the commit the server's own counters say how many rows of each table this
transaction inserted, updated and deleted: a cascade, SET NULL or trigger that touched one row
more than the orders, or kept one back, rolls everything back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.sql import SQL, Composable, Identifier

from connectors.errors import ChangedError, ConfigError, RefusedError
from connectors.heroku_postgres.catalogue import Table, read
from connectors.heroku_postgres.fields import assignments, place
from connectors.heroku_postgres.reach import Link, Map, Reach
from connectors.heroku_postgres.windows import MENTIONS, OWN, inside
from connectors.model import Action, Order, Outcome, Status, Subject, SystemSpec

_TOUCHED = """
SELECT n.nspname || '.' || c.relname, sum(s.n_tup_ins)::bigint, sum(s.n_tup_upd)::bigint, sum(s.n_tup_del)::bigint
FROM pg_stat_xact_all_tables s
JOIN pg_class c ON c.oid = coalesce(pg_partition_root(s.relid), s.relid)
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE s.schemaname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND c.relpersistence <> 't'
GROUP BY 1"""


@dataclass(frozen=True, slots=True)
class _Job:
    """An order with its table and the condition that selects its rows."""

    order: Order
    table: Table
    rows: Composable
    link: Link | None
    count: int = 0


def erase(connection: Any, spec: SystemSpec, subject: Subject, orders: Sequence[Order]) -> list[Outcome]:
    """Do the orders and commit. ChangedError if the data is not what was planned; nothing is changed then."""
    if connection.execute("SHOW track_counts").fetchone()[0] != "on":
        raise ConfigError(spec.system, "track_counts is off on the server: without it no deletion can be proved exact")
    found = Reach(connection, Map(spec, read(connection)), subject)
    jobs = [_locked(found, _job(found, o)) for o in orders if o.action in (Action.DELETE, Action.REDACT)]
    busy = [job for job in jobs if job.count]
    if busy:
        expected = _write(found, busy, spec)
        _compare(connection, spec, expected)
        for job in busy:
            spec.gate(job.order.at.collection)
        connection.commit()
    counts = {job.order.at: job.count for job in jobs}
    return [_outcome(order, counts) for order in orders]


def _job(found: Reach, order: Order) -> _Job:
    at, system = order.at, found.map.spec.system
    if at.collection not in found.map.collections:
        raise RefusedError(system, f"{at.collection} is not in the inventory")
    table = found.map.table(at.collection)
    if at.key == OWN:
        window = inside(system, table, found.map.collections[at.collection], at)
        return _Job(order, table, SQL("{} AND {}").format(found.rows(at.collection), window), None)
    if at.key.startswith(MENTIONS) and order.action is Action.REDACT:
        name = at.key.removeprefix(MENTIONS)
        for link in found.map.links:
            if link.name == name and link.table == at.collection:
                rows = SQL("{} AND NOT ({})").format(found.pointing(link), found.rows(link.table))
                return _Job(order, table, rows, link)
    raise RefusedError(system, f"{at.collection}: rows that are not the person's own are never deleted")


def _locked(found: Reach, job: _Job) -> _Job:
    at = job.order.at
    if job.link is None and not found.counts.get(at.collection):
        return job
    query = SQL("SELECT count(*) FROM (SELECT 1 FROM {} t WHERE {} FOR UPDATE) x").format(job.table.sql, job.rows)
    count = found.connection.execute(query).fetchone()[0]
    if count > job.order.count + job.order.late:
        raise ChangedError(
            found.map.spec.system,
            f"{at.collection}: {count} rows now, the plan has {job.order.count}; nothing was changed",
        )
    return _Job(job.order, job.table, job.rows, job.link, count)


def _write(found: Reach, jobs: Sequence[_Job], spec: SystemSpec) -> dict[str, tuple[int, int]]:
    """Unlink, redact, delete, in this order: an update moves rows, and the gathered addresses with it.

    Returns table -> (updates, deletions) that this must have caused.
    """
    updated, deleted = Counter[str](), Counter[str]()
    for job in sorted((j for j in jobs if j.order.action is Action.REDACT), key=lambda j: j.link is None):
        if clauses := _clauses(found, job):
            spec.gate(job.order.at.collection)
            update = SQL("UPDATE {} t SET {} WHERE {}").format(job.table.sql, SQL(", ").join(clauses), job.rows)
            found.connection.execute(update)
            updated[job.table.name] += job.count
    removals = [j for j in jobs if j.order.action is Action.DELETE]
    if removals:
        for job in removals:
            spec.gate(job.order.at.collection)
            deleted[job.table.name] += job.count
        named = [Identifier(f"d{i}") for i in range(len(removals))]
        parts = [
            SQL("{} AS (DELETE FROM {} t WHERE {} RETURNING 1)").format(name, job.table.sql, job.rows)
            for name, job in zip(named, removals, strict=True)
        ]
        counts = [SQL("(SELECT count(*) FROM {})").format(name) for name in named]
        found.connection.execute(SQL("WITH {} SELECT {}").format(SQL(", ").join(parts), SQL(", ").join(counts)))
    found.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return {name: (updated[name], deleted[name]) for name in {*updated, *deleted}}


def _clauses(found: Reach, job: _Job) -> list[Composable]:
    if job.link is not None:
        free = [c for c in job.link.columns if not job.table.columns[c].not_null]
        if not free:
            raise RefusedError(
                found.map.spec.system, f"{job.link.name} on {job.table.name} cannot be unlinked: NOT NULL"
            )
        return [SQL("{} = NULL").format(Identifier(c)) for c in free]
    system, collection = found.map.spec.system, found.map.collections[job.order.at.collection]
    wanted = [
        (place(system, job.table, f.name), f.redaction)
        for f in collection.fields if f.redactable and f.name not in job.order.keep
    ]  # fmt: skip
    return assignments(system, job.table, wanted)


def _compare(connection: Any, spec: SystemSpec, expected: dict[str, tuple[int, int]]) -> None:
    tolerated = {c.name for c in spec.collections if c.options.get("touched_by_triggers")}
    seen = {name: (ins, upd, dele) for name, ins, upd, dele in connection.execute(_TOUCHED).fetchall()}
    for name in sorted({*seen, *expected}):
        inserted, updated, deleted = seen.get(name, (0, 0, 0))
        wanted_updates, wanted_deletions = expected.get(name, (0, 0))
        if deleted != wanted_deletions:
            raise RefusedError(
                spec.system,
                f"{name}: {deleted} rows would be deleted and the orders say {wanted_deletions} "
                "(a cascade or a trigger); nothing was changed",
            )
        if name not in tolerated and (inserted or updated != wanted_updates):
            raise RefusedError(
                spec.system,
                f"{name}: {updated} rows would be changed and {inserted} added, and the orders say {wanted_updates} "
                "and 0 (SET NULL, SET DEFAULT or a trigger); nothing was changed. "
                "Order them, or mark the collection options: {touched_by_triggers: true}",
            )


def _outcome(order: Order, counts: dict[Any, int]) -> Outcome:
    if order.action is Action.RETAIN:
        return Outcome(order.at, Status.RETAINED, order.count)
    if order.action is Action.MANUAL:
        return Outcome(order.at, Status.MANUAL, order.count)
    count = counts[order.at]
    return Outcome(order.at, Status.DONE if count else Status.ABSENT, count)
