"""What leaves S3: content of every version, under names that say nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from connectors.errors import ChangedError, RefusedError
from connectors.model import Disclosure, FieldSpec, Redaction
from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws.world import ANN, BUCKET, CONTENT, bucket, connector, exported, put, uploads


def test_every_version_is_exported_under_a_safe_name(aws: AwsSandbox) -> None:
    client = bucket(aws)
    put(aws, "users/1/ann-lee.PNG", b"first")
    put(aws, "users/1/ann-lee.PNG", b"second")
    put(aws, "users/1/letter.annlee", b"third")
    client.delete_object(Bucket=BUCKET, Key="users/1/ann-lee.PNG")
    plain = [FieldSpec(n, "", Disclosure.DISCLOSE, redaction=Redaction.NONE) for n in ("key", "last_modified")]
    files = dict(exported(connector(aws, replace(uploads(), fields=(CONTENT, *plain)))))
    listed = [json.loads(line) for line in files.pop("uploads-files.jsonl").splitlines()]
    assert files == {"uploads-0001.png": b"first", "uploads-0002.png": b"second", "uploads-0003.bin": b"third"}
    assert [(row["file"], row["key"], row["bytes"]) for row in listed] == [
        ("uploads-0001.png", "users/1/ann-lee.PNG", 5),
        ("uploads-0002.png", "users/1/ann-lee.PNG", 6),
        ("uploads-0003.bin", "users/1/letter.annlee", 5),
    ]
    assert all("last_modified" in row for row in listed)


def test_keys_are_listed_only_where_the_inventory_discloses_them(aws: AwsSandbox) -> None:
    bucket(aws)
    put(aws, "users/1/secret-name.txt", b"body")
    made = connector(aws)
    assert b"secret-name" not in b"".join(exported(made).values())


@pytest.mark.parametrize(("fields", "withheld"), [
    ((), "content of stored files"),
    ((FieldSpec("content", "I", Disclosure.NEVER, "identity documents"),), "identity documents"),
    ((FieldSpec("content", "I"),), "content of stored files"),
])  # fmt: skip
def test_content_that_may_not_leave_is_withheld_by_type_and_never_read(
    aws: AwsSandbox, fields: tuple[FieldSpec, ...], withheld: str
) -> None:
    bucket(aws)
    put(aws, "users/1/passport.pdf", b"passport")
    made = connector(aws, replace(uploads(), fields=fields))
    (record,) = made.locate(ANN)
    aws.faults.calls.clear()
    (artifact,) = made.export(ANN, record.at)
    assert (list(artifact.chunks), artifact.withheld) == ([], (withheld,))
    assert [path for _, path in aws.faults.calls if "passport" in path] == []


def test_archived_versions_are_noted_and_refused_until_restored(aws: AwsSandbox) -> None:
    client = bucket(aws)
    put(aws, "users/1/a", b"cold", StorageClass="DEEP_ARCHIVE")
    put(aws, "users/1/b", b"warm", StorageClass="GLACIER_IR")
    made = connector(aws)
    (record,) = made.locate(ANN)
    assert record.note == "1 archived: restore them before an export"
    with pytest.raises(RefusedError, match="RestoreObject"):
        next(made.export(ANN, record.at))
    client.restore_object(Bucket=BUCKET, Key="users/1/a", RestoreRequest={"Days": 1})
    assert b"cold" in exported(made).values()


def test_a_version_that_vanishes_meanwhile_is_not_an_empty_file(aws: AwsSandbox) -> None:
    client = bucket(aws)
    version = put(aws, "users/1/a", b"body")
    made = connector(aws)
    (record,) = made.locate(ANN)
    _, artifact = made.export(ANN, record.at)
    client.delete_object(Bucket=BUCKET, Key="users/1/a", VersionId=version)
    with pytest.raises(ChangedError, match="deleted during the export"):
        list(artifact.chunks)


def test_large_objects_come_in_pieces(aws: AwsSandbox) -> None:
    bucket(aws)
    put(aws, "users/1/a", bytes(1_000_000))
    made = connector(aws)
    (record,) = made.locate(ANN)
    _, artifact = made.export(ANN, record.at)
    sizes = [len(chunk) for chunk in artifact.chunks]
    assert sum(sizes) == 1_000_000
    assert max(sizes) <= 64 * 1024
