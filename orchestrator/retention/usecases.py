"""The use cases of retention: plan, approve, run; approvals in advance; arming; what stands where."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from orchestrator import canonical
from orchestrator.errors import NotAllowedError, UnknownError, UnsafePlanError
from orchestrator.guard import open_findings
from orchestrator.intake import Intake
from orchestrator.model import Finding, Signed
from orchestrator.retention import expiry, planning, receipts, running, standing
from orchestrator.retention.model import RETENTION, RetentionPlan
from orchestrator.retention.planning import Progress
from orchestrator.retention.standing import Standing
from orchestrator.staff import SINGLE, genuine

LONGEST = 400  # days of a standing approval
_APPROVE, _OVERRIDE = "retention", "retention-override"


def _silent(system: str, what: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Shown:
    """A plan, its digest, and what the guard says. `open`: not overridden."""

    plan: RetentionPlan
    digest: str
    findings: tuple[Finding, ...]
    open: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run came to. `waits`: step -> why it waits for a person; `dry`: nothing was written."""

    shown: Shown
    dry: bool
    waits: Mapping[str, str] = field(default_factory=dict)
    troubles: Mapping[str, str] = field(default_factory=dict)
    payload: Mapping[str, Any] = field(default_factory=dict)
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class Stands:
    """How retention stands. `approvals`: each with why it does not hold, empty if it does."""

    armed: bool
    approvals: tuple[tuple[Standing, str], ...]
    latest: Shown | None
    under_way: bool
    removed: Mapping[str, int]
    receipts: int


class Retentions(Intake):
    """What people and schedulers may ask for."""

    sleep: Callable[[float], None] = staticmethod(time.sleep)

    def plan_retention(self, progress: Progress = _silent) -> Shown:
        """Count everything that is past its time; changes nothing."""
        self.actor.require("plan")
        held = partial(planning.held_by, self.workspace)
        made = planning.plan(self.workspace, held, self.actor.id, self.now(), progress)
        digest = canonical.digest(made)
        told = {"digest": digest, "plan": canonical.plain(made)}
        self.journal.append(RETENTION, "retention_planned", self.actor.id, told, digest)
        return self._retention_shown(made, digest)

    def latest_retention(self) -> Shown:
        """UnknownError if there is no plan yet."""
        plans = self._retention_plans()
        if not plans:
            raise UnknownError("there is no retention plan yet: dsr retention plan")
        return self._retention_shown(*plans[-1])

    def override_retention(self, code: str, reason: str) -> Shown:
        """Set the guard's findings of one code on the latest plan aside, with a reason, signed."""
        self.actor.require("override")
        shown = self.latest_retention()
        if code not in {f.code for f in shown.findings}:
            raise UnknownError(f"the guard has no finding {code!r} on this plan")
        if not reason.strip():
            raise NotAllowedError("an override needs a reason")
        signed = self.actor.sign(f"{_OVERRIDE}:{code}", shown.digest, self.now(), reason)
        self.journal.append(RETENTION, "retention_overridden", self.actor.id, canonical.plain(signed))
        return self.latest_retention()

    def approve_retention(self, digest: str) -> Signed:
        """Approve exactly this plan, as someone other than who made it."""
        self.actor.require("approve")
        shown = self.latest_retention()
        if digest != shown.digest:
            raise NotAllowedError(f"the current retention plan is {shown.digest}; look at it and approve that")
        if shown.open:
            said = "\n".join(f"  {f.code}: {f.message}" for f in shown.open)
            raise UnsafePlanError(f"the guard stops this plan:\n{said}")
        self._still_good(shown.plan)
        others = {shown.plan.made_by, *(s.by for s in self._signed("retention_overridden", digest))}
        if self.inventory.approval != SINGLE and self.actor.id in others:
            raise NotAllowedError(f"{self.actor.id} made the plan or overrode the guard: another person must do this")
        signed = self.actor.sign(_APPROVE, digest, self.now())
        self.journal.append(RETENTION, "retention_approved", self.actor.id, canonical.plain(signed))
        return signed

    def approve_ahead(self, scope: str, limit: int, until: datetime) -> Standing:
        """Approve in advance what a scope's runs take, up to so many rows each; see `Standing`."""
        self.actor.require("approve")
        standing.refuse_unbounded(limit, until, self.now(), LONGEST)
        bound = self.bound(scope)
        signed = self.actor.sign(standing.purpose(scope, limit, until), bound, self.now())
        made = Standing(f"s-{secrets.token_hex(4)}", scope, bound, limit, until, signed)
        self.journal.append(RETENTION, "standing_approved", self.actor.id, canonical.plain(made), made.id)
        return made

    def withdraw(self, approval: str) -> None:
        """Take an approval in advance back."""
        self.actor.require("approve")
        if approval not in {s.id for s in standing.recorded(self.journal)}:
            raise UnknownError(f"no standing approval {approval} is in force")
        self.journal.append(RETENTION, "standing_withdrawn", self.actor.id, {"id": approval}, approval)

    def bound(self, scope: str) -> str:
        """Digest of what an approval of that scope is about. UnknownError if there is no such rule."""
        if scope.startswith(expiry.SCOPE):
            if not (found := expiry.bound(self.inventory, scope.removeprefix(expiry.SCOPE))):
                raise UnknownError(f"no rule has that id; there are {', '.join(r.id for r in self.inventory.rules)}")
            return found
        rules = planning.rules_now(self.inventory)
        if scope not in rules:
            raise UnknownError(
                f"no collection {scope!r} has a retention period; there are {', '.join(rules) or 'none'}"
            )
        return rules[scope]

    def arm(self, armed: bool) -> None:
        """Let runs write from now on, or only count again."""
        self.actor.require("approve")
        self.journal.append(RETENTION, "retention_armed", self.actor.id, {"armed": armed})

    @property
    def armed(self) -> bool:
        changes = list(self.journal.entries(RETENTION, "retention_armed"))
        return bool(changes and changes[-1].payload["armed"])

    def run_retention(self, progress: Progress = _silent, *, execute: bool = False) -> Ran:
        """Go on with what was cut short; else do what a person approved; else plan, and do what is approved ahead.

        Counts only, unless this installation is armed or `execute`. BusyError if another run is under way.
        """
        self.actor.require("run")
        with self.journal.lease(RETENTION):
            shown, refs = self._next(progress)
            waits = {s.ref: self._waits(shown, s.ref) for s in shown.plan.to_do if s.ref not in refs}
            if not refs or not (execute or self.armed):
                return Ran(shown, True, {**dict.fromkeys(refs, "dry run: dsr retention arm, or --execute"), **waits})
            begun = {"plan": shown.digest, "refs": dict(sorted(refs.items()))}
            self.journal.append(RETENTION, "retention_begun", self.actor.id, begun)
            troubles = running.carry_out(
                self.workspace, shown.plan, shown.digest, tuple(refs), self.actor.id, self.now(), progress, self.sleep
            )
            return self._signed_off(shown, refs, waits, troubles, progress)

    def retention_stands(self) -> Stands:
        """How it stands, for people."""
        plans = self._retention_plans()
        latest = self._retention_shown(*plans[-1]) if plans else None
        counts = running.removed(self.workspace, latest.digest) if latest else {}
        gone: dict[str, int] = {}
        for (ref, _), count in counts.items():
            gone[ref] = gone.get(ref, 0) + count
        approvals = tuple((s, self._void(s)) for s in standing.recorded(self.journal))
        signed = sum(1 for _ in self.journal.entries(RETENTION, "retention_receipt"))
        return Stands(self.armed, approvals, latest, self._cut_short() is not None, gone, signed)

    # What the above have in common

    def _next(self, progress: Progress) -> tuple[Shown, dict[str, str]]:
        """The plan to act on and its approved steps, each with the approval: "plan" or a standing one's id."""
        if (cut := self._cut_short()) is not None:
            return cut
        plans = self._retention_plans()
        if plans:
            shown = self._retention_shown(*plans[-1])
            if self._approvals(shown) and not self._retention_begun(shown.digest) and not self._too_old(shown.plan):
                return shown, {s.ref: "plan" for s in shown.plan.to_do}
        shown = self.plan_retention(progress)
        seen = {(s.ref, s.rule) for made, digest in plans for s in made.steps if digest != shown.digest}
        stopped = {f.ref for f in shown.findings}
        refs = {}
        for step in shown.plan.to_do:
            ahead = standing.of_scope(self.journal, step.ref)
            good = ahead and not self._void(ahead) and step.count <= ahead.limit and step.ref not in stopped
            if ahead and good and (step.ref, step.rule) in seen and self._second(ahead, shown.plan):
                refs[step.ref] = ahead.id
        return shown, refs

    def _cut_short(self) -> tuple[Shown, dict[str, str]] | None:
        """A run that began and did not end, as far as its rules are still the same."""
        begun = list(self.journal.entries(RETENTION, "retention_begun"))
        ended = {e.payload["plan"] for e in self.journal.entries(RETENTION, "retention_ended")}
        if not begun or begun[-1].payload["plan"] in ended:
            return None
        made = {digest: plan for plan, digest in self._retention_plans()}[begun[-1].payload["plan"]]
        rules = planning.rules_now(self.inventory)
        same = {s.ref for s in made.steps if rules.get(s.ref) == s.rule}
        refs = {ref: by for ref, by in begun[-1].payload["refs"].items() if ref in same}
        return (self._retention_shown(made, begun[-1].payload["plan"]), refs) if refs else None

    def _signed_off(
        self, shown: Shown, refs: Mapping[str, str], waits: Mapping[str, str], troubles: Mapping[str, str],
        progress: Progress,
    ) -> Ran:  # fmt: skip
        left = running.left(self.workspace, shown.plan, tuple(refs), self.now(), progress)
        given: Sequence[Signed] = [
            *self._approvals(shown),
            *(s.decision for s in standing.recorded(self.journal) if s.id in refs.values()),
        ]
        payload = receipts.build(
            self.workspace, shown.plan, shown.digest, refs, left, troubles, self.now(), given
        )  # fmt: skip
        file = receipts.sign(self.workspace, payload, shown.digest, self.actor.id)
        if not troubles:
            told = {"plan": shown.digest, "outcome": payload["outcome"]}
            self.journal.append(RETENTION, "retention_ended", self.actor.id, told, shown.digest)
        return Ran(shown, False, waits, troubles, payload, file)

    def _waits(self, shown: Shown, ref: str) -> str:
        if any(f.ref == ref for f in shown.open):
            return "the guard stops it: dsr retention override, then approve"
        ahead = standing.of_scope(self.journal, ref)
        if ahead is None:
            return f"nobody has approved it: dsr retention approve {shown.digest}"
        (step,) = (s for s in shown.plan.steps if s.ref == ref)
        if why := self._void(ahead):
            return f"the standing approval {ahead.id} {why}"
        if step.count > ahead.limit:
            return f"{step.count:,} rows are more than the {ahead.limit:,} of the standing approval {ahead.id}"
        if not self._second(ahead, shown.plan):
            return f"{ahead.decision.by} approved it in advance and made this plan: another person must do one of both"
        return "its rule is new or was changed: the first run after that only counts"

    def _second(self, ahead: Standing, made: RetentionPlan) -> bool:
        """Whether an approval in advance is another person's than the plan; one person may do both where that is so."""
        return self.inventory.approval == SINGLE or ahead.decision.by != made.made_by

    def _void(self, ahead: Standing) -> str:
        try:
            return ahead.void(self.inventory, self.bound(ahead.scope), self.now())
        except UnknownError:
            return "void: its rule is gone"

    def _still_good(self, made: RetentionPlan) -> None:
        if made.inventory != self.inventory.digest or self._too_old(made):
            raise NotAllowedError("the inventory changed since, or the plan is too old: dsr retention plan")

    def _too_old(self, made: RetentionPlan) -> bool:
        late = self.now() - made.made_at > self.inventory.limits.plan_valid
        return late or made.inventory != self.inventory.digest

    def _retention_begun(self, digest: str) -> bool:
        return any(e.payload["plan"] == digest for e in self.journal.entries(RETENTION, "retention_begun"))

    def _approvals(self, shown: Shown) -> list[Signed]:
        """A person's, of this plan, as far as they are genuine and nothing of the guard's is open."""
        others = {shown.plan.made_by, *(s.by for s in self._signed("retention_overridden", shown.digest))}
        others = set() if self.inventory.approval == SINGLE else others
        return [
            s for s in self._signed("retention_approved", shown.digest)
            if s.purpose == _APPROVE and genuine(self.inventory, s) and s.by not in others
            and not shown.open
        ]  # fmt: skip

    def _signed(self, kind: str, digest: str) -> list[Signed]:
        made = (canonical.decode(Signed, dict(e.payload)) for e in self.journal.entries(RETENTION, kind))
        return [s for s in made if s.digest == digest]

    def _retention_plans(self) -> list[tuple[RetentionPlan, str]]:
        found = self.journal.entries(RETENTION, "retention_planned")
        return [(canonical.decode(RetentionPlan, e.payload["plan"]), str(e.payload["digest"])) for e in found]

    def _retention_shown(self, made: RetentionPlan, digest: str) -> Shown:
        findings = planning.guard(made, self.inventory)
        good = {
            s.purpose.removeprefix(f"{_OVERRIDE}:") for s in self._signed("retention_overridden", digest)
            if genuine(self.inventory, s)
        }  # fmt: skip
        return Shown(made, digest, findings, open_findings(findings, good))
