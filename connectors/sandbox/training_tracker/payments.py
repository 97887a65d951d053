"""The payments: what the sandbox's Stripe account holds."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox.store import VendorStore
from connectors.sandbox.stripe import StripeFake
from connectors.sandbox.training_tracker.crowd import person
from connectors.sandbox.training_tracker.people import PEOPLE, USERS, Person
from connectors.sandbox.training_tracker.story import OLD, YOUNG

RECENT = 30  # days since a charge that can still be refunded
CROWD = range(10, USERS, 20)  # a hundred others, so that a list has more than one page
ADDRESS = {"city": "Madison", "country": "US", "line1": "1 Oak St", "postal_code": "53703", "state": "WI"}


def plant_payments(fake: StripeFake, now: datetime) -> None:
    """Fill an empty account."""
    for who in PEOPLE:
        customer = _customer(fake, who, now)
        for days in (RECENT, YOUNG, OLD):
            _payment(fake, who, customer, now - timedelta(days=days))
    _more_of_the_subject(fake, PEOPLE.subject, now)
    for user_id in CROWD:
        other = person(user_id)
        customer = _customer(fake, other, now)
        _payment(fake, other, customer, now - timedelta(days=300))


def _customer(fake: StripeFake, who: Person, now: datetime) -> str:
    # Stripe keeps an address as it was typed, and its filter minds the case.
    typed = "Ann.Lee@Example.com" if who == PEOPLE.subject else who.email
    id_ = who.stripe_customer or f"cus_Sandbox{who.user_id:04d}"
    fake.plant(
        "customer",
        id=id_,
        email=typed,
        name=who.name,
        phone=f"+1 608 555 {who.user_id:04d}",
        address=ADDRESS,
        metadata={"user_id": str(who.user_id)},
        created=now - timedelta(days=3000),
    )
    fake.plant(
        "payment_method",
        customer=id_,
        billing_details={"email": who.email, "name": who.name, "address": ADDRESS},
        created=now - timedelta(days=500),
    )
    return id_


def _payment(fake: StripeFake, who: Person, customer: str, at: datetime) -> None:
    details = {"email": who.email, "name": who.name, "address": ADDRESS}
    intent = fake.plant("payment_intent", customer=customer, receipt_email=who.email, created=at)
    charge = fake.plant(
        "charge",
        customer=customer,
        payment_intent=intent["id"],
        billing_details=details,
        receipt_email=who.email,
        created=at,
    )
    intent["latest_charge"] = charge["id"]
    fake.plant(
        "invoice",
        customer=customer,
        customer_email=who.email,
        customer_name=who.name,
        customer_address=ADDRESS,
        created=at,
    )


def _more_of_the_subject(fake: StripeFake, who: Person, now: datetime) -> None:
    """What only she has: a subscription that runs and one that ended, and a payment as a guest."""
    customer, long_ago = who.stripe_customer, now - timedelta(days=400)
    fake.plant("subscription", customer=customer, metadata={"seat": who.name}, created=long_ago)
    fake.plant(
        "subscription",
        customer=customer,
        status="canceled",
        canceled_at=int(long_ago.timestamp()),
        metadata={"seat": who.name},
        created=now - timedelta(days=1200),
    )
    fake.plant("setup_intent", customer=customer, description=f"card of {who.name}", created=long_ago)
    fake.plant("tax_id", customer=customer, value="12-3456789", created=long_ago)
    fake.plant("invoice", customer=customer, status="draft", customer_name=who.name, created=now - timedelta(days=2))
    fake.plant("credit_note", customer=customer, memo=f"sorry, {who.name}", created=long_ago)
    fake.plant(
        "charge",
        billing_details={"email": who.email, "name": who.name},
        receipt_email=who.email,
        created=now - timedelta(days=500),
    )
    fake.plant(
        "checkout.session",
        customer_details={"email": who.email, "name": who.name},
        created=now - timedelta(days=500),
    )


def payments_of(fake: StripeFake, who: Person) -> list[dict[str, Any]]:
    """Every object that belongs to the person's customer or names the person, by id."""
    customer = who.stripe_customer or f"cus_Sandbox{who.user_id:04d}"
    return copy.deepcopy([item for _, item in sorted(fake.objects.items()) if _names(item, who, customer)])


def _names(value: Any, who: Person, customer: str) -> bool:
    if isinstance(value, dict):
        return any(_names(held, who, customer) for held in value.values())
    if isinstance(value, list):
        return any(_names(held, who, customer) for held in value)
    return isinstance(value, str) and (value == customer or value.casefold() == who.email.casefold())


class Payments(VendorStore):
    """The store: Stripe."""

    url_variable, secret_variable = "DSR_SANDBOX_STRIPE_URL", "DSR_SANDBOX_STRIPE_API_KEY"
    secret = "sk_sandbox_training_tracker"
    fake: StripeFake

    def make(self) -> StripeFake:
        return StripeFake()

    def plant(self, now: datetime) -> None:
        self.fake.reset()
        plant_payments(self.fake, now)

    def of(self, person: Person) -> object:
        return payments_of(self.fake, person)
