"""Approvals in advance: recorded by a person, bounded in rows and time, void as soon as what they are about changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from orchestrator import canonical
from orchestrator.errors import NotAllowedError
from orchestrator.inventory import Inventory
from orchestrator.journal import Journal
from orchestrator.model import Signed
from orchestrator.staff import genuine

PURPOSE = "standing"


@dataclass(frozen=True, slots=True)
class Standing:
    """One approval in advance. `scope`: "system/collection" for retention, "expiry:RULE" for an exception's end.

    `bound` is the digest of what it is about: rule, column, period and inventory entries.
    """

    id: str
    scope: str
    bound: str
    limit: int  # rows of the scope at a time
    until: datetime
    decision: Signed

    def void(self, inventory: Inventory, bound: str, now: datetime) -> str:
        """Why it does not hold; empty if it does."""
        if now >= self.until:
            return f"ended on {self.until:%Y-%m-%d}"
        if self.bound != bound:
            return "void: the rule, its column or period, or an inventory entry changed since"
        signed = self.decision.purpose == purpose(self.scope, self.limit, self.until) and self.decision.digest == bound
        if not signed or not genuine(inventory, self.decision):
            return "its signature does not fit"
        return ""


def purpose(scope: str, limit: int, until: datetime) -> str:
    """What is signed over the digest: scope and bounds too, so that neither can be changed."""
    return f"{PURPOSE}:{scope}:{limit}:{canonical.plain(until)}"


def recorded(journal: Journal) -> Iterator[Standing]:
    """Those recorded and not withdrawn, oldest first; of several about one scope the latest counts."""
    gone = {e.payload["id"] for e in journal.entries(kind="standing_withdrawn")}
    found: dict[str, Standing] = {}
    for entry in journal.entries(kind="standing_approved"):
        made = canonical.decode(Standing, dict(entry.payload))
        found.pop(made.scope, None)
        if made.id not in gone:
            found[made.scope] = made
    yield from found.values()


def of_scope(journal: Journal, scope: str) -> Standing | None:
    return next((s for s in recorded(journal) if s.scope == scope), None)


def refuse_unbounded(limit: int, until: datetime, now: datetime, longest_days: int) -> None:
    """NotAllowedError unless it has an end within reach and a limit."""
    if limit < 1:
        raise NotAllowedError("a standing approval is for so many rows at a time: --limit")
    if not now < until or (until - now).days > longest_days:
        raise NotAllowedError(f"a standing approval ends within {longest_days} days: --until DATE")
