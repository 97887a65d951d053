"""What connectors that put fields right have in common: whether the plan still fits what stands there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.errors import ChangedError
from connectors.model import Change, Correction, Held

NOT_SEEN = "said yes to, and reading again still shows the old value"


def pending(system: str, correction: Correction, held: Iterable[Held]) -> tuple[Change, ...]:
    """The changes whose old value still stands in a record, as it is now.

    Raises ChangedError where more rows bear it than were planned, or where it stood there is by now
    neither it nor the new one: somebody changed the field since, and that is not overwritten.
    """
    now = {(h.field, h.value): h.count for h in held}
    found = []
    for change in correction.changes:
        planned = {c.old for c in correction.changes if c.field == change.field} | {change.new}
        there = now.get((change.field, change.old), 0)
        place = f"{correction.at.collection}.{change.field}"
        if there > change.count:
            raise ChangedError(system, f"{place}: {there} rows bear the old value, the plan has {change.count}")
        others = any(name == change.field and value not in planned for name, value in now)
        if not there and others and (change.field, change.new) not in now:
            raise ChangedError(system, f"{place}: neither the old value nor the new one stands there any more")
        if there:
            found.append(change)
    return tuple(found)


def tally(values: Iterable[tuple[str, object]], fixed: str = "", beside: bool = False) -> Iterator[Held]:
    """(field, value) pairs as what stands there, each value once; blanks are left out."""
    counts: dict[tuple[str, str], int] = {}
    for name, value in values:
        if value is not None and (text := str(value)).strip():
            counts[name, text] = counts.get((name, text), 0) + 1
    for (name, text), count in counts.items():
        yield Held(name, text, count, fixed, beside)
