"""Backups that outlive a deletion: copies of a whole table or database, dated where they have a date.

The connectors to DynamoDB and RDS report them as records of a collection `backups`, one for each kind of
copy: LOCKED until the last copy of that kind expires, which becomes a retained step with a date; or
BY_HAND where the copies have no end of their own, with what to do about them. Only copies made while
the person was in the source count; see `connectors.copies` for how that is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors import copies
from connectors.errors import ConfigError
from connectors.model import (
    Artifact,
    CollectionSpec,
    Locator,
    Obstacle,
    ObstacleKind,
    Order,
    Outcome,
    Record,
    SystemSpec,
)

BACKUPS = "backups"
_OVERDUE = (
    "copies are still there after the date on which they were to expire: see why (a vault lock, a legal hold, "
    "a lost permission of AWS Backup) and delete them, or note until when they stay"
)


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of a table or database. `until` None: it has no end of its own."""

    kind: str  # what becomes the record's key: "point-in-time recovery"
    reason: str  # constant; the same for all of a kind
    until: datetime | None = None
    made: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """All copies of one kind: one record."""

    kind: str
    count: int
    obstacle: Obstacle
    oldest: datetime | None
    newest: datetime | None


def described(spec: SystemSpec, name: str = BACKUPS) -> CollectionSpec:
    """The collection of an entry that stands for copies. Raises ConfigError if the inventory leaves it out:
    without it nobody could say what is retained there, or who looks after it."""
    found = next((c for c in spec.collections if c.name == name), None)
    if found is None:
        raise ConfigError(spec.system, f"collections.{name}: describe it; it stands for what survives in {name}")
    if found.identities or found.cutoffs or found.options:
        raise ConfigError(spec.system, f"collections.{name}: found_by, age and options mean nothing in {name}")
    return found


def gathered(found: Iterable[Copy]) -> dict[str, Kept]:
    """The copies by kind, dated ones first; a kind lasts until its last copy has expired."""
    kinds: dict[str, list[Copy]] = {}
    for copy in found:
        kinds.setdefault(copy.kind, []).append(copy)
    kept = [_kept(kind, those) for kind, those in sorted(kinds.items())]
    return {k.kind: k for k in sorted(kept, key=lambda k: k.obstacle.kind is not ObstacleKind.LOCKED)}


def _kept(kind: str, those: list[Copy]) -> Kept:
    made = sorted(c.made for c in those if c.made is not None)
    ends = [c.until for c in those if c.until is not None]
    if len(ends) < len(those):
        obstacle = Obstacle(ObstacleKind.BY_HAND, those[0].reason)
    elif min(ends) <= datetime.now(UTC):
        obstacle = Obstacle(ObstacleKind.BY_HAND, _OVERDUE)
    else:
        obstacle = Obstacle(ObstacleKind.LOCKED, those[0].reason, max(ends))
    return Kept(kind, len(those), obstacle, made[0] if made else None, made[-1] if made else None)


def records(system: str, kept: Mapping[str, Kept], name: str = BACKUPS) -> Iterator[Record]:
    for kind, k in kept.items():
        yield Record(Locator(system, name, kind), k.count, k.oldest, k.newest, obstacles=(k.obstacle,))


def outcome(order: Order, kept: Mapping[str, Kept]) -> Outcome:
    """The answer to an order on backups; `kept` is what is there now. Nothing is ever deleted."""
    found = kept.get(order.at.key)
    return copies.answer(order, found.obstacle.until if found else None)


def export(spec: CollectionSpec, at: Locator) -> Iterator[Artifact]:
    """Nothing: a backup cannot be searched by person, and what it holds is exported from the live system."""
    withheld = next((f.type for f in spec.fields if f.type), copies.WITHHELD)
    name = "".join(c if c.isalnum() else "-" for c in at.key)
    yield Artifact(f"{spec.name}-{name}.jsonl", "application/jsonl", iter(()), (withheld,))
