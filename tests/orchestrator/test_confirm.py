"""Reading back: what is still found is never called gone, whatever would be done about it by now."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.model import Action, Locator, Obstacle, ObstacleKind, Status
from orchestrator.confirm import confirm
from orchestrator.model import Plan, Right, Step, StepResult
from orchestrator.receipt import Fulfilment, Standing
from orchestrator.receipt.settle import fulfilment, reaches, steps

from .cases import LATER, NOW, case, kept, plan, step

READABLE = {"shop": True}
ACCEPTED = StepResult("a", Status.ACCEPTED, 3, NOW, NOW)
DONE = StepResult("a", Status.DONE, 3, NOW)
BY_HAND = (Obstacle(ObstacleKind.BY_HAND, "no call for it"),)


def by_hand(ref: str, collection: str = "things_a") -> Step:
    return step(ref, Action.MANUAL, collection=collection, obstacles=BY_HAND)


def standing(made: Plan, result: StepResult, fresh: Plan, **more: object) -> Standing:
    read = confirm(made, {"a": result}, fresh, READABLE, LATER, **more)  # type: ignore[arg-type]
    (settled,) = steps(case(made, result, confirmation=read))
    return settled.standing


@pytest.mark.parametrize("result", [DONE, ACCEPTED])
@pytest.mark.parametrize(
    "found",
    [
        step("a", Action.RETAIN, rule="hold", fields=("name",), until=LATER),
        step("a", Action.RETAIN, rule="vendor", until=LATER),
        by_hand("a"),
    ],
)
def test_what_is_found_and_may_no_longer_be_deleted_is_still_there(result: StepResult, found: Step) -> None:
    assert standing(plan(step("a")), result, plan(found)) is Standing.STILL_THERE


def test_a_redacted_row_of_which_only_kept_fields_are_left_is_done() -> None:
    made = plan(step("a", Action.REDACT, fields=("name", "amount"), keep=("amount",), rule="tax"))
    left = step("a", Action.RETAIN, fields=("amount",), keep=("amount",), rule="tax")
    assert standing(made, DONE, plan(left)) is Standing.GONE
    assert standing(made, DONE, plan(step("a", Action.RETAIN, rule="hold"))) is Standing.GONE
    back = step("a", Action.RETAIN, rule="hold", fields=("name", "amount"))
    assert standing(made, DONE, plan(back)) is Standing.STILL_THERE


MOVED = {
    "a": Locator("shop", "things_a", "key", NOW - timedelta(days=9)),
    "b": Locator("shop", "things_a", "key", LATER - timedelta(days=9)),
    "older": Locator("shop", "things_a", "key", None, LATER - timedelta(days=9)),
    "other": Locator("shop", "things_a", "another key", LATER - timedelta(days=9)),
}


def test_a_cut_off_that_moved_on_does_not_make_a_step_by_hand_gone() -> None:
    """The same rows have another reference when the rule's cut-off has moved."""
    made, result = plan(by_hand("a")), StepResult("a", Status.MANUAL, 3, NOW)
    assert standing(made, result, plan(by_hand("b")), places=MOVED) is Standing.BY_HAND
    assert standing(made, result, plan(by_hand("older")), places=MOVED) is Standing.BY_HAND
    assert standing(made, result, plan(by_hand("other")), places=MOVED) is Standing.GONE
    assert standing(made, result, plan(), places=MOVED) is Standing.GONE


def test_what_was_kept_is_not_gone_because_its_time_is_up() -> None:
    made = plan(kept("a", collection="things_a"), step("c", collection="things_a"))
    results = {"a": StepResult("a", Status.RETAINED, 3, NOW, NOW), "c": StepResult("c", Status.ABSENT, 0, NOW)}
    read = confirm(made, results, plan(step("older", collection="things_a")), READABLE, LATER, places=MOVED)
    judged = {s.step.ref: s.standing for s in steps(case(made, *results.values(), confirmation=read))}
    assert judged["a"] is not Standing.GONE


@pytest.mark.parametrize(
    "found",
    [
        by_hand("z", "things_z"),
        step("z", Action.RETAIN, rule="hold", until=LATER),
        step("z", Action.RETAIN, rule="vendor", until=LATER),
        step("z", Action.REDACT, fields=("name",)),
    ],
)
def test_what_the_plan_did_not_know_is_late_whoever_is_to_do_it(found: Step) -> None:
    """A system that could not be searched at first, or a place that filled since: nobody has it in a plan."""
    made, result = plan(step("a")), {"a": DONE}
    read = confirm(made, result, plan(found), READABLE, LATER)
    assert read.late == (("shop", "things_z", 3),)
    judged = case(made, DONE, confirmation=read)
    assert fulfilment(judged, steps(judged), reaches(judged, steps(judged))) is Fulfilment.OPEN


def test_what_a_rule_keeps_since_is_not_late() -> None:
    """An opt-out that this program entered itself is kept under a rule, and asks nobody for anything."""
    made = plan(step("a"))
    read = confirm(made, {"a": DONE}, plan(kept("z")), READABLE, LATER)
    assert read.late == ()


def test_what_an_access_request_did_not_hand_out_is_late() -> None:
    made = plan(step("a", Action.RETAIN, rule="access"), right=Right.ACCESS)
    fresh = plan(*made.steps, step("z", Action.RETAIN, rule="access"), right=Right.ACCESS)
    assert confirm(made, {}, fresh, READABLE, LATER).late == (("shop", "things_z", 3),)


def test_a_place_that_no_search_reaches_any_more_is_late_though_nothing_is_counted() -> None:
    """A mailbox that was closed since the plan: finding nothing there proves nothing."""
    read = confirm(plan(step("a")), {"a": DONE}, plan(replace(by_hand("z", "unsearched"), count=0)), READABLE, LATER)
    assert read.late == (("shop", "unsearched", 0),)
    manual = replace(by_hand("z", "*"), count=0, obstacles=())
    assert confirm(plan(step("a")), {"a": DONE}, plan(manual), READABLE, LATER).late == ()


def test_what_is_by_hand_is_late_where_the_plan_only_deletes() -> None:
    """A vendor names another contact that bears the address once the person's own is gone."""
    made = plan(step("a"))
    claimed = replace(by_hand("z"), obstacles=(Obstacle(ObstacleKind.CLAIMED, "by an alternate address"),))
    assert confirm(made, {"a": DONE}, plan(claimed), READABLE, LATER).late == (("shop", "things_a", 3),)
    assert confirm(made, {"a": DONE}, plan(by_hand("a")), READABLE, LATER).late == (), "said of the step itself"
    both = plan(step("a"), by_hand("b"))
    results = {"a": DONE, "b": StepResult("b", Status.MANUAL, 3, NOW)}
    assert confirm(both, results, plan(claimed), READABLE, LATER).late == (), "people look there already"


def test_what_a_rule_kept_and_would_by_now_be_deleted_is_late() -> None:
    result = StepResult("a", Status.RETAINED, 3, NOW, NOW)
    assert confirm(plan(kept("a")), {"a": result}, plan(step("a")), READABLE, LATER).late == (("shop", "things_a", 3),)
