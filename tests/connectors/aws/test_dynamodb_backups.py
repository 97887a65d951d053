"""What survives a deletion from DynamoDB: each store is found, dated, and never touched."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import copies
from connectors.errors import ConfigError
from connectors.model import Action, CollectionSpec, IdentitySpec, ObstacleKind, Order, Status, Subject, Trust
from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws import dynamodb_world as world
from tests.connectors.aws.world import ANN, SECRETS, erase, orders, person

DAY = timedelta(days=1)
ARN = f"arn:aws:dynamodb:us-east-1:123456789012:table/{world.TABLE}"


def soon(days: float) -> float:
    return time.time() + days * 86400


def kept(made: Any, subject: Subject = ANN) -> dict[str, Any]:
    return {r.at.key: r for r in made.locate(subject) if r.at.collection == "backups"}


def recover(aws: AwsSandbox, days: int = 35) -> None:
    said = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": days}
    aws.client("dynamodb").update_continuous_backups(TableName=world.TABLE, PointInTimeRecoverySpecification=said)


def everything(aws: AwsSandbox) -> None:
    client = world.table(aws)
    world.put(aws, {"pk": "USER#1", "sk": "a"})
    world.put(aws, {"pk": "USER#10", "sk": "a"})
    recover(aws, 7)
    stream = {"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"}
    client.update_table(TableName=world.TABLE, StreamSpecification=stream)
    for n in range(3):
        client.create_backup(TableName=world.TABLE, BackupName=f"monthly-{n}")
    aws.dynamodb.expiring(world.TABLE, soon(20))
    aws.dynamodb.backups_per_page = 2
    aws.dynamodb.kinesis[world.TABLE] = ["arn:aws:kinesis:us-east-1:123456789012:stream/s"]
    for days in (30, 60):
        aws.backup.add(ARN, until=soon(days))
    aws.backup.add(ARN)
    aws.backup.add("arn:aws:dynamodb:us-east-1:123456789012:table/another", until=soon(99))
    aws.backup.per_page = 1
    client.export_table_to_point_in_time(TableArn=ARN, S3Bucket="tt-exports")


def test_every_store_is_found(aws: AwsSandbox) -> None:
    everything(aws)
    found = kept(world.connector(aws))
    locked = {k: round((r.obstacles[0].until - datetime.now(UTC)) / DAY) for k, r in found.items()
              if r.obstacles[0].kind is ObstacleKind.LOCKED}  # fmt: skip
    assert locked == {"point-in-time recovery": 7, "stream": 1, "backups with an end": 20, "AWS Backup": 60}
    by_hand = {k: r.count for k, r in found.items() if r.obstacles[0].kind is ObstacleKind.BY_HAND}
    assert by_hand == {"backups": 3, "AWS Backup without an end": 1, "exports": 1, "Kinesis": 1}
    assert found["AWS Backup"].count == 2


def test_a_person_without_items_has_no_backups(aws: AwsSandbox) -> None:
    everything(aws)
    assert list(world.connector(aws).locate(person(user_id="11"))) == []
    claim = IdentitySpec("email", "cc", Trust.CLAIMED)
    world.put(aws, {"pk": "USER#10", "sk": "b", "cc": "ann.lee@example.com"})
    claimed = world.connector(aws, world.activity(world.BY_USER, claim, scan=["cc"]))
    assert kept(claimed, person(email="ann.lee@example.com", user_id="12")) == {}


def test_the_date_is_reckoned_when_the_rows_are_gone(aws: AwsSandbox) -> None:
    everything(aws)
    made = world.connector(aws)
    records = list(made.locate(ANN))
    outcomes = {o.at.key or o.at.collection: o for o in made.delete(ANN, orders(records))}
    assert outcomes["activity"].status is Status.DONE
    recovery = outcomes["point-in-time recovery"]
    assert recovery.status is Status.RETAINED
    assert recovery.until is not None
    assert timedelta(days=6) < recovery.until - datetime.now(UTC) <= timedelta(days=7)
    assert list(made.locate(ANN)) == []  # nothing in AWS tells whom a backup holds
    client = aws.client("dynamodb")
    assert len(client.list_backups(TableName=world.TABLE)["BackupSummaries"]) == 2  # of the first page
    status = client.describe_continuous_backups(TableName=world.TABLE)["ContinuousBackupsDescription"]
    assert status["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_no_order_deletes_a_backup(aws: AwsSandbox) -> None:
    everything(aws)
    made = world.connector(aws)
    at = kept(made)["backups"].at
    (outcome,) = made.delete(ANN, [Order(at, Action.DELETE, 3)])
    assert outcome.status is Status.FAILED
    assert kept(made)["backups"].count == 3


def test_what_the_items_reveal_leads_to_the_backups_afterwards(aws: AwsSandbox) -> None:
    everything(aws)
    made = world.connector(aws, copies_of=["tables"])
    items = next(r for r in made.locate(ANN) if r.at.collection == "activity")
    revealed = [i for i in items.reveals if copies.is_kind(i.kind)]
    assert [(i.kind, i.trust) for i in revealed] == [("tables.held_until", Trust.ASSIGNED)]
    assert [i for r in kept(made).values() for i in r.reveals] == []  # or the instant would move on for ever
    erase(made)
    later = Subject(ANN.identifiers | set(revealed))
    assert set(kept(made, later)) == {
        "point-in-time recovery", "stream", "backups with an end", "AWS Backup", "backups", "AWS Backup without an end",
        "exports", "Kinesis",
    }  # fmt: skip
    for backup in list(aws.client("dynamodb").list_backups()["BackupSummaries"]):
        if backup["BackupType"] == "USER":
            aws.client("dynamodb").delete_backup(BackupArn=backup["BackupArn"])


def test_what_was_made_later_does_not_hold_the_person(aws: AwsSandbox) -> None:
    everything(aws)
    made = world.connector(aws, copies_of=["tables"])
    erase(made)
    before = copies.held("tables", datetime.now(UTC) - timedelta(hours=1))
    assert set(kept(made, Subject(ANN.identifiers | {before}))) == {"stream", "Kinesis"}
    long_ago = copies.held("tables", datetime.now(UTC) - timedelta(days=400))
    assert kept(made, Subject(ANN.identifiers | {long_ago})) == {}


def test_a_continuous_recovery_point_lasts_from_the_deletion_on(aws: AwsSandbox) -> None:
    world.table(aws)
    world.put(aws, {"pk": "USER#1", "sk": "a"})
    aws.backup.add(ARN, continuous_days=14)
    (record,) = kept(world.connector(aws)).values()
    until = record.obstacles[0].until
    assert round((until - datetime.now(UTC)) / DAY) == 14


def test_what_is_there_after_its_date_is_by_hand(aws: AwsSandbox) -> None:
    world.table(aws)
    world.put(aws, {"pk": "USER#1", "sk": "a"})
    aws.backup.add(ARN, until=soon(-1))
    (record,) = kept(world.connector(aws)).values()
    assert (record.obstacles[0].kind, record.obstacles[0].until) == (ObstacleKind.BY_HAND, None)


def test_each_replica_has_backups_of_its_own(aws: AwsSandbox) -> None:
    world.table(aws)
    world.put(aws, {"pk": "USER#1", "sk": "a"})
    recover(aws)
    import boto3

    there = boto3.Session("sandbox", "sandbox", region_name="eu-west-1").client("dynamodb", endpoint_url=aws.url)
    there.create_table(
        TableName=world.TABLE, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )  # fmt: skip
    there.create_backup(TableName=world.TABLE, BackupName="abroad")
    aws.dynamodb.replicas[world.TABLE] = ["us-east-1", "eu-west-1"]
    assert {k: r.count for k, r in kept(world.connector(aws)).items()} == {"point-in-time recovery": 1, "backups": 1}


def test_the_inventory_must_describe_the_backups_and_name_itself(aws: AwsSandbox) -> None:
    from connectors import build
    from connectors.model import SystemSpec

    settings = {"endpoint_url": aws.url, "region": aws.region}
    with pytest.raises(ConfigError, match=r"collections\.backups"):
        build(SystemSpec("tables", "aws.dynamodb", settings, SECRETS, (world.activity(),), sandbox=True))
    aged = CollectionSpec("backups", options={"table": "x"})
    with pytest.raises(ConfigError, match=r"collections\.backups"):
        build(SystemSpec("tables", "aws.dynamodb", settings, SECRETS, (world.activity(), aged), sandbox=True))
    with pytest.raises(ConfigError, match="copies_of"):
        world.connector(aws, copies_of=["app_db"])


def test_checking_reads_no_item(aws: AwsSandbox) -> None:
    everything(aws)
    aws.dynamodb.asked.clear()
    world.connector(aws).check()
    assert not {name for name, _ in aws.dynamodb.asked} & {"Query", "Scan", "BatchGetItem", "GetItem"}
