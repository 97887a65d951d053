"""Gathers what a decision about a backup stands on: the vendor's listing, and what the journal tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import connectors
from connectors import copies
from connectors.backups import Backup, Rehearses
from connectors.model import Gate
from orchestrator import canonical
from orchestrator.abilities import Keeping, keeping
from orchestrator.backups.guard import Known
from orchestrator.backups.model import BackupPlan, Ended, Proof
from orchestrator.errors import NotAllowedError, PausedError, UnknownError
from orchestrator.intake import Intake
from orchestrator.inventory.restore_test import equipped, test_of
from orchestrator.journal import Journal, State
from orchestrator.lifetimes import Lifetimes
from orchestrator.model import Signed
from orchestrator.pause import paused_systems
from orchestrator.replay import unserved

_OVER = (State.CANCELLED, State.DENIED, State.CLOSED)
NO_BACKUP = (
    "dsr backup list shows those there are. Point-in-time recovery, followers, forks and copies between databases are "
    "none, and are never deleted"
)


def keepers(desk: Intake, system: str = "") -> dict[str, Keeping]:
    """Systems whose backups can be listed one by one; one if given. NotAllowedError if there is none."""
    held = desk.inventory.systems
    names = [desk.inventory.system(system).name] if system else [n for n, s in held.items() if s.copies_of]
    found = {n: k for n in names if not held[n].manual and (k := keeper(desk, n))}
    if not found:
        raise NotAllowedError(
            f"{system or 'no system of the inventory'} keeps backups that can be listed and deleted one by one"
            if not system else f"{system} keeps no backups that can be listed and deleted one by one"
        )  # fmt: skip
    return found


def keeper(desk: Intake, system: str, gate: Gate | None = None) -> Keeping | None:
    """The system's backups. PausedError if it was set aside: then it is not called at all."""
    refuse_if_set_aside(desk.journal, system)
    return keeping(desk.workspace.connector(system, desk.now(), gate))


def refuse_if_set_aside(journal: Journal, *systems: str) -> None:
    for system in systems:
        if why := paused_systems(journal).get(system):
            raise PausedError(f"{system} is paused: {why}. Go on: dsr resume --system {system}")


def lease_of(system: str) -> str:
    """One driver at a time for all backups of a system."""
    return f"backups of {system}"


def known(desk: Intake, system: str, listed: tuple[Backup, ...]) -> Known:
    sources = desk.inventory.system(system).copies_of
    valid = [test.valid for s in sources if (test := test_of(desk.inventory, s))]
    return Known(
        system, sources, listed, proofs(desk.journal), min(valid, default=timedelta(0)),
        desk.journal.holds(), frozenset(unserved(desk)), desk.now(),
    )  # fmt: skip


def rehearsing(desk: Intake, system: str) -> tuple[str, Rehearses]:
    """The database that backups of a system are compared with, given what a test restore needs.

    NotAllowedError if there is not exactly one: it could not be told which a backup is of.
    """
    sources = desk.inventory.system(system).copies_of
    if len(sources) != 1:
        raise NotAllowedError(f"{system} is copies_of {len(sources)} systems: give each database an entry of its own")
    (source,) = sources
    refuse_if_set_aside(desk.journal, source)
    spec = equipped(desk.inventory, source).spec(source, now=desk.now())
    database = connectors.build(spec)
    if not isinstance(database, Rehearses):
        raise NotAllowedError(f"{source} cannot be restored elsewhere: its connector has no test restore")
    return source, database


# What the journal tells


def proofs(journal: Journal) -> tuple[Proof, ...]:
    """Every test restore, in order."""
    return tuple(canonical.decode(Proof, e.payload["proof"]) for e in journal.entries(kind="backup_proved"))


def plans(journal: Journal) -> dict[str, tuple[BackupPlan, str]]:
    """Backup's id -> its latest plan, with the digest."""
    made = (canonical.decode(BackupPlan, e.payload) for e in journal.entries(kind="backup_planned"))
    return {plan.backup.id: (plan, canonical.digest(plan)) for plan in made}


def approvals(journal: Journal, digest: str) -> tuple[Signed, ...]:
    decided = (canonical.decode(Signed, e.payload) for e in journal.entries(kind="backup_approved"))
    return tuple(d for d in decided if d.digest == digest)


# Names


def named(name: str, there: tuple[Backup, ...]) -> Backup:
    """The backup that people call so: "app/b008", or "b008" where only one app has it. UnknownError otherwise."""
    found = [b for b in there if name in (b.title, b.name)]
    if len(found) > 1:
        raise UnknownError(f"{name!r} names {len(found)} backups: " + ", ".join(b.title for b in found))
    if not found:
        raise UnknownError(f"there is no backup {name!r}. {NO_BACKUP}")
    return found[0]


def planned(journal: Journal, name: str) -> tuple[BackupPlan, str]:
    """The latest plan of a backup. UnknownError if it has none."""
    made = plans(journal)
    if not any(name in (plan.backup.title, plan.backup.name) for plan, _ in made.values()):
        raise UnknownError(f"{name!r} has no plan: dsr backup plan")
    return made[named(name, tuple(plan.backup for plan, _ in made.values())).id]


# Obligations of requests


def ended(desk: Lifetimes, facts: Known, backup: Backup) -> Iterator[Ended]:
    """Open obligations that are about this backup: it was made while the person may have been in its source."""
    for request, state in desk.requests():
        digest = desk.journal.latest_plan(request.id)
        if state in _OVER or digest is None or not desk.journal.approvals(digest):
            continue
        known = desk.known(request.id, digest)
        bound = copies.held_until(known.subject, facts.sources)
        if bound is None or backup.made > bound:
            continue
        confirmation = desk.journal.confirmation(digest)
        gone = {r.ref for r in confirmation.results if r.confirmed} if confirmation else set()
        for step in desk.journal.plan(digest).steps:
            if (step.system, step.collection) != (facts.system, backup.collection) or step.ref in gone:
                continue
            if step.ref in known.locators and known.locators[step.ref].key == backup.place:
                others = [b for b in facts.listed if _beside(b, backup) and b.made <= bound]
                yield Ended(request.id, step.collection, len(others))


def _beside(other: Backup, backup: Backup) -> bool:
    return other.id != backup.id and (other.place, other.kind) == (backup.place, backup.kind)


Progress = Callable[[str, str], None]


def silent(system: str, what: str) -> None: ...
