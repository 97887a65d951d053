"""Shared by the tests of S3: specs, planting, and looking behind the connector's back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import connectors
from connectors.model import (
    Action,
    CollectionSpec,
    Disclosure,
    FieldSpec,
    Identifier,
    Order,
    Outcome,
    Record,
    Secret,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.protocol import Connector
from connectors.sandbox.aws import AwsSandbox

CONTENT = FieldSpec("content", "B", Disclosure.DISCLOSE)
SECRETS = {"access_key_id": Secret("sandbox"), "secret_access_key": Secret("sandbox")}
ANN = Subject.of(Identifier("user_id", "1", Trust.PROVEN))
BUCKET = "tt-uploads"


def person(**values: str) -> Subject:
    return Subject.of(*(Identifier(kind, value, Trust.PROVEN) for kind, value in values.items()))


def spec(aws: AwsSandbox, *collections: CollectionSpec, **settings: Any) -> SystemSpec:
    given = {"endpoint_url": aws.url, "region": aws.region, "timeout": aws.faults.patience, **settings}
    return SystemSpec("files", "aws.s3", given, SECRETS, collections, sandbox=True)


def uploads(**options: Any) -> CollectionSpec:
    options = options or {"key_patterns": ["users/{user_id}/"]}
    return CollectionSpec("uploads", fields=(CONTENT,), options={"bucket": BUCKET, **options})


def connector(aws: AwsSandbox, *collections: CollectionSpec, **settings: Any) -> Connector:
    return connectors.build(spec(aws, *(collections or (uploads(),)), **settings))


def bucket(aws: AwsSandbox, versioning: str = "Enabled", name: str = BUCKET, lock: bool = False) -> Any:
    client = aws.client("s3")
    client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock)
    if versioning:
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": versioning})
    return client


def put(aws: AwsSandbox, key: str, body: bytes = b"x", name: str = BUCKET, **more: Any) -> str:
    """The version id of what was put."""
    return str(aws.client("s3").put_object(Bucket=name, Key=key, Body=body, **more).get("VersionId", "null"))


def stored(aws: AwsSandbox, name: str = BUCKET) -> dict[tuple[str, str], object]:
    """Every version (with content) and marker of a bucket."""
    client = aws.client("s3")
    held: dict[tuple[str, str], object] = {}
    for page in client.get_paginator("list_object_versions").paginate(Bucket=name):
        for row in page.get("Versions", ()):
            got = client.get_object(Bucket=name, Key=row["Key"], VersionId=row["VersionId"])
            held[row["Key"], row["VersionId"]] = (got["Body"].read(), row["ETag"], got["Metadata"])
        for row in page.get("DeleteMarkers", ()):
            held[row["Key"], row["VersionId"]] = "marker"
    return held


def keys(aws: AwsSandbox, name: str = BUCKET) -> list[str]:
    return sorted(key for key, _ in stored(aws, name))


def orders(records: Sequence[Record], **changes: Any) -> list[Order]:
    return [
        Order(
            r.at, Action.RETAIN if r.obstacles else Action.DELETE, changes.get("count", r.count), changes.get("late", 0)
        )
        for r in records
    ]


def erase(made: Connector, subject: Subject = ANN) -> tuple[list[Record], list[Outcome]]:
    records = list(made.locate(subject))
    return records, list(made.delete(subject, orders(records)))


def exported(made: Connector, subject: Subject = ANN) -> Mapping[str, bytes]:
    return {a.name: b"".join(a.chunks) for r in made.locate(subject) for a in made.export(subject, r.at)}
