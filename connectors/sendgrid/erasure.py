"""Carrying out orders: everything is searched and compared with the plan before the first write,
and read again after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from connectors.errors import ChangedError
from connectors.model import Action, Locator, Order, Outcome, Status, SystemSpec
from connectors.sendgrid.api import Account, Api, Row
from connectors.sendgrid.mail import spellings
from connectors.sendgrid.opt_out import OptOut
from connectors.sendgrid.search import OWN, Search
from connectors.sendgrid.selection import account_at, rows_at, standing_at
from connectors.sendgrid.settings import (
    CONTACTS,
    LEGACY,
    LOGS,
    MESSAGES,
    REST,
    SUPPRESSIONS,
    UNSUBSCRIBES,
    Settings,
)
from connectors.sendgrid.suppression_lists import path_of
from connectors.sendgrid.vocabulary import BY_HAND, ENTANGLED, NO_ERASURE

_REACHED = (CONTACTS, LEGACY, MESSAGES, LOGS)  # by an erasure, or perhaps: what else it takes is not documented
_STILL_THERE = "the vendor said yes, and reading again shows it still there"
_REDACTION = "no call takes the person out of a row that stays"
_NOT_SURE = "not surely the person's: see whose it is"
_KEPT = "an erasure takes all mail data of the address at once, and some of it is to be kept"
_INVALID = "the vendor calls an address of the person's invalid and erases nothing: ask its support"
_NO_OPT_OUT = (
    "the address is not among the global unsubscribes: whoever imports it again writes to the person again. "
    "Unsubscribe it first, or set require_suppression: false if no opt-out is to be kept"
)
_LOST = "an opt-out that was there before is gone: enter it again before anybody writes to the person"
_KEEP_IT = "without it SendGrid writes to the person again: retain it, or set option erase: true on the collection"


class Erasure:
    """One call of delete, with what was there when it began."""

    def __init__(self, spec: SystemSpec, api: Api, settings: Settings, search: Callable[[], Search]) -> None:
        self._spec = spec
        self._api = api
        self._settings = settings
        self._afresh = search
        self._search = search()
        self._opt_outs = OptOut(spec, api, self._search)
        self._before: dict[Account, frozenset[tuple[str, ...]]] = {}
        self._refused: dict[Account, str] = {}  # why no erasure was asked for; empty: it was accepted
        self._orders: Sequence[Order] = ()

    def carry_out(self, orders: Sequence[Order]) -> Iterator[Outcome]:
        """One outcome per order. Raises ChangedError, before any write, if there is more than was planned."""
        self._orders = orders
        meant = [order for order in orders if order.action is Action.DELETE]
        for order in meant:
            found = len(rows_at(self._search, order.at))
            if found > order.count + order.late:
                message = f"{order.at.collection}: {found} found, the plan has {order.count}"
                raise ChangedError(self._spec.system, message)
        if any(order.at.collection in (*_REACHED, REST) for order in meant):
            self._before = {account: self._snapshot(account) for account in self._search.accounts}
        for order in orders:
            yield self._one(order)

    def _one(self, order: Order) -> Outcome:
        at = order.at
        if spared := order.spared():
            return spared
        if order.action is Action.REDACT:
            return Outcome(at, Status.FAILED, reason=_REDACTION)
        if standing_at(at) != OWN:
            return Outcome(at, Status.MANUAL, order.count, reason=_NOT_SURE)
        if at.collection in (CONTACTS, LEGACY):
            return self._delete_contacts(order)
        if at.collection in (MESSAGES, LOGS, REST):
            return self._erase_mail(order)
        if at.collection in SUPPRESSIONS:
            return self._lift(order)
        return Outcome(at, Status.MANUAL, order.count, reason=BY_HAND[at.collection])

    # Contacts

    def _delete_contacts(self, order: Order) -> Outcome:
        account, rows = account_at(self._search, order.at), rows_at(self._search, order.at)
        emails = {str(row["email"]).casefold() for row in rows if row.get("email")} or {*self._emails}
        if self._must_hold and (rows or order.count) and not all(self._opt_outs.holds(e, account) for e in emails):
            return Outcome(order.at, Status.FAILED, reason=_NO_OPT_OUT)
        if not rows:
            return Outcome(order.at, Status.ABSENT)
        ids = [str(row["id"]) for row in rows]
        if order.at.collection == CONTACTS:
            self._api.delete_contacts(ids, account, lambda: self._spec.gate(CONTACTS))
        else:
            self._delete_legacy(ids, account)
        refused = self._ask_erasure(account) if self._search.emails else ""
        if self._lost(account):
            return Outcome(order.at, Status.FAILED, reason=_LOST)
        if refused == _INVALID:
            return Outcome(order.at, Status.FAILED, reason=_INVALID)
        return self._read_back(order, set(ids))

    def _delete_legacy(self, ids: Sequence[str], account: Account) -> None:
        """https://www.twilio.com/docs/sendgrid/api-reference/contactdb-recipients/delete-a-recipient"""
        for number in ids:
            self._spec.gate(LEGACY)
            doing = "deleting a legacy contact"
            self._api.delete("contactdb", "recipients", number, doing=doing, account=account)

    def _read_back(self, order: Order, ids: set[str]) -> Outcome:
        left = [row for row in self._again(order.at) if str(row["id"]) in ids]
        if not left:
            return Outcome(order.at, Status.DONE, len(ids))
        if order.at.collection == LEGACY:
            return Outcome(order.at, Status.FAILED, len(ids) - len(left), reason=_STILL_THERE)
        return Outcome(order.at, Status.ACCEPTED, len(ids), datetime.now(UTC) + self._settings.settles_within)

    # Mail data

    def _erase_mail(self, order: Order) -> Outcome:
        """Ask for it. No call tells how far it is: a later search does."""
        account, rows = account_at(self._search, order.at), rows_at(self._search, order.at)
        if not rows and order.at.collection != REST:
            return Outcome(order.at, Status.ABSENT)
        if refused := self._ask_erasure(account):
            status = Status.MANUAL if refused in (NO_ERASURE, ENTANGLED) else Status.FAILED
            return Outcome(order.at, status, len(rows) if status is Status.MANUAL else 0, reason=refused)
        if self._lost(account):
            return Outcome(order.at, Status.FAILED, reason=_LOST)
        return Outcome(order.at, Status.ACCEPTED, len(rows), datetime.now(UTC) + self._settings.settles_within)

    def _ask_erasure(self, account: Account) -> str:
        """Ask in every account where it may be asked, once; why it was not in this one, or nothing.

        An account in which nothing is found may still hold what is older than its searches reach.
        https://www.twilio.com/docs/sendgrid/api-reference/recipients-data-erasure-api: an account's
        erasure does not cascade to its subusers.
        """
        for each in self._search.accounts:
            if each not in self._refused:
                self._refused[each] = self._hindrance(each) or self._post_erasure(each)
        return self._refused[account]

    def _hindrance(self, account: Account) -> str:
        if not self._search.may_erase(account):
            return NO_ERASURE
        if self._search.entangled(account):
            return ENTANGLED
        kept = any(
            order.action in (Action.RETAIN, Action.REDACT)
            and order.at.collection in (*_REACHED, REST)
            and account_at(self._search, order.at) == account
            for order in self._orders
        )
        return _KEPT if kept else ""

    def _post_erasure(self, account: Account) -> str:
        for collection in (*_REACHED, *SUPPRESSIONS):  # a hold on any of what it may reach stops it
            self._spec.gate(collection)
        emails = sorted({s for email in self._search.emails for s in spellings(email)})
        status, _ = self._api.post(
            "recipients", "erasejob",
            doing="asking for erasure", account=account, body={"email_addresses": emails}, accept=(202, 400),
        )  # fmt: skip
        return "" if status == 202 else _INVALID

    # Opt-outs

    @property
    def _must_hold(self) -> bool:
        lifted = any(o.at.collection == UNSUBSCRIBES and o.action is Action.DELETE for o in self._orders)
        return self._settings.require_suppression and not (lifted and self._may_lift(UNSUBSCRIBES))

    @property
    def _emails(self) -> list[str]:
        return sorted({email.casefold() for email in self._search.emails})

    def _snapshot(self, account: Account) -> frozenset[tuple[str, ...]]:
        lifted = {
            o.at.collection for o in self._orders if o.action is Action.DELETE and self._may_lift(o.at.collection)
        }
        return self._opt_outs.snapshot(self._emails, account, lifted)

    def _lost(self, account: Account) -> bool:
        return not self._before[account] <= self._snapshot(account)

    def _may_lift(self, name: str) -> bool:
        described = [c for c in self._spec.collections if c.name == name]
        return any(bool(c.options.get("erase")) for c in described)

    def _lift(self, order: Order) -> Outcome:
        """Delete suppressions one address at a time, where the inventory says in so many words to.

        https://www.twilio.com/docs/sendgrid/api-reference/bounces-api/delete-a-bounce
        """
        account, rows, name = account_at(self._search, order.at), rows_at(self._search, order.at), order.at.collection
        if not rows:
            return Outcome(order.at, Status.ABSENT)
        if not self._may_lift(name):
            return Outcome(order.at, Status.FAILED, reason=_KEEP_IT)
        for row in rows:
            self._spec.gate(name)
            self._api.delete(*path_of(name, row), doing="deleting a suppression", account=account)
        left = len(self._again(order.at))
        if left:
            return Outcome(order.at, Status.FAILED, len(rows) - left, reason=_STILL_THERE)
        return Outcome(order.at, Status.DONE, len(rows))

    def _again(self, at: Locator) -> list[Row]:
        return rows_at(self._afresh(), at)
