"""Shared by the tests of rows inside files on S3: specs, files of every format, and what is in them now."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import connectors
from connectors.aws.lake import LakeConnector
from connectors.lake.packing import packed, unpacked
from connectors.model import CollectionSpec, Disclosure, FieldSpec, Identifier, IdentitySpec, Subject, SystemSpec, Trust
from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws.world import SECRETS

BUCKET = "tt-lake"
ANN = Subject.of(
    Identifier("user_id", "1", Trust.ASSIGNED), Identifier("email", "ann.lee@example.com", Trust.PROVEN)
)  # fmt: skip
BY_ID = IdentitySpec("user_id", "user_id", Trust.ASSIGNED)
BY_EMAIL = IdentitySpec("email", "email", Trust.ASSIGNED)
SEEN = tuple(FieldSpec(name, "F", Disclosure.DISCLOSE) for name in ("page", "message"))
HIDDEN = FieldSpec("token", "B", Disclosure.NEVER, "session token")
Rows = Sequence[Mapping[str, Any]]


def collection(name: str, identities: Sequence[IdentitySpec] = (BY_ID, BY_EMAIL), **options: Any) -> CollectionSpec:
    age = options.pop("age", "")
    cutoffs = options.pop("cutoffs", ())
    given = {"bucket": BUCKET, "prefix": f"{name}/", **options}
    return CollectionSpec(
        name, tuple(identities), fields=(*SEEN, HIDDEN), age_field=age, cutoffs=cutoffs, options=given
    )


def spec(aws: AwsSandbox, *collections: CollectionSpec, **settings: Any) -> SystemSpec:
    given = {"endpoint_url": aws.url, "region": aws.region, "timeout": 2.5, **settings}
    return SystemSpec("lake", "aws.lake", given, SECRETS, collections, sandbox=True)


def connector(aws: AwsSandbox, *collections: CollectionSpec, **settings: Any) -> LakeConnector:
    built = connectors.build(spec(aws, *collections, **settings))
    assert isinstance(built, LakeConnector)
    return built


def as_csv(rows: Rows) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def as_jsonl(rows: Rows) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def as_archive(messages: Sequence[str]) -> bytes:
    at = "2025-11-10 00:19:36 -0800\t2025-11-10 00:19:37 -0800"
    lines = [f"{n}\t{at}\t7\tweb\t192.0.2.1\tUser\tInfo\tapp\t{message}\n" for n, message in enumerate(messages)]
    return gzip.compress("".join(lines).encode())


def as_parquet(rows: Rows, **more: Any) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    into = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), into, **more)
    return into.getvalue()


def wrapped(body: bytes, packing: str) -> bytes:
    into = io.BytesIO()
    with packed(into, packing) as file:
        file.write(body)
    return into.getvalue()


def bare(body: bytes, packing: str) -> bytes:
    return unpacked(io.BytesIO(body), packing, 10**9).read()


def parquet_rows(body: bytes) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = pq.read_table(io.BytesIO(body)).to_pylist()
    return rows


def put(aws: AwsSandbox, key: str, body: bytes, **more: Any) -> str:
    return str(aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body, **more).get("VersionId", "null"))


def body(aws: AwsSandbox, key: str) -> bytes:
    held: bytes = aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return held


def versions(aws: AwsSandbox, key: str) -> list[str]:
    held = aws.client("s3").list_object_versions(Bucket=BUCKET, Prefix=key).get("Versions", [])
    return [row["VersionId"] for row in held]
