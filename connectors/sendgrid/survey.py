"""What the accounts have made up themselves: custom fields, lists, segments and unsubscribe groups.

Who is on a list is said to be what the list is called, so that lists, segments and groups are named one by one.
Sources: https://www.twilio.com/docs/sendgrid/api-reference/custom-fields/get-all-field-definitions,
https://www.twilio.com/docs/sendgrid/api-reference/contacts-api-custom-fields/retrieve-all-custom-fields,
https://www.twilio.com/docs/sendgrid/api-reference/lists/get-all-lists (pages by a token in `_metadata.next`),
https://www.twilio.com/docs/sendgrid/api-reference/segmenting-contacts-v2/get-list-of-segments (under `segments` in
the answers shown, under `results` in the text: either is taken),
https://www.twilio.com/docs/sendgrid/api-reference/suppressions-unsubscribe-groups (scope `asm.groups.read`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors.errors import AuthError, TransientError
from connectors.model import CollectionSpec
from connectors.probes import said
from connectors.sendgrid.api import Account, Api, Row
from connectors.sendgrid.settings import CONTACTS, GROUPS, LEGACY
from connectors.surveys import Found, Part, described, named

LISTS, SEGMENTS, GROUP = "list_ids", "segment_ids", "group"
_CALLS = {CONTACTS: ("marketing", "field_definitions"), LEGACY: ("contactdb", "custom_fields")}
_DOING = "listing custom fields"
_MOST_PAGES = 1000
_SCOPE = "the key needs the scope asm.groups.read to list groups"


class Survey:
    """One look at an account and its subusers."""

    def __init__(self, system: str, api: Api, accounts: Sequence[Account]) -> None:
        self._system, self._api, self._accounts = system, api, accounts

    def found(self, specs: Mapping[str, CollectionSpec], without: frozenset[str]) -> Iterator[Found]:
        """Contacts, those of the former product, and unsubscribe groups, with what the account has added to them."""
        for name, path in _CALLS.items():
            if name not in without:
                parts = {p.name: p for account in self._accounts for p in self._parts(name, path, account)}
                yield Found(name, "contacts", name, tuple(parts.values()), described([specs[name]]))
        if GROUPS in without:
            return
        try:
            groups = {p.name: p for account in self._accounts for p in self._groups(account)}
        except AuthError as error:
            refused = f"{said(self._system, error)}; {_SCOPE}"
            yield Found(GROUPS, "unsubscribe groups", GROUPS, described=described([specs[GROUPS]]), refused=refused)
            return
        yield Found(GROUPS, "unsubscribe groups", GROUPS, tuple(groups.values()), described([specs[GROUPS]]))

    def _parts(self, name: str, path: tuple[str, ...], account: Account) -> Iterator[Part]:
        _, answer = self._api.get(*path, doing=_DOING, account=account)
        for row in self._fields(answer):
            called = f"custom_fields->{row.get('name', '')}"
            yield Part(called, str(row.get("field_type") or row.get("type") or ""))
        if name == CONTACTS:
            lists = list(self._lists(account))
            segments = self._rows("segments", account, "marketing", "segments", "2.0")
        else:
            lists, segments = (self._rows(what, account, "contactdb", what) for what in ("lists", "segments"))
        yield from (named(LISTS, row.get("name"), "list") for row in lists)
        yield from (named(SEGMENTS, row.get("name"), "segment") for row in segments)

    def _groups(self, account: Account) -> Iterator[Part]:
        _, answer = self._api.get("asm", "groups", doing="listing unsubscribe groups", account=account)
        for row in self._api.listed(answer, "listing unsubscribe groups"):
            yield named(GROUP, row.get("name"), "group")

    def _fields(self, answer: Any) -> list[Row]:
        """An answer without the list means an account without custom fields only where it says so."""
        held = answer.get("custom_fields") if isinstance(answer, dict) else None
        if held is None and isinstance(answer, dict) and "reserved_fields" in answer:
            return []
        if not isinstance(held, list) or not all(isinstance(row, dict) for row in held):
            raise TransientError(self._system, f"{_DOING}: the answer is not the list that was asked for")
        return held

    def _rows(self, what: str, account: Account, *path: str) -> list[Row]:
        _, answer = self._api.get(*path, doing=f"listing {what}", account=account)
        held = answer.get(what, answer.get("results")) if isinstance(answer, dict) else None
        return self._api.listed(held, f"listing {what}")

    def _lists(self, account: Account) -> Iterator[Row]:
        """All pages; a token that comes twice is an error, for what lies behind it is not known."""
        query: dict[str, Any] = {"page_size": 1000}
        followed = set[str]()
        for _ in range(_MOST_PAGES):
            _, answer = self._api.get("marketing", "lists", doing="listing lists", account=account, query=query)
            yield from self._api.listed(answer, "listing lists")
            if not (token := _next(answer)):
                return
            if token in followed:
                break
            followed.add(token)
            query = {"page_size": 1000, "page_token": token}
        raise TransientError(self._system, "listing lists: the list does not end")


def _next(answer: Any) -> str:
    """The token of the page after this one, out of its address; empty at the end."""
    beside = answer.get("_metadata") if isinstance(answer, dict) else None
    link = beside.get("next") if isinstance(beside, dict) else None
    return next(iter(parse_qs(urlsplit(str(link)).query).get("page_token", ())), "") if link else ""
