"""Files of text: looked through as such, and as what they are besides, a table, JSON or a page.

Whatever is given out of one went through `stream.cleaned`; that it is a table or a page only lets more be seen.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.package import stream, tables
from orchestrator.package.kinds import FileKind
from orchestrator.package.scan import Found, Scanner
from orchestrator.package.values import Cleaner, Row
from orchestrator.package.vocabulary import Verdict

if TYPE_CHECKING:
    from orchestrator.package.looker import Looker, Seen

_DELIMITERS = ",;\t|"


def text(
    looker: Looker, whole: Seen, depth: int = 0, found: Found | None = None, scanner: Scanner | None = None
) -> Seen:
    """A text, without what must not be handed out. `found`: what was blacked out of it before."""
    found = Found() if found is None else found
    assert whole.path is not None  # there is something to look at
    out = looker.new()
    try:
        _write(out, stream.cleaned(stream.decoded(_chunks(whole.path)), scanner or looker.scanner, found))
    except stream.NotTextError:
        return looker.hold(whole, FileKind.UNKNOWN, "it holds what is no text")
    if not found:
        out.unlink()
        return whole
    return replace(whole, verdict=Verdict.COPY, path=out, found=found)


def table(looker: Looker, whole: Seen, depth: int = 0) -> Seen:
    """A table with a head: a column's name says what its values are."""
    assert whole.path is not None
    out, found = looker.new(), Found()
    try:
        with out.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            _clean_table(whole.path, file, Cleaner(looker.scanner, found))
    except (csv.Error, ValueError, stream.NotTextError):
        return text(looker, whole)
    return text(looker, replace(whole, path=out) if found else whole, 0, found)


def _clean_table(path: Path, out: Any, cleaner: Cleaner) -> None:
    csv.field_size_limit(tables.LARGEST_ROW)
    lines = tables.lines(stream.decoded(_chunks(path)))
    first = next(lines, "")
    delimiter = max(_DELIMITERS, key=first.count)
    head = next(csv.reader([first], delimiter=delimiter), [])
    if len(set(head)) != len(head):
        raise csv.Error("two columns of one name")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow([cleaner.scanner.cleaned(name, cleaner.found) for name in head])
    for row in cleaner.rows(_cells(csv.reader(lines, delimiter=delimiter), head)):
        writer.writerow(row.values())


def _cells(rows: Iterable[list[str]], head: list[str]) -> Iterator[Row]:
    for row in rows:
        if len(row) > len(head):
            raise csv.Error("a row longer than its head")
        yield dict(zip(head, row, strict=False))


def json_file(looker: Looker, whole: Seen, depth: int = 0) -> Seen:
    """JSON or JSON Lines: looked through value by value, each with its name."""
    assert whole.path is not None
    out, found = looker.new(), Found()
    cleaner = Cleaner(looker.scanner, found)
    try:
        with out.open("wb") as file:
            if whole.path.stat().st_size <= looker.limits.in_memory and (document := _document(whole.path)):
                file.write(json.dumps(cleaner.value(document[0]), ensure_ascii=False, indent=2).encode())
            else:
                rows = tables.read(_chunks(whole.path), "application/jsonl")
                file.writelines(map(tables.json_line, cleaner.rows(rows)))
    except tables.UnreadableRowsError:
        return text(looker, whole)
    return text(looker, replace(whole, path=out) if found else whole, 0, found)


def _document(path: Path) -> tuple[Any] | None:
    try:
        return (json.loads(path.read_bytes()),)
    except (ValueError, RecursionError):
        return None


def markup(looker: Looker, whole: Seen, depth: int = 0) -> Seen:
    """A page: as a text, and then as its reader sees it. If more is seen there, its words are given instead."""
    seen = text(looker, whole, scanner=looker.scanner.of_pages())
    if seen.path is None:
        return seen
    if seen.path.stat().st_size > looker.limits.in_memory:
        return looker.hold(whole, FileKind.MARKUP, "the page is too long to be looked through")
    words = words_of("".join(stream.decoded(_chunks(seen.path))))
    if not looker.scanner.spans(words):
        return seen
    clean = looker.scanner.cleaned(words, seen.found)
    why = "values are spread over its markup, so that only its words are given"
    return replace(
        seen, verdict=Verdict.TEXT, path=looker.put(clean.encode("utf-8", "surrogateescape")), suffix=".txt",
        media_type="text/plain", why=why,
    )  # fmt: skip


class _Words(HTMLParser):
    """The words of a page, and what stands in its attributes and comments."""

    _BREAKS = frozenset(
        ("p", "div", "br", "li", "tr", "td", "th", "table", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "hr",
         "title", "body", "section", "article", "pre")
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append("\n" if tag in self._BREAKS else "")
        self.attributes += [value for _, value in attrs if value]

    def handle_endtag(self, tag: str) -> None:
        self.parts.append("\n" if tag in self._BREAKS else "")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_comment(self, data: str) -> None:
        self.attributes.append(data)


def words_of(page: str) -> str:
    """What a page says, and after it what its attributes and comments say."""
    reader = _Words()
    reader.feed(page)
    reader.close()
    return "".join(reader.parts) + "\n\n\n" + "\n\n\n".join(reader.attributes)


def _write(out: Path, parts: Iterable[str]) -> None:
    with out.open("wb") as file:
        file.writelines(stream.encoded(parts))


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(64 * 1024):
            yield chunk
