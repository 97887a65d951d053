"""Proves by reading again: the fresh search is decided like the first, and whatever it would still
delete or redact is what is left. Found where a step was done, it is left as well if by now it would be
kept or done by hand. Pure; the caller does the searching."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from connectors.model import Action, Locator, ObstacleKind, Status
from orchestrator.decide import HAND_OVER
from orchestrator.model import Confirmation, Coverage, Plan, Searched, Step, StepResult
from orchestrator.sparing import overlap

GONE = (Status.DONE, Status.ABSENT)
_CHANGES = (Action.DELETE, Action.REDACT)


def confirm(
    plan: Plan,
    outcomes: Mapping[str, StepResult],
    fresh: Plan,
    verifiable: Mapping[str, bool],
    at: datetime,
    unsearchable: Collection[str] = (),
    places: Mapping[str, Locator] = MappingProxyType({}),
    waiting: Collection[str] = (),
) -> Confirmation:
    """Compare what was done with what a fresh plan would still do.

    `verifiable`: system -> whether its search can prove absence. A step of a system that could not
    be searched again stays unconfirmed. Rows in places the plan did not know are `late`.
    `unsearchable`: systems that name again whatever may be asked of them; that proves nothing about
    what was asked already. `places`: what references of both plans stand for; with it the same rows
    are known again when a rule's cut-off has moved on. `waiting`: references of steps that were not
    begun, and have no result.
    """
    again = [s for s in fresh.steps if s.system not in unsearchable or s.ref not in outcomes]
    left = Counter[tuple[str, str, Action]]()
    for step in again:
        left[(step.system, step.collection, step.action)] += _still_there(step)
    reached = {s.system for s in fresh.coverage if s.coverage is Coverage.SEARCHED or _unseen(s, unsearchable)}
    # A system is also read when nothing opens it any more: the identifiers are the request's own.
    results = []
    for step in plan.steps:
        done = outcomes.get(step.ref)
        if done is None and step.ref in waiting:
            continue
        if done is None:
            results.append(StepResult(step.ref, Status.FAILED, reason="no outcome", confirmed=False))
        elif _may_be_gone(step, done, at):
            readable = step.system in reached and verifiable.get(step.system, False)
            found = sum(s.count for s in fresh.steps if _same(step, s, places))
            results.append(_by_reading(step, done, found, at) if readable else done)
        elif done.status in (*GONE, Status.ACCEPTED):
            still = sum(left[(step.system, step.collection, action)] for action in _CHANGES)
            still += sum(s.count for s in again if _kept_since(step, s) and _same(step, s, places))
            results.append(_judge(done, still, step.system in reached, verifiable.get(step.system, False)))
        else:
            results.append(done)
    return Confirmation(at, tuple(results), fresh.coverage, _late(plan, again, places))


def _late(plan: Plan, again: Sequence[Step], places: Mapping[str, Locator]) -> tuple[tuple[str, str, int], ...]:
    """(system, collection, count) of what somebody has to do, and the plan tells nobody.

    What a rule keeps asks nothing of anybody, as an opt-out that was entered in this run. A step by hand
    that counts nothing is a place that no search reaches: what was not found there is not gone.
    """
    changed = {(s.system, s.collection) for s in plan.steps if s.action in _CHANGES}
    by_hand = {(s.system, s.collection) for s in plan.steps if s.action is Action.MANUAL}
    listed = {(s.system, s.collection) for s in plan.steps}
    late: dict[tuple[str, str], int] = {}
    for step in again:
        known = changed if step.action in _CHANGES else by_hand if step.action is Action.MANUAL else listed
        if step.action not in _CHANGES and any(_same(planned, step, places) for planned in plan.steps):
            continue  # its own step says how it stands
        kept = step.action is Action.RETAIN and step.rule not in ("hold", "vendor", "access")
        unreached = step.action is Action.MANUAL and any(o.kind is ObstacleKind.BY_HAND for o in step.obstacles)
        place = (step.system, step.collection)
        if not kept and place not in known and (unreached or _still_there(step)):
            late[place] = late.get(place, 0) + _still_there(step)
    return tuple((*place, n) for place, n in sorted(late.items()))


def _same(step: Step, found: Step, places: Mapping[str, Locator]) -> bool:
    """Whether both are about the same rows. A moved cut-off gives the same rows another reference."""
    if step.ref == found.ref:
        return True
    one, other = places.get(step.ref), places.get(found.ref)
    if one is None or other is None:
        return False
    return (one.system, one.collection, one.key) == (other.system, other.collection, other.key) and overlap(one, other)


def _kept_since(step: Step, found: Step) -> bool:
    """Whether what is found again would by now be kept, or left to people, with the person in it."""
    emptied = step.action is Action.REDACT and step.fields and not set(found.fields) - set(step.keep)
    return found.action not in _CHANGES and not emptied


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


def _judge(done: StepResult, still: int, reached: bool, verifiable: bool) -> StepResult:
    if not reached:
        return replace(done, confirmed=None, reason=done.reason or "could not be read again")
    if still:
        # An accepted order may still be under way; a done one that is still there was not done.
        return replace(done, confirmed=None if done.status is Status.ACCEPTED else False, left=still)
    return replace(done, confirmed=True if verifiable else None, left=0)
