"""Paths into JSON: `requester.email`, `messages[].text` (each of a list), `.` (the answer itself).

A path is a tuple of keys, in which "[]" stands for each element of a list. A key that itself has a
dot in it can therefore never be taken for two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from connectors.model import CollectionSpec, FieldSpec

Path = tuple[str, ...]
EACH = "[]"
DROP = object()  # what a change returns for a part that goes
PLACEHOLDER = "[redacted]"
MARK = "redacted-"  # a text that begins so was put there by a redaction
_PATH = re.compile(r"[^.\[\]]+(\[\])*(\.[^.\[\]]+(\[\])*)*")


def parse(text: str) -> Path | None:
    """The path that a text spells; None if it spells none."""
    if text == ".":
        return ()
    if not _PATH.fullmatch(text):
        return None
    return tuple(part for part in re.split(r"\.|(\[\])", text) if part)


def values(value: Any, path: Path) -> Iterator[Any]:
    """Everything that stands at a path, null included."""
    if not path:
        yield value
    elif path[0] == EACH:
        for each in value if isinstance(value, list) else ():
            yield from values(each, path[1:])
    elif isinstance(value, dict) and path[0] in value:
        yield from values(value[path[0]], path[1:])


def bears(value: Any) -> bool:
    """Whether a value says anything: not blank, not a placeholder, in a list or mapping anywhere."""
    if isinstance(value, dict):
        return any(map(bears, value.values()))
    if isinstance(value, list):
        return any(map(bears, value))
    text = str(value).strip()
    return value is not None and text not in ("", PLACEHOLDER) and not text.startswith(MARK)


def deeper_than(value: Any, levels: int) -> bool:
    """Whether lists and mappings are nested further than so many levels."""
    layer = [value]
    for _ in range(levels + 1):
        layer = [v for held in layer if isinstance(held, dict | list) for v in _inside(held)]
    return bool(layer)


def _inside(held: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return held.values() if isinstance(held, dict) else held


class Marks:
    """What the inventory says of each part of a row.

    A part is a value that the descriptions do not divide further: of `profile` and `profile.ssn`
    the second has its own mark, and the first stands for the rest of the profile.
    """

    def __init__(self, fields: Mapping[Path, FieldSpec]) -> None:
        self._fields = fields
        self._divided = {path[:n] for path in fields for n in range(len(path))}

    @classmethod
    def of(cls, spec: CollectionSpec) -> Marks:
        """Of a collection whose field names are all paths."""
        return cls({parse(field.name) or (field.name,): field for field in spec.fields})

    def parts(self, row: Any, path: Path = ()) -> Iterator[tuple[Path, Any, FieldSpec | None]]:
        """Every part with its path and mark; None: nothing describes it."""
        if path in self._divided and isinstance(row, dict):
            for key, value in row.items():
                yield from self.parts(value, (*path, key))
        elif path in self._divided and isinstance(row, list):
            for value in row:
                yield from self.parts(value, (*path, EACH))
        else:
            yield path, row, self._mark(path)

    def rebuilt(self, row: Any, change: Callable[[FieldSpec | None, Any], Any], path: Path = ()) -> Any:
        """A copy in which each part is what `change` makes of it; DROP leaves it out."""
        if path in self._divided and isinstance(row, dict):
            made = {key: self.rebuilt(value, change, (*path, key)) for key, value in row.items()}
            return {key: value for key, value in made.items() if value is not DROP}
        if path in self._divided and isinstance(row, list):
            each = [self.rebuilt(value, change, (*path, EACH)) for value in row]
            return [value for value in each if value is not DROP]
        return change(self._mark(path), row)

    def _mark(self, path: Path) -> FieldSpec | None:
        return next((self._fields[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self._fields), None)
