"""What the transaction did, by the server's own counters: the proof that nothing else was touched.

The counters are exact within the transaction and count what cascades, SET NULL and triggers do.
Source: https://www.postgresql.org/docs/current/monitoring-stats.html ("pg_stat_xact" views).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import ChangedError, ConfigError, RefusedError
from connectors.heroku_postgres.reach import Reach

_COUNTERS = """
SELECT n.nspname || '.' || r.relname, sum(ins)::bigint, sum(upd)::bigint, sum(del)::bigint
FROM (SELECT oid, pg_stat_get_xact_tuples_inserted(oid) ins,
             pg_stat_get_xact_tuples_updated(oid) upd, pg_stat_get_xact_tuples_deleted(oid) del
      FROM pg_class WHERE oid >= 16384 AND relkind = 'r' AND relpersistence <> 't') c
JOIN pg_class r ON r.oid = coalesce(pg_partition_root(c.oid), c.oid)
JOIN pg_namespace n ON n.oid = r.relnamespace
WHERE ins + upd + del > 0 AND n.nspname NOT IN ('pg_catalog', 'information_schema')
GROUP BY 1"""
_NONE = (0, 0, 0)
Counts = Mapping[str, tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Expected:
    """Table -> rows that the orders update and delete; `theirs`: rows of the person's there, ordered or not."""

    updated: Mapping[str, int]
    deleted: Mapping[str, int]
    theirs: Mapping[str, int]


def counters(connection: Any, system: str, first: str = "") -> Counts:
    """Table -> rows inserted, updated, deleted so far. ConfigError if the server does not count.

    `first`: a statement that goes before it in the same round trip.

    Taken before the first write too: behind a connection pooler a server process may still hold
    numbers of an earlier transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"{first + ';' if first else ''}SHOW track_counts;{_COUNTERS}".encode())
        if first:
            cursor.nextset()
        counting = cursor.fetchone()
        cursor.nextset()
        counts = {name: (ins, upd, dele) for name, ins, upd, dele in cursor.fetchall()}
    if counting != ("on",):
        raise ConfigError(system, "track_counts is off on the server: without it no deletion can be proved exact")
    return counts


def compare(found: Reach, before: Counts, expected: Expected) -> None:
    """Raise unless exactly the ordered rows were changed.

    ChangedError where the person has rows there that no order is about, so that a new plan would
    know them; RefusedError, naming the table and the keys that lead there, otherwise. A collection
    with the option `touched_by_triggers` may gain and change rows by triggers, but never lose any.
    """
    after = counters(found.connection, found.map.spec.system)
    tolerated = {c.name for c in found.map.spec.collections if c.options.get("touched_by_triggers")}
    for name in sorted({*after, *expected.updated, *expected.deleted}):
        inserted, updated, deleted = (
            now - then for now, then in zip(after.get(name, _NONE), before.get(name, _NONE), strict=True)
        )
        wanted = expected.updated.get(name, 0), expected.deleted.get(name, 0)
        if deleted != wanted[1]:
            said = (
                f"{name}: {deleted} rows would be deleted, and the orders say {wanted[1]}{_through(found, name, 'c')}"
            )
            raise _error(found, said, expected.theirs.get(name, 0) > sum(wanted))
        if name not in tolerated and (inserted or updated != wanted[0]):
            said = (
                f"{name}: {updated} rows would be changed and {inserted} added, and the orders say {wanted[0]} and 0"
                f"{_through(found, name, 'nd')}; order them, or give the collection the option touched_by_triggers"
            )
            raise _error(found, said, expected.theirs.get(name, 0) > sum(wanted))


def _error(found: Reach, said: str, more: bool) -> RefusedError:
    kind = ChangedError if more else RefusedError
    return kind(found.map.spec.system, f"{said}; nothing was changed")


def _through(found: Reach, name: str, on_delete: str) -> str:
    keys = [k.name for k in found.map.links if k.table == name and k.on_delete and k.on_delete in on_delete]
    return f" (by a trigger, or ON DELETE of {', '.join(keys)})" if keys else " (by a trigger)"
