"""Exports raw objects as JSON Lines, restricted to what the inventory discloses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.model import Artifact, CollectionSpec, Disclosure
from connectors.stripe.holdings import Found

_SECRET = "client_secret"  # noqa: S105 (an attribute's name); whoever has it can act on the payment
_TRACER = "fingerprint"  # one card across all customers of the account: only if marked by its full name


class Shape:
    """Which leaves of an object leave, and what the others are called."""

    def __init__(self, spec: CollectionSpec) -> None:
        self._marks = {f.name: f for f in spec.fields}

    def disclosed(self, path: str) -> bool:
        """The most specific mark decides; a leaf without one is withheld."""
        last = path.rpartition(".")[2]
        if last == _SECRET:
            return False
        mark = self._mark(path)
        if mark is None or self._marks[mark].disclosure is not Disclosure.DISCLOSE:
            return False
        return last != _TRACER or mark == path

    def type(self, path: str) -> str:
        """What a withheld leaf is called."""
        mark = self._mark(path)
        return "unmarked field" if mark is None else self._marks[mark].type or mark

    def cut(self, value: object, path: str = "") -> Any:
        """The object with only its disclosed leaves; None where nothing is left."""
        if isinstance(value, Mapping):
            inner = {k: self.cut(v, f"{path}.{k}" if path else str(k)) for k, v in value.items()}
            return {k: v for k, v in inner.items() if v is not None} or None
        if isinstance(value, list):
            return [v for v in (self.cut(item, path) for item in value) if v is not None] or None
        return value if self.disclosed(path) else None

    def withheld(self, value: object, path: str = "") -> Iterator[str]:
        """The types of what is present and held back."""
        if isinstance(value, Mapping):
            for key, inner in value.items():
                yield from self.withheld(inner, f"{path}.{key}" if path else str(key))
        elif isinstance(value, list):
            for inner in value:
                yield from self.withheld(inner, path)
        elif value is not None and value != "" and not self.disclosed(path):
            yield self.type(path)

    def _mark(self, path: str) -> str | None:
        parts = path.split(".")
        for length in range(len(parts), 0, -1):
            if (name := ".".join(parts[:length])) in self._marks:
                return name
        return "content" if "content" in self._marks else None


def artifact(spec: CollectionSpec, found: Sequence[Found], part: str) -> Artifact:
    """One file of the objects of one record."""
    shape = Shape(spec)
    withheld = tuple(sorted({name for f in found for name in shape.withheld(f.item)}))
    lines = (json.dumps(shape.cut(f.item) or {}, ensure_ascii=False).encode() + b"\n" for f in found)
    return Artifact(f"{spec.name}{part}.jsonl", "application/jsonl", lines, withheld)
