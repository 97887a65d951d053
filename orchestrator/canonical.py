"""Frozen values as canonical JSON (RFC 8785) and their digests: what is signed and approved."""

from __future__ import annotations

import dataclasses
import hashlib
import types
import typing
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, TypeVar

import rfc8785

T = TypeVar("T")


def plain(value: Any) -> Any:
    """A dataclass, enum, datetime or container as JSON values. Instants become UTC, RFC 3339."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone")  # it would be read as this machine's time
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(v) for v in value), key=lambda v: rfc8785.dumps(v))
    return value


def encode(value: Any) -> bytes:
    """Canonical JSON bytes of a value: equal values give equal bytes."""
    return rfc8785.dumps(plain(value))


def digest(value: Any) -> str:
    """`sha256:` and the hexadecimal SHA-256 of the canonical bytes."""
    return "sha256:" + hashlib.sha256(encode(value)).hexdigest()


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def decode(kind: type[T], value: Any) -> T:
    """The inverse of `plain` for the frozen values of this program. ValueError on a misfit."""
    try:
        return typing.cast("T", _decode(kind, value))
    except (KeyError, TypeError, AttributeError) as misfit:
        raise ValueError(f"not a {kind.__name__}: {type(misfit).__name__}") from None


def _decode(kind: Any, value: Any) -> Any:
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return None if value is None else _decode(next(a for a in args if a is not type(None)), value)
    if origin is tuple:
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(_decode(args[0], v) for v in value)
        return tuple(_decode(a, v) for a, v in zip(args, value, strict=True))
    if origin is frozenset:
        return frozenset(_decode(args[0], v) for v in value)
    if dataclasses.is_dataclass(kind):
        known = {f.name for f in dataclasses.fields(kind)}
        if unknown := set(value) - known:
            raise ValueError(f"unknown fields: {', '.join(sorted(unknown))}")
        hints = _hints(typing.cast("type", kind))
        return typing.cast("Any", kind)(**{name: _decode(hints[name], v) for name, v in value.items()})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is date:
        return date.fromisoformat(value)
    if kind is timedelta:
        return timedelta(seconds=value)
    if kind in (str, int, bool) and type(value) is not kind:
        raise TypeError
    return value
