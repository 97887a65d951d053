"""From what stands where to a plan, and from a reading to a confirmation: pure, over drawn cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from connectors.model import Action, Held, Locator, Obstacle, ObstacleKind, Record, Status, Subject
from orchestrator.canonical import digest
from orchestrator.correction.confirm import confirm
from orchestrator.correction.contested import Contested
from orchestrator.correction.decide import Decided, decide
from orchestrator.decide import Given
from orchestrator.guard import guard
from orchestrator.inventory import Inventory
from orchestrator.model import Coverage, Discovery, Hold, Right, Searched, StepResult
from tests.orchestrator.cases import NOW, VERIFICATION
from tests.orchestrator.inventories import MINIMAL, written

YAML = (
    MINIMAL.replace(
        "name: {category: B, disclose: true}", "name: {category: B, disclose: true, holds: name}"
    ).replace(
        "email: {category: A, disclose: true, redact: unique}",
        "email: {category: A, disclose: true, redact: unique, holds: email}",
    ).replace(
        "other_email: {category: A, disclose: true}", "nick: {category: A, disclose: true, holds: name}\n"
        "          other_email: {category: A, disclose: true}",
    ).replace("fields: {content: {category: J}}", "fields: {content: {category: J, holds: name}}")
    + "attributes:\n  name: {title: Name, joins: [first, last]}\n  first: {title: First name}\n"
    "  last: {title: Last name}\n  email: {title: Address, kind: email}\n"
)  # fmt: skip
NAME = Contested("name", "Anne Li", ("Ann Lee",))
USERS, ORDERS, GRADES = (Locator("shop", name) for name in ("users", "orders", "grades"))
ABLE = frozenset({"shop"})


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    return Inventory.load(written(tmp_path_factory.mktemp("inventory"), YAML))


def found(*records: Record, coverage: Coverage = Coverage.SEARCHED) -> Discovery:
    rows = (Searched("shop", coverage, NOW), Searched("paper", Coverage.MANUAL_OPEN, NOW, "by hand"))
    return Discovery(Subject.of(), frozenset(), tuple((0, r) for r in records), rows, (), NOW)


def planned(
    inventory: Inventory, discovery: Discovery, readings: dict[Locator, list[Held]], *contested: Contested,
    holds: tuple[Hold, ...] = (), **more: Any,
) -> Decided:  # fmt: skip
    about = Given("r-1", Right.CORRECT, "s1", VERIFICATION, holds, frozenset(), digest, NOW)
    return decide(discovery, inventory, about, contested or (NAME,), readings, more.pop("able", ABLE), **more)


def lines(made: Decided) -> list[tuple[str, str, str, int]]:
    return [(s.collection, str(s.action), s.rule, s.count) for s in made.plan.steps]


def test_each_place_has_its_own_fate(inventory: Inventory) -> None:
    records = [Record(USERS, 1), Record(ORDERS, 3), Record(GRADES, 2)]
    readings = {USERS: [
        Held("name", "Ann Lee"), Held("nick", "Ann  Lee"), Held("nick", "Anne Li"), Held("nick", "Al", 2, "computed"),
    ]}  # fmt: skip
    made = planned(inventory, found(*records), readings, replace(NAME, was=("Ann Lee", "Al")))
    assert lines(made) == [
        ("users", "correct", "", 1), ("users", "manual", "fixed", 2), ("orders", "retain", "tax", 3),
        ("grades", "manual", "service_provider", 2),
    ]  # fmt: skip
    (correction,) = made.corrections.values()
    assert [(c.field, c.old, c.new) for c in correction.changes] == [("nick", "Ann  Lee", "Anne Li")]
    assert made.plan.steps[2].basis.startswith("kept as it was issued")
    assert all(s.owner and s.due for s in made.plan.steps if s.action is Action.MANUAL)


def test_what_is_right_is_left_and_what_is_another_value_too(inventory: Inventory) -> None:
    made = planned(inventory, found(Record(USERS, 2)), {USERS: [Held("nick", "Anne Li")]})
    assert lines(made) == [("users", "retain", "in_place", 1)]
    made = planned(inventory, found(Record(USERS, 2)), {USERS: [Held("nick", "Somebody")]})
    assert lines(made) == [("users", "retain", "other_value", 1)]
    assert lines(planned(inventory, found(Record(USERS, 2)), {})) == [], "a blank is not filled in"


def test_several_values_and_nobody_said_which_is_wrong(inventory: Inventory) -> None:
    two = {USERS: [Held("nick", "Ann Lee"), Held("nick", "A. Lee")]}
    made = planned(inventory, found(Record(USERS, 2)), two, replace(NAME, was=()))
    (finding,) = guard(made.plan, inventory)
    assert (finding.code, "Lee" in finding.message) == ("several_values", False)
    assert guard(planned(inventory, found(Record(USERS, 2)), two).plan, inventory) == ()
    one = {USERS: [Held("nick", "Ann Lee"), Held("nick", "Ann  Lee")]}
    assert guard(planned(inventory, found(Record(USERS, 2)), one, replace(NAME, was=())).plan, inventory) == ()


def test_a_hold_a_crowd_and_what_is_not_theirs(inventory: Inventory) -> None:
    hold = Hold("h-1", "case", "s1", NOW, NOW + timedelta(days=9), collection="shop/users")
    made = planned(inventory, found(Record(USERS, 1)), {USERS: [Held("nick", "Ann Lee")]}, holds=(hold,))
    assert lines(made) == [("users", "retain", "hold", 1)]
    crowd = planned(inventory, found(Record(USERS, 2, people=2)), {USERS: [Held("nick", "Ann Lee", 2)]})
    assert [f.code for f in guard(crowd.plan, inventory)] == ["several_people"]
    assert crowd.corrections == {}
    claimed = Record(Locator("shop", "users", "claimed"), 4, obstacles=(Obstacle(ObstacleKind.CLAIMED, "typed"),))
    assert lines(planned(inventory, found(claimed, Record(USERS, 1, mentions=True)), {})) == []


def test_what_cannot_be_read_is_said_to_be_so(inventory: Inventory) -> None:
    made = planned(inventory, found(Record(USERS, 1)), {}, unread={"shop": "shop: HTTP 503"})
    assert [s.coverage for s in made.plan.coverage] == [Coverage.UNREACHABLE]
    assert [f.code for f in guard(made.plan, inventory)] == ["unreachable"]
    assert lines(planned(inventory, found(Record(USERS, 1)), {}, able=frozenset())) == [("users", "manual", "", 1)]


def test_a_whole_is_not_taken_apart(inventory: Inventory, tmp_path: Path) -> None:
    parts = Inventory.load(
        written(tmp_path, YAML.replace("holds: name}\n          other", "holds: first}\n          other"))
    )
    made = planned(parts, found(Record(USERS, 1)), {USERS: [Held("nick", "Ann")]})
    assert [(s.action, s.fields) for s in made.plan.steps] == [(Action.MANUAL, ("nick",))]
    whole = planned(parts, found(Record(USERS, 1)), {USERS: [Held("nick", "Ann")]}, NAME, Contested("first", "Anne"))
    assert ("users", "correct", "", 1) in lines(whole)


def test_windows_of_retention_rules_make_no_two_places(inventory: Inventory) -> None:
    young, old = replace(USERS, since=NOW), replace(USERS, before=NOW)
    made = planned(inventory, found(Record(young, 1), Record(old, 2)), {USERS: [Held("nick", "Ann Lee", 3)]})
    assert lines(made) == [("users", "correct", "", 3)]
    later = planned(inventory, found(Record(replace(USERS, before=NOW + timedelta(days=1)), 3)), {USERS: [
        Held("nick", "Ann Lee", 3)]})  # fmt: skip
    assert [s.ref for s in later.plan.steps] == [s.ref for s in made.plan.steps], "whatever the day"


VALUES = st.lists(
    st.builds(
        Held, st.just("nick"), st.sampled_from(["Ann Lee", "Anne Li", "A. Lee", "Other"]), st.integers(1, 3),
        st.sampled_from(["", "", "computed"]), st.sampled_from([False, False, True]),
    ), max_size=5, unique_by=lambda h: h.value,
)  # fmt: skip


@drawn(VALUES, st.sampled_from([(), ("Ann Lee",), ("Ann Lee", "A. Lee")]), st.sampled_from(["Anne Li", ""]))
def test_only_contested_values_are_changed_and_every_value_has_a_line(
    held: list[Held], was: tuple[str, ...], new: str
) -> None:
    inventory = _INVENTORY
    contested = Contested("name", new, was)
    made = planned(inventory, found(Record(USERS, 9)), {USERS: held}, contested)
    changed = {c.old for correction in made.corrections.values() for c in correction.changes}
    assert changed <= {h.value for h in held if not h.fixed} - {new}
    assert not was or changed <= set(was)
    assert all(c.new == new for correction in made.corrections.values() for c in correction.changes)
    assert "Lee" not in repr(made.plan), "a plan holds no value"
    assert "Lee" not in repr(made)
    listed = sum(s.count for s in made.plan.steps)
    assert listed >= sum(h.count for h in held if h.value in changed)
    if not any(h.beside for h in held) and held:
        right = {h.value for h in held if h.value == new}
        shown = {h.value for h in held} - (right if changed else set())
        assert listed == sum(h.count for h in held if h.value in shown)
    assert {s.ref for s in made.plan.steps} == set(made.places) == set(made.records)
    assert set(made.corrections) == {s.ref for s in made.plan.steps if s.action is Action.CORRECT}


@drawn(VALUES, VALUES, st.sampled_from([Status.DONE, Status.ABSENT, Status.ACCEPTED, Status.MANUAL]), st.booleans())
def test_nothing_is_confirmed_but_by_the_right_value(
    before: list[Held], after: list[Held], status: Status, reached: bool
) -> None:
    inventory = _INVENTORY
    made = planned(inventory, found(Record(USERS, 9)), {USERS: before})
    unread = {} if reached else {"shop": "down"}
    fresh = planned(inventory, found(Record(USERS, 9)), {USERS: after}, unread=unread)
    outcomes = {s.ref: StepResult(s.ref, status, s.count, NOW) for s in made.plan.steps}
    done = confirm(made.plan, outcomes, fresh, {USERS}, set(), made.records, NOW)
    right = any(h.value == "Anne Li" for h in after)
    wrong = any(h.value == "Ann Lee" and not h.fixed and not h.beside for h in after)
    for step, result in zip(made.plan.steps, done.results, strict=True):
        if step.action is Action.CORRECT and result.confirmed:
            assert reached
            assert right
            assert not wrong
        if step.action is Action.CORRECT and not right and reached:
            assert result.confirmed is (None if status is Status.ACCEPTED else False)


def test_a_record_that_is_not_found_again_confirms_nothing(inventory: Inventory) -> None:
    made = planned(inventory, found(Record(USERS, 1)), {USERS: [Held("nick", "Ann Lee")]})
    outcomes = {s.ref: StepResult(s.ref, Status.DONE, 1, NOW) for s in made.plan.steps}
    gone = planned(inventory, found(), {})
    (result,) = confirm(made.plan, outcomes, gone, set(), set(), made.records, NOW).results
    assert (result.confirmed, result.left) == (None, None)
    blank = planned(inventory, found(Record(USERS, 1)), {})
    (result,) = confirm(made.plan, outcomes, blank, {USERS}, set(), made.records, NOW).results
    assert result.confirmed is False, "the wrong value is gone, and the right one is not there"
    (result,) = confirm(made.plan, outcomes, blank, {USERS}, {"name"}, made.records, NOW).results
    assert result.confirmed is True, "it was deleted instead"


def _loaded() -> Inventory:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return Inventory.load(written(Path(folder), YAML))


_INVENTORY = _loaded()
