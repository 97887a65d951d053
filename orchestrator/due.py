"""What is still owed of every request, and when: for people, and for whatever runs the command daily.

What an approval began must be finished, what a vendor accepted must be read back, what was kept under an
exception, or was found too late, must be decided anew, and steps by hand must be done.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connectors.model import Action, Status
from orchestrator.canonical import decode
from orchestrator.confirm import GONE
from orchestrator.journal import State
from orchestrator.manual import ManualWork
from orchestrator.model import Confirmation, Step, StepResult
from orchestrator.portion import WISH
from orchestrator.rechecks import next_recheck


class Owed(StrEnum):
    """What has to happen, and by which command."""

    READ_BACK = "read back"  # dsr run: a vendor has had its time, or an erased person is looked for again
    GO_ON = "go on"  # dsr run: steps are not done, or an opt-out was lost; dsr plan if the approval is void
    DECIDE_ANEW = "decide anew"  # dsr plan: an exception has ended, its review is due, or a search found more
    BY_HAND = "by hand"  # dsr manual
    HAND_OVER = "hand over"  # dsr handover: a customer organisation decides, and the person must be told so
    NOTIFY = "notify"  # dsr vendor: a vendor must be told what to delete and what to keep
    FORGET = "forget"  # dsr evidence purge: papers that verified somebody
    REVIEW = "look at"  # dsr package review: a file that no program can look through
    DELIVER = "deliver"  # dsr package deliver: a package in clear lies about
    WRITE = "write again"  # dsr letter: a letter promised another one by that day
    DESTROY = "destroy"  # dsr package destroy: a package was delivered


BY_PEOPLE = (
    Owed.BY_HAND,
    Owed.HAND_OVER,
    Owed.NOTIFY,
    Owed.FORGET,
    Owed.REVIEW,
    Owed.DELIVER,
    Owed.WRITE,
    Owed.DESTROY,
)  # no run does it


@dataclass(frozen=True, slots=True)
class Obligation:
    """One thing that falls due. `when` None: nobody has said until when, which is overdue at once."""

    request: str
    owed: Owed
    system: str
    collection: str
    when: datetime | None
    overdue: bool
    why: str


class Obligations(ManualWork):
    """The use case around what falls due."""

    def due(self, request: str = "") -> tuple[Obligation, ...]:
        """Everything owed of requests under way, what is most urgent first; of one request if given."""
        wanted = [self.request(request)] if request else [r for r, s in self.requests() if s is not State.CANCELLED]
        found = [o for asked in wanted for o in self.owed_of(asked.id)]
        return tuple(sorted(found, key=lambda o: (not o.overdue, o.when is not None, o.when, o.request)))

    def hold_released(self, request: str) -> bool:
        """Whether the latest plan keeps something under a hold, and a hold was released since it was made."""
        *_, planned = (None, *self.journal.entries(request, "planned"))
        if planned is None or not any(s["rule"] == "hold" for s in planned.payload["plan"]["steps"]):
            return False
        return any(e.seq > planned.seq for e in self.journal.entries(kind="hold_released"))

    def owed_of(self, request: str) -> Iterator[Obligation]:
        for task in self.manual_steps(request):
            if not task.settled:
                why = f"{task.owner}: {task.note}"
                yield Obligation(request, Owed.BY_HAND, task.system, task.collection, task.due, task.overdue, why)
        digest = self.journal.latest_plan(request)
        if digest is None:
            return
        plan = self.journal.plan(digest)
        void = plan.made_at + self.inventory.limits.plan_valid
        if plan.right.reaches_data and not self.journal.approvals(digest):
            if any(self.journal.entries(request, "confirmed")):  # proposed after a run: nobody else is reminded of it
                why = "a new plan was made after the last run, and waits for an approval"
                yield Obligation(request, Owed.GO_ON, "*", "*", void, void <= self.now(), why)
            return
        confirmation = self.journal.confirmation(digest)
        seen = {r.ref: r for r in confirmation.results} if confirmation else {}
        outcomes = self.journal.outcomes(digest)
        results = {ref: seen.get(ref, result) for ref, result in outcomes.items()}  # without one it was not done yet
        released = self.hold_released(request)
        for step in plan.steps:
            result = results.get(step.ref)
            if (owed := _owed(step, result)) is None:
                continue
            when = _when(step, result) if result else void
            late = when is None or when <= self.now() or (step.rule == "hold" and released)
            why = (result.reason if result else "not done yet") or step.basis or "a search still finds it"
            yield Obligation(request, owed, step.system, step.collection, when, late, why)
        if confirmation:
            yield from _seen(request, confirmation)
        if again := self.recheck_due(request):
            why = "the person was erased, and may have been entered anew since"
            yield Obligation(request, Owed.READ_BACK, "*", "*", again, again <= self.now(), why)

    def recheck_due(self, request: str) -> datetime | None:
        """When an erased person is to be looked for again; None after the last time, and of a replay, which is one."""
        digest, over = self.journal.latest_plan(request), (State.CLOSED, State.CANCELLED, State.DENIED)
        if digest is None or self.request(request).replays or self.journal.state(request) in over:
            return None
        told = (e.payload for e in self.journal.entries(request, "confirmed"))
        read = [decode(Confirmation, p["confirmation"]) for p in told if p["plan"] == digest]
        return next_recheck(self.journal.plan(digest), read)


def _owed(step: Step, result: StepResult | None) -> Owed | None:
    if result is None:
        return Owed.GO_ON if step.action in (Action.DELETE, Action.REDACT, Action.CORRECT) else None
    if step.attribute and step.action is Action.RETAIN and step.rule != "hold":
        return None  # not corrected, for the reason that the receipt gives
    kept = step.keep and step.rule != WISH and result.status in GONE  # redacted, but for what a rule keeps
    if result.confirmed is False or kept:
        return Owed.DECIDE_ANEW
    if result.confirmed or (step.rule == WISH and result.status is Status.RETAINED):
        return None
    return {Status.ACCEPTED: Owed.READ_BACK, Status.RETAINED: Owed.DECIDE_ANEW}.get(result.status)


def _when(step: Step, result: StepResult) -> datetime | None:
    """When it falls due; None: at once, or nobody has said."""
    return None if result.confirmed is False else result.until or step.until


def _seen(request: str, confirmation: Confirmation) -> Iterator[Obligation]:
    """What the last reading found that no step is about."""
    for system, collection, count in confirmation.late:
        why = f"{count} records that the plan does not know" if count else "a place that no search reaches"
        yield Obligation(request, Owed.DECIDE_ANEW, system, collection, None, True, why)
    for system, kept in confirmation.opt_outs:
        if not kept:
            yield Obligation(request, Owed.GO_ON, system, "*", None, True, "the opt-out was lost")
