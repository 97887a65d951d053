"""Partitions that lie wholly before a cut-off: dropped as a whole, where nothing hangs on them and nothing is held.

Source of the bounds: https://www.postgresql.org/docs/current/functions-info.html (pg_get_expr),
https://www.postgresql.org/docs/current/sql-altertable.html (DETACH PARTITION).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psycopg.sql import SQL, Composable, Identifier

from connectors.heroku_postgres.expiring import Expiring
from connectors.heroku_postgres.holding import Holding
from connectors.model import Action

# Only direct, unpartitioned ones, of a range over exactly one column; those whose owner the role is.
_PARTITIONS = """
SELECT n.nspname, c.relname, pg_get_expr(c.relpartbound, c.oid)
FROM pg_partitioned_table p JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
JOIN pg_inherits i ON i.inhparent = p.partrelid JOIN pg_class c ON c.oid = i.inhrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE p.partrelid = %s AND p.partstrat = 'r' AND p.partnatts = 1 AND a.attname = %s AND c.relkind = 'r'
  AND pg_has_role(c.relowner, 'USAGE') AND (SELECT pg_has_role(r.relowner, 'USAGE') FROM pg_class r WHERE r.oid = %s)
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.contype = 'f' AND k.confrelid IN (c.oid, p.partrelid))
  AND NOT i.inhdetachpending ORDER BY 1, 2"""
_BOUND = re.compile(r"FOR VALUES FROM \(.+\) TO \('([^']+)'\)")


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition, and the end of its range, not included."""

    schema: str
    name: str

    @property
    def sql(self) -> Composable:
        return Identifier(self.schema, self.name)

    @property
    def called(self) -> str:
        return f"{self.schema}.{self.name}"


def whole(connection: Any, expiring: Expiring, holding: Holding) -> list[Partition]:
    """The partitions that an order may drop as a whole. None while a hold could reach into them."""
    order, table = expiring.order, expiring.table
    if order.action is not Action.DELETE or expiring.branches or expiring.ties or expiring.age.path:
        return []
    if not table.spread or expiring.held(holding) is not None:
        return []
    found = connection.execute(_PARTITIONS, [table.oid, expiring.age.column.name, table.oid]).fetchall()
    return list(_past(connection, expiring, found))


def _past(connection: Any, expiring: Expiring, found: list[Any]) -> Iterator[Partition]:
    kind = SQL(expiring.age.column.type)
    for schema, name, bound in found:
        if end := _BOUND.fullmatch(bound):
            query = SQL("SELECT (%s::text::{})::timestamptz <= %s").format(kind)
            if connection.execute(query, [end[1], expiring.order.before]).fetchone()[0]:
                yield Partition(schema, name)


def counted(connection: Any, partition: Partition) -> int:
    return int(connection.execute(SQL("SELECT count(*) FROM {}").format(partition.sql)).fetchone()[0])


def drop(connection: Any, expiring: Expiring, partition: Partition) -> None:
    """Take it out of its table and drop it; the table is locked for a moment only."""
    connection.execute(SQL("ALTER TABLE {} DETACH PARTITION {}").format(expiring.table.sql, partition.sql))
    connection.execute(SQL("DROP TABLE {}").format(partition.sql))
