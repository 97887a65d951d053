"""One described call: a method, an address, what is put in, and how its answer is read.

What is put in is a whole path segment, query value or value of the JSON body, never a part of a
text: `<email>` is an identifier of the person, `<id>` the record's id. There is nothing to compute.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from connectors.rest.pages import Pages
from connectors.rest.paths import Path, values

HOLE = re.compile(r"<([a-z][a-z0-9_.]*)>")
HOLE_SEGMENT = re.compile(r"<([a-z][a-z0-9_.]*)>((?:\.[a-z]+)?)")
# An encoded slash is a slash again to many servers, and some decode twice.
_UNSAFE = re.compile(r"[/\\%\x00-\x20\x7f]")


@dataclass(frozen=True, slots=True)
class Absent:
    """What an answer looks like that says "there is no such thing": a status, and a message in it."""

    statuses: tuple[int, ...]
    field: Path | None = None
    equals: str | None = None  # None: null

    def is_met(self, status: int, answer: Any) -> bool:
        if status not in self.statuses:
            return False
        return self.field is None or any(
            v is None if self.equals is None else str(v) == self.equals for v in values(answer, self.field)
        )


@dataclass(frozen=True, slots=True)
class Call:
    """A call as described. `kind` is what is put in: a kind of identifier, "id", or "" for nothing."""

    method: str
    path: tuple[str, ...]
    kind: str = ""
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    rows: Path | None = None  # a list of records; otherwise `row` is one record
    row: Path = ()
    absent: tuple[Absent, ...] = ()
    pages: Pages | None = None
    settles: timedelta | None = None
    under: str = ""  # the key of a redaction's body under which the fields stand

    def address(self, value: object) -> str | None:
        """The path with the value in it, encoded; None if no path could hold it safely."""
        parts = []
        for segment in self.path:
            hole = HOLE_SEGMENT.fullmatch(segment)
            if hole is None:
                parts.append(segment)
                continue
            text = str(value)
            if not text or _UNSAFE.search(text) or set(text) == {"."}:
                return None
            parts.append(quote(text, safe="") + hole[2])
        return "/".join(parts)

    def filled(self, given: Any, value: object) -> Any:
        """Query or body with the value in its place."""
        if isinstance(given, Mapping):
            return {key: self.filled(held, value) for key, held in given.items()}
        if isinstance(given, list):
            return [self.filled(held, value) for held in given]
        return value if isinstance(given, str) and HOLE.fullmatch(given) else given

    def is_absent(self, status: int, answer: Any) -> bool:
        return any(absent.is_met(status, answer) for absent in self.absent)

    @property
    def absences(self) -> tuple[int, ...]:
        """The statuses that may mean absence."""
        return tuple(status for absent in self.absent for status in absent.statuses)
