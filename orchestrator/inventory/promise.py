"""The shape of a rule, as a law's file or the company's promises say it, and the rule made of it."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from orchestrator.days import Period, Unit
from orchestrator.inventory.words import Entry, Pseudonym, Text, Texts
from orchestrator.law import COUNTS, PERIODS, Asked, Confidence, Rule, Topic

_WITHIN = re.compile(r"([1-9]\d{0,2}) (business day|day|month)s?")
_UNITS = {"day": Unit.DAYS, "business day": Unit.BUSINESS_DAYS, "month": Unit.MONTHS}


def _within(value: str) -> str:
    if not _WITHIN.fullmatch(value):
        raise ValueError('a period such as "45 days", "10 business days" or "1 month"')
    return value


Within = Annotated[
    str, AfterValidator(_within), WithJsonSchema({"type": "string", "pattern": f"^({_WITHIN.pattern})$"})
]
RightName = Literal["access", "delete", "correct", "opt_out", "opt_in", "limit", "shine_the_light", "appeal"]
TopicName = Literal["acknowledge", "answer", "extend", "times", "free", "residence", "acts", "delivery"]


class Promise(Entry):
    """What the published policy promises: a period from receipt, a number in any 12 months, or a choice.

    `times` left out is without limit.
    """

    id: Pseudonym
    topic: TopicName
    rights: list[RightName] = Field(min_length=1)
    within: Within | None = None
    times: Annotated[int, Field(ge=0)] | None = None
    among: Texts = Field(default_factory=list)
    citation: Text
    says: Text | None = None

    @model_validator(mode="after")
    def _of_its_topic(self) -> Self:
        topic = Topic(self.topic)
        if (self.within is not None) != (topic in PERIODS):
            raise ValueError("`within` is given for acknowledge, answer and extend, and for nothing else")
        if self.times is not None and topic not in COUNTS:
            raise ValueError("`times` is given for times and free only")
        if bool(self.among) == (topic in (*PERIODS, *COUNTS)):
            raise ValueError("`among` is given for residence, acts and delivery, and for nothing else")
        return self


def rule(entry: Promise, **more: Any) -> Rule:
    """The frozen rule. `more` is what a law's file adds."""
    return Rule(
        id=entry.id,
        topic=Topic(entry.topic),
        rights=frozenset(map(Asked, entry.rights)),
        citation=entry.citation,
        says=entry.says or "",
        within=_period(entry.within) if entry.within else None,
        times=entry.times,
        among=frozenset(entry.among),
        **{"confidence": Confidence.READ, "promise": True, **more},
    )


def _period(text: str) -> Period:
    match = _WITHIN.fullmatch(text)
    assert match is not None  # the shape was checked
    return Period(int(match[1]), _UNITS[match[2]])
