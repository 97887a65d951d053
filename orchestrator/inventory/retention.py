"""The shape of the inventory's `retention:` entries, what speaks against one, and the values made of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from orchestrator.inventory.crontab import Crontab
from orchestrator.inventory.periods import VENDOR_NATIVE, Schedule, Timetable
from orchestrator.inventory.problems import Place, Problems, nearest
from orchestrator.inventory.words import PERIOD, Entry, Period, Text, Texts

if TYPE_CHECKING:
    from orchestrator.inventory.schema import Collection, Document, System

_DAYS = {"day": 1.0, "month": 365.25 / 12, "year": 365.25}


def _cron(value: str) -> str:
    Crontab.of(value)
    return value


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

    @model_validator(mode="after")
    def _counted_once(self) -> Self:
        if self.counted_from and self.event:
            raise ValueError("`counted_from` names a field, `event` says what no field holds: keep one")
        if self.along and self.action != "delete":
            raise ValueError("`along` is for rows that are deleted with others; here nothing is deleted")
        return self


class RetentionRuns(Entry):
    """When retention runs by itself, and how much of one collection at a time."""

    cron: Annotated[Text, AfterValidator(_cron)] | None = None
    records: Annotated[int, Field(gt=0)] = 100_000


def frozen(entry: Retention, age: str) -> Schedule:
    """What the rest of the program reads."""
    return Schedule(
        timedelta(days=_days(entry.period)), "" if entry.event else entry.counted_from or age, entry.event or "",
        entry.basis, entry.action, entry.owner, tuple(entry.along), entry.instruction or "",
    )  # fmt: skip


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
