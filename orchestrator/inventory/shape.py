"""Whether the file has the shape of an inventory, said in words and with the line."""

from __future__ import annotations

import types
import typing
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from orchestrator.inventory.problems import Place, Problems, nearest
from orchestrator.inventory.schema import Document

_NAMES = {dict: "a mapping (key: value)", list: "a list", str: "text", bool: "true or false", int: "a number"}
_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
    "model_attributes_type": "a mapping (key: value)",
}
_PATTERNS = {
    "systems": "a name of small letters, digits and _",
    "identifiers": "a name of small letters, digits, _ and .",
    "id": "small letters, digits, - and _ (staff are named by pseudonym, not by address)",
    "sha256": "64 hexadecimal digits",
    "revised": "a date, YYYY-MM-DD",
    "confirmed_on": "a date, YYYY-MM-DD",
    "until": "a date, YYYY-MM-DD",
}


def shaped(data: Any, problems: Problems) -> Document | None:
    """The validated document, or None with the problems added. No value of the file is repeated,
    for a secret may stand in the wrong place."""
    try:
        return Document.model_validate(data)
    except ValidationError as error:
        for found in error.errors(include_url=False):
            place = tuple(p for p in found["loc"] if p != "[key]")
            problems.add(place, _said(found, place))
        return None


def _said(found: Any, place: Place) -> str:
    kind: str = found["type"]
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return f"unknown key{nearest(str(place[-1]), _keys(place[:-1]))}"
    if kind in _WANTED:
        return f"expected {_WANTED[kind]}, found {_name(found['input'])}"
    if kind == "literal_error":
        choices = [c.strip(" '") for c in found["ctx"]["expected"].replace(" or ", ", ").split(",")]
        given = found["input"] if isinstance(found["input"], str) else ""
        return nearest(given, choices).removeprefix("; ")
    if kind == "string_pattern_mismatch":
        named = next((p for p in reversed(place) if p in _PATTERNS), "")
        return f"expected {_PATTERNS.get(str(named), 'another form')}"
    if kind == "value_error":
        return f"{found['ctx']['error']}"
    if kind in ("too_short", "string_too_short"):
        return "must not be empty"
    return str(found["msg"])


def _name(value: object) -> str:
    if value is None:
        return "nothing"
    return next((name for kind, name in _NAMES.items() if type(value) is kind), "something else")


def _keys(place: Sequence[str | int]) -> list[str]:
    """The keys that may stand at a place of the document."""
    kind: Any = Document
    for part in place:
        kind = _plain(kind)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            if part not in kind.model_fields:
                return []
            kind = kind.model_fields[str(part)].annotation
        elif typing.get_origin(kind) in (dict, list):
            kind = typing.get_args(kind)[-1]
        else:
            return []
    kind = _plain(kind)
    return list(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else []


def _plain(kind: Any) -> Any:
    """Without `| None` and without annotations."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return next(a for a in typing.get_args(kind) if a is not type(None))
    return typing.get_args(kind)[0] if typing.get_origin(kind) is typing.Annotated else kind
