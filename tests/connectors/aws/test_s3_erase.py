"""Deletion under refusals, lies, other writers and changed plans."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from connectors.errors import AuthError, ChangedError, ConnectorError, TransientError
from connectors.model import Action, CollectionSpec, Order, Status
from connectors.protocol import Connector
from connectors.sandbox.aws import AwsSandbox
from connectors.sandbox.faults import Fault
from tests.connectors.aws.world import ANN, BUCKET, bucket, connector, keys, orders, put, stored, uploads


def _gated(made: Connector, gate: Any) -> Connector:
    return type(made)(replace(made._spec, gate=gate))  # type: ignore[attr-defined,call-arg]


def _deny(aws: AwsSandbox, action: str, key: str) -> None:
    statement = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": f"arn:aws:s3:::{BUCKET}/{key}"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    aws.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))


def test_a_refusal_of_one_key_in_an_answer_of_200_is_not_done(aws: AwsSandbox) -> None:
    bucket(aws)
    for n in range(3):
        put(aws, f"users/1/{n}")
    _deny(aws, "s3:DeleteObjectVersion", "users/1/1")
    made = connector(aws)
    (outcome,) = made.delete(ANN, orders(list(made.locate(ANN))))
    assert (outcome.status, outcome.count) == (Status.FAILED, 2)
    assert outcome.reason == "S3 refused 1 of 3 object versions (AccessDenied 1)"
    assert keys(aws) == ["users/1/1"]


def test_a_key_that_is_put_off_is_asked_again(aws: AwsSandbox) -> None:
    bucket(aws)
    put(aws, "users/1/a")
    put(aws, "users/1/b")
    made = connector(aws)
    planned = orders(list(made.locate(ANN)))
    aws.s3.busy.add("users/1/a")
    with pytest.raises(TransientError, match="SlowDown"):
        list(made.delete(ANN, planned))
    aws.s3.busy.clear()
    assert [(o.status, o.count) for o in made.delete(ANN, planned)] == [(Status.DONE, 1)]
    assert keys(aws) == []


def test_success_without_effect_is_a_failure(aws: AwsSandbox) -> None:
    client = bucket(aws)
    put(aws, "users/1/a")
    client.create_multipart_upload(Bucket=BUCKET, Key="users/1/film")
    made = connector(aws)
    with aws.faults.inject(Fault.LYING):
        outcomes = list(made.delete(ANN, orders(list(made.locate(ANN)))))
    assert [(o.status, o.count) for o in outcomes] == [(Status.FAILED, 0)] * 2
    assert outcomes[1].reason == "1 of 1 object versions are still listed after S3 answered success"


def test_more_than_planned_changes_nothing_anywhere(aws: AwsSandbox) -> None:
    bucket(aws)
    put(aws, "users/1/a")
    put(aws, "avatars/1.png")
    made = connector(aws, uploads(), replace(uploads(key_patterns=["avatars/{user_id}.png"]), name="avatars"))
    planned = orders(list(made.locate(ANN)))
    put(aws, "avatars/1.png", b"newer")
    before = stored(aws)
    with pytest.raises(ChangedError, match="avatars: 2 object versions, the plan has 1"):
        list(made.delete(ANN, planned))
    assert stored(aws) == before
    assert {o.status for o in made.delete(ANN, [replace(o, late=1) for o in planned])} == {Status.DONE}
    assert keys(aws) == []


@pytest.mark.parametrize(("late", "status", "left"), [
    (0, Status.FAILED, ["users/1/meanwhile"]), (1, Status.DONE, []),
])  # fmt: skip
def test_what_is_written_during_the_deletion(aws: AwsSandbox, late: int, status: Status, left: list[str]) -> None:
    bucket(aws)
    put(aws, "users/1/a")
    written: list[str] = []

    def meanwhile(collection: str) -> None:
        if not written:
            written.append(put(aws, "users/1/meanwhile"))

    made = _gated(connector(aws), meanwhile)
    (outcome,) = made.delete(ANN, orders(list(made.locate(ANN)), late=late))
    assert outcome.status is status
    assert ("1 object versions appeared" in outcome.reason) is (late == 0)
    assert keys(aws) == left


def test_a_writer_that_never_stops_is_given_up_on(aws: AwsSandbox) -> None:
    bucket(aws)
    put(aws, "users/1/a")
    made = _gated(connector(aws), lambda collection: put(aws, "users/1/again"))
    (outcome,) = made.delete(ANN, orders(list(made.locate(ANN)), late=3))
    assert (outcome.status, outcome.count) == (Status.FAILED, 4)
    assert keys(aws) == ["users/1/again"]


def test_what_another_collection_of_the_bucket_keeps_stays(aws: AwsSandbox) -> None:
    bucket(aws)
    put(aws, "users/1/invoices/a")
    put(aws, "users/1/b")
    made = connector(aws, uploads(), replace(uploads(key_patterns=["users/{user_id}/invoices/"]), name="invoices"))
    wide, narrow = made.locate(ANN)
    planned = [Order(wide.at, Action.DELETE, wide.count), Order(narrow.at, Action.RETAIN, narrow.count)]
    outcomes = {o.at.collection: o for o in made.delete(ANN, planned)}
    assert outcomes["uploads"].status is Status.FAILED
    assert "invoices keeps" in outcomes["uploads"].reason
    assert keys(aws) == ["users/1/b", "users/1/invoices/a"]


def test_an_object_is_not_redacted(aws: AwsSandbox) -> None:
    bucket(aws)
    put(aws, "users/1/a")
    made = connector(aws)
    assert made.capabilities.actions == {Action.DELETE}
    (outcome,) = made.delete(ANN, [replace(o, action=Action.REDACT) for o in orders(list(made.locate(ANN)))])
    assert outcome.status is Status.FAILED
    assert keys(aws) == ["users/1/a"]


def test_a_collection_that_left_the_inventory_is_a_changed_plan(aws: AwsSandbox) -> None:
    bucket(aws)
    put(aws, "users/1/a")
    planned = orders(list(connector(aws).locate(ANN)))
    other = connector(aws, CollectionSpec("others", options={"bucket": BUCKET, "key_patterns": ["o/{user_id}/"]}))
    with pytest.raises(ChangedError, match="no such collection"):
        list(other.delete(ANN, planned))


def test_a_refused_call_is_named_by_its_permission(aws: AwsSandbox) -> None:
    bucket(aws)
    put(aws, "users/1/a", Tagging="owner=1")
    _deny(aws, "s3:GetObject*", "*")
    made = connector(aws, uploads(tag={"owner": "user_id"}))
    with pytest.raises(AuthError, match="s3:GetObjectVersionTagging on tt-uploads") as raised:
        list(made.locate(ANN))
    assert "users/1" not in str(raised.value)


def test_check_names_a_bucket_that_is_missing(aws: AwsSandbox) -> None:
    with pytest.raises(ConnectorError, match="tt-uploads"):
        connector(aws).check()
    bucket(aws)
    aws.faults.calls.clear()
    connector(aws).check()
    assert {method for method, _ in aws.faults.calls} == {"GET", "HEAD"}


@pytest.mark.parametrize("after", range(4))
def test_a_listing_cut_in_the_middle_is_never_a_short_one(aws: AwsSandbox, after: int) -> None:
    bucket(aws)
    for n in range(6):
        put(aws, f"users/1/{n}")
    made = connector(aws, page_size=2)
    for fault in (Fault.TRUNCATED, Fault.CUT, Fault.SERVER_ERROR):
        with aws.faults.inject(fault, after=after, times=1), pytest.raises(TransientError):
            list(made.locate(ANN))
    assert [r.count for r in made.locate(ANN)] == [6]


@pytest.mark.parametrize("checksum", [True, False])
def test_the_content_of_exported_files_is_checked_too(aws: AwsSandbox, checksum: bool) -> None:
    """Objects from before 2022 have no checksum that a client could compare: their size must do."""
    from moto.s3.models import s3_backends

    bucket(aws)
    if checksum:
        put(aws, "users/1/a", b"0123456789")
    else:
        s3_backends["123456789012"]["aws"].put_object(BUCKET, "users/1/a", b"0123456789")
    made = connector(aws)
    (record,) = made.locate(ANN)
    for fault in (Fault.TRUNCATED, Fault.CUT):
        listed, artifact = made.export(ANN, record.at)
        assert listed.name == "uploads-files.jsonl"
        with aws.faults.inject(fault), pytest.raises(TransientError):
            b"".join(artifact.chunks)
    assert [b"".join(a.chunks) for a in made.export(ANN, record.at)][1] == b"0123456789"


def test_an_empty_page_of_another_listing_is_not_taken_for_this_one(aws: AwsSandbox) -> None:
    """As a cache between could do it: the listing of one prefix answers that of another."""
    bucket(aws)
    put(aws, "b/1", Tagging="owner=1")
    by_tag = [
        replace(uploads(tag={"owner": "user_id"}, prefix=p), name=n) for n, p in (("first", "a/"), ("second", "b/"))
    ]
    made = connector(aws, *by_tag)
    assert [r.at.collection for r in made.locate(ANN)] == ["second"]
    again = aws.faults.inject(Fault.DUPLICATE, after=1, times=1, match=lambda method, path: path == f"/{BUCKET}")
    with again, pytest.raises(TransientError, match="not the page asked for"):
        list(made.locate(ANN))


def test_another_document_does_not_say_that_no_device_is_needed(aws: AwsSandbox) -> None:
    """Any document without an MfaDelete in it would read as: none is needed."""
    bucket(aws, lock=True)
    put(aws, "users/1/a")
    aws.s3.mfa_delete.add(BUCKET)
    made = connector(aws)
    (record,) = made.locate(ANN)
    assert record.obstacles
    aws.faults.calls.clear()
    list(made.locate(ANN))
    last = sum(path == f"/{BUCKET}" for _, path in aws.faults.calls) - 1
    again = aws.faults.inject(Fault.DUPLICATE, after=last, times=1, match=lambda method, path: path == f"/{BUCKET}")
    with again, pytest.raises(TransientError, match="s3:GetBucketVersioning"):
        list(made.locate(ANN))
