"""The connector: what is located, exported and deleted, and what only a person can do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise

from connectors.errors import AuthError
from connectors.gmail.company import Company
from connectors.gmail.erasure import Erasure
from connectors.gmail.retention import untold
from connectors.gmail.search import OWN, SHARED, UNPROVEN, Mail, Search
from connectors.gmail.selection import key_of, mailbox_at, mails_at, rows_at, standing_at
from connectors.gmail.settings import (
    ACCOUNTS,
    COLLECTIONS,
    DRAFTS,
    GROUPS,
    MAILS,
    MENTIONS,
    SETTINGS,
    UNSEARCHED,
    VAULT,
    Settings,
    kinds_of,
)
from connectors.gmail.vocabulary import CLOSED, NAMED, OBSTACLES, UNLISTED, WITHHELD, by_hand
from connectors.google import GoogleClient, ServiceAccount
from connectors.model import (
    Action,
    Artifact,
    Aspect,
    Capabilities,
    CollectionSpec,
    Locator,
    Obstacle,
    Order,
    Outcome,
    Probe,
    Record,
    Subject,
    SystemSpec,
)
from connectors.settings import collections_of
from connectors.vendor_retention import Setting


class GmailConnector:
    """The mailboxes of one company."""

    def __init__(self, spec: SystemSpec) -> None:
        self._spec = spec
        self.system = spec.system
        self._settings = Settings.of(spec)
        self._collections = collections_of(spec, COLLECTIONS)
        self._account = ServiceAccount.of(spec, self._settings.timeout)
        self._clients: dict[str, GoogleClient] = {}  # by whom they act for; their tokens are used until they run out
        self.capabilities = Capabilities(
            needs=kinds_of(spec),
            actions=frozenset({Action.DELETE}),
            settles_within=timedelta(0) if self._settings.permanent else self._settings.trashed_for,
            unlisted=UNLISTED,
        )

    def kept(self, collection: str, period: timedelta) -> Setting:
        """Nothing: raises UntoldError that says who looks where. A person states it in the inventory."""
        raise untold(self.system, collection)

    def keep(self, planned: Setting, period: timedelta) -> Setting:
        """No call changes it. Raises UntoldError that says who does."""
        raise untold(self.system, planned.collection)

    def check(self) -> None:
        """Prove that the service account may act for a mailbox, and read the directory if it is to.

        One mailbox stands for all: delegation is granted for the whole domain. Raises AuthError if
        a scope is not delegated.
        """
        company = self._company()
        if company.directory:
            company.directory.reachable()
        one = (*self._settings.mailboxes, self._settings.directory_admin)[0]
        company.mailbox(one).enabled()

    def inspect(self) -> Iterator[Probe]:
        """Whether the scopes are delegated, the directory may be read, and every mailbox can be opened."""
        company = self._company()
        one = (*self._settings.mailboxes, self._settings.directory_admin)[0]
        yield from self._probes(lambda: company.mailbox(one).enabled(), (Aspect.REACH, Aspect.LOCATE, Aspect.DELETE))
        directory = company.directory
        if directory is None:
            yield Probe(Aspect.LOCATE, True, "no directory_admin: groups and user accounts are not searched")
            return
        yield from self._probes(directory.reachable, (Aspect.LOCATE,))
        told = list(self._probes(lambda: company.unsearched, (Aspect.INVENTORY,)))
        yield from told
        if told[0].ok and (closed := len(company.unsearched)):
            yield Probe(Aspect.INVENTORY, False, f"mailboxes that cannot be searched: {closed}; open or leave_out")

    def _probes(self, asked: Callable[[], object], aspects: Iterable[Aspect]) -> Iterator[Probe]:
        try:
            asked()
        except AuthError as refused:
            yield from (Probe(aspect, False, str(refused)) for aspect in aspects)
        else:
            yield from (Probe(aspect, True) for aspect in aspects)

    def _search(self, subject: Subject) -> Search:
        emails = [value for kind in self.capabilities.needs for value in subject.values(kind)]
        return Search(self.system, self._company(), self._settings, emails)

    def _company(self) -> Company:
        return Company(self._account, self._settings, self._clients)

    def locate(self, subject: Subject) -> Iterator[Record]:
        """Mails by mailbox, collection and standing; then settings, groups and accounts.

        A mailbox that cannot be searched is a record of its own, for it may hold the person's mail.
        Raises TransientError if a list is cut short, RefusedError for an address that Gmail's
        search cannot be asked for.
        """
        search = self._search(subject)
        in_mail = False
        for mailbox in search.mailboxes:
            for name in MAILS:
                for standing in (OWN, SHARED, UNPROVEN):
                    for record in self._mails(search, name, key_of(mailbox.address, standing)):
                        in_mail = in_mail or standing != UNPROVEN
                        yield record
            yield from self._rows(search, Locator(self.system, SETTINGS, mailbox.address))
        for name in (GROUPS, ACCOUNTS):
            yield from self._rows(search, Locator(self.system, name))
        if in_mail and self._settings.vault:
            # Without a count, so that mail that is gone from here is no proof of what is there.
            yield Record(Locator(self.system, VAULT), 0, obstacles=(by_hand(VAULT),))
        if search.emails and (unsearched := search.company.unsearched):
            yield Record(Locator(self.system, UNSEARCHED), len(unsearched), obstacles=(CLOSED,))

    def _mails(self, search: Search, name: str, key: str) -> Iterator[Record]:
        spec = self._collections[name]
        for since, before in pairwise([None, *spec.cutoffs, None]):
            at = Locator(self.system, name, key, since, before)
            if mails := mails_at(search, at):
                yield self._record(at, spec, mails)

    def _record(self, at: Locator, spec: CollectionSpec, mails: Sequence[Mail]) -> Record:
        standing = standing_at(at)
        obstacles: tuple[Obstacle, ...] = ()
        if standing:
            obstacles = (NAMED if at.collection == MENTIONS and standing == SHARED else OBSTACLES[standing],)
        elif at.collection == DRAFTS:
            obstacles = (by_hand(DRAFTS),)
        ages = sorted(mail.at for mail in mails if mail.at)
        return Record(
            at,
            len(mails),
            ages[0] if ages else None,
            ages[-1] if ages else None,
            fields=tuple((f.name, len(mails)) for f in spec.fields if f.redactable),
            obstacles=obstacles,
            note="" if obstacles else self._note(mails),
        )

    def _note(self, mails: Sequence[Mail]) -> str:
        if self._settings.permanent:
            return "deleted for good"
        there = sum(mail.trashed for mail in mails)
        return f"moved to Trash, and gone {self._settings.trash_days} days later; {there} are there already"

    def _rows(self, search: Search, at: Locator) -> Iterator[Record]:
        if rows := rows_at(search, at):
            spec = self._collections[at.collection]
            borne = ((f.name, sum(bool(row.get(f.name)) for row in rows)) for f in spec.fields if f.redactable)
            yield Record(at, len(rows), fields=tuple(borne), obstacles=(by_hand(at.collection),))

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        """Each mail that is the person's alone as it was sent, if the inventory discloses `content`;
        of the others when they were, and the rest as the fields that are disclosed."""
        search = self._search(subject)
        spec = self._collections[at.collection]
        shown = spec.disclosed
        if at.collection not in MAILS:
            rows = rows_at(search, at)
            present = {name for row in rows for name, value in row.items() if value}
            withheld = spec.withheld(present)
            lines = ({name: row[name] for name in shown if name in row} for row in rows)
            if rows:
                yield Artifact(f"{at.collection}.jsonl", "application/jsonl", _lines(lines), withheld)
            return
        mailbox = mailbox_at(search, at)
        if mailbox is None or standing_at(at) == UNPROVEN:
            return
        mails = mails_at(search, at)
        if standing_at(at) == OWN and "content" in shown:
            for number, mail in enumerate(mails, 1):
                chunks = (mailbox.raw(message) for message in (mail.id,))
                name = f"{at.collection}-{number:05}.eml"
                yield Artifact(name, "message/rfc822", chunks, file=True, at=mail.at)
        elif mails:
            why = WITHHELD if standing_at(at) == SHARED else spec.called("content")
            dates = ({"received": mail.at and mail.at.isoformat(), "sent_by_the_person": mail.sent} for mail in mails)
            yield Artifact(f"{at.collection}.jsonl", "application/jsonl", _lines(dates), (why,))

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Move to Trash, or delete for good, what is the person's alone; see `erasure`."""
        yield from Erasure(self._spec, self._settings, self._search(subject)).carry_out(orders)


def _lines(rows: Iterable[Mapping[str, object]]) -> Iterator[bytes]:
    return (json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)
