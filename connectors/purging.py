"""Purging by age, for retention schedules: what is past its time, what stays all the same, what one batch did.

No person is named here: rows go because of their age, and whoever is held is told apart by a question
(`OnHold.recognises`), not by a list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from connectors.model import Action, Locator


@dataclass(frozen=True, slots=True)
class Expiry:
    """An order: rows of one collection whose age lies before an absolute instant. Of unknown age is never before.

    `along`: collections whose rows belong to those and may go with them. What else hangs on them stops the order.
    """

    collection: str
    before: datetime
    action: Action = Action.DELETE  # or REDACT
    along: frozenset[str] = frozenset()
    age: str = ""  # the field that the age is counted from, if it is not the collection's own
    at_most: int | None = None  # rows of the collection; what came since the count is left for the next time


def _nobody(kind: str, value: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class OnHold:
    """What must stay whatever its age: under legal holds, at one moment.

    `windows`: held whosever it is, wholly or between two instants; a window without a collection is all of the
    system. Rows of unknown age lie in every window.
    """

    mark: str = ""  # another one as soon as anything else is held
    people: bool = False  # whether anybody is
    recognises: Callable[[str, str], bool] = field(default=_nobody, repr=False, compare=False)  # (kind, value)
    organisations: frozenset[str] = frozenset()
    windows: tuple[Locator, ...] = ()


@dataclass(frozen=True, slots=True)
class Expired:
    """What an order would do. `stops`: why it cannot be carried out as it is, each with the way out."""

    collection: str
    count: int = 0  # rows that would go, or be redacted; exact
    oldest: datetime | None = None  # of these
    along: tuple[tuple[str, int], ...] = ()  # rows that would go with them, by collection
    held: int = 0  # past their time, and kept by a legal hold
    tied: int = 0  # past their time, and kept as something that stays hangs on them
    total: int = 0  # rows in the whole collection, estimated
    partitions: tuple[str, ...] = ()  # that lie wholly before and would be dropped
    stops: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch did, once it is committed. `rest`: seconds to wait before the next one is asked for."""

    collection: str
    count: int = 0
    along: tuple[tuple[str, int], ...] = ()
    seconds: float = 0.0
    rest: float = 0.0
    note: str = ""  # for people: why it waits, which partition went, what to do afterwards
