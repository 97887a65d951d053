"""Tables, columns and foreign keys, read from the system catalogue in three queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg
    from psycopg.sql import Composable

_COLUMNS = """
SELECT n.nspname || '.' || c.relname, c.oid, c.relkind = 'p' OR c.relhassubclass, c.reltuples,
       a.attname, format_type(t.oid, NULL), t.typcategory::text, a.attnotnull,
       CASE WHEN a.atttypmod > 4 AND t.typname IN ('varchar', 'bpchar') THEN a.atttypmod - 4 END,
       a.attgenerated <> '' OR a.attidentity = 'a'
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type ty ON ty.oid = a.atttypid
JOIN pg_type t ON t.oid = CASE WHEN ty.typtype = 'd' THEN ty.typbasetype ELSE ty.oid END
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'
ORDER BY 1, a.attnum"""
_KEYS = """
SELECT k.conname, k.contype::text, k.conrelid, k.confrelid, k.confdeltype::text, k.confupdtype::text,
       (SELECT array_agg(a.attname::text ORDER BY u.n) FROM unnest(k.conkey) WITH ORDINALITY u (num, n)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num),
       (SELECT array_agg(a.attname::text ORDER BY u.n) FROM unnest(k.confkey) WITH ORDINALITY u (num, n)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num)
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE k.contype = 'f' AND k.conparentid = 0 AND NOT c.relispartition
ORDER BY k.conname"""
_UNIQUE = """
SELECT i.indrelid, i.indisprimary, pg_get_indexdef(i.indexrelid),
       (SELECT array_agg(a.attname::text ORDER BY u.n) FROM unnest(i.indkey) WITH ORDINALITY u (num, n)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.num)
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE i.indisunique AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `category` is PostgreSQL's type category (S text, N number, D date, A array, …)."""

    name: str
    type: str
    category: str
    not_null: bool
    length: int | None
    computed: bool
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table or the root of partitions."""

    name: str  # "schema.table"
    oid: int
    spread: bool  # rows live in several relations (partitions, inheritance)
    tuples: float  # estimate; negative when never analysed
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
    tables: dict[str, Table]
    foreign_keys: tuple[ForeignKey, ...]


def read(connection: psycopg.Connection[Any]) -> Catalogue:
    """Everything about the structure of the database that deletion must know."""
    unique: dict[int, list[tuple[str, ...]]] = {}
    primary: dict[int, tuple[str, ...]] = {}
    expressions: dict[int, list[str]] = {}
    for oid, is_primary, definition, columns in connection.execute(_UNIQUE):
        unique.setdefault(oid, []).append(tuple(columns or ()))
        if is_primary:
            primary[oid] = tuple(columns)
        if not columns or "(" in definition.partition("(")[2].rstrip(")"):
            expressions.setdefault(oid, []).append(definition.partition("(")[2])
    tables: dict[str, Table] = {}
    for name, oid, spread, tuples, column, kind, category, not_null, length, computed in connection.execute(_COLUMNS):
        table = tables.setdefault(name, Table(name, oid, spread, tuples, {}, primary.get(oid, ())))
        sole = any(column in columns for columns in unique.get(oid, ()))
        inside = any(column in text for text in expressions.get(oid, ()))
        table.columns[column] = Column(column, kind, category, not_null, length, computed, sole or inside)
    names = {table.oid: name for name, table in tables.items()}
    keys = tuple(
        ForeignKey(name, names[at], tuple(columns), names[to], tuple(references), on_delete)
        for name, _, at, to, on_delete, _, columns, references in connection.execute(_KEYS)
        if at in names and to in names
    )
    return Catalogue(tables, keys)
