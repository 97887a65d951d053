"""What Stripe holds about a person, as data: one `Kind` per collection, children before parents.

Sources: the object and parameter pages of https://docs.stripe.com/api (version 2026-10-28.endive),
https://docs.stripe.com/privacy/redaction and https://docs.stripe.com/privacy/deletion-requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

_ADDRESSED = ("billing_details", "metadata")
_NONE: Mapping[str, str] = MappingProxyType({})


class Ending(StrEnum):
    """How an object ends when its deletion is ordered."""

    DELETE = "delete"  # DELETE on the object itself
    CLOSE = "close"  # cancelled or voided first; what is left of it follows the redaction
    DETACH = "detach"
    REDACT = "redact"  # a root of a redaction job, or taken along by one
    REDACT_SESSION = "redact_session"  # Identity's own redaction
    EMPTY = "empty"  # nothing deletes it: emptied, and unlinked when its customer goes


@dataclass(frozen=True, slots=True)
class Kind:
    """One collection of the connector.

    `personal`: attributes that can hold a person. `writable`: those an update can empty, with the
    parameter value that does it. `close`: (method, path suffix) of the step that ends an open one.
    """

    name: str
    path: str  # "{customer}" stands for the owner's id
    personal: tuple[str, ...]
    ending: Ending
    writable: Mapping[str, str] = field(default_factory=lambda: _NONE)
    root: str = ""  # its name among the roots of a redaction job
    close: tuple[str, str] = ("", "")
    family: str = ""  # what an open one becomes when closed
    note: str = ""

    @property
    def nested(self) -> bool:
        return "{customer}" in self.path


def _blank(*names: str) -> Mapping[str, str]:
    return MappingProxyType(dict.fromkeys(names, ""))


_BILLING = _blank(
    "billing_details.address",
    "billing_details.email",
    "billing_details.name",
    "billing_details.phone",
    "metadata",
)
_SUBSCRIPTION = ("description", "metadata", "cancellation_details.comment", "invoice_settings")
_INTENT = ("receipt_email", "shipping", "description", "metadata")
_INTENT_WRITE = _blank("receipt_email", "shipping", "description", "metadata")
_CHARGE = ("billing_details", "receipt_email", "shipping", "description", "metadata", "fraud_details")
_CHARGE_WRITE = _blank("receipt_email", "shipping", "description", "metadata")
_INVOICE = (
    "customer_email",
    "customer_name",
    "customer_phone",
    "customer_address",
    "customer_shipping",
    "customer_tax_ids",
    "shipping_details",
    "custom_fields",
    "description",
    "footer",
    "metadata",
)
_SESSION = (
    "customer_details",
    "customer_email",
    "client_reference_id",
    "collected_information",
    "shipping_details",
    "custom_fields",
    "metadata",
)

KINDS: tuple[Kind, ...] = (
    Kind("radar_value_list_items", "/v1/radar/value_list_items", ("value",), Ending.DELETE,
         note="takes the address off the fraud list"),
    Kind("early_fraud_warnings", "/v1/radar/early_fraud_warnings", (), Ending.REDACT),
    Kind("subscriptions_live", "/v1/subscriptions", _SUBSCRIPTION, Ending.CLOSE,
         _blank("description", "metadata", "cancellation_details.comment"), close=("delete", ""),
         family="subscriptions",
         note="cancels the subscription at once, without a refund"),
    Kind("subscription_schedules", "/v1/subscription_schedules", ("metadata",), Ending.CLOSE, _blank("metadata"),
         close=("post", "/cancel"), note="cancels the schedule and with it its subscription"),
    Kind("payment_intents_open", "/v1/payment_intents", _INTENT, Ending.CLOSE, _INTENT_WRITE, "payment_intents",
         ("post", "/cancel"), "payment_intents", "cancels the payment and releases what was authorised"),
    Kind("invoices_draft", "/v1/invoices", _INVOICE, Ending.DELETE, _blank("description", "footer", "metadata"),
         note="deletes the draft"),
    Kind("invoices_open", "/v1/invoices", _INVOICE, Ending.CLOSE, _blank("metadata"), "invoices",
         ("post", "/void"), "invoices", "voids the invoice: what is owed on it is given up"),
    Kind("quotes", "/v1/quotes", ("description", "header", "footer", "metadata"), Ending.EMPTY,
         _blank("description", "header", "footer", "metadata"), close=("post", "/cancel"),
         note="empties and cancels the quote"),
    Kind("promotion_codes", "/v1/promotion_codes", ("metadata",), Ending.EMPTY, _blank("metadata"),
         note="deactivates the code"),
    Kind("credit_grants", "/v1/billing/credit_grants", ("name", "metadata"), Ending.EMPTY, _blank("metadata")),
    Kind("credit_notes", "/v1/credit_notes", ("memo", "metadata"), Ending.EMPTY, _blank("memo", "metadata")),
    Kind("invoice_items", "/v1/invoiceitems", ("description", "metadata"), Ending.DELETE,
         _blank("description", "metadata")),
    Kind("tax_ids", "/v1/customers/{customer}/tax_ids", ("value", "verification"), Ending.DELETE),
    Kind("sources", "/v1/customers/{customer}/sources",
         ("name", "owner", "account_holder_name", "address_line1", "address_line2", "address_city", "address_zip",
          "address_state", "metadata"), Ending.DELETE),
    Kind("payment_methods", "/v1/payment_methods", _ADDRESSED, Ending.DETACH, _BILLING,
         note="detaches the payment method; it cannot be attached again"),
    Kind("guest_payment_methods", "/v1/payment_methods", _ADDRESSED, Ending.REDACT),
    Kind("setup_intents", "/v1/setup_intents", ("description", "metadata"), Ending.REDACT,
         _blank("description", "metadata"), "setup_intents", ("post", "/cancel"), note="cancels what is unfinished"),
    Kind("balance_transactions", "/v1/customers/{customer}/balance_transactions", ("description", "metadata"),
         Ending.EMPTY, _blank("description", "metadata")),
    Kind("cash_balance", "/v1/customers/{customer}/cash_balance_transactions", ("funded.bank_transfer",),
         Ending.REDACT),
    Kind("refunds", "/v1/refunds", ("metadata", "instructions_email"), Ending.REDACT, _blank("metadata")),
    Kind("disputes", "/v1/disputes", ("evidence", "metadata"), Ending.REDACT, _blank("metadata")),
    Kind("charges", "/v1/charges", _CHARGE, Ending.REDACT, _CHARGE_WRITE, "charges"),
    Kind("guest_charges", "/v1/charges", _CHARGE, Ending.REDACT, _CHARGE_WRITE, "charges"),
    Kind("payment_intents", "/v1/payment_intents", _INTENT, Ending.REDACT, _INTENT_WRITE, "payment_intents"),
    Kind("guest_payment_intents", "/v1/payment_intents", _INTENT, Ending.REDACT, _INTENT_WRITE, "payment_intents"),
    Kind("invoices", "/v1/invoices", _INVOICE, Ending.REDACT, _blank("metadata"), "invoices"),
    Kind("subscriptions", "/v1/subscriptions", _SUBSCRIPTION, Ending.REDACT,
         _blank("metadata", "cancellation_details.comment")),
    Kind("checkout_sessions", "/v1/checkout/sessions", _SESSION, Ending.REDACT, _blank("metadata"),
         "checkout_sessions", ("post", "/expire"), note="expires what is still open"),
    Kind("identity_verification_sessions", "/v1/identity/verification_sessions",
         ("client_reference_id", "metadata", "verified_outputs", "provided_details"), Ending.REDACT_SESSION),
    Kind("issuing_cards", "/v1/issuing/cards", ("shipping", "second_line", "metadata"), Ending.REDACT,
         _blank("metadata"), "issuing_cards", note="the card stops working"),
    Kind("issuing_cardholders", "/v1/issuing/cardholders",
         ("name", "email", "phone_number", "billing.address", "individual", "metadata"), Ending.REDACT,
         _blank("metadata"), "issuing_cardholders"),
    Kind("customers", "/v1/customers",
         ("email", "name", "individual_name", "business_name", "phone", "address", "shipping", "description",
          "metadata", "tax.ip_address"), Ending.REDACT,
         _blank("email", "name", "individual_name", "business_name", "phone", "address", "shipping", "description",
                "metadata", "tax.ip_address"), "customers"),
)  # fmt: skip
BY_NAME: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in KINDS})

# An object in one of these states moves money or could still; it is ended by a step of its own.
LIVE_SUBSCRIPTION = frozenset({"active", "trialing", "past_due", "unpaid", "paused", "incomplete"})
OPEN_INTENT = frozenset(
    {"requires_payment_method", "requires_confirmation", "requires_action", "requires_capture", "processing"}
)
CLOSED_DISPUTE = frozenset({"won", "lost", "warning_closed", "prevented"})
# What a `close` step ends, by the path of the object.
OPEN: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "/v1/subscriptions": LIVE_SUBSCRIPTION,
        "/v1/subscription_schedules": frozenset({"active", "not_started"}),
        "/v1/payment_intents": OPEN_INTENT,
        "/v1/setup_intents": OPEN_INTENT,
        "/v1/invoices": frozenset({"open"}),
        "/v1/quotes": frozenset({"draft", "open"}),
        "/v1/checkout/sessions": frozenset({"open"}),
    }
)
MUST_END_FIRST = ("subscriptions_live", "payment_intents_open", "invoices_draft", "invoices_open")
# Gone with a deleted customer: https://docs.stripe.com/api/customers/delete
TAKEN_BY_DELETION = frozenset(
    {"subscriptions_live", "payment_methods", "sources", "tax_ids", "balance_transactions", "cash_balance"}
)
# A redaction names these itself; nothing is said of a customer taking them along.
OWN_ROOTS = frozenset(
    {"setup_intents", "checkout_sessions", "identity_verification_sessions", "issuing_cards", "issuing_cardholders"}
)
