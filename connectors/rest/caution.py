"""From a mapping of the inventory to a call. Whatever could reach further than one record is refused,
and whatever would find too little.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import Any

from connectors.rest.calls import HOLE, HOLE_SEGMENT, Absent, Call
from connectors.rest.pages import Pages, pages_of
from connectors.rest.paths import EACH, Path, parse
from connectors.rest.reader import Reader

ID = "id"
_METHODS = {
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
    "redact": ("query", "under", "partial"),
}
_SEGMENT = re.compile(r"[A-Za-z0-9_~!$&'()*+,;=:@-][A-Za-z0-9._~!$&'()*+,;=:@-]*")
_OVERRIDE = re.compile(r"_method|x[-_]http[-_]method.*|x[-_]method[-_]override", re.IGNORECASE)
# Statuses that say something about the call, not about the record.
_NEVER_ABSENT = {401, 402, 403, 405, 407, 408, 421, 425, 426, 429}


def call_of(reader: Reader, verb: str, kinds: Collection[str], pages: Pages | None) -> Call:
    """The call described under `locate`, `confirm`, `export`, `delete` or `redact`."""
    methods = _METHODS[verb]
    named = [method for method in methods if reader.has(method)]
    if len(named) != 1:
        reader.fail("", f"must have one of {', '.join(methods)}, with the path: `{methods[0]}: /things/<id>`")
    method = named[0]
    path = path_of(reader, method)
    query, body = reader.mapping("query"), reader.mapping("body") or None
    if any(isinstance(value, bool) or not isinstance(value, str | int) for value in query.values()):
        reader.fail("query", "must have texts and whole numbers for values; quote true and false, and placeholders")
    if body is not None and method in ("get", "delete"):
        reader.fail("body", f"cannot go with {method}: use post, if this API has such a call")
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
    return (*_METHODS[verb], *_KEYS[verb])


def path_of(reader: Reader, name: str) -> tuple[str, ...]:
    """The segments of a path of this API, each a constant or one placeholder."""
    text = reader.text(name, "a path such as /tickets/<id>")
    if "://" in text or text.startswith("//"):
        reader.fail(name, "must be a path below base_url, not an address: no call leads to another host")
    segments = tuple(text.strip("/").split("/"))
    for segment in segments:
        if not (_SEGMENT.fullmatch(segment) or HOLE_SEGMENT.fullmatch(segment)):
            reader.fail(name, "must be made of plain segments and placeholders such as <id>, which fill a segment")
    return segments


def _kind(reader: Reader, verb: str, kinds: Collection[str], given: Any) -> str:
    found = set()
    path, *rest = given
    for holes, text in ((h, t) for h, held in ((HOLE_SEGMENT, path), (HOLE, rest)) for t in _texts(held)):
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
    if verb == "locate" and call.rows is None and not call.absent:
        reader.fail("absent", "is missing: what the answer for nobody looks like, such as {status: 404}")


def _absent(reader: Reader, verb: str) -> tuple[Absent, ...]:
    """By default 404 and 410 for one record that is gone; nothing for a search, where it must be said."""
    if not reader.has("absent"):
        return () if verb in ("locate", "redact") else (Absent((404, 410)),)
    given = reader.given["absent"]
    return tuple(
        _one_absent(Reader(reader.system, f"{reader.place}.absent", one, ("status", "field", "is")))
        for one in (given if isinstance(given, list) else [given])
    )


def _one_absent(read: Reader) -> Absent:
    if read.has("field") != ("is" in read.given):
        read.fail("field", "and `is` go together: where the message stands, and what it says")
    where = parse(read.text("field", "a path such as error.code")) if read.has("field") else None
    if read.has("field") and not where:
        read.fail("field", "must be a path such as error.code")
    given = read.given.get("status", 200)
    statuses = tuple(given) if isinstance(given, list) else (given,)
    for status in statuses or (0,):
        if not isinstance(status, int) or not 200 <= status < 500 or status in _NEVER_ABSENT:
            read.fail("status", "must be statuses that say a record is absent, such as 404; none that refuse the call")
        if status < 400 and where is None:
            read.fail("status", "of success needs `field` and `is`, or every answer would mean absent")
    equals = read.given.get("is")
    return Absent(statuses, where, None if equals is None else str(equals))


def _root(reader: Reader, name: str, default: str | None = None) -> Path:
    found = parse(reader.text(name, "a path in the answer, or . for the answer itself", default))
    if found is None or EACH in found:
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
