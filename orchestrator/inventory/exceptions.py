"""From `regimes/rules/exceptions.yaml` to `Exceptions`, and whether a retention rule stands on one of them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from orchestrator.canonical import digest
from orchestrator.errors import InventoryError
from orchestrator.excepted import DeletionException, Exceptions
from orchestrator.inventory import document as yaml
from orchestrator.inventory.problems import Problems
from orchestrator.inventory.words import ConfidenceName, Date, Entry, RegimeName, Text, Texts
from orchestrator.law import Confidence

if TYPE_CHECKING:
    from orchestrator.inventory.schema import Document

FILE = Path(__file__).parent.parent / "regimes" / "rules" / "exceptions.yaml"
Condition = Literal["necessary", "proportionate", "expected", "compatible", "consent", "obligation"]


class ExceptionEntry(Entry):
    id: Text
    regime: RegimeName
    in_force: bool
    conditions: list[Condition]
    policy: Literal["same", "narrower", "wider", "absent"]
    citation: Text
    confidence: ConfidenceName
    says: Text
    always: bool = False


class Wording(Entry):
    id: Text
    words: Texts = Field(min_length=1)


class ExceptionsFile(Entry):
    """The whole file."""

    version: Date
    exceptions: list[ExceptionEntry] = Field(min_length=1)
    repealed_wordings: list[Wording] = Field(default_factory=list)


@cache
def exceptions(path: Path = FILE) -> Exceptions:
    """The statute's exceptions. InventoryError if the file cannot be used."""
    file = yaml.shaped(path, ExceptionsFile)
    known = {
        e.id: DeletionException(
            e.id, e.regime, e.in_force, tuple(e.conditions), e.policy, e.citation, Confidence(e.confidence), e.says,
            e.always,
        ) for e in file.exceptions
    }  # fmt: skip
    repealed = {e.id for e in known.values() if not e.in_force}
    if len(known) != len(file.exceptions) or {w.id for w in file.repealed_wordings} - repealed:
        raise InventoryError(f"{path}: two exceptions have the same id, or a wording is of one that is in force")
    wordings = tuple((w.id, re.compile("|".join(w.words))) for w in file.repealed_wordings)
    return Exceptions(file.version, digest(file.model_dump(mode="json")), known, wordings)


def check_rules(document: Document, problems: Problems) -> None:
    """Every retention rule names an exception in force, and says how each of its conditions is met."""
    known = exceptions()
    for i, rule in enumerate(document.rules):
        worded = f"{rule.basis} {rule.use_limit} {' '.join(rule.conditions.values())}"
        if why := known.refusal(rule.exception, document.regime, worded, set(rule.conditions)):
            problems.add(("rules", i, "exception"), why)
