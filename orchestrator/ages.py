"""Whether what a row says of a person's age makes them a child under 13, and how surely. Pure.

The policy promises to delete what was collected from a child under 13 without a parent's verified consent. What
is only guessed, or contradicted, or consented to, is a person's to decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from orchestrator.inventory.flows import Tells

LIMIT = 13  # years
_OLDEST = 130  # years: a birth date before that is none
_YES = frozenset({"true", "t", "yes", "y", "1"})
_NO = frozenset({"", "false", "f", "no", "n", "0", "null", "none"})
_ISO = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ].*)?)?)?")
_SLASHED = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")
_DAY = timedelta(days=1)
_MAYBE, _SURELY = 1, 2
_CONTRADICTED = "an age below 13 is said in one place and contradicted in another"


@dataclass(frozen=True, slots=True)
class Said:
    """What one row, or several about one person, come to; nothing is forgotten when two are put together."""

    young: int = 0  # 0: not said; 1: they may be a child; 2: they surely are
    adult: bool = False  # somewhere they surely are not
    consent: bool = False
    why: str = ""  # in constant words
    unreadable: int = 0

    @property
    def child(self) -> bool | None:
        """Whether they are, or may be, a child under 13; None: nothing readable was said."""
        return True if self.young else False if self.adult else None

    @property
    def doubtful(self) -> bool:
        """Whether a person has to look before anything is deleted."""
        return self.young < _SURELY or self.adult or self.consent


def heard(says: Iterable[tuple[str, str]], today: date) -> Said:
    """What fields that tell an age come to, together: (what the field tells, its value as text)."""
    total = Said()
    for tells, value in says:
        total = together(total, _one(Tells(tells), value.strip(), today))
    return total


def together(one: Said, other: Said) -> Said:
    """Two words about the same person. Where they contradict each other nothing is sure."""
    young, adult = max(one.young, other.young), one.adult or other.adult
    why = _CONTRADICTED if young and adult else max((one.young, one.why), (other.young, other.why))[1]
    return Said(young, adult, one.consent or other.consent, why, one.unreadable + other.unreadable)


def _one(tells: Tells, value: str, today: date) -> Said:
    if tells is Tells.PARENTAL_CONSENT:
        return Said(consent=value.lower() not in _NO)
    if tells is Tells.MINOR:
        flag = value.lower()
        if flag in _YES:
            return Said(_SURELY, why="marked as under 13")
        return Said(adult=True) if flag in _NO else Said(unreadable=1)
    if tells is Tells.BIRTH_DATE:
        return _born(value, today)
    if not re.fullmatch(r"\d{1,3}(\.0+)?", value):
        return Said(unreadable=1)
    child, guess = int(float(value)) < LIMIT, tells is Tells.GUESSED_AGE
    if child:
        return Said(_MAYBE, why="a guessed age below 13") if guess else Said(_SURELY, why="an age below 13")
    return Said(adult=not guess)  # a guess acquits nobody


def _born(value: str, today: date) -> Said:
    """A date that leaves the day or the order of its parts open counts as what it may be."""
    days = [d for d in _readings(value) if d <= today and today.year - d.year <= _OLDEST]
    if not days:
        return Said(unreadable=1)
    young = [_years(born, today) < LIMIT for born in (min(days), max(days))]
    if all(young):
        return Said(_SURELY, why="a birth date less than 13 years ago")
    return Said(_MAYBE, why="a birth date that may be less than 13 years ago") if any(young) else Said(adult=True)


def _readings(value: str) -> list[date]:
    """The earliest and the latest day that it may mean."""
    if match := _ISO.fullmatch(value):
        year, month, day = (int(part) if part else 0 for part in match.groups())
        first = _day(year, month or 1, day or 1)
        if not first or (month and day):
            return first
        after = _day(year + 1, 1, 1) if not month else _day(year + month // 12, month % 12 + 1, 1)
        return [*first, *(end - _DAY for end in after)]
    if match := _SLASHED.fullmatch(value):
        one, other, year = map(int, match.groups())
        return [*_day(year, one, other), *_day(year, other, one)]
    return []


def _day(year: int, month: int, day: int) -> list[date]:
    try:
        return [date(year, month, day)]
    except ValueError:
        return []


def _years(born: date, today: date) -> int:
    """Whole years; whoever was born on a leap day is a year older on the first of March."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
