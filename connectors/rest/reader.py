"""Reads one mapping of a description, so that whatever is wrong is said with its place and the way out."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NoReturn

from connectors.errors import ConfigError


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a sentence: "did you mean 'query'?", or everything that there is."""
    there = sorted(known)
    close = difflib.get_close_matches(name.lower(), there, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else f"expected one of: {', '.join(there)}"


class Reader:
    """A mapping at a place of the inventory that may have these keys and no others.

    Everything raises ConfigError naming the key and what is expected; no value is repeated, since
    a secret may stand in the wrong place.
    """

    def __init__(self, system: str, place: str, given: Any, keys: Collection[str]) -> None:
        self.system = system
        self.place = place
        if not isinstance(given, Mapping):
            raise ConfigError(system, f"{place} must be a mapping with {', '.join(sorted(keys))}")
        self.given: Mapping[str, Any] = given
        for name in sorted(str(key) for key in given):
            if name not in keys:
                self.fail(name, f"is unknown; {nearest(name, keys)}")

    def fail(self, name: str, problem: str) -> NoReturn:
        raise ConfigError(self.system, f"{self.place}{'.' if name else ''}{name} {problem}")

    def has(self, name: str) -> bool:
        return self.given.get(name) is not None

    def under(self, name: str, keys: Collection[str]) -> Reader:
        """The mapping that stands under a key."""
        return Reader(self.system, f"{self.place}.{name}", self.given.get(name), keys)

    def text(self, name: str, expected: str, default: str | None = None) -> str:
        """A text that is not empty; `expected` tells people what it is."""
        value = self.given.get(name, default)
        if value is None:
            self.fail(name, f"is missing: {expected}")
        if not isinstance(value, str) or not value.strip():
            self.fail(name, f"must be {expected}")
        return value

    def choice(self, name: str, options: Collection[str], default: str | None = None) -> str:
        value = self.text(name, f"one of {', '.join(options)}", default)
        if value not in options:
            self.fail(name, f"is not known; {nearest(value, options)}")
        return value

    def flag(self, name: str) -> bool:
        value = self.given.get(name, False)
        if not isinstance(value, bool):
            self.fail(name, "must be true or false")
        return value

    def number(self, name: str, default: float, least: float, most: float) -> float:
        value = self.given.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            self.fail(name, f"must be a number from {least:g} to {most:g}")
        return float(value)

    def mapping(self, name: str) -> Mapping[str, Any]:
        value = self.given.get(name)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            self.fail(name, "must be a mapping (name: value)")
        return value
