"""The use cases of vendors' own retention: read, plan, approve, apply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.errors import ConnectorError, OvertakenError, RefusedError
from connectors.model import Gate
from orchestrator import canonical
from orchestrator.abilities import settled
from orchestrator.decide import CODE
from orchestrator.errors import NotAllowedError, UnknownError
from orchestrator.intake import Intake
from orchestrator.model import Signed
from orchestrator.pause import refuse_if_paused
from orchestrator.retention import planning
from orchestrator.retention.model import RETENTION
from orchestrator.retention.receipts import sign
from orchestrator.retention.vendor import reading, receipts
from orchestrator.retention.vendor.model import VendorPlan, VendorStep
from orchestrator.staff import SINGLE, genuine

_APPROVE = "retention-settings"


@dataclass(frozen=True, slots=True)
class VendorShown:
    """A plan and its digest."""

    plan: VendorPlan
    digest: str


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying came to. `after`: step -> what was read back; `troubles`: step -> why it was not applied."""

    shown: VendorShown
    after: Mapping[str, str]
    troubles: Mapping[str, str] = field(default_factory=dict)
    payload: Mapping[str, Any] = field(default_factory=dict)
    receipt: str = ""


class VendorRetention(Intake):
    """What people may ask for about vendors' own settings."""

    def vendor_settings(self) -> tuple[VendorStep, ...]:
        """How vendors' settings stand beside the inventory; changes nothing and is not recorded."""
        return tuple(reading.steps(self.workspace, self.now()))

    def plan_settings(self) -> VendorShown:
        """Read every setting and say what would be changed; changes nothing."""
        self.actor.require("plan")
        made = VendorPlan(self.actor.id, self.now(), self.vendor_settings(), self.inventory.digest, CODE)
        digest = canonical.digest(made)
        told = {"digest": digest, "plan": canonical.plain(made)}
        self.journal.append(RETENTION, "settings_planned", self.actor.id, told, digest)
        return VendorShown(made, digest)

    def latest_settings(self) -> VendorShown:
        """UnknownError if there is no plan yet."""
        found = list(self.journal.entries(RETENTION, "settings_planned"))
        if not found:
            raise UnknownError("there is no plan of settings yet: dsr retention settings plan")
        last = found[-1].payload
        return VendorShown(canonical.decode(VendorPlan, last["plan"]), str(last["digest"]))

    def approve_settings(self, digest: str) -> Signed:
        """Approve exactly this plan, as someone other than who made it."""
        self.actor.require("approve")
        shown = self.latest_settings()
        if digest != shown.digest:
            raise NotAllowedError(f"the current plan of settings is {shown.digest}; look at it and approve that")
        self._still_right(shown.plan)
        if not shown.plan.to_do:
            raise NotAllowedError("the plan changes no setting: there is nothing to approve")
        if self.inventory.approval != SINGLE and self.actor.id == shown.plan.made_by:
            raise NotAllowedError(f"{self.actor.id} made the plan: another person must do this")
        signed = self.actor.sign(_APPROVE, digest, self.now())
        self.journal.append(RETENTION, "settings_approved", self.actor.id, canonical.plain(signed))
        return signed

    def apply_settings(self) -> Applied:
        """Apply the latest plan, which somebody approved; what is applied already stays. BusyError beside another run.

        A hold placed since stops what it reaches, right before the write.
        """
        self.actor.require("run")
        with self.journal.lease(RETENTION):
            shown = self.latest_settings()
            given = self._given(shown)
            if not given:
                raise NotAllowedError(f"nobody has approved it: dsr retention settings approve {shown.digest}")
            self._still_right(shown.plan)
            after: dict[str, str] = {}
            troubles: dict[str, str] = {}
            for step in shown.plan.to_do:
                try:
                    after[step.ref] = self._apply(step, shown.digest)
                except (ConnectorError, NotAllowedError) as error:
                    troubles[step.ref] = str(error)
            for step in (s for s in shown.plan.to_do if s.ref in after):
                if why := self._changed(step, shown.digest):
                    del after[step.ref]
                    troubles[step.ref] = why
            payload = receipts.build(self.workspace, shown.plan, shown.digest, after, troubles, self.now(), given)
            file = sign(self.workspace, payload, shown.digest, self.actor.id)
            return Applied(shown, after, troubles, payload, file)

    def _apply(self, step: VendorStep, digest: str) -> str:
        """What is read back. RefusedError if the vendor said yes and it is not so."""
        assert step.setting
        able = settled(self.workspace.connector(step.system, self.now(), self._gate_of(step)))
        if able is None:
            raise NotAllowedError(f"{step.ref}: its connector changes no setting any more")
        told = {"plan": digest, "ref": step.ref, "was": step.setting.now, "wanted": step.setting.wanted}
        self.journal.append(RETENTION, "setting_intended", self.actor.id, told)
        try:
            found = able.keep(step.setting, step.period)
        except OvertakenError as error:
            self._overtaken(step, digest, str(error))
            raise
        if not found.fits:
            raise RefusedError(step.system, f"{step.setting.what}: the vendor said yes, and it is {found.now}")
        self.journal.append(
            RETENTION, "setting_applied", self.actor.id, {"plan": digest, "ref": step.ref, "is": found.now}
        )
        return found.now

    def _changed(self, step: VendorStep, digest: str) -> str:
        """Whether what was applied is another by the end of the run: somebody wrote from an older reading."""
        found = next(reading.steps(self.workspace, self.now(), step.system, step.collection))
        if found.fits is not False:
            return ""
        assert found.setting
        says = f"{step.ref}: it was applied, and is {found.setting.now} now: another writer came after"
        self._overtaken(step, digest, says)
        return says

    def _overtaken(self, step: VendorStep, digest: str, says: str) -> None:
        told = {"plan": digest, "ref": step.ref, "says": says}
        self.journal.append(RETENTION, "setting_overtaken", self.actor.id, told)

    def settings_before(self, ref: str) -> str:
        """How a setting stood whole when the plan was made by which it was last written, to put it back.

        UnknownError if it never was, or the vendor's setting is one value, which `dsr retention settings plan` shows.
        """
        intended = [e.payload for e in self.journal.entries(RETENTION, "setting_intended") if e.payload["ref"] == ref]
        plans = {str(e.payload["digest"]): e.payload for e in self.journal.entries(RETENTION, "settings_planned")}
        if not intended:
            raise UnknownError(f"{ref}: no plan of settings wrote it")
        made: VendorPlan = canonical.decode(VendorPlan, plans[str(intended[-1]["plan"])]["plan"])
        before = next((s.setting.before for s in made.steps if s.ref == ref and s.setting), "")
        if not before:
            raise UnknownError(f"{ref}: there was nothing beside it to put back; what it was says the journal")
        return before

    def _gate_of(self, step: VendorStep) -> Gate:
        """The last look before the write: is the system paused, another process at it, a hold placed?"""

        def gate(collection: str) -> None:
            self.journal.driving.still(RETENTION)
            refuse_if_paused(self.journal, RETENTION, step.system)
            if why := reading.held(self.workspace, step):
                raise NotAllowedError(f"{step.ref}: {why}")

        return gate

    def _given(self, shown: VendorShown) -> list[Signed]:
        """Approvals of exactly this plan, genuine, and not by who made it."""
        four = self.inventory.approval != SINGLE
        made = (canonical.decode(Signed, dict(e.payload)) for e in self.journal.entries(RETENTION, "settings_approved"))
        return [
            s for s in made
            if (s.purpose, s.digest) == (_APPROVE, shown.digest) and genuine(self.inventory, s)
            and not (four and s.by == shown.plan.made_by)
        ]  # fmt: skip

    def _still_right(self, made: VendorPlan) -> None:
        if made.inventory != self.inventory.digest or self.now() - made.made_at > self.inventory.limits.plan_valid:
            raise NotAllowedError("the inventory changed since, or the plan is too old: dsr retention settings plan")
        rules = planning.rules_now(self.inventory)
        if any(rules.get(s.ref) != s.rule for s in made.to_do):
            raise NotAllowedError("a rule changed since: dsr retention settings plan")
