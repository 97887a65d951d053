"""Stripe's form encoding: PHP-style brackets, and what an empty value means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

_BRACKETS = re.compile(r"\[([^\]]*)\]")


def decode(text: str) -> dict[str, Any]:
    """`a[b][0]=1` as nested mappings; lists stay mappings of index to value until read by `listed`."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head, _, _ = name.partition("[")
        node, parts = tree, [head, *_BRACKETS.findall(name)]
        for part in parts[:-1]:
            node = node.setdefault(part, {})
        node[parts[-1]] = value
    return tree


def listed(value: object) -> list[Any]:
    """A list out of what brackets decode to."""
    if isinstance(value, Mapping):
        return [value[key] for key in sorted(value, key=lambda k: int(k) if k.isdigit() else 0)]
    return [] if value in (None, "") else [value]


def merge(held: dict[str, Any], update: Mapping[str, Any], forgets: bool = False) -> None:
    """Apply an update as Stripe does: an empty value unsets, metadata merges by key.

    `forgets`: other hashes lose what the update does not name.
    """
    for name, value in update.items():
        if name == "metadata":
            _merge_metadata(held, value)
        elif isinstance(value, Mapping):
            inner = held.get(name)
            kept = dict(inner) if isinstance(inner, dict) else {}
            held[name] = dict.fromkeys(kept) if forgets else kept
            merge(held[name], value, forgets)
        elif value in ("true", "false"):
            held[name] = value == "true"
        else:
            held[name] = None if value == "" else value


def _merge_metadata(held: dict[str, Any], value: object) -> None:
    if not isinstance(value, Mapping):
        held["metadata"] = {}
        return
    merged = {**(held.get("metadata") or {}), **value}
    held["metadata"] = {k: v for k, v in merged.items() if v != ""}
