"""Export by server-side COPY: streamed, and only of what may be disclosed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from psycopg.sql import SQL, Composable, Identifier, Literal

from connectors.heroku_postgres.catalogue import Table
from connectors.heroku_postgres.fields import JSON, place
from connectors.heroku_postgres.reach import Reach
from connectors.heroku_postgres.session import Connections
from connectors.heroku_postgres.windows import cutoffs_of, sides_of
from connectors.model import CollectionSpec, Disclosure, FieldSpec, Locator, Subject

_UNMARKED = "unmarked field"


def chunks(connections: Connections, subject: Subject, collection: CollectionSpec, at: Locator) -> Iterator[bytes]:
    """The rows as CSV with a header, in the order of the disclosed fields. The connection is open while
    the caller reads."""
    spec = connections.spec
    with connections.session() as connection:
        found, rows = _reached(connection, connections, subject, at)
        table = found.map.table(collection.name)
        shown = [f for f in collection.fields if f.disclosure is Disclosure.DISCLOSE]
        if not shown:
            return
        columns = SQL(", ").join(
            SQL("{} AS {}").format(_shown(spec.system, table, collection, f), Identifier(f.name)) for f in shown
        )
        query = SQL("SELECT {} FROM {} t WHERE {}").format(columns, table.sql, rows)
        query = SQL("COPY ({}) TO STDOUT (FORMAT csv, HEADER)").format(found.before([collection.name], query))
        with connection.cursor().copy(query) as copy:
            for block in copy:
                yield bytes(block)


def withheld(connections: Connections, subject: Subject, collection: CollectionSpec, at: Locator) -> tuple[str, ...]:
    """The types of what the rows hold and the export does not, sorted."""
    spec = connections.spec
    with connections.session() as connection:
        found, rows = _reached(connection, connections, subject, at)
        table = found.map.table(collection.name)
        asked = [*_fields_held_back(spec.system, table, collection), *_columns_held_back(table, collection)]
        if not asked:
            return ()
        tests = SQL(", ").join(SQL("coalesce(bool_or({}), false)").format(test) for _, test in asked)
        query = SQL("SELECT {} FROM {} t WHERE {}").format(tests, table.sql, rows)
        row: tuple[Any, ...] = found.connection.execute(found.before([collection.name], query)).fetchone() or ()
    return tuple(sorted({kind for (kind, _), present in zip(asked, row, strict=True) if present}))


def _reached(connection: Any, connections: Connections, subject: Subject, at: Locator) -> tuple[Reach, Composable]:
    """The person's rows, and the condition that selects those of the locator."""
    cutoffs = cutoffs_of([at])
    found = Reach(connection, connections.structure.of(connection), subject, cutoffs)
    if at.collection not in found.limited:
        return found, SQL("false")
    return found, found.rows(at.collection, sides_of(at, cutoffs[at.collection]))


def _shown(system: str, table: Table, collection: CollectionSpec, field: FieldSpec) -> Composable:
    """The value of a disclosed field; of JSON, without the parts of it that are not disclosed."""
    at = place(system, table, field.name)
    if at.column.type not in JSON:
        return at.name
    hidden = [
        other.path[len(at.path) :]
        for f in collection.fields
        if f.disclosure is not Disclosure.DISCLOSE
        for other in [place(system, table, f.name)]
        if other.column == at.column and other.path[: len(at.path)] == at.path and other.path != at.path
    ]
    if not hidden:
        return at.text if at.path else at.name
    value = SQL("({}::jsonb #> {}::text[])").format(at.name, Literal(list(at.path)))
    return _without(value, hidden)


def _without(value: Composable, paths: list[tuple[str, ...]]) -> Composable:
    for path in paths:
        value = SQL("({} #- {}::text[])").format(value, Literal(list(path)))
    return value


def _fields_held_back(system: str, table: Table, collection: CollectionSpec) -> Iterator[tuple[str, Composable]]:
    for field in collection.fields:
        if field.disclosure is not Disclosure.DISCLOSE:
            at = place(system, table, field.name)
            yield field.type or _UNMARKED, SQL("{} IS NOT NULL").format(at.text)


def _columns_held_back(table: Table, collection: CollectionSpec) -> Iterator[tuple[str, Composable]]:
    """Columns that no field speaks of, and what is left in JSON columns beside the paths that fields name."""
    paths: dict[str, list[tuple[str, ...]]] = {}
    whole = {f.name for f in collection.fields}
    for name in whole - set(table.columns):
        column, *path = name.removesuffix("[]").split("->")
        paths.setdefault(column, []).append(tuple(path))
    for name in table.columns:
        if name in whole:
            continue
        value: Composable = Identifier("t", name)
        if name not in paths:
            yield _UNMARKED, SQL("{} IS NOT NULL").format(value)
        elif () not in paths[name]:
            yield _UNMARKED, _beside(value, sorted(paths[name], key=len, reverse=True))


def _beside(value: Composable, paths: list[tuple[str, ...]]) -> Composable:
    """A condition: the JSON holds something that is at none of the paths nor an object emptied by leaving them out."""
    rest = _without(SQL("{}::jsonb").format(value), paths)
    return SQL('jsonb_path_exists({}, \'$.** ? (@.type() != "object" && @.type() != "array")\')').format(rest)
