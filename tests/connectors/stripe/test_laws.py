"""The Stripe connector obeys the laws, over lists of several pages."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from connectors.model import FieldSpec, Redaction, SystemSpec
from connectors.sandbox.faults import Fault
from connectors.sandbox.serve import Server
from connectors.sandbox.stripe import StripeFake
from connectors.testing import conformance
from tests.connectors.stripe.account import OLD, SEEN, entry, paid, person


class StripeHarness:
    exempt: ClassVar[Mapping[str, str]] = {}
    settings: ClassVar[Mapping[str, Any]] = {"typed_addresses": "claimed"}
    subject = person("u-1")
    bystander = person("u-2", email="ann.lee2@example.com")
    canaries = ("ann.lee@example.com", "555-0100", "Ann Lee", "sk_sandbox_0001")
    never = ("4242", "pi_secret_of_the_sandbox", "AOB934RVNwzk6xtn")
    disclosed = ("ann.lee@example.com", "555-0100")
    corrections: ClassVar[Mapping[tuple[str, str], str]] = {
        ("customers", "phone"): "555-0177",
        ("customers", "name"): "Ann B. Lee",
        ("customers", "address.city"): "Monona",
        ("payment_methods", "billing_details.phone"): "555-0177",
    }
    refused: ClassVar[Mapping[tuple[str, str], str]] = {
        ("customers", "email"): "no address at all",
        ("payment_methods", "billing_details.phone"): "call 555-0177 after noon",
    }

    def start(self) -> None:
        self.fake = StripeFake()
        self.server = Server(self.fake)
        self.server.__enter__()

    def stop(self) -> None:
        self.server.__exit__()

    def plant(self) -> Mapping[str, int]:
        self.fake.reset()
        self._person("ann.lee@example.com", "u-1", "555-0100", "Ann.Lee@example.com")
        before = set(self.fake.objects)
        self._person("ann.lee2@example.com", "u-2", "555-0199", "ann.lee2@example.com")
        self.others = set(self.fake.objects) - before
        return {
            "customers": 3, "subscriptions_live": 1, "payment_methods": 1, "charges": 2, "payment_intents": 2,
            "refunds": 1, "invoices": 1, "guest_charges": 1, "guest_payment_intents": 1, "checkout_sessions": 1,
        }  # fmt: skip

    def _person(self, email: str, user: str, phone: str, given: str) -> None:
        plant = self.fake.plant
        first = plant("customer", email=email, name="Ann Lee", phone=phone, metadata={"user_id": user}, created=OLD,
                       address={"line1": "1 Oak St", "city": "Madison"})  # fmt: skip
        plant("customer", email=given, metadata={"note": "second"}, created=OLD)
        plant("customer", email="old@example.com", metadata={"user_id": user}, created=OLD)
        id_, who = first["id"], {"email": email, "name": "Ann Lee", "phone": phone}
        plant("subscription", customer=id_, description=email, created=OLD)
        plant("payment_method", customer=id_, billing_details=who, created=OLD)
        charge = paid(self.fake, id_, email, billing_details=who)
        second = paid(self.fake, id_, email, billing_details=who)
        plant("refund", charge=charge["id"], metadata={"for": email}, created=OLD)
        payment = {"payment": {"type": "payment_intent", "payment_intent": second["payment_intent"]}}
        plant("invoice", customer=id_, customer_email=email, payments={"data": [payment]}, created=OLD)
        paid(self.fake, None, email, billing_details=who)
        plant("checkout.session", customer_details={"email": email, "name": "Ann Lee"}, created=OLD)

    def spec(self) -> SystemSpec:
        """With the leaves that are corrected described apart from their hashes."""
        spec = entry(self.server.url, timeout=self.server.faults.patience, **self.settings)
        leaves = {"customers": ("address.city", "address.line1"), "payment_methods": (
            "billing_details.phone", "billing_details.email", "billing_details.name")}  # fmt: skip
        marked = (
            replace(c, fields=(*c.fields, *(FieldSpec(f, "B", SEEN, redaction=Redaction.NONE) for f in leaves[c.name])))
            if c.name in leaves else c for c in spec.collections
        )  # fmt: skip
        return replace(spec, collections=tuple(marked))

    def spec_refused(self) -> SystemSpec:
        spec = entry(self.server.url, key="sk_live_other", **self.settings)
        return SystemSpec(spec.system, spec.connector, spec.settings, spec.secrets, spec.collections)

    def untouched(self) -> object:
        return copy.deepcopy({id_: self.fake.objects.get(id_) for id_ in self.others})

    def fault(self, fault: Fault, after: int = 0, times: int = 1_000_000) -> AbstractContextManager[None]:
        return self.server.faults.inject(fault, after=after, times=times)

    def settle(self) -> None:
        self.fake.advance(timedelta(days=8))


TestStripe = conformance(StripeHarness)
