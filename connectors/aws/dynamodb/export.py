"""The disclosed attributes of a record's items, as JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from connectors.aws.dynamodb.search import CLAIMED, SHARED, Found
from connectors.aws.dynamodb.values import Item, at, plain, undescribed
from connectors.model import Artifact, Locator


def export(found: Found, where: Locator) -> Iterator[Artifact]:
    """One file of the items at an address; nothing of what is only claimed or also others'."""
    spec = found.rules.spec
    items = list(found.at(where).values())
    if where.key == CLAIMED or not items:
        return
    name = "-".join(["".join(c if c.isalnum() else "-" for c in spec.name), *_span(where)])
    if where.key == SHARED:
        yield Artifact(f"{name}.jsonl", "application/jsonl", iter(()), ("items that also hold other people's data",))
        return
    shown = spec.disclosed
    hidden = set(spec.withheld(f.name for f in spec.fields if any(at(i, f.name) is not None for i in items)))
    if any(True for item in items for _ in undescribed(item, [f.name for f in spec.fields])):
        hidden.add("unmarked field")
    lines = (_line(item, shown) for item in items)
    yield Artifact(f"{name}.jsonl", "application/jsonl", lines, tuple(sorted(hidden)))


def _line(item: Item, shown: Sequence[str]) -> bytes:
    values = {name: plain(value) for name in shown if (value := at(item, name)) is not None}
    return json.dumps(values, ensure_ascii=False).encode() + b"\n"


def _span(where: Locator) -> Iterator[str]:
    for word, when in (("from", where.since), ("before", where.before)):
        if when:
            yield f"{word}-{when:%Y-%m-%d}"
