"""Tables, columns, keys and checks, read from the system catalogue in one round trip.

Partitions stand for their root everywhere: a key declared on one of them is a key of the root.
Sources: https://www.postgresql.org/docs/current/catalog-pg-constraint.html,
https://www.postgresql.org/docs/current/catalog-pg-attribute.html.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg
    from psycopg.sql import Composable

# 16384 is FirstNormalObjectId: what the server itself made has smaller numbers.
_COLUMNS = """
SELECT n.nspname || '.' || c.relname, c.oid::bigint, c.relkind = 'p' OR c.relhassubclass, c.reltuples,
       a.attnum, a.attname::text, format_type(t.oid, NULL), t.typcategory::text,
       a.attnotnull OR (ty.typtype = 'd' AND ty.typnotnull),
       CASE WHEN t.typname IN ('varchar', 'bpchar') THEN
           CASE WHEN a.atttypmod > 4 THEN a.atttypmod - 4 WHEN ty.typtypmod > 4 THEN ty.typtypmod - 4 END END,
       a.attgenerated <> '' OR a.attidentity = 'a', ty.typtype = 'd'
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type ty ON ty.oid = a.atttypid
JOIN pg_type t ON t.oid = CASE WHEN ty.typtype = 'd' THEN ty.typbasetype ELSE ty.oid END
WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
ORDER BY 1, a.attnum"""
# Of a key that is declared on a partition the columns may be numbered otherwise than in its root: by name.
_CONSTRAINTS = """
SELECT k.contype::text, k.conname::text, coalesce(pg_partition_root(k.conrelid), k.conrelid)::bigint,
       coalesce(pg_partition_root(k.confrelid), k.confrelid)::bigint, k.confdeltype::text,
       ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u (num, n)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num ORDER BY u.n),
       ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u (num, n)
             JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num ORDER BY u.n)
FROM pg_constraint k
WHERE k.oid >= 16384 AND k.contype IN ('f', 'c') AND k.conrelid <> 0 AND k.conparentid = 0
ORDER BY k.conname, k.oid"""
_INDEXES = """
SELECT i.indrelid::bigint, i.indisunique, i.indisprimary, i.indisvalid AND i.indpred IS NULL, i.indkey::int[],
       CASE WHEN i.indexprs IS NOT NULL AND i.indisunique
           THEN split_part(pg_get_indexdef(i.indexrelid), ' USING ', 2) ELSE '' END
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE i.indexrelid >= 16384 AND NOT c.relispartition"""
# A change of a catalogue's row leaves it with another place or transaction. Statistics are written in place.
_MARK = """
SELECT sum(rows), sum(mark) FROM (
SELECT count(*) rows, sum(hashtid(ctid)::bigint * xmin::text::bigint) mark FROM pg_class WHERE oid >= 16384 UNION ALL
SELECT count(*), sum(hashtid(ctid)::bigint * xmin::text::bigint) FROM pg_attribute WHERE attrelid >= 16384 UNION ALL
SELECT count(*), sum(hashtid(ctid)::bigint * xmin::text::bigint) FROM pg_type WHERE oid >= 16384 UNION ALL
SELECT count(*), sum(hashtid(ctid)::bigint * xmin::text::bigint) FROM pg_constraint WHERE oid >= 16384 UNION ALL
SELECT count(*), sum(hashtid(ctid)::bigint * xmin::text::bigint) FROM pg_index WHERE indexrelid >= 16384 UNION ALL
SELECT count(*), sum(hashtid(ctid)::bigint * xmin::text::bigint) FROM pg_namespace) x"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `category` is PostgreSQL's type category (S text, N number, D date, A array, …)."""

    name: str
    type: str  # of a domain: the type below it
    category: str
    not_null: bool
    length: int | None  # characters
    computed: bool  # by the server: never written
    unique: bool = False  # alone or together with others
    indexed: bool = False  # first in an index of all rows
    domain: bool = False
    checked: bool = False  # by a domain or a CHECK: not everything of the type fits


@dataclass(frozen=True, slots=True)
class Table:
    """A table or the root of partitions."""

    name: str  # "schema.table"
    oid: int
    spread: bool  # rows live in several relations (partitions, inheritance)
    tuples: float  # estimate; negative or 0 when never analysed
    columns: dict[str, Column] = field(default_factory=dict)
    key: tuple[str, ...] = ()  # primary key

    @property
    def sql(self) -> Composable:
        from psycopg import sql

        schema, _, name = self.name.partition(".")
        return sql.Identifier(schema, name)


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A reference that the database enforces. `on_delete`: a no action, r restrict, c cascade, n/d set."""

    name: str
    table: str
    columns: tuple[str, ...]
    to: str
    references: tuple[str, ...]
    on_delete: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """`checks`: (table, constraint) -> the columns it is about. `mark` changes with the structure."""

    mark: tuple[Any, ...]
    tables: dict[str, Table]
    foreign_keys: tuple[ForeignKey, ...]
    checks: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)


def mark(connection: psycopg.Connection[Any]) -> tuple[Any, ...]:
    """What changes with anything that `read` reads, but for the estimates of rows."""
    return connection.execute(_MARK.encode()).fetchone() or ()


def read(connection: psycopg.Connection[Any]) -> Catalogue:
    """Everything about the structure of the database that deletion must know, in one round trip."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_MARK};{_INDEXES};{_COLUMNS};{_CONSTRAINTS}".encode())
        marked = cursor.fetchone() or ()
        cursor.nextset()
        indexes = cursor.fetchall()
        cursor.nextset()
        tables = _tables(cursor.fetchall(), indexes)
        cursor.nextset()
        constraints = cursor.fetchall()
    names = {table.oid: name for name, table in tables.items()}
    keys: dict[tuple[str, str, tuple[str, ...]], ForeignKey] = {}
    checks: dict[tuple[str, str], tuple[str, ...]] = {}
    for kind, name, at, to, on_delete, columns, references in constraints:
        if kind == "c" and at in names:
            checks[(names[at], name)] = tuple(columns)
            known = tables[names[at]].columns
            known |= {c: replace(known[c], checked=True) for c in columns or known}
        elif kind == "f" and at in names and to in names:
            key = ForeignKey(name, names[at], tuple(columns), names[to], tuple(references), on_delete)
            keys.setdefault((name, key.table, key.columns), key)
    return Catalogue(marked, tables, tuple(keys.values()), checks)


def _tables(columns: Sequence[Any], indexes: Sequence[Any]) -> dict[str, Table]:
    unique: dict[int, set[int]] = {}
    primary: dict[int, list[int]] = {}
    expressions: dict[int, str] = {}
    leading: set[tuple[int, int]] = set()
    for oid, is_unique, is_primary, whole, numbers, definition in indexes:
        if whole:
            leading.add((oid, numbers[0]))
        if not is_unique:
            continue
        unique.setdefault(oid, set()).update(numbers)
        if is_primary:
            primary[oid] = numbers
        # lower(email): whichever column is named in it must stay unique
        expressions[oid] = expressions.get(oid, "") + definition
    tables: dict[str, Table] = {}
    keys: dict[str, dict[int, str]] = {}
    for name, oid, spread, tuples, number, column, kind, category, not_null, length, computed, domain in columns:
        table = tables.setdefault(name, Table(name, oid, spread, tuples))
        sole = number in unique.get(oid, ()) or column in expressions.get(oid, "")
        first = (oid, number) in leading
        table.columns[column] = Column(
            column, kind, category, not_null, length, computed, sole, first, domain, domain
        )  # fmt: skip
        if number in primary.get(oid, ()):
            keys.setdefault(name, {})[number] = column
    return {
        name: replace(table, key=tuple(keys[name][n] for n in primary[table.oid])) if name in keys else table
        for name, table in tables.items()
    }
