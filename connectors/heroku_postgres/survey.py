"""What exists in a database: tables, views and what copies them, with their columns, from the catalogue.

What belongs to an extension or to the server itself is left out; partitions stand for their root.
Sources: https://www.postgresql.org/docs/current/catalog-pg-class.html,
https://www.postgresql.org/docs/current/catalog-pg-depend.html (deptype e: a member of an extension).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from connectors.model import CollectionSpec, SystemSpec
from connectors.surveys import Found, Part, described

if TYPE_CHECKING:
    import psycopg

# 16384 is FirstNormalObjectId: what the server itself made has smaller numbers.
_LISTED = """
SELECT n.nspname::text, c.relname::text, c.relkind::text, c.reltuples::bigint,
       ARRAY(SELECT ARRAY[a.attname::text, format_type(a.atttypid, a.atttypmod)] FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                  AND d.deptype = 'e')
ORDER BY 1, 2"""
_KINDS = {"r": "table", "p": "table", "v": "view", "m": "materialised view", "f": "foreign table"}
_LONGEST = 400  # characters of a value that are looked at
_PATIENCE = 5000  # milliseconds for one sample


def survey(connection: psycopg.Connection[Any], spec: SystemSpec) -> Iterator[Found]:
    """Everything but what is the server's own, in the order of names."""
    known = {c.name: c for c in spec.collections}
    for schema, name, kind, rows, columns in connection.execute(_LISTED.encode()).fetchall():
        full = f"{schema}.{name}"
        mentioned: list[CollectionSpec] = [known[full]] if full in known else []
        yield Found(
            full, _KINDS[kind], full if mentioned else "", tuple(Part(*column) for column in columns),
            described(mentioned) if mentioned else None, rows if rows >= 0 else None, holds=kind != "v",
        )  # fmt: skip


def mentions(spec: SystemSpec) -> Mapping[str, str]:
    return {c.name: c.name for c in spec.collections}


def sample(connection: psycopg.Connection[Any], found: Found, most: int) -> Iterator[tuple[str, str]]:
    """The first rows that come. Views are not asked: they show what tables hold, at a price nobody knows."""
    from psycopg.sql import SQL, Identifier

    wanted = [p for p in found.parts if not p.type.startswith("bytea")]
    if not found.holds or not wanted:
        return
    connection.execute("SELECT set_config('statement_timeout', %s, true)", [str(_PATIENCE)])
    schema, _, name = found.name.partition(".")
    columns = SQL(", ").join(SQL("left({}::text, {})").format(Identifier(p.name), _LONGEST) for p in wanted)
    query = SQL("SELECT {} FROM {} LIMIT {}").format(columns, Identifier(schema, name), most)
    for row in connection.execute(query).fetchall():
        yield from ((p.name, value) for p, value in zip(wanted, row, strict=True) if value)
