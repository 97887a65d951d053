"""Where each step and system stands, and what that makes of the whole: pure, and strict.

Nothing counts as gone unless a fresh search did not find it, or the system cannot prove it and
the receipt says so. What is unknown is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connectors.model import Action, Status
from orchestrator.disclosures import NOT_CLEARLY, UNSURE, left_out
from orchestrator.model import IN_PLACE, LATER, Coverage, Right, Searched, Step, StepResult
from orchestrator.portion import WISH
from orchestrator.receipt.case import Case

_CHANGES = (Action.DELETE, Action.REDACT, Action.CORRECT)


class Fulfilment(StrEnum):
    """The request in one word."""

    COMPLETE = "complete"
    COMPLETE_WITH_RETENTION = "complete_with_retention"
    ACCEPTED_PENDING = "accepted_pending"  # vendors have accepted, or the fresh search is still due
    OPEN = "open"  # something is by hand, failed, still there or out of reach
    NOTHING_FOUND = "nothing_found"  # and every system was searched to its end
    NOTHING_FOUND_IN_SEARCHED = "nothing_found_in_searched"

    @property
    def final(self) -> bool:
        return self not in (Fulfilment.OPEN, Fulfilment.ACCEPTED_PENDING)


class Standing(StrEnum):
    """Where one step stands."""

    GONE = "gone"  # a fresh search did not find it any more
    NOT_PROVABLE = "not_provable"  # done or accepted, and the system cannot show that it is gone
    RETAINED = "retained"
    ATTESTED = "attested, not verified"  # done by hand, on a staff member's word
    LEFT = "left"  # the person asked for other portions only
    HONOURED = "honoured"  # stands in our own list, or stands there no more, as was asked; read back
    CORRECTED = "corrected"  # a fresh reading shows the right value
    IN_PLACE = "in_place"  # the right value stood there already
    UNCORRECTED = "uncorrected"  # left as it is, for the reason given
    DISCLOSED = "disclosed"
    UNCONFIRMED = "unconfirmed"  # done, and not searched again yet
    ACCEPTED = "accepted"  # the vendor does it later
    STILL_THERE = "still_there"
    NO_END = "no_end"  # kept, and nobody said until when
    BY_HAND = "by_hand"
    FAILED = "failed"
    NOT_ATTEMPTED = "not_attempted"

    @property
    def pending(self) -> bool:
        return self in (Standing.UNCONFIRMED, Standing.ACCEPTED)

    @property
    def open(self) -> bool:
        return self in (
            Standing.STILL_THERE,
            Standing.NO_END,
            Standing.BY_HAND,
            Standing.FAILED,
            Standing.NOT_ATTEMPTED,
        )


@dataclass(frozen=True, slots=True)
class Settled:
    """One step with its result and where that leaves it."""

    step: Step
    result: StepResult | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class Reach:
    """One system's search, before and after."""

    searched: Searched
    again: Searched | None
    settled: bool

    @property
    def to_its_end(self) -> bool:
        return self.searched.coverage is Coverage.SEARCHED or self.searched_later

    @property
    def searched_later(self) -> bool:
        return self.again is not None and self.again.coverage is Coverage.SEARCHED


def steps(case: Case) -> tuple[Settled, ...]:
    """Every step of the plan, in its order."""
    results = {r.ref: r for r in case.results}
    if case.confirmation:
        results |= {r.ref: r for r in case.confirmation.results}
    by_hand = {a.ref for a in case.attested}
    return tuple(
        Settled(step, results.get(step.ref), _standing(step, results.get(step.ref), step.ref in by_hand, case))
        for step in case.plan.steps
    )


def reaches(case: Case, settled: Sequence[Settled]) -> tuple[Reach, ...]:
    """Every system's search. One that is searched by hand is settled by a person's word."""
    again = {s.system: s for s in case.confirmation.coverage} if case.confirmation else {}
    rows = []
    for searched in case.plan.coverage:
        mine = [s for s in settled if s.step.system == searched.system]
        attested = bool(mine) and all(s.standing in (Standing.ATTESTED, Standing.LEFT) for s in mine)
        reach = Reach(searched, again.get(searched.system), False)
        done = {
            Coverage.SEARCHED: True,
            Coverage.NOT_SEARCHABLE: True,
            Coverage.UNREACHABLE: reach.searched_later,
            Coverage.MANUAL_OPEN: attested,
        }[searched.coverage]
        rows.append(Reach(searched, reach.again, done))
    return tuple(rows)


def fulfilment(case: Case, settled: Sequence[Settled], reached: Sequence[Reach]) -> Fulfilment:
    """What steps and searches together amount to."""
    late = case.confirmation.late if case.confirmation else ()
    unapproved = any(_touched(s) for s in settled) and not case.approvals
    lost = case.confirmation is not None and not all(kept for _, kept in case.confirmation.opt_outs)
    if late or unapproved or lost or any(c.final for c in case.plan.conflicts):
        return Fulfilment.OPEN
    if not any(s.step.count or s.standing.pending or _failed(s) for s in settled):
        # A step that counts nothing is about a place that no search reaches.
        everywhere = bool(reached) and all(r.to_its_end for r in reached)
        everywhere = everywhere and all(s.standing is Standing.GONE for s in settled)
        return Fulfilment.NOTHING_FOUND if everywhere else Fulfilment.NOTHING_FOUND_IN_SEARCHED
    if any(s.standing.open for s in settled):
        return Fulfilment.OPEN
    if not all(r.settled for r in reached):
        return Fulfilment.OPEN
    if any(s.standing.pending for s in settled):
        return Fulfilment.ACCEPTED_PENDING
    if any(keeps(s) for s in settled):
        return Fulfilment.COMPLETE_WITH_RETENTION
    return Fulfilment.COMPLETE


def is_final(ending: Fulfilment, settled: Sequence[Settled], reached: Sequence[Reach]) -> bool:
    """Whether nothing more can follow: every step and every system is settled."""
    return ending.final and all(r.settled for r in reached) and not any(s.standing.open for s in settled)


def keeps(settled: Settled) -> bool:
    """Whether something stays under an exception, wholly or in some fields."""
    step = settled.step
    redacted = step.action is Action.REDACT and bool(step.keep) and step.rule != WISH
    return settled.standing in (Standing.RETAINED, Standing.NO_END) or redacted


def mismatch(settled: Settled) -> bool:
    """Whether planned, attempted and confirmed counts differ, for whatever reason."""
    step, result = settled.step, settled.result
    if step.action not in _CHANGES or result is None:
        return False
    return result.attempted != step.count or bool(result.left)


def _touched(settled: Settled) -> bool:
    return settled.step.action in _CHANGES and settled.result is not None


def _failed(settled: Settled) -> bool:
    return settled.standing.open and settled.standing is not Standing.BY_HAND


def _standing(step: Step, result: StepResult | None, attested: bool, case: Case) -> Standing:
    if case.plan.right is Right.ACCESS:
        return Standing.ATTESTED if attested else _disclosure(step, case)
    if case.plan.right is Right.KNOW:
        told = Standing.DISCLOSED if case.disclosed else Standing.NOT_ATTEMPTED
        return Standing.ATTESTED if attested else Standing.BY_HAND if left_out(step) else told
    if not case.plan.right.reaches_data:
        return _choice(step, result, attested, case)
    if case.plan.right is Right.CORRECT:
        return _correction(step, result, attested, case)
    return _deletion(step, result, attested, case)


def _deletion(step: Step, result: StepResult | None, attested: bool, case: Case) -> Standing:
    if step.rule == WISH and step.action is Action.RETAIN:
        return Standing.LEFT
    elsewhere = result is not None and result.status in (Status.MANUAL, Status.RETAINED)
    if result is not None and elsewhere and result.confirmed and result.left == 0:
        return Standing.GONE  # done by people or by the vendor's own time, and a search shows it
    # A person's word does not outweigh what a search after it still finds.
    seen = result is not None and (result.confirmed is False or bool(result.left))
    if attested and (not seen or step.rule == LATER):  # a person has seen that it is not what was erased
        return Standing.ATTESTED
    if attested and result is not None and result.status is Status.MANUAL:
        return Standing.STILL_THERE
    if result is None:
        return Standing.NOT_ATTEMPTED
    if result.status is Status.RETAINED:
        return Standing.RETAINED if result.until or step.until else Standing.NO_END
    if result.status is Status.MANUAL:
        return Standing.BY_HAND
    if result.status is Status.FAILED:
        return Standing.FAILED
    return _removal(result, case.issued)


def _choice(step: Step, result: StepResult | None, attested: bool, case: Case) -> Standing:
    """Of what is done in our own list, told from the inventory, or left to people."""
    if step.action is Action.MANUAL:
        return Standing.ATTESTED if attested else Standing.BY_HAND
    if case.plan.right is Right.SHINE_THE_LIGHT:
        return Standing.DISCLOSED if case.disclosed else Standing.NOT_ATTEMPTED
    if result is None:
        return Standing.NOT_ATTEMPTED
    return {True: Standing.HONOURED, False: Standing.FAILED, None: Standing.UNCONFIRMED}[result.confirmed]


def _correction(step: Step, result: StepResult | None, attested: bool, case: Case) -> Standing:
    """Of what was put right, by us or by people; a hold keeps what is wrong until its review."""
    if step.action is Action.RETAIN:
        if step.rule == "hold":
            return Standing.RETAINED
        return Standing.IN_PLACE if step.rule == IN_PLACE else Standing.UNCORRECTED
    if result is None:
        return Standing.NOT_ATTEMPTED
    if result.confirmed and result.left == 0:
        return Standing.CORRECTED
    if result.status is Status.MANUAL:
        # A person's word does not outweigh what a reading after it shows.
        seen = bool(result.left) or result.confirmed is False
        return Standing.STILL_THERE if attested and seen else Standing.ATTESTED if attested else Standing.BY_HAND
    return Standing.FAILED if result.status is Status.FAILED else _removal(result, case.issued)


def _disclosure(step: Step, case: Case) -> Standing:
    if case.disclosed is None:
        return Standing.NOT_ATTEMPTED
    if step.action is Action.MANUAL or {o.kind for o in step.obstacles} & UNSURE:
        return Standing.BY_HAND
    # What is not clearly theirs was left out of a place by itself, by its own step.
    left_out = {place for place, why in case.disclosed.left_out if not why.startswith(NOT_CLEARLY)}
    return Standing.BY_HAND if f"{step.system}/{step.collection}" in left_out else Standing.DISCLOSED


def _removal(result: StepResult, now: datetime) -> Standing:
    """Of what was done, was already absent, or was accepted by the vendor."""
    under_way = result.status is Status.ACCEPTED and (result.until is None or result.until > now)
    if result.confirmed is False:
        return Standing.STILL_THERE
    if result.left:
        return Standing.ACCEPTED if under_way else Standing.STILL_THERE
    if result.confirmed:
        return Standing.GONE
    if result.left is None:
        return Standing.ACCEPTED if result.status is Status.ACCEPTED else Standing.UNCONFIRMED
    return Standing.ACCEPTED if under_way and result.until else Standing.NOT_PROVABLE
