"""Days as the law counts them: a period, read strictly and leniently, over a calendar of dated holidays. Pure.

Where the law can be read in two ways both readings are counted: alarms follow the strict one, a breach is
only called so when the lenient one is past. A day off that the calendar does not know makes a deadline
earlier, never later.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

_DAY = timedelta(days=1)
_SATURDAY, _SUNDAY = 5, 6


class Unit(StrEnum):
    """What a period counts."""

    DAYS = "days"  # calendar days: weekends and holidays count
    BUSINESS_DAYS = "business days"
    MONTHS = "months"


@dataclass(frozen=True, slots=True)
class Period:
    """So many days or months from receipt."""

    count: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.count} {self.unit if self.count != 1 else self.unit.removesuffix('s')}"


@dataclass(frozen=True, slots=True)
class Calendar:
    """Holidays from `first` to `last`; outside of these none is known. `version` names file and content."""

    version: str
    first: date
    last: date
    federal: frozenset[date]
    state: frozenset[date]

    def strictly(self, day: date) -> bool:
        """A business day in the strict reading: Saturdays too (Cal. Civ. Code 7, 9), but days off in both lists."""
        return day.weekday() != _SUNDAY and not (day in self.federal and day in self.state)

    def usually(self, day: date) -> bool:
        """A business day as offices count them: Monday to Friday, but days off in either list."""
        return day.weekday() < _SATURDAY and day not in self.federal and day not in self.state

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class End:
    """The last day of a period in both readings; `strict` is never after `lenient`."""

    strict: date
    lenient: date

    def earlier(self, other: End) -> End:
        """What is earlier in each reading."""
        return End(min(self.strict, other.strict), min(self.lenient, other.lenient))


def end(received: date, period: Period, days: Calendar, first_day_counts: bool = False) -> End:
    """The last day of a period that began with `received`.

    `first_day_counts`: a strict reader takes the day of receipt as day 1 (11 CCR 7021(b): the period begins
    on that day), a lenient one does not (Cal. Civ. Code 10). A period of months ends on the same-numbered
    day, or on the month's last, and in the lenient reading not on a weekend (Regulation 1182/71, Art. 3).
    """
    if period.unit is Unit.BUSINESS_DAYS:
        return End(_nth(received, period.count, days.strictly), _nth(received, period.count, days.usually))
    if period.unit is Unit.MONTHS:
        same = months_after(received, period.count)
        return End(same, _after_weekend(same))
    last = received + period.count * _DAY
    return End(last - _DAY if first_day_counts else last, last)


def months_after(day: date, months: int) -> date:
    """The same-numbered day so many months later (or earlier), or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def local(instant: datetime, zone: tzinfo) -> date:
    """The date of an instant where the company is."""
    return instant.astimezone(zone).date()


def _nth(start: date, count: int, works: Callable[[date], bool]) -> date:
    day = start
    while count > 0:
        day += _DAY
        count -= works(day)
    return day


def _after_weekend(day: date) -> date:
    while day.weekday() >= _SATURDAY:
        day += _DAY
    return day
