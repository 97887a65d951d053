"""The rules of the lint as frozen values, read from the file beside this module."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.law import Confidence

if TYPE_CHECKING:
    from orchestrator.policy.schema import RuleEntry

FILE = Path(__file__).with_name("rules.yaml")


class Severity(StrEnum):
    """Whether a policy with such a finding may be published."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Saying:
    """Words that are wrong, and why. `given`: only where these stand too; `unless`: not where these do."""

    words: str
    note: str
    given: str = ""
    unless: str = ""


@dataclass(frozen=True, slots=True)
class Lack:
    """What must be said, and a pattern of the words that would say it."""

    what: str
    words: str


@dataclass(frozen=True, slots=True)
class Implied:
    """Words from which categories of the table follow."""

    words: str
    categories: tuple[str, ...]
    because: str


@dataclass(frozen=True, slots=True)
class LintRule:
    """One rule. What a detector looks for stands in `statements` and in the patterns after it."""

    id: str
    title: str
    severity: Severity
    citation: str
    confidence: Confidence
    mend: str
    error_if_sold: bool = False
    detector: str = ""
    says: tuple[Saying, ...] = ()
    lacks: tuple[Lack, ...] = ()
    about: str = ""
    statements: tuple[str, ...] = ()
    implies: tuple[Implied, ...] = field(default=())
    may: str = ""
    denied: str = ""
    said: str = ""


@cache
def rules(file: Path = FILE) -> tuple[LintRule, ...]:
    """The rules, in the file's order. InventoryError with every problem if the file cannot be used."""
    from orchestrator.policy.schema import RulesFile  # pydantic: only when a file is read
    from orchestrator.regimes.load import read

    return tuple(map(_frozen, read(file, RulesFile).rules))


def _frozen(entry: RuleEntry) -> LintRule:
    return LintRule(
        id=entry.id,
        title=entry.title,
        severity=Severity(entry.severity),
        citation=entry.citation,
        confidence=Confidence(entry.confidence),
        mend=entry.mend,
        error_if_sold=entry.error_if_sold,
        detector=entry.detector or "",
        says=tuple(Saying(s.words, s.note, s.given or "", s.unless or "") for s in entry.says),
        lacks=tuple(Lack(item.what, item.words) for item in entry.lacks),
        about=entry.about or "",
        statements=(entry.statement,) if entry.statement else tuple(entry.statements),
        implies=tuple(Implied(i.words, tuple(i.categories), i.because) for i in entry.implies),
        may=entry.may or "",
        denied=entry.denied or "",
        said=entry.said or "",
    )
