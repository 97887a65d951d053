"""Proves a correction by reading again: the fresh plan says what is still wrong. Pure.

That the old value is gone proves nothing by itself: the right one has to stand there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from connectors.model import Action, Locator, Status
from orchestrator.correction.decide import FIXED, Decided
from orchestrator.model import IN_PLACE, Confirmation, Coverage, Plan, Step, StepResult

_ELSEWHERE = "the record is not found any more"
_LOST = "the right value does not stand there"
_UNREAD = "could not be read again"


def confirm(
    plan: Plan, outcomes: Mapping[str, StepResult], fresh: Decided, found: Collection[Locator],
    emptied: Collection[str], places: Mapping[str, Locator], at: datetime,
) -> Confirmation:  # fmt: skip
    """`found`: records that were found again; `places`: the record of each step; `emptied`: attributes that
    were deleted instead of corrected."""
    again = {s.ref: s for s in fresh.plan.steps}
    read = {row.system for row in fresh.plan.coverage if row.coverage is Coverage.SEARCHED}
    results = []
    for step in plan.steps:
        done = outcomes.get(step.ref)
        if done is None:
            results.append(StepResult(step.ref, Status.FAILED, reason="no outcome", confirmed=False))
        elif not _readable(step, done):
            results.append(done)
        elif step.system not in read:
            results.append(replace(done, confirmed=None, reason=done.reason or _UNREAD))
        else:
            there = places.get(step.ref) in found
            results.append(_judge(step, done, again.get(step.ref), there, step.attribute in emptied, at))
    known = {s.ref for s in plan.steps}
    late: dict[tuple[str, str], int] = {}
    for step in fresh.plan.steps:
        if step.action is Action.CORRECT and step.ref not in known:
            late[step.system, step.collection] = late.get((step.system, step.collection), 0) + step.count
    return Confirmation(
        at, tuple(results), fresh.plan.coverage, tuple((*place, n) for place, n in sorted(late.items()))
    )


def _readable(step: Step, done: StepResult) -> bool:
    """Whether reading tells how the step stands: of what no connector corrects, only people can tell."""
    if step.action is Action.CORRECT:
        return True
    return step.rule == FIXED and done.status is Status.MANUAL


def _judge(
    step: Step, done: StepResult, fresh: Step | None, there: bool, emptied: bool, at: datetime
) -> StepResult:  # fmt: skip
    if fresh is None and not there:
        return replace(done, confirmed=None, reason=_ELSEWHERE)
    by_hand = step.action is Action.MANUAL
    if fresh is None:
        if by_hand or emptied:
            return replace(done, confirmed=True, left=0, at=at if by_hand else done.at)
        return _wrong(done, step.count, _LOST)
    if fresh.rule == IN_PLACE:
        return replace(done, confirmed=True, left=0, at=at if by_hand else done.at)
    if by_hand:
        return replace(done, confirmed=None, left=fresh.count, at=at)
    return _wrong(done, fresh.count, "")


def _wrong(done: StepResult, left: int, reason: str) -> StepResult:
    """An accepted correction may still be under way; a done one that does not stand was not done."""
    if done.status is Status.ACCEPTED:
        return replace(done, confirmed=None, left=left)
    return replace(done, confirmed=False, left=left, reason=done.reason or reason)
