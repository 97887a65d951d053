"""From the inventory's schedules to a plan: cut-offs, counts, what is held; and what speaks against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from connectors.errors import ConnectorError
from connectors.model import Action, Locator
from connectors.purging import OnHold
from orchestrator.canonical import digest
from orchestrator.decide import CODE
from orchestrator.guard import SMALL
from orchestrator.inventory import Inventory
from orchestrator.inventory.model import Collection, System
from orchestrator.inventory.periods import Schedule
from orchestrator.model import Finding, Severity
from orchestrator.retention.model import RetentionPlan, RetentionStep
from orchestrator.retention.purging import purging

if TYPE_CHECKING:
    from orchestrator.workspace import Workspace

Progress = Callable[[str, str], None]


def schedules(inventory: Inventory) -> Iterator[tuple[System, Collection, Schedule]]:
    """Every collection that has one, in the order of the file."""
    for system in inventory.systems.values():
        for collection in system.collections.values():
            if collection.retention:
                yield system, collection, collection.retention


def rule_of(inventory: Inventory, system: System, collection: Collection, schedule: Schedule) -> str:
    """Digest of everything that decides about these rows: an approval in advance is of exactly this."""
    taken = (collection.name, *schedule.along)
    return digest({
        "system": system.name, "schedule": schedule, "role": collection.role, "owner": system.owner,
        "entries": {name: system.collections[name].spec for name in taken},
        "rules": [r for name in taken for r in inventory.rules_for(system.name, name)],
    })  # fmt: skip


def plan(
    workspace: Workspace, held: Callable[[str], OnHold], by: str, now: datetime, progress: Progress
) -> RetentionPlan:
    """Count everything that is past its time. A system that does not answer is a step that cannot be done."""
    inventory, steps, elsewhere = workspace.inventory, [], []
    for system, collection, schedule in schedules(inventory):
        if not schedule.by_machine:
            what = schedule.event or "a setting of the vendor's"
            elsewhere.append((f"{system.name}/{collection.name}", f"{schedule.owner}: {what}"))
            continue
        progress(system.name, f"counting {collection.name}")
        blank = RetentionStep(
            system.name, collection.name, Action(schedule.action), schedule.counted_from, now - schedule.period,
            rule_of(inventory, system, collection, schedule), collection.role, schedule.basis, schedule.owner,
            schedule.instruction, along=tuple((name, 0) for name in schedule.along),
        )  # fmt: skip
        steps.append(_counted(workspace, blank, held, now))
    return RetentionPlan(by, now, tuple(steps), tuple(elsewhere), inventory.digest, CODE)


def _counted(
    workspace: Workspace, step: RetentionStep, held: Callable[[str], OnHold], now: datetime
) -> RetentionStep:  # fmt: skip
    try:
        able = purging(workspace.connector(step.system, now))
        if able is None:
            return replace(step, stops=("its connector cannot delete by age: use the vendor's own setting",))
        found = able.expired(step.order(), held(step.system))
    except ConnectorError as error:
        return replace(step, stops=(str(error),))
    return replace(
        step, count=found.count, oldest=found.oldest, along=found.along or step.along, held=found.held,
        tied=found.tied, total=found.total, partitions=found.partitions, stops=found.stops, notes=found.notes,
    )  # fmt: skip


def guard(made: RetentionPlan, inventory: Inventory) -> tuple[Finding, ...]:
    """What a person must look at, by step: pure."""
    return tuple(f for step in made.to_do for f in _findings(step, inventory))


def _findings(step: RetentionStep, inventory: Inventory) -> Iterator[Finding]:
    if step.count > inventory.retention.records:
        said = f"{step.ref}: {step.count:,} rows are more than {inventory.retention.records:,} at a time"
        yield Finding(
            "too_many", Severity.OVERRIDABLE, f"{said}. Look at the counts; override with the reason", step.ref
        )
    if step.count >= SMALL and step.count > inventory.limits.share * max(step.total, step.count):
        said = f"{step.ref}: {step.count:,} of about {max(step.total, step.count):,} rows would go"
        yield Finding(
            "whole_collection", Severity.OVERRIDABLE,
            f"{said}. Look whether period and column are meant so; override with the reason", step.ref,
        )  # fmt: skip


def held_by(workspace: Workspace, system: str) -> OnHold:
    """What legal holds keep in one system, at this moment."""
    holds = workspace.journal.holds()
    people = frozenset(h.person for h in holds if h.person)
    windows = tuple(
        Locator(system, h.collection.partition("/")[2], "", h.since, h.before)
        for h in holds if h.collection.partition("/")[0] == system
    )  # fmt: skip

    def recognises(kind: str, value: str) -> bool:
        return workspace.vault.person_tag(kind, workspace.inventory.normalise(kind, value)) in people

    mark = digest([(h.id, h.collection, h.organisation, h.person, h.since, h.before) for h in holds])
    organisations = frozenset(h.organisation for h in holds if h.organisation)
    return OnHold(mark, bool(people), recognises, organisations, windows)


def rules_now(inventory: Inventory) -> Mapping[str, str]:
    """For each "system/collection" the digest of its rule."""
    return {f"{s.name}/{c.name}": rule_of(inventory, s, c, r) for s, c, r in schedules(inventory)}
