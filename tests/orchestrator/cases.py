"""Requests, plans and results to build on; every value is made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from connectors.model import Action, Status
from orchestrator.canonical import digest
from orchestrator.journal import Head
from orchestrator.model import (
    Confirmation,
    Coverage,
    Level,
    Plan,
    Request,
    Right,
    Role,
    Rule,
    Searched,
    Signed,
    Step,
    StepResult,
    Verification,
)
from orchestrator.receipt import Case, Versions, build

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
VERIFICATION = Verification(Level.REASONABLE, "log-in to the account", ("email",), ("email",), "s1", NOW)


def step(ref: str, action: Action = Action.DELETE, count: int = 3, **more: object) -> Step:
    drawn = Step(ref, "shop", f"things_{ref}", action, count, 0, Role.BUSINESS)
    return replace(drawn, **more)  # type: ignore[arg-type]


def searched(system: str = "shop", coverage: Coverage = Coverage.SEARCHED, why: str = "") -> Searched:
    return Searched(system, coverage, NOW, why)


def plan(*steps: Step, coverage: tuple[Searched, ...] = (), right: Right = Right.DELETE, request: str = "r-1") -> Plan:
    reached = coverage or (searched(),)
    return Plan(request, right, "s1", NOW, steps, reached, (), (), VERIFICATION, ("tax@sha256:00",), "sha256:01", "1")


def done(ref: str, count: int = 3, **more: object) -> StepResult:
    result = StepResult(ref, Status.DONE, count, NOW, confirmed=True, left=0)
    return replace(result, **more)  # type: ignore[arg-type]


def case(made: Plan, *results: StepResult, **more: object) -> Case:
    """A case whose results were all confirmed a moment ago."""
    simple = Case(
        company="Example Company",
        request=Request(made.request, made.right, "email", NOW - timedelta(days=1), "s1"),
        plan=made,
        mode="four_eyes",
        issued=LATER,
        versions=Versions("sha256:02", "us-2026"),
        journal=Head(7, "sha256:" + "7" * 64),
        approvals=(Signed("approve", digest(made), "s2", NOW, signature="AA=="),),
        results=results,
        confirmation=Confirmation(LATER, results, made.coverage),
    )
    return replace(simple, **more)  # type: ignore[arg-type]


TAX = Rule(
    "tax", "records needed to compute tax", "26 U.S.C. 6001", Role.BUSINESS, ("shop/things_a",), ("*",),
    "only to prove tax returns", timedelta(days=2555), "invoice date",
)  # fmt: skip

RESULTS = st.builds(
    StepResult,
    st.just("a"),
    st.sampled_from(Status),
    st.integers(0, 5),
    st.just(NOW),
    st.sampled_from([None, NOW, LATER + timedelta(days=9)]),
    confirmed=st.sampled_from([None, True, False]),
    left=st.sampled_from([None, 0, 2]),
)


def built(made: Case, *subject: str) -> dict[str, Any]:
    return build(made, lambda who: f"staff-{who}", subject)


def kept(ref: str, **more: Any) -> Step:
    return step(ref, Action.RETAIN, rule="tax", until=LATER + timedelta(days=100), fields=("name",), **more)
