"""The shape of the files beside this module."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from orchestrator.inventory.promise import Promise
from orchestrator.inventory.words import ConfidenceName, Date, Entry, RegimeName, Text


class RuleEntry(Promise):
    """One rule of a law."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9-]*$")]
    confidence: ConfidenceName
    first_day_counts: bool = False
    calendar_year: bool = False


class RegimeFile(Entry):
    """One law."""

    regime: RegimeName
    title: Text
    verification_pauses: bool
    rules: list[RuleEntry] = Field(min_length=1)


class HouseFile(Entry):
    """What holds where a law is silent."""

    rules: list[RuleEntry] = Field(min_length=1)


class Source(Entry):
    what: Text
    url: Text | None = None
    confidence: ConfidenceName


class Holiday(Entry):
    on: Date
    name: Text


class CalendarFile(Entry):
    """Days off, from `first` to `last`."""

    calendar: Text
    version: Date
    first: Date
    last: Date
    sources: list[Source] = Field(min_length=1)
    federal: list[Holiday]
    state: list[Holiday]
