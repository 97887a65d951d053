"""What S3 keeps: retention, legal holds and MFA Delete are reported and never bypassed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.model import Action, ObstacleKind, Order, Record, Status
from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws.world import ANN, BUCKET, bucket, connector, keys, orders, put, stored

SOON = (datetime.now(UTC) + timedelta(days=40)).replace(microsecond=0)
LATER = SOON + timedelta(days=400)


def _lock(mode: str, until: datetime) -> dict[str, Any]:
    return {"ObjectLockMode": mode, "ObjectLockRetainUntilDate": until}


def _by_key(records: list[Record]) -> dict[str, Record]:
    return {r.at.key: r for r in records}


def test_locked_versions_are_records_of_their_own_and_stay(aws: AwsSandbox) -> None:
    bucket(aws, lock=True)
    put(aws, "users/1/free")
    put(aws, "users/1/a", b"1", **_lock("GOVERNANCE", SOON))
    put(aws, "users/1/b", b"2", **_lock("COMPLIANCE", LATER))
    put(aws, "users/1/c", b"3", ObjectLockLegalHoldStatus="ON", **_lock("GOVERNANCE", SOON))
    made = connector(aws)
    records = _by_key(list(made.locate(ANN)))
    assert {k: (r.count, [(o.kind, o.until) for o in r.obstacles]) for k, r in records.items()} == {
        "beside kept 3": (1, []),
        f"locked until {SOON:%Y-%m}": (1, [(ObstacleKind.LOCKED, SOON)]),
        f"locked until {LATER:%Y-%m}": (1, [(ObstacleKind.LOCKED, LATER)]),
        "hold": (1, [(ObstacleKind.LOCKED, None)]),
    }
    outcomes = {o.at.key: o for o in made.delete(ANN, orders(list(records.values())))}
    assert outcomes.pop("beside kept 3").status is Status.DONE
    assert {o.status for o in outcomes.values()} == {Status.RETAINED}
    assert keys(aws) == ["users/1/a", "users/1/b", "users/1/c"]


def test_an_order_to_delete_what_is_locked_fails_and_tries_nothing(aws: AwsSandbox) -> None:
    bucket(aws, lock=True)
    put(aws, "users/1/a", **_lock("GOVERNANCE", SOON))
    put(aws, "users/1/c", ObjectLockLegalHoldStatus="ON")
    made = connector(aws)
    forced = [Order(r.at, Action.DELETE, r.count) for r in made.locate(ANN)]
    aws.faults.calls.clear()
    outcomes = list(made.delete(ANN, forced))
    assert sorted(o.reason for o in outcomes) == ["under a legal hold", "under retention (Object Lock)"]
    assert {o.status for o in outcomes} == {Status.FAILED}
    assert {method for method, _ in aws.faults.calls} <= {"GET", "HEAD"}


def test_a_lock_that_has_ended_is_no_obstacle_and_no_other_record(aws: AwsSandbox) -> None:
    """Sides go by the date, never by now: else execution would find more than the plan counted."""
    from moto.s3.models import s3_backends

    bucket(aws, lock=True)
    put(aws, "users/1/a", **_lock("COMPLIANCE", SOON))
    (before,) = connector(aws).locate(ANN)
    held = s3_backends["123456789012"]["aws"].buckets[BUCKET].keys["users/1/a"]
    past = SOON.replace(day=1, year=2020)
    held.lock_until = past.strftime("%Y-%m-%dT%H:%M:%SZ")
    made = connector(aws)
    (record,) = made.locate(ANN)
    assert (record.at.key, record.obstacles) == (f"locked until {past:%Y-%m}", ())
    assert before.obstacles
    (outcome,) = made.delete(ANN, orders([record]))
    assert outcome.status is Status.DONE
    assert keys(aws) == []


def test_a_marker_stays_with_the_locked_version_below_it(aws: AwsSandbox) -> None:
    """Deleting the marker alone would show the file again."""
    client = bucket(aws, lock=True)
    put(aws, "users/1/a", **_lock("COMPLIANCE", SOON))
    client.delete_object(Bucket=BUCKET, Key="users/1/a")
    put(aws, "users/1/b")
    client.delete_object(Bucket=BUCKET, Key="users/1/b")
    made = connector(aws)
    records = list(made.locate(ANN))
    assert [(r.at.key, r.count) for r in records] == [("beside kept 2", 2), (f"locked until {SOON:%Y-%m}", 2)]
    list(made.delete(ANN, orders(records)))
    assert max(map(str, stored(aws).values())) == "marker"
    assert keys(aws) == ["users/1/a", "users/1/a"]


@pytest.mark.parametrize("all_of_them", [True, False])
def test_a_lock_that_appears_after_the_plan_is_not_called_done(aws: AwsSandbox, all_of_them: bool) -> None:
    client = bucket(aws, lock=True)
    put(aws, "users/1/a")
    if not all_of_them:
        put(aws, "users/1/b")
    made = connector(aws)
    planned = orders(list(made.locate(ANN)))
    client.put_object_legal_hold(Bucket=BUCKET, Key="users/1/a", LegalHold={"Status": "ON"})
    (outcome,) = made.delete(ANN, planned)
    assert outcome.status is Status.FAILED
    assert outcome.reason == "1 came under a lock since the plan, or hold others too, and stay"
    assert keys(aws) == ["users/1/a"]


def test_a_lock_that_appears_between_listing_and_deleting_is_a_failure_with_its_code(aws: AwsSandbox) -> None:
    client = bucket(aws, lock=True)
    put(aws, "users/1/a")
    put(aws, "users/1/b")

    def meanwhile(collection: str) -> None:
        client.put_object_legal_hold(Bucket=BUCKET, Key="users/1/a", LegalHold={"Status": "ON"})

    made = connector(aws)
    made = type(made)(replace(made._spec, gate=meanwhile))  # type: ignore[attr-defined,call-arg]
    (outcome,) = made.delete(ANN, orders(list(made.locate(ANN))))
    assert (outcome.status, outcome.count) == (Status.FAILED, 1)
    assert "S3 refused 1 of 2 object versions (AccessDenied 1)" in outcome.reason
    assert keys(aws) == ["users/1/a"]


def test_mfa_delete_is_by_hand(aws: AwsSandbox) -> None:
    client = bucket(aws)
    put(aws, "users/1/a")
    client.create_multipart_upload(Bucket=BUCKET, Key="users/1/film")
    made = connector(aws)
    planned = orders(list(made.locate(ANN)))
    aws.s3.mfa_delete.add(BUCKET)
    records = list(made.locate(ANN))
    assert [(r.at.key, [o.kind for o in r.obstacles]) for r in records] == [
        ("uploads", []),
        ("", [ObstacleKind.BY_HAND]),
    ]
    assert "MFA" in records[1].obstacles[0].reason
    outcomes = list(made.delete(ANN, planned))  # of a plan from before it was switched on
    assert [o.status for o in outcomes] == [Status.DONE, Status.FAILED]
    assert "MFA" in outcomes[1].reason
    assert keys(aws) == ["users/1/a"]
