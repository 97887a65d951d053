"""The described calls over HTTP: whole lists or an error, one record or its absence, one write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

from connectors.errors import RefusedError, TransientError
from connectors.http import HttpClient, error_for
from connectors.model import SystemSpec
from connectors.rest.calls import Call
from connectors.rest.description import Plan, Service
from connectors.rest.paths import deeper_than, values

Row = dict[str, Any]
_MOST_PAGES = 10_000
_MOST_PASSES = 5
_MOST_LEVELS = 64
_WRITTEN = (200, 201, 202, 204)


class Api:
    """One SaaS. Every method raises `connectors.errors` only."""

    def __init__(self, spec: SystemSpec, service: Service) -> None:
        self._system = spec.system
        self._service = service
        self._http = HttpClient(
            spec.system, service.base_url, service.headers, service.timeout, service.params, pace=spec.pace
        )

    def check(self) -> None:
        self._http.request("GET", self._service.check, doing="checking the credentials")

    def status(self, call: Call, value: str, doing: str) -> int:
        """What a call answers, its answer left unread: a list without a filter is everybody's."""
        path = call.address(value)
        assert path is not None  # the value is nobody's, and a plain word
        body = call.filled(call.body or {}, value) if call.method == "post" else None
        params = call.filled(call.query, value)
        return self._http.status(call.method.upper(), path, doing=doing, params=params, json_body=body)

    def shown(self, plan: Plan, call: Call, value: str) -> int:
        """How many records a search answers with at first, its form being as described."""
        doing = f"searching {plan.spec.name}"
        if call.rows is None:
            return int(self._one(call, value, doing) is not None)
        return next((len(rows) for rows, _ in self._pages(call, value, doing)), 0)

    def found(self, plan: Plan, call: Call, value: str) -> list[Row]:
        """Every record that a search for one value answers with, each once.

        A list is read until a pass brings nothing new, or compared with the number of rows that the
        answer itself names: an answer that belongs to an earlier call looks like an end.
        """
        doing = f"searching {plan.spec.name}"
        if call.rows is None:
            one = self._one(call, value, doing)
            return [] if one is None else [one]
        seen: dict[str, Row] = {}
        for again in range(_MOST_PASSES):
            known, total = len(seen), None
            read: set[str] = set()
            for page, all_rows in self._pages(call, value, doing):
                rows, total = self._by_id(plan, page, doing), all_rows
                if rows and rows.keys() <= read:
                    raise TransientError(self._system, f"{doing}: a page came twice")
                read |= rows.keys()
                seen |= rows
            if total is not None:
                if len(seen) != total:
                    raise TransientError(self._system, f"{doing}: not as many rows as the answer says there are")
                return list(seen.values())
            if again and len(seen) == known:
                return list(seen.values())
        raise TransientError(self._system, f"{doing}: the list changes faster than it is read")

    def record(self, plan: Plan, call: Call, row: Row) -> Row | None:
        """One record afresh by the id of a row that was found; None if it is absent."""
        return self._one(call, self.id(plan, row), f"reading one of {plan.spec.name}")

    def write(self, plan: Plan, call: Call, row: Row, body: Row | None = None) -> int:
        """Delete or change the one record that a row is about; the status."""
        number = self.id(plan, row)
        doing = f"writing to {plan.spec.name}"
        fixed = None if call.body is None else call.filled(call.body, number)
        sent = fixed if body is None else {**(fixed or {}), **body}
        status, answer = self._request(call, number, doing, {}, sent, _WRITTEN)
        if status not in _WRITTEN and not call.is_absent(status, answer):
            raise error_for(self._system, status, {}, doing)
        return status

    def id(self, plan: Plan, row: Row) -> str | int:
        """The id of a row: a number or a text, never empty."""
        found = list(values(row, plan.id))
        number = found[0] if len(found) == 1 else None
        if isinstance(number, bool) or not isinstance(number, str | int) or not str(number).strip():
            raise RefusedError(self._system, f"{plan.spec.name}: a row has no id; is option 'id' its path?")
        return number

    def _by_id(self, plan: Plan, page: list[Row], doing: str) -> dict[str, Row]:
        found = {str(self.id(plan, row)): row for row in page}
        if len(found) < len(page):
            raise RefusedError(self._system, f"{doing}: two rows with one id; does option 'id' name something else?")
        return found

    def _pages(self, call: Call, value: str, doing: str) -> Iterator[tuple[list[Row], int | None]]:
        assert call.pages is not None
        at, followed = call.pages.begins(), set[str]()
        for _ in range(_MOST_PAGES):
            asked = {} if at is None or call.pages.by == "link" else {call.pages.send: at}
            link = str(at) if at is not None and call.pages.by == "link" else ""
            answer = self._page(call, value, doing, asked, link)
            if answer is None and followed:
                raise TransientError(self._system, f"{doing}: cut short, a further page is said to be absent")
            if answer is None:
                return
            rows = self._rows(call, answer, doing)
            try:
                total, following = call.pages.all_rows(answer), call.pages.follows(answer, at, len(rows))
            except (ValueError, OverflowError):
                message = f"{doing}: the answer does not say where it goes on; is `pages` right?"
                raise TransientError(self._system, message) from None
            yield rows, total
            if following is None:
                return
            at = urljoin(self._url(call, value), following) if call.pages.by == "link" else following
            if str(at) in followed:
                raise TransientError(self._system, f"{doing}: cut short, a page leads back to itself")
            followed.add(str(at))
        raise TransientError(self._system, f"{doing}: the list does not end")

    def _url(self, call: Call, value: str) -> str:
        return f"{self._service.base_url}/{call.address(value)}"

    def _page(self, call: Call, value: str, doing: str, asked: Row, link: str) -> Any:
        if link:  # HttpClient refuses one that leads to another host
            return self._http.request("GET", link, doing=doing)[1]
        body = call.filled(call.body or {}, value) | asked if call.method == "post" else None
        status, answer = self._request(call, value, doing, {} if body is not None else asked, body, (200,))
        if call.is_absent(status, answer):
            return None
        if status != 200:
            raise error_for(self._system, status, {}, doing)
        return answer

    def _rows(self, call: Call, answer: Any, doing: str) -> list[Row]:
        found = list(values(answer, call.rows or ()))
        if len(found) != 1 or not isinstance(found[0], list) or not all(isinstance(r, dict) for r in found[0]):
            raise TransientError(self._system, f"{doing}: the answer has no list at `rows`")
        rows: list[Row] = found[0]
        self._require_shallow(rows, doing)
        return rows

    def _one(self, call: Call, value: object, doing: str) -> Row | None:
        body = call.filled(call.body or {}, value) if call.method == "post" else None
        status, answer = self._request(call, value, doing, {}, body, (200,))
        if call.is_absent(status, answer):
            return None
        if status != 200:
            raise error_for(self._system, status, {}, doing)
        found = list(values(answer, call.row))
        if len(found) != 1 or not isinstance(found[0], dict) or not found[0]:
            raise TransientError(self._system, f"{doing}: the answer has no record at `row`")
        row: Row = found[0]
        self._require_shallow(row, doing)
        return row

    def _require_shallow(self, found: object, doing: str) -> None:
        if deeper_than(found, _MOST_LEVELS):
            raise RefusedError(self._system, f"{doing}: a record is nested deeper than {_MOST_LEVELS} levels")

    def _request(
        self, call: Call, value: object, doing: str, asked: Row, body: Row | None, accept: tuple[int, ...]
    ) -> tuple[int, Any]:
        path = call.address(value)
        if path is None:
            raise RefusedError(self._system, f"{doing}: an identifier has characters that no path can hold safely")
        params = {**call.filled(call.query, value), **asked}
        return self._http.request(
            call.method.upper(),
            path,
            doing=doing,
            params=params,
            json_body=body,
            accept=(*accept, *call.absences),
        )
