"""The shape of the inventory's `retention:` entries, what speaks against one, and the values made of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from orchestrator.inventory.crontab import Crontab
from orchestrator.inventory.periods import VENDOR_NATIVE, Schedule, Stated, Timetable
from orchestrator.inventory.problems import Place, Problems, nearest
from orchestrator.inventory.words import PERIOD, Date, Entry, Period, Text, Texts

if TYPE_CHECKING:
    from orchestrator.inventory.schema import Collection, Document, System

_MOST_DAYS = 400  # for which somebody's word counts
_DAYS = {"day": 1.0, "month": 365.25 / 12, "year": 365.25}


def _cron(value: str) -> str:
    Crontab.of(value)
    return value


class StatedEntry(Entry):
    """What somebody has looked up that the vendor keeps, where no call tells. Their word goes stale."""

    keeps: Period | Literal["nothing", "for ever"]
    stated_by: Text  # a role, as `owner`
    stated_on: Date
    review_by: Date
    where: Text | None = None

    @model_validator(mode="after")
    def _goes_stale(self) -> Self:
        counts = (date.fromisoformat(self.review_by) - date.fromisoformat(self.stated_on)).days
        if not 0 <= counts <= _MOST_DAYS:
            raise ValueError(f"`review_by` lies up to {_MOST_DAYS} days after `stated_on`: somebody looks again")
        return self


class Retention(Entry):
    """How long rows are kept, whoever they are about."""

    period: Period
    counted_from: Text | None = None  # a field with a date; the collection's `age` if it is left out
    event: Text | None = None  # in words, where no field says when the period begins
    basis: Text
    action: Literal["delete", "redact", "vendor_native"] = "delete"
    owner: Text
    along: Texts = Field(default_factory=list)
    instruction: Text | None = None
    stated: StatedEntry | None = None  # of vendor_native, where no call reads the setting

    @model_validator(mode="after")
    def _counted_once(self) -> Self:
        if self.counted_from and self.event:
            raise ValueError("`counted_from` names a field, `event` says what no field holds: keep one")
        if self.along and self.action != "delete":
            raise ValueError("`along` is for rows that are deleted with others; here nothing is deleted")
        if self.stated and self.action != VENDOR_NATIVE:
            raise ValueError("`stated` is what a vendor's own setting keeps: give it with action: vendor_native")
        return self


class RetentionRuns(Entry):
    """When retention runs by itself, and how much of one collection at a time."""

    cron: Annotated[Text, AfterValidator(_cron)] | None = None
    records: Annotated[int, Field(gt=0)] = 100_000


def frozen(entry: Retention, age: str) -> Schedule:
    """What the rest of the program reads."""
    return Schedule(
        timedelta(days=_days(entry.period)), "" if entry.event else entry.counted_from or age, entry.event or "",
        entry.basis, entry.action, entry.owner, tuple(entry.along), _stated(entry.stated), entry.instruction or "",
    )  # fmt: skip


def _stated(entry: StatedEntry | None) -> Stated | None:
    if entry is None:
        return None
    keeps = {"nothing": timedelta(0), "for ever": None}
    period = keeps[entry.keeps] if entry.keeps in keeps else timedelta(days=_days(entry.keeps))
    on, until = date.fromisoformat(entry.stated_on), date.fromisoformat(entry.review_by)
    return Stated(period, entry.stated_by, on, until, entry.where or "")


def timetable(entry: RetentionRuns) -> Timetable:
    return Timetable(entry.cron or "", entry.records)


def check(document: Document, problems: Problems) -> None:
    """Periods that no field counts, that undercut an exception, or that nobody has instructed us to follow."""
    for name, system in document.systems.items():
        for called, collection in system.collections.items():
            if collection.retention:
                place: Place = ("systems", name, "collections", called, "retention")
                for where, what in _wrong(document, name, called, collection.retention):
                    problems.add((*place, *where), what)


def _wrong(document: Document, name: str, called: str, entry: Retention) -> Iterator[tuple[Place, str]]:
    system: System = document.systems[name]
    collection: Collection = system.collections[called]
    described = {*collection.fields, *collection.plain}
    if entry.counted_from and entry.counted_from not in described:
        yield ("counted_from",), f"is neither under `fields` nor under `plain`{nearest(entry.counted_from, described)}"
    by_machine = entry.action != VENDOR_NATIVE and not entry.event
    if by_machine and not (entry.counted_from or collection.age):
        yield (), "say from what the period is counted: `counted_from` or the collection's `age`, or `event` in words"
    if by_machine and system.manual:
        yield ("action",), "the system is done by hand: say what happens as `event`, or vendor_native"
    for i, other in enumerate(entry.along):
        if other not in system.collections:
            yield ("along", i), f"{name} has no collection {other!r}{nearest(other, system.collections)}"
    taken = {c: system.collections[c] for c in (called, *entry.along) if c in system.collections}
    if not entry.instruction:
        for other in (c for c, e in taken.items() if (e.role or system.role) == "service_provider"):
            yield (
                (),
                (
                    f"{other} is held as service provider: name in `instruction` the organisation's instruction or the "
                    "term of the contract under which it is purged"
                ),
            )
    for rule in document.rules:
        for other in taken:
            if f"{name}/{other}" in rule.covers and _days(rule.keep_for) > _days(entry.period):
                yield (
                    ("period",),
                    f"{other} is kept for {rule.keep_for} under the rule {rule.id}: not shorter than that",
                )


def _days(period: str) -> int:
    match = PERIOD.fullmatch(period)
    assert match  # its type is Period
    return math.ceil(int(match[1]) * _DAYS[match[2]])
