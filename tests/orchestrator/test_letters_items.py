"""From a signed receipt to what a letter says of each class of data: never more than the receipt bears out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.model import Action, Status
from orchestrator.inventory import Inventory
from orchestrator.letters.facts import Item
from orchestrator.letters.items import outcome
from orchestrator.letters.kinds import State
from orchestrator.model import Confirmation, Coverage, Right, Role, Searched, Step, StepResult
from tests.orchestrator.cases import LATER, NOW, RESULTS, TAX, built, case, done, kept, plan, searched, step
from tests.orchestrator.inventories import MINIMAL, written

COPIES = """\
  copies:
    title: Backups of the shop
    connector: memory
    role: business
    sources: [The shop]
    purposes: [Recovery]
    owner: engineering
    settings: {copies_of: [shop]}
    collections: {dumps: {title: Nightly dumps}}
  mailer:
    title: Mailer
    connector: memory
    role: business
    sources: [The shop]
    purposes: [Mailings]
    owner: engineering
    third_party_category: Mail provider
    collections: {contacts: {title: Contacts}}
"""


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    kinds = "identifiers:\n  shop.held_until: {title: Until when the shop may hold the person}\n"
    text = MINIMAL.replace("identifiers:\n", kinds)
    return Inventory.load(written(tmp_path_factory.mktemp("inventory"), text + COPIES))


def at(system: str, collection: str, ref: str = "a", **more: Any) -> Step:
    return replace(step(ref), system=system, collection=collection, **more)


def items(inventory: Inventory, *made: Any, **more: Any) -> tuple[Item, ...]:
    """Of one plan with its results, as (step, result) pairs."""
    steps = [pair[0] for pair in made]
    results = [pair[1] for pair in made if pair[1] is not None]
    coverage = more.pop("coverage", tuple(searched(name) for name in sorted({s.system for s in steps})))
    return outcome(built(case(plan(*steps, coverage=coverage), *results, **more)), inventory).items


def states(found: tuple[Item, ...]) -> list[tuple[State, str, str]]:
    return [(i.state, i.system, i.what) for i in found]


def test_what_is_gone_is_told_by_where_it_was(inventory: Inventory) -> None:
    found = items(
        inventory, (at("shop", "orders"), done("a")), (at("mailer", "contacts", "b"), done("b")),
        (at("shop", "users", "c", action=Action.REDACT), done("c")),
    )  # fmt: skip
    assert states(found) == [
        (State.DELETED, "Shop", "orders"),
        (State.EMPTIED, "Shop", "users"),
        (State.VENDOR_DELETED, "Mailer", "Contacts"),
    ]


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (done("a", confirmed=None, left=0), State.UNPROVEN),
        (done("a", confirmed=None, left=None), State.UNCONFIRMED),
        (done("a", confirmed=False, left=2), State.FAILED),
        (StepResult("a", Status.FAILED), State.FAILED),
        (StepResult("a", Status.ACCEPTED, 3, NOW, LATER + timedelta(9)), State.VENDOR_ACCEPTED),
        (StepResult("a", Status.MANUAL, 0, NOW), State.BY_HAND),
        (StepResult("a", Status.RETAINED, 0, NOW), State.BY_HAND),
        (None, State.BY_HAND),
    ],
)
def test_what_is_not_gone_is_never_told_as_deleted(
    inventory: Inventory, result: StepResult | None, state: State
) -> None:
    found = items(inventory, (at("mailer", "contacts"), result))
    assert [i.state for i in found] == [state]
    assert not state.clean


def test_what_is_kept_says_why_how_it_is_used_and_until_when(inventory: Inventory) -> None:
    row = replace(kept("a"), system="shop", collection="orders")
    (found,) = items(inventory, (row, StepResult("a", Status.RETAINED, 0, NOW, row.until)), rules=(TAX,))
    assert found.state is State.RETAINED
    assert (found.basis, found.citation, found.use) == (TAX.basis, TAX.citation, TAX.use_limit)
    assert row.until is not None
    assert found.until == row.until.date()


def test_fields_that_stay_of_a_redacted_row_are_told_beside_it(inventory: Inventory) -> None:
    row = at("shop", "orders", action=Action.REDACT, rule="tax", keep=("billing_name",), until=LATER + timedelta(9))
    found = items(inventory, (row, done("a")), rules=(TAX,))
    assert states(found) == [
        (State.EMPTIED, "Shop", "orders"),
        (State.RETAINED, "Shop", "orders (billing name)"),
    ]


def test_each_row_of_a_collection_has_its_own_reason(inventory: Inventory) -> None:
    tax = replace(kept("a"), system="shop", collection="orders")
    hold = at("shop", "orders", "b", action=Action.RETAIN, rule="hold", basis="legal hold", until=LATER + timedelta(5))
    plain = at("shop", "orders", "c", action=Action.REDACT)
    found = items(
        inventory, (tax, StepResult("a", Status.RETAINED, 0, NOW, tax.until)),
        (hold, StepResult("b", Status.RETAINED, 0, NOW, hold.until)), (plain, done("c")), rules=(TAX,),
    )  # fmt: skip
    assert [(i.state, i.citation) for i in found] == [
        (State.EMPTIED, ""), (State.RETAINED, ""), (State.RETAINED, TAX.citation),
    ]  # fmt: skip
    assert "legal hold" in found[1].basis


def test_backups_and_what_a_vendor_locks_are_no_exceptions(inventory: Inventory) -> None:
    until = LATER + timedelta(30)
    rows = [
        at(system, collection, ref, action=Action.RETAIN, rule="vendor", basis="locked", until=until)
        for ref, system, collection in (("a", "copies", "dumps"), ("b", "mailer", "contacts"))
    ]
    found = items(inventory, *((r, StepResult(r.ref, Status.RETAINED, 0, NOW, until)) for r in rows))
    assert [(i.state, i.until) for i in found] == [
        (State.BACKUP, until.date()), (State.VENDOR_KEEPS, until.date()),
    ]  # fmt: skip
    endless = replace(rows[0], until=None)
    (open_,) = items(inventory, (endless, StepResult("a", Status.RETAINED, 0, NOW)))
    assert open_.state is State.BY_HAND, "nobody has said until when"


def test_what_is_held_for_an_organisation_is_handed_over_when_somebody_says_so(inventory: Inventory) -> None:
    row = at("shop", "grades", action=Action.MANUAL, role=Role.SERVICE_PROVIDER, rule="service_provider")
    (waiting,) = items(inventory, (row, StepResult("a", Status.MANUAL, 0, NOW)))
    assert waiting.state is State.TO_HAND_OVER


def test_systems_without_steps_are_nothing_found_not_searched_or_open(inventory: Inventory) -> None:
    coverage = (
        searched("shop"), searched("mailer", Coverage.NOT_SEARCHABLE), searched("copies", Coverage.UNREACHABLE),
        searched("paper", Coverage.MANUAL_OPEN),
    )  # fmt: skip
    found = items(inventory, coverage=coverage)
    assert {(i.state, i.system) for i in found} == {
        (State.NOT_FOUND, "Shop"), (State.NOT_SEARCHED, "Mailer"), (State.FAILED, "Backups of the shop"),
        (State.BY_HAND, "Filing cabinet"),
    }  # fmt: skip


def test_what_came_since_and_a_lost_opt_out_are_open(inventory: Inventory) -> None:
    seen = Confirmation(
        LATER, (done("a"),), (searched("shop"),), (("shop", "users", 2),), (("mailer", False),)
    )  # fmt: skip
    found = items(inventory, (at("shop", "orders"), done("a")), confirmation=seen)
    assert {i.state for i in found if i.state.open} == {State.LATE, State.FAILED}


def test_what_is_partly_deleted_and_partly_kept_is_said_to_be_split(inventory: Inventory) -> None:
    row = replace(kept("b"), system="shop", collection="orders")
    made = case(
        plan(at("shop", "orders"), row, coverage=(searched("shop"),)), done("a"),
        StepResult("b", Status.RETAINED, 0, NOW, row.until), rules=(TAX,),
    )  # fmt: skip
    assert outcome(built(made), inventory).split
    assert not outcome(built(case(plan(at("shop", "orders")), done("a"))), inventory).split


@given(
    result=RESULTS, action=st.sampled_from(Action), coverage=st.sampled_from(Coverage), approved=st.booleans(),
    system=st.sampled_from(["shop", "mailer"]),
)  # fmt: skip
def test_the_whole_is_gone_only_where_a_search_has_shown_it(
    inventory: Inventory, result: StepResult, action: Action, coverage: Coverage, approved: bool, system: str
) -> None:
    row = at(system, "things", action=action)
    made = case(plan(row, coverage=(Searched(system, coverage, NOW),)), result)
    payload = built(made if approved else replace(made, approvals=()))
    found = outcome(payload, inventory)
    if found.whole:
        assert result.confirmed
        assert not result.left
        assert payload["outcome"] == "complete"
        assert coverage is Coverage.SEARCHED
    for item in found.items:
        if item.state in (State.DELETED, State.EMPTIED, State.VENDOR_DELETED):
            assert payload["steps"][0]["standing"] == "gone"


def test_an_access_request_names_the_types_that_are_withheld(inventory: Inventory) -> None:
    made = case(plan(at("shop", "users", action=Action.RETAIN), right=Right.ACCESS), withheld=("password hash",))
    assert outcome(built(made), inventory).withheld == ("password hash",)
