"""What one step does to others: a deletion takes rows along, and what was redacted need not be again. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from connectors.model import Action, Locator, ObstacleKind, Record
from orchestrator.model import Discovery, Step


def spare_the_retained(steps: list[Step], found: Discovery, ref: Callable[[Locator], str]) -> list[Step]:
    """A deletion whose cascade would reach anything that stays becomes a redaction.

    What stays is what is not ordered deleted: retained, redacted or left to a person. Spared rows
    can make others that take them along stay too, hence the fixpoint.
    """
    records = {ref(record.at): record for _, record in found.records}
    # Rows that only name the person, or may not be theirs, hang on nothing of theirs.
    apart = {
        ref(r.at) for _, r in found.records if r.mentions or any(o.kind is ObstacleKind.CLAIMED for o in r.obstacles)
    }  # fmt: skip
    while True:
        staying = [
            records[s.ref].at for s in steps if s.action is not Action.DELETE and s.count and s.ref not in apart
        ]  # fmt: skip
        spared = [
            i for i, s in enumerate(steps)
            if s.action is Action.DELETE and any(_taken(records[s.ref], at) for at in staying)
        ]  # fmt: skip
        if not spared:
            return steps
        for i in spared:
            note = "redacted instead of deleted: a deletion would take retained rows along"
            steps[i] = replace(steps[i], action=Action.REDACT, note=note)


def _taken(record: Record, at: Locator) -> bool:
    """Whether deleting the record takes along rows of what is at that address."""
    if record.at.system != at.system:
        return False
    windows = (t for t in record.takes if isinstance(t, Locator) and t.collection == at.collection)
    return at.collection in record.takes or any(overlap(window, at) for window in windows)


def overlap(one: Locator, other: Locator) -> bool:
    """Whether rows may lie in the windows of both."""
    return all(a.since is None or b.before is None or a.since < b.before for a, b in ((one, other), (other, one)))


def without_the_redacted(steps: list[Step], found: Discovery, ref: Callable[[Locator], str]) -> list[Step]:
    """Leave out redactions of rows in which nobody is any more: they were redacted before."""
    empty = {
        ref(r.at) for _, r in found.records if r.fields and not any(n for _, n in r.fields) and not r.mentions
    }  # fmt: skip
    return [s for s in steps if s.action is not Action.REDACT or s.ref not in empty]
