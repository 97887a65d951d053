"""All orders of the database in one transaction, and nothing but the orders.

The rows are gathered anew and counted before anything is written. Under REPEATABLE READ they need no
lock of their own: a row that another client changes or adds a reference to meanwhile makes the
deletion fail as a whole, to be tried again. All deletions are one statement: foreign keys are
checked when all of it is gone, so neither cycles nor the order of the tables matter, and no
constraint needs to be deferrable. Before the commit the rows that the server says it changed are
compared with the orders; a cascade, SET NULL or trigger that touched one row more, or kept one
back, rolls everything back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg import errors
from psycopg.sql import SQL, Composable, Identifier

from connectors.errors import ChangedError, RefusedError
from connectors.heroku_postgres.catalogue import Table, read
from connectors.heroku_postgres.effects import Expected, compare, counters
from connectors.heroku_postgres.links import Link, Map
from connectors.heroku_postgres.reach import Reach
from connectors.heroku_postgres.redact import assignments
from connectors.heroku_postgres.windows import MENTIONS, OWN, cutoffs_of, sides_of
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
    jobs: list[_Job] = []
    ordered = [o for o in orders if o.action not in _STAY]
    if ordered:
        laid = Map(spec, read(connection))
        before = counters(connection, spec.system)
        cutoffs = cutoffs_of(o.at for o in orders)
        found = Reach(connection, laid, subject, cutoffs)
        jobs = _counted(found, [_job(found, order, cutoffs) for order in ordered])
        busy = [job for job in jobs if job.count]
        if busy:
            compare(found, before, _write(found, busy))
            for name in sorted({job.table.name for job in busy}):
                spec.gate(name)
            connection.commit()
    counts = {job.order.at: job.count for job in jobs}
    return [_outcome(order, counts) for order in orders]


def _job(found: Reach, order: Order, cutoffs: Mapping[str, Sequence[datetime]]) -> _Job:
    at, system = order.at, found.map.spec.system
    if at.collection not in found.map.collections:
        raise RefusedError(system, f"{at.collection} is not in the inventory")
    table = found.map.table(at.collection)
    if at.key == OWN:
        sides = sides_of(at, cutoffs[at.collection])
        count = sum(found.sides.get((at.collection, number), 0) for number in sides)
        return _Job(order, table, found.rows(at.collection, sides), None, count)
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


def _counted(found: Reach, jobs: Sequence[_Job]) -> list[_Job]:
    """The jobs with the number of rows each is about. ChangedError if that is more than was planned."""
    mentions = [j for j in jobs if j.link and found.counts.get(j.link.to)]
    counts: dict[Locator, int] = {}
    if mentions:
        asked = SQL(", ").join(
            SQL("(SELECT count(*) FROM {} t WHERE {})").format(j.table.sql, j.rows) for j in mentions
        )
        row = found.connection.execute(SQL("SELECT {}").format(asked)).fetchone()
        counts = {job.order.at: count for job, count in zip(mentions, row, strict=True)}
    counted = [replace(j, count=counts.get(j.order.at, 0)) if j.link else j for j in jobs]
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
