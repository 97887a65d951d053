"""A Merkle tree over the journal, as of RFC 6962: who holds an old root can tell that nothing was removed since.

Pure. Leaves are the hashes of the journal's entries in their order; a tree's root stands for all of them.
Source: https://www.rfc-editor.org/rfc/rfc6962#section-2.1 (and RFC 9162 section 2.1, whose checks these are).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

Hash = bytes


def leaf(entry: str) -> Hash:
    """The leaf of an entry, by its hash as the journal writes it."""
    return hashlib.sha256(b"\x00" + entry.encode()).digest()


def root(leaves: Sequence[Hash]) -> Hash:
    """The root of the tree; of no leaves the hash of nothing."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:  # an odd last node moves up as it is, which gives RFC 6962's tree
        paired = [_node(level[n], level[n + 1]) for n in range(0, len(level) - 1, 2)]
        level = paired + level[len(level) & ~1 :]
    return level[0]


def inclusion(leaves: Sequence[Hash], index: int) -> list[Hash]:
    """The path that shows a leaf to be in the tree. IndexError if there is no such leaf."""
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    if len(leaves) == 1:
        return []
    middle = _split(len(leaves))
    if index < middle:
        return [*inclusion(leaves[:middle], index), root(leaves[middle:])]
    return [*inclusion(leaves[middle:], index - middle), root(leaves[:middle])]


def consistency(leaves: Sequence[Hash], first: int) -> list[Hash]:
    """The path that shows the tree of the `first` leaves to be the beginning of this one."""
    if not 0 < first <= len(leaves):
        raise IndexError(first)
    return _consistency(leaves, first, whole=True)


def _consistency(leaves: Sequence[Hash], first: int, *, whole: bool) -> list[Hash]:
    if first == len(leaves):
        return [] if whole else [root(leaves)]
    middle = _split(len(leaves))
    if first <= middle:
        return [*_consistency(leaves[:middle], first, whole=whole), root(leaves[middle:])]
    return [*_consistency(leaves[middle:], first - middle, whole=False), root(leaves[:middle])]


def included(entry: Hash, index: int, size: int, path: Sequence[Hash], expected: Hash) -> bool:
    """Whether the path shows the leaf to be in the tree of that size and root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, found = index, size - 1, entry
    for step in path:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = _node(step, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = _node(found, step)
        node, last = node >> 1, last >> 1
    return last == 0 and found == expected


def consistent(first: int, first_root: Hash, second: int, second_root: Hash, path: Sequence[Hash]) -> bool:
    """Whether the path shows the first tree to be the beginning of the second (RFC 9162, 2.1.4.2)."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    steps = list(path) if first & (first - 1) else [first_root, *path]
    if not steps:
        return False
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = _node(step, old), _node(step, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = _node(new, step)
        node, last = node >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _node(left: Hash, right: Hash) -> Hash:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """The largest power of two that is smaller than the size."""
    return 1 << (size - 1).bit_length() - 1
