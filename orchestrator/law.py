"""What the law gives and the company promises: rules as frozen values, and which of two holds. Pure.

A promise may widen a right and never narrow it: of a rule of the law and one of the company's policy, the
one more favourable to the person is in force, and both are named.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from orchestrator.days import Period
from orchestrator.model import Right

EVERYBODY = "everybody"  # as a residence: wherever the person lives


class Asked(StrEnum):
    """What a law may speak of. A `Right` is what a person asks for; `asked_by` tells which of these it is."""

    ACCESS = "access"
    DELETE = "delete"
    CORRECT = "correct"
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    LIMIT = "limit"
    SHINE_THE_LIGHT = "shine_the_light"
    APPEAL = "appeal"


def asked_by(right: Right) -> Asked:
    """What the law calls it. Categories and specific pieces are one request to know (Cal. Civ. Code 1798.130(b))."""
    return Asked.ACCESS if right is Right.KNOW else Asked(right)


class Purpose(StrEnum):
    """What a person keeps us from doing: what an entry of our own list of opt-outs is about."""

    SALE = "sale"
    SHARING = "sharing"  # for advertising across contexts
    MARKETING = "marketing"  # mail of our own
    SENSITIVE = "sensitive"  # uses of sensitive data that are not needed for the service


class Topic(StrEnum):
    """What a rule is about."""

    # `within`, from receipt: the shorter is the more favourable
    ACKNOWLEDGE = "acknowledge"
    ANSWER = "answer"
    EXTEND = "extend"  # until when an extended answer is due
    # `times` in any 12 months, None without limit: the more, the more favourable; no rule is no limit
    TIMES = "times"
    FREE = "free"
    # `among`: the more, the more favourable
    RESIDENCE = "residence"
    ACTS = "acts"  # who may ask on the person's behalf
    DELIVERY = "delivery"  # ways of the answer, of which the person chooses


PERIODS = (Topic.ACKNOWLEDGE, Topic.ANSWER, Topic.EXTEND)
COUNTS = (Topic.TIMES, Topic.FREE)


class Confidence(StrEnum):
    """How a rule's wording is known."""

    READ = "read"  # in the statute, the regulation or the policy itself
    READ_OLDER = "read_older"  # in an earlier version, believed carried over
    SECOND_HAND = "second_hand"  # in a summary
    MEMORY = "memory"  # not found in a source: to be verified before anybody relies on it


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a law, or one promise of the company's policy."""

    id: str
    topic: Topic
    rights: frozenset[Asked]
    citation: str
    confidence: Confidence
    says: str = ""
    within: Period | None = None
    times: int | None = None
    among: frozenset[str] = frozenset()
    first_day_counts: bool = False  # in a strict reading the day of receipt is day 1
    promise: bool = False
    calendar_year: bool = False  # `times` in one of these, and not in any 12 months


@dataclass(frozen=True, slots=True)
class Regime:
    """One law, as a file says it."""

    name: str
    title: str
    verification_pauses: bool  # whether waiting for proof of identity may stop the clock
    rules: tuple[Rule, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Counted:
    """How often in any 12 months; None is without limit."""

    times: int | None
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """Among what the person may choose."""

    among: frozenset[str]
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Law:
    """A regime with the company's promises over it."""

    regime: Regime
    promises: tuple[Rule, ...] = field(default=())

    def rules(self, topic: Topic, asked: Asked) -> tuple[Rule, ...]:
        """The law's rules, then the promises."""
        return tuple(r for r in (*self.regime.rules, *self.promises) if r.topic is topic and asked in r.rights)

    def counted(self, topic: Topic, asked: Asked) -> Counted:
        """How often the person may ask, or is answered free of charge."""
        rules = self.rules(topic, asked)
        if all(r.promise for r in rules):
            return Counted(None, rules)  # the law sets no limit, and a promise cannot
        given = [r.times for r in rules]
        return Counted(None if None in given else max(t for t in given if t is not None), rules)

    def choice(self, topic: Topic, asked: Asked) -> Choice:
        """What the law offers and what the policy offers, together."""
        rules = self.rules(topic, asked)
        return Choice(frozenset().union(*(r.among for r in rules)), rules)

    def serves_everybody(self, asked: Asked) -> bool:
        """Whether residence is no ground for a denial."""
        return EVERYBODY in self.choice(Topic.RESIDENCE, asked).among

    def promised(self, asked: Asked) -> bool:
        """Whether the company's own policy gives the right to everybody."""
        rules = (r for r in self.rules(Topic.RESIDENCE, asked) if r.promise)
        return any(EVERYBODY in r.among for r in rules)

    @property
    def unconfirmed(self) -> tuple[Rule, ...]:
        """Rules that rest on memory only."""
        return tuple(r for r in self.regime.rules if r.confidence is Confidence.MEMORY)
