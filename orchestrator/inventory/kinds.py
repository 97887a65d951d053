"""Kinds of identifiers, and when two values are one."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of identifier and what makes two of its values equal."""

    name: str
    title: str
    steps: tuple[str, ...]

    def normalise(self, value: str) -> str:
        for step in self.steps:
            value = _STEPS[step](value)
        return value


def _without_tag(value: str) -> str:
    local, at, host = value.rpartition("@")
    return local.partition("+")[0] + at + host if at else value


_STEPS: Mapping[str, Callable[[str], str]] = {
    # Not casefold: it would make one of two different mailboxes ("ß" and "ss").
    "trim": str.strip,
    "case": str.lower,
    "unicode": lambda value: unicodedata.normalize("NFKC", value),
    "plus_tag": _without_tag,
}
