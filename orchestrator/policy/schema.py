"""The shape of `rules.yaml`."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from orchestrator.inventory.words import Category, ConfidenceName, Entry, Text


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"not a pattern: {error.msg}") from None
    return value


Words = Annotated[Text, AfterValidator(_pattern)]


class SayingEntry(Entry):
    """Words that are wrong."""

    words: Words
    note: Text
    given: Words | None = Field(default=None, alias="with")
    unless: Words | None = None


class LackEntry(Entry):
    """What must be said."""

    what: Text
    words: Words


class ImpliedEntry(Entry):
    """Words from which categories follow."""

    words: Words
    categories: list[Category] = Field(min_length=1)
    because: Text


class RuleEntry(Entry):
    """One rule."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}-\d{1,2}$")]
    title: Text
    severity: Literal["error", "warning"]
    citation: Text
    confidence: ConfidenceName
    mend: Text
    error_if_sold: bool = False
    detector: Text | None = None
    says: list[SayingEntry] = Field(default_factory=list)
    lacks: list[LackEntry] = Field(default_factory=list)
    about: Words | None = None
    statement: Words | None = None
    statements: list[Words] = Field(default_factory=list)
    implies: list[ImpliedEntry] = Field(default_factory=list)
    may: Words | None = None
    denied: Words | None = None
    said: Words | None = None

    @model_validator(mode="after")
    def _looks_for_something(self) -> Self:
        if not (self.detector or self.says or self.lacks):
            raise ValueError("give `says`, `lacks` or `detector`")
        return self


class RulesFile(Entry):
    """All rules."""

    rules: list[RuleEntry] = Field(min_length=1)

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({rule.id for rule in self.rules}) != len(self.rules):
            raise ValueError("two rules have the same id")
        return self
