"""How old a row is, as its column tells, and on which side of a cut-off that is."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from connectors.model import Locator

_MILLISECONDS = 100_000_000_000  # from here on a number counts these, below seconds


def instant(held: object) -> datetime | None:
    """The instant that a value tells; None if it tells none. Without a time zone it is UTC."""
    if isinstance(held, datetime):
        return held if held.tzinfo else held.replace(tzinfo=UTC)
    if isinstance(held, date):
        return datetime.combine(held, time(), UTC)
    if isinstance(held, bool):
        return None
    try:
        if isinstance(held, int | float):
            return datetime.fromtimestamp(held / 1000 if abs(held) >= _MILLISECONDS else held, UTC)
        if isinstance(held, str) and held.strip():
            parts = held.strip().split(" ")  # archives write "2011-02-10 00:19:36 -0800"
            return instant(datetime.fromisoformat(f"{parts[0]}T{parts[1]}{parts[2]}" if len(parts) == 3 else held))
    except (ValueError, OverflowError, OSError):
        return None
    return None


def within(age: datetime | None, at: Locator) -> bool:
    """Whether a row is on the locator's side of the cut-offs. Of unknown age is never before any."""
    if age is None:
        return at.before is None
    return (at.since is None or age >= at.since) and (at.before is None or age < at.before)
