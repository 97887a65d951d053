"""Stripe: customers, guests' payments and everything that hangs on them.

`connect(spec)` needs the extra `stripe`. Settings: `erasure` (`redaction_job`, Stripe's preview
for data-subject requests, or `delete_customer`, which leaves payments as they are),
`guest_scan_days` (how far back payments without a customer are read; 0: all),
`refund_window_days` (180), `typed_addresses` (`claimed`, or `count` where addresses were verified
before they reach Stripe), `user_metadata_key` ("user_id"), `preview_version`, `search` (false for
accounts in India, which have none), `connected_account`, `redaction_wait` and `redaction_poll`
(seconds), `timeout` (seconds), `page_size` (1-100), `base_url`. Secret: `api_key`, unrestricted, or restricted
with Read for every list below and Write for what is deleted: `dsr check` names each that it lacks.

Searched by `email`, `user_id` (in the metadata) and `stripe.customer`. Collections, which are
fixed; one that holds something and is missing in the inventory stops the plan:

- ended by a step of their own: subscriptions_live, subscription_schedules, payment_intents_open,
  invoices_draft, invoices_open;
- deleted or detached: radar_value_list_items (option `value_lists`: ids of the lists to search),
  invoice_items, tax_ids, sources, payment_methods;
- emptied, as nothing deletes them: quotes, promotion_codes, credit_grants, credit_notes,
  balance_transactions;
- redacted: charges, payment_intents, invoices, subscriptions, refunds, disputes,
  early_fraud_warnings, cash_balance, setup_intents, checkout_sessions (guests' too),
  identity_verification_sessions, issuing_cards, issuing_cardholders, guest_charges, guest_payment_intents,
  guest_payment_methods;
- customers.

Corrected by ordinary updates: customers (email, name, phone, description, address, shipping), payment_methods
(billing_details), sources (name, address), issuing_cardholders (email, phone_number), each leaf by its dotted
name, such as `address.city`. What charges, payments and invoices say of a person stays as it was said.

Records are split by fate: payments with an open dispute, still refundable or younger than 90 days
are LOCKED. An address in Stripe was typed and may be mistyped: a customer or guest's payment found by
it alone counts where something assigned agrees (a customer that is the person's by its id or user id bears the
same address or name), and is CLAIMED otherwise. What bears another user id, address or name as well
is SEVERAL_PEOPLE or SHARED, a payment of the person's own customer too, and the customer then stays.
None of these is exported or touched; confirming the Stripe customer id makes it the person's.
`found_by: [{kind: …, field: id, trust: assigned}]` on a collection of guests' objects has the next plan know
those of this one, whose customer may be erased by then.

Not searched: Accounts v2 used as customers (no list by e-mail exists), events (Stripe drops them
after 30 days and redacts them along), connected accounts other than `connected_account`.
Sources: https://docs.stripe.com/api, https://docs.stripe.com/privacy/redaction,
https://docs.stripe.com/privacy/deletion-requests, https://docs.stripe.com/search.
"""

from __future__ import annotations

from connectors.model import SystemSpec
from connectors.stripe.connector import StripeConnector

__all__ = ["StripeConnector", "connect"]


def connect(spec: SystemSpec) -> StripeConnector:
    """The connector of one inventory entry. Raises ConfigError naming the setting that is wrong."""
    return StripeConnector(spec)
