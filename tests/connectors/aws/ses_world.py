"""Shared by the tests of SES: specs, planting, and looking behind the connector's back."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import connectors
from connectors.model import (
    CollectionSpec,
    Disclosure,
    FieldSpec,
    Identifier,
    IdentitySpec,
    Outcome,
    Record,
    Redaction,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.sandbox.aws import AwsSandbox
from connectors.sandbox.aws.ses import contacts
from tests.connectors.aws.world import SECRETS, orders

ANN, JO = "ann.lee@example.com", "joann.lee@example.com"
SUBJECT = Subject.of(Identifier("email", ANN, Trust.PROVEN))
OUT = ({"TopicName": "news", "SubscriptionStatus": "OPT_OUT"},)
IN = ({"TopicName": "news", "SubscriptionStatus": "OPT_IN"},)
_KEPT_FIELDS = (
    FieldSpec("EmailAddress", "A", Disclosure.DISCLOSE, redaction=Redaction.NONE),
    FieldSpec("TopicPreferences", "K", Disclosure.DISCLOSE, redaction=Redaction.NONE),
)


def collections(erase: bool = True) -> tuple[CollectionSpec, ...]:
    shown = tuple(FieldSpec(n, "A", Disclosure.DISCLOSE) for n in ("EmailAddress", "AttributesData"))
    by_address = (IdentitySpec("email", "EmailAddress", Trust.PROVEN, reveal=False),)
    options = {"erase": True} if erase else {}
    return (
        CollectionSpec("contacts", by_address, fields=shown),
        CollectionSpec(
            "contact_opt_outs", by_address, options=options,
            fields=(*_KEPT_FIELDS, FieldSpec("AttributesData", "D", Disclosure.NEVER, "internal rating")),
        ),
        CollectionSpec(
            "identities", (IdentitySpec("email", "IdentityName", Trust.PROVEN, reveal=False),),
            fields=(FieldSpec("IdentityName", "A", Disclosure.DISCLOSE),),
        ),
        CollectionSpec(
            "suppressed", by_address, options=options,
            fields=(*_KEPT_FIELDS[:1], FieldSpec("Reason", "F", Disclosure.DISCLOSE),
                    FieldSpec("Attributes", "F", Disclosure.NEVER, "message id")),
        ),
    )  # fmt: skip


def spec(aws: AwsSandbox, erase: bool = True, **settings: Any) -> SystemSpec:
    given = {"endpoint_url": aws.url, "region": aws.region, "timeout": aws.faults.patience, **settings}
    return SystemSpec("mail", "aws.ses", given, SECRETS, collections(erase), sandbox=True)


def connector(aws: AwsSandbox, erase: bool = True, gate: Any = None, **settings: Any) -> Any:
    made = spec(aws, erase, **settings)
    return connectors.build(replace(made, gate=gate) if gate else made)


def contact(aws: AwsSandbox, email: str, name: str = "newsletter", **more: Any) -> None:
    """`TopicPreferences`, `UnsubscribeAll`, `AttributesData` as CreateContact takes them."""
    client = aws.client("sesv2")
    if name not in {row["ContactListName"] for row in client.list_contact_lists()["ContactLists"]}:
        client.create_contact_list(ContactListName=name)
    client.create_contact(ContactListName=name, EmailAddress=email, **more)


def located(made: Any, subject: Subject = SUBJECT) -> dict[tuple[str, str], Record]:
    return {(r.at.collection, r.at.key): r for r in made.locate(subject)}


def erase(made: Any, subject: Subject = SUBJECT) -> dict[tuple[str, str], Outcome]:
    outcomes = made.delete(subject, orders(list(made.locate(subject))))
    return {(o.at.collection, o.at.key): o for o in outcomes}


def held(aws: AwsSandbox) -> Any:
    """Contacts, suppressions and identities, read behind the connector's back."""
    from moto.ses.models import ses_backends

    identities = sorted(ses_backends["123456789012"][aws.region].email_identities)
    return copy.deepcopy((list(contacts()), dict(aws.ses.suppressed), identities))
