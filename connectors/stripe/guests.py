"""Payments and checkouts without a customer, known only by what was typed into them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from connectors.model import Subject
from connectors.stripe import holdings as h
from connectors.stripe.evidence import Evidence
from connectors.stripe.holdings import Found
from connectors.stripe.people import Customers, People
from connectors.stripe.settings import Settings
from connectors.stripe.transport import Api, Item
from connectors.stripe.values import at, born, ident, leaves, same

_CLOCKS_DIFFER = timedelta(minutes=5)
_ADDRESSES = {
    "charges": ("billing_details.email", "receipt_email"),
    "payment_intents": ("receipt_email",),
}


@dataclass(frozen=True, slots=True)
class Scanned:
    """Guests' payments that bear the subject, and how their addresses are spelled there."""

    charges: tuple[Item, ...]
    intents: tuple[Item, ...]
    spellings: tuple[str, ...]
    passed: frozenset[str]  # ids of payments of `known` customers that the scan came by
    known: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None

    def missed(self, payments: Iterable[Item]) -> bool:
        """Whether a customer's payment was not among all payments: then the scan was not whole."""
        return any(
            item["id"] not in self.passed and (self.since is None or born_ >= self.since) and born_ < self.until
            for item in payments
            if self.until is not None
            and ident(item.get("customer")) in self.known
            and (born_ := born(item)) is not None
        )


class Guests:
    """Finds what has no customer.

    Charges and payment intents have no filter by e-mail, so those of the configured past are read
    one by one and matched here (https://docs.stripe.com/api/charges/list).
    """

    def __init__(self, api: Api, settings: Settings, people: People, now: Callable[[], datetime]) -> None:
        self._api = api
        self._settings = settings
        self._people = people
        self._now = now

    def scan(self, subject: Subject, customers: Customers) -> Scanned:
        """Every payment without a customer that bears one of the subject's addresses or user ids."""
        if not subject.kinds & {"email", "user_id"}:
            return Scanned((), (), (), frozenset())
        until = self._now() - _CLOCKS_DIFFER
        since = self._now() - self._settings.guest_scan if self._settings.guest_scan else None
        passed: set[str] = set()
        charges = tuple(self._scanned("charges", "/v1/charges", subject, since, customers, passed))
        intents = tuple(self._scanned("payment_intents", "/v1/payment_intents", subject, since, customers, passed))
        emails = subject.values("email")
        spellings = {
            str(at(item, name))
            for kind, items in (("charges", charges), ("payment_intents", intents))
            for item in items
            for name in _ADDRESSES[kind]
            if same(at(item, name), emails)
        }
        return Scanned(
            charges, intents, tuple(sorted(spellings)), frozenset(passed),
            frozenset({*customers.ids, *customers.typed}), since, until,
        )  # fmt: skip

    def found(self, subject: Subject, scanned: Scanned, customers: Customers, evidence: Evidence) -> Iterator[Found]:
        """The guests' objects, with what hangs on them, each with its fate. Charge and intent are one payment."""
        methods: dict[str, Found] = {}
        paid = set[str]()
        for item in scanned.charges:
            intent = self._referred("/v1/payment_intents", item.get("payment_intent"), "pi_")
            fate = self._fate(customers, evidence, item, *([intent] if intent else []))
            yield Found("guest_charges", item, "", fate)
            method = self._referred("/v1/payment_methods", item.get("payment_method"), "pm_")
            if method is not None and not ident(method.get("customer")):
                methods[str(method["id"])] = Found("guest_payment_methods", method, "", fate)
            if intent is not None and not ident(intent.get("customer")):
                paid.add(str(intent["id"]))
                yield Found("guest_payment_intents", intent, "", fate)
        for item in (i for i in scanned.intents if str(i["id"]) not in paid):
            charge = self._referred("/v1/charges", item.get("latest_charge"), "ch_")
            fate = self._fate(customers, evidence, item, *([charge] if charge else []))
            yield Found("guest_payment_intents", item, "", fate)
        yield from methods.values()
        yield from self._sessions(subject, customers, evidence)

    def _scanned(
        self, kind: str, path: str, subject: Subject, since: datetime | None, customers: Customers, passed: set[str]
    ) -> Iterator[Item]:
        created = {"gte": int(since.timestamp())} if since else None
        for item in self._api.listed(path, f"scanning {kind}", created=created):
            owner = ident(item.get("customer"))
            if owner in customers.ids or owner in customers.typed:
                passed.add(str(item["id"]))
            elif not owner and self._matches(kind, item, subject):
                yield item

    def _matches(self, kind: str, item: Item, subject: Subject) -> bool:
        emails = subject.values("email")
        if any(same(at(item, name), emails) for name in _ADDRESSES[kind]):
            return True
        if any(same(leaf, emails) for _, leaf in leaves(item.get("metadata"))):
            return True
        return bool(self._people.user(item)) and same(self._people.user(item), subject.values("user_id"))

    def _fate(self, customers: Customers, evidence: Evidence, *items: Item) -> str:
        """Whether what was found by an address, or by a user id, is the subject's alone."""
        users = {user for item in items if (user := self._people.user(item))}
        if users and all(same(user, evidence.users) for user in users):
            return h.FREE
        known = any(item.get("id") in evidence.before for item in items)
        return h.SEVERAL_PEOPLE if customers.shared and not users and not known else evidence.fate(*items)

    def _sessions(self, subject: Subject, customers: Customers, evidence: Evidence) -> Iterator[Found]:
        emails = subject.values("email")
        spellings: Sequence[str] = sorted({*emails, *(e.lower() for e in emails), *customers.spellings})
        for spelling in spellings:
            doing = "listing checkout sessions by e-mail"
            for item in self._api.listed("/v1/checkout/sessions", doing, customer_details={"email": spelling}):
                owner = ident(item.get("customer"))
                if owner in customers.ids or not same(at(item, "customer_details.email"), emails):
                    continue
                fate = h.CLAIMED if owner else self._fate(customers, evidence, item)
                yield Found("checkout_sessions", item, "", fate)

    def _referred(self, path: str, reference: object, prefix: str) -> Item | None:
        """What a guest's charge points at; only ids of the expected type are asked for."""
        id_ = ident(reference)
        return self._api.get(f"{path}/{quote(id_, safe='')}", "reading a payment") if id_.startswith(prefix) else None
