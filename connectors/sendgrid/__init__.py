"""SendGrid (Twilio): contacts, mail data and suppressions of one account and its subusers.

Settings: `base_url` (https://api.sendgrid.com, or https://api.eu.sendgrid.com), `timeout` (seconds),
`subusers` ("all", or a list of names; [] for an account without), `messages` (true if the plan has
Email Activity history: 30 days), `email_logs` (default true), `legacy_contacts` (true if the old
contactdb is in use), `not_in_plan` (further collections that a refusal of is no error),
`require_suppression` (default true: a contact is deleted only while its address is globally
unsubscribed), `settle_days` (until a read can tell what an accepted deletion came to; default 7),
`page_size` (rows of one answer of messages and logs).
Secret: `api_key`, of the parent account, with the scopes that `check` names, and `asm.groups.read` for a survey to
see unsubscribe groups.
Option of a suppression collection: `erase: true`, without which an order to delete is refused.
Identities of `contacts`: fields email, external_id (assigned), phone_number_id and anonymous_id
(only ever listed). Kinds by default: email, sendgrid.external_id, phone, sendgrid.anonymous_id.
A contact that bears the person's external id under an address not known to be theirs, or their address
with another external id, is left to a person.

Corrections need `marketing.update`, and `asm.groups.suppressions.create` where opt-outs of groups go along. Names and
postal addresses of contacts, and names of legacy ones, are updated; `email` and `phone_number_id` are identifiers and
change in steps (see `correct`), with the old address's unsubscribes entered for the new one before. By hand: a
legacy contact's address, custom fields, and a contact that only unknown identifiers would lead to on the way.
What is not confirmed: that an update may put an identifier on a contact that has another. Where it may not, the
address stays off the contact and no reading calls it corrected.

Deletion of contacts and erasure of mail data are accepted (HTTP 202) and done later, and no call
tells when; whether an erasure takes contacts and suppressions along is not documented. So opt-outs
are compared before and after, and `suppressed` tells later whether they are still there.
Outside: what left through the Event and the Parse Webhook, uploaded validation lists, statistics,
the access log by IP address, and verified senders of subusers, who are told to their own keys only.

Sources: https://www.twilio.com/docs/sendgrid/api-reference (one page per call), and the OpenAPI
description at https://github.com/twilio/sendgrid-oai.
"""

from __future__ import annotations

from connectors.model import SystemSpec
from connectors.sendgrid.connector import SendGridConnector

__all__ = ["SendGridConnector", "connect"]


def connect(spec: SystemSpec) -> SendGridConnector:
    """The connector of one account. Raises ConfigError for a setting that is missing or wrong."""
    return SendGridConnector(spec)
