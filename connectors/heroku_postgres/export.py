"""Export by server-side COPY: streamed, and only of what may be disclosed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from psycopg.sql import SQL, Composable, Identifier, Literal

from connectors.heroku_postgres.catalogue import Column, read
from connectors.heroku_postgres.fields import Place, place
from connectors.heroku_postgres.reach import Map, Reach
from connectors.heroku_postgres.session import named_errors, session
from connectors.heroku_postgres.windows import inside
from connectors.model import CollectionSpec, Disclosure, Locator, Subject, SystemSpec

_UNMARKED = "unmarked field"


def chunks(spec: SystemSpec, subject: Subject, collection: CollectionSpec, at: Locator) -> Iterator[bytes]:
    """The rows as CSV with a header. The connection is open while the caller reads."""
    with session(spec) as connection:
        found = Reach(connection, Map(spec, read(connection)), subject)
        table = found.map.table(collection.name)
        named = [(f.name, place(spec.system, table, f.name)) for f in _disclosed(collection)]
        if not named:
            return
        columns = SQL(", ").join(
            SQL("{} AS {}").format(p.text if p.path else p.name, Identifier(name)) for name, p in named
        )
        query = SQL("COPY (SELECT {} FROM {} t WHERE {} AND {}) TO STDOUT (FORMAT csv, HEADER)").format(
            columns, table.sql, found.rows(collection.name), inside(spec.system, table, collection, at)
        )
        with named_errors(spec.system), connection.cursor().copy(query) as copy:
            for block in copy:
                yield bytes(block)


def withheld(spec: SystemSpec, subject: Subject, collection: CollectionSpec, at: Locator) -> tuple[str, ...]:
    """The types of what the rows hold and the export does not."""
    with session(spec) as connection:
        found = Reach(connection, Map(spec, read(connection)), subject)
        table = found.map.table(collection.name)
        asked = list(_held_back(spec, collection, table.columns))
        if not asked:
            return ()
        tests = SQL(", ").join(SQL("coalesce(bool_or({}), false)").format(test) for _, test in asked)
        query = SQL("SELECT {} FROM {} t WHERE {} AND {}").format(
            tests, table.sql, found.rows(collection.name), inside(spec.system, table, collection, at)
        )
        row: tuple[Any, ...] = connection.execute(query).fetchone() or ()
    return tuple(sorted({kind for (kind, _), present in zip(asked, row, strict=True) if present}))


def _disclosed(collection: CollectionSpec) -> Iterator[Any]:
    return (f for f in collection.fields if f.disclosure is Disclosure.DISCLOSE)


def _held_back(
    spec: SystemSpec, collection: CollectionSpec, columns: dict[str, Column]
) -> Iterator[tuple[str, Composable]]:  # fmt: skip
    shown = {f.name for f in _disclosed(collection)}
    marked = {f.name: f for f in collection.fields}
    for field in collection.fields:
        if field.name not in shown and "->" in field.name:
            root, *inside_it = field.name.split("->")
            yield field.type or _UNMARKED, SQL("{} IS NOT NULL").format(Place(columns[root], tuple(inside_it)).text)
    for name in columns:
        if name in shown:
            continue
        told = marked[name].type if name in marked else ""
        paths = [f.split("->")[1:] for f in marked if f.startswith(f"{name}->")]
        if not paths:
            yield told or _UNMARKED, SQL("{} IS NOT NULL").format(Identifier("t", name))
            continue
        rest: Composable = SQL("{}::jsonb").format(Identifier("t", name))
        for path in paths:
            rest = SQL("({} #- {}::text[])").format(rest, Literal(path))
        yield told or _UNMARKED, SQL("{} NOT IN ('{{}}', '[]', 'null')").format(rest)
