"""Files that are no inventory, or hardly one: refused with a message, whatever they hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.errors import InventoryError
from orchestrator.inventory import Inventory
from tests.orchestrator.inventories import MINIMAL, changed, problem, problems, written


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("# only a comment\n", "is empty"),
        ("- a\n- b\n", "FILE:1: expected a mapping (key: value), found a list"),
        ("just words\n", "FILE:1: expected a mapping (key: value), found text"),
        ("a:\n\tb: 1\n", "FILE:2: a tab; indent with spaces"),
        ("a: [1,\n", "not YAML"),
        ("a: 'x\n", "not YAML"),
        ("a: \x01\n", "characters that YAML does not allow"),
        ("a: &x 1\nb: *x\n", "FILE:2: an alias (*name) stands for other text"),
        ("a: !!python/object:os.system x\n", "FILE:1: a tag (!name) has no meaning here"),
        ("a: 1\n---\nb: 2\n", "FILE:2: a second document"),
        ("[" * 5000, "nested deeper than 16 levels"),
        ("? [a]\n: 1\n", "a key must be a word"),
        ("a: .inf\n", "not a usable number"),
        ("a: " + "9" * 5000 + "\n", "not a usable number"),
    ],
    ids=lambda v: repr(v)[:24],
)
def test_what_is_no_inventory_at_all(tmp_path: Path, text: str, said: str) -> None:
    assert any(said in line for line in problems(written(tmp_path, text)))


def test_a_billion_laughs_is_refused_before_it_grows(tmp_path: Path) -> None:
    lines = ["l0: &l0 [lol]"] + [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]" for i in range(1, 12)]
    assert any("alias" in line for line in problems(written(tmp_path, "\n".join(lines))))


def test_a_key_that_stands_twice_is_told_with_both_lines(tmp_path: Path) -> None:
    said = problem(changed(tmp_path, "regime: ccpa", "regime: ccpa\ncompany: Other LLC"))
    assert said == "FILE:4: company: the key stands here twice; the first is on line 2"
    nested = problem(changed(tmp_path, "        plain: [id]\n", "        plain: [id]\n        plain: [a]\n"))
    assert "systems.shop.collections.users.plain: the key stands here twice" in nested


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match=r"no such file; name the inventory with --inventory"):
        Inventory.load(tmp_path / "nothing.yaml")
    with pytest.raises(InventoryError, match="cannot be read"):
        Inventory.load(tmp_path)
    (latin := tmp_path / "latin.yaml").write_bytes("inventory: 1\ncompany: Café\n".encode("latin-1"))
    with pytest.raises(InventoryError, match=r"latin\.yaml:2: is not UTF-8"):
        Inventory.load(latin)
    (large := tmp_path / "large.yaml").write_bytes(b"# " + b"x" * 2_000_001)
    with pytest.raises(InventoryError, match="larger than"):
        Inventory.load(large)


@given(st.text(alphabet=st.sampled_from("abc:-[]{}&*!|>'\"#%@, \n\t0.~?"), max_size=80))
@settings(max_examples=300, deadline=None)
def test_no_text_gets_anything_but_an_inventory_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text)
    with pytest.raises(InventoryError):
        Inventory.load(path)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_inventory_is_refused_or_still_one(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    lines = MINIMAL.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        i, j = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        damage = data.draw(st.sampled_from(("drop", "swap", "double", "indent", "cut")))
        if damage == "drop":
            del lines[i]
        elif damage == "swap":
            lines[i], lines[j] = lines[j], lines[i]
        elif damage == "double":
            lines.insert(i, lines[j])
        else:
            lines[i] = f"  {lines[i]}" if damage == "indent" else lines[i][: len(lines[i]) // 2]
    path = tmp_path_factory.getbasetemp() / "damaged.yaml"
    path.write_text("\n".join(lines))
    said = ""
    try:
        Inventory.load(path)
    except InventoryError as error:
        said = str(error)
    assert all(line.startswith(str(path)) for line in said.splitlines())
