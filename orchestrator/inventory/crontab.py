"""Cron expressions of five fields: minute, hour, day of month, month, day of week (0 or 7 is Sunday).

Numbers, `*`, lists, ranges and steps, as crontab(5) has them; where both days are restricted either will do.
Source: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/crontab.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_LONGEST = timedelta(days=366 * 5)  # 29 February comes within it


@dataclass(frozen=True, slots=True)
class Crontab:
    """When something runs."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # 0 is Sunday
    either: bool  # both kinds of day are restricted

    @classmethod
    def of(cls, text: str) -> Crontab:
        """ValueError if it is no such expression, or names no day that ever comes."""
        fields = text.split()
        if len(fields) != 5:
            raise ValueError('a cron expression has five fields, such as "30 3 * * *": daily at half past three')
        sets = [_values(field, *bounds) for field, bounds in zip(fields, _BOUNDS, strict=True)]
        weekdays = frozenset(day % 7 for day in sets[4])
        either = not fields[2].startswith("*") and not fields[4].startswith("*")
        made = cls(sets[0], sets[1], sets[2], sets[3], weekdays, either)
        made.after(datetime(2024, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))
        return made

    def after(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """The first time later than the instant. An hour that a change of clocks skips is made up after it."""
        at = instant.astimezone(zone).replace(second=0, microsecond=0, tzinfo=None) + timedelta(minutes=1)
        end = at + _LONGEST
        while at < end:
            if not self._day(at):
                at = at.replace(hour=0, minute=0) + timedelta(days=1)
            elif at.hour not in self.hours:
                at = at.replace(minute=0) + timedelta(hours=1)
            elif at.minute not in self.minutes or (found := at.replace(tzinfo=zone).astimezone(UTC)) <= instant:
                at += timedelta(minutes=1)
            else:
                return found
        raise ValueError("a cron expression must name a day that comes")

    def _day(self, at: datetime) -> bool:
        if at.month not in self.months:
            return False
        of_month, of_week = at.day in self.days, at.isoweekday() % 7 in self.weekdays
        return of_month or of_week if self.either else of_month and of_week


def _values(field: str, least: int, most: int) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        numbers = [n for n in (first, last if dash else "0", step if slash else "1") if n != "*"]
        if not all(n.isdecimal() and len(n) < 4 for n in numbers) or (slash and int(step) < 1):
            raise ValueError(f"{part!r} is no part of a cron expression; give numbers, *, lists, ranges and steps")
        low = least if span == "*" else int(first)
        high = most if span == "*" or (slash and not dash) else int(last) if dash else low
        if not least <= low <= high <= most:
            raise ValueError(f"{part!r} lies outside {least} to {most}")
        found |= set(range(low, high + 1, int(step) if slash else 1))
    return frozenset(found)
