"""What stands in the way of deleting one backup: pure functions of what is known at that moment.

In doubt it stays. Nobody can tell whether a person under a legal hold is inside, so that every hold on a person or
an organisation counts, whatever its review date says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.backups import Backup, State
from orchestrator.backups.model import Proof
from orchestrator.model import Hold

TWO_PEOPLE = (
    "deleting a backup takes a second approver, who neither planned it nor proved a newer one: it is everybody's last "
    "way back to that day. This inventory says approval: single_person, so that it cannot be done. Set approval: "
    "four_eyes, with a key for each person (dsr staff key FILE); until then the backup stays"
)


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that a decision about backups of one system stands on."""

    system: str
    sources: tuple[str, ...]
    listed: Sequence[Backup]
    proofs: Sequence[Proof]  # in the order in which they were made
    proof_valid: timedelta
    holds: Collection[Hold]
    unserved: Collection[str]
    now: datetime

    @property
    def databases(self) -> tuple[str, ...]:
        """Those that have backups which may be deleted from here."""
        return tuple(sorted({b.database for b in self.listed if not b.obstacle}))

    def now_of(self, backup: Backup) -> Backup | None:
        """The same backup as it is listed now."""
        return next((b for b in self.listed if b.id == backup.id), None)

    def newest(self, database: str) -> Backup | None:
        """The newest finished one, which stays whatever happens."""
        mine = [b for b in self.listed if b.database == database and b.state is State.FINISHED]
        return max(mine, key=lambda b: b.made, default=None)


def in_the_way(known: Known, backup: Backup) -> Iterator[str]:
    """Why this backup may not even be planned to go."""
    yield from not_now(known.holds, known.unserved, (known.system, *known.sources))
    here = known.now_of(backup)
    if here is None:
        yield f"{backup.title} is not listed any more"
        return
    if _same(here) != _same(backup):
        yield f"{backup.title} is not what it was when it was planned: make a new plan"
    if here.obstacle:
        yield f"{backup.title}: {here.obstacle}"
    if here.state is State.RUNNING:
        yield f"{backup.title} is still being made"
    if here.state is State.DELETED:
        yield f"{backup.title}: its deletion was accepted before; a reading shows when its file is gone"
    newest = known.newest(backup.database)
    if newest is None or newest.made <= backup.made:
        yield f"{backup.title} is the newest backup of its database that is whole: it stays"


def _same(backup: Backup) -> tuple[object, ...]:
    """What never changes in a backup."""
    return backup.place, backup.name, backup.database, backup.kind, backup.made


def not_now(holds: Collection[Hold], unserved: Collection[str], systems: Sequence[str]) -> Iterator[str]:
    """What stops every deletion of backups of these systems, also one that is under way."""
    for hold in holds:
        if concerns(hold, systems):
            yield f"legal hold {hold.id} may be about somebody or something inside: it must be released first"
    for system in systems:
        if system in unserved:
            yield f"{system} was restored and is not to be served yet: finish its replay first (dsr replay)"


def concerns(hold: Hold, systems: Collection[str]) -> bool:
    """Whether anything under a hold may be in a backup of these systems. Of people nobody can tell: yes."""
    return not hold.collection or hold.collection.partition("/")[0] in systems


def in_force(known: Known, backup: Backup) -> tuple[Proof, ...]:
    """Proofs that a newer backup of the same database can be restored, the newest backup's last.

    One counts while it is young, while its backup is there, and unless a later test of the same backup failed.
    """
    failed = {p.backup.id: n for n, p in enumerate(known.proofs) if not p.good}
    found = [p for n, p in enumerate(known.proofs) if n > failed.get(p.backup.id, -1) and _counts(known, p, backup)]
    return tuple(sorted(found, key=lambda p: (p.backup.made, p.at)))


def _counts(known: Known, proof: Proof, backup: Backup) -> bool:
    here = known.now_of(proof.backup)
    return (
        proof.system == known.system
        and timedelta(0) <= known.now - proof.at <= known.proof_valid
        and here is not None
        and here.state is State.FINISHED
        and here.made == proof.backup.made > backup.made
        and here.database == backup.database != ""
    )
