"""The calls of the Gmail and Directory APIs that are used, as rows and whole lists.

Never used is threads.delete (and threads.trash): it takes other people's mail along.
Sources: https://developers.google.com/workspace/gmail/api/reference/rest,
https://developers.google.com/workspace/admin/directory/reference/rest
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from connectors.errors import TransientError
from connectors.google import GoogleClient, google_error, reasons_of

Row = dict[str, Any]
# All headers: whether `metadataHeaders` minds case is not documented, and a "CC" that is missed is a person overlooked.
_METADATA = {"format": "metadata"}
MOST_IDS = 1000  # of one batchDelete; the sibling batchModify refuses more
_MOST_PAGES = 100_000
_MOST_PASSES = 5
_MOST_RAW = 128 * 1024 * 1024  # bytes of a message in base64; Gmail takes 50 MB before encoding


class Lists:
    """Reads whole lists or raises; a list cut short is never returned."""

    def __init__(self, system: str, http: GoogleClient) -> None:
        self.system = system
        self.http = http

    def get(self, path: str, doing: str, params: Mapping[str, Any] | None = None) -> Row | None:
        """One object, or None if it is not there (any more)."""
        status, answer = self.http.request("GET", path, doing=doing, params=params, accept=(200, 404))
        if status == 404:
            return None
        if not isinstance(answer, dict):
            raise TransientError(self.system, f"{doing}: the answer is not an object")
        return answer

    def rows(self, path: str, name: str, params: Mapping[str, Any], doing: str) -> list[Row]:
        """A whole list, each row once, read again until its first page brings nothing new.

        An answer that belongs to an earlier call looks like an end; and mail arrives meanwhile.
        """
        seen: dict[str, Row] = {}
        for again in range(_MOST_PASSES):
            known = len(seen)
            for page in self._pages(path, name, params, doing):
                new = {str(row["id"]): row for row in page if str(row["id"]) not in seen}
                seen.update(new)
                if again and page and not new:
                    break
            if again and len(seen) == known:
                return list(seen.values())
        raise TransientError(self.system, f"{doing}: the list changes faster than it is read")

    def _pages(self, path: str, name: str, params: Mapping[str, Any], doing: str) -> Iterator[list[Row]]:
        token, followed = "", set[str]()
        for _ in range(_MOST_PAGES):
            answer = self.get(path, doing, {**params, "pageToken": token} if token else params)
            if answer is None:
                return
            rows = answer.get(name, [])  # an empty page has no such key
            if not isinstance(rows, list) or not all(isinstance(row, dict) and row.get("id") for row in rows):
                raise TransientError(self.system, f"{doing}: the answer is not a page")
            yield rows
            token = str(answer.get("nextPageToken") or "")
            if not token:
                return
            if token in followed:
                break
            followed.add(token)
        raise TransientError(self.system, f"{doing}: cut short, a page leads back to itself")


class Mailbox(Lists):
    """One mailbox, in the name of whose it is."""

    def __init__(self, system: str, http: GoogleClient, address: str, page_size: int) -> None:
        super().__init__(system, http)
        self.address = address
        self._at = f"gmail/v1/users/{quote(address, safe='')}"
        self._page_size = page_size

    def enabled(self) -> bool:
        """Whether there is mail to look into; false where Gmail is switched off for the user."""
        doing = "opening a mailbox"
        path = f"{self._at}/profile"
        status, answer = self.http.request("GET", path, doing=doing, params={"fields": "historyId"}, accept=(200, 400))
        if status == 400 and "failedPrecondition" not in reasons_of(answer):
            raise google_error(self.system, status, {}, answer, doing)
        return status == 200

    def found(self, query: str = "") -> list[Row]:
        """Ids and thread ids of the messages a query hits, Spam and Trash included; of all without one."""
        asked: Row = {"includeSpamTrash": "true", "maxResults": self._page_size}
        return self.rows(f"{self._at}/messages", "messages", asked | ({"q": query} if query else {}), "listing mail")

    def drafts(self, query: str) -> list[Row]:
        """The drafts a query hits; each has the `message` it would become."""
        asked = {"includeSpamTrash": "true", "maxResults": self._page_size, "q": query}
        return self.rows(f"{self._at}/drafts", "drafts", asked, "listing drafts")

    def headers(self, message: str) -> Row | None:
        """A message with labels, date and headers, without its text."""
        return self.get(f"{self._at}/messages/{_part(message)}", "reading the headers of a mail", _METADATA)

    def thread(self, thread: str) -> list[Row]:
        """The messages of a thread, as `headers` gives them."""
        answer = self.get(f"{self._at}/threads/{_part(thread)}", "reading the headers of a thread", _METADATA)
        rows = (answer or {}).get("messages", [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise TransientError(self.system, "reading the headers of a thread: the answer is not a thread")
        return rows

    def labels(self, message: str) -> frozenset[str] | None:
        """The ids of a message's labels; None if it is gone."""
        answer = self.get(f"{self._at}/messages/{_part(message)}", "reading a mail back", {"format": "minimal"})
        return None if answer is None else frozenset(map(str, answer.get("labelIds") or ()))

    def label_names(self) -> dict[str, str]:
        """Id of each label -> its name in lower case."""
        answer = self.get(f"{self._at}/labels", "listing labels") or {}
        return {str(row["id"]): str(row.get("name", "")).casefold() for row in answer.get("labels") or ()}

    def raw(self, message: str) -> bytes:
        """A message as it was sent; empty if it is gone."""
        doing = "reading a mail"
        path = f"{self._at}/messages/{_part(message)}"
        body = b"".join(
            self.http.stream(path, doing=doing, params={"format": "raw"}, accept=(200, 404), limit=_MOST_RAW)
        )
        try:
            answer = json.loads(body)
            if isinstance(answer.get("error"), dict) and answer["error"].get("code") == 404:
                return b""
            return base64.urlsafe_b64decode(answer["raw"] + "=" * (-len(answer["raw"]) % 4))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise TransientError(self.system, f"{doing}: the answer is not a whole message") from None

    def settings(self, name: str) -> Row:
        return self.get(f"{self._at}/settings/{name}", "reading a mailbox's settings") or {}

    def trash(self, message: str) -> None:
        """Move to Trash, from where it can be taken back; what is gone already is no error."""
        path = f"{self._at}/messages/{_part(message)}/trash"
        self.http.request("POST", path, doing="moving a mail to Trash", accept=(200, 404))

    def delete(self, messages: Sequence[str]) -> None:
        """Delete for good, at most MOST_IDS; ids that are gone already are no error."""
        path = f"{self._at}/messages/batchDelete"
        body = {"ids": list(messages)}
        self.http.request("POST", path, doing="deleting mail", json_body=body, accept=(200, 204))


class Directory(Lists):
    """The users and groups of the Workspace account."""

    _USER = "id,primaryEmail,aliases,nonEditableAliases,emails/address,recoveryEmail,suspended,archived,isMailboxSetup"

    def reachable(self) -> None:
        """Prove that the directory may be read; asks for no user's data."""
        asked = {"customer": "my_customer", "maxResults": 1, "fields": "kind"}
        for path in ("users", "groups"):
            self.get(f"admin/directory/v1/{path}", "reading the directory", asked)

    def users(self) -> list[Row]:
        fields = f"nextPageToken,users({self._USER})"
        asked = {"customer": "my_customer", "maxResults": 500, "projection": "full", "fields": fields}
        return self.rows("admin/directory/v1/users", "users", asked, "listing users")

    def groups(self) -> list[Row]:
        asked = {"customer": "my_customer", "maxResults": 200, "fields": "nextPageToken,groups(id,email,aliases)"}
        return self.rows("admin/directory/v1/groups", "groups", asked, "listing groups")

    def members(self, group: Row) -> list[Row]:
        asked = {"maxResults": 200, "fields": "nextPageToken,members(id,email,role,type)"}
        path = f"admin/directory/v1/groups/{_part(str(group['id']))}/members"
        return self.rows(path, "members", asked, "listing a group's members")


def _part(value: str) -> str:
    return quote(value, safe="")
