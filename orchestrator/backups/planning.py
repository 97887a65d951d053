"""The use cases before a backup is deleted: what there is, a plan, a test restore, the second person's approval."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.backups import Backup, State
from connectors.errors import RefusedError
from orchestrator import canonical
from orchestrator.abilities import Keeping
from orchestrator.backups.compare import differences, total
from orchestrator.backups.guard import TWO_PEOPLE, Known, in_force, in_the_way
from orchestrator.backups.known import (
    Progress,
    ended,
    keepers,
    known,
    lease_of,
    named,
    planned,
    plans,
    rehearsing,
    silent,
)  # fmt: skip
from orchestrator.backups.model import PURPOSE, BackupPlan, Listed, PlannedBackup, Proof
from orchestrator.decide import CODE
from orchestrator.errors import NotAllowedError
from orchestrator.lifetimes import Lifetimes
from orchestrator.model import Signed
from orchestrator.staff import SINGLE

PINNED = "proof "  # what an approver's signature covers besides the plan
UNPROVEN = "no newer backup of the database is proven by a test restore: dsr backup prove"


class BackupPlans(Lifetimes):
    """Done by one actor in one workspace."""

    def backups(self, system: str = "") -> tuple[Listed, ...]:
        """Every logical backup of the connected databases, and why one may not be planned to go. Changes nothing."""
        return tuple(row for name, kept in keepers(self, system).items() for row in self._listed(name, kept))

    def _listed(self, system: str, kept: Keeping) -> Iterable[Listed]:
        facts, made = known(self, system, kept.backups()), plans(self.journal)
        good = {p.backup.id: p.at for p in facts.proofs if p.good}
        for backup in facts.listed:
            digest = made[backup.id][1] if backup.id in made else ""
            yield Listed(system, backup, good.get(backup.id), digest, tuple(in_the_way(facts, backup)))

    def plan_backup(self, name: str, reason: str, system: str = "") -> PlannedBackup:
        """Plan the deletion of one backup, in place of an earlier plan of it. NotAllowedError says what forbids it."""
        self.actor.require("plan")
        self.two_people()
        if not reason.strip():
            raise NotAllowedError("say why the backup is to go before its time: --reason")
        facts, backup = self._found(name, system)
        refuse(backup, in_the_way(facts, backup))
        plan = BackupPlan(
            facts.system, facts.sources, backup, reason.strip(), tuple(ended(self, facts, backup)), self.actor.id,
            self.now(), self.inventory.digest, CODE,
        )  # fmt: skip
        digest = canonical.digest(plan)
        self.journal.append("", "backup_planned", self.actor.id, canonical.plain(plan), digest)
        return self._missing(facts, plan, digest)

    def _missing(self, facts: Known, plan: BackupPlan, digest: str) -> PlannedBackup:
        proven = in_force(facts, plan.backup)
        return PlannedBackup(plan, digest, proven[-1] if proven else None, () if proven else (UNPROVEN,))

    def prove_backup(self, name: str = "", system: str = "", progress: Progress = silent) -> Proof:
        """Restore a backup, the newest if none is named, into a scratch database, compare it, and drop that.

        What came of it is journalled, also that it cannot be restored; a fault on the way is no result and raises.
        """
        self.actor.require("run")
        facts, backup = self._found(name, system)
        if backup.obstacle or backup.state is not State.FINISHED:
            raise NotAllowedError(f"{backup.title} is not restored: {backup.obstacle or f'it is {backup.state}'}")
        with self.journal.lease(lease_of(facts.system)):
            source, database = rehearsing(self, facts.system)
            progress(source, f"restoring {backup.title} into a scratch database")
            live = database.shape()
            dump = keepers(self, facts.system)[facts.system].download(backup)
            try:
                done = database.rehearse(dump)
            except RefusedError as refused:
                proof = Proof(facts.system, source, backup, self.actor.id, self.now(), (str(refused),))
            else:
                why = differences(done.tables, live)
                if backup.bytes is not None and done.bytes < backup.bytes:
                    why += (f"{done.bytes:,} bytes came, and the vendor says that it has {backup.bytes:,}",)
                proof = Proof(
                    facts.system, source, backup, self.actor.id, self.now(), why, done.bytes, done.sha256, done.server,
                    done.program, len(done.tables), total(done.tables), total(live),
                )  # fmt: skip
            self.journal.append("", "backup_proved", self.actor.id, {"proof": canonical.plain(proof)})
        progress(source, "restorable" if proof.good else "NOT restorable")
        return proof

    def approve_backup(self, name: str, digest: str) -> Signed:
        """Approve exactly this plan, as somebody who neither made it nor proved the newer backup. Covers the proof."""
        self.actor.require("approve")
        self.two_people()
        plan, current = planned(self.journal, name)
        if digest != current:
            raise NotAllowedError(f"the current plan of {plan.backup.title} is {current}; look at it and approve that")
        self.still_good(plan)
        if self.actor.id == plan.made_by:
            raise NotAllowedError(f"{self.actor.id} made the plan: another person must do this")
        facts = self.facts_of(plan.system)
        refuse(plan.backup, in_the_way(facts, plan.backup))
        proven = in_force(facts, plan.backup)
        others = [p for p in proven if p.by != self.actor.id]
        if not others:
            by_them = f"{self.actor.id} proved the newer backup: another person must do this"
            raise NotAllowedError(by_them if proven else UNPROVEN)
        decision = self.actor.sign(PURPOSE, digest, self.now(), PINNED + canonical.digest(others[-1]))
        self.journal.append("", "backup_approved", self.actor.id, canonical.plain(decision))
        return decision

    # What the use cases have in common

    def _found(self, name: str, system: str) -> tuple[Known, Backup]:
        """A backup by name, or the newest of the only connected database, with what is known of its system."""
        facts = {n: known(self, n, kept.backups()) for n, kept in keepers(self, system).items()}
        if name:
            backup = named(name, tuple(b for f in facts.values() for b in f.listed))
        else:
            newest = [b for f in facts.values() for d in f.databases if (b := f.newest(d))]
            if len(newest) != 1:
                raise NotAllowedError(f"there are {len(newest)} databases with a backup that is whole: name the backup")
            (backup,) = newest
        return next(f for f in facts.values() if f.now_of(backup)), backup

    def facts_of(self, system: str) -> Known:
        return known(self, system, keepers(self, system)[system].backups())

    def two_people(self) -> None:
        if self.inventory.approval == SINGLE:
            raise NotAllowedError(TWO_PEOPLE)

    def still_good(self, plan: BackupPlan) -> None:
        if plan.inventory != self.inventory.digest or plan.code != CODE:
            raise NotAllowedError("the inventory or the program changed since the plan was made: dsr backup plan")
        if self.now() - plan.made_at > self.inventory.limits.plan_valid:
            raise NotAllowedError("the plan is too old to be acted on: dsr backup plan")


def refuse(backup: Backup, why: Iterable[str]) -> None:
    if found := list(why):
        raise NotAllowedError(f"{backup.title} is not deleted:\n" + "\n".join(f"  {w}" for w in found))
