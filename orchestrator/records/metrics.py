"""The figures of a year, for each right: what was asked, what became of it, and how long that took. Pure.

11 CCR 7102(a): a business that handles the personal information of 10,000,000 or more consumers in a calendar year
publishes, by 1 July of the next, what it received, complied with in whole or in part and denied, and the median or
mean number of days. Nobody else must; the figures are useful to whoever runs a privacy desk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import mean, median
from types import MappingProxyType

from orchestrator.model import Right
from orchestrator.records.log import Logged, Response

PUBLISHED_FROM = 10_000_000  # consumers in a calendar year
CITATION = "11 CCR 7102(a)"
_TO_KNOW = (Right.ACCESS, Right.KNOW)  # one kind of request to the law


@dataclass(frozen=True, slots=True)
class Figures:
    """One right in one year. `received` is the sum of all that follow but `grounds` and the days."""

    right: Right | None  # None: more than one
    received: int
    complied: int  # in whole, or nothing was held
    in_part: int
    denied: int
    answered: int  # and what was done is not recorded
    withdrawn: int
    open: int
    median_days: float | None
    mean_days: float | None
    grounds: Mapping[str, int]  # why requests were denied as a whole, by code


@dataclass(frozen=True, slots=True)
class Year:
    """All figures of a calendar year."""

    year: int
    rights: tuple[Figures, ...]
    to_know: Figures  # specific pieces and categories; who got these in place of those asked once
    purged: int  # requests received that year whose record is destroyed: the figures lack them
    publish_by: date
    must_publish: bool | None  # None: nobody has said how many consumers there are
    citation: str = CITATION


def figures(
    rows: Iterable[Logged], year: int, purged: int = 0, consumers: int | None = None,
    taken_as: Mapping[str, str] = MappingProxyType({}),
) -> Year:  # fmt: skip
    """The figures of the requests received in a year, whenever they were answered.

    `consumers`: how many people's data the company handled in that year. `taken_as`: requests for specific pieces that
    were answered by one for categories -> that one.
    """
    mine = [row for row in rows if row.received.year == year]
    must = None if consumers is None else consumers >= PUBLISHED_FROM
    each = tuple(_figures(right, [row for row in mine if row.right is right]) for right in Right)
    to_know = _figures(None, [row for row in mine if row.right in _TO_KNOW and row.request not in taken_as])
    return Year(year, each, to_know, purged, date(year + 1, 7, 1), must)


def _figures(right: Right | None, mine: Sequence[Logged]) -> Figures:
    count = Counter(row.response for row in mine)
    days = [row.days for row in mine if row.days is not None]
    return Figures(
        right, len(mine),
        complied=count[Response.COMPLIED] + count[Response.NOTHING_HELD],
        in_part=count[Response.IN_PART],
        denied=count[Response.DENIED],
        answered=count[Response.ANSWERED],
        withdrawn=count[Response.WITHDRAWN],
        open=count[Response.OPEN],
        median_days=median(days) if days else None,
        mean_days=round(mean(days), 2) if days else None,
        grounds=dict(sorted(Counter(row.basis for row in mine if row.response is Response.DENIED).items())),
    )  # fmt: skip
