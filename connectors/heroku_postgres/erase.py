"""All orders of the database in one transaction, and nothing but the orders.

Rows of others are unlinked first. Then one statement gathers the person's rows, counts, redacts and
deletes them. All of it sees the database as it was when it began, so that a redaction hides nobody
from it; foreign keys are checked when everything is gone, so that neither cycles nor the order of
the tables matter, and no constraint needs to be deferrable. Before the commit the counts are compared
with the plan, and with them the rows that the server says it changed: a cascade, SET NULL or trigger
that touched one row more, or kept one back, rolls everything back.

Under REPEATABLE READ the rows that are written need no lock before: one that another client changes,
or adds a reference to, meanwhile makes the deletion fail as a whole, to be tried again. Rows that
stay are locked where others are written on their account, so that they cannot change hands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import errors
from psycopg.sql import SQL, Composable, Identifier, Literal

from connectors.errors import ChangedError, RefusedError
from connectors.heroku_postgres.catalogue import Table
from connectors.heroku_postgres.effects import Expected, compare, counters
from connectors.heroku_postgres.links import Link, Map
from connectors.heroku_postgres.reach import Reach
from connectors.heroku_postgres.redact import choices
from connectors.heroku_postgres.trial import fitting
from connectors.heroku_postgres.windows import MENTIONS, OWN, cutoffs_of, sides_of
from connectors.model import Action, Locator, Order, Outcome, Status, Subject

_UNFIT = (errors.CheckViolation, errors.UniqueViolation, errors.NotNullViolation, errors.ExclusionViolation)
_UNLINK = SQL(
    "u AS (UPDATE {} t SET {} WHERE t.ctid = ANY (ARRAY(SELECT r FROM n)) "
    "AND (t.tableoid, t.ctid) IN (SELECT o, r FROM n))"
)


@dataclass(frozen=True, slots=True)
class _Job:
    """An order, its table, what it sets there, and the sides its rows are on. `link`: it unlinks rows of others."""

    order: Order
    table: Table
    clauses: Sequence[Composable] = ()
    sides: Sequence[int] = ()
    link: Link | None = None


def erase(connection: Any, laid: Map, subject: Subject, orders: Sequence[Order]) -> list[Outcome]:
    """Do the orders and commit. ChangedError or RefusedError if that is not exactly what would happen."""
    ordered = [o for o in orders if not o.spared()]
    counts: dict[Locator, int] = {}
    if ordered:
        cutoffs = cutoffs_of(o.at for o in orders)
        before = counters(connection, laid.spec.system)
        found = Reach(connection, laid, subject, cutoffs)
        jobs = [_job(found, order, cutoffs) for order in ordered]
        for name in dict.fromkeys(job.table.name for job in jobs):
            laid.spec.gate(name)
        unlinked = {job.order.at: _unlink(found, job) for job in jobs if job.link}
        theirs = _write(found, jobs)
        own = {j.order.at: sum(theirs[j.table.name, s] for s in j.sides) for j in jobs if not j.link}
        counts = unlinked | own
        _agree(found, jobs, counts)
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        compare(found, before, _expected(jobs, counts, theirs))
        for name in sorted({job.table.name for job in jobs if counts[job.order.at]}):
            laid.spec.gate(name)
        if any(counts.values()):
            connection.commit()
    return [_outcome(order, counts) for order in orders]


def _job(found: Reach, order: Order, cutoffs: Mapping[str, Sequence[datetime]]) -> _Job:
    at, system = order.at, found.map.spec.system
    if at.collection not in found.map.collections:
        raise RefusedError(system, f"{at.collection} is not in the inventory")
    if at.collection not in found.limited:
        raise RefusedError(system, f"{at.collection}: whose organisation's its rows are cannot be told")
    spec, table = found.map.collections[at.collection], found.map.table(at.collection)
    if at.key == OWN:
        sides = sides_of(at, cutoffs[at.collection])
        if order.action is not Action.REDACT:
            return _Job(order, table, (), sides)
        return _Job(order, table, fitting(found, table, sides, choices(system, table, spec, order.keep)), sides)
    if not at.key.startswith(MENTIONS):
        raise RefusedError(system, f"{at.collection}: rows that are not proven to be the person's are never touched")
    if order.action is not Action.REDACT:
        raise RefusedError(system, f"{at.collection}: rows that only name the person are unlinked, never deleted")
    link = _mention(found, at)
    if not (freed := found.map.freed(link)):
        raise RefusedError(system, f"{link.name} on {at.collection} cannot be unlinked: it is NOT NULL")
    return _Job(order, table, [SQL("{} = NULL").format(Identifier(c)) for c in freed], link=link)


def _mention(found: Reach, at: Locator) -> Link:
    for link in found.map.links:
        if (link.table, f"{MENTIONS}{link.name}") == (at.collection, at.key):
            return link
    raise ChangedError(found.map.spec.system, f"{at.collection}: the key that the plan would unlink is gone")


def _unlink(found: Reach, job: _Job) -> int:
    """Set a link to NULL in rows of others, and count them. None is the person's: theirs stay the same."""
    if not job.link or job.link.to not in found.names:
        return 0
    named = SQL("n AS (SELECT t.tableoid o, t.ctid r FROM {} t WHERE {})").format(
        job.table.sql, found.mentioning(job.link)
    )
    update = _UNLINK.format(job.table.sql, SQL(", ").join(job.clauses))
    query = found.before([job.link.to, job.table.name], SQL("SELECT count(*) FROM n"), then=[named, update])
    ((count,),) = _written(found, query)
    return int(count)


def _write(found: Reach, jobs: Sequence[_Job]) -> Counter[tuple[str, int]]:
    """Redact and delete. The person's rows as they were before, ordered or not, by collection and side."""
    if not found.names:
        return Counter()
    staying = _staying(found, jobs)
    own = (job for job in jobs if not job.link)
    writes = [_change(found, job) for job in own if job.clauses or job.order.action is Action.DELETE]
    locks = [
        SQL("SELECT FROM {} t WHERE {} FOR SHARE").format(found.map.table(name).sql, found.rows(name, sides))
        for name, sides in staying.items()
    ]
    names = [Identifier(f"w{n}") for n in range(len(locks) + len(writes))]
    then = [SQL("{} AS ({})").format(*pair) for pair in zip(names, locks + writes, strict=True)]
    counts = [
        SQL("SELECT {}, s, count(*) FROM {} GROUP BY s").format(Literal(n), found.gathered(name))
        for n, name in enumerate(found.names)
    ]
    # Rows are locked while they are read, and a SELECT is run only as far as something refers to it.
    counts += [SQL("SELECT -1, 0, count(*) FROM {}").format(name) for name in names[: len(locks)]]
    query = found.before(found.names, SQL(" UNION ALL ").join(counts), then=then)
    return Counter({(found.names[n], side): count for n, side, count in _written(found, query) if n >= 0})


def _change(found: Reach, job: _Job) -> Composable:
    rows = found.rows(job.table.name, job.sides)
    if job.order.action is Action.DELETE:
        return SQL("DELETE FROM {} t WHERE {}").format(job.table.sql, rows)
    return SQL("UPDATE {} t SET {} WHERE {}").format(job.table.sql, SQL(", ").join(job.clauses), rows)


def _staying(found: Reach, jobs: Sequence[_Job]) -> dict[str, list[int]]:
    """Collection -> sides that are not written, though rows that are written are there for them only."""
    written: dict[str, set[int]] = {}
    for job in (j for j in jobs if not j.link):
        written.setdefault(job.table.name, set()).update(job.sides)
    named = {job.link.to for job in jobs if job.link}
    leading = found.leading_to({*written, *named})
    owners = {k.to for k in found.map.owning if k.table in leading} | named
    sides = {name: set(found.sides(name)) - written.get(name, set()) for name in owners & leading}
    return {name: sorted(rest) for name, rest in sides.items() if rest}


def _written(found: Reach, query: Composable) -> list[tuple[int, ...]]:
    """Execute it. RefusedError names the constraint that a redaction runs into, and its columns."""
    try:
        return found.connection.execute(query).fetchall()  # type: ignore[no-any-return]
    except _UNFIT as error:
        table, name = f"{error.diag.schema_name}.{error.diag.table_name}", error.diag.constraint_name or ""
        columns = found.map.catalogue.checks.get((table, name), (error.diag.column_name or "",))
        told = ", ".join(c for c in columns if c) or "a column"
        raise RefusedError(
            found.map.spec.system,
            f"{table}: no placeholder for {told} satisfies {name or 'NOT NULL'}; choose another redaction "
            "for it in the inventory (null, empty, unique, none). Nothing was changed",
        ) from None


def _agree(found: Reach, jobs: Sequence[_Job], counts: Mapping[Locator, int]) -> None:
    """ChangedError if there are more rows than the plan has."""
    for job in jobs:
        if counts[job.order.at] > job.order.count + job.order.late:
            said = f"{counts[job.order.at]} rows now, and the plan has {job.order.count}; nothing was changed"
            raise ChangedError(found.map.spec.system, f"{job.table.name}: {said}")


def _expected(jobs: Sequence[_Job], counts: Mapping[Locator, int], theirs: Counter[tuple[str, int]]) -> Expected:
    updated, deleted, all_theirs = Counter[str](), Counter[str](), Counter[str]()
    for job in jobs:
        if job.order.action is Action.DELETE:
            deleted[job.table.name] += counts[job.order.at]
        elif job.clauses:
            updated[job.table.name] += counts[job.order.at]
    for (name, _), count in theirs.items():
        all_theirs[name] += count
    return Expected(updated, deleted, all_theirs)


def _outcome(order: Order, counts: Mapping[Locator, int]) -> Outcome:
    if spared := order.spared():
        return spared
    count = counts[order.at]
    return Outcome(order.at, Status.DONE if count else Status.ABSENT, count)
