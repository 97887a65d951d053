"""How a list goes on: by cursor, page number, offset, or a link to the next page.

Where a list ends must be seen, never guessed: a cursor or link must stand in every answer (empty at
the end) unless the description says it is left out there, and numbered pages are read until one is
empty or the number of the last one, as the answer says, is reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.rest.paths import EACH, Path, parse, values
from connectors.rest.reader import Reader

_KEYS = {
    "cursor": ("by", "send", "next", "omitted_at_end", "total"),
    "link": ("by", "next", "omitted_at_end", "total"),
    "page": ("by", "send", "first", "last", "total"),
    "offset": ("by", "send", "total"),
}
_ALL = sorted({key for keys in _KEYS.values() for key in keys})


@dataclass(frozen=True, slots=True)
class Pages:
    by: str  # "cursor", "link", "page", "offset"; "none": the vendor gives everything at once
    send: str = ""  # the parameter that asks for the next page
    next: Path = ()  # where the cursor or link stands
    omitted_at_end: bool = False
    first: int = 1
    last: Path | None = None  # where the number of the last page stands
    total: Path | None = None  # where the number of all rows stands

    def begins(self) -> Any:
        """The cursor of the first page; None: none is sent."""
        return {"page": self.first, "offset": 0}.get(self.by)

    def follows(self, answer: Any, at: Any, rows: int) -> Any:
        """The cursor after this page; None at the end. ValueError if the answer does not say."""
        if self.by == "none":
            return None
        if self.by == "offset":
            return at + rows if rows else None
        if self.by == "page":
            if self.last is not None:
                return at + 1 if at < _whole(answer, self.last) else None
            return at + 1 if rows else None
        found = list(values(answer, self.next))
        if not found and not self.omitted_at_end:
            raise ValueError
        following = found[0] if found else None
        if following in (None, "", False):
            return None
        if isinstance(following, bool) or not isinstance(following, str if self.by == "link" else str | int):
            raise ValueError
        return following

    def all_rows(self, answer: Any) -> int | None:
        """How many rows there are on all pages, where the answer says it."""
        return None if self.total is None else _whole(answer, self.total)


def _whole(answer: Any, path: Path) -> int:
    found = list(values(answer, path))
    if len(found) != 1 or isinstance(found[0], bool) or not isinstance(found[0], int):
        raise ValueError
    return found[0]


def pages_of(reader: Reader, otherwise: Pages | None, method: str) -> Pages:
    """What stands under `pages`, here or for the whole system."""
    if not reader.has("pages"):
        if otherwise is None:
            reader.fail("pages", "is missing, here and under settings; `pages: none` if the vendor has no pages")
        found = otherwise
    else:
        found = described(reader)
    if found.by == "link" and method != "get":
        reader.fail("pages", "by link go with get only")
    return found


def described(reader: Reader) -> Pages:
    """The mapping under `pages`, or the word none."""
    if reader.given.get("pages") == "none":
        return Pages("none")
    read = reader.under("pages", _ALL)
    by = read.choice("by", tuple(_KEYS))
    read = reader.under("pages", _KEYS[by])
    send = read.text("send", "the name of the parameter that asks for the next page") if "send" in _KEYS[by] else ""
    following = _path(read, "next") if "next" in _KEYS[by] else ()
    return Pages(
        by,
        send,
        following or (),
        read.flag("omitted_at_end"),
        int(read.number("first", 1, 0, 1)),
        _path(read, "last") if read.has("last") else None,
        _path(read, "total") if read.has("total") else None,
    )


def _path(reader: Reader, name: str) -> Path:
    found = parse(reader.text(name, "a path in the answer, such as meta.next"))
    if not found or EACH in found:
        reader.fail(name, "must be a path in the answer, such as meta.next")
    return found
