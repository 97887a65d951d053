"""Which rows a locator points at: the same for counting, export and deletion."""

from __future__ import annotations

from datetime import datetime

from connectors.gmail.api import Mailbox, Row
from connectors.gmail.search import OWN, Mail, Search
from connectors.gmail.settings import ACCOUNTS, GROUPS, SETTINGS
from connectors.gmail.traces import accounts, memberships, settings_of
from connectors.model import Locator


def key_of(mailbox: str, standing: str = OWN) -> str:
    """A locator's key: the mailbox, after a word for whose the mails are if they are not the person's own."""
    return f"{standing} {mailbox}" if standing else mailbox


def standing_at(at: Locator) -> str:
    return at.key.rpartition(" ")[0]


def mailbox_at(search: Search, at: Locator) -> Mailbox | None:
    """The mailbox of a locator; None if nobody is searched for."""
    return search.company.mailbox(at.key.rpartition(" ")[2]) if search.emails else None


def mails_at(search: Search, at: Locator) -> list[Mail]:
    """The mails of a locator."""
    mailbox = mailbox_at(search, at)
    if mailbox is None:
        return []
    found = (m for m in search.mails(mailbox) if (m.collection, m.standing) == (at.collection, standing_at(at)))
    return [mail for mail in found if inside(mail.at, at)]


def rows_at(search: Search, at: Locator) -> list[Row]:
    """The rows of a locator that is not about mails."""
    if at.collection == SETTINGS:
        mailbox = mailbox_at(search, at)
        return settings_of(search, mailbox) if mailbox else []
    if at.collection == GROUPS:
        return memberships(search)
    return accounts(search) if at.collection == ACCOUNTS else []


def inside(age: datetime | None, at: Locator) -> bool:
    """A mail of unknown date counts as the youngest."""
    if age is None:
        return at.before is None
    return (at.since is None or age >= at.since) and (at.before is None or age < at.before)
