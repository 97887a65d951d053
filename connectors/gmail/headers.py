"""Who a mail is from and to, read from its headers strictly: what is not surely an address is not one.

Display names may look like addresses, senders write headers as they like, and a group rewrites From.
So a header that breaks RFC 5322 is not guessed at: its addresses count, and are marked as unsure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.errors import HeaderParseError, ObsoleteHeaderDefect
from email.headerregistry import HeaderRegistry
from typing import Any

# Whoever stands in one of these took part in the mail, or it was delivered to them.
PEOPLE = (
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Resent-From",
    "Resent-Sender",
    "Resent-To",
    "Resent-Cc",
    "Resent-Bcc",
    "Delivered-To",
    "X-Original-To",
    "X-Forwarded-To",
    "X-Forwarded-For",
    "X-Original-From",  # a group that sends in its own name says here for whom
    "X-Original-Sender",
    "X-Google-Original-From",
)
SENDERS = frozenset({"from", "sender", "reply-to", "resent-from", "x-original-from", "x-original-sender"})
# In these the person's address finds the mail; another's is a machine's more often than a person's.
TRACES = ("Return-Path", "Errors-To", "Disposition-Notification-To", "Return-Receipt-To")
LISTS = ("List-Id", "List-Post")
IDS = ("Message-ID", "In-Reply-To", "References")
_LONGEST = 8_000  # signs of one header; the strict parser is slow beyond, and senders choose what they send
_REGISTRY = HeaderRegistry()
_LOOSE = re.compile(r"[^\s<>()\[\],;:\"@]+@[^\s<>()\[\],;:\"@]+")
_SPACED = {"x-forwarded-to", "x-forwarded-for"}  # addresses with spaces between them


@dataclass(frozen=True, slots=True)
class Headers:
    """The addresses of one mail, in lower case."""

    people: frozenset[str]
    senders: frozenset[str]
    traces: frozenset[str]
    unsure: frozenset[str]  # in headers that say several things at once
    lists: frozenset[str]  # domains of mailing lists
    ids: tuple[str, ...]

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> Headers:
        """The headers of a message as the API gives it, in any format but minimal and raw."""
        payload = message.get("payload")
        rows = payload.get("headers") if isinstance(payload, dict) else None
        pairs = [
            (str(r.get("name", "")).casefold(), str(r.get("value", ""))) for r in rows or () if isinstance(r, dict)
        ]
        people, senders, traces, unsure = set[str](), set[str](), set[str](), set[str]()
        for name, value in pairs:
            if name in _PEOPLE or name in _TRACES:
                found, sure = addresses(value.replace(" ", ", ") if name in _SPACED else value)
                (people if name in _PEOPLE else traces).update(found)
                senders.update(found if name in SENDERS else ())
                unsure.update(() if sure else found)
        lists = {domain for name, value in pairs if name in _LISTS for domain in _list_domains(value)}
        ids = tuple(value.casefold() for name, value in pairs if name in _IDS)
        return cls(frozenset(people), frozenset(senders), frozenset(traces), frozenset(unsure), frozenset(lists), ids)

    def bears(self, emails: Iterable[str]) -> bool:
        """Whether one of the addresses stands in any header that is read."""
        return not (self.people | self.traces).isdisjoint(emails)


_PEOPLE, _TRACES, _LISTS, _IDS = ({name.casefold() for name in names} for names in (PEOPLE, TRACES, LISTS, IDS))


def addresses(value: str) -> tuple[frozenset[str], bool]:
    """The addresses of a header, and whether they are surely those: false if it breaks RFC 5322 and
    more than one thing in it looks like an address."""
    value = " ".join(value.split())
    try:
        header: Any = _REGISTRY("To", value if len(value) < _LONGEST else "")
        found = {a.addr_spec.casefold() for a in header.addresses if "@" in a.addr_spec}
        sound = len(value) < _LONGEST and all(isinstance(d, ObsoleteHeaderDefect) for d in header.defects)
    except (ValueError, IndexError, AttributeError, TypeError, HeaderParseError, RecursionError):
        found, sound = set(), False
    if sound:
        return frozenset(found), True
    loose = frozenset(match.casefold().strip(".'") for match in _LOOSE.findall(value))
    return loose, len(loose) < 2


def _list_domains(value: str) -> Iterable[str]:
    """`Support <support.example.com>` and `<mailto:support@example.com>`."""
    for inside in re.findall(r"<([^<>]*)>", value) or [value.strip()]:
        yield inside.removeprefix("mailto:").partition("?")[0].rpartition("@")[2].casefold()
