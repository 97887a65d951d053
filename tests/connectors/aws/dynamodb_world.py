"""Shared by the tests of DynamoDB: tables, items, specs, and looking behind the connector's back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import connectors
from connectors.model import (
    CollectionSpec,
    Disclosure,
    FieldSpec,
    IdentitySpec,
    Redaction,
    SystemSpec,
    Trust,
)
from connectors.protocol import Connector
from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws.world import SECRETS

TABLE = "tt-activity"
BY_USER = IdentitySpec("user_id", "pk", Trust.ASSIGNED)
BY_EMAIL = IdentitySpec("email", "email", Trust.PROVEN)
BACKUPS = CollectionSpec("backups")
SEEN = Disclosure.DISCLOSE
FIELDS = (
    FieldSpec("email", "A", SEEN),
    FieldSpec("city", "G", SEEN),
    FieldSpec("token", "A", Disclosure.NEVER, "session token"),
    FieldSpec("profile->name", "B", SEEN),
    FieldSpec("pk", "A", Disclosure.NEVER, "key", Redaction.NONE),
    FieldSpec("at", "F", SEEN, redaction=Redaction.NONE),
)


def table(aws: AwsSandbox, name: str = TABLE, sort: str = "sk", kind: str = "S", **indexes: str) -> Any:
    """`indexes`: attribute -> projection, an index `by-ATTRIBUTE` each."""
    client = aws.client("dynamodb")
    keys = [("pk", "HASH"), *([(sort, "RANGE")] if sort else [])]
    types = {"pk": kind, **({sort: "S"} if sort else {}), **dict.fromkeys(indexes, "S")}
    made: dict[str, Any] = {
        "TableName": name,
        "KeySchema": [{"AttributeName": n, "KeyType": t} for n, t in keys],
        "AttributeDefinitions": [{"AttributeName": n, "AttributeType": t} for n, t in types.items()],
        "BillingMode": "PAY_PER_REQUEST",
    }
    if indexes:
        made["GlobalSecondaryIndexes"] = [
            {
                "IndexName": f"by-{name}",
                "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}],
                "Projection": {"ProjectionType": projection},
            }
            for name, projection in indexes.items()
        ]
    client.create_table(**made)
    return client


def put(aws: AwsSandbox, item: Mapping[str, Any], name: str = TABLE) -> None:
    """Texts stand for themselves; anything else is an attribute value as it goes over the wire."""
    typed = {k: {"S": v} if isinstance(v, str) else v for k, v in item.items()}
    aws.client("dynamodb").put_item(TableName=name, Item=typed)


def stored(aws: AwsSandbox, name: str = TABLE) -> list[dict[str, Any]]:
    items = aws.client("dynamodb").get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
    return sorted((i for page in items for i in page["Items"]), key=str)


def spec(aws: AwsSandbox, *collections: CollectionSpec, **settings: Any) -> SystemSpec:
    given = {"endpoint_url": aws.url, "region": aws.region, "timeout": 20, **settings}
    return SystemSpec("tables", "aws.dynamodb", given, SECRETS, (*collections, BACKUPS), sandbox=True)


def activity(
    *identities: IdentitySpec, fields: tuple[FieldSpec, ...] = FIELDS, name: str = "activity", **options: Any
) -> CollectionSpec:
    options = {"table": TABLE, "templates": {"pk": "USER#{user_id}"}, **options}
    return CollectionSpec(name, identities or (BY_USER,), fields=fields, options=options)


def connector(aws: AwsSandbox, *collections: CollectionSpec, **settings: Any) -> Connector:
    return connectors.build(spec(aws, *(collections or (activity(),)), **settings))
