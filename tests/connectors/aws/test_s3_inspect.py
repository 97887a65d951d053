"""What `dsr check` tells of buckets and credentials before a request needs them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

import connectors
from connectors.errors import AuthError
from connectors.model import Aspect, Probe, Secret
from connectors.protocol import Inspects
from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws.world import BUCKET, bucket, connector, put, spec, stored, uploads


def told(made: Any) -> list[Probe]:
    assert isinstance(made, Inspects)
    return list(made.inspect())


def wrong(probes: list[Probe]) -> list[tuple[Aspect, str]]:
    return [(p.aspect, p.says) for p in probes if p.ok is False]


def test_a_bucket_that_fits_and_may_be_read(aws: AwsSandbox) -> None:
    bucket(aws)
    put(aws, "users/1/cv.txt")
    before = stored(aws)
    aws.faults.calls.clear()
    probes = told(connector(aws))
    assert {p.aspect: p.ok for p in probes} == dict.fromkeys(Aspect, True) | {Aspect.DELETE: None}
    assert {method for method, _ in aws.faults.calls} <= {"GET", "HEAD"}
    assert [path for _, path in aws.faults.calls if "users/1" in path] == []
    assert stored(aws) == before


@pytest.mark.parametrize(
    ("action", "aspect"),
    [
        ("s3:GetBucketVersioning", Aspect.LOCATE),
        ("s3:ListBucketVersions", Aspect.LOCATE),
        ("s3:ListBucketMultipartUploads", Aspect.LOCATE),
        ("s3:GetBucketObjectLockConfiguration", Aspect.LOCATE),
        ("s3:GetObjectVersionTagging", Aspect.LOCATE),
        ("s3:GetObjectRetention", Aspect.LOCATE),
        ("s3:GetObjectLegalHold", Aspect.LOCATE),
        ("s3:GetObjectVersion", Aspect.EXPORT),
    ],
)
def test_a_permission_that_is_missing_is_named(aws: AwsSandbox, action: str, aspect: Aspect) -> None:
    bucket(aws, lock=True)
    aws.s3.denied = {action}
    ((found, says),) = wrong(told(connector(aws, uploads(tag={"owner": "user_id"}))))
    assert (found, says.partition(" ")[0]) == (aspect, action)


def test_who_may_not_list_cannot_be_told_what_may_be_read(aws: AwsSandbox) -> None:
    bucket(aws)
    aws.s3.denied = {"s3:ListBucket"}
    probes = told(connector(aws))
    assert [a for a, _ in wrong(probes)] == [Aspect.LOCATE]
    assert [p.ok for p in probes if p.aspect is Aspect.EXPORT] == [None]


def test_a_bucket_that_does_not_exist_hides_no_other(aws: AwsSandbox) -> None:
    bucket(aws)
    missing = replace(uploads(key_patterns=["x/{user_id}/"], bucket="tt-missing"), name="missing")
    probes = told(connector(aws, missing, uploads()))
    assert [(a, "tt-missing" in says) for a, says in wrong(probes)] == [(Aspect.INVENTORY, True)]
    assert [p.ok for p in probes if p.says == f"{BUCKET}: the bucket exists"] == [True]
    assert [a for a, _ in wrong(told(connector(aws, missing)))] == [Aspect.INVENTORY]


def test_each_pattern_is_tried_and_a_bucket_asked_once(aws: AwsSandbox) -> None:
    bucket(aws)
    avatars = replace(uploads(key_patterns=["avatars/{user_id}.png"]), name="avatars")
    probes = told(connector(aws, avatars, uploads()))
    assert len([p for p in probes if p.aspect is Aspect.EXPORT]) == 2
    assert len([p for p in probes if p.aspect is Aspect.PLAN]) == 1


@pytest.mark.parametrize(
    ("versioning", "lock", "device", "says", "ok"),
    [
        ("", False, False, "versioning off, Object Lock off, MFA Delete off", True),
        ("Suspended", False, False, "versioning Suspended", True),
        ("Enabled", True, False, "Object Lock on", None),
        ("Enabled", False, True, "MFA Delete on", None),
    ],
)
def test_what_a_bucket_keeps_is_noted(
    aws: AwsSandbox, versioning: str, lock: bool, device: bool, says: str, ok: object
) -> None:
    bucket(aws, versioning, lock=lock)
    aws.s3.mfa_delete = {BUCKET} if device else set()
    (plan,) = (p for p in told(connector(aws)) if p.aspect is Aspect.PLAN)
    assert (says in plan.says, plan.ok) == (True, ok)


def test_revoked_credentials_are_raised(aws: AwsSandbox) -> None:
    bucket(aws)
    revoked = {"access_key_id": Secret("sandbox-revoked"), "secret_access_key": Secret("sandbox")}
    made = cast("Inspects", connectors.build(replace(spec(aws, uploads()), secrets=revoked)))
    with pytest.raises(AuthError):
        list(made.inspect())
