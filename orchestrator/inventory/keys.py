"""The inventory's `keys:`: how long old copies of this program's own database open what was forgotten since."""

from __future__ import annotations

import math
from datetime import timedelta

from orchestrator.inventory.periods import KeyTimes
from orchestrator.inventory.words import PERIOD, Entry, Period

_DAYS = {"day": 1.0, "month": 365.25 / 12, "year": 365.25}


class Keys(Entry):
    """When the master key is replaced, and how long the one before opens restored copies of the database."""

    new_after: Period | None = None  # by `dsr work`; by hand if it is left out
    old_kept: Period | None = None  # at once if it is left out


def frozen(entry: Keys) -> KeyTimes:
    return KeyTimes(_time(entry.new_after), _time(entry.old_kept) or timedelta(0))


def _time(period: str | None) -> timedelta | None:
    match = PERIOD.fullmatch(period or "")
    return timedelta(days=math.ceil(int(match[1]) * _DAYS[match[2]])) if match else None
