"""Key patterns: which object keys belong to a person, without ever reaching a neighbour's.

A pattern becomes a literal prefix to list by and a regular expression that the whole key must
match; a prefix alone would take `users/10/` for user 1 and `u/1.json.bak` for `u/1.json`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise, product

from connectors.model import Subject

_PART = re.compile(r"(?P<place>\{[a-z][a-z0-9_.-]*\})|(?P<star>\*)|(?P<text>[^{}*]+)")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)  # of one length: never a prefix


class UnusableError(ValueError):
    """A pattern that could reach a neighbour, or names nobody."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One pattern with one person's values in it.

    `doubtful`: a value is blank, is dots only, or holds a slash or the very character that ends it
    in the pattern. What matches may then be a neighbour's: it is for a person to look at.
    """

    prefix: str
    expression: re.Pattern[str]
    doubtful: bool

    def matches(self, key: str) -> bool:
        return self.expression.fullmatch(key) is not None


@dataclass(frozen=True, slots=True)
class Pattern:
    """A checked key pattern: texts, placeholders and stars in order."""

    text: str
    parts: tuple[tuple[str, str], ...]  # (what, value): ("text", "users/"), ("place", "user_id"), ("star", "*")

    @classmethod
    def of(cls, text: str) -> Pattern:
        """Raises UnusableError saying what is wrong with it."""
        parts: list[tuple[str, str]] = []
        at = 0
        while at < len(text):
            found = _PART.match(text, at)
            if found is None:
                raise UnusableError("a brace stands alone; placeholders look like {user_id}")
            what = str(found.lastgroup)
            parts.append((what, found[0].strip("{}") if what == "place" else found[0]))
            at = found.end()
        kinds = [what for what, _ in parts]
        if "place" not in kinds:
            raise UnusableError("has no placeholder such as {user_id}, so it would match every person's objects")
        if any("text" not in pair for pair in pairwise(kinds)):
            raise UnusableError("a placeholder or * touches another; where one ends cannot be told: 1* is also 10")
        for place, separator in _separators(parts):
            if separator.isalnum():
                raise UnusableError(f"{{{place}}} ends at {separator!r}, which may itself be part of an identifier")
        return cls(text, tuple(parts))

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(value for what, value in self.parts if what == "place")

    def matchers(self, subject: Subject) -> Iterator[Matcher]:
        """One for each combination of the subject's values; none if it lacks a kind."""
        kinds = sorted(self.kinds)
        for combination in product(*(subject.values(kind) for kind in kinds)):
            yield self._with(dict(zip(kinds, combination, strict=True)))

    def anybodys(self) -> re.Pattern[str]:
        """What the keys of all people of this pattern match."""
        anything = {"star": "[^/]*", "place": "[^/]+"}
        expression = "".join(anything.get(what) or re.escape(value) for what, value in self.parts)
        return re.compile(expression + (".*" if self.text.endswith("/") else ""), re.DOTALL)

    def _with(self, values: Mapping[str, str]) -> Matcher:
        doubtful = any(v.strip(" .") == "" or "/" in v or not v.isprintable() for v in values.values()) or any(
            ends in values[kind] and not _UUID.fullmatch(values[kind]) for kind, ends in _separators(self.parts)
        )
        prefix, expression, literal = "", "", True
        for what, value in self.parts:
            if what == "star":
                expression, literal = expression + "[^/]*", False
                continue
            text = value if what == "text" else values[value]
            expression += re.escape(text)
            prefix += text if literal else ""
        folder = ".*" if self.text.endswith("/") else ""
        return Matcher(prefix, re.compile(expression + folder, re.DOTALL), doubtful)


def _separators(parts: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
    """(placeholder, the character that ends it) wherever only a text of one segment parts it from
    a star or another placeholder."""
    for (one, a), (between, text), (other, b) in zip(parts, parts[1:], parts[2:], strict=False):
        if between == "text" and "/" not in text:
            if one == "place":
                yield a, text[0]
            if other == "place":
                yield b, text[-1]
