"""What one account of the SendGrid fake holds, and what time does to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Row = dict[str, Any]
LISTS = ("bounces", "blocks", "invalid_emails", "spam_reports")
KEPT_DAYS = 30  # of Email Activity


@dataclass
class Store:
    """One account or subuser; nothing of it is another's."""

    number: int
    email: str
    contacts: dict[str, Row] = field(default_factory=dict)  # by id
    legacy: dict[str, Row] = field(default_factory=dict)  # by id
    messages: list[Row] = field(default_factory=list)
    logs: list[Row] = field(default_factory=list)
    lists: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in LISTS})
    unsubscribes: dict[str, int] = field(default_factory=dict)  # address as entered -> when
    groups: dict[int, Row] = field(default_factory=dict)  # id -> {name, …, "emails": set}
    teammates: list[Row] = field(default_factory=list)
    pending: list[Row] = field(default_factory=list)
    senders: list[Row] = field(default_factory=list)
    verified: list[Row] = field(default_factory=list)
    alerts: list[Row] = field(default_factory=list)
    custom_fields: list[str] = field(default_factory=list)  # that the account has added to contacts
    marketing_lists: list[str] = field(default_factory=list)  # names; `lists` above are of suppressions
    segments: list[str] = field(default_factory=list)  # names
    legacy_lists: list[str] = field(default_factory=list)  # names, of the former product
    legacy_segments: list[str] = field(default_factory=list)  # names
    upserts: list[tuple[datetime, Callable[[], None]]] = field(default_factory=list)  # of contacts, due
    deletions: list[tuple[datetime, list[str]]] = field(default_factory=list)  # of contacts, due
    erasures: list[tuple[datetime, list[str]]] = field(default_factory=list)  # of addresses, due

    def expire(self, now: datetime) -> None:
        """Carry out what is due; Email Activity forgets by itself."""
        for due, put in self.upserts:
            if due <= now:
                put()
        self.upserts = [u for u in self.upserts if u[0] > now]
        for due, ids in self.deletions:
            if due <= now:
                for number in ids:
                    self.contacts.pop(number, None)
        self.deletions = [d for d in self.deletions if d[0] > now]
        oldest = (now - timedelta(days=KEPT_DAYS)).isoformat()
        self.messages = [m for m in self.messages if m["last_event_time"] >= oldest]

    def erase(self, emails: set[str], contacts: bool, suppressions: bool) -> None:
        self.messages = [m for m in self.messages if m["to_email"].casefold() not in emails]
        self.logs = [m for m in self.logs if m["to_email"].casefold() not in emails]
        if contacts:
            self.contacts = {
                i: c for i, c in self.contacts.items() if not emails.intersection([c["email"], *c["alternate_emails"]])
            }
            self.legacy = {i: c for i, c in self.legacy.items() if c["email"].casefold() not in emails}
        if suppressions:
            self.forget(emails)

    def forget(self, emails: set[str]) -> None:
        """Lift every suppression of these addresses."""
        for name, rows in self.lists.items():
            self.lists[name] = [r for r in rows if r["email"].casefold() not in emails]
        self.unsubscribes = {e: at for e, at in self.unsubscribes.items() if e.casefold() not in emails}
        for group in self.groups.values():
            group["emails"] -= {e for e in group["emails"] if e.casefold() in emails}
