"""Whether a restored dump is the database it should be, to a sensible degree: a pure function of two shapes.

People come and go between a backup and now, so that no rows are compared, only how many there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from connectors.backups import TableShape

FILLED = 100  # rows: a live table with so many was hardly empty when the newest backup was made
SHARE = 0.5  # of the live rows, the fewest that a backup may have
_NAMED = 3  # tables that a message names
_NEW_BACKUP = "if the schema was changed since, take a new backup and prove that"


def differences(restored: Sequence[TableShape], live: Sequence[TableShape]) -> tuple[str, ...]:
    """Why the restored database is no proof, in words; empty if it is one. Names tables, never rows."""
    return tuple(_differences({t.name: t for t in restored}, {t.name: t for t in live}))


def _differences(restored: dict[str, TableShape], live: dict[str, TableShape]) -> Iterator[str]:
    if not live:
        yield "the live database shows no tables: nothing can be compared"
        return
    if lacking := sorted(set(live) - set(restored)):
        yield f"the restored backup lacks {_some(lacking)}; {_NEW_BACKUP}"
    if more := sorted(set(restored) - set(live)):
        yield f"the live database no longer has {_some(more)}; {_NEW_BACKUP}"
    both = sorted(set(live) & set(restored))
    if changed := [name for name in both if live[name].structure != restored[name].structure]:
        yield f"other columns or keys than in the live database: {_some(changed)}; {_NEW_BACKUP}"
    if empty := [name for name in both if live[name].rows >= FILLED and not restored[name].rows]:
        yield f"empty in the restored backup and not in the live database: {_some(empty)}"
    there, now = total(restored.values()), total(live.values())
    if there < SHARE * now:
        yield f"the restored backup has {there:,} rows, and the live database about {now:,}"


def total(tables: Collection[TableShape]) -> int:
    return sum(t.rows for t in tables)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
