"""Deleting portions: what is meant keeps its fate, everything else is left, and nothing more is ever deleted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.model import Action
from orchestrator.inventory import Inventory
from orchestrator.model import Right, Step
from orchestrator.portion import WISH, limited, wrong
from tests.orchestrator.cases import step

TRACKER = Inventory.load(Path(__file__).parent.parent.parent / "inventory.yaml")
LEADS = TRACKER.systems["app_db"].collections["public.leads"]
FIELDS = ("email", "name", "score")  # A, B, K


def lead(action: Action = Action.DELETE, **more: object) -> Step:
    drawn = {"system": "app_db", "collection": "public.leads", "categories": ("A", "B", "K"), "fields": FIELDS}
    return replace(step("a", action), **(drawn | more))  # type: ignore[arg-type]


def done(given_step: Step, *only: str, redacts: bool = True) -> Step:
    return limited(given_step, LEADS, only, redacts=redacts)


def test_without_a_wish_nothing_changes() -> None:
    assert done(lead()) == lead()


@pytest.mark.parametrize("only", ["app_db", "app_db/public.leads"])
def test_a_place_that_is_meant_keeps_its_fate(only: str) -> None:
    for action in Action:
        assert done(lead(action), only) == lead(action)


def test_some_categories_empty_their_fields_only() -> None:
    partly = done(lead(), "K")
    assert (partly.action, partly.keep, partly.rule) == (Action.REDACT, ("email", "name"), WISH)
    assert done(lead(), "A", "B", "K") == lead(), "all that is there is meant"
    retained = lead(Action.REDACT, keep=("email",), rule="tax", basis="Books")
    assert done(retained, "K").keep == ("email", "name")
    assert done(retained, "K").rule == "tax", "what a rule keeps it keeps"


def test_what_is_not_meant_is_left_but_for_a_hold() -> None:
    for action in Action:
        left = done(lead(action, owner="sales"), "G", "billing")
        assert (left.action, left.rule, left.until, left.note) == (Action.RETAIN, WISH, None, "")
    held = lead(Action.RETAIN, rule="hold")
    assert done(held, "G") == held


def test_a_system_that_cannot_empty_single_fields_is_a_persons_work() -> None:
    by_hand = done(lead(), "K", redacts=False)
    assert by_hand.action is Action.MANUAL
    assert by_hand.note == "do not delete the whole: only K at the person's wish; email, name stay"
    unseen = done(lead(Action.MANUAL, fields=(), note="delete the contact"), "K")
    assert unseen.note.startswith("do not delete the whole: only K")
    assert "email" in unseen.note, "what nobody counted may be there"


def test_a_system_that_people_search_is_told_which_categories_are_meant() -> None:
    whole = replace(
        step("a", Action.MANUAL), system="paper", collection="*", categories=(), note="Look under the name."
    )
    found = limited(whole, None, ["K"], redacts=False)
    assert (found.action, found.note) == (Action.MANUAL, "only K at the person's wish: Look under the name.")
    assert limited(whole, None, ["app_db"], redacts=False).rule == WISH
    assert limited(whole, None, ["paper"], redacts=False) == whole


@given(
    st.sampled_from([a for a in Action if a is not Action.CORRECT]),
    st.sets(st.sampled_from([*"ABFIK", "app_db", "billing", "app_db/public.leads"])),
    st.sets(st.sampled_from(FIELDS)), st.booleans(),
)  # fmt: skip
def test_no_wish_ever_deletes_more(action: Action, only: set[str], keep: set[str], redacts: bool) -> None:
    before = lead(action, keep=tuple(sorted(keep)) if action is Action.REDACT else ())
    after = done(before, *sorted(only), redacts=redacts)
    gone = {Action.DELETE: set(FIELDS), Action.REDACT: set(FIELDS) - set(after.keep)}.get(after.action, set())
    was = {Action.DELETE: set(FIELDS), Action.REDACT: set(FIELDS) - keep}.get(before.action, set())
    assert gone <= was
    if only and not only & {"app_db", "app_db/public.leads"}:
        assert all(LEADS.fields[name].category in only for name in gone)


def test_parts_are_known_to_the_inventory_and_fit_the_right() -> None:
    good = [
        (Right.DELETE, ["A", "app_db", "billing/invoices"]), (Right.OPT_OUT, ["sale", "marketing"]),
        (Right.OPT_IN, ["sharing"]), (Right.ACCESS, []), (Right.LIMIT, []),
    ]  # fmt: skip
    assert all(wrong(right, only, TRACKER) == "" for right, only in good)
    bad = [
        (Right.DELETE, "L"), (Right.DELETE, "sale"), (Right.OPT_OUT, "sensitive"), (Right.OPT_IN, "A"),
        (Right.LIMIT, "sale"), (Right.SHINE_THE_LIGHT, "A"), (Right.DELETE, "app_db/"),
    ]  # fmt: skip
    assert all(wrong(right, [only], TRACKER) for right, only in bad)
