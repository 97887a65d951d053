"""Rows and JSON values without what must not be handed out. A field's name says what a value is.

Fields that the inventory discloses by name were decided by people: an address that is the whole value of such
a field stays. Everywhere else (free text, JSON, log lines) other people's addresses and numbers go, and in no
field stays what is never disclosed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from orchestrator.package.fieldnames import keyed, words
from orchestrator.package.scan import Found, Scanner, blacked_out
from orchestrator.package.vocabulary import OTHERS, Type

Row = dict[str, Any]
_DEEPEST = 40
_CONTAINER = re.compile(r"\s*(?:\{[\s\S]*\}|\[[\s\S]*\])\s*\Z")
_LARGEST_JSON = 4 * 1024 * 1024  # characters of a text that is read as JSON
_BATCH = 64 * 1024  # characters that are looked through at once
_MOST_NAMES = 10_000
_SHORT_NAME = 5  # too short to be a value
_OPENS = ("{", "[", " ", "\n", "\t", "\r")
_APART = "\n\n\n"  # no value reaches over it


@dataclass(frozen=True, slots=True)
class Cleaner:
    """Cleans the rows of one collection, or a file.

    `disclosed`: the fields that people decided about; `others`: those that name somebody else; `named`: those that
    name the person; `hold`: whether a person released a text in which somebody may be named.
    """

    scanner: Scanner
    found: Found
    disclosed: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    hold: Callable[[str, str], bool] | None = None
    _plain_names: set[str] = field(default_factory=set, repr=False)

    def rows(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Rows as they come. Most have nothing to withhold, so many are looked through at once."""
        batch: list[tuple[Row, str]] = []
        size = 0
        for row in rows:
            text = self._together(row)
            batch.append((row, text))
            size += len(text)
            if size >= _BATCH:
                yield from self._batch(batch)
                batch, size = [], 0
        yield from self._batch(batch)

    def _batch(self, batch: list[tuple[Row, str]]) -> Iterator[Row]:
        dirty = self.scanner.spans("".join(text for _, text in batch))
        start, at = 0, 0
        for row, text in batch:
            end = start + len(text)
            while at < len(dirty) and dirty[at].end <= start:
                at += 1
            clean = text and not (at < len(dirty) and dirty[at].start < end)
            yield row if clean else self.value(row)
            start = end

    def _together(self, row: Row) -> str:
        """All that is to be looked at in a row, each value behind its field's name; empty if it needs more care."""
        parts: list[str] = []
        return _APART.join(parts) + _APART if self._gather(row, "", "", parts) else ""

    def _gather(self, value: Any, path: str, key: str, parts: list[str], depth: int = 0) -> bool:
        if (
            depth > _DEEPEST
            or (path in self.others and not _empty(value))
            or (key and path not in self.disclosed and keyed(key) and not _empty(value))
        ):
            return False
        if isinstance(value, dict):
            for name, inner in value.items():
                within = f"{path}.{name}" if path else name
                if name not in self._plain_names and not self._named_plainly(name, path):
                    return False
                if not self._gather(inner, within, name, parts, depth + 1):
                    return False
            return True
        if isinstance(value, list):
            return all(self._gather(v, path, key, parts, depth + 1) for v in value)
        if isinstance(value, str):
            if value[:1] in _OPENS and _CONTAINER.match(value) and (inner := _parsed(value)) is not None:
                return self._gather(inner, f"{path}->", key, parts, depth + 1)
            parts.append(f"{words(key)}: {value}")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            parts.append(f"{words(key)}: {value}")
        return True

    def _named_plainly(self, name: str, path: str) -> bool:
        """Whether a field's name is no value itself; remembered, for it comes with every row."""
        known = len(name) < _SHORT_NAME or (f"{path}.{name}" if path else name) in self.disclosed
        if not known and self.scanner.spans(name):
            return False
        if len(self._plain_names) < _MOST_NAMES:
            self._plain_names.add(name)
        return True

    def value(self, value: Any, path: str = "", key: str = "", depth: int = 0) -> Any:
        """A value of JSON. `path` is where it stands, `key` the last name on the way."""
        if depth > _DEEPEST:
            return self._marked(Type.ENCODED)
        if path in self.others and not _empty(value):
            return self._marked(Type.NAME)
        if key and path not in self.disclosed and not _empty(value) and (kind := keyed(key)):
            return self._marked(kind)
        if isinstance(value, dict):
            return {
                self._name(k, path): self.value(v, f"{path}.{k}" if path else k, k, depth + 1) for k, v in value.items()
            }
        if isinstance(value, list):
            return [self.value(v, path, key, depth + 1) for v in value]
        if isinstance(value, str):
            return self._text(value, path, key, depth)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self._number(value, key)
        return value

    def _text(self, text: str, path: str, key: str, depth: int) -> str:
        if _CONTAINER.match(text) and (inner := _parsed(text)) is not None:
            before = self.found.total()
            cleaned = self.value(inner, f"{path}->", key, depth + 1)  # nobody decided about what is in it
            return json.dumps(cleaned, ensure_ascii=False) if self.found.total() != before else text
        spans = self.scanner.spans(text, key)
        if words(key).endswith("message id"):  # of a mail: it looks like an address and is nobody's
            spans = [s for s in spans if s.type is not Type.EMAIL]
        if path in self.named:
            spans = [s for s in spans if s.type not in (Type.NAME, Type.MAYBE_NAME)]
        if path in self.disclosed and len(spans) == 1 and spans[0].type.reason == OTHERS:
            spans = spans if text[spans[0].start : spans[0].end] != text.strip() else []
        if self.hold and any(s.type is Type.MAYBE_NAME for s in spans) and self.hold(path or key, text):
            spans = [s for s in spans if s.type is not Type.MAYBE_NAME]
        return blacked_out(text, spans, self.found)

    def _number(self, value: float, key: str) -> Any:
        text = str(value)
        spans = [s for s in self.scanner.spans(text, key) if s.type.reason != OTHERS] if len(text) > 2 else []
        return blacked_out(text, spans, self.found) if spans else value

    def _name(self, name: str, path: str) -> str:
        if len(name) < _SHORT_NAME or (f"{path}.{name}" if path else name) in self.disclosed:
            return name
        return self.scanner.cleaned(name, self.found)

    def _marked(self, kind: Type) -> str:
        self.found[kind] += 1
        return kind.mark


def _parsed(text: str) -> Any:
    if len(text) > _LARGEST_JSON:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _empty(value: Any) -> bool:
    return value is None or isinstance(value, bool) or value == "" or value == [] or value == {}
