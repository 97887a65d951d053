"""The two hosts of Heroku: the Platform API, which pages by Range, and the API of its databases.

The latter is undocumented: its shapes are those of the command line's source and of its tests
(https://github.com/heroku/cli/tree/main/src/commands/pg). Only reads are made of either, and of backups two more
calls: one asks for the address of a file, one deletes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from connectors.errors import ConfigError, RefusedError, TransientError
from connectors.heroku.settings import Settings
from connectors.http import HttpClient, retry_after
from connectors.model import Pace

_V3 = "application/vnd.heroku+json; version=3"
_SDK = "application/vnd.heroku+json; version=3.sdk"  # what knows of generations and telemetry drains
_REFILL = 60.0  # seconds: tokens come back at about 75 a minute, and a 429 does not say when
_MOST_PAGES = 1000


class HerokuApi:
    """Reads of one account. Raises `connectors.errors`; no path, query or body enters a message."""

    def __init__(self, system: str, settings: Settings, token: str, pace: Pace) -> None:
        self._system = system
        self._size = settings.page_size
        headers = {"Accept": _V3, "Authorization": f"Bearer {token}"}
        self._platform = HttpClient(system, settings.base_url, headers, settings.timeout, pace=pace)
        self._data = HttpClient(system, settings.data_url, headers, settings.timeout, pace=pace)

    def remaining(self) -> int:
        """How many calls the account has left; asking costs none."""
        return int(
            _mapping(self._system, self._get("account/rate-limits", "reading the rate limit")).get("remaining", 0)
        )

    def app(self, app: str) -> dict[str, Any]:
        """An app by name or id. ConfigError if it is not there or the token may not see it."""
        status, found = self._ask(self._platform, f"apps/{app}", "reading an app", (200, 404), accept=_SDK)
        if status == 404:
            raise ConfigError(self._system, "an app of 'apps' or 'pipelines' is not there, or the token cannot see it")
        return _mapping(self._system, found)

    def listed(self, path: str, doing: str, accept: str = _V3) -> list[dict[str, Any]]:
        """Every entry of a list of the Platform API, once each, over all its pages."""
        entries: dict[str, dict[str, Any]] = {}
        wanted = f"id ..; max={self._size};"
        for _ in range(_MOST_PAGES):
            status, page, headers = self._paged(path, doing, wanted, accept)
            for entry in _entries(self._system, page, doing):
                entries[str(entry.get("id") or entry)] = entry
            following = headers.get("Next-Range", "")
            if status != 206 or not following:
                return list(entries.values())
            if following == wanted:
                break
            wanted = following
        raise TransientError(self._system, f"{doing}: cut short, a page leads back to itself")

    def latest(self, path: str, doing: str, most: int) -> list[dict[str, Any]]:
        """The latest entries of a list by version, at most so many."""
        if not most:
            return []
        page = self._paged(path, doing, f"version ..; order=desc,max={min(most, 1000)};")[1]
        return _entries(self._system, page, doing)[:most]

    def config_vars(self, path: str) -> dict[str, Any]:
        return _mapping(self._system, self._get(path, "reading config vars"))

    def drains(self, app: str) -> list[dict[str, Any]] | None:
        """Log drains and telemetry drains of an app. None if neither list can be read.

        An app has one of the two, by its generation; what the other answers is not known.
        """
        found: list[list[dict[str, Any]]] = []
        for path, accept in ((f"apps/{app}/log-drains", _V3), (f"apps/{app}/telemetry-drains", _SDK)):
            try:
                found.append(self.listed(path, "listing drains", accept))
            except RefusedError:
                continue
        return [drain for drains in found for drain in drains] if found else None

    def database(self, addon: str) -> dict[str, Any] | None:
        """What the database API knows of an add-on. None if it knows none: an advanced plan, or not ready yet."""
        path = f"client/v11/databases/{addon}"
        status, found = self._ask(self._data, path, "reading a database", (200, 404, 422))
        return _mapping(self._system, found) if status == 200 else None

    def schedules(self, addon: str) -> list[dict[str, Any]]:
        path = f"client/v11/databases/{addon}/transfer-schedules"
        return _entries(self._system, self._ask(self._data, path, "listing schedules")[1], "listing schedules")

    def transfers(self, app: str) -> list[dict[str, Any]]:
        """Backups, restores and copies of an app, once each."""
        page = self._ask(self._data, f"client/v11/apps/{app}/transfers", "listing backups")[1]
        found = _entries(self._system, page, "listing backups")
        return list({str(t.get("uuid") or t.get("num")): t for t in found}.values())

    def transfer(self, app: str, uuid: str) -> dict[str, Any] | None:
        """One backup, restore or copy by its id. None if there is none (any more)."""
        path = f"client/v11/apps/{app}/transfers/{quote(uuid, safe='')}"
        status, found = self._ask(self._data, path, "reading a backup", (200, 404, 410))
        return _mapping(self._system, found) if status == 200 else None

    def public_url(self, app: str, number: str) -> str:
        """An address at which everybody who knows it can download a backup for a while. Never to be logged."""
        path = f"client/v11/apps/{app}/transfers/{number}/actions/public-url"
        doing = "asking for a backup's address"
        url = _mapping(self._system, self._ask(self._data, path, doing, (200, 201), method="POST")[1]).get("url")
        if not isinstance(url, str) or not url:
            raise RefusedError(self._system, f"{doing}: the answer has none")
        return url

    def delete_transfer(self, app: str, number: str) -> None:
        """Ask for the deletion of one backup. A yes is an acceptance; a second call may be told it is not there."""
        path = f"client/v11/apps/{app}/transfers/{number}"
        self._ask(self._data, path, "deleting a backup", (200, 202, 204, 404, 410), method="DELETE")

    def _get(self, path: str, doing: str) -> Any:
        return self._ask(self._platform, path, doing)[1]

    def _ask(
        self, http: HttpClient, path: str, doing: str, accept_status: tuple[int, ...] = (200,), accept: str = _V3,
        method: str = "GET",
    ) -> tuple[int, Any]:  # fmt: skip
        status, body, headers = http.answer(
            method, path, doing=doing, accept=(*accept_status, 429), headers={"Accept": accept}
        )
        self._within_the_limit(status, headers, doing)
        return status, body

    def _paged(self, path: str, doing: str, wanted: str, accept: str = _V3) -> tuple[int, Any, Any]:
        status, page, headers = self._platform.answer(
            "GET", path, doing=doing, accept=(200, 206, 429), headers={"Range": wanted, "Accept": accept}
        )
        self._within_the_limit(status, headers, doing)
        return status, page, headers

    def _within_the_limit(self, status: int, headers: Any, doing: str) -> None:
        if status == 429:
            waiting = retry_after(headers)
            raise TransientError(self._system, f"{doing}: HTTP 429", _REFILL if waiting is None else waiting)


def instant(text: object) -> datetime | None:
    """An instant as Heroku writes them: "2016-10-01 00:42:54 +0000", "2026-08-19 23:09 UTC", ISO 8601."""
    if not isinstance(text, str):
        return None
    text = text.strip().replace(" UTC", "+00:00").replace(" +", "+").replace(" -", "-")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _mapping(system: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RefusedError(system, "an answer of the API has not the shape it should have")
    return value


def _entries(system: str, value: Any, doing: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise RefusedError(system, f"{doing}: the answer is not the list it should be")
    return value
