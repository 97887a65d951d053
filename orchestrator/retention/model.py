"""The nouns of retention: frozen values without personal data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connectors.model import Action
from connectors.purging import Expiry
from orchestrator.model import Role

RETENTION = "retention"  # what journal, lease and agenda call these runs, in the place of a request


@dataclass(frozen=True, slots=True)
class RetentionStep:
    """One collection's rows that are past their time. `rule`: digest of everything that decides about them."""

    system: str
    collection: str
    action: Action
    counted_from: str
    before: datetime  # the cut-off, fixed when the plan is made
    rule: str
    role: Role
    basis: str
    owner: str
    instruction: str = ""
    count: int = 0
    oldest: datetime | None = None
    along: tuple[tuple[str, int], ...] = ()
    held: int = 0
    tied: int = 0
    total: int = 0
    partitions: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ref(self) -> str:
        return f"{self.system}/{self.collection}"

    def order(self, at_most: int | None = None) -> Expiry:
        """What the connector is told."""
        named = frozenset(name for name, _ in self.along)
        return Expiry(self.collection, self.before, self.action, named, self.counted_from, at_most)


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """Frozen, approved by digest, executed exactly. `elsewhere`: what no run of ours does, and why."""

    made_by: str
    made_at: datetime
    steps: tuple[RetentionStep, ...]
    elsewhere: tuple[tuple[str, str], ...]
    inventory: str
    code: str

    @property
    def to_do(self) -> tuple[RetentionStep, ...]:
        """The steps that would change anything."""
        return tuple(s for s in self.steps if s.count and not s.stops)
