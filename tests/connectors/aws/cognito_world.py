"""Shared by the tests of Cognito: pools, users, specs, and looking behind the connector's back."""

from __future__ import annotations

from collections.abc import Mapping
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
from connectors.protocol import Connector
from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws.world import SECRETS, orders

ANN, JO = "ann.lee@example.com", "joann.lee@example.com"
SUBJECT = Subject.of(Identifier("email", ANN, Trust.PROVEN))
IDENTITIES = (
    IdentitySpec("email", "email", Trust.PROVEN),
    IdentitySpec("phone", "phone_number", Trust.PROVEN),
    IdentitySpec("cognito.sub", "sub", Trust.ASSIGNED),
    IdentitySpec("cognito.username", "Username", Trust.ASSIGNED),
)
BY_USER_ID = IdentitySpec("user_id", "custom:user_id", Trust.ASSIGNED)
SHOWN = ("email", "name", "sub", "groups", "devices", "auth_events", "UserCreateDate", "Username")


def pool(aws: AwsSandbox, name: str = "customers", **more: Any) -> str:
    """A new pool's id."""
    schema = [{"Name": n, "AttributeDataType": "String"} for n in ("user_id", "tier")]
    return str(aws.client("cognito-idp").create_user_pool(PoolName=name, Schema=schema, **more)["UserPool"]["Id"])


def user(aws: AwsSandbox, pool_id: str, username: str, email: str = "", verified: bool = True, **more: str) -> str:
    """A new user's sub. Attributes by name, `custom_user_id` for `custom:user_id`."""
    given = {k.replace("custom_", "custom:"): v for k, v in more.items()}
    if email:
        given |= {"email": email, "email_verified": str(verified).lower()}
    attributes = [{"Name": k, "Value": v} for k, v in given.items()]
    made = aws.client("cognito-idp").admin_create_user(
        UserPoolId=pool_id, Username=username, UserAttributes=attributes, MessageAction="SUPPRESS"
    )
    return next(str(a["Value"]) for a in made["User"]["Attributes"] if a["Name"] == "sub")


def collection(named: str = "customers", *identities: IdentitySpec, name: str = "", **more: Any) -> CollectionSpec:
    shown = tuple(
        FieldSpec(n, "A", Disclosure.DISCLOSE, redaction=Redaction.NONE if n == "UserCreateDate" else Redaction.AUTO)
        for n in SHOWN
    )
    fields = (*shown, FieldSpec("custom:tier", "D", Disclosure.NEVER, "internal rating"))
    return CollectionSpec(name or named, identities or IDENTITIES, fields=fields, options={"pool": named}, **more)


def spec(aws: AwsSandbox, *collections: CollectionSpec, **settings: Any) -> SystemSpec:
    given = {"endpoint_url": aws.url, "region": aws.region, "timeout": aws.faults.patience, **settings}
    return SystemSpec("logins", "aws.cognito", given, SECRETS, collections or (collection(),), sandbox=True)


def connector(aws: AwsSandbox, *collections: CollectionSpec, gate: Any = None, **settings: Any) -> Connector:
    made = spec(aws, *collections, **settings)
    return connectors.build(replace(made, gate=gate) if gate else made)


def located(made: Connector, subject: Subject = SUBJECT) -> dict[tuple[str, str], Record]:
    return {(r.at.collection, r.at.key): r for r in made.locate(subject)}


def erase(made: Connector, subject: Subject = SUBJECT) -> list[Outcome]:
    return list(made.delete(subject, orders(list(made.locate(subject)))))


def users(aws: AwsSandbox, pool_id: str) -> Mapping[str, Mapping[str, Any]]:
    """Everyone in a pool, read behind the connector's back."""
    from moto.cognitoidp.models import cognitoidp_backends

    held = cognitoidp_backends["123456789012"][aws.region].user_pools[pool_id].users
    return {
        name: {**{a["Name"]: a["Value"] for a in u.attributes}, "enabled": u.enabled,
               "groups": sorted(g.group_name for g in u.groups)}
        for name, u in held.items()
    }  # fmt: skip
