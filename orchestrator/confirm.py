"""Proves by reading again: the fresh search is decided like the first, and whatever it would still
delete or redact is what is left. Pure; the caller does the searching."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from connectors.model import Action, ObstacleKind, Status
from orchestrator.decide import HAND_OVER
from orchestrator.model import Confirmation, Coverage, Plan, Searched, Step, StepResult

GONE = (Status.DONE, Status.ABSENT)


def confirm(
    plan: Plan,
    outcomes: Mapping[str, StepResult],
    fresh: Plan,
    verifiable: Mapping[str, bool],
    at: datetime,
    unsearchable: Collection[str] = (),
) -> Confirmation:
    """Compare what was done with what a fresh plan would still do.

    `verifiable`: system -> whether its search can prove absence. A step of a system that could not
    be searched again stays unconfirmed. Rows in places the plan did not know are `late`.
    `unsearchable`: systems that name again whatever may be asked of them; that proves nothing about
    what was asked already.
    """
    left = Counter[tuple[str, str, Action]]()
    for step in fresh.steps:
        if step.system in unsearchable and step.ref in outcomes:
            continue
        left[(step.system, step.collection, step.action)] += _still_there(step)
    by_ref = Counter({step.ref: step.count for step in fresh.steps})
    reached = {s.system for s in fresh.coverage if s.coverage is Coverage.SEARCHED or _unseen(s, unsearchable)}
    # A system is also read when nothing opens it any more: the identifiers are the request's own.
    results = []
    for step in plan.steps:
        done = outcomes.get(step.ref)
        if done is None:
            results.append(StepResult(step.ref, Status.FAILED, reason="no outcome", confirmed=False))
        elif _may_be_gone(step, done, at):
            readable = step.system in reached and verifiable.get(step.system, False)
            results.append(_by_reading(step, done, by_ref[step.ref], at) if readable else done)
        elif done.status in (*GONE, Status.ACCEPTED):
            results.append(_judge(step, done, left, step.system in reached, verifiable.get(step.system, False)))
        else:
            results.append(done)
    known = {(s.system, s.collection) for s in plan.steps if s.action in (Action.DELETE, Action.REDACT)}
    late = Counter[tuple[str, str]]()
    for (system, collection, action), count in left.items():
        if action in (Action.DELETE, Action.REDACT) and (system, collection) not in known:
            late[(system, collection)] += count
    return Confirmation(at, tuple(results), fresh.coverage, tuple((*k, n) for k, n in sorted(late.items()) if n))


def _may_be_gone(step: Step, done: StepResult, at: datetime) -> bool:
    """Whether a search can show that people, or a vendor's own time, have done it by now.

    It cannot where nothing was counted, where the organisation decides, and where the rows may
    rightly stay because they are not surely the person's.
    """
    if not step.count or step.rule == HAND_OVER or any(o.kind is ObstacleKind.CLAIMED for o in step.obstacles):
        return False
    lapsed = done.status is Status.RETAINED and done.until is not None and done.until <= at
    return lapsed or done.status is Status.MANUAL


def _by_reading(step: Step, done: StepResult, left: int, at: datetime) -> StepResult:
    """What was not ours to do: a search shows whether it is gone, and what is still there is no failure of ours.

    Of a place that it cannot look into, a search shows nothing by finding it.
    """
    if left and any(o.opaque for o in step.obstacles):
        return done
    return replace(done, confirmed=None if left else True, left=left, at=at)


def _unseen(search: Searched, unsearchable: Collection[str]) -> bool:
    return search.coverage is Coverage.NOT_SEARCHABLE and search.system in unsearchable


def _still_there(step: Step) -> int:
    if step.action is Action.REDACT:
        return step.count if set(step.fields) - set(step.keep) or not step.fields else 0
    return step.count


def _judge(
    step: Step, done: StepResult, left: Mapping[tuple[str, str, Action], int], reached: bool, verifiable: bool
) -> StepResult:
    if not reached:
        return replace(done, confirmed=None, reason=done.reason or "could not be read again")
    still = left.get((step.system, step.collection, Action.DELETE), 0)
    still += left.get((step.system, step.collection, Action.REDACT), 0)
    if still:
        # An accepted order may still be under way; a done one that is still there was not done.
        return replace(done, confirmed=None if done.status is Status.ACCEPTED else False, left=still)
    return replace(done, confirmed=True if verifiable else None, left=0)
