"""Rows in files on S3: what must not be lost, touched or left, whatever happens around a rewrite."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import ChangedError, ConfigError, RefusedError, TransientError
from connectors.model import Action, Identifier, ObstacleKind, Order, Outcome, Record, Status, Subject, Trust
from connectors.protocol import Connector
from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws import lake_world as world
from tests.connectors.aws.lake_world import ANN, BUCKET

KEY = "events/0.jsonl"
ROWS = [{"user_id": "1", "page": "hers"}, {"user_id": "10", "page": "his"}]
EVENTS = world.collection("events", (world.BY_ID,), format="jsonl")


def bucket(aws: AwsSandbox, versioning: str = "", lock: bool = False) -> Any:
    client = aws.client("s3")
    client.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=lock)
    if versioning:
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": versioning})
    return client


def erase(made: Connector, subject: Subject = ANN, late: int = 0) -> tuple[list[Record], list[Outcome]]:
    found = list(made.locate(subject))
    orders = [Order(r.at, Action.MANUAL if r.obstacles else Action.DELETE, r.count, late) for r in found]
    return found, list(made.delete(subject, orders))


def pages(aws: AwsSandbox, key: str = KEY) -> list[str]:
    return [json.loads(line)["page"] for line in world.body(aws, key).splitlines()]


class Rival:
    """Another client, which writes right before our conditional write, as often as it is told to."""

    def __init__(self, aws: AwsSandbox, made: Any, times: int, write: Any) -> None:
        self.left, self.write = times, write
        made._buckets["events"].client.meta.events.register("before-send.s3.*", self)

    def __call__(self, request: Any, **_: Any) -> None:
        if self.left and "If-Match" in request.headers and request.method in ("PUT", "POST"):
            self.left -= 1
            self.write(self.left)


@pytest.mark.parametrize("versioning", ["", "Enabled", "Suspended"])
def test_a_row_written_by_another_client_during_a_rewrite_is_not_lost(aws: AwsSandbox, versioning: str) -> None:
    bucket(aws, versioning)
    world.put(aws, KEY, world.as_jsonl(ROWS))
    made = world.connector(aws, EVENTS)
    new = [*ROWS, {"user_id": "11", "page": "new"}, {"user_id": "1", "page": "hers again"}]
    Rival(aws, made, 1, lambda left: world.put(aws, KEY, world.as_jsonl(new)))
    found, (outcome,) = erase(made, late=2)
    assert found[0].count == 1
    assert pages(aws) == ["his", "new"]
    if versioning == "Enabled":  # what the rival replaced is an old version now, of which the plan knew nothing
        assert outcome.status is Status.DONE or "appeared" in outcome.reason
        erase(made)
    assert list(made.locate(ANN)) == []


def test_more_rows_by_another_client_than_the_plan_allows_stop_it(aws: AwsSandbox) -> None:
    bucket(aws)
    world.put(aws, KEY, world.as_jsonl(ROWS))
    made = world.connector(aws, EVENTS)
    Rival(aws, made, 1, lambda left: world.put(aws, KEY, world.as_jsonl([*ROWS, ROWS[0]])))
    with pytest.raises(ChangedError):
        erase(made)
    assert pages(aws) == ["hers", "his", "hers"]


def test_who_never_stops_writing_is_waited_for_and_nothing_is_lost(aws: AwsSandbox) -> None:
    bucket(aws)
    world.put(aws, KEY, world.as_jsonl(ROWS))
    made = world.connector(aws, EVENTS, tries=3)
    rival = Rival(aws, made, 99, lambda left: world.put(aws, KEY, world.as_jsonl([*ROWS, {"page": f"{left}"}])))
    with pytest.raises(TransientError, match="faster"):
        erase(made)
    assert 99 - rival.left == 3
    assert pages(aws) == ["hers", "his", str(rival.left)]


def test_a_file_that_another_client_deletes_is_not_brought_back(aws: AwsSandbox) -> None:
    client = bucket(aws)
    world.put(aws, KEY, world.as_jsonl(ROWS))
    made = world.connector(aws, EVENTS)
    Rival(aws, made, 1, lambda left: client.delete_object(Bucket=BUCKET, Key=KEY))
    _, (outcome,) = erase(made)
    assert outcome.status is Status.DONE
    assert world.versions(aws, KEY) == []


def test_a_large_file_goes_up_in_parts_and_on_the_same_condition(aws: AwsSandbox) -> None:
    bucket(aws)
    rows = [*ROWS, *({"user_id": "10", "page": "x" * 1000 + str(n)} for n in range(6000))]
    world.put(aws, KEY, world.as_jsonl(rows))
    made = world.connector(aws, EVENTS, part_bytes=5 * 1024**2, timeout=20)
    Rival(aws, made, 1, lambda left: world.put(aws, KEY, world.as_jsonl([*rows, {"page": "new"}])))
    _, (outcome,) = erase(made)
    assert outcome.status is Status.DONE
    assert world.body(aws, KEY) == world.as_jsonl([*rows[1:], {"page": "new"}])
    assert aws.client("s3").list_multipart_uploads(Bucket=BUCKET).get("Uploads", []) == []


def test_what_stands_beside_the_content_is_kept(aws: AwsSandbox) -> None:
    client = bucket(aws)
    reader = 'uri="http://acs.amazonaws.com/groups/global/AuthenticatedUsers"'
    world.put(
        aws, KEY, world.as_jsonl(ROWS), ContentType="application/x-ndjson", Metadata={"job": "nightly"},
        Tagging="team=data&cost=a%20b", ServerSideEncryption="aws:kms", SSEKMSKeyId="key-1", GrantRead=reader,
        StorageClass="STANDARD_IA", CacheControl="no-store", ContentDisposition="attachment",
    )  # fmt: skip

    def beside() -> object:
        head = client.head_object(Bucket=BUCKET, Key=KEY)
        names = ("ContentType", "Metadata", "ServerSideEncryption", "SSEKMSKeyId", "StorageClass", "CacheControl",
                 "ContentDisposition")  # fmt: skip
        tags = client.get_object_tagging(Bucket=BUCKET, Key=KEY)["TagSet"]
        grants = client.get_object_acl(Bucket=BUCKET, Key=KEY)["Grants"]
        shown = sorted((g["Grantee"].get("URI", g["Grantee"].get("ID")), g["Permission"]) for g in grants)
        return {n: head.get(n) for n in names}, sorted((t["Key"], t["Value"]) for t in tags), shown

    before = beside()
    _, (outcome,) = erase(world.connector(aws, EVENTS))
    assert outcome.status is Status.DONE
    assert pages(aws) == ["his"]
    assert beside() == before
    assert all(named in str(before) for named in ("key-1", "STANDARD_IA", "AuthenticatedUsers"))


def test_old_versions_go_and_the_rows_of_others_stay_in_the_current_one(aws: AwsSandbox) -> None:
    bucket(aws, "Enabled")
    for page in ("first", "second"):
        world.put(aws, KEY, world.as_jsonl([{"user_id": "1", "page": page}, ROWS[1]]))
    clean = world.put(aws, "events/1.jsonl", world.as_jsonl([ROWS[1]]))
    made = world.connector(aws, EVENTS)
    (record,), (outcome,) = erase(made)
    assert (record.count, outcome.status, outcome.count) == (2, Status.DONE, 2)
    assert "old versions" in record.note
    assert (pages(aws), len(world.versions(aws, KEY))) == (["his"], 1)
    assert world.versions(aws, "events/1.jsonl") == [clean]


def test_old_versions_that_a_lifecycle_rule_removes_are_dated(aws: AwsSandbox) -> None:
    bucket(aws, "Enabled")
    world.put(aws, KEY, world.as_jsonl(ROWS))
    made = world.connector(aws, world.collection("events", (world.BY_ID,), format="jsonl", old_versions=30))
    _, (outcome,) = erase(made)
    assert outcome.status is Status.ACCEPTED
    assert outcome.until
    assert outcome.until > datetime.now(UTC) + timedelta(days=30)
    (record,) = made.locate(ANN)
    (obstacle,) = record.obstacles
    assert (obstacle.kind, len(world.versions(aws, KEY))) == (ObstacleKind.LOCKED, 2)
    assert obstacle.until
    assert obstacle.until > datetime.now(UTC) + timedelta(days=30)


def test_an_old_version_with_rows_that_must_stay_is_not_deleted(aws: AwsSandbox) -> None:
    bucket(aws, "Enabled")
    cut = datetime(2025, 1, 1, tzinfo=UTC)
    young, old = (
        {"user_id": "1", "page": p, "at": at} for p, at in (("a", "2025-05-01"), ("b", "2024-05-01T10:00:00Z"))
    )
    world.put(aws, KEY, world.as_jsonl([young, old]))
    world.put(aws, KEY, world.as_jsonl([young]))
    aged = world.collection("events", (world.BY_ID,), format="jsonl", age="at", cutoffs=(cut,))
    made = world.connector(aws, aged)
    before, after = sorted(made.locate(ANN), key=lambda r: r.at.before is None)
    assert (before.count, after.count) == (1, 2)
    orders = [Order(before.at, Action.RETAIN, 1), Order(after.at, Action.DELETE, 2)]
    outcomes = {o.status for o in made.delete(ANN, orders)}
    assert outcomes == {Status.RETAINED, Status.FAILED}
    assert len(world.versions(aws, KEY)) == 2


def test_only_the_rows_on_one_side_of_a_cutoff_go(aws: AwsSandbox) -> None:
    bucket(aws)
    rows = [
        {"user_id": 1, "page": p, "at": at} for p, at in (("old", "2024-05-01"), ("young", "2025-05-01"), ("?", ""))
    ]
    world.put(aws, KEY, world.as_jsonl(rows))
    cut = (datetime(2025, 1, 1, tzinfo=UTC),)
    made = world.connector(aws, world.collection("events", (world.BY_ID,), format="jsonl", age="at", cutoffs=cut))
    before, after = sorted(made.locate(ANN), key=lambda r: r.at.before is None)
    assert (before.count, after.count) == (1, 2)
    (outcome,) = made.delete(ANN, [Order(before.at, Action.DELETE, 1)])
    assert (outcome.status, pages(aws)) == (Status.DONE, ["young", "?"])


def test_locks_are_never_bypassed(aws: AwsSandbox) -> None:
    client = bucket(aws, lock=True)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=90)
    world.put(aws, "events/held.jsonl", world.as_jsonl(ROWS), ObjectLockLegalHoldStatus="ON")
    world.put(
        aws, "events/kept.jsonl", world.as_jsonl(ROWS), ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until
    )
    made = world.connector(aws, EVENTS)
    found = list(made.locate(ANN))
    assert [(o.kind, o.until) for r in found for o in r.obstacles] == [
        (ObstacleKind.LOCKED, None), (ObstacleKind.LOCKED, until)
    ]  # fmt: skip
    outcomes = list(made.delete(ANN, [Order(r.at, Action.DELETE, r.count) for r in found]))
    assert {o.status for o in outcomes} == {Status.FAILED}
    assert len(client.list_object_versions(Bucket=BUCKET)["Versions"]) == 2


@pytest.mark.parametrize(
    "body", [b'{"user_id": "1"}\n{"user_', b"\xff\xfe", b'["user_id"]\n', b'{"user_id":1,"user_id":2}\n']
)
def test_a_damaged_file_is_by_hand_and_never_rewritten(aws: AwsSandbox, body: bytes) -> None:
    bucket(aws)
    version = world.put(aws, KEY, body)
    made = world.connector(aws, EVENTS)
    (record,) = made.locate(ANN)
    (obstacle,) = record.obstacles
    assert (obstacle.kind, obstacle.opaque) == (ObstacleKind.BY_HAND, True)
    (outcome,) = made.delete(ANN, [Order(record.at, Action.DELETE, 1)])
    assert (outcome.status, version) == (Status.FAILED, "null")
    with pytest.raises(RefusedError, match="left as it is"):
        made.remove("events", KEY, [ANN])
    assert world.body(aws, KEY) == body


def test_an_archived_file_is_by_hand(aws: AwsSandbox) -> None:
    bucket(aws)
    world.put(aws, KEY, world.as_jsonl(ROWS), StorageClass="GLACIER")
    (record,) = world.connector(aws, EVENTS).locate(ANN)
    assert [o.kind for o in record.obstacles] == [ObstacleKind.BY_HAND]
    assert "restore" in record.obstacles[0].reason


def test_many_people_go_in_one_pass_and_the_empty_file_stays(aws: AwsSandbox) -> None:
    bucket(aws)
    world.put(aws, KEY, world.as_jsonl([{"user_id": n, "page": str(n)} for n in range(100)]))
    made = world.connector(aws, EVENTS)
    people = [Subject.of(Identifier("user_id", str(n), Trust.ASSIGNED)) for n in range(99)]
    done = made.remove("events", KEY, people)
    assert done is not None
    assert (done.tally.removed, pages(aws)) == (99, ["99"])
    last = made.remove("events", KEY, [Subject.of(Identifier("user_id", "99", Trust.ASSIGNED))])
    assert last is not None
    assert (last.tally.kept, world.body(aws, KEY)) == (0, b"")
    assert made.remove("events", "events/none.jsonl", people) is None


def test_a_path_that_names_another_is_not_read(aws: AwsSandbox) -> None:
    bucket(aws)
    for user in ("1", "10"):
        world.put(aws, f"events/user_id={user}/0.jsonl", world.as_jsonl([{"user_id": user, "page": "x"}]))
    options = {"format": "jsonl", "partitions": {"user_id": "user_id"}}
    made = world.connector(aws, world.collection("events", (world.BY_ID,), **options))
    aws.faults.calls.clear()
    (record,) = made.locate(ANN)
    assert record.count == 1
    assert [path for _, path in aws.faults.calls if "user_id%3D10/" in path or "user_id=10/" in path] == []


def test_what_only_a_claim_names_is_listed_and_stays(aws: AwsSandbox) -> None:
    bucket(aws)
    world.put(aws, KEY, world.as_jsonl([{"user_id": "10", "email": "ann.lee@example.com", "page": "his"}]))
    claim = replace(world.BY_EMAIL, trust=Trust.CLAIMED)
    made = world.connector(aws, world.collection("events", (world.BY_ID, claim), format="jsonl"))
    (record,), (outcome,) = erase(made)
    assert ([o.kind for o in record.obstacles], outcome.status) == ([ObstacleKind.CLAIMED], Status.MANUAL)
    assert pages(aws) == ["his"]


@pytest.mark.parametrize(
    ("options", "says"),
    [({"format": "xml"}, "format"), ({"format": "csv", "delimiter": ";;"}, "delimiter"),
     ({"format": "csv", "a": 1}, "a:"), ({"format": "parquet", "packing": "gzip"}, "packing"),
     ({"format": "jsonl", "old_versions": "never"}, "old_versions"),
     ({"format": "csv", "encoding": "utf-7"}, "encoding"), ({"format": "jsonl", "texts": {"user_id": ["x"]}}, "texts")],
)  # fmt: skip
def test_wrong_options_are_named(aws: AwsSandbox, options: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        world.connector(aws, world.collection("events", (world.BY_ID,), **options))
