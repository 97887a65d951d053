"""Attribute values of DynamoDB as they come over the wire ({"S": "text"}), read and redacted.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.model import Redaction

Value = Mapping[str, Any]
Item = Mapping[str, Value]
PLACEHOLDER = "[redacted]"
UNIQUE = "redacted-"
_MILLISECONDS = 100_000_000_000  # an epoch above this (the year 5138 in seconds) counts milliseconds
_EMPTY: Mapping[str, Any] = {"S": "", "B": b"", "L": [], "M": {}}


def path(field: str) -> tuple[str, ...]:
    """`attribute` or `attribute->key.key`, as a path. Attribute names may hold dots, keys in a path may not."""
    attribute, arrow, keys = field.partition("->")
    return (attribute, *keys.split(".")) if arrow else (attribute,)


def at(item: Item, field: str) -> Value | None:
    """What stands there; None where nothing does."""
    first, *rest = path(field)
    found: Value | None = item.get(first)
    for key in rest:
        found = found.get("M", {}).get(key) if found is not None else None
    return found


def texts(value: Value | None) -> tuple[str, ...]:
    """The texts and numbers of a value: one of a scalar, all of a set or list."""
    if value is None:
        return ()
    kind, held = next(iter(value.items()))
    if kind in ("S", "N"):
        return (held,) if held.strip() else ()
    if kind in ("SS", "NS"):
        return tuple(h for h in held if h.strip())
    return tuple(t for part in held for t in texts(part)) if kind == "L" else ()


def typed(kind: str, text: str) -> Value | None:
    """A key's value of a declared type; None where no such key can have that value."""
    if kind == "S":
        return {"S": text} if text else None
    if kind == "B":
        return {"B": text.encode()} if text else None
    try:
        return {"N": text} if Decimal(text).is_finite() else None
    except InvalidOperation:
        return None


def personal(value: Value | None) -> bool:
    """Whether it says anything: blank, NULL and what a redaction left do not."""
    if value is None or "NULL" in value:
        return False
    held = next(iter(value.values()))
    if isinstance(held, str):
        return bool(held.strip()) and held != PLACEHOLDER and not held.startswith(UNIQUE)
    if isinstance(held, bool):
        return True
    if isinstance(held, Mapping):
        return any(personal(v) for v in held.values())
    if "L" in value:
        return any(personal(v) for v in held)
    return bool(held)


def redacted(value: Value, how: Redaction, indexed: bool) -> Value | None:
    """What is put in its place; None: the attribute is removed. An indexed attribute is never empty."""
    kind = next(iter(value))
    if how is Redaction.EMPTY and kind in _EMPTY and not indexed:
        return {kind: _EMPTY[kind]}
    if how is Redaction.PLACEHOLDER and kind == "S":
        return {"S": PLACEHOLDER}
    if how is Redaction.UNIQUE and kind == "S":
        return {"S": UNIQUE + secrets.token_hex(8)}
    return None


def age(value: Value | None) -> datetime | None:
    """An ISO 8601 text or an epoch in seconds or milliseconds; None if it is neither. Without a zone: UTC."""
    if value is None:
        return None
    text = str(value.get("S") or value.get("N") or "").strip()
    try:
        number = float(text)
    except ValueError:
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    try:
        return datetime.fromtimestamp(number / 1000 if number > _MILLISECONDS else number, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def plain(value: Value) -> Any:
    """As JSON has it: sets are sorted lists, binaries base64, numbers exact (a text where JSON has none such)."""
    kind, held = next(iter(value.items()))
    if kind == "N":
        return _number(held)
    if kind == "NS":
        return [_number(n) for n in sorted(held, key=Decimal)]
    if kind in ("B", "BS"):
        encoded = [base64.b64encode(bytes(b)).decode() for b in (held if kind == "BS" else [held])]
        return sorted(encoded) if kind == "BS" else encoded[0]
    if kind == "M":
        return {key: plain(v) for key, v in held.items()}
    if kind == "L":
        return [plain(v) for v in held]
    return sorted(held) if kind == "SS" else (None if kind == "NULL" else held)


def _number(text: str) -> int | float | str:
    """DynamoDB's numbers have 38 digits, more than a float."""
    exact = Decimal(text)
    if exact == exact.to_integral_value() and exact.adjusted() < 40:
        return int(exact)
    return float(text) if Decimal(repr(float(text))) == exact else text


def undescribed(item: Item, fields: Collection[str]) -> Iterator[str]:
    """Attributes, or keys within them, that no field covers."""
    known = {path(f) for f in fields}

    def within(value: Value, here: tuple[str, ...]) -> Iterator[str]:
        if here in known:
            return
        if "M" in value and any(k[: len(here)] == here for k in known):
            for key, held in value["M"].items():
                yield from within(held, (*here, key))
        else:
            yield here[0]

    for name, value in item.items():
        yield from within(value, (name,))
