"""Shared by the tests of CloudWatch Logs: groups, lines and specs."""

from __future__ import annotations

from typing import Any

import connectors
from connectors.model import CollectionSpec, Disclosure, FieldSpec, IdentitySpec, Redaction, SystemSpec, Trust
from connectors.protocol import Connector
from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws.world import SECRETS

GROUP = "/tt/app"
BY_EMAIL = IdentitySpec("email", "message", Trust.PROVEN)
BY_USER = IdentitySpec("user_id", "message", Trust.ASSIGNED)
SEEN = (
    FieldSpec("message", "F", Disclosure.DISCLOSE),
    FieldSpec("timestamp", "F", Disclosure.DISCLOSE, redaction=Redaction.NONE),
)
HIDDEN = FieldSpec("stream", "F", Disclosure.NEVER, "name of a server")


def group(aws: AwsSandbox, name: str = GROUP, days: int | None = 30) -> Any:
    client = aws.client("logs")
    client.create_log_group(logGroupName=name)
    if days:
        client.put_retention_policy(logGroupName=name, retentionInDays=days)
    return client


def lines(
    *identities: IdentitySpec, name: str = "app", patterns: Any = ("user_id={user_id}",), **more: Any
) -> CollectionSpec:
    options = {"group": GROUP, "patterns": patterns, **more.pop("options", {})}
    return CollectionSpec(name, identities or (BY_EMAIL, BY_USER), fields=(*SEEN, HIDDEN), options=options, **more)


def spec(aws: AwsSandbox, *collections: CollectionSpec, **settings: Any) -> SystemSpec:
    given = {"endpoint_url": aws.url, "region": aws.region, "timeout": 20, **settings}
    all_of_them = (*(collections or (lines(),)), CollectionSpec("copies"))
    return SystemSpec("app_logs", "aws.logs", given, SECRETS, all_of_them, sandbox=True)


def connector(aws: AwsSandbox, *collections: CollectionSpec, **settings: Any) -> Connector:
    return connectors.build(spec(aws, *collections, **settings))
