"""An organisation's instruction reaches its own rows that we hold for it: not another's, and none of our own."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.memory import connect
from connectors.model import Action, Identifier, Locator, Order, Subject, SystemSpec, Trust
from orchestrator.decide import HAND_OVER, Given, decide
from orchestrator.errors import InventoryError
from orchestrator.instructed import APART
from orchestrator.inventory import Inventory
from orchestrator.model import Discovery, Right, Step
from tests.orchestrator.cases import NOW, VERIFICATION, searched
from tests.orchestrator.inventories import MINIMAL, changed, written

ANN = Subject.of(Identifier("email", "ann@example.com", Trust.PROVEN))
GRADES = """\
      grades:
        role: service_provider
        on_deletion: manual
        organisation: [organisation_id]
        found_by: [{kind: email, field: email, trust: assigned}]
        fields: {email: {category: A, disclose: true}, content: {category: J}}
        plain: [organisation_id]
      notes:
        role: business
        found_by: [{kind: email, field: email, trust: assigned}]
        fields: {email: {category: A, disclose: true}}
        plain: [organisation_id]
      homework:
        role: service_provider
        on_deletion: manual
        found_by: [{kind: email, field: email, trust: assigned}]
        fields: {email: {category: A, disclose: true}}
        plain: [organisation_id]
"""
OLD = MINIMAL[MINIMAL.index("      grades:") : MINIMAL.index("  paper:")]
PEOPLE, ORGANISATIONS = ("ann@example.com", "bob@example.com"), ("5", "6", "55", "", None)
ROWS = st.lists(
    st.builds(
        lambda email, organisation: {"email": email, "organisation_id": organisation, "content": "x"},
        st.sampled_from(PEOPLE), st.sampled_from(ORGANISATIONS),
    ), max_size=8,
)  # fmt: skip
TABLES = st.fixed_dictionaries(dict.fromkeys(("grades", "notes", "homework", "users", "orders"), ROWS))


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    return Inventory.load(written(tmp_path_factory.mktemp("orgs"), MINIMAL.replace(OLD, GRADES)))


def spec(inventory: Inventory, rows: dict[str, Any], organisation: str) -> SystemSpec:
    environ = {"SHOP_URL": "memory:", "SHOP_KEY": "x"}
    made = inventory.spec("shop", now=NOW, organisation=organisation, environ=environ, gate=lambda collection: None)
    return replace(made, settings={"rows": rows})


def carried_out(inventory: Inventory, rows: dict[str, Any], organisation: str, right: Right) -> tuple[Step, ...]:
    connector = connect(spec(inventory, rows, organisation))
    found = Discovery(ANN, frozenset(), tuple((0, r) for r in connector.locate(ANN)), (searched(),), (), NOW)
    at = {repr(r.at): r.at for _, r in found.records}
    given_ = Given(
        "r-1", right, "s1", VERIFICATION, [], frozenset(), repr, NOW, organisation=organisation,
        reached=frozenset({"shop"}) if organisation else frozenset(),
    )  # fmt: skip
    plan = decide(found, inventory, given_)
    orders = [Order(at[s.ref], s.action, s.count, 0, frozenset(s.keep)) for s in plan.steps if s.ref in at]
    list(connector.delete(ANN, orders))
    return plan.steps


@given(TABLES, st.sampled_from(["5", "6"]), st.sampled_from([Right.DELETE, Right.ACCESS]))
def test_it_never_reaches_anothers_rows_nor_our_own(
    inventory: Inventory, rows: dict[str, Any], organisation: str, right: Right
) -> None:
    before = copy.deepcopy(rows)
    steps = carried_out(inventory, rows, organisation, right)
    theirs = [r for r in before["grades"] if r["email"] == PEOPLE[0] and r["organisation_id"] == organisation]
    expected = [r for r in before["grades"] if right is not Right.DELETE or r not in theirs]
    assert rows == {**before, "grades": expected}
    assert sum(s.count for s in steps) == len(theirs)
    assert [s.collection for s in steps if s.rule == APART] == ["homework"], "what cannot be told apart is by hand"
    assert not [s for s in steps if s.rule == HAND_OVER]


@given(TABLES)
def test_a_persons_own_request_deletes_nothing_held_for_organisations(
    inventory: Inventory, rows: dict[str, Any]
) -> None:
    before = copy.deepcopy(rows)
    steps = carried_out(inventory, rows, "", Right.DELETE)
    assert (rows["grades"], rows["homework"]) == (before["grades"], before["homework"])
    assert {s.rule for s in steps if s.collection in ("grades", "homework")} <= {HAND_OVER}
    assert {s.action for s in steps if s.rule == HAND_OVER} <= {Action.MANUAL}


def test_a_connector_that_reaches_too_much_is_not_followed(inventory: Inventory) -> None:
    """Even if it ignores what it was told: its records do not say that they are the organisation's alone."""
    rows = {"grades": [{"email": PEOPLE[0], "organisation_id": "6"}], "notes": [{"email": PEOPLE[0]}]}
    heedless = connect(spec(inventory, rows, ""))
    found = Discovery(ANN, frozenset(), tuple((0, r) for r in heedless.locate(ANN)), (searched(),), (), NOW)
    given_ = Given(
        "r-1", Right.DELETE, "s1", VERIFICATION, [], frozenset(), repr, NOW,
        organisation="5", reached=frozenset({"shop"}),
    )  # fmt: skip
    assert [s.rule for s in decide(found, inventory, given_).steps] == [APART]


def test_only_what_is_held_for_organisations_can_say_whose_it_is(tmp_path: Path) -> None:
    for old, new, says in [
        (
            "        age: at\n",
            "        age: at\n        organisation: [user]\n",
            "only what is held as service_provider",
        ),
        (
            "        on_deletion: manual\n",
            "        on_deletion: manual\n        organisation: [school]\n",
            "neither under",
        ),
        (
            "        on_deletion: manual\n",
            "        on_deletion: manual\n        organisation: [user, x]\n",
            "no link leads",
        ),
    ]:
        with pytest.raises(InventoryError, match=says):
            Inventory.load(changed(tmp_path, old, new))


def test_the_address_of_a_record_says_whose_it_is_only_where_one_was_asked_for(inventory: Inventory) -> None:
    rows = {"grades": [{"email": PEOPLE[0], "organisation_id": "5"}]}
    (whole,) = connect(spec(inventory, rows, "")).locate(ANN)
    (narrow,) = connect(spec(inventory, rows, "5")).locate(ANN)
    assert (whole.organisation, narrow.organisation) == ("", "5")
    assert whole.at == narrow.at == Locator("shop", "grades")
