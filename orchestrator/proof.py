"""How surely a requester must be known, what shows it, and who may act for whom: rules as frozen values. Pure.

The rules stand in `regimes/rules/verification.yaml`, each with its citation and how its wording is known. Rights are
names ("access", "opt_out"), since the law has more of them than this program carries out.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from orchestrator.law import Confidence
from orchestrator.model import Level

_RANK = {Level.NONE: -1, Level.REASONABLE: 0, Level.REASONABLY_HIGH: 1}
PARENTHOOD = "parenthood"
VERIFIED, CONFIRMED = "person_verified", "person_confirmed"


class Kind(StrEnum):
    """What a point is worth."""

    NEVER = "never"  # not asked and not compared
    WEAK = "weak"  # public or easily guessed: counts beside a stronger one only
    WITNESSED = "witnessed"  # seen by the desk, and not compared by the program
    STRONG = "strong"


@dataclass(frozen=True, slots=True)
class Cited:
    """What every rule has."""

    id: str
    citation: str
    confidence: Confidence
    says: str = ""


@dataclass(frozen=True, slots=True)
class RightRule(Cited):
    """Whether such requests are verified at all, and to which level."""

    rights: frozenset[str] = frozenset()
    level: Level | None = None  # None: never verified
    sensitive: Level | None = None


@dataclass(frozen=True, slots=True)
class LevelRule(Cited):
    """What reaches a level."""

    level: Level = Level.REASONABLE
    points: int = 0
    declaration: bool = False


@dataclass(frozen=True, slots=True)
class PointRule(Cited):
    """What points of these words are worth."""

    kind: Kind = Kind.STRONG
    words: re.Pattern[str] = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Attempts(Cited):
    """How often somebody may try: by request, and by everybody who asks about the same person within `days`."""

    per_request: int = 3
    per_person: int = 6
    days: int = 30
    points: int = 6  # in one attempt


@dataclass(frozen=True, slots=True)
class EvidenceRule(Cited):
    """How long what was handed in is kept; `months` None: until the verification is settled."""

    kinds: frozenset[str] = frozenset()
    months: int | None = None


@dataclass(frozen=True, slots=True)
class AgentRule(Cited):
    """What may be asked of whoever acts for the person, and nothing else."""

    acts: frozenset[str] = frozenset()
    rights: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    either: frozenset[str] = frozenset()
    suffices: bool = False  # it verifies the request by itself


@dataclass(frozen=True, slots=True)
class MinorRule(Cited):
    """Who decides for somebody of that age: `since` inclusive, `below` exclusive, in years."""

    since: int = 0
    below: int = 18
    rights: frozenset[str] = frozenset()
    by: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class UnverifiedRule(Cited):
    """What follows when the requester could not be verified."""

    rights: frozenset[str] = frozenset()
    outcome: str = ""
    treated_as: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What has been shown. `matched`: points that the program compared; `witnessed`: seen by the desk."""

    matched: frozenset[str] = frozenset()
    witnessed: frozenset[str] = frozenset()
    declaration: bool = False
    account: bool = False  # signed in again for this request
    attorney: bool = False  # somebody whose papers verify the request by themselves


@dataclass(frozen=True)
class Proofs:
    """All rules, as the file says them."""

    version: str
    digest: str
    rights: tuple[RightRule, ...]
    levels: tuple[LevelRule, ...]
    account: Cited
    contested: Cited
    points: tuple[PointRule, ...]
    attempts: Attempts
    evidence: tuple[EvidenceRule, ...]
    agents: tuple[AgentRule, ...]
    parenthood: tuple[tuple[str, Cited], ...]  # (way, rule)
    minors: tuple[MinorRule, ...]
    unverified: tuple[UnverifiedRule, ...]

    def of_right(self, right: str) -> RightRule | None:
        return next((r for r in self.rights if right in r.rights), None)

    def verifies(self, right: str) -> bool:
        """Whether such a request may be verified at all. What no rule names is."""
        rule = self.of_right(right)
        return rule is None or rule.level is not None

    def needed(self, right: str, *, sensitive: bool, house: Level | None = None) -> Level:
        """The level such a request needs: the rule's, or the higher one that the house asks for."""
        rule = self.of_right(right)
        law = (rule.sensitive if sensitive else rule.level) if rule else Level.REASONABLY_HIGH
        return max((level for level in (law, house) if level), key=_RANK.__getitem__, default=Level.REASONABLE)

    def point(self, name: str) -> tuple[Kind, PointRule | None]:
        """What a point of that name is worth, and the rule that says so; by its words, whatever stands between."""
        words = re.sub(r"[\W_]+", " ", name.casefold()).strip()
        for kind in (Kind.NEVER, Kind.WITNESSED, Kind.WEAK):
            for rule in self.points:
                if rule.kind is kind and rule.words.search(words):
                    return kind, rule
        return Kind.STRONG, None

    def refusal(self, name: str) -> str:
        """Why a point must not be asked or compared, in words; empty if it may."""
        kind, rule = self.point(name)
        return f"{name!r} is not asked of anybody ({rule.citation}): {rule.says}" if kind is Kind.NEVER and rule else ""

    def counts(self, evidence: Evidence, weak: Collection[str] = ()) -> int:
        """How many points there are. Weak ones (by name, or in `weak`) count only beside one that is not."""
        seen = {n for n in evidence.witnessed if self.point(n)[0] is Kind.WITNESSED}
        kinds = {n: Kind.WEAK if n in weak else self.point(n)[0] for n in evidence.matched}
        able = {n for n, kind in kinds.items() if kind in (Kind.STRONG, Kind.WEAK)}
        strong = {n for n in able if kinds[n] is Kind.STRONG} | seen
        return len(able | seen) if strong else 0

    def reached(self, evidence: Evidence, weak: Collection[str] = ()) -> Level | None:
        """The level that this shows; None if it shows none."""
        if evidence.account or evidence.attorney:
            return Level.REASONABLY_HIGH
        count = self.counts(evidence, weak)
        good = [r.level for r in self.levels if count >= r.points and (evidence.declaration or not r.declaration)]
        return max(good, key=_RANK.__getitem__, default=None)

    def lacking(self, evidence: Evidence, level: Level, weak: Collection[str] = ()) -> str:
        """What is missing for a level, in words with its citation; empty if nothing is."""
        found = self.reached(evidence, weak)
        if found is not None and _RANK[found] >= _RANK[level]:
            return ""
        rule = next(r for r in self.levels if r.level is level)
        more = rule.points - self.counts(evidence, weak)
        lacks = [f"{more} more points that match (weak ones count beside a stronger one)"] if more > 0 else []
        lacks += (
            ["a declaration signed under penalty of perjury"] if rule.declaration and not evidence.declaration else []
        )
        return f"{' and '.join(lacks)} ({rule.citation})"

    # Who acts

    def agent(self, acts: str, right: str) -> AgentRule | None:
        return next((r for r in self.agents if acts in r.acts and right in r.rights), None)

    def may_ask(self, acts: str, right: str) -> frozenset[str]:
        """What may be asked of whoever acts; nothing of somebody no rule knows."""
        rule = self.agent(acts, right)
        return rule.needs | rule.either if rule else frozenset()

    def unproven(self, acts: str, right: str, shown: Collection[str]) -> str:
        """What an agent still has to show, in words with its citation; empty if nothing."""
        rule = self.agent(acts, right)
        if rule is None:
            return f"no rule lets {acts} act for somebody who asks to {right}"
        lacks = sorted(rule.needs - set(shown))
        if rule.either and not rule.either & set(shown):
            lacks.append(" or ".join(sorted(rule.either)))
        return f"{' and '.join(lacks)} ({rule.citation})" if lacks else ""

    def decides(self, age: int, right: str) -> tuple[frozenset[str], MinorRule | None]:
        """Who may ask at that age; anybody who may act for an adult where no rule is about minors."""
        rule = next((r for r in self.minors if r.since <= age < r.below and right in r.rights), None)
        return (rule.by, rule) if rule else (frozenset({"person"}), None)

    # What is kept, and what follows

    def kept(self, kind: str) -> EvidenceRule | None:
        return next((r for r in self.evidence if kind in r.kinds), None)

    def after_failure(self, right: str) -> UnverifiedRule | None:
        return next((r for r in self.unverified if right in r.rights), None)
