"""Everything of one person's in the company's mail, matched again here: no query is trusted alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from connectors.errors import RefusedError
from connectors.gmail.api import Mailbox, Row
from connectors.gmail.company import Company
from connectors.gmail.headers import Headers
from connectors.gmail.settings import CORRESPONDENCE, DRAFTS, MENTIONS, MESSAGES, Settings
from connectors.gmail.text import NOTHING, Words

# Standings: whose a mail is. They are the first word of a locator's key, except OWN.
OWN, SHARED, UNPROVEN = "", "shared", "unproven"
_SAFE = re.compile(r"[^\s\"(){}<>\[\]:;,\\]+@[^\s\"(){}<>\[\]:;,\\]+")


@dataclass(frozen=True, slots=True)
class Mail:
    """One message of a mailbox that has to do with the person."""

    id: str
    collection: str
    standing: str
    at: datetime | None  # when Google received it
    sent: bool  # by the person
    trashed: bool


class Search:
    """One search for one person. What is read is kept for as long as this object is."""

    def __init__(self, system: str, company: Company, settings: Settings, emails: Iterable[str]) -> None:
        self._system = system
        self._settings = settings
        self.company = company
        self.emails = tuple(sorted({email.strip().casefold() for email in emails} - {""}))
        self.words = Words(self.emails)
        self._mails: dict[str, list[Mail]] = {}
        for email in self.emails:
            if not _SAFE.fullmatch(email):
                message = "an address of the person's has signs that Gmail's search cannot be asked for: search by hand"
                raise RefusedError(system, message)

    @property
    def mailboxes(self) -> tuple[Mailbox, ...]:
        return self.company.mailboxes if self.emails else ()

    def mails(self, mailbox: Mailbox) -> list[Mail]:
        """The person's mails in one mailbox, by age."""
        if mailbox.address not in self._mails:
            found = list(_Reading(self, self._settings, mailbox).mails())
            self._mails[mailbox.address] = sorted(found, key=lambda m: (m.at or datetime.max.replace(tzinfo=UTC), m.id))
        return self._mails[mailbox.address]


class _Reading:
    """Going through one mailbox."""

    def __init__(self, search: Search, settings: Settings, mailbox: Mailbox) -> None:
        self._search = search
        self._settings = settings
        self._mailbox = mailbox
        self._threads: dict[str, list[Row]] = {}
        self._in_company: dict[str, bool] = {}  # threads in which nobody but the person and the company has part

    def mails(self) -> Iterator[Mail]:
        drafts: dict[str, str] = {}  # ids of messages -> of their threads
        hits: dict[str, str] = {}
        for email in self._search.emails:
            drafts |= dict(_ids(row.get("message")) for row in self._mailbox.drafts(query(email)))
            hits |= dict(_ids(row) for row in self._mailbox.found(query(email)))
        hits |= drafts
        for message, thread in sorted(hits.items()):
            row = self._in_thread(message, thread) or self._mailbox.headers(message)
            if row is not None and (mail := self._mail(row, message in drafts, hit=True)):
                yield mail
        if self._settings.read_every_header:
            for message in sorted(dict(map(_ids, self._mailbox.found())).keys() - hits.keys()):
                row = self._mailbox.headers(message)
                if row is not None and (mail := self._mail(row, draft=False, hit=False)):
                    yield mail

    def _thread(self, thread: str) -> list[Row]:
        if thread not in self._threads:
            self._threads[thread] = self._mailbox.thread(thread) if thread else []
        return self._threads[thread]

    def _in_thread(self, message: str, thread: str) -> Row | None:
        return next((row for row in self._thread(thread) if str(row.get("id")) == message), None)

    def _mail(self, row: Row, draft: bool, hit: bool) -> Mail | None:
        headers = Headers.of(row)
        labels = frozenset(map(str, row.get("labelIds") or ()))
        draft = draft or "DRAFT" in labels
        if headers.bears(self._search.emails):
            collection = DRAFTS if draft else CORRESPONDENCE if self._is_about_a_request(headers, labels) else MESSAGES
            standing = SHARED if self._is_shared(row, headers) else OWN
        elif hit and (said := self._search.words.read(self._mailbox.raw(str(row["id"])))) != NOTHING:
            collection = DRAFTS if draft and said.named else MENTIONS
            standing = SHARED if said.named else UNPROVEN
        else:
            return None
        sent = not headers.senders.isdisjoint(self._search.emails)
        return Mail(str(row["id"]), collection, standing, received(row), sent, "TRASH" in labels)

    def _is_shared(self, row: Row, headers: Headers) -> bool:
        """Whether others take part in the mail, or in the conversation that it may quote."""
        company, emails = self._search.company, self._search.emails
        if company.outsiders(headers, emails):
            return True
        thread = str(row.get("threadId") or "")
        if thread not in self._in_company:
            around = (Headers.of(message) for message in self._thread(thread))
            self._in_company[thread] = not any(company.outsiders(h, emails) for h in around)
        return not self._in_company[thread]

    def _is_about_a_request(self, headers: Headers, labels: frozenset[str]) -> bool:
        """Whether a mail belongs to the correspondence of a privacy request, by any of the marks."""
        settings = self._settings
        own = settings.privacy_addresses
        if own and (self._mailbox.address in own or headers.people & own):
            return True
        if settings.request_label and any(self._label_names.get(i) == settings.request_label for i in labels):
            return True
        mark = settings.request_message_ids
        return bool(mark) and any(f"@{mark}>" in ids for ids in headers.ids)

    @cached_property
    def _label_names(self) -> dict[str, str]:
        return self._mailbox.label_names()


def query(email: str) -> str:
    """What Gmail is asked for one address: each header it can be asked for, and the words anywhere.

    The API expands no alias, and its match is by words: what it returns is read again.
    https://developers.google.com/workspace/gmail/api/guides/filtering
    """
    return f'{{from:{email} to:{email} cc:{email} bcc:{email} deliveredto:{email} "{email}"}}'


def received(row: Row) -> datetime | None:
    """When Google received a message; unlike its Date header, its sender does not choose it."""
    try:
        return datetime.fromtimestamp(int(row["internalDate"]) / 1000, UTC)
    except (KeyError, ValueError, TypeError, OverflowError):
        return None


def _ids(row: object) -> tuple[str, str]:
    """The ids of a message and of its thread, as lists give them."""
    return (str(row.get("id", "")), str(row.get("threadId", ""))) if isinstance(row, dict) else ("", "")
