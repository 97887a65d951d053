"""The policy against the rules and the inventory: findings, each with its line, citation and what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from orchestrator.inventory import Inventory
from orchestrator.inventory.flows import Whether
from orchestrator.law import Confidence
from orchestrator.policy import held
from orchestrator.policy.detectors import DETECTORS
from orchestrator.policy.rules import LintRule, Severity
from orchestrator.policy.sight import Hit, Sight
from orchestrator.policy.text import Text


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with the policy. `line` is None where the whole text is meant."""

    rule: str
    severity: Severity
    line: int | None
    words: str  # what stands there
    says: str  # what is wrong with it
    mend: str
    citation: str
    confidence: Confidence


def lint(text: Text, inventory: Inventory, rules: Sequence[LintRule], today: date) -> tuple[Finding, ...]:
    """Everything the rules find, errors first, each in the order of the text."""
    sight = Sight(text, inventory, today)
    found = [_finding(sight, rule, hit) for rule in rules for hit in _hits(sight, rule)]
    return tuple(sorted(found, key=lambda f: (f.severity is not Severity.ERROR, f.line or 0, _number(f.rule))))


def _number(rule: str) -> tuple[str, int]:
    name, _, number = rule.partition("-")
    return name, int(number)


def _hits(sight: Sight, rule: LintRule) -> Iterator[Hit]:
    text = sight.text
    for saying in rule.says:
        given = not saying.given or text.says(saying.given)
        if given and not (saying.unless and text.says(saying.unless)):
            yield from (Hit(found.line, found.words, saying.note) for found in text.find(saying.words))
    about = text.says(rule.about) if rule.about else None
    for lack in rule.lacks:
        if not text.says(lack.words):
            yield Hit(about.line if about else None, about.words if about else "", f"nothing is said of {lack.what}")
    if rule.detector:
        yield from DETECTORS[rule.detector](sight, rule)


def _finding(sight: Sight, rule: LintRule, hit: Hit) -> Finding:
    severity = rule.severity
    if rule.error_if_sold and {held.sold(sight.inventory, sight.today), held.shared(sight.inventory, sight.today)} != {
        Whether.NO
    }:
        severity = Severity.ERROR
    words = hit.words if len(hit.words) <= 120 else hit.words[:119] + "…"
    return Finding(rule.id, severity, hit.line, words, hit.says, rule.mend, rule.citation, rule.confidence)
