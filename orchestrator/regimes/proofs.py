"""From `rules/verification.yaml` to `Proofs`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from orchestrator.canonical import digest
from orchestrator.errors import InventoryError
from orchestrator.inventory.words import ConfidenceName, Date, Entry, LevelName, Text, Texts
from orchestrator.law import Confidence
from orchestrator.model import Level
from orchestrator.proof import (
    AgentRule,
    Attempts,
    Cited,
    EvidenceRule,
    Kind,
    LevelRule,
    MinorRule,
    PointRule,
    Proofs,
    RightRule,
    UnverifiedRule,
)
from orchestrator.regimes.load import FOLDER, read

RULES = FOLDER / "rules"
Name = Literal["know", "access", "delete", "correct", "opt_out", "opt_in", "limit", "shine_the_light"]
Acts = Literal[
    "person", "natural_person", "business_entity", "registered_with_secretary_of_state", "power_of_attorney",
    "conservator", "parent",
]  # fmt: skip
Made = TypeVar("Made", bound=Cited)


class Rule(Entry):
    """What every entry has."""

    id: Text
    citation: Text
    confidence: ConfidenceName
    says: Text


class RightEntry(Rule):
    rights: list[Name] = Field(min_length=1)
    verified: bool = True
    level: LevelName | None = None
    sensitive: LevelName | None = None


class LevelEntry(Rule):
    level: LevelName
    points: Annotated[int, Field(gt=0)]
    declaration: bool


class PointEntry(Rule):
    kind: Literal["never", "weak", "witnessed"]
    words: Texts = Field(min_length=1)


class AttemptsEntry(Rule):
    per_request: Annotated[int, Field(gt=0)]
    per_person: Annotated[int, Field(gt=0)]
    days: Annotated[int, Field(gt=0)]
    points: Annotated[int, Field(gt=0)]


class EvidenceEntry(Rule):
    kinds: Texts = Field(min_length=1)
    months: Annotated[int, Field(gt=0)] | None = None


class AgentEntry(Rule):
    acts: list[Acts] = Field(min_length=1)
    rights: list[Name] = Field(min_length=1)
    needs: Texts = Field(default_factory=list)
    either: Texts = Field(default_factory=list)
    suffices: bool = False


class WayEntry(Rule):
    way: Text


class MinorEntry(Rule):
    since: Annotated[int, Field(ge=0, alias="from")]
    below: Annotated[int, Field(gt=0)]
    rights: list[Name] = Field(min_length=1)
    by: list[Acts] = Field(min_length=1)


class UnverifiedEntry(Rule):
    rights: list[Name] = Field(min_length=1)
    outcome: Text
    treated_as: Name | None = None


class VerificationFile(Entry):
    """The whole file."""

    version: Date
    rights: list[RightEntry] = Field(min_length=1)
    levels: list[LevelEntry] = Field(min_length=1)
    account: Rule
    contested: Rule
    points: list[PointEntry] = Field(min_length=1)
    attempts: AttemptsEntry
    evidence: list[EvidenceEntry] = Field(min_length=1)
    agents: list[AgentEntry] = Field(min_length=1)
    parenthood: list[WayEntry] = Field(min_length=1)
    minors: list[MinorEntry] = Field(min_length=1)
    unverified: list[UnverifiedEntry] = Field(min_length=1)


@cache
def proofs(path: Path = RULES / "verification.yaml") -> Proofs:
    """The rules of verification. InventoryError if the file cannot be used."""
    file = read(path, VerificationFile)
    entries = [
        *file.rights, *file.levels, file.account, file.contested, *file.points, file.attempts, *file.evidence,
        *file.agents, *file.parenthood, *file.minors, *file.unverified,
    ]  # fmt: skip
    if len({e.id for e in entries}) != len(entries):
        raise InventoryError(f"{path}: two rules have the same id")
    if {r.level for r in file.levels} != {"reasonable", "reasonably_high"}:
        raise InventoryError(f"{path}: levels: one rule for each level")
    for entry in file.rights:
        if entry.verified != bool(entry.level and entry.sensitive):
            raise InventoryError(f"{path}: {entry.id}: give `level` and `sensitive`, or `verified: false`")
    return Proofs(
        file.version, digest(file.model_dump(mode="json")),
        tuple(_made(RightRule, e, rights=frozenset(e.rights), level=_level(e.level), sensitive=_level(e.sensitive))
              for e in file.rights),
        tuple(_made(LevelRule, e, level=Level(e.level), points=e.points, declaration=e.declaration)
              for e in file.levels),
        _made(Cited, file.account), _made(Cited, file.contested),
        tuple(_made(PointRule, e, kind=Kind(e.kind), words=_words(e.words)) for e in file.points),
        _made(Attempts, file.attempts, per_request=file.attempts.per_request, per_person=file.attempts.per_person,
              days=file.attempts.days, points=file.attempts.points),
        tuple(_made(EvidenceRule, e, kinds=frozenset(e.kinds), months=e.months) for e in file.evidence),
        tuple(_made(AgentRule, e, acts=frozenset(e.acts), rights=frozenset(e.rights), needs=frozenset(e.needs),
                    either=frozenset(e.either), suffices=e.suffices) for e in file.agents),
        tuple((e.way, _made(Cited, e)) for e in file.parenthood),
        tuple(_made(MinorRule, e, since=e.since, below=e.below, rights=frozenset(e.rights), by=frozenset(e.by))
              for e in file.minors),
        tuple(_made(UnverifiedRule, e, rights=frozenset(e.rights), outcome=e.outcome, treated_as=e.treated_as or "")
              for e in file.unverified),
    )  # fmt: skip


def _made(shape: type[Made], entry: Rule, /, **more: Any) -> Made:
    return shape(entry.id, entry.citation, Confidence(entry.confidence), entry.says, **more)


def _level(name: str | None) -> Level | None:
    return Level(name) if name else None


def _words(words: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(rf"\b(?:{w})\b" for w in words))
