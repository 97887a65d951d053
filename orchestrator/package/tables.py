"""Rows as they come out of a connector, and as they go into a package: JSON Lines and CSV of the same rows."""

from __future__ import annotations

import codecs
import csv
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from orchestrator.package import stream
from orchestrator.package.values import Row

LARGEST_ROW = 16 * 1024 * 1024  # characters
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "'", "＝", "＋", "－", "＠")
_CSV = ("text/csv", "application/csv")


class UnreadableRowsError(Exception):
    """An artifact that is no rows: it cannot be looked through."""


def read(chunks: Iterable[bytes], media_type: str) -> Iterator[Row]:
    """Rows of JSON Lines or CSV. Raises UnreadableRowsError for what is neither."""
    texts = stream.decoded(chunks, strict=False)
    try:
        yield from _csv_rows(texts) if media_type in _CSV else _json_rows(texts)
    except (csv.Error, ValueError, RecursionError):
        raise UnreadableRowsError("rows that cannot be read") from None


def _json_rows(texts: Iterable[str]) -> Iterator[Row]:
    for line in lines(texts):
        if line.strip():
            row = json.loads(line)
            yield row if isinstance(row, dict) else {"value": row}


def _csv_rows(texts: Iterable[str]) -> Iterator[Row]:
    csv.field_size_limit(LARGEST_ROW)
    reader = csv.reader(lines(texts))
    head: list[str] | None = next(reader, None)
    for row in reader:
        assert head is not None  # a row follows it
        if len(row) != len(head):
            raise csv.Error("a row of another length than its head")
        yield dict(zip(head, row, strict=True))


def lines(texts: Iterable[str]) -> Iterator[str]:
    """Lines with their ends. Raises ValueError for one that is too long to be a row."""
    rest = ""
    for text in texts:
        rest += text
        *whole, rest = rest.split("\n")
        yield from (line + "\n" for line in whole)
        if len(rest) > LARGEST_ROW:
            raise ValueError
    if rest:
        yield rest


class Columns:
    """The columns of rows and the types of their values, as they are seen."""

    def __init__(self) -> None:
        self.types: dict[str, set[str]] = {}

    def see(self, row: Row) -> None:
        for name, value in row.items():
            self.types.setdefault(name, set()).add(_type(value))

    def schema(self, categories: Mapping[str, str]) -> list[dict[str, Any]]:
        """One entry a column: its name, the types of JSON in it, the category of the policy it belongs to."""
        return [
            {"name": n, "types": sorted(t), **({"category": c} if (c := categories.get(n, "")) else {})}
            for n, t in self.types.items()
        ]


def json_line(row: Row) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogateescape") + b"\n"


def write_csv(rows: Path, to: Writable, columns: Sequence[str]) -> None:
    """The rows of a file of JSON Lines as CSV (RFC 4180, UTF-8 with byte order mark)."""
    to.write(codecs.BOM_UTF8)
    writer = csv.writer(_Encoded(to), quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerow([_cell(name) for name in columns])
    with rows.open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        for line in file:
            row = json.loads(line)
            writer.writerow([_cell(row.get(name)) for name in columns])


class Writable(Protocol):
    """What bytes are written to."""

    def write(self, content: bytes, /) -> int: ...


@dataclass(frozen=True, slots=True)
class _Encoded:
    """What a writer of texts writes to."""

    to: Writable

    def write(self, text: str) -> int:
        return self.to.write(text.encode("utf-8", "surrogateescape"))


def _cell(value: Any) -> str:
    """A value as text. One that a spreadsheet would take for a formula gets an apostrophe before it."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULAS) else value
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False)


def _type(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "boolean", str: "string", int: "number", float: "number", list: "array"}
    return sys.intern(names.get(type(value), "object"))
