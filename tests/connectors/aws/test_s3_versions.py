"""All versions, delete markers and unfinished uploads; the sides of cut-offs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.model import Status
from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws.world import ANN, BUCKET, bucket, connector, erase, keys, orders, put, stored, uploads


def _age(aws: AwsSandbox, key: str, version: str, at: datetime) -> None:
    """Nothing in S3's API sets LastModified; the fake's store is written to."""
    from moto.s3.models import s3_backends

    for held in s3_backends["123456789012"]["aws"].buckets[BUCKET].keys.getlist(key):
        if held.version_id == version:
            held.last_modified = at.replace(tzinfo=None)


def _plant(aws: AwsSandbox, versioning: str, user: str) -> int:
    """A key from before versioning, one with versions and markers; how many entries that makes."""
    client: Any = aws.client("s3")
    put(aws, f"users/{user}/null", b"from before")
    if versioning:
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        put(aws, f"users/{user}/null", b"second")
        put(aws, f"users/{user}/b", b"third")
        client.delete_object(Bucket=BUCKET, Key=f"users/{user}/b")
        client.delete_object(Bucket=BUCKET, Key=f"users/{user}/b")
    return 5 if versioning else 1


@pytest.mark.parametrize("versioning", ["", "Enabled", "Suspended"])
@pytest.mark.parametrize("page_size", [1, 2, 1000])
def test_every_version_and_marker_goes(aws: AwsSandbox, versioning: str, page_size: int) -> None:
    client = bucket(aws, "")
    count = _plant(aws, versioning, "1")
    for user in ("0", "10", "2"):
        _plant(aws, "", user)
    if versioning == "Suspended":
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
        client.delete_object(Bucket=BUCKET, Key="users/1/b")  # a marker whose version is "null"
        count += 1
    before = {at: held for at, held in stored(aws).items() if "/1/" not in at[0]}
    records, outcomes = erase(connector(aws, page_size=page_size))
    assert [r.count for r in records] == [count]
    assert [(o.status, o.count) for o in outcomes] == [(Status.DONE, count)]
    assert stored(aws) == before


def test_no_delete_is_without_a_version(aws: AwsSandbox) -> None:
    """In a versioned bucket that would add a marker and keep the data."""
    bucket(aws)
    put(aws, "users/1/a")
    erase(connector(aws))
    assert stored(aws) == {}
    assert [method for method, _ in aws.faults.calls if method == "DELETE"] == []


def test_cut_offs_part_versions_of_one_key(aws: AwsSandbox) -> None:
    bucket(aws)
    old = put(aws, "users/1/a", b"old")
    young = put(aws, "users/1/a", b"young")
    cut = datetime(2020, 1, 1, tzinfo=UTC)
    _age(aws, "users/1/a", old, cut - timedelta(seconds=1))
    _age(aws, "users/1/a", young, cut)
    made = connector(aws, replace(uploads(), age_field="last_modified", cutoffs=(cut,)))
    first, second = made.locate(ANN)
    assert (first.at.before, first.newest, second.at.since, second.oldest) == (
        cut,
        cut - timedelta(seconds=1),
        cut,
        cut,
    )
    (outcome,) = made.delete(ANN, orders([first]))
    assert (outcome.status, outcome.count) == (Status.DONE, 1)
    assert list(stored(aws)) == [("users/1/a", young)]


def test_unfinished_uploads_are_a_record_of_their_own_and_aborted(aws: AwsSandbox) -> None:
    client = bucket(aws)
    for key in ("users/1/a b", "users/1/a b", "users/1/ü", "users/1/z+%2F"):
        upload = client.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
        client.upload_part(Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=1, Body=b"part")
    other = client.create_multipart_upload(Bucket=BUCKET, Key="users/10/a")["UploadId"]
    put(aws, "users/1/done")
    made = connector(aws, page_size=1)
    records = list(made.locate(ANN))
    assert [(r.at.key, r.count) for r in records] == [("uploads", 4), ("", 1)]
    assert list(made.export(ANN, records[0].at)) == []
    assert [(o.status, o.count) for o in made.delete(ANN, orders(records))] == [(Status.DONE, 4), (Status.DONE, 1)]
    assert [u["UploadId"] for u in client.list_multipart_uploads(Bucket=BUCKET)["Uploads"]] == [other]
    assert keys(aws) == []


def test_2500_versions_go_in_three_batches_with_the_gate_before_each(aws: AwsSandbox) -> None:
    from moto.s3.models import s3_backends

    bucket(aws)
    put(aws, "users/10/a", b"bystander's")
    backend = s3_backends["123456789012"]["aws"]
    for n in range(2500):
        backend.put_object(BUCKET, f"users/1/{n % 1250}", b"x")
    asked: list[str] = []
    made = connector(aws, timeout=10)
    gated = type(made)(replace(made._spec, gate=asked.append))  # type: ignore[attr-defined,call-arg]
    (record,) = gated.locate(ANN)
    assert record.count == 2500
    (outcome,) = gated.delete(ANN, orders([record]))
    assert (outcome.status, outcome.count) == (Status.DONE, 2500)
    assert asked == ["uploads"] * 3
    assert len([m for m, _ in aws.faults.calls if m == "POST"]) == 3
    assert keys(aws) == ["users/10/a"]


def test_a_deletion_cut_off_half_way_leaves_the_newest(aws: AwsSandbox) -> None:
    """Were it the oldest that is left, a file deleted long ago would be current again."""
    from moto.s3.models import s3_backends

    client = bucket(aws)
    for n in range(1001):
        s3_backends["123456789012"]["aws"].put_object(BUCKET, "users/1/a", b"%d" % n)
    client.delete_object(Bucket=BUCKET, Key="users/1/a")
    batches: list[str] = []

    def once(collection: str) -> None:
        batches.append(collection)
        if len(batches) == 2:
            raise InterruptedError

    made = connector(aws, timeout=10)
    gated = type(made)(replace(made._spec, gate=once))  # type: ignore[attr-defined,call-arg]
    with pytest.raises(InterruptedError):
        list(gated.delete(ANN, orders(list(made.locate(ANN)))))
    assert sorted(str(held)[:8] for held in stored(aws).values()) == ["(b'1000'", "marker"]
