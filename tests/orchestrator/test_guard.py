"""What stops a plan, and who may set it aside."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.model import Action, Obstacle, ObstacleKind
from orchestrator.guard import guard, open_findings
from orchestrator.model import Conflict, Coverage, Level, Plan, Right, Role, Searched, Severity, Step, Verification
from tests.office import inventory

NOW = datetime(2026, 11, 24, tzinfo=UTC)
INVENTORY = inventory()


def step(
    count: int = 1, *obstacles: ObstacleKind, action: Action = Action.DELETE, rule: str = "", total: int = 10**6
) -> Step:
    blocked = tuple(Obstacle(kind, "because") for kind in obstacles)
    return Step(
        "ref", "app_db", "public.users", action, count, 0, Role.BUSINESS, total=total, obstacles=blocked, rule=rule
    )


def plan(*steps: Step, coverage: Coverage = Coverage.SEARCHED, conflicts: tuple[Conflict, ...] = ()) -> Plan:
    verified = Verification(Level.REASONABLE, "reply", ("email",), ("email",), "desk", NOW)
    searched = (Searched("app_db", coverage, NOW),)
    return Plan("r-1", Right.DELETE, "desk", NOW, steps, searched, conflicts, (), verified, (), INVENTORY.digest, "1")


def test_an_ordinary_plan_passes() -> None:
    assert guard(plan(step(12)), INVENTORY) == ()


@pytest.mark.parametrize(
    ("made", "code", "severity"),
    [
        (plan(step(10_001)), "too_many", Severity.OVERRIDABLE),
        (plan(step(30, total=40)), "whole_collection", Severity.OVERRIDABLE),
        (plan(step(2, ObstacleKind.SEVERAL_PEOPLE)), "several_people", Severity.OVERRIDABLE),
        (plan(step(1, ObstacleKind.ORGANISATION)), "organisation", Severity.OVERRIDABLE),
        (plan(step(1, ObstacleKind.UNMARKED)), "unmarked", Severity.FINAL),
        (plan(step(1, ObstacleKind.RESTRICTED)), "restricted", Severity.FINAL),
        (plan(step(), coverage=Coverage.UNREACHABLE), "unreachable", Severity.OVERRIDABLE),
        (plan(step(), conflicts=(Conflict("billing", "email", "names another"),)), "conflict", Severity.FINAL),
    ],
)
def test_what_is_implausible_stops(made: Plan, code: str, severity: Severity) -> None:
    (finding,) = guard(made, INVENTORY)
    assert (finding.code, finding.severity) == (code, severity)
    assert bool(open_findings([finding], [code])) is (severity is Severity.FINAL)
    assert open_findings([finding], ["something else"]) == (finding,)


def test_a_rule_that_counsel_did_not_confirm_neither_keeps_nor_deletes() -> None:
    rule = replace(INVENTORY.rules[0], confirmed_by="")
    held = replace(INVENTORY, rules=(rule,))
    (finding,) = guard(plan(step(action=Action.RETAIN, rule=rule.id)), held)
    assert (finding.code, finding.severity) == ("unconfirmed_rule", Severity.FINAL)


def test_what_is_only_kept_or_listed_does_not_count_as_going() -> None:
    assert guard(plan(step(10_001, action=Action.RETAIN), step(10_001, action=Action.MANUAL)), INVENTORY) == ()
