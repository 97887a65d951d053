"""Carries out an approved plan, journalling before and after each effect.

Running it again does what is left: orders with an outcome are skipped, orders begun and not
answered are asked again, which connectors allow. Systems run side by side, but for those that told
us where to look: they wait until those they led to are finished, and so are the last to forget.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from connectors.errors import ChangedError, ConnectorError
from connectors.model import Action, Locator, Order, Outcome, Status, Subject
from connectors.protocol import Connector
from orchestrator.errors import HeldError, PausedError
from orchestrator.model import Plan, Step, StepResult

HELD_BACK = "nothing is deleted there until the opt-out stands wherever the person is mailed"
_STAYS = (Action.RETAIN, Action.MANUAL)  # told again with the rest: what would take it along is refused


class EffectLog(Protocol):
    """The part of the journal that execution writes."""

    def intend(self, plan_digest: str, ref: str, order: Mapping[str, object]) -> object: ...
    def outcome(self, plan_digest: str, ref: str, result: StepResult) -> object: ...
    def intended(self, plan_digest: str) -> set[str]: ...
    def outcomes(self, plan_digest: str) -> Mapping[str, StepResult]: ...


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a system's orders were not all answered. The message holds no personal data."""

    system: str
    message: str
    changed: bool = False  # the data is not what the plan counted: a new plan is due
    waits: bool = False  # nothing was asked of it: it waits for another

    @property
    def failed(self) -> bool:
        """Whether the system itself is what has to be mended."""
        return not (self.changed or self.waits)


def execute(
    plan: Plan,
    digest: str,
    subject: Subject,
    locators: Mapping[str, Locator],
    systems: Mapping[str, Connector],
    journal: EffectLog,
    *,
    held_back: Collection[str] = (),
    progress: Callable[[str, str], None] = lambda system, what: None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> tuple[Trouble, ...]:
    """Do what the plan says and is not done yet; return what kept it from finishing.

    `locators` maps each step's ref to the address it stands for. Of systems that are `held_back` nothing is asked,
    and what waits for them goes on waiting.
    """
    answered = journal.outcomes(digest)
    shares: dict[str, list[Step]] = {}
    for step in plan.steps:
        if step.ref not in answered:
            shares.setdefault(step.system, []).append(step)
    told = {name: [s for s in plan.steps if s.system == name and (s in mine or s.action in _STAYS)]
            for name, mine in shares.items()}  # fmt: skip
    work = [_System(plan, digest, name, mine, told[name], subject, locators, systems.get(name), journal, progress, now)
            for name, mine in shares.items()]  # fmt: skip
    begun: dict[str, Future[Trouble | None]] = {}
    with ThreadPoolExecutor(max_workers=max(1, len(work))) as pool:
        for system in sorted(work, key=lambda w: -w.hop):  # whoever is waited for is under way already
            if system.name in held_back:
                begun[system.name] = pool.submit(Trouble, system.name, HELD_BACK, waits=True)
                continue
            waits_for = [begun[w.name] for w in work if w.hop > system.hop and system.led_to(w)]
            begun[system.name] = pool.submit(system.run_after, waits_for)
    return tuple(t for w in work if (t := begun[w.name].result()) is not None)


@dataclass(frozen=True, slots=True)
class _System:
    """One system's share of a plan."""

    plan: Plan
    digest: str
    name: str
    steps: Sequence[Step]  # without an outcome yet
    told: Sequence[Step]  # those, and what stays
    subject: Subject
    locators: Mapping[str, Locator]
    connector: Connector | None
    journal: EffectLog
    progress: Callable[[str, str], None]
    now: Callable[[], datetime]

    @property
    def hop(self) -> int:
        return self.steps[0].hop

    def led_to(self, other: _System) -> bool:
        """Whether an identifier that this one told us opens the other. One that is no longer connected may be."""
        if self.name not in self.plan.sources:
            return False
        told = {i.kind for i in self.subject.identifiers if i.origin.partition("/")[0] == self.name}
        return other.connector is None or bool(other.connector.capabilities.needs & told)

    def run_after(self, others: Sequence[Future[Trouble | None]]) -> Trouble | None:
        """Its share, once those it led to are finished. If one was not, it does not forget them either."""
        if any(other.result() is not None for other in others):
            return Trouble(self.name, "waits for the systems that it leads to: it is the last to forget", waits=True)
        return self.run()

    def run(self) -> Trouble | None:
        if self.connector is None:
            for step in self.steps:
                self._note(step, Outcome(self._at(step), Status.MANUAL, step.count, reason=step.note))
            return None
        begun = self.journal.intended(self.digest)
        for step in self.steps:
            if step.ref not in begun:
                self.journal.intend(self.digest, step.ref, {"action": str(step.action), "count": step.count})
        try:
            unanswered = self._answer(self.connector, begun)
        except (ConnectorError, HeldError, PausedError) as error:
            self.progress(self.name, "stopped")
            return Trouble(self.name, str(error), isinstance(error, (ChangedError, HeldError)))
        if unanswered:
            return Trouble(self.name, "; ".join(unanswered))
        return None

    def _answer(self, connector: Connector, begun: set[str]) -> list[str]:
        waiting = {self._at(step): step for step in self.steps}
        answered = {self._at(step) for step in self.told} - set(waiting)
        failed = []
        for outcome in connector.delete(self.subject, list(self._orders())):
            if outcome.at in answered:
                continue
            step = waiting.pop(outcome.at, None)
            if step is None:
                failed.append("the connector answered an order that was not given")
            elif outcome.status is Status.FAILED:
                failed.append(f"{step.collection}: {outcome.reason or 'failed'}")
            else:
                self._note(step, outcome, step.ref in begun)
        return failed + [f"{step.collection}: no answer" for step in waiting.values()]

    def _orders(self) -> Iterator[Order]:
        for step in self.told:
            yield Order(self._at(step), step.action, step.count, step.late, frozenset(step.keep))

    def _note(self, step: Step, outcome: Outcome, begun_before: bool = False) -> None:
        reason = outcome.reason
        if outcome.status is Status.ABSENT and begun_before:
            reason = reason or "done before an interruption"
        until = outcome.until or (step.until if outcome.status is Status.RETAINED else None)
        touched = step.action in (Action.DELETE, Action.REDACT, Action.CORRECT)
        count = outcome.count if touched else 0
        self.journal.outcome(
            self.digest, step.ref, StepResult(step.ref, outcome.status, count, self.now(), until, reason)
        )
        self.progress(self.name, f"{step.collection}: {outcome.status} {outcome.count}")

    def _at(self, step: Step) -> Locator:
        return self.locators[step.ref]
