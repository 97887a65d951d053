"""What is contested: checked, completed, and never a proof. Pure."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from typer import BadParameter

from orchestrator.cli.corrections import contested
from orchestrator.correction.contested import Contested, effective, follows, given, named, points
from orchestrator.errors import InventoryError, NotAllowedError
from orchestrator.inventory import Inventory
from orchestrator.inventory.attributes import Attribute
from tests.orchestrator.inventories import MINIMAL, written

ROOT = Path(__file__).parent.parent.parent
ATTRIBUTES = {
    "name": Attribute("name", "Name", joins=("first", "last")),
    "first": Attribute("first", "First name"),
    "last": Attribute("last", "Last name"),
}


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return Inventory.load(ROOT / "inventory.yaml")


def test_parts_make_the_whole_and_a_whole_no_parts() -> None:
    both = (Contested("first", "Anne", ("Ann",)), Contested("last", "Li", ("Lee",)))
    assert effective(both, ATTRIBUTES)[0] == Contested("name", "Anne Li", ("Ann Lee",))
    assert effective(both[:1], ATTRIBUTES) == both[:1], "a last name alone makes nobody's name"
    several = (both[0], Contested("last", "Li", ("Lee", "Leigh")))
    assert effective(several, ATTRIBUTES)[0].was == (), "nobody said which of them stood with which first name"
    whole = (Contested("name", "Anne Li"),)
    assert effective(whole, ATTRIBUTES) == whole
    emptied = (both[0], Contested("last", "", ("Lee",)))
    assert {c.attribute for c in effective(emptied, ATTRIBUTES)} == {"first", "last"}
    assert follows(["first", "last"], ATTRIBUTES) == {"name": ("first", "last")}


def test_values_hide_from_repr() -> None:
    assert repr(Contested("first", "Anne", ("Ann",))) == "Contested(attribute='first')"


@pytest.mark.parametrize(
    ("new", "was", "why"),
    [
        ({"shoe_size": "44"}, [], "did you mean|expected one of"),
        ({"phone": "  "}, [], "empty"),
        ({"phone": "no digits"}, [], "empty"),
        ({"birth_date": "1 February 1990"}, [], "YYYY-MM-DD"),
        ({"phone": "+1 608 555 0177"}, [("phone", "(1) 608-555-0177")], "the same"),
        ({"phone": "+1 608 555 0177"}, [("name", "Ann Lee")], "not the right one"),
    ],
)
def test_what_cannot_be_put_right_is_refused(
    inventory: Inventory, new: dict[str, str], was: list[tuple[str, str]], why: str
) -> None:
    with pytest.raises(NotAllowedError, match=why) as raised:
        given(inventory, new, was)
    assert not [v for v in [*new.values(), *(v for _, v in was)] if v.strip() and v in str(raised.value)]


def test_numbers_are_compared_by_their_digits_and_addresses_as_the_inventory_says(inventory: Inventory) -> None:
    assert inventory.alike("phone", "+1 (608) 555-0100", "+1 608 555 0100")
    assert inventory.alike("email", " Ann.Lee@Example.com", "ann.lee@example.com")
    assert not inventory.alike("name", "Ann Lee", "ann lee")
    assert inventory.alike("name", "Ann  Lee ", "Ann Lee")


CONTESTED_POINTS = ["phone", "Phone", "Telephone number", "telephone-number", "phones", "phone_number_id"]


@pytest.mark.parametrize("point", CONTESTED_POINTS)
def test_a_contested_datum_is_no_point_of_comparison(inventory: Inventory, point: str) -> None:
    words = points([Contested("phone", "x")], inventory)
    assert named(point, words)
    assert not [p for p in ("email", "name", "user number", "city", "job title") if named(p, words)]


def test_with_a_name_its_parts_are_contested_and_the_reverse(inventory: Inventory) -> None:
    for attribute in ("name", "family_name"):
        words = points([Contested(attribute, "x")], inventory)
        assert all(named(p, words) for p in ("name", "last name", "lastName", "holder_name"))
    assert named("email", points([Contested("email", "x")], inventory)), "the kind of identifier as well"


@drawn(st.dictionaries(st.sampled_from(["first", "last", "name"]), st.text("ab ", min_size=1).map(str.strip)))
def test_what_was_said_is_never_lost(new: dict[str, str]) -> None:
    said = tuple(Contested(name, value) for name, value in new.items())
    made = effective(said, ATTRIBUTES)
    assert {c for c in made if c.attribute in new} == set(said)
    assert len({c.attribute for c in made}) == len(made)


WRONG = {
    "  phone: {title: Phone, kind: fax}": "'fax' is not declared",
    "  name: {title: Name, joins: [first, last]}": "no such single attribute 'first'",
    "  name: {title: Name, joins: [first]}": "two attributes or more",
    "  Name: {title: Name}": "attributes",
}


@pytest.mark.parametrize("line", WRONG)
def test_the_inventory_says_what_is_wrong_with_its_attributes(tmp_path: Path, line: str) -> None:
    with pytest.raises(InventoryError, match=WRONG[line]):
        Inventory.load(written(tmp_path, f"{MINIMAL}attributes:\n{line}\n"))


def test_a_field_holds_what_there_is(tmp_path: Path) -> None:
    held = MINIMAL.replace("name: {category: B, disclose: true}", "name: {category: B, disclose: true, holds: nam}")
    with pytest.raises(InventoryError, match="no attribute 'nam'; did you mean 'name'"):
        Inventory.load(written(tmp_path, f"{held}attributes:\n  name: {{title: Name}}\n"))
    idle = MINIMAL.replace("      grades:\n", "      grades:\n        uncorrected: It was so.\n")
    with pytest.raises(InventoryError, match="no field `holds` an attribute"):
        Inventory.load(written(tmp_path, idle))


def test_lines_of_a_correction_are_read_and_a_wrong_one_is_not_repeated() -> None:
    new, was = contested(["set phone=+1 608 555 0177", "was phone = 555-0100", "was phone=555-0101", "set name=A=B"])
    assert (new, was) == ({"phone": "+1 608 555 0177", "name": "A=B"}, [("phone", "555-0100"), ("phone", "555-0101")])
    for wrong in (["phone=555-0177"], ["set phone"], ["set =555-0177"], ["set phone="], ["set a=1", "set a=555-0177"]):
        with pytest.raises(BadParameter, match="line") as raised:
            contested(wrong)
        assert "555-0177" not in str(raised.value)
