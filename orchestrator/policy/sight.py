"""What a rule of the lint looks at, and what it sees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from orchestrator.inventory import Inventory
from orchestrator.policy.text import Text


@dataclass(frozen=True, slots=True)
class Sight:
    """The text and what is really held, on a day."""

    text: Text
    inventory: Inventory
    today: date


@dataclass(frozen=True, slots=True)
class Hit:
    """One place, what stands there and what is wrong with it. `line` is None where the whole text is meant."""

    line: int | None
    words: str
    says: str
