"""What a database looks like from outside its rows: tables with a hash of their structure, and how many rows.

Two databases of one shape may hold different people; a restored dump of another shape is no backup of this one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from psycopg.sql import SQL, Composed

from connectors.backups import TableShape
from connectors.heroku_postgres import catalogue

if TYPE_CHECKING:
    import psycopg

# Estimates of all relations below a table; -1 where nothing was ever analysed.
_ESTIMATES = """
WITH RECURSIVE tree (root, oid) AS (
    SELECT oid, oid FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'p') AND NOT relispartition
    UNION ALL SELECT root, inhrelid FROM tree JOIN pg_inherits ON inhparent = tree.oid)
SELECT root::bigint, sum(c.reltuples)::bigint, bool_and(c.reltuples >= 0)
FROM tree JOIN pg_class c ON c.oid = tree.oid WHERE c.relkind = 'r' GROUP BY root"""
_BOUND = 10_000  # rows that are counted where there is no estimate


def estimated(connection: psycopg.Connection[Any]) -> tuple[TableShape, ...]:
    """Of a live database, without reading its tables: rows as the planner estimates them."""
    known = {oid: rows for oid, rows, analysed in connection.execute(_ESTIMATES) if analysed}

    def rows(table: catalogue.Table) -> int:
        if table.oid in known:
            return int(known[table.oid])
        return _number(connection, SQL("SELECT count(*) FROM (SELECT FROM {} LIMIT {}) t").format(table.sql, _BOUND))

    return _shapes(connection, rows)


def counted(connection: psycopg.Connection[Any]) -> tuple[TableShape, ...]:
    """Of a restored database: every row of every table is read."""
    return _shapes(connection, lambda t: _number(connection, SQL("SELECT count(*) FROM {}").format(t.sql)))


def _shapes(connection: psycopg.Connection[Any], rows: Callable[[catalogue.Table], int]) -> tuple[TableShape, ...]:
    found = catalogue.read(connection)
    return tuple(
        TableShape(name, _structure(found, table), rows(table)) for name, table in sorted(found.tables.items())
    )


def _structure(found: catalogue.Catalogue, table: catalogue.Table) -> str:
    """A hash of columns, keys, checks and references; what numbers things in one database only is left out."""
    columns = {
        c.name: [c.type, c.not_null, c.length, c.computed, c.unique, c.indexed, c.domain]
        for c in table.columns.values()
    }
    keys = sorted(
        [k.name, k.columns, k.to, k.references, k.on_delete] for k in found.foreign_keys if k.table == table.name
    )
    checks = {name: sorted(columns) for (at, name), columns in found.checks.items() if at == table.name}
    return _hash({"columns": columns, "key": table.key, "references": keys, "checks": checks, "spread": table.spread})


def _hash(value: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


def _number(connection: psycopg.Connection[Any], query: Composed) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
