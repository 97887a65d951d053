"""The members of an audience, exported by the Data API: the only list of users that can be read.

Sources: https://developers.google.com/analytics/devguides/reporting/data/v1/audience-export-basics,
https://developers.google.com/analytics/devguides/reporting/data/v1/audience-export-expectations.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.errors import RefusedError, TransientError
from connectors.google import GoogleClient, ServiceAccount
from connectors.google_analytics.settings import Settings

SCOPES = ("https://www.googleapis.com/auth/analytics.readonly",)
DIMENSIONS = ("deviceId", "userId")
UNSET = ("", "(not set)")
_TAKES = timedelta(minutes=15)  # until an export is ready, "for example" (AudienceExport.State)
_MOST_PAGES = 10_000
Export = dict[str, Any]


class Members:
    """The members of the audience of the settings."""

    def __init__(self, account: ServiceAccount, settings: Settings) -> None:
        self._system = account.system
        self._settings = settings
        self._http = GoogleClient(account, settings.data_url, SCOPES, timeout=settings.timeout)

    def readable(self) -> None:
        """Prove that exports can be listed; makes none."""
        self._exports()

    def rows(self, most: int) -> Iterator[tuple[str, str]]:
        """Device id and user id of every member, each "" where there is none.

        Raises TransientError while an export is being made, RefusedError if it is of more than
        `most` users and so a sample.
        """
        export = self._ready()
        doing, total, offset, before = "reading an audience export", 0, 0, None
        for _ in range(_MOST_PAGES):
            asked = {"offset": str(offset), "limit": str(self._settings.page_size)}
            _, page = self._http.request("POST", f"v1beta/{export['name']}:query", doing=doing, json_body=asked)
            rows, count, columns = self._page(page, export, doing)
            if offset and (count != total or rows == before):
                raise TransientError(self._system, f"{doing}: a page came twice, or of another list")
            total, before = count, rows
            if total >= most:
                raise RefusedError(self._system, f"{doing}: so many members that the export is a sample")
            yield from ((row[columns[0]], row[columns[1]]) for row in rows)
            offset += len(rows)
            if offset >= total:
                return
            if not rows:
                break
        raise TransientError(self._system, f"{doing}: cut short")

    def _ready(self) -> Export:
        """The newest export that is young enough, made if there is none."""
        found = self._young()
        if not found:
            asked = {"audience": self._settings.audience, "dimensions": [{"dimensionName": d} for d in DIMENSIONS]}
            path, doing = f"v1beta/{self._settings.property}/audienceExports", "making an audience export"
            self._http.request("POST", path, doing=doing, json_body=asked)
            found = self._young()
        newest = max(found, key=_begun, default=None)
        if newest is None:
            raise TransientError(self._system, "making an audience export: it is not there (any more), or failed")
        if newest.get("state") == "ACTIVE":
            return newest
        wait = max(timedelta(minutes=1), _begun(newest) + _TAKES - datetime.now(UTC)).total_seconds()
        said = "an audience export is being made; search again when it is ready"
        raise TransientError(self._system, said, wait, for_all=False)

    def _young(self) -> list[Export]:
        """Exports of the audience that are ready; if there are none, those that are being made."""
        since = datetime.now(UTC) - self._settings.audience_max_age
        mine = [e for e in self._exports() if _is_of(e, self._settings.audience) and _begun(e) >= since]
        for state in ("ACTIVE", "CREATING"):
            if found := [e for e in mine if e.get("state") == state]:
                return found
        return []

    def _exports(self) -> list[Export]:
        doing, path = "listing audience exports", f"v1beta/{self._settings.property}/audienceExports"
        found, token = dict[str, Export](), ""
        for _ in range(_MOST_PAGES):
            asked = {"pageSize": 200} | ({"pageToken": token} if token else {})
            _, page = self._http.request("GET", path, doing=doing, params=asked)
            rows = page.get("audienceExports", []) if isinstance(page, dict) else None
            if not isinstance(rows, list) or not all(isinstance(r, dict) and r.get("name") for r in rows):
                raise TransientError(self._system, f"{doing}: the answer is not a page")
            found |= {str(row["name"]): row for row in rows}
            if not page.get("nextPageToken"):
                return list(found.values())
            if page["nextPageToken"] == token:
                break
            token = str(page["nextPageToken"])
        raise TransientError(self._system, f"{doing}: cut short, a page leads back to itself")

    def _page(self, page: Any, export: Export, doing: str) -> tuple[list[list[str]], int, list[int]]:
        """Values by row, how many rows there are in all, and which column is which."""
        about = page.get("audienceExport") if isinstance(page, dict) else None
        if not isinstance(about, dict) or about.get("name") != export["name"]:
            raise TransientError(self._system, f"{doing}: the answer is of another export")
        try:
            names = [d["dimensionName"] for d in about["dimensions"]]
            values = [[_value(v) for v in row["dimensionValues"]] for row in page.get("audienceRows", [])]
            columns = [names.index(dimension) for dimension in DIMENSIONS]
            if all(len(row) == len(names) for row in values):
                return values, int(page.get("rowCount", 0)), columns
        except (KeyError, TypeError, ValueError):
            pass
        raise TransientError(self._system, f"{doing}: the answer is not a page")


def _value(held: Any) -> str:
    value = str(held.get("value", ""))
    return "" if value in UNSET else value


def _is_of(export: Export, audience: str) -> bool:
    named = export.get("dimensions")
    there = {d.get("dimensionName") for d in named if isinstance(d, dict)} if isinstance(named, list) else set()
    return export.get("audience") == audience and there >= set(DIMENSIONS)


def _begun(export: Export) -> datetime:
    try:
        return datetime.fromisoformat(str(export.get("beginCreatingTime")))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
