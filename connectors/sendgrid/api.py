"""SendGrid's v3 API through the official SDK: whole lists or an error, and no request that could
reach further than the one thing it names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.parse import quote

from connectors.errors import ConfigError, RefusedError, TransientError
from connectors.http import TooLargeError, TooSlowError, error_for
from connectors.model import SystemSpec
from connectors.sendgrid.settings import Settings

Row = dict[str, Any]
_MOST_PAGES = 10_000
_MOST_PASSES = 5
_IDS_PER_CALL = 100
_ID = re.compile(r"[A-Za-z0-9_=-]{1,128}")


@dataclass(frozen=True, slots=True)
class Account:
    """The account itself (no name), or one of its subusers; nothing cascades from one to another."""

    name: str = ""
    id: str = ""  # a subuser's number, by which the e-mail logs know it


class Api:
    """Calls of one account and, on their behalf, its subusers.

    https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/on-behalf-of
    """

    def __init__(self, spec: SystemSpec, settings: Settings) -> None:
        key = spec.secrets.get("api_key")
        if key is None or not key.reveal().strip():
            raise ConfigError(spec.system, "secret 'api_key' is missing: an API key of the (parent) account")
        self._system = spec.system
        self._pace = spec.pace
        self._settings = settings
        self._key = key
        self._clients: dict[str, Any] = {}

    def get(
        self,
        *path: str,
        doing: str,
        account: Account,
        query: Mapping[str, Any] | None = None,
        accept: Sequence[int] = (200,),
    ) -> tuple[int, Any]:
        return self._call("get", path, doing, account, accept, query=query)

    def post(
        self, *path: str, doing: str, account: Account, body: Mapping[str, Any], accept: Sequence[int]
    ) -> tuple[int, Any]:
        return self._call("post", path, doing, account, accept, body=body)

    def put(
        self, *path: str, doing: str, account: Account, body: Mapping[str, Any], accept: Sequence[int]
    ) -> tuple[int, Any]:
        return self._call("put", path, doing, account, accept, body=body)

    def patch(
        self, *path: str, doing: str, account: Account, body: Sequence[Mapping[str, Any]], accept: Sequence[int]
    ) -> tuple[int, Any]:
        return self._call("patch", path, doing, account, accept, body=body)

    def drop_identifier(self, contact: str, kind: str, value: str, account: Account) -> None:
        """Ask for one identifier to be taken off one contact, which must have another.

        https://www.twilio.com/docs/sendgrid/api-reference/contacts/delete-a-contact-identifier
        """
        doing = "taking an identifier off a contact"
        if not _ID.fullmatch(contact):
            raise RefusedError(self._system, f"{doing}: an id is not of the form of one")
        body = {"identifier_type": kind, "identifier_value": value}
        path = ("marketing", "contacts", contact, "identifiers")
        self._call("delete", path, doing, account, (200, 202), body=body)

    def delete(self, *path: str, doing: str, account: Account) -> None:
        """Delete the one thing at this path. There is no body and no query: those delete in bulk."""
        self._call("delete", path, doing, account, (200, 202, 204, 404))

    def delete_contacts(self, ids: Sequence[str], account: Account, gate: Callable[[], None]) -> None:
        """Ask for the deletion of these contacts, through the gate; of none, nothing is asked.

        https://www.twilio.com/docs/sendgrid/api-reference/contacts/delete-contacts: the same path
        deletes every contact under another parameter, so the ids are held to their form.
        """
        doing = "deleting contacts"
        if not all(_ID.fullmatch(i) for i in ids):
            raise RefusedError(self._system, f"{doing}: an id is not of the form of one")
        for start in range(0, len(ids), _IDS_PER_CALL):
            some = ",".join(ids[start : start + _IDS_PER_CALL])
            gate()
            self._call("delete", ("marketing", "contacts"), doing, account, (202,), query={"ids": some})

    def rows(self, *path: str, doing: str, account: Account, by_id: bool = False) -> list[Row]:
        """A whole list, each row once, read again until a pass brings nothing new.

        An answer that belongs to an earlier call looks like an end, and rows arrive meanwhile.
        `by_id`: the list goes on after the last id seen; others go on at an offset.
        """
        seen: dict[str, Row] = {}
        for again in range(_MOST_PASSES):
            known = len(seen)
            for page in self._pages(path, doing, account, by_id):
                seen.update((json.dumps(row, sort_keys=True), row) for row in page)
            if again and len(seen) == known:
                return list(seen.values())
        raise TransientError(self._system, f"{doing}: the list changes faster than it is read")

    def _pages(self, path: Sequence[str], doing: str, account: Account, by_id: bool) -> Iterator[list[Row]]:
        size, followed, offset = self._settings.list_size, set[str](), 0
        query: dict[str, Any] = {"limit": size}
        for _ in range(_MOST_PAGES):
            _, answer = self._call("get", path, doing, account, (200,), query=query)
            page = self.listed(answer, doing)
            token = json.dumps(page, sort_keys=True)
            if page and token in followed:
                raise TransientError(self._system, f"{doing}: a page came twice")
            followed.add(token)
            yield page
            if len(page) < size:
                return
            offset += size
            query = {"limit": size, "lastSeenID": page[-1].get("id")} if by_id else {"limit": size, "offset": offset}
        raise TransientError(self._system, f"{doing}: the list does not end")

    def listed(self, answer: Any, doing: str) -> list[Row]:
        """The rows of a list, which stands bare, under `result` or under `results`."""
        if isinstance(answer, dict):
            answer = answer.get("result", answer.get("results"))
        if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
            raise TransientError(self._system, f"{doing}: the answer is not a list")
        return answer

    def _call(
        self,
        method: str,
        path: Sequence[str],
        doing: str,
        account: Account,
        accept: Sequence[int],
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> tuple[int, Any]:
        from python_http_client.exceptions import HTTPError

        client = self._client(account)
        for part in path:
            if not part or part in (".", ".."):  # a path that ends early is the path of the whole list
                raise RefusedError(self._system, f"{doing}: a part of the address is missing")
            client = client._(quote(part, safe=""))
        self._pace()
        try:
            response = getattr(client, method)(request_body=body, query_params=query)
            status, raw = response.status_code, response.body
        except HTTPError as fault:
            # Neither its text nor its body goes on: they quote addresses.
            status, raw = int(fault.status_code), fault.body
            if status not in accept:
                raise error_for(self._system, status, dict(fault.headers or {}), doing) from None
        except TooLargeError:
            raise RefusedError(self._system, f"{doing}: the answer is too large") from None
        except TooSlowError:
            raise TransientError(self._system, f"{doing}: the answer takes for ever") from None
        except (OSError, HTTPException) as fault:
            raise TransientError(self._system, f"{doing}: {type(fault).__name__}") from None
        if status not in accept:
            raise error_for(self._system, status, {}, doing)
        return status, self._decoded(raw, doing)

    def _decoded(self, raw: bytes, doing: str) -> Any:
        if not raw.strip():
            return None
        try:
            return json.loads(raw)
        except (ValueError, RecursionError):
            raise TransientError(self._system, f"{doing}: the answer is not whole JSON") from None

    def _client(self, account: Account) -> Any:
        # One client per account: the SDK's clients share their headers, so that a header set for one
        # call would stay for the next, and send it to the wrong account.
        if account.name not in self._clients:
            import sendgrid

            from connectors.sendgrid.wire import HeldClient

            sdk = sendgrid.SendGridAPIClient(
                self._key.reveal(), host=self._settings.base_url, impersonate_subuser=account.name or None
            )
            headers = dict(sdk.client.request_headers)
            self._clients[account.name] = HeldClient(
                self._settings.base_url, headers, version=3, timeout=self._settings.timeout
            )
        return self._clients[account.name]
