"""What is still owed of every request, and when: for people, and for whatever runs the command daily.

Three things fall due: what a vendor accepted must be read back, what was kept under an exception
must be decided anew when the exception ends, and steps by hand must be done.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connectors.model import Status
from orchestrator.journal import State
from orchestrator.manual import ManualWork
from orchestrator.model import StepResult


class Owed(StrEnum):
    """What has to happen, and by which command."""

    READ_BACK = "read back"  # dsr run: a vendor has had its time
    DECIDE_ANEW = "decide anew"  # dsr plan: an exception has ended, or its review is due
    BY_HAND = "by hand"  # dsr manual


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
        found = [o for asked in wanted for o in self._owed(asked.id)]
        return tuple(sorted(found, key=lambda o: (not o.overdue, o.when is not None, o.when, o.request)))

    def _owed(self, request: str) -> Iterator[Obligation]:
        for task in self.manual_steps(request):
            if not task.settled:
                why = f"{task.owner}: {task.note}"
                yield Obligation(request, Owed.BY_HAND, task.system, task.collection, task.due, task.overdue, why)
        digest = self.journal.latest_plan(request)
        if digest is None or not self.journal.approvals(digest):
            return
        plan = self.journal.plan(digest)
        confirmation = self.journal.confirmation(digest)
        seen = {r.ref: r for r in confirmation.results} if confirmation else {}
        results = {**self.journal.outcomes(digest), **seen}
        for step in plan.steps:
            result = results.get(step.ref)
            if result is None or (owed := _owed(result)) is None:
                continue
            when = result.until or step.until
            late = when is None or when <= self.now()
            why = result.reason or step.basis
            yield Obligation(request, owed, step.system, step.collection, when, late, why)


def _owed(result: StepResult) -> Owed | None:
    if result.confirmed:
        return None
    return {Status.ACCEPTED: Owed.READ_BACK, Status.RETAINED: Owed.DECIDE_ANEW}.get(result.status)
