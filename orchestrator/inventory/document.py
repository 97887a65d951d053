"""Reads YAML as data and remembers on which line everything stands.

Works on the parser's events, so that no tag, alias or depth of nesting can make more of a file
than is written in it. Only mappings, lists and plain scalars exist here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.nodes import ScalarNode

from orchestrator.errors import InventoryError
from orchestrator.inventory.problems import Place, Problems

Shape = TypeVar("Shape", bound=BaseModel)
MAX_BYTES = 2_000_000
MAX_DEPTH = 16
_TAG = "tag:yaml.org,2002:"


@dataclass
class _Open:
    """A mapping or list that has begun and not ended."""

    place: Place
    holds: dict[str, Any] | list[Any]
    key: str | None = None
    key_line: int = 0
    ignored: bool = False  # the second of two equal keys: read, and dropped


@dataclass
class _Composer:
    problems: Problems
    lines: dict[Place, int]
    open: list[_Open] = field(default_factory=list)
    root: Any = None
    documents: int = 0

    def take(self, event: Any, resolver: Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self._refuse(line, "a second document (---) begins; an inventory is one")
        elif isinstance(event, AliasEvent):
            self._refuse(line, "an alias (*name) stands for other text; write it out")
        elif isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            if len(self.open) >= MAX_DEPTH:
                self._refuse(line, f"nested deeper than {MAX_DEPTH} levels")
            self._begin({} if isinstance(event, MappingStartEvent) else [], event, line)
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            self.open.pop()
        elif isinstance(event, ScalarEvent):
            self._scalar(event, line, resolver)

    def _begin(self, holds: dict[str, Any] | list[Any], event: Any, line: int) -> None:
        self._untagged(event, line)
        top = self.open[-1] if self.open else None
        if top is not None and isinstance(top.holds, dict) and top.key is None:
            self._refuse(line, "a key must be a word")
        ignored = top is not None and (top.ignored or self._repeated(top))
        place = self._put(holds, line)
        self.open.append(_Open(place, holds, ignored=ignored))

    def _scalar(self, event: Any, line: int, resolver: Any) -> None:
        self._untagged(event, line)
        top = self.open[-1] if self.open else None
        if top is not None and isinstance(top.holds, dict) and top.key is None:
            top.key, top.key_line = str(event.value), line
            place = (*top.place, top.key)
            if top.key in top.holds and not top.ignored:
                self.problems.at(line, place, f"the key stands here twice; the first is on line {self.lines[place]}")
            return
        self._put(self._value(event, line, resolver), line)

    def _value(self, event: Any, line: int, resolver: Any) -> Any:
        text: str = event.value
        kind = str(resolver.resolve(ScalarNode, text, event.implicit)).removeprefix(_TAG)
        try:
            if kind == "null":
                return None
            if kind == "bool":
                return text.lower() == "true"
            if kind == "int":
                return int(text.replace("_", ""), 0 if text.lstrip("+-").startswith(("0x", "0o")) else 10)
            if kind == "float":
                number = float(text.replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))
                if not math.isfinite(number):
                    raise ValueError
                return number
        except ValueError:
            self._refuse(line, "not a usable number")
        return text

    def _put(self, value: Any, line: int) -> Place:
        if not self.open:
            self.root = value
            self.lines[()] = line
            return ()
        top = self.open[-1]
        if isinstance(top.holds, list):
            place: Place = (*top.place, len(top.holds))
            top.holds.append(value)
        else:
            assert top.key is not None  # a value follows its key
            place = (*top.place, top.key)
            repeated = self._repeated(top)
            top.key, line = None, top.key_line
            if repeated:
                return place
            top.holds[str(place[-1])] = value
        if not top.ignored:
            self.lines.setdefault(place, line)
        return place

    def _repeated(self, top: _Open) -> bool:
        return isinstance(top.holds, dict) and top.key in top.holds

    def _untagged(self, event: Any, line: int) -> None:
        if event.tag is not None:
            self._refuse(line, "a tag (!name) has no meaning here; remove it")

    def _refuse(self, line: int, message: str) -> None:
        raise InventoryError(f"{self.problems.file}:{line}: {message}")


def read(path: Path) -> tuple[Any, Problems]:
    """The data of a YAML file, and a collection of problems that knows its lines.

    Raises InventoryError if the file is missing, unreadable, too large, not UTF-8, empty, not
    YAML, or uses tags, aliases, several documents or more than 16 levels. Keys that stand
    twice are added to the problems.
    """
    text = _text(path)
    problems = Problems(path)
    composer = _Composer(problems, {})
    yaml = YAML(typ="safe", pure=True)
    try:
        for event in yaml.parse(text):
            composer.take(event, yaml.resolver)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise InventoryError(f"{path}:{line}: {_plainly(str(error.problem or 'not YAML'))}") from None
    except YAMLError:
        raise InventoryError(f"{path}: holds characters that YAML does not allow") from None
    if composer.root is None:
        raise InventoryError(f"{path}: is empty; an inventory begins with `inventory: 1`")
    problems.lines = composer.lines
    return composer.root, problems


def shaped(path: Path, shape: type[Shape], *, strict: bool | None = None) -> Shape:
    """The file in its shape. InventoryError with every problem, each with its line.

    `strict`: as of pydantic, in place of what the shape says.
    """
    data, problems = read(path)
    try:
        made = shape.model_validate(data, strict=strict)
    except ValidationError as error:
        for found in error.errors(include_url=False):
            problems.add(tuple(found["loc"]), str(found["msg"]))
    problems.stop()
    return made


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise InventoryError(f"{path}: no such file; name the inventory with --inventory") from None
    except OSError as error:
        raise InventoryError(f"{path}: cannot be read: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise InventoryError(f"{path}: is larger than {MAX_BYTES} bytes; an inventory is a text for people")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InventoryError(f"{path}:{line}: is not UTF-8; save it as UTF-8") from None


def _plainly(problem: str) -> str:
    if "\\t" in problem:
        return "a tab; indent with spaces"
    return f"not YAML: {problem}"
