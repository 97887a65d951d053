"""The use case that deletes one backup, once, and reads back what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from connectors.backups import State
from connectors.model import Gate, Status
from orchestrator import canonical
from orchestrator.backups import receipt
from orchestrator.backups.guard import Known, in_force, in_the_way, not_now
from orchestrator.backups.known import (
    Progress,
    approvals,
    keeper,
    known,
    lease_of,
    planned,
    plans,
    refuse_if_set_aside,
    silent,
)
from orchestrator.backups.model import PURPOSE, BackupPlan, Deletion, Proof
from orchestrator.backups.planning import PINNED, BackupPlans, refuse
from orchestrator.errors import HeldError, IncompleteError, NotAllowedError, PausedError
from orchestrator.model import Signed
from orchestrator.replay import unserved
from orchestrator.staff import genuine

SETTLES = timedelta(days=1)  # after which a backup that is listed no more counts as gone, without the vendor's word


class Backups(BackupPlans):
    """All use cases around the deletion of one backup, done by one actor in one workspace."""

    def delete_backup(self, name: str, progress: Progress = silent) -> Deletion:
        """Carry out the approved plan and read back. Running again does nothing twice, and reads back at any age."""
        self.actor.require("run")
        plan, _ = planned(self.journal, name)
        with self.journal.lease(lease_of(plan.system)):
            plan, digest = planned(self.journal, name)  # somebody may have made a new one meanwhile
            kept = keeper(self, plan.system, self._gate(plan, digest))
            if kept is None:
                raise NotAllowedError(f"{plan.system} keeps no backups any more that can be deleted one by one")
            before = self._begun(digest)
            progress(plan.system, f"looking for {plan.backup.title}")
            state = kept.standing(plan.backup)
            if state.there:
                facts = known(self, plan.system, kept.backups())
                self.two_people()
                self.still_good(plan)
                refuse(plan.backup, in_the_way(facts, plan.backup))
                approval, proof = self._approval(facts, plan, digest)
                told = {"plan": digest, "approval": canonical.plain(approval), "proof": canonical.plain(proof)}
                self.journal.append("", "backup_intended", self.actor.id, told)
                progress(plan.system, f"deleting {plan.backup.title}")
                try:
                    state = kept.remove(plan.backup)
                except (HeldError, PausedError):
                    self._note(digest, Status.FAILED, state, "stopped before the write")
                    raise
                if state.there:
                    raise IncompleteError(f"the vendor did not refuse, and still has {plan.backup.title}: run again")
            return self._ended(plan, digest, state, interrupted=before is not None)

    def _ended(self, plan: BackupPlan, digest: str, state: State, *, interrupted: bool) -> Deletion:
        """Journal and sign how it stands. What is gone without our having begun was done by somebody else."""
        begun = self._begun(digest)
        last = [e.payload for e in self.journal.entries(kind="backup_outcome") if e.payload["plan"] == digest]
        settled = state is State.PURGED or (state is State.UNLISTED and self._waited(begun))
        status = (Status.DONE if settled else Status.ACCEPTED) if begun else Status.ABSENT
        reason = "" if begun else "it was gone, or going, without us: somebody else deleted it, or it expired"
        if begun and interrupted and not last:
            reason = "done before an interruption"
        if not last or (last[-1]["status"], last[-1]["state"]) != (status, state):
            self._note(digest, status, state, reason)
        if begun is None:
            return Deletion(plan, digest, status, state, state is not State.DELETED, reason, None)
        at, approval, proof = begun
        file, payload = receipt.sign(self, plan, digest, approval, proof, at, status, state, settled)
        return Deletion(plan, digest, status, state, settled, reason or receipt.EVIDENCE[state], file, payload)

    def _note(self, digest: str, status: Status, state: State, reason: str) -> None:
        told = {"plan": digest, "status": status, "state": state, "reason": reason, "at": self.now()}
        self.journal.append("", "backup_outcome", self.actor.id, canonical.plain(told))

    def _waited(self, begun: tuple[datetime, Signed, Proof] | None) -> bool:
        return begun is None or self.now() - begun[0] >= SETTLES

    def _approval(self, facts: Known, plan: BackupPlan, digest: str) -> tuple[Signed, Proof]:
        """The approval in force, with the proof that it covers. NotAllowedError if there is none, or it is void."""
        proven = {PINNED + canonical.digest(p): p for p in in_force(facts, plan.backup)}
        may = {person.id for person in self.inventory.staff if "approve" in person.may}
        for decision in reversed(approvals(self.journal, digest)):
            proof = proven.get(decision.reason)
            fresh = self.now() - decision.at <= self.inventory.limits.plan_valid
            if proof is None or not fresh or decision.purpose != PURPOSE or decision.by not in may:
                continue
            if decision.by not in (plan.made_by, proof.by) and genuine(self.inventory, decision):
                return decision, proof
        raise NotAllowedError(
            f"the plan has no valid approval: dsr backup approve {plan.backup.title} {digest}. An approval is void "
            "when the proof that it covers has aged, its backup is gone, or a later test of it failed"
        )

    def _begun(self, digest: str) -> tuple[datetime, Signed, Proof] | None:
        """When the deletion was last about to begin, on whose approval and which proof; None if it was stopped then."""
        begun = None
        for entry in self.journal.entries(""):
            if entry.payload.get("plan") != digest:
                continue
            if entry.kind == "backup_intended":
                approval, proof = entry.payload["approval"], entry.payload["proof"]
                begun = entry.at, canonical.decode(Signed, approval), canonical.decode(Proof, proof)
            elif entry.kind == "backup_outcome" and entry.payload["status"] == Status.FAILED:
                begun = None
        return begun

    def _gate(self, plan: BackupPlan, digest: str) -> Gate:
        """The last look right before the write: a hold, a restore or another plan of this minute stops it."""

        def gate(collection: str) -> None:
            self.journal.driving.still(lease_of(plan.system))
            refuse_if_set_aside(self.journal, plan.system, *plan.sources)
            for why in not_now(self.journal.holds(), unserved(self), (plan.system, *plan.sources)):
                raise HeldError(f"{plan.backup.title} is not deleted: {why}")
            if plans(self.journal)[plan.backup.id][1] != digest:
                raise HeldError(f"{plan.backup.title} is not deleted: a newer plan of it was made")

        return gate
