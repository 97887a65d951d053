"""SolarWinds Observability's API, which accounts of Papertrail are moved to.

The settings API (saved searches, senders, members) has no counterpart here.
Sources: https://documentation.solarwinds.com/en/success_center/observability/content/intro/logs/migrate-papertrail-info.htm,
https://documentation.solarwinds.com/en/success_center/observability/content/misc/data-retention-policies.htm
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.errors import RefusedError, TransientError
from connectors.http import HttpClient
from connectors.papertrail.events import Archive, LogEvent, lines, settled

_YEAR = timedelta(days=365) - timedelta(hours=1)  # archives: "must be within the last year"
_ARRAY_LIMIT = 256 * 1024 * 1024  # bytes of an archive that is one JSON array
_MOST_PAGES = 100_000
_MEANINGS = {  # the names of the successor's fields -> those of an event
    "received_at": ("time", "received_at"),
    "generated_at": ("generated_at",),
    "source_id": ("entityId",),
    "source_name": ("hostname", "source_name"),
    "source_ip": ("source_ip",),
    "facility": ("facility",),
    "severity": ("severity",),
    "program": ("program",),
    "message": ("message",),
}


class ObservabilityApi:
    """The API at api.REGION.cloud.solarwinds.com.

    Under plans of less than 30 days the search stops showing an event earlier than the database
    deletes it, so a search without hits proves nothing before day 30.
    """

    floor_days = 30

    def __init__(self, system: str, http: HttpClient, page_size: int, search_days: int) -> None:
        self._system = system
        self._http = http
        self._page_size = page_size
        self._reach = timedelta(days=max(search_days, self.floor_days) + 1)

    def check(self) -> None:
        now = datetime.now(UTC)
        params = {"startTime": _text(now - timedelta(hours=1)), "endTime": _text(now), "pageSize": 1}
        self._http.request("GET", "logs/archives", doing="listing archives", params=params)

    def objects(self, path: str) -> list[dict[str, Any]]:
        return []

    def events(self, queries: Sequence[str]) -> Iterator[LogEvent]:
        """Every event that matches, once; TransientError if pages do not end."""
        for query in queries:
            yield from settled(self._system, partial(self._search, query))

    def _search(self, query: str) -> Iterator[list[LogEvent]]:
        now = datetime.now(UTC) + timedelta(days=1)  # clocks differ; the future holds no more events
        params = {
            "filter": query,
            "startTime": _text(now - self._reach),
            "endTime": _text(now),
            "direction": "backward",
            "pageSize": self._page_size,
        }
        for page in self._pages("logs", params, "logs", "searching logs"):
            yield [self._event(entry) for entry in page]

    def archives(self) -> list[Archive]:
        now = datetime.now(UTC)
        params = {"startTime": _text(now - _YEAR), "endTime": _text(now), "pageSize": self._page_size}
        found: dict[str, Archive] = {}
        pages = self._pages("logs/archives", params, "logArchives", "listing archives")
        for entry in chain.from_iterable(pages):
            link = entry.get("downloadUrl")
            if not isinstance(link, str) or not link:
                raise TransientError(self._system, "listing archives: an archive has no address")
            found[str(entry.get("id") or link)] = Archive(str(entry.get("name", "")), link, redirects=False)
        return list(found.values())

    def archived(self, raw: Iterator[bytes], wanted: Callable[[str], bool]) -> Iterator[LogEvent]:
        """The wanted events of one unpacked archive: JSON, one object a line or one array."""
        text = lines(raw)
        first = next((line for line in text if line.strip()), "")
        if first.lstrip().startswith("["):
            yield from map(self._event, self._array(chain([first], text)))
            return
        for line in chain([first], text):
            if line.strip() and wanted(line):
                yield self._event(self._decoded(line))

    def _array(self, text: Iterator[str]) -> list[Any]:
        parts, size = [], 0
        for line in text:
            size += len(line)
            if size > _ARRAY_LIMIT:
                raise RefusedError(self._system, f"reading an archive: one array of more than {_ARRAY_LIMIT} bytes")
            parts.append(line)
        found = self._decoded("\n".join(parts))
        return found if isinstance(found, list) else [found]

    def _decoded(self, text: str) -> Any:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise TransientError(self._system, "reading an archive: it is not whole JSON") from None

    def _pages(self, path: str, params: Mapping[str, Any], key: str, doing: str) -> Iterator[list[dict[str, Any]]]:
        token, followed = "", set[str]()
        for _ in range(_MOST_PAGES):
            asked = {**params, **({"skipToken": token} if token else {})}
            _, page = self._http.request("GET", path, doing=doing, params=asked)
            if not isinstance(page, dict) or not isinstance(page.get(key), list):
                raise TransientError(self._system, f"{doing}: the answer is not a page")
            yield [entry for entry in page[key] if isinstance(entry, dict)]
            following = (page.get("pageInfo") or {}).get("nextPage")
            if not following:
                return
            token = self._token(str(following))
            if not token or token in followed:
                raise TransientError(self._system, f"{doing}: cut short, a page leads back to itself")
            followed.add(token)
        raise TransientError(self._system, f"{doing}: cut short, there is no end to the pages")

    def _token(self, following: str) -> str:
        """`nextPage` is an address; only its token is taken, so that no answer chooses where to ask."""
        return dict(parse_qsl(urlsplit(following).query)).get("skipToken", "")

    def _event(self, entry: Any) -> LogEvent:
        if not isinstance(entry, dict) or not entry.get("id"):
            raise TransientError(self._system, "searching logs: an entry is not a log line")
        values = {
            name: next((str(entry[k]) for k in known if entry.get(k) is not None), "")
            for name, known in _MEANINGS.items()
        }
        return LogEvent(id=str(entry["id"]), **values)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
