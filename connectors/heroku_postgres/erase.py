"""All orders of the database in one transaction, and nothing but the orders.

The rows are gathered anew, locked and counted before anything is written. All deletions are one
statement: foreign keys are checked when all of it is gone, so neither cycles nor the order of the
tables matter, and no constraint needs to be deferrable. Before the commit the rows that the server
says it changed are compared with the orders; a cascade, SET NULL or trigger that touched one row
more, or kept one back, rolls everything back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from psycopg import errors
from psycopg.sql import SQL, Composable, Identifier

from connectors.errors import ChangedError, RefusedError
from connectors.heroku_postgres.catalogue import Table, read
from connectors.heroku_postgres.effects import Expected, compare, counters
from connectors.heroku_postgres.links import Link, Map
from connectors.heroku_postgres.reach import Reach
from connectors.heroku_postgres.redact import assignments
from connectors.heroku_postgres.windows import MENTIONS, OWN, inside
from connectors.model import Action, Locator, Order, Outcome, Status, Subject, SystemSpec

_STAY = {Action.RETAIN: Status.RETAINED, Action.MANUAL: Status.MANUAL}


@dataclass(frozen=True, slots=True)
class _Job:
    """An order with its table and the condition that selects its rows. `link`: these are to be unlinked."""

    order: Order
    table: Table
    rows: Composable
    link: Link | None = None
    count: int = 0


def erase(connection: Any, spec: SystemSpec, subject: Subject, orders: Sequence[Order]) -> list[Outcome]:
    """Do the orders and commit. ChangedError or RefusedError if that is not exactly what would happen."""
    laid = Map(spec, read(connection))
    jobs: list[_Job] = []
    ordered = [o for o in orders if o.action not in _STAY]
    if ordered:
        before = counters(connection, spec.system)
        found = Reach(connection, laid, subject)
        jobs = _locked(found, [_job(found, order) for order in ordered])
        busy = [job for job in jobs if job.count]
        if busy:
            expected = _write(found, busy)
            compare(found, before, expected)
            for name in sorted({job.table.name for job in busy}):
                spec.gate(name)
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
        return _Job(order, table, SQL("{} AND {}").format(found.rows(at.collection), window))
    if at.key.startswith(MENTIONS):
        if order.action is not Action.REDACT:
            raise RefusedError(system, f"{at.collection}: rows that only name the person are unlinked, never deleted")
        link = _mention(found, at)
        return _Job(order, table, found.mentioning(link), link)
    raise RefusedError(system, f"{at.collection}: rows that are not proven to be the person's are never touched")


def _mention(found: Reach, at: Locator) -> Link:
    for link in found.map.links:
        if (link.table, f"{MENTIONS}{link.name}") == (at.collection, at.key):
            return link
    raise ChangedError(found.map.spec.system, f"{at.collection}: the key that the plan would unlink is gone")


def _locked(found: Reach, jobs: Sequence[_Job]) -> list[_Job]:
    """Lock and count the rows of every order, in one statement and the order given."""
    asked = [j for j in jobs if found.counts.get(j.link.to if j.link else j.table.name)]
    if not asked:
        return list(jobs)
    names = [Identifier(f"l{number}") for number in range(len(asked))]
    locks = SQL(", ").join(
        SQL("{} AS (SELECT 1 FROM {} t WHERE {} FOR UPDATE)").format(name, job.table.sql, job.rows)
        for name, job in zip(names, asked, strict=True)
    )
    counts = SQL(", ").join(SQL("(SELECT count(*) FROM {})").format(name) for name in names)
    row = found.connection.execute(SQL("WITH {} SELECT {}").format(locks, counts)).fetchone()
    held = {id(job): count for job, count in zip(asked, row, strict=True)}
    counted = [replace(job, count=held.get(id(job), 0)) for job in jobs]
    for job in counted:
        if job.count > job.order.count + job.order.late:
            said = f"{job.table.name}: {job.count} rows now, and the plan has {job.order.count}; nothing was changed"
            raise ChangedError(found.map.spec.system, said)
    return counted


def _write(found: Reach, jobs: Sequence[_Job]) -> Expected:
    """Unlink, redact, delete, in this order: an update moves rows, and the gathered addresses with it."""
    updated, deleted = Counter[str](), Counter[str]()
    opened: set[str] = set()
    for job in sorted((j for j in jobs if j.order.action is Action.REDACT), key=lambda j: j.link is None):
        if clauses := _clauses(found, job):
            _gate(found, job, opened)
            _update(found, job, clauses)
            updated[job.table.name] += job.count
    removals = [j for j in jobs if j.order.action is Action.DELETE]
    for job in removals:
        _gate(found, job, opened)
        deleted[job.table.name] += job.count
    if removals:
        _delete(found, removals)
    found.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return Expected(updated, deleted)


def _gate(found: Reach, job: _Job, opened: set[str]) -> None:
    if job.table.name not in opened:
        found.map.spec.gate(job.table.name)
        opened.add(job.table.name)


def _update(found: Reach, job: _Job, clauses: Sequence[Composable]) -> None:
    query = SQL("UPDATE {} t SET {} WHERE {}").format(job.table.sql, SQL(", ").join(clauses), job.rows)
    try:
        done = found.connection.execute(query).rowcount
    except (errors.CheckViolation, errors.UniqueViolation, errors.NotNullViolation, errors.ExclusionViolation) as error:
        name = error.diag.constraint_name or ""
        columns = found.map.catalogue.checks.get((job.table.name, name), (error.diag.column_name or "",))
        told = ", ".join(c for c in columns if c) or "a column"
        raise RefusedError(
            found.map.spec.system,
            f"{job.table.name}: no placeholder for {told} satisfies {name or 'NOT NULL'}; choose another redaction "
            "for it in the inventory (null, empty, unique, none). Nothing was changed",
        ) from None
    _whole(found, job, done)


def _delete(found: Reach, jobs: Sequence[_Job]) -> None:
    names = [Identifier(f"d{number}") for number in range(len(jobs))]
    parts = SQL(", ").join(
        SQL("{} AS (DELETE FROM {} t WHERE {} RETURNING 1)").format(name, job.table.sql, job.rows)
        for name, job in zip(names, jobs, strict=True)
    )
    counts = SQL(", ").join(SQL("(SELECT count(*) FROM {})").format(name) for name in names)
    row = found.connection.execute(SQL("WITH {} SELECT {}").format(parts, counts)).fetchone()
    for job, done in zip(jobs, row, strict=True):
        _whole(found, job, done)


def _whole(found: Reach, job: _Job, done: int) -> None:
    if done != job.count:
        raise RefusedError(
            found.map.spec.system,
            f"{job.table.name}: the database changed {done} of {job.count} rows (a trigger or rule keeps the others); "
            "nothing was changed",
        )


def _clauses(found: Reach, job: _Job) -> list[Composable]:
    system = found.map.spec.system
    if job.link is None:
        return assignments(system, job.table, found.map.collections[job.table.name], job.order.keep)
    if freed := found.map.freed(job.link):
        return [SQL("{} = NULL").format(Identifier(c)) for c in freed]
    raise RefusedError(system, f"{job.link.name} on {job.table.name} cannot be unlinked: it is NOT NULL")


def _outcome(order: Order, counts: dict[Locator, int]) -> Outcome:
    if order.action in _STAY:
        return Outcome(order.at, _STAY[order.action], order.count)
    count = counts[order.at]
    return Outcome(order.at, Status.DONE if count else Status.ABSENT, count)
