"""Single fields of the person's rows set to other values: all corrections of the database in one statement.

The statement sees the database as it was when the transaction began, so that a corrected address hides no
row from it. A row is written only where the old value still stands; under REPEATABLE READ one that another
client changes meanwhile makes the whole fail, to be tried again. Before the commit the rows written, the
values that stand in them and the server's own counters are compared with what was asked. A value that a
constraint, a type or a trigger does not take is found out correction by correction, and left to people.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from psycopg import errors
from psycopg.sql import SQL, Composable, Identifier, Literal

from connectors.corrections import pending
from connectors.errors import ChangedError, RefusedError
from connectors.heroku_postgres.effects import Expected, compare, counters
from connectors.heroku_postgres.fields import JSON, Place, bears_a_person, place
from connectors.heroku_postgres.links import Map
from connectors.heroku_postgres.reach import Reach
from connectors.heroku_postgres.redact import filler
from connectors.heroku_postgres.windows import OWN, cutoffs_of
from connectors.model import Change, Correction, Held, Locator, Outcome, Status, Subject, Trust

_VALUES = "SELECT set_config('dsr.values', %s, true)"  # no statement bears a personal value
_MOST = 1_000  # distinct values of one field; more are hardly one person's
_COMPUTED = "the database computes it: correct what it is computed from"
_STORED = "a trigger of the database stores something else"
_UNFIT = (errors.IntegrityError, errors.DataError, errors.RaiseException)


class _UnfitError(Exception):
    """The database does not take the value; the text says why, without it."""


@dataclass(frozen=True, slots=True)
class _Job:
    """A correction that has something to do."""

    correction: Correction
    changes: tuple[Change, ...]

    @property
    def name(self) -> str:
        return self.correction.at.collection


def held(found: Reach, at: Locator, fields: Collection[str]) -> Iterator[Held]:
    """What stands in these fields of a record's rows. RefusedError if it is more than one person can have."""
    if at.key != OWN or at.collection not in found.map.collections:
        return
    system, table = found.map.spec.system, found.map.table(at.collection)
    places = {n: place(system, table, n) for n in fields}
    single = {n: p for n, p in places.items() if _single(p)}
    parts = [
        SQL("(SELECT {}, {}, count(*) FROM {} t WHERE {} AND {} GROUP BY 2 LIMIT {})").format(
            Literal(n), p.text, table.sql, found.record(at), bears_a_person(p, filler(p.column)), Literal(_MOST + 1)
        )
        for n, p in enumerate(single.values())
    ]
    if not parts:
        return
    told = found.connection.execute(found.before([at.collection], SQL(" UNION ALL ").join(parts))).fetchall()
    names = list(single)
    for number, several in Counter(n for n, _, _ in told).items():
        if several > _MOST:
            raise RefusedError(system, f"{at.collection}.{names[number]}: more values than one person can have")
    for n, value, count in sorted(told):
        yield Held(names[n], value, count, _COMPUTED if single[names[n]].column.computed else "")


def correct(connection: Any, laid: Map, subject: Subject, corrections: Sequence[Correction]) -> list[Outcome]:
    """Do them and commit. ChangedError or RefusedError if that is not exactly what would happen."""
    found = Reach(connection, laid, subject, cutoffs_of(c.at for c in corrections))
    jobs, system = [], laid.spec.system
    for c in (_spelled(found, c) for c in corrections):
        there = list(held(found, c.at, {change.field for change in c.changes}))
        jobs.append(_Job(c, pending(system, c, there)))
    refused = {
        n: _COMPUTED for n, job in enumerate(jobs) if any(_of(found, job, c).column.computed for c in job.changes)
    }
    todo = {n: job for n, job in enumerate(jobs) if job.changes and n not in refused}
    for name in dict.fromkeys(job.name for job in todo.values()):
        laid.spec.gate(name)
    if todo and not _fits(found, list(todo.values())):
        refused |= {n: why for n, job in todo.items() if (why := _hindrance(found, job))}
        todo = {n: job for n, job in todo.items() if n not in refused}
    if todo:
        before = counters(connection, system)
        updated = _write(found, list(todo.values()))
        compare(found, before, Expected(updated, {}, {}))
        for name in sorted(updated):
            laid.spec.gate(name)
        connection.commit()
    return [_outcome(job, refused.get(n, "")) for n, job in enumerate(jobs)]


def _spelled(found: Reach, correction: Correction) -> Correction:
    """The new values of typed columns as the server writes them, so that what stands there already is known."""
    if correction.at.collection not in found.map.collections or correction.at.key != OWN:
        said = f"{correction.at.collection}: rows that are not proven to be the person's are never corrected"
        raise RefusedError(found.map.spec.system, said)
    spelled = []
    for change in correction.changes:
        at = place(found.map.spec.system, found.map.table(correction.at.collection), change.field)
        if change.new and not at.path and at.column.category not in ("S", "A"):
            found.connection.execute("SAVEPOINT dsr_trial")
            with suppress(errors.DataError):  # that it is not taken is found out when it is written
                query = SQL("SELECT CAST(%s::text AS {})::text").format(SQL(at.column.type))
                change = replace(change, new=found.connection.execute(query, [change.new]).fetchone()[0])
            found.connection.execute("ROLLBACK TO SAVEPOINT dsr_trial")
        spelled.append(change)
    return replace(correction, changes=tuple(spelled))


def _outcome(job: _Job, refused: str) -> Outcome:
    count = sum(change.count for change in job.changes)
    if refused:
        return Outcome(job.correction.at, Status.MANUAL, count, reason=refused)
    return Outcome(job.correction.at, Status.DONE if count else Status.ABSENT, count)


def _fits(found: Reach, jobs: Sequence[_Job]) -> bool:
    """Whether all of it could be written. Leaves nothing behind."""
    try:
        _tried(found, jobs)
    except _UnfitError:
        return False
    return True


def _hindrance(found: Reach, job: _Job) -> str:
    """Why this one alone could not be written; nothing if it could.

    An identifier that another row has already is another person's: ChangedError, so that nothing is written.
    """
    try:
        _tried(found, [job])
    except _UnfitError as unfit:
        identities = found.map.collections[job.name].identities
        named = {i.field for i in identities if i.trust is not Trust.CLAIMED} & {c.field for c in job.changes}
        if named and isinstance(unfit.__cause__, errors.UniqueViolation):
            said = f"{job.name}.{min(named)}: another row has the new value already: see whose it is"
            raise ChangedError(found.map.spec.system, f"{said}; nothing was changed") from None
        return str(unfit)
    return ""


def _tried(found: Reach, jobs: Sequence[_Job]) -> None:
    found.connection.execute("SAVEPOINT dsr_trial")
    try:
        _write(found, jobs)
    finally:
        found.connection.execute("ROLLBACK TO SAVEPOINT dsr_trial")


def _write(found: Reach, jobs: Sequence[_Job]) -> Counter[str]:
    """Write all of it in one statement; table -> rows written. _UnfitError where a value is not taken."""
    values = [v for job in jobs for change in job.changes for v in (change.old, change.new)]
    found.connection.execute(_VALUES, [json.dumps(values)])
    groups = _grouped(found, jobs)
    writes = [SQL("w{} AS ({})").format(SQL(str(n)), _update(found, at, cs)) for n, (at, cs) in enumerate(groups)]
    counts = [
        SQL("SELECT {}, (SELECT count(*) FROM {} t WHERE {} AND ({})), count(*), ARRAY[{}]::bigint[] FROM w{}").format(
            Literal(n), found.map.table(at.collection).sql, found.record(at), _any_old(cs), _kept(cs), SQL(str(n))
        )
        for n, (at, cs) in enumerate(groups)
    ]
    query = found.before({at.collection for at, _ in groups}, SQL(" UNION ALL ").join(counts), then=writes)
    try:
        told = found.connection.execute(query).fetchall()
        found.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except _UNFIT as error:
        named = error.diag.constraint_name or error.diag.column_name or error.sqlstate
        said = f"the database does not take the value ({named}): see which form it wants, and correct it by hand"
        raise _UnfitError(said) from error
    updated = Counter[str]()
    for n, there, written, kept in told:
        at, changes = groups[n]
        if written != there:
            said = f"{written} of {there} rows were written: a trigger keeps some back; nothing was changed"
            raise RefusedError(found.map.spec.system, f"{at.collection}: {said}")
        if any(number < c.change.count for c, number in zip(changes, kept, strict=True)):
            raise _UnfitError(_STORED)
        updated[at.collection] += written
    return updated


@dataclass(frozen=True, slots=True)
class _Set:
    """One change with its place, and its values as the server knows them."""

    change: Change
    at: Place
    number: int  # of the old value; the new one follows

    @property
    def stands(self) -> Composable:
        return SQL("{} = {}").format(self.at.text, self._value(0))

    @property
    def kept(self) -> Composable:
        """A condition: the new value stands there."""
        if not self.change.new:
            return SQL("coalesce({}, '') = ''").format(self.at.text)
        if self.at.path:
            return SQL("{} = {}").format(self.at.text, self._value(1))
        return SQL("{} = {}").format(self.at.name, self._typed)

    def applied(self, before: Composable) -> Composable:
        """The column, which is `before` without this change."""
        return SQL("CASE WHEN {} THEN {} ELSE {} END").format(self.stands, self._new(before), before)

    def _new(self, before: Composable) -> Composable:
        column = self.at.column
        if not self.at.path:
            if self.change.new:
                return self._typed
            return SQL("''") if column.not_null and column.category == "S" else SQL("NULL")
        path, whole = Literal(list(self.at.path)), SQL("({})::jsonb").format(before)
        if not self.change.new:
            made = SQL("({} #- {}::text[])").format(whole, path)
        else:
            made = SQL(
                "jsonb_set({0}, {1}::text[], CASE jsonb_typeof({0} #> {1}::text[]) WHEN 'number' THEN "
                "to_jsonb({2}::numeric) WHEN 'boolean' THEN to_jsonb({2}::boolean) ELSE to_jsonb({2}) END, false)"
            ).format(whole, path, self._value(1))
        return SQL("({})::{}").format(made, SQL("json" if column.type == "json" else "jsonb"))

    @property
    def _typed(self) -> Composable:
        # The name of the type is the server's own (format_type), quoted as it needs.
        return SQL("CAST({} AS {})").format(self._value(1), SQL(self.at.column.type))

    def _value(self, which: int) -> Composable:
        return SQL("(current_setting('dsr.values')::jsonb ->> {})").format(Literal(self.number + which))


def _grouped(found: Reach, jobs: Sequence[_Job]) -> list[tuple[Locator, list[_Set]]]:
    """The changes by record: a row can be written once only, and the rows of two records are never the same."""
    groups: dict[Locator, list[_Set]] = {}
    number = 0
    for job in jobs:
        for change in job.changes:
            groups.setdefault(job.correction.at, []).append(_Set(change, _of(found, job, change), number))
            number += 2
    return list(groups.items())


def _update(found: Reach, at: Locator, changes: Sequence[_Set]) -> Composable:
    columns: dict[str, Composable] = {}
    for one in changes:
        name = one.at.column.name
        columns[name] = one.applied(columns.get(name, Identifier("t", name)))
    sets = SQL(", ").join(SQL("{} = {}").format(Identifier(name), value) for name, value in columns.items())
    kept = SQL(", ").join(SQL("{} c{}").format(one.kept, SQL(str(n))) for n, one in enumerate(changes))
    return SQL("UPDATE {} t SET {} WHERE {} AND ({}) RETURNING {}").format(
        found.map.table(at.collection).sql, sets, found.record(at), _any_old(changes), kept
    )


def _any_old(changes: Sequence[_Set]) -> Composable:
    return SQL(" OR ").join(one.stands for one in changes)


def _kept(changes: Sequence[_Set]) -> Composable:
    return SQL(", ").join(SQL("count(*) FILTER (WHERE c{})").format(SQL(str(n))) for n in range(len(changes)))


def _of(found: Reach, job: _Job, change: Change) -> Place:
    return place(found.map.spec.system, found.map.table(job.name), change.field)


def _single(at: Place) -> bool:
    """Whether the place holds one value: no array, and of JSON a path into it."""
    return not at.elements and at.column.category != "A" and (bool(at.path) or at.column.type not in JSON)
