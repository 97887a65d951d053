"""Stops implausible plans until a person has looked: a pure function of plan and limits.

A finding that is FINAL must be mended (in the inventory, in the data); an OVERRIDABLE one may be
overridden by a named person with a reason, signed over the plan's digest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from connectors.model import Action, ObstacleKind
from orchestrator.inventory import Inventory
from orchestrator.model import LATER, Coverage, Finding, Level, Plan, Right, Severity, Step

AGE = "age"  # the kind of conflict, and the finding, of an age that is not sure
SMALL = 20  # a collection with fewer rows than this is not called emptied
_OBSTACLES = {
    ObstacleKind.UNMARKED: (Severity.FINAL, "mark the link as owns or mentions in the inventory"),
    ObstacleKind.RESTRICTED: (Severity.FINAL, "let the owners of those rows decide, or change what the inventory does"),
    ObstacleKind.SEVERAL_PEOPLE: (Severity.OVERRIDABLE, "see whose the rows are; override with the reason"),
    ObstacleKind.ORGANISATION: (
        Severity.OVERRIDABLE,
        "see whether the address is a person's; override with the reason",
    ),
}


def guard(plan: Plan, inventory: Inventory) -> tuple[Finding, ...]:
    """Everything that stops this plan, in the order a person should look at it."""
    return tuple(_findings(plan, inventory))


def _findings(plan: Plan, inventory: Inventory) -> Iterator[Finding]:
    yield from _conflicts(plan)
    for step in plan.steps:
        yield from _obstacles(step)
    if plan.right not in (Right.DELETE, Right.CORRECT):
        return
    yield from _unconfirmed(plan, inventory)
    yield from _too_weakly_verified(plan, inventory)
    for searched in plan.coverage:
        if searched.coverage is Coverage.UNREACHABLE:
            yield Finding(
                "unreachable", Severity.OVERRIDABLE,
                f"{searched.system} could not be searched ({searched.why}): data there stays as it is. "
                "Try again when it answers, or override and make a further plan later",
            )  # fmt: skip
    touched = [s for s in plan.steps if s.action in (Action.DELETE, Action.REDACT, Action.CORRECT)]
    if (total := sum(s.count for s in touched)) > inventory.limits.records:
        message = f"{total} records are more than one person usually has (limit {inventory.limits.records})"
        yield Finding("too_many", Severity.OVERRIDABLE, f"{message}. Look at the counts; override with the reason")
    for step in plan.steps:
        if step.rule == LATER:
            yield Finding(
                LATER, Severity.OVERRIDABLE,
                f"{step.system}/{step.collection}: {step.count} {step.note}. The person may have come back, or the "
                "identifier have another holder: cancel the request, or override with the reason, and these stay",
                step.ref,
            )  # fmt: skip
    for step in touched:
        if step.total and step.count >= SMALL and step.count > inventory.limits.share * step.total:
            share = f"{step.count} of about {step.total} rows of {step.system}/{step.collection}"
            yield Finding(
                "whole_collection", Severity.OVERRIDABLE,
                f"{share} would go. Look whether the identifiers are one person's; override with the reason", step.ref,
            )  # fmt: skip


def _conflicts(plan: Plan) -> Iterator[Finding]:
    for conflict in plan.conflicts:
        if conflict.code:
            yield Finding(conflict.code, Severity.FINAL if conflict.final else Severity.OVERRIDABLE, conflict.reason)
        elif conflict.final:
            message = f"{conflict.reason}. Find out whose data it is; correct the record that names the wrong person"
            yield Finding("conflict", Severity.FINAL, message)
        else:
            message = f"{conflict.reason}. See whose it is; cancel the request, or override with the reason"
            yield Finding(AGE if conflict.kind == AGE else "not_in_ledger", Severity.OVERRIDABLE, message)


def _obstacles(step: Step) -> Iterator[Finding]:
    for obstacle in step.obstacles:
        if obstacle.kind in _OBSTACLES:
            severity, way_out = _OBSTACLES[obstacle.kind]
            place = f"{step.system}/{step.collection}"
            yield Finding(str(obstacle.kind), severity, f"{place}: {obstacle.reason}; {way_out}", step.ref)


def _unconfirmed(plan: Plan, inventory: Inventory) -> Iterator[Finding]:
    applied = {step.rule for step in plan.steps}
    for rule in inventory.rules:
        if rule.id in applied and not rule.confirmed:
            yield Finding(
                "unconfirmed_rule", Severity.FINAL,
                f"rule {rule.id} has not been confirmed by counsel: it neither retains nor deletes. "
                "Set confirmed_by and confirmed_on in the inventory",
            )  # fmt: skip


def _too_weakly_verified(plan: Plan, inventory: Inventory) -> Iterator[Finding]:
    """Deleting sensitive data for the wrong person harms more, and needs a surer verification (11 CCR 7062(d))."""
    found = {c for s in plan.steps if s.action in (Action.DELETE, Action.REDACT) for c in s.categories}
    weak = plan.verification.level is Level.REASONABLE and inventory.sensitive_level is Level.REASONABLY_HIGH
    if weak and (sensitive := sorted(found & inventory.sensitive_categories)):
        yield Finding(
            "weakly_verified", Severity.OVERRIDABLE,
            f"sensitive data (category {', '.join(sensitive)}) would go on a reasonable verification. "
            "Verify to a reasonably high degree and plan again, or override with the reason",
        )  # fmt: skip


def open_findings(findings: Collection[Finding], overridden: Collection[str]) -> tuple[Finding, ...]:
    """What still stops the plan after the given codes were overridden."""
    return tuple(f for f in findings if f.severity is Severity.FINAL or f.code not in overridden)
