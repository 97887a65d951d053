"""The time a package covers.

California: twelve months before receipt; back to 1 January 2022 when the person asks (Cal. Civ. Code
1798.130(a)(2)(B)). Other laws know no such period. What has no date is always in it, and so is what a system
holds once for a person, an account or a profile: that is held today, whenever it began.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from orchestrator.days import local, months_after
from orchestrator.errors import NotAllowedError

EARLIEST = date(2022, 1, 1)
_MONTHS = 12
_CALIFORNIA = "ccpa"
_MILLISECONDS = 10**11  # a larger number counts milliseconds since 1970, a smaller one seconds


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day that is covered; None: everything."""

    since: datetime | None = None
    asked: bool = False

    def before(self, at: datetime | None) -> bool:
        """Whether something of that age lies before it."""
        return self.since is not None and at is not None and at < self.since


def period(regime: str, received: datetime, asked: date | None, zone: tzinfo) -> Period:
    """The period of a request. NotAllowedError for one that is narrower than the law's, or wider than it gives."""
    if regime != _CALIFORNIA:
        return Period()
    usual = months_after(local(received, zone), -_MONTHS)
    if asked is None:
        return Period(_midnight(usual, zone))
    if asked < EARLIEST:
        raise NotAllowedError(f"a package goes back to {EARLIEST} at most: --since {EARLIEST}")
    if asked > usual:
        raise NotAllowedError(f"twelve months before receipt are the least: --since {usual}, or leave it out")
    return Period(_midnight(asked, zone), True)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)


def instant(value: Any) -> datetime | None:
    """A date or an instant as systems write it: ISO 8601, seconds or milliseconds since 1970. None if it is neither."""
    try:
        if isinstance(value, bool) or value in (None, ""):
            return None
        if isinstance(value, (int, float)) or (isinstance(value, str) and value.isdigit() and len(value) >= 9):
            number = float(value)
            return datetime.fromtimestamp(number / 1000 if number > _MILLISECONDS else number, UTC)
        at = datetime.fromisoformat(str(value).strip())
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
