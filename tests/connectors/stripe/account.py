"""The account the tests run against: its inventory and the people planted in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import connectors
from connectors.model import (
    Action,
    CollectionSpec,
    Disclosure,
    FieldSpec,
    Identifier,
    Order,
    Outcome,
    Record,
    Redaction,
    Secret,
    Status,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.protocol import Connector
from connectors.sandbox.stripe import StripeFake
from connectors.stripe.vocabulary import KINDS
from connectors.testing import orders_for

OLD = datetime.now(UTC).replace(microsecond=0) - timedelta(days=400)
EMAIL = "Ann.Lee@example.com"
SEEN = Disclosure.DISCLOSE
LISTS = {"value_lists": ("rsl_blocked",)}


def person(*users: str, email: str = EMAIL, customers: Iterable[str] = ()) -> Subject:
    return Subject.of(
        Identifier("email", email, Trust.PROVEN),
        *(Identifier("user_id", user, Trust.ASSIGNED) for user in users),
        *(Identifier("stripe.customer", id_, Trust.ASSIGNED) for id_ in customers),
    )


def collections(without: Iterable[str] = ()) -> tuple[CollectionSpec, ...]:
    """Every collection, its personal fields disclosed and its amounts marked as nobody's."""
    return tuple(
        CollectionSpec(
            kind.name,
            fields=(
                *(FieldSpec(name, "A", SEEN) for name in kind.personal),
                FieldSpec("amount", "D", SEEN, redaction=Redaction.NONE),
                FieldSpec("payment_method_details", "D", SEEN, redaction=Redaction.NONE),
                FieldSpec("card.last4", "D", Disclosure.NEVER, "card digits", Redaction.NONE),
                FieldSpec("payment_method_details.card.last4", "D", Disclosure.NEVER, "card digits", Redaction.NONE),
            ),
            options=LISTS if kind.name == "radar_value_list_items" else {},
        )
        for kind in KINDS
        if kind.name not in set(without)
    )


def entry(url: str, without: Iterable[str] = (), key: str = "sk_sandbox_0001", **settings: Any) -> SystemSpec:
    # What a typed address is worth is the subject of test_typed_addresses; the others look at what comes after.
    given = {"base_url": url, "timeout": 30.0, "page_size": 2, "redaction_poll": 0, "redaction_wait": 0.5,
             "typed_addresses": "count"}  # fmt: skip
    return SystemSpec(
        "billing", "stripe", {**given, **settings}, {"api_key": Secret(key)}, collections(without), sandbox=True
    )


def connect(spec: SystemSpec) -> Connector:
    return connectors.build(spec)


def located(spec: SystemSpec, who: Subject) -> dict[str, int]:
    """Count per collection, with the fate where it is not free."""
    return {f"{r.at.collection}{':' if r.at.key else ''}{r.at.key}": r.count for r in connect(spec).locate(who)}


def run(spec: SystemSpec, who: Subject, orders: Iterable[Order]) -> dict[str, Outcome]:
    return {o.at.collection: o for o in connect(spec).delete(who, list(orders))}


def of(records: Iterable[Record], collection: str, key: str = "") -> Record:
    return next(r for r in records if r.at.collection == collection and r.at.key == key)


def paid(fake: StripeFake, customer: str | None, email: str = "ann.lee@example.com", **charge: Any) -> dict[str, Any]:
    """A payment of a customer or a guest: intent and charge, old enough to be let go."""
    created = charge.pop("created", OLD)
    intent = fake.plant("payment_intent", customer=customer, receipt_email=email, created=created)
    who = {"email": email, "name": "Ann Lee", "phone": "555-0100"}
    billing = charge.pop("billing_details", who)
    made = fake.plant(
        "charge", customer=customer, payment_intent=intent["id"], billing_details=billing, created=created, **charge
    )
    intent["latest_charge"] = made["id"]
    return made


DONE = Status.DONE


def planned(spec: SystemSpec, **actions: Action) -> tuple[list[Record], list[Order]]:
    """Orders to delete everything located, locked records retained, collections changed by name."""
    records = list(connect(spec).locate(person()))
    orders = [replace(o, action=Action.RETAIN) if o.action is Action.MANUAL else o for o in orders_for(records)]
    return records, [replace(o, action=actions.get(o.at.collection, o.action)) for o in orders]
