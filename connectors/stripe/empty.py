"""Empties the attributes of one object by an ordinary update."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from connectors.stripe.holdings import Found
from connectors.stripe.transport import Api
from connectors.stripe.values import at, bears, ident
from connectors.stripe.vocabulary import BY_NAME


def address(found: Found) -> str:
    """The path of one object."""
    kind = BY_NAME[found.collection]
    owner = quote(ident(found.item.get("customer")) or found.owner, safe="")
    return f"{kind.path.replace('{customer}', owner)}/{quote(found.id, safe='')}"


def kept(name: str, keep: Iterable[str]) -> bool:
    """Whether a field, one inside it or one around it is to stay."""
    return any(k == name or k.startswith(f"{name}.") or name.startswith(f"{k}.") for k in keep)


def updates(found: Found, keep: frozenset[str]) -> dict[str, Any]:
    """The parameters that empty what can be emptied and still bears something."""
    params: dict[str, Any] = {}
    for name, blank in BY_NAME[found.collection].writable.items():
        if not bears(found.item, name):
            continue
        if not kept(name, keep):
            _put(params, name, blank)
        elif name == "metadata" and "metadata" not in keep:
            held = at(found.item, name)
            others = [key for key in held if f"metadata.{key}" not in keep] if isinstance(held, Mapping) else []
            if others:  # an empty value takes one key out
                params["metadata"] = dict.fromkeys(others, "")
    return params


def empty(api: Api, found: Found, keep: frozenset[str] = frozenset(), also: Mapping[str, Any] | None = None) -> None:
    """One update, or none where nothing is left to empty. Raises what the transport raises."""
    params = {**updates(found, keep), **(also or {})}
    if not params:
        return
    before = json.dumps([at(found.item, name) for name in sorted(params)], sort_keys=True, default=str)
    api.write("post", address(found), f"emptying {found.collection}", [found.collection], params, key=before)


def _put(params: dict[str, Any], name: str, value: str) -> None:
    *parents, last = name.split(".")
    for parent in parents:
        params = params.setdefault(parent, {})
    params[last] = value
