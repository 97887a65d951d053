"""The object types of the fake: where they live, what a list filters by, what an update takes,
what a redaction blanks. Shapes after the objects' pages of https://docs.stripe.com/api.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Shape:
    """One type. `filters` are list parameters equal to the attribute of that (dotted) name."""

    path: str
    prefix: str
    filters: tuple[str, ...] = ()
    updates: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    open: tuple[str, ...] = ()  # statuses in which it is unfinished
    defaults: Mapping[str, Any] = field(default_factory=dict)


_NOWHERE = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}
_NO_BILLING = {"address": _NOWHERE, "email": None, "name": None, "phone": None, "tax_id": None}
_CARD = {"brand": "visa", "exp_month": 8, "exp_year": 2030, "fingerprint": "AOB934RVNwzk6xtn", "last4": "4242"}
_INTENT_OPEN = (
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "requires_capture",
    "processing",
)
_INVOICE_PERSONAL = (
    "customer_email", "customer_name", "customer_phone", "customer_address", "customer_shipping", "customer_tax_ids",
    "shipping_details", "custom_fields", "description", "footer", "metadata",
)  # fmt: skip

SHAPES: Mapping[str, Shape] = MappingProxyType({
    "customer": Shape(
        "/v1/customers", "cus_", ("email",),
        ("address", "business_name", "description", "email", "individual_name", "metadata", "name", "phone",
         "preferred_locales", "shipping", "tax"),
        ("email", "name", "individual_name", "business_name", "phone", "address", "shipping", "description",
         "metadata"),
        defaults={"address": None, "balance": 0, "currency": "usd", "delinquent": False, "description": None,
                  "email": None, "metadata": {}, "name": None, "phone": None, "shipping": None}),
    "subscription": Shape(
        "/v1/subscriptions", "sub_", ("customer",), ("cancellation_details", "description", "metadata"),
        ("description", "metadata", "cancellation_details.comment"),
        ("active", "trialing", "past_due", "unpaid", "paused", "incomplete"),
        {"status": "active", "canceled_at": None, "description": None, "metadata": {}, "currency": "usd",
         "cancellation_details": {"comment": None, "feedback": None, "reason": None}}),
    "subscription_schedule": Shape(
        "/v1/subscription_schedules", "sub_sched_", ("customer",), ("metadata",), ("metadata",),
        ("active", "not_started"), {"status": "active", "subscription": None, "canceled_at": None, "metadata": {}}),
    "payment_intent": Shape(
        "/v1/payment_intents", "pi_", ("customer",), ("description", "metadata", "receipt_email", "shipping"),
        ("description", "metadata", "receipt_email", "shipping"), _INTENT_OPEN,
        {"amount": 1099, "currency": "usd", "status": "succeeded", "customer": None, "description": None,
         "canceled_at": None, "client_secret": "pi_secret_of_the_sandbox", "latest_charge": None, "metadata": {},
         "payment_method": None, "receipt_email": None, "shipping": None}),
    "setup_intent": Shape(
        "/v1/setup_intents", "seti_", ("customer",), ("description", "metadata"), ("description", "metadata"),
        _INTENT_OPEN, {"status": "succeeded", "customer": None, "client_secret": "seti_secret_of_the_sandbox",
                       "description": None, "metadata": {}}),
    "charge": Shape(
        "/v1/charges", "ch_", ("customer", "payment_intent"),
        ("description", "metadata", "receipt_email", "shipping"),
        ("billing_details", "receipt_email", "shipping", "description", "metadata"),
        defaults={"amount": 1099, "amount_captured": 1099, "amount_refunded": 0, "currency": "usd",
                  "customer": None, "billing_details": _NO_BILLING, "captured": True, "description": None,
                  "disputed": False, "metadata": {}, "paid": True, "payment_intent": None, "payment_method": None,
                  "payment_method_details": {"card": _CARD, "type": "card"}, "receipt_email": None,
                  "refunded": False, "shipping": None, "status": "succeeded"}),
    "invoice": Shape(
        "/v1/invoices", "in_", ("customer",), ("description", "footer", "metadata"), _INVOICE_PERSONAL,
        ("open", "draft"),
        {"status": "paid", "currency": "usd", "total": 1099, "customer_email": None, "customer_name": None,
         "customer_phone": None, "customer_address": None, "customer_shipping": None, "customer_tax_ids": [],
         "description": None, "footer": None, "metadata": {}, "number": "A-0001",
         "status_transitions": {"voided_at": None}}),
    "invoiceitem": Shape(
        "/v1/invoiceitems", "ii_", ("customer",), ("description", "metadata"), ("description", "metadata"),
        defaults={"amount": 100, "currency": "usd", "description": None, "invoice": None, "metadata": {}}),
    "credit_note": Shape(
        "/v1/credit_notes", "cn_", ("customer", "invoice"), ("memo", "metadata"), ("memo", "metadata"),
        defaults={"amount": 100, "invoice": None, "memo": None, "metadata": {}, "status": "issued"}),
    "quote": Shape(
        "/v1/quotes", "qt_", ("customer",), ("description", "footer", "header", "metadata"),
        ("description", "footer", "header", "metadata"), ("draft", "open"),
        {"status": "open", "description": None, "footer": None, "header": None, "metadata": {}}),
    "promotion_code": Shape(
        "/v1/promotion_codes", "promo_", ("customer",), ("active", "metadata"), ("metadata",),
        defaults={"active": True, "code": "THANKS", "metadata": {}}),
    "billing.credit_grant": Shape(
        "/v1/billing/credit_grants", "credgr_", ("customer",), ("metadata",), ("name", "metadata"),
        defaults={"category": "promotional", "metadata": {}, "name": None}),
    "payment_method": Shape(
        "/v1/payment_methods", "pm_", ("customer",), ("billing_details", "metadata"),
        ("billing_details", "metadata"),
        defaults={"billing_details": _NO_BILLING, "card": _CARD, "customer": None, "metadata": {}, "type": "card"}),
    "tax_id": Shape(
        "/v1/customers/{customer}/tax_ids", "txi_", (), (), ("value", "verification"),
        defaults={"country": "US", "type": "us_ein", "value": None, "verification": None}),
    "card": Shape(
        "/v1/customers/{customer}/sources", "card_", (), ("name", "metadata"),
        ("name", "address_line1", "address_zip", "metadata"),
        defaults={"address_line1": None, "address_zip": None, "last4": "4242", "name": None, "metadata": {}}),
    "customer_balance_transaction": Shape(
        "/v1/customers/{customer}/balance_transactions", "cbtxn_", (), ("description", "metadata"),
        ("description", "metadata"), defaults={"amount": -500, "description": None, "metadata": {}}),
    "customer_cash_balance_transaction": Shape(
        "/v1/customers/{customer}/cash_balance_transactions", "ccsbtxn_", (), (), ("funded.bank_transfer",),
        defaults={"net_amount": 500, "type": "funded", "funded": None}),
    "refund": Shape(
        "/v1/refunds", "re_", ("charge", "payment_intent"), ("metadata",), ("metadata", "instructions_email"),
        defaults={"amount": 1099, "charge": None, "payment_intent": None, "metadata": {}, "status": "succeeded"}),
    "dispute": Shape(
        "/v1/disputes", "du_", ("charge", "payment_intent"), ("metadata",), ("evidence", "metadata"),
        defaults={"amount": 1099, "charge": None, "evidence": {}, "metadata": {}, "status": "needs_response"}),
    "radar.early_fraud_warning": Shape(
        "/v1/radar/early_fraud_warnings", "issfr_", ("charge", "payment_intent"),
        defaults={"actionable": False, "charge": None, "fraud_type": "misc"}),
    "radar.value_list_item": Shape(
        "/v1/radar/value_list_items", "rsli_", ("value_list", "value"), (), ("value",),
        defaults={"value": "", "value_list": ""}),
    "checkout.session": Shape(
        "/v1/checkout/sessions", "cs_", ("customer", "payment_intent", "customer_details.email"), ("metadata",),
        ("customer_details", "customer_email", "client_reference_id", "collected_information", "metadata"),
        ("open",),
        {"status": "complete", "customer": None, "customer_details": None, "customer_email": None,
         "client_reference_id": None, "client_secret": None, "payment_intent": None, "metadata": {}}),
    "identity.verification_session": Shape(
        "/v1/identity/verification_sessions", "vs_", ("related_customer", "client_reference_id"), ("metadata",),
        ("client_reference_id", "metadata", "verified_outputs", "provided_details"),
        defaults={"client_reference_id": None, "client_secret": None, "metadata": {}, "redaction": None,
                  "related_customer": None, "status": "verified", "type": "document"}),
    "issuing.card": Shape(
        "/v1/issuing/cards", "ic_", ("cardholder",), ("metadata",), ("shipping", "second_line", "metadata"),
        defaults={"cardholder": None, "last4": "4242", "metadata": {}, "second_line": None, "shipping": None,
                  "status": "active", "type": "virtual"}),
    "issuing.cardholder": Shape(
        "/v1/issuing/cardholders", "ich_", ("email", "phone_number"), ("email", "metadata", "phone_number"),
        ("name", "email", "phone_number", "billing", "individual", "metadata"),
        defaults={"billing": {"address": _NOWHERE}, "email": None, "individual": None, "metadata": {}, "name": None,
                  "phone_number": None, "status": "active", "type": "individual"}),
})  # fmt: skip


def attribute(item: Mapping[str, Any], name: str) -> Any:
    """The value under a dotted name."""
    value: Any = item
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def blank(item: dict[str, Any], names: tuple[str, ...]) -> None:
    """What a redaction does to an object."""
    for name in names:
        *parents, last = name.split(".")
        node: Any = item
        for part in parents:
            node = node.get(part) if isinstance(node, dict) else None
        if isinstance(node, dict) and last in node:
            node[last] = _blanked(node[last])


def _blanked(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _blanked(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_blanked(v) for v in value]
    if isinstance(value, str) and value:
        return "[redacted]"
    return None if isinstance(value, int | float) and not isinstance(value, bool) else value
