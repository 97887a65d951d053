"""The tree over the journal: RFC 6962's own values, and that no proof fits anything but what it is of."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import merkle

SIZES = st.integers(1, 70)


def tree(size: int) -> list[bytes]:
    return [merkle.leaf(f"sha256:{n:064x}") for n in range(size)]


def test_the_root_is_the_one_of_the_standard() -> None:
    """Vectors of the Certificate Transparency project: https://github.com/google/certificate-transparency."""
    data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [hashlib.sha256(b"\x00" + bytes.fromhex(d)).digest() for d in data]
    roots = {
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }
    for size, expected in roots.items():
        assert merkle.root(leaves[:size]).hex() == expected
    assert merkle.root([]) == hashlib.sha256(b"").digest()


@given(SIZES, st.data())
def test_every_leaf_is_shown_to_be_in_the_tree_and_no_other(size: int, data: st.DataObject) -> None:
    leaves = tree(size)
    index = data.draw(st.integers(0, size - 1))
    path, root = merkle.inclusion(leaves, index), merkle.root(leaves)
    assert merkle.included(leaves[index], index, size, path, root)
    assert not merkle.included(merkle.leaf("sha256:other"), index, size, path, root)
    for other in {0, size - 1, index ^ 1} - {index}:
        assert not merkle.included(leaves[index], other, size, path, root)
    assert not merkle.included(leaves[index], index, size, [*path, root], root)


@given(SIZES, st.data())
def test_an_old_root_is_shown_to_be_the_beginning_and_a_rewritten_one_is_not(size: int, data: st.DataObject) -> None:
    leaves = tree(size)
    first = data.draw(st.integers(1, size))
    path, old, new = merkle.consistency(leaves, first), merkle.root(leaves[:first]), merkle.root(leaves)
    assert merkle.consistent(first, old, size, new, path)
    changed = data.draw(st.integers(0, first - 1))
    rewritten = [*leaves[:changed], merkle.leaf("sha256:rewritten"), *leaves[changed + 1 :]]
    lie = merkle.consistency(rewritten, first)
    assert not merkle.consistent(first, old, size, merkle.root(rewritten), lie)
    if size > 1:
        shorter = [*leaves[:changed], *leaves[changed + 1 :]]
        if first <= len(shorter):
            lie = merkle.consistency(shorter, first)
            assert not merkle.consistent(first, old, len(shorter), merkle.root(shorter), lie)


@given(SIZES, st.data())
def test_no_byte_of_a_proof_can_change(size: int, data: st.DataObject) -> None:
    leaves = tree(size)
    first = data.draw(st.integers(1, size))
    path = merkle.consistency(leaves, first)
    if not path:
        return
    step, byte = data.draw(st.integers(0, len(path) - 1)), data.draw(st.integers(0, 31))
    bent = [*path]
    bent[step] = bytes([*path[step][:byte], path[step][byte] ^ 1, *path[step][byte + 1 :]])
    assert not merkle.consistent(first, merkle.root(leaves[:first]), size, merkle.root(leaves), bent)


@pytest.mark.parametrize("first", [0, 4])
def test_there_is_no_proof_of_what_is_not_there(first: int) -> None:
    with pytest.raises(IndexError):
        merkle.consistency(tree(3), first)
    with pytest.raises(IndexError):
        merkle.inclusion(tree(3), 3)
    assert not merkle.consistent(first, b"", 3, b"", [])
