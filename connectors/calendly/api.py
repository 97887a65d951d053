"""Calendly's API v2 as lists of rows and a few writes.

Source: https://developer.calendly.com/api-docs/calendly-api
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from connectors.errors import AuthError, TransientError
from connectors.http import HttpClient

Row = dict[str, Any]
_MOST_PAGES = 100_000
_MOST_PASSES = 5


def uuid_of(row: Row) -> str:
    """An object's id is the last part of its URI; safe to put into a path."""
    return quote(str(row["uri"]).rstrip("/").rpartition("/")[2], safe="")


class CalendlyApi:
    """Reads whole lists or raises; a list cut short is never returned."""

    def __init__(self, system: str, http: HttpClient, page_size: int) -> None:
        self._system = system
        self._http = http
        self._page_size = page_size

    def organization(self) -> str:
        """The URI of the token's own organisation."""
        _, answer = self._http.request("GET", "users/me", doing="reading the token's user")
        resource = answer.get("resource") if isinstance(answer, dict) else None
        found = resource.get("current_organization") if isinstance(resource, dict) else None
        if not isinstance(found, str) or not found:
            raise TransientError(self._system, "reading the token's user: it names no organisation")
        return found

    def resource(self, path: str, doing: str) -> Row | None:
        """One object, or None if it is not there (any more)."""
        status, answer = self._http.request("GET", path, doing=doing, accept=(200, 404))
        if status == 404:
            return None
        resource = answer.get("resource") if isinstance(answer, dict) else None
        if not isinstance(resource, dict):
            raise TransientError(self._system, f"{doing}: the answer is not an object")
        return resource

    def may_list(self, path: str, params: Mapping[str, str], doing: str) -> bool:
        """Whether the plan and the token allow a list; asks for one row of it."""
        status, _ = self._http.request("GET", path, doing=doing, params={**params, "count": 1}, accept=(200, 403))
        return status == 200

    def rows(self, path: str, params: Mapping[str, str], doing: str) -> list[Row]:
        """A whole list, each row once, read again until its first page brings nothing new.

        An answer that belongs to an earlier call looks like an end; and rows arrive meanwhile.
        """
        seen: dict[str, Row] = {}
        for again in range(_MOST_PASSES):
            known = len(seen)
            for page in self._pages(path, params, doing):
                new = {str(row["uri"]): row for row in page if str(row["uri"]) not in seen}
                seen.update(new)
                if again and not new:
                    break
            if again and len(seen) == known:
                return list(seen.values())
        raise TransientError(self._system, f"{doing}: the list changes faster than it is read")

    def _pages(self, path: str, params: Mapping[str, str], doing: str) -> Iterator[list[Row]]:
        token, followed = "", set[str]()
        for _ in range(_MOST_PAGES):
            asked: dict[str, Any] = {**params, "count": self._page_size}
            if token:
                asked["page_token"] = token
            status, answer = self._http.request("GET", path, doing=doing, params=asked, accept=(200, 403))
            if status == 403:
                raise AuthError(
                    self._system,
                    f"{doing}: not allowed (HTTP 403); use a token of an owner or administrator with every scope "
                    "to read, or list the collection under not_in_plan if the plan lacks it",
                )
            yield self._page(answer, doing)
            token = str(answer["pagination"].get("next_page_token") or "")
            if not token:
                return
            if token in followed:
                break
            followed.add(token)
        raise TransientError(self._system, f"{doing}: cut short, a page leads back to itself")

    def _page(self, answer: Any, doing: str) -> list[Row]:
        rows = answer.get("collection") if isinstance(answer, dict) else None
        if not isinstance(rows, list) or not isinstance(answer.get("pagination"), dict):
            raise TransientError(self._system, f"{doing}: the answer is not a page")
        if not all(isinstance(row, dict) and row.get("uri") for row in rows):
            raise TransientError(self._system, f"{doing}: a row has no address of its own")
        return rows

    def post(self, path: str, body: Mapping[str, object], accept: tuple[int, ...], doing: str) -> int:
        return self._http.request("POST", path, doing=doing, json_body=dict(body), accept=accept)[0]

    def delete(self, path: str, doing: str) -> None:
        """The status of a success is not documented for every object; the caller reads back."""
        self._http.request("DELETE", path, doing=doing, accept=(200, 202, 204, 404))
