"""Shared by the tests of SNS: specs, planting, and looking behind the connector's back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
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
    Subject,
    SystemSpec,
    Trust,
)
from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws.world import SECRETS, orders

ANN, JO = "ann.lee@example.com", "joann.lee@example.com"
PHONE, OTHER = "+12025550142", "+12025550101"
SUBJECT = Subject.of(
    Identifier("email", ANN, Trust.PROVEN),
    Identifier("phone", PHONE, Trust.PROVEN),
    Identifier("user_id", "1", Trust.ASSIGNED),
)
DEVICES = (
    IdentitySpec("user_id", "CustomUserData->user_id", Trust.ASSIGNED),
    IdentitySpec("email", "CustomUserData", Trust.CLAIMED),
)


def collections(*devices: IdentitySpec) -> tuple[CollectionSpec, ...]:
    reached = tuple(IdentitySpec(kind, "Endpoint", Trust.PROVEN, reveal=False) for kind in ("email", "phone"))
    number = (IdentitySpec("phone", "PhoneNumber", Trust.PROVEN, reveal=False),)
    shown = Disclosure.DISCLOSE
    return (
        CollectionSpec("subscriptions", reached, fields=(
            FieldSpec("Endpoint", "A", shown), FieldSpec("Protocol", "A", shown), FieldSpec("TopicArn", "K", shown))),
        CollectionSpec("endpoints", devices or DEVICES, fields=(
            FieldSpec("CustomUserData", "A", shown), FieldSpec("CustomUserData->user_id", "A", shown),
            FieldSpec("Token", "A", Disclosure.NEVER, "device token"))),
        CollectionSpec("sms_sandbox_numbers", number, fields=(FieldSpec("PhoneNumber", "A", shown),)),
        CollectionSpec("sms_opt_outs", number, fields=(FieldSpec("PhoneNumber", "A", shown),)),
    )  # fmt: skip


def spec(aws: AwsSandbox, *devices: IdentitySpec, **settings: Any) -> SystemSpec:
    given = {"endpoint_url": aws.url, "region": aws.region, "timeout": aws.faults.patience, **settings}
    return SystemSpec("alerts", "aws.sns", given, SECRETS, collections(*devices), sandbox=True)


def connector(aws: AwsSandbox, *devices: IdentitySpec, gate: Any = None, **settings: Any) -> Any:
    made = spec(aws, *devices, **settings)
    return connectors.build(replace(made, gate=gate) if gate else made)


def topic(aws: AwsSandbox, name: str = "news") -> str:
    return str(aws.client("sns").create_topic(Name=name)["TopicArn"])


def subscribe(aws: AwsSandbox, arn: str, endpoint: str, protocol: str = "email", confirmed: bool = True) -> None:
    aws.client("sns").subscribe(TopicArn=arn, Protocol=protocol, Endpoint=endpoint)
    if confirmed:
        aws.sns.confirm(endpoint)


def device(aws: AwsSandbox, token: str, data: str = "", name: str = "app") -> str:
    """The ARN of a newly registered device."""
    client = aws.client("sns")
    application = client.create_platform_application(Name=name, Platform="GCM", Attributes={})["PlatformApplicationArn"]
    more = {"CustomUserData": data} if data else {}
    return str(client.create_platform_endpoint(PlatformApplicationArn=application, Token=token, **more)["EndpointArn"])


def sandbox_number(aws: AwsSandbox, number: str, hours: int = 48) -> None:
    aws.sns.sandbox_numbers[number] = aws.sns.now - timedelta(hours=hours)


def located(made: Any, subject: Subject = SUBJECT) -> dict[tuple[str, str], Record]:
    return {(r.at.collection, r.at.key): r for r in made.locate(subject)}


def erase(made: Any, subject: Subject = SUBJECT) -> dict[tuple[str, str], Outcome]:
    outcomes = made.delete(subject, orders(list(made.locate(subject))))
    return {(o.at.collection, o.at.key): o for o in outcomes}


def held(aws: AwsSandbox) -> dict[str, list[Any]]:
    """Everything, read behind the connector's back."""
    from moto.sns.models import sns_backends

    backend = sns_backends["123456789012"][aws.region]
    tokens = {arn: e.token for arn, e in backend.platform_endpoints.items()}
    return {
        "subscriptions": sorted(
            (s.topic.arn, s.protocol, tokens.get(s.endpoint, s.endpoint), arn)
            for arn, s in backend.subscriptions.items()
        ),
        "endpoints": sorted((e.token, e.custom_user_data or "") for e in backend.platform_endpoints.values()),
        "numbers": sorted(aws.sns.sandbox_numbers),
        "opt_outs": sorted(aws.sns.opted_out),
        "opted_in": sorted(aws.sns.opted_in),
    }
