"""From `rules/outcomes.yaml` to the outcomes of requests and the kinds of letters that say them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import Field

from orchestrator.canonical import digest
from orchestrator.errors import InventoryError, UnknownError
from orchestrator.inventory.words import ConfidenceName, Date, Entry, Text, Texts
from orchestrator.law import Confidence
from orchestrator.regimes.load import FOLDER, read

_ANY = "*"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request, or a step of it, came out."""

    id: str
    letter: str  # the kind of letter that says so
    answers: bool  # whether that letter stops the clock
    offers: tuple[str, ...]  # what it must offer besides
    citation: str
    confidence: Confidence


@dataclass(frozen=True)
class Outcomes:
    """The table."""

    version: str
    digest: str
    known: dict[str, Outcome]
    denials: tuple[tuple[str, frozenset[str], str], ...]  # (because, rights or none for all, outcome)

    def of(self, id: str) -> Outcome:  # noqa: A002
        """UnknownError if there is none of that id."""
        if id not in self.known:
            raise UnknownError(f"no outcome {id!r}; there are {', '.join(sorted(self.known))}")
        return self.known[id]

    def of_denial(self, because: str, right: str) -> Outcome:
        """What a denial for that reason comes out as. There always is one."""
        for reason, rights, outcome in self.denials:
            if reason in (because, _ANY) and (right in rights or not rights):
                return self.known[outcome]
        raise AssertionError  # the loader saw that the last line is for every reason and right


class OutcomeEntry(Entry):
    id: Text
    letter: Text
    answers: bool
    offers: Texts = Field(default_factory=list)
    citation: Text
    confidence: ConfidenceName


class DenialEntry(Entry):
    because: Text
    rights: Texts = Field(default_factory=list)
    outcome: Text


class OutcomesFile(Entry):
    """The whole file."""

    version: Date
    outcomes: list[OutcomeEntry] = Field(min_length=1)
    denials: list[DenialEntry] = Field(min_length=1)


@cache
def outcomes(path: Path = FOLDER / "rules" / "outcomes.yaml") -> Outcomes:
    """The outcomes. InventoryError if the file cannot be used."""
    file = read(path, OutcomesFile)
    known = {
        e.id: Outcome(e.id, e.letter, e.answers, tuple(e.offers), e.citation, Confidence(e.confidence))
        for e in file.outcomes
    }
    denials = tuple((d.because, frozenset(d.rights), d.outcome) for d in file.denials)
    if len(known) != len(file.outcomes) or any(outcome not in known for *_, outcome in denials):
        raise InventoryError(f"{path}: two outcomes have the same id, or a denial has an outcome that is none")
    if denials[-1][:2] != (_ANY, frozenset()):
        raise InventoryError(f"{path}: the last of the denials must be for every reason and right")
    return Outcomes(file.version, digest(file.model_dump(mode="json")), known, denials)
