"""Deleting mails that are one person's alone, and reading back what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from connectors.errors import ChangedError
from connectors.gmail.api import MOST_IDS, Mailbox
from connectors.gmail.search import OWN, Mail, Search
from connectors.gmail.selection import mailbox_at, mails_at, standing_at
from connectors.gmail.settings import CORRESPONDENCE, MESSAGES, Settings
from connectors.model import Action, Order, Outcome, Status, SystemSpec

_REDACTION = "a mail cannot be edited: delete it or let it stay"
_NOT_THEIRS = "not the person's alone, or nothing that the API deletes here: by hand"
_IN_TRASH = "in Trash, from where it can be taken back until it is purged"
_STILL_THERE = "said to be deleted, and reading again shows it still there: look for a hold or a retention rule"
_NOT_IN_TRASH = "said to be moved to Trash, and reading again shows it elsewhere"


class Erasure:
    """Acts on what a fresh search finds, never on what the plan remembers."""

    def __init__(self, spec: SystemSpec, settings: Settings, search: Search) -> None:
        self._spec = spec
        self._settings = settings
        self._search = search

    def carry_out(self, orders: Sequence[Order]) -> Iterator[Outcome]:
        """One outcome per order; raises ChangedError before any write if there is more than planned."""
        found = {order.at: mails_at(self._search, order.at) for order in orders if _is_for_the_api(order)}
        for order in orders:
            if (mails := found.get(order.at)) is not None and len(mails) > order.count + order.late:
                message = f"{order.at.collection}: {len(mails)} mails found, the plan has {order.count}"
                raise ChangedError(self._spec.system, message)
        for order in orders:
            yield self._carried_out(order, found.get(order.at))

    def _carried_out(self, order: Order, mails: list[Mail] | None) -> Outcome:
        if spared := order.spared():
            return spared
        if order.action is Action.REDACT:
            return Outcome(order.at, Status.FAILED, reason=_REDACTION)
        if mails is None:
            return Outcome(order.at, Status.MANUAL, order.count, reason=_NOT_THEIRS)
        mailbox = mailbox_at(self._search, order.at)
        if not mails or mailbox is None:
            return Outcome(order.at, Status.ABSENT)
        return (
            self._deleted(order, mailbox, mails) if self._settings.permanent else self._trashed(order, mailbox, mails)
        )

    def _deleted(self, order: Order, mailbox: Mailbox, mails: Sequence[Mail]) -> Outcome:
        ids = [mail.id for mail in mails]
        for start in range(0, len(ids), MOST_IDS):
            self._spec.gate(order.at.collection)
            mailbox.delete(ids[start : start + MOST_IDS])
        left = sum(mailbox.labels(message) is not None for message in ids)
        if left:
            return Outcome(order.at, Status.FAILED, len(ids) - left, reason=_STILL_THERE)
        return Outcome(order.at, Status.DONE, len(ids))

    def _trashed(self, order: Order, mailbox: Mailbox, mails: Sequence[Mail]) -> Outcome:
        for mail in mails:
            if not mail.trashed:
                self._spec.gate(order.at.collection)
                mailbox.trash(mail.id)
        back = [labels for mail in mails if not mail.trashed and (labels := mailbox.labels(mail.id)) is not None]
        if missed := sum("TRASH" not in labels for labels in back):
            return Outcome(order.at, Status.FAILED, len(mails) - missed, reason=_NOT_IN_TRASH)
        until = datetime.now(UTC) + self._settings.trashed_for
        return Outcome(order.at, Status.ACCEPTED, len(mails), until, _IN_TRASH)


def _is_for_the_api(order: Order) -> bool:
    own = order.at.collection in (MESSAGES, CORRESPONDENCE) and standing_at(order.at) == OWN
    return own and order.action is Action.DELETE
