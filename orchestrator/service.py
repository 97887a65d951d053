"""The use cases: what a command line, a console or a scheduler may ask for, and nothing else.

For every caller it checks who acts, the verification, the guard, the second pair of eyes, holds, a plan's age.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from connectors.model import Identifier, Subject
from connectors.protocol import Connector
from orchestrator import canonical, fulfil, honour, minors, replay
from orchestrator.anchor import Anchors
from orchestrator.answers import Answers
from orchestrator.backups import Backups
from orchestrator.correction import planning
from orchestrator.correction.decide import Decided
from orchestrator.correspondence import Letters
from orchestrator.dealings import Dealings
from orchestrator.decide import CODE, Given, decide
from orchestrator.delivery import Delivery
from orchestrator.discover import discover
from orchestrator.errors import NotAllowedError, UnknownError, UnsafePlanError
from orchestrator.guard import guard, open_findings
from orchestrator.issue import Fulfilled
from orchestrator.ledger import Scope, erasures, scope_of, unknown
from orchestrator.model import Discovery, Finding, Plan, Right, Severity, Signed
from orchestrator.opt_outs import OptOuts
from orchestrator.package import Package
from orchestrator.records import Records
from orchestrator.replay import Replayed
from orchestrator.retention import Retentions, expiry
from orchestrator.rotation import Rotation
from orchestrator.staff import SINGLE, genuine
from orchestrator.still_open import among, left_alone
from orchestrator.systems import Systems
from orchestrator.telemetry import traced
from orchestrator.turns import Turns

Progress = Callable[[str, str], None]
_NEVER: Mapping[str, datetime] = MappingProxyType({})


def _silent(system: str, what: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with its digest and what the guard says of it."""

    plan: Plan
    digest: str
    findings: tuple[Finding, ...]
    open: tuple[Finding, ...]


class Service(
    Dealings, Letters, OptOuts, Answers, Turns, Anchors, Records, Backups, Delivery, Retentions, Systems, Rotation
):
    """All use cases of one workspace, done by one actor."""

    # Plans

    @traced
    def plan(self, request: str, progress: Progress = _silent) -> Planned:
        """Discover, decide and guard. The plan is frozen under its digest; an earlier one is replaced."""
        self.actor.require("plan")
        verification = self.verification(request)
        self.not_ended(request)
        right = self.request(request).right
        if not right.reaches_data:
            with self.journal.lease(request):
                honour.plan(self, request)
            return self.show_plan(request)
        if right is Right.CORRECT:
            return self._planned(*planning.plan(self, request, self.acted_on(request, verification), progress))
        with self.journal.lease(request):
            left = self.capsuled(request)  # of an answered request
            given = left.subject.identifiers if left else self.identifiers(request, verification)
            start = {*given, *self.acted_on(request, verification)}
            found = self.discover(request, start, progress, only=left.systems if left else None)
            plan = self.decided(found, request, self.journal.latest_plan(request) or "", self.erased(request))
            digest = canonical.digest(plan)
            vault, ref = self.workspace.vault.open(request), self.ref_of(request)
            locators = {ref(record.at): canonical.plain(record.at) for _, record in found.records}
            known = {"subject": canonical.plain(found.subject), "claimed": canonical.plain(Subject(found.claimed))}
            vault.put_json(f"plan:{digest}", {**known, "locators": locators})
            self.journal.save_plan(plan)
        return self._planned(plan, digest)

    def show_plan(self, request: str) -> Planned:
        """The latest plan of a request."""
        self.request(request)
        digest = self.journal.latest_plan(request)
        if digest is None:
            raise UnknownError(f"{request} has no plan yet: dsr plan {request}")
        return self._planned(self.journal.plan(digest), digest)

    def discover(
        self, request: str, identifiers: Iterable[Identifier], progress: Progress = _silent, *, erasing: bool = True,
        systems: Mapping[str, Connector] | None = None, only: Collection[str] | None = None,
    ) -> Discovery:  # fmt: skip
        """Search every system that the request is about. Reads only. `erasing`: see `orchestrator.discover`."""
        systems = systems or self.told_systems(request)
        found = self.search(self.scope(request), identifiers, progress, erasing=erasing, systems=systems, only=only)
        found = self.by_machine(request, found)
        return replace(found, conflicts=(*found.conflicts, *minors.doubts(self, request)))

    def search(
        self, scope: Scope | None, identifiers: Iterable[Identifier], progress: Progress = _silent, *,
        erasing: bool = True, systems: Mapping[str, Connector] | None = None, only: Collection[str] | None = None,
    ) -> Discovery:  # fmt: skip
        """Search every system for the person; of a replay those restored, and what the erasure did not know.

        `systems`: their connectors, where the caller has further use for them. `only`: those with something open.
        """
        workspace = self.workspace
        every = systems or workspace.reached(self.now(), scope.existed if scope else None)
        by_hand = {} if scope else workspace.not_connected()
        found = discover(
            identifiers, among(every, only), not_connected=among(by_hand, only), authorities=workspace.authorities(),
            normalise=self.inventory.normalise, now=self.now, progress=progress, erasing=erasing,
        )  # fmt: skip
        found = replace(found, coverage=(*found.coverage, *left_alone([*every, *by_hand], only, found.at)))
        return replace(found, conflicts=(*found.conflicts, *unknown(found.subject, scope))) if scope else found

    def scope(self, request: str) -> Scope | None:
        """What a request that runs an erasure again may reach; None of any other request."""
        told = next(self.journal.entries(request, "replaying"), None)
        if told is None:
            return None
        live = [e for e in erasures(self.journal) if not e.expired(self.now())]
        first, systems, unserved = (told.payload[name] for name in ("first", "systems", "unserved"))
        return scope_of(self.workspace, first, systems, frozenset(unserved), live)

    def erased(self, request: str) -> Mapping[str, datetime]:
        """Where the request was carried out before: system -> up to when what was there is gone."""
        return {e.system: e.existed for e in erasures(self.journal, request)}

    def decided(
        self, found: Discovery, request: str, replaces: str = "", erased: Mapping[str, datetime] = _NEVER
    ) -> Plan:
        """What is to be done about a discovery, under the holds of this moment.

        `erased`: where the request was carried out before. What is surely younger came since.
        """
        scope, asked, organisation = self.scope(request), self.request(request), self.instructs(request)
        given = Given(
            request, asked.right, self.actor.id, self.verification(request), self.journal.holds(),
            self.tags(found) | self.remembered_tags(request), self.ref_of(request), asked.received,
            frozenset() if organisation else self.workspace.mailing, replaces,
            self.workspace.hashes(request, found.subject), scope.existed if scope else erased,
            scope.unserved if scope else frozenset(erased), asked.only, self.workspace.redacting, organisation,
            frozenset(self.systems(request)) if organisation else frozenset(), self.closed(asked),
            self.workspace.unexported,
        )  # fmt: skip
        return decide(found, self.inventory, given)

    def decided_correction(self, request: str, found: Discovery, progress: Progress = _silent) -> Decided:
        """What is to be put right of a discovery, by what stands in the systems now."""
        return planning.decided(self, request, found, progress)

    def override(self, request: str, code: str, reason: str) -> Planned:
        """Set one overridable finding aside, with a reason, signed over the plan's digest."""
        self.actor.require("override")
        planned = self.show_plan(request)
        found = [f for f in planned.findings if f.code == code]
        if not found:
            codes = ", ".join(sorted({f.code for f in planned.findings})) or "none"
            raise UnknownError(f"the guard has no finding {code!r} on this plan; it has {codes}")
        if any(f.severity is Severity.FINAL for f in found):
            raise NotAllowedError(f"{code} cannot be overridden: {found[0].message}")
        if not reason.strip():
            raise NotAllowedError("an override needs a reason")
        self._four_eyes({s.by for s in self.journal.approvals(planned.digest)}, "approved the plan")
        decision = self.actor.sign(f"override:{code}", planned.digest, self.now(), reason)
        self.journal.append(request, "overridden", self.actor.id, canonical.plain(decision))
        return self.show_plan(request)

    def approve(self, request: str, digest: str) -> Signed:
        """Approve exactly this plan, as someone other than the one who made it."""
        self.actor.require("approve")
        planned = self.executable(request)
        if digest != planned.digest:
            raise NotAllowedError(f"the current plan of {request} is {planned.digest}; look at it and approve that")
        self._four_eyes({planned.plan.made_by}, "made the plan")
        self._four_eyes({s.by for s in self.journal.overrides(digest)}, "overrode the guard")
        decision = self.actor.sign("approve", digest, self.now())
        self.journal.append(request, "approved", self.actor.id, canonical.plain(decision))
        return decision

    def executable(self, request: str) -> Planned:
        """The latest plan, if nothing but an approval is missing. Errors say what stands in the way."""
        verification = self.verification(request)
        self.not_ended(request)
        self.in_turn(request)
        planned = self.show_plan(request)
        self.same_corrections(planned.plan)
        if not set(planned.plan.verification.proves) <= set(verification.proves):
            raise NotAllowedError(f"the verification changed since the plan was made: dsr plan {request}")
        if planned.open:
            raise UnsafePlanError(
                "the guard stops this plan:\n" + "\n".join(f"  {f.code}: {f.message}" for f in planned.open)
            )
        if planned.plan.inventory != self.inventory.digest or planned.plan.code != CODE:
            raise NotAllowedError(f"the inventory or the program changed since the plan was made: dsr plan {request}")
        if self.now() - planned.plan.made_at > self.inventory.limits.plan_valid:
            raise NotAllowedError(f"the plan is too old to be acted on: dsr plan {request}")
        return planned

    def carried_out(self, request: str) -> Planned | None:
        """The latest plan, if every step of it has its outcome: then it is only read back, at any age."""
        self.verification(request)
        self.not_ended(request)
        planned = self.show_plan(request)
        done = {s.ref for s in planned.plan.steps} <= set(self.journal.outcomes(planned.digest))
        return planned if done and planned.plan.steps else None

    def approval(self, planned: Planned, *, at_any_age: bool = False) -> Signed:
        """The approval in force. NotAllowedError if there is none, or it is void."""
        others = {planned.plan.made_by, *(s.by for s in self.journal.overrides(planned.digest))}
        for decision in reversed(self.journal.approvals(planned.digest)):
            fresh = at_any_age or self.now() - decision.at <= self.inventory.limits.plan_valid
            two = self.inventory.approval == SINGLE or decision.by not in others
            given = decision.purpose == "approve" and genuine(self.inventory, decision)
            good = given or expiry.holds_good(self, planned, decision, at_any_age=at_any_age)
            if fresh and two and decision.digest == planned.digest and good:
                return decision
        request = planned.plan.request
        raise NotAllowedError(f"the plan has no valid approval: dsr approve {request} {planned.digest}")

    # Acting

    @traced
    def run(self, request: str, progress: Progress = _silent) -> Fulfilled:
        """Carry out the approved plan, read back, sign a receipt. Running again does what is left."""
        self.actor.require("run")
        if not self.request(request).right.reaches_data:
            return honour.run(self, request)
        return fulfil.run(self, request, progress)

    @traced
    def export(
        self, request: str, to: Path, progress: Progress = _silent, wish: fulfil.Wish = fulfil.Wish()  # noqa: B008 (frozen)
    ) -> Package:  # fmt: skip
        """Write what may be disclosed into a new folder or ZIP file. Needs the verification that access needs."""
        self.actor.require("export")
        self.strong_enough(self.verification(request), Right.ACCESS)
        return fulfil.write_package(self, request, to, progress, wish)

    # After a restore

    def restored(self, system: str, copy: datetime) -> replay.Mark:
        """Mark a system as restored from a copy made then: it is not to be served before its replay receipt."""
        self.actor.require("run")
        return replay.start(self, system, copy)

    def replay(self, since: datetime | None, system: str = "", progress: Progress = _silent) -> tuple[Replayed, ...]:
        """Find whom was erased since then in restored systems again, and plan their erasure.

        `since`: when the restored copy was made; by default what `restored` was told. Without a `system`:
        those marked, or all that can list whom they hold. Run it again until nobody is left: then it signs.
        """
        self.actor.require("verify")
        self.actor.require("plan")
        return replay.replay(self, since, system, progress)

    # Without a request

    def scan(self, progress: Progress = _silent) -> minors.Scanned:
        """Look for data of children under 13; a request and a plan for each. Safe to repeat."""
        self.actor.require("verify")
        self.actor.require("plan")
        return minors.scan(self, progress)

    # What the above have in common

    def _planned(self, plan: Plan, digest: str) -> Planned:
        findings = guard(plan, self.inventory)
        good = {
            s.purpose.removeprefix("override:")
            for s in self.journal.overrides(digest)
            if genuine(self.inventory, s)
        }  # fmt: skip
        return Planned(plan, digest, findings, open_findings(findings, good))

    def _four_eyes(self, others: set[str], did: str) -> None:
        if self.inventory.approval != SINGLE and self.actor.id in others:
            raise NotAllowedError(f"{self.actor.id} {did}: another person must do this")
