"""Papertrail's HTTP API: the search through events, and the account's own objects.

Source: https://documentation.solarwinds.com/en/success_center/papertrail/content/kb/how-it-works/search-api.htm
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Protocol

from connectors.errors import TransientError
from connectors.http import HttpClient

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_STANDSTILL = 3  # answers in a row that reach no further back: the search is not getting anywhere
_MOST_PAGES = 100_000
_MOST_PASSES = 20


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One log line. The names are those of an event in the search API's answer."""

    id: str
    generated_at: str
    received_at: str
    source_id: str
    source_name: str
    source_ip: str
    facility: str
    severity: str
    program: str
    message: str

    @property
    def at(self) -> datetime | None:
        return instant(self.received_at) or instant(self.generated_at)

    @property
    def texts(self) -> tuple[str, ...]:
        """The fields an application chooses, where a person may be named."""
        return self.message, self.program, self.source_name


EVENT_FIELDS = tuple(f.name for f in fields(LogEvent))
_TABS = len(EVENT_FIELDS) - 1


@dataclass(frozen=True, slots=True)
class Archive:
    """A file of past events; `link` is its address at the API, which redirects to a storage host."""

    name: str
    link: str
    redirects: bool

    @property
    def day(self) -> date | None:
        """The day of its events, which its name tells; None if it does not."""
        try:
            return date.fromisoformat(found[0]) if (found := _DAY.search(self.name)) else None
        except ValueError:
            return None


class LogSource(Protocol):
    """What both APIs offer."""

    floor_days: int  # days during which the vendor's database may hold what its search no longer shows

    def check(self) -> None: ...
    def events(self, queries: Sequence[str]) -> Iterator[LogEvent]: ...
    def archives(self) -> list[Archive]: ...
    def archived(self, raw: Iterator[bytes], wanted: Callable[[str], bool]) -> Iterator[LogEvent]: ...
    def objects(self, path: str) -> list[dict[str, Any]]: ...


def instant(text: str) -> datetime | None:
    """The instant a vendor's time says, or None. Archives write "2011-02-10 00:19:36 -0800"."""
    parts = text.strip().split(" ")
    if len(parts) == 3:
        text = f"{parts[0]}T{parts[1]}{parts[2]}"
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


class PapertrailApi:
    """The API at papertrailapp.com."""

    floor_days = 0

    def __init__(self, system: str, http: HttpClient, page_size: int) -> None:
        self._system = system
        self._http = http
        self._page_size = page_size

    def check(self) -> None:
        self._http.request("GET", "accounts.json", doing="reading the account")

    def objects(self, path: str) -> list[dict[str, Any]]:
        """All objects of the account at `path`; the settings API answers with one array."""
        _, found = self._http.request("GET", path, doing="reading the account's settings")
        if not isinstance(found, list):
            raise TransientError(self._system, "reading the account's settings: the answer is not a list")
        return [entry for entry in found if isinstance(entry, dict)]

    def events(self, queries: Sequence[str]) -> Iterator[LogEvent]:
        """Every event that matches, once.

        Raises TransientError if the vendor stops before the beginning of what is searchable: an
        answer may be empty only because its time was up.
        """
        for query in queries:
            yield from settled(self._system, partial(self._search, query))

    def _search(self, query: str) -> Iterator[list[LogEvent]]:
        oldest: int | None = None
        standstill = 0
        for _ in range(_MOST_PAGES):
            # `tail` defaults to true in some searches and then skips events for the sake of recency.
            params: dict[str, Any] = {"q": query, "limit": self._page_size, "tail": "false"}
            if oldest is not None:
                params["max_id"] = str(oldest)
            page = self._page(params)
            found = [self._event(entry) for entry in page.get("events") or []]
            if oldest is not None and any(int(e.id) > oldest for e in found):
                break  # not the page that was asked for
            yield found
            if page.get("reached_beginning"):
                return
            if not (page.get("reached_record_limit") or page.get("reached_time_limit")):
                break
            marks = [int(e.id) for e in found]
            if page.get("min_id") is not None:
                marks.append(self._number(page["min_id"]))
            reached = min(marks, default=None)
            if reached is None or (oldest is not None and reached >= oldest):
                standstill += 1
                if standstill >= _STANDSTILL:
                    break
                continue
            oldest, standstill = reached, 0
        raise TransientError(self._system, "searching events: cut short before the beginning was reached")

    def _page(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        _, page = self._http.request("GET", "events/search.json", doing="searching events", params=params)
        if not isinstance(page, dict) or not isinstance(page.get("events") or [], list):
            raise TransientError(self._system, "searching events: the answer is not a page of events")
        return page

    def _event(self, entry: Any) -> LogEvent:
        if not isinstance(entry, dict) or "id" not in entry:
            raise TransientError(self._system, "searching events: an entry is not an event")
        values = {name: "" if entry.get(name) is None else str(entry[name]) for name in EVENT_FIELDS}
        values["id"] = str(self._number(entry["id"]))
        return LogEvent(**values)

    def _number(self, value: Any) -> int:
        """An event's number, written as text or as a number; a float would lose its last digits."""
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and value.isascii() and value.isdigit():
            return int(value)
        raise TransientError(self._system, "searching events: an event's number is not a whole number")

    def archives(self) -> list[Archive]:
        found = []
        for entry in self.objects("archives.json"):
            link = ((entry.get("_links") or {}).get("download") or {}).get("href")
            if not isinstance(link, str) or not link:
                raise TransientError(self._system, "listing archives: an archive has no address")
            found.append(Archive(str(entry.get("filename", "")), link, redirects=True))
        return found

    def archived(self, raw: Iterator[bytes], wanted: Callable[[str], bool]) -> Iterator[LogEvent]:
        """The wanted events of one unpacked archive: ten columns between tabs, without a header.

        Whether tabs and line ends in messages are escaped is not documented: what follows the
        ninth tab is the message, and a line of fewer columns continues the message before it.
        """
        for text in self._whole(raw):
            if wanted(text):
                yield LogEvent(*text.split("\t", _TABS))

    def _whole(self, raw: Iterator[bytes]) -> Iterator[str]:
        last: str | None = None
        for line in lines(raw):
            if line[:1].isdigit() and line.count("\t") >= _TABS and line.partition("\t")[0].isdigit():
                if last is not None:
                    yield last
                last = line
            elif last is not None:
                last = f"{last}\n{line}"
            elif line:
                raise TransientError(self._system, "reading an archive: it does not begin with an event")
        if last is not None:
            yield last


def settled(system: str, pages: Callable[[], Iterator[list[LogEvent]]]) -> Iterator[LogEvent]:
    """The events of a search, once each, searched again until its newest page brings nothing new.

    An answer that belongs to an earlier search looks like an end; and lines arrive meanwhile.
    """
    seen: set[str] = set()
    for again in range(_MOST_PASSES):
        fresh = 0
        for page in pages():
            new = [event for event in page if event.id not in seen]
            seen.update(event.id for event in new)
            fresh += len(new)
            yield from new
            if again and page and not new:
                break  # the newest are known, so the older ones are
        if again and not fresh:
            return
    raise TransientError(system, "searching events: new ones arrive faster than they are read")


def lines(raw: Iterator[bytes]) -> Iterator[str]:
    """The lines of a text that comes in pieces, without their ends."""
    parts: list[bytes] = []  # of a line whose end has not come yet; joined once, however long it is
    for chunk in raw:
        first, *more = chunk.split(b"\n")
        parts.append(first)
        for following in more:
            yield b"".join(parts).decode("utf-8", "replace").removesuffix("\r")
            parts = [following]
    if rest := b"".join(parts):
        yield rest.decode("utf-8", "replace").removesuffix("\r")
