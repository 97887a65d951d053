"""One described call: a method, an address, what is put in, and how its answer is read.

What is put in is a whole path segment, query value or value of the JSON body, never a part of a
text: `<email>` is an identifier of the person, `<id>` the record's id. There is nothing to compute.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from connectors.rest.pages import Pages, pages_of
from connectors.rest.paths import Path, parse, values
from connectors.rest.reader import Reader

METHODS = {
    "locate": ("get", "post"),
    "confirm": ("get", "post"),
    "export": ("get", "post"),
    "delete": ("delete", "post"),
    "redact": ("patch", "put", "post"),
}
_KEYS = {
    "locate": ("query", "body", "rows", "row", "absent", "pages", "whole_list"),
    "confirm": ("query", "body", "row", "absent"),
    "export": ("query", "body", "row", "absent"),
    "delete": ("query", "body", "absent", "settles_hours"),
    "redact": ("under", "partial"),
}
ID = "id"
_HOLE = re.compile(r"<([a-z][a-z0-9_.]*)>")
_SEGMENT = re.compile(r"[A-Za-z0-9_~!$&'()*+,;=:@-][A-Za-z0-9._~!$&'()*+,;=:@-]*")
_HOLE_SEGMENT = re.compile(r"<([a-z][a-z0-9_.]*)>((?:\.[a-z]+)?)")
_UNSAFE = re.compile(r"[/\\%\x00-\x20\x7f]")
_OVERRIDE = re.compile(r"_method|x[-_]http[-_]method.*|x[-_]method[-_]override", re.IGNORECASE)
# Statuses that say something about the call, not about the record.
_NEVER_ABSENT = {401, 402, 403, 405, 407, 408, 421, 425, 426, 429}


@dataclass(frozen=True, slots=True)
class Absent:
    """What an answer looks like that says "there is no such thing": a status, and a message in it."""

    statuses: tuple[int, ...] = ()
    field: Path | None = None
    equals: str = ""

    def is_met(self, status: int, answer: Any) -> bool:
        if status not in self.statuses:
            return False
        return self.field is None or any(str(v) == self.equals for v in values(answer, self.field))


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
    absent: Absent = Absent()
    pages: Pages | None = None
    settles: timedelta | None = None
    under: str = ""  # the key of a redaction's body under which the fields stand

    def address(self, value: object) -> str | None:
        """The path with the value in it, encoded; None if no path could hold it safely."""
        parts = []
        for segment in self.path:
            hole = _HOLE_SEGMENT.fullmatch(segment)
            if hole is None:
                parts.append(segment)
                continue
            text = str(value)
            # An encoded slash is a slash again to many servers, and "." or ".." leave the path.
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
        return value if isinstance(given, str) and _HOLE.fullmatch(given) else given


def call_of(reader: Reader, verb: str, kinds: Collection[str], pages: Pages | None) -> Call:
    """The call described under `locate`, `confirm`, `export`, `delete` or `redact`."""
    methods = METHODS[verb]
    named = [method for method in methods if reader.has(method)]
    if len(named) != 1:
        reader.fail("", f"must have one of {', '.join(methods)}, with the path: `{methods[0]}: /things/<id>`")
    method = named[0]
    path = path_of(reader, method)
    query, body = reader.mapping("query"), reader.mapping("body") or None
    if body is not None and method == "get":
        reader.fail("body", "cannot go with get: use query, or post")
    for name in {*query, *(body or {})}:
        if _OVERRIDE.fullmatch(name):
            reader.fail("query", "must not change the method: name the method itself")
    kind = _kind(reader, verb, kinds, (path, query, body))
    call = Call(
        method,
        path,
        kind,
        query,
        body,
        _root(reader, "rows") if reader.has("rows") else None,
        _root(reader, "row", "."),
        _absent(reader, verb),
        pages_of(reader, pages, method) if reader.has("rows") else None,
        timedelta(hours=reader.number("settles_hours", 0, 0, 24 * 366)) or None,
        reader.text("under", "the key that the fields stand under") if reader.has("under") else "",
    )
    _refuse_dangerous(reader, verb, call)
    return call


def keys_of(verb: str) -> tuple[str, ...]:
    return (*METHODS[verb], *_KEYS[verb])


def path_of(reader: Reader, name: str) -> tuple[str, ...]:
    """The segments of a path of this API, each a constant or one placeholder."""
    text = reader.text(name, "a path such as /tickets/<id>")
    if "://" in text or text.startswith("//"):
        reader.fail(name, "must be a path below base_url, not an address: no call leads to another host")
    segments = tuple(text.strip("/").split("/"))
    for segment in segments:
        if not (_SEGMENT.fullmatch(segment) or _HOLE_SEGMENT.fullmatch(segment)):
            reader.fail(name, "must be made of plain segments and placeholders such as <id>, which fill a segment")
    return segments


def _kind(reader: Reader, verb: str, kinds: Collection[str], given: Any) -> str:
    found = set()
    path, *rest = given
    for holes, text in ((h, t) for h, held in ((_HOLE_SEGMENT, path), (_HOLE, rest)) for t in _texts(held)):
        hole = holes.fullmatch(text)
        if hole is None and ("<" in text or ">" in text):
            reader.fail("", "has a placeholder inside a text: it stands alone, as a whole segment or value")
        if hole is not None:
            found.add(hole[1])
    allowed = kinds if verb == "locate" else [ID]
    for name in sorted(found - set(allowed)):
        reader.fail("", f"has <{name}>, which is not put in here: {', '.join(f'<{k}>' for k in sorted(allowed))}")
    if len(found) > 1:
        reader.fail("", "puts in more than one kind of identifier: describe a call for each")
    if not found and verb != "locate":
        reader.fail("", "does not say which record: put <id> into it")
    if not found and not reader.flag("whole_list"):
        reader.fail("", "searches for nobody: put in an identifier, or say `whole_list: true` to read everything")
    return found.pop() if found else ""


def _refuse_dangerous(reader: Reader, verb: str, call: Call) -> None:
    """What could reach further than the one record."""
    last = call.path[-1]
    if call.method == "delete" and not last.startswith(f"<{ID}>"):
        reader.fail("delete", "must end with <id>: a path without it is that of the whole collection")
    if verb in ("delete", "redact") and not any(f"<{ID}>" in text for text in _texts((call.path, call.body))):
        reader.fail(call.method, "must have <id> in its path or body: a server may ignore a query it does not know")
    if verb == "redact" and call.method == "put" and not reader.flag("partial"):
        reader.fail("put", "may replace the whole record; say `partial: true` if this API changes only what is sent")
    if verb == "locate" and (call.rows is None) == (not reader.has("row")):
        reader.fail("", "must have either `rows`, the path of the list in the answer, or `row`, that of the one record")
    if verb == "locate" and call.rows is None and not call.absent.statuses:
        reader.fail("absent", "is missing: what the answer for nobody looks like, such as {status: 404}")


def _absent(reader: Reader, verb: str) -> Absent:
    """By default 404 and 410 for one record that is gone; nothing for a search, where it must be said."""
    if not reader.has("absent"):
        return Absent() if verb in ("locate", "redact") else Absent((404, 410))
    read = reader.under("absent", ("status", "field", "is"))
    if read.has("field") != read.has("is"):
        read.fail("field", "and `is` go together: where the message stands, and what it says")
    where = parse(read.text("field", "a path such as error.code")) if read.has("field") else None
    if read.has("field") and where is None:
        read.fail("field", "must be a path such as error.code")
    given = read.given.get("status", 200)
    statuses = tuple(given) if isinstance(given, list) else (given,)
    for status in statuses:
        if not isinstance(status, int) or not 200 <= status < 500 or status in _NEVER_ABSENT:
            read.fail("status", "must be statuses that say a record is absent, such as 404; none that refuse the call")
        if status < 400 and where is None:
            read.fail("status", "of success needs `field` and `is`, or every answer would mean absent")
    return Absent(statuses, where, str(read.given.get("is", "")))


def _root(reader: Reader, name: str, default: str | None = None) -> Path:
    found = parse(reader.text(name, "a path in the answer, or . for the answer itself", default))
    if found is None or "[]" in found:
        reader.fail(name, "must be a path such as data.items, or . for the answer itself")
    return found


def _texts(given: Any) -> Iterator[str]:
    if isinstance(given, str):
        yield given
    elif isinstance(given, Mapping):
        for held in given.values():
            yield from _texts(held)
    elif isinstance(given, list | tuple):
        for held in given:
            yield from _texts(held)
