"""Reads the raw JSON objects of Stripe: dotted names, what still bears a person, what is redacted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

Raw = Mapping[str, Any]

# Redaction replaces values by "[redacted]" "or similar" (https://docs.stripe.com/privacy/redaction).
_MARK = re.compile(r"^\W*redacted\b", re.IGNORECASE)


def at(value: object, name: str) -> object:
    """The value under a dotted name, or None where the path ends early."""
    for part in name.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def ident(value: object) -> str:
    """The id of a reference, whether expanded or not; empty for none."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return value if isinstance(value, str) else ""


def leaves(value: object, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Every leaf with its dotted name; list elements stand under the name of their list."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, prefix)
    else:
        yield prefix, value


def personal(leaf: object) -> bool:
    """Whether a leaf holds anything: not blank, not a flag and not what a redaction leaves."""
    if leaf is None or isinstance(leaf, bool):
        return False
    return not isinstance(leaf, str) or (leaf.strip() != "" and not _MARK.match(leaf))


def bears(item: Raw, name: str) -> bool:
    """Whether the object holds a personal value at a dotted name or below it."""
    return any(personal(leaf) for _, leaf in leaves(at(item, name)))


def bears_any(item: Raw, names: Iterable[str]) -> bool:
    return any(bears(item, name) for name in names)


def redacted(item: Raw, names: Iterable[str]) -> bool:
    """Whether a redaction has gone over the object and left nothing personal in `names`."""
    names = tuple(names)
    if bears_any(item, names):
        return False
    if at(item, "redaction.status") == "redacted":
        return True
    marked = (leaf for name in names for _, leaf in leaves(at(item, name)) if isinstance(leaf, str))
    return any(_MARK.match(leaf) for leaf in marked)


def born(item: Raw) -> datetime | None:
    """When the object was created (invoice items call it `date`)."""
    seconds = item.get("created", item.get("date"))
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return datetime.fromtimestamp(seconds, UTC)


def same(held: object, wanted: Iterable[str]) -> bool:
    """Whether a stored value is one of the wanted ones, whatever its case."""
    return isinstance(held, str) and held.strip().casefold() in {w.strip().casefold() for w in wanted}
