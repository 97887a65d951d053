"""Collects what Stripe holds of one subject: reads only, whole lists, every answer checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.errors import TransientError
from connectors.model import Subject, SystemSpec
from connectors.stripe import holdings as h
from connectors.stripe.evidence import Evidence, settled
from connectors.stripe.fates import fate_of_charge, fate_of_payments
from connectors.stripe.guests import Guests, Scanned
from connectors.stripe.holdings import Found, Holdings, counts
from connectors.stripe.payers import payments_of, set_apart
from connectors.stripe.people import Customers, People
from connectors.stripe.settings import Settings, guest_kinds
from connectors.stripe.transport import Api, Item, StripeRefusedError
from connectors.stripe.values import ident, same
from connectors.stripe.vocabulary import BY_NAME, LIVE_SUBSCRIPTION, OPEN_INTENT

_BY_CUSTOMER = (
    "subscriptions", "subscription_schedules", "payment_intents", "invoices", "quotes", "promotion_codes",
    "credit_grants", "credit_notes", "invoice_items", "payment_methods", "setup_intents", "charges",
    "checkout_sessions",
)  # fmt: skip
_NESTED = ("tax_ids", "sources", "balance_transactions", "cash_balance")
_BY_CHARGE = ("refunds", "disputes", "early_fraud_warnings")
# What tells who paid; a credit grant, say, has a name of its own.
_TELLING = frozenset({
    "charges", "payment_intents", "payment_intents_open", "invoices", "invoices_draft", "invoices_open",
    "subscriptions", "subscriptions_live", "checkout_sessions", "payment_methods",
})  # fmt: skip


class Gatherer:
    """One search of one account."""

    def __init__(self, spec: SystemSpec, api: Api, settings: Settings, now: Callable[[], datetime]) -> None:
        self._spec = spec
        self._api = api
        self._settings = settings
        self._now = now
        self._people = People(api, settings)
        self._guests = Guests(api, settings, self._people, now)

    def holdings(self, subject: Subject) -> Holdings:
        """Everything of the subject's, each object once, children before parents."""
        if not subject.kinds & {"email", "user_id", "stripe.customer"}:
            return Holdings(Customers({}, frozenset(), {}, {}, (), frozenset()), ())
        customers = self._people.customers(subject, ())
        scanned = self._guests.scan(subject, customers)
        if set(scanned.spellings) - set(customers.asked):
            customers = self._people.customers(subject, scanned.spellings)
        listed = {id_: list(self._owned(id_, customers)) for id_ in (*customers.ids, *customers.typed)}
        payments = [f for some in listed.values() for f in some if f.collection in ("charges", "payment_intents")]
        if scanned.missed(f.item for f in payments):
            raise TransientError(self._spec.system, "scanning payments: the list was not whole")
        customers, evidence = self._judge(subject, customers, listed, scanned)
        users = subject.values("user_id")
        owned = [f for id_ in customers.ids for f in listed.get(id_, ())]
        found = set_apart(owned, customers.own, users, self._people.user)
        found += self._guests.found(subject, scanned, customers, evidence)
        found = self._without_doubles(found)
        walked = self._walk(f for f in found if f.collection in ("charges", "guest_charges"))
        found = self._fated([*found, *walked])
        found += self._others(subject, customers, evidence)
        found += [Found("customers", c, id_) for id_, c in customers.own.items()]
        found += [Found("customers", c, id_, h.SEVERAL_PEOPLE) for id_, c in customers.several.items()]
        found += [Found("customers", c, id_, h.CLAIMED) for id_, c in customers.claimed.items()]
        kept = [f for f in found if f.fate in h.NOT_THEIRS or counts(f, customers)]
        order = {name: place for place, name in enumerate(BY_NAME)}
        return Holdings(customers, tuple(sorted(kept, key=lambda f: (order[f.collection], f.fate, f.id))))

    def open_now(self, customers: Iterable[str]) -> list[str]:
        """Collections in which these customers have, right now, what must end before a redaction."""
        names = {
            self._state(name, item)
            for customer in customers
            for name in ("subscriptions", "payment_intents", "invoices")
            for item in self._list(name, customer)
        }
        return sorted(names - {"subscriptions", "payment_intents", "invoices"})

    def _judge(
        self, subject: Subject, customers: Customers, listed: Mapping[str, Sequence[Found]], scanned: Scanned
    ) -> tuple[Customers, Evidence]:
        """Which customers known by an address alone are the person's, and what the rest is held against."""

        def told(some: Mapping[str, Item]) -> dict[str, list[Item]]:
            return {i: [c, *(f.item for f in listed[i] if f.collection in _TELLING)] for i, c in some.items()}

        before = {value for kind in guest_kinds(self._spec) for value in subject.values(kind)}
        sure, typed = told(customers.own), told(customers.typed)
        evidence = Evidence.of(
            subject.values("email"), subject.values("user_id"), self._people.user,
            sure=[
                *(item for items in sure.values() for item in items),
                *(c for c in scanned.charges if c["id"] in before),
            ],
            typed=[*(item for items in typed.values() for item in items), *scanned.charges],
            trusting=self._settings.trusting,
            before=before,
        )  # fmt: skip
        return settled(customers, {id_: evidence.fate(*items) for id_, items in typed.items()}), evidence

    def _owned(self, customer: str, customers: Customers) -> Iterator[Found]:
        for name in (*_BY_CUSTOMER, *_NESTED):
            try:
                items = list(self._list(name, customer))
            except StripeRefusedError as refused:
                if customer in customers.gone and refused.code == "resource_missing":
                    continue  # with a deleted customer some lists end
                raise
            yield from (Found(self._state(name, item), item, customer) for item in items)

    def _list(self, name: str, customer: str) -> Iterator[Item]:
        kind = BY_NAME[name]
        asked: dict[str, Any] = {} if kind.nested else {"customer": customer}
        if name == "subscriptions":
            asked["status"] = "all"  # by default the cancelled ones are left out
        if name == "invoices":
            asked["expand"] = ["data.payments"]
        for item in self._api.listed(kind.path.replace("{customer}", customer), f"listing {name}", **asked):
            self._check(item.get("customer"), customer, name)
            yield item

    def _check(self, held: object, asked: str, name: str) -> None:
        """An answer to another question (a stale page of a proxy) is a fault, not data."""
        if ident(held) != asked:
            raise TransientError(self._spec.system, f"listing {name}: the answer is about something else")

    def _state(self, name: str, item: Item) -> str:
        status = item.get("status")
        if name == "subscriptions" and status in LIVE_SUBSCRIPTION:
            return "subscriptions_live"
        if name == "payment_intents" and status in OPEN_INTENT:
            return "payment_intents_open"
        if name == "invoices" and status in ("draft", "open"):
            return f"invoices_{status}"
        return name

    def _without_doubles(self, found: Sequence[Found]) -> list[Found]:
        """A guest's object may be met along several ways; the first is the surest."""
        return list({(BY_NAME[f.collection].path, f.id): f for f in reversed(found)}.values())[::-1]

    def _walk(self, charges: Iterable[Found]) -> Iterator[Found]:
        """Refunds, disputes and warnings have no filter by customer, only by charge."""
        for charge in charges:
            for name in _BY_CHARGE:
                for item in self._api.listed(BY_NAME[name].path, f"listing {name}", charge=charge.id):
                    self._check(item.get("charge"), charge.id, name)
                    yield Found(name, item, charge.owner, charge.fate)

    def _fated(self, found: Sequence[Found]) -> list[Found]:
        """Locks of charges, handed on to what belongs to the same payment."""
        disputes: dict[str, list[Item]] = {}
        for f in found:
            if f.collection == "disputes":
                disputes.setdefault(ident(f.item.get("charge")), []).append(f.item)
        locks: dict[str, tuple[str, datetime | None]] = {}
        for f in found:
            if f.collection in ("charges", "guest_charges"):
                lock = fate_of_charge(f.item, disputes.get(f.id, []), self._settings, self._now())
                intent = ident(f.item.get("payment_intent"))
                locks[f.id] = lock
                if intent:
                    locks[intent] = fate_of_payments([locks.get(intent, (h.FREE, None)), lock])
        return [self._locked(f, locks) for f in found]

    def _locked(self, f: Found, locks: dict[str, tuple[str, datetime | None]]) -> Found:
        if f.fate in h.NOT_THEIRS:
            return f
        keys = [f.id] if BY_NAME[f.collection].path in ("/v1/charges", "/v1/payment_intents") else []
        if f.collection in _BY_CHARGE:
            keys = [ident(f.item.get("charge"))]
        if f.collection in ("invoices", "checkout_sessions"):
            keys = list(payments_of(f.item))
        fate, until = fate_of_payments([locks[k] for k in keys if k in locks])
        return replace(f, fate=fate, until=until)

    def _others(self, subject: Subject, customers: Customers, evidence: Evidence) -> Iterator[Found]:
        emails, users = subject.values("email"), subject.values("user_id")
        spellings = sorted({*emails, *(e.lower() for e in emails), *customers.spellings})
        path, doing = BY_NAME["identity_verification_sessions"].path, "listing identity sessions"
        seen = {}
        for customer in customers.ids:
            for item in self._api.listed(path, doing, related_customer=customer):
                self._check(item.get("related_customer"), customer, "identity_verification_sessions")
                seen[str(item["id"])] = Found("identity_verification_sessions", item, customer)
        for user in users:
            for item in self._api.listed(path, doing, client_reference_id=user):
                if same(item.get("client_reference_id"), [user]):
                    seen.setdefault(str(item["id"]), Found("identity_verification_sessions", item))
        yield from seen.values()
        yield from self._cards(emails, spellings, customers, evidence)
        yield from self._listed_addresses(spellings)

    def _cards(
        self, emails: Sequence[str], spellings: Iterable[str], customers: Customers, evidence: Evidence
    ) -> Iterator[Found]:
        """Cardholders by address, and their cards; one address with several names is several people."""
        holders = {
            str(item["id"]): item
            for spelling in spellings
            for item in self._api.listed(BY_NAME["issuing_cardholders"].path, "listing cardholders", email=spelling)
            if same(item.get("email"), emails)
        }
        several = customers.shared or len({str(item.get("name")).casefold() for item in holders.values()}) > 1
        for id_, holder in holders.items():
            fate = h.SEVERAL_PEOPLE if several else evidence.fate(holder)
            yield Found("issuing_cardholders", holder, "", fate)
            for card in self._api.listed(BY_NAME["issuing_cards"].path, "listing cards", cardholder=id_):
                self._check(card.get("cardholder"), id_, "issuing_cards")
                yield Found("issuing_cards", card, "", fate)

    def _listed_addresses(self, spellings: Iterable[str]) -> Iterator[Found]:
        lists = next(
            (c.options.get("value_lists", ()) for c in self._spec.collections if c.name == "radar_value_list_items"),
            (),
        )
        path, doing = BY_NAME["radar_value_list_items"].path, "listing items of a fraud list"
        items = {
            str(item["id"]): item
            for list_ in lists
            for spelling in spellings
            for item in self._api.listed(path, doing, value_list=list_, value=spelling)
            if same(item.get("value"), [spelling])
        }
        yield from (Found("radar_value_list_items", item) for item in items.values())
