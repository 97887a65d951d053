"""Where every request stands, for whoever looks after the installation: what is next, and who has to do it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestrator.journal import State
from orchestrator.model import Request
from orchestrator.pause import paused
from orchestrator.service import Service
from orchestrator.storage.agenda import Row

_OVER = (State.CANCELLED, State.DENIED, State.CLOSED)
_NEXT = {
    State.RECEIVED: "dsr request verify {0}",
    State.VERIFIED: "dsr plan {0}",
    State.PLANNED: "look at the plan and approve it: dsr plan {0} --show",
    State.APPROVED: "dsr run {0}, or dsr queue {0}",
    State.RUNNING: "dsr run {0} goes on where it stopped",
    State.EXECUTED: "dsr run {0} reads back",
    State.CONFIRMED: "dsr due --request {0}",
    State.ANSWERED: "dsr due --request {0}",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """One request."""

    request: str
    right: str
    state: State
    done: int  # steps of the latest plan with an outcome
    steps: int
    left: timedelta | None  # how long the run under way will take at the pace it has had
    next_at: datetime | None  # when a worker looks at it
    attempts: int
    stuck: str
    paused: str
    next_step: str


def status(service: Service, rows: dict[str, Row], everything: bool = False) -> tuple[Standing, ...]:
    """Requests under way, or all; what waits for a person comes first."""
    found = [_of(service, asked, state, rows.get(asked.id)) for asked, state in service.requests()
             if everything or state not in _OVER]  # fmt: skip
    return tuple(sorted(found, key=lambda s: (not s.stuck, not s.paused, s.next_at is not None, s.request)))


def _of(service: Service, asked: Request, state: State, row: Row | None) -> Standing:
    digest = service.journal.latest_plan(asked.id)
    steps = len(service.journal.plan(digest).steps) if digest else 0
    done = len(service.journal.outcomes(digest)) if digest else 0
    why = paused(service.journal, asked.id)
    stuck = row.stuck if row else ""
    waits = row is not None and not stuck and state not in _OVER
    step = _NEXT.get(state, "").format(asked.id)
    if why:
        step = f"dsr resume {asked.id}"
    elif stuck:
        step = f"mend it, then: dsr queue {asked.id}"
    elif waits:
        step = "dsr work"
    return Standing(
        asked.id, asked.right, state, done, steps, _left(service, asked.id, state, done, steps),
        row.at if row and waits else None, row.attempts if row else 0, stuck, why, step,
    )  # fmt: skip


def _left(service: Service, request: str, state: State, done: int, steps: int) -> timedelta | None:
    if state is not State.RUNNING or not done:
        return None
    *_, begun = service.journal.entries(request, "run_started")
    return (service.now() - begun.at) * (steps - done) / done
