"""What is still open after a run, each thing apart, and what is known of the person for it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from connectors.model import Action, Locator, Subject
from orchestrator import canonical
from orchestrator.model import Confirmation, Coverage, Plan, Searched
from orchestrator.receipt.settle import Standing

T = TypeVar("T")
_OVER = {Standing.GONE, Standing.NOT_PROVABLE, Standing.ATTESTED, Standing.DISCLOSED}


@dataclass(frozen=True, slots=True)
class Open:
    """One thing that is still open after a run. `systems`: where it will be searched for; `refs`: its steps."""

    what: str  # no personal data: "recheck", "step REF", "late SYSTEM/COLLECTION", "opt-out SYSTEM", "search SYSTEM"
    systems: frozenset[str]
    refs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """What is still known of the person: all of it, or what the open capsules hold together.

    `tags`: keyed hashes of everything that named the person, also of what is forgotten; holds are matched by
    them. `systems`: what may be searched with it; None for every one.
    """

    subject: Subject
    claimed: Subject
    locators: Mapping[str, Locator]
    tags: frozenset[str] = frozenset()
    systems: frozenset[str] | None = None
    reduced: bool = False  # to capsules, before


def still_open(
    plan: Plan, payload: Mapping[str, Any], confirmation: Confirmation, recheck: frozenset[str]
) -> Iterator[Open]:
    """What a receipt of this plan leaves open, each apart. `recheck`: where the person is looked for again."""
    if recheck:
        yield Open("recheck", recheck, frozenset(s.ref for s in plan.steps))
    standing = {step["ref"]: step["standing"] for step in payload["steps"]}
    for step in plan.steps:
        kept = standing[step.ref] == Standing.RETAINED or (step.action is Action.REDACT and bool(step.keep))
        if (kept and step.count) or (not kept and standing[step.ref] not in _OVER):
            yield Open(f"step {step.ref}", frozenset({step.system}), frozenset({step.ref}))
    for system, collection, _ in confirmation.late:
        yield Open(f"late {system}/{collection}", frozenset({system}))
    for system, kept in confirmation.opt_outs:
        if not kept:
            yield Open(f"opt-out {system}", frozenset({system}))
    for system in _unsearched(plan, confirmation):
        yield Open(f"search {system}", frozenset({system}))


def _unsearched(plan: Plan, confirmation: Confirmation) -> Iterator[str]:
    later = {s.system for s in confirmation.coverage if s.coverage is Coverage.SEARCHED}
    for searched in plan.coverage:
        if searched.coverage is Coverage.UNREACHABLE and searched.system not in later:
            yield searched.system


def carried_over(
    before: Confirmation | None, now: Confirmation, plan: Plan, searched: Collection[str] | None, mailed: bool
) -> Confirmation:
    """A reading of some systems (None: of all) beside what the last one found in the others.

    `mailed`: whether an address was known by which opt-outs could be read.
    """
    if before is None or searched is None:
        return now
    there, seen = {s.ref for s in plan.steps if s.system in searched}, {r.ref: r for r in before.results}
    opted_out = dict(before.opt_outs) | {s: kept for s, kept in now.opt_outs if mailed and s in searched}
    return Confirmation(
        now.at, tuple(r if r.ref in there else seen.get(r.ref, r) for r in now.results),
        (
            *(s for s in before.coverage if s.system not in searched),
            *(s for s in now.coverage if s.system in searched),
        ),
        tuple(sorted({
            *(late for late in before.late if late[0] not in searched),
            *(late for late in now.late if late[0] in searched),
        })),
        tuple((system, opted_out.get(system, kept)) for system, kept in now.opt_outs),
    )  # fmt: skip


def among(every: Mapping[str, T], only: Collection[str] | None) -> dict[str, T]:
    """The systems that may be searched."""
    return {name: one for name, one in every.items() if only is None or name in only}


def left_alone(every: Collection[str], only: Collection[str] | None, at: datetime) -> Iterator[Searched]:
    """What a search of some systems says of the others."""
    for name in every:
        if only is not None and name not in only:
            yield Searched(name, Coverage.NOT_SEARCHABLE, at, "nothing of it was open any more")


def locators(kept: Mapping[str, Any]) -> dict[str, Locator]:
    """Addresses by what plans call them, as a vault keeps them."""
    return {ref: canonical.decode(Locator, at) for ref, at in kept.items()}
