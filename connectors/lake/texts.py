"""Files of text: CSV, JSON Lines, and Papertrail's archives, which are tab-separated lines without quotes.

Rows that stay are written byte for byte as they were read: delimiters, quotes, line ends, a byte order mark and
bytes that are no text at all are kept.
Source of Papertrail's columns: https://help.papertrailapp.com/kb/how-it-works/permanent-log-archives.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

from connectors.lake.files import DamagedError, Drop, Layout, Row, Tally
from connectors.lake.packing import packed, unpacked
from connectors.lake.people import People, Verdict

LONGEST = 16 * 1024**2  # characters of one row
ARCHIVE = (
    "id", "generated_at", "received_at", "source_id", "source_name", "source_ip", "facility", "severity", "program",
    "message",
)  # fmt: skip
_MARKS = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}

Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Line:
    """A row and the text it was read from; `content` is None for what is no row: a header, a blank line."""

    text: str
    content: Content | None
    names: Sequence[str] = ()  # of a header


class TextRows:
    """A file of text rows."""

    def __init__(self, layout: Layout, source: BinaryIO) -> None:
        self._layout = layout
        self._source = source

    def count(self) -> int:
        return sum(line.content is not None for line in self._read(_Marked()))

    def columns(self) -> tuple[str, ...]:
        if self._layout.format != "csv":
            return ARCHIVE if self._layout.format == "papertrail" else ()
        if self._layout.columns:
            return self._layout.columns
        return tuple(next((line.names for line in self._read(_Marked()) if line.names or line.content), ()))

    def first(self, most: int) -> Iterator[Content]:
        yield from islice((line.content for line in self._read(_Marked()) if line.content is not None), most)

    def rows(self, people: People, whole: bool = False) -> Iterator[Row]:
        judge = self._judge(people)
        for line in self._read(_Marked()):
            if line.content is not None and (row := judge(line.content)).verdict is not Verdict.OTHERS:
                yield Row(row.verdict, row.held, row.age, dict(line.content) if whole else {})

    def rewrite(self, people: People, drop: Drop, target: BinaryIO) -> Tally:
        judge = self._judge(people)
        before = removed = 0
        marked = _Marked()
        with packed(target, self._layout.packing) as into:
            for line in self._read(marked):
                if marked.bytes:
                    into.write(marked.take())
                if line.content is not None:
                    before += 1
                    row = judge(line.content)
                    if row.verdict is not Verdict.OTHERS and drop(row):
                        removed += 1
                        continue
                into.write(line.text.encode(self._layout.encoding, self._errors))
            into.write(marked.take())
        return Tally(before, removed)

    @property
    def _errors(self) -> str:
        return "surrogateescape" if self._layout.encoding == "utf-8" else "strict"

    def _judge(self, people: People) -> Callable[[Content], Row]:
        names = [column.name for column in people.columns]
        age = self._layout.age

        def judged(content: Content) -> Row:
            held = tuple(reached(content, name) for name in names)
            return Row(people.verdict(held), held, reached(content, age) if age else None)

        return judged

    def _read(self, marked: _Marked) -> Iterator[_Line]:
        source = unpacked(self._source, self._layout.packing, self._layout.limit)
        mark = _MARKS.get(self._layout.encoding, b"")
        if mark and source.peek(len(mark))[: len(mark)] == mark:  # type: ignore[attr-defined]
            marked.bytes = source.read(len(mark))
        newline = "" if self._layout.format == "csv" else "\n"
        text = io.TextIOWrapper(source, self._layout.encoding, self._errors, newline=newline)
        read = {"csv": self._csv, "jsonl": _jsonl, "papertrail": _archived}[self._layout.format]
        try:
            yield from read(_lines(text))
        except UnicodeError:
            raise DamagedError("it is not text in the encoding that the inventory names") from None
        finally:
            text.detach()

    def _csv(self, lines: Iterator[str]) -> Iterator[_Line]:
        taken = _Taken(lines)
        csv.field_size_limit(LONGEST)
        layout = self._layout
        reader = csv.reader(
            taken, delimiter=layout.delimiter, quotechar=layout.quote or None, escapechar=layout.escape or None,
            doublequote=not layout.escape, quoting=csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE, strict=True,
        )  # fmt: skip
        names: Sequence[str] = layout.columns
        try:
            for values in reader:
                text = taken.text()
                if not values:
                    yield _Line(text, None)
                elif not names:
                    names = values
                    if len(set(names)) != len(names):
                        raise DamagedError("two columns of the CSV file have the same name")
                    yield _Line(text, None, names)
                elif len(values) != len(names):
                    raise DamagedError("a row of the CSV file has more or fewer columns than its header")
                else:
                    yield _Line(text, dict(zip(names, values, strict=True)))
        except csv.Error:
            raise DamagedError("the CSV file is not in the dialect that the inventory names, or cut short") from None


class _Marked:
    """A byte order mark, where there is one."""

    def __init__(self) -> None:
        self.bytes = b""

    def take(self) -> bytes:
        mark, self.bytes = self.bytes, b""
        return mark


class _Taken:
    """Lines that a CSV reader takes, remembered until it has a row of them."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._taken: list[str] = []
        self._size = 0

    def __iter__(self) -> _Taken:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._taken.append(line)
        self._size += len(line)
        if self._size > LONGEST:
            raise DamagedError("a row is longer than any may be")
        return line

    def text(self) -> str:
        text = "".join(self._taken)
        self._taken, self._size = [], 0
        return text


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(LONGEST + 1):
        if len(line) > LONGEST:
            raise DamagedError("a row is longer than any may be")
        yield line


def _jsonl(lines: Iterator[str]) -> Iterator[_Line]:
    for line in lines:
        if not line.strip():
            yield _Line(line, None)
            continue
        try:
            content = json.loads(line, object_pairs_hook=_object)
        except (ValueError, RecursionError):
            raise DamagedError("a line is not JSON, or cut short") from None
        if not isinstance(content, dict):
            raise DamagedError("a line is not a JSON object")
        yield _Line(line, content)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice: readers would not agree on whose row it is")
    return found


def _archived(lines: Iterator[str]) -> Iterator[_Line]:
    for line in lines:
        if not line.strip():
            yield _Line(line, None)
            continue
        values = line.rstrip("\n").split("\t", len(ARCHIVE) - 1)
        if len(values) != len(ARCHIVE):
            raise DamagedError("a line of the archive has too few columns, or is cut short")
        yield _Line(line, dict(zip(ARCHIVE, values, strict=True)))


def reached(content: object, path: str) -> object:
    """What stands at a path; of lists on the way, all that stands in any. The whole path may be one name."""
    if isinstance(content, list):
        return [reached(each, path) for each in content]
    if not isinstance(content, Mapping):
        return None
    if path in content:
        return content[path]
    first, dot, rest = path.partition(".")
    return reached(content[first], rest) if dot and first in content else None
