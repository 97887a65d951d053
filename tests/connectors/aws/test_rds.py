"""Backups of Amazon RDS: each store is found and dated for whom a database held, and for nobody else."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from connectors import build, copies
from connectors.errors import ConfigError
from connectors.model import (
    Action,
    CollectionSpec,
    Identifier,
    ObstacleKind,
    Order,
    Record,
    Status,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws import rds_world as world

DAY = timedelta(days=1)
ARN = f"arn:aws:rds:us-east-1:123456789012:db:{world.INSTANCE}"
NOW = world.found_in_database(0.01)  # in the database until a little later
PAST = world.found_in_database(-1)  # in the database until yesterday


def found(aws: AwsSandbox, subject: Subject = NOW, **settings: Any) -> dict[str, Record]:
    return {r.at.key: r for r in world.connector(aws, **settings).locate(subject)}


def days_left(record: Record) -> int:
    (obstacle,) = record.obstacles
    assert obstacle.kind is ObstacleKind.LOCKED
    assert obstacle.until is not None
    return round((obstacle.until - datetime.now(UTC)) / DAY)


def everything(aws: AwsSandbox) -> Any:
    client = world.instance(aws)
    world.cluster(aws)
    aws.rds.backtrack = 72 * 3600
    for n in range(3):
        client.create_db_snapshot(DBSnapshotIdentifier=f"monthly-{n}", DBInstanceIdentifier=world.INSTANCE)
    client.create_db_cluster_snapshot(DBClusterSnapshotIdentifier="yearly", DBClusterIdentifier=world.CLUSTER)
    for name, account in (("monthly-0", "210987654321"), ("monthly-1", "all")):
        client.modify_db_snapshot_attribute(
            DBSnapshotIdentifier=name, AttributeName="restore", ValuesToAdd=[account]
        )  # fmt: skip
    snapshot = "arn:aws:rds:us-east-1:123456789012:snapshot:monthly-2"
    role = "arn:aws:iam::123456789012:role/export"
    client.start_export_task(
        ExportTaskIdentifier="e", SourceArn=snapshot, S3BucketName="tt-exports", IamRoleArn=role, KmsKeyId="k"
    )
    aws.backup.add(ARN, until=time.time() + 30 * 86400)
    aws.backup.add(ARN)
    aws.backup.add(f"arn:aws:rds:us-east-1:123456789012:cluster:{world.CLUSTER}", continuous_days=10)
    return client


def test_every_store_is_found(aws: AwsSandbox) -> None:
    everything(aws)
    records = found(aws)
    locked = {k: days_left(r) for k, r in records.items() if r.obstacles[0].kind is ObstacleKind.LOCKED}
    # The cluster's 14 days and one; the backtrack window's 3; the latest recovery point's 30.
    assert locked == {"automated backups": 15, "backtrack": 3, "AWS Backup": 30}
    by_hand = {k: r.count for k, r in records.items() if r.obstacles[0].kind is ObstacleKind.BY_HAND}
    assert by_hand == {
        "manual snapshots": 4, "shared snapshots": 1, "public snapshots": 1, "exports": 1,
        "AWS Backup without an end": 1,
    }  # fmt: skip
    assert records["automated backups"].count == 2


@pytest.mark.parametrize("stranger", [
    Subject.of(Identifier("email", "ann.lee@example.com", Trust.PROVEN)),
    Subject.of(Identifier("app_db.held_until", "yes", Trust.PROVEN)),
    Subject.of(Identifier("app_db.held_until", "2026-01-01", Trust.PROVEN)),
    Subject.of(copies.held("files", datetime.now(UTC))),
    Subject.of(Identifier("app_db.held_until", "2099-01-01T00:00:00Z", Trust.CLAIMED)),
])  # fmt: skip
def test_whom_no_database_held_has_nothing(aws: AwsSandbox, stranger: Subject) -> None:
    everything(aws)
    assert found(aws, stranger) == {}


def test_what_was_made_after_the_person_left_is_not_theirs(aws: AwsSandbox) -> None:
    everything(aws)
    records = found(aws, PAST)
    assert set(records) == {"automated backups", "backtrack", "AWS Backup"}
    assert days_left(records["automated backups"]) == 14
    assert records["AWS Backup"].count == 1  # the continuous one alone reaches back to yesterday
    assert found(aws, world.found_in_database(-40)) == {}


def test_backups_of_a_deleted_database_expire_as_they_would_have(aws: AwsSandbox) -> None:
    aws.rds.retain("DBInstance", "tt-old", 20, latest=datetime.now(UTC) - 5 * DAY)
    records = found(aws, instances=["tt-old"], clusters=[])
    assert days_left(records["automated backups"]) == 20 - 5 + 1
    aws.backup.add("arn:aws:rds:us-east-1:123456789012:db:tt-old", until=time.time() + 86400)
    assert "AWS Backup" in found(aws, instances=["tt-old"], clusters=[])


def test_a_deleted_databases_manual_snapshots_are_found(aws: AwsSandbox) -> None:
    client = everything(aws)
    client.delete_db_instance(DBInstanceIdentifier=world.INSTANCE, SkipFinalSnapshot=True)
    assert found(aws)["manual snapshots"].count == 4


def test_an_export_of_a_snapshot_that_is_gone_may_be_theirs(aws: AwsSandbox) -> None:
    client = everything(aws)
    world.instance(aws, "tt-other")
    client.create_db_snapshot(DBSnapshotIdentifier="another", DBInstanceIdentifier="tt-other")
    role = "arn:aws:iam::123456789012:role/export"
    client.start_export_task(
        ExportTaskIdentifier="f", SourceArn="arn:aws:rds:us-east-1:123456789012:snapshot:another",
        S3BucketName="tt-exports", IamRoleArn=role, KmsKeyId="k",
    )  # fmt: skip
    assert found(aws)["exports"].count == 1
    client.delete_db_snapshot(DBSnapshotIdentifier="monthly-2")
    assert found(aws)["exports"].count == 1
    client.cancel_export_task(ExportTaskIdentifier="e")
    assert "exports" not in found(aws)


def test_other_regions_that_are_named_are_looked_at(aws: AwsSandbox) -> None:
    everything(aws)
    aws.rds.retain("DBInstance", world.INSTANCE, 30, region="eu-west-1")
    assert days_left(found(aws)["automated backups"]) == 15
    records = found(aws, regions=["eu-west-1"])
    assert (records["automated backups"].count, days_left(records["automated backups"])) == (3, 31)


def test_nothing_is_deleted_whatever_is_ordered(aws: AwsSandbox) -> None:
    client = everything(aws)
    made = world.connector(aws)
    records = list(made.locate(NOW))
    before = client.describe_db_snapshots()["DBSnapshots"]
    for action, status in (
        (Action.RETAIN, Status.RETAINED), (Action.MANUAL, Status.MANUAL), (Action.DELETE, Status.FAILED),
        (Action.REDACT, Status.FAILED),
    ):  # fmt: skip
        outcomes = list(made.delete(NOW, [Order(r.at, action, r.count) for r in records]))
        assert {o.status for o in outcomes} == {status}
        if action is Action.RETAIN:
            untils = {o.at.key: o.until for o in outcomes}
            assert untils["automated backups"] is not None
            assert untils["manual snapshots"] is None
    assert client.describe_db_snapshots()["DBSnapshots"] == before
    assert made.capabilities.actions == frozenset()


def test_an_export_holds_nothing_and_says_so(aws: AwsSandbox) -> None:
    everything(aws)
    made = world.connector(aws)
    for record in made.locate(NOW):
        (artifact,) = made.export(NOW, record.at)
        assert b"".join(artifact.chunks) == b""
        assert artifact.withheld


def test_a_database_that_is_not_there_is_the_inventorys_fault(aws: AwsSandbox) -> None:
    everything(aws)
    misspelt: tuple[dict[str, Any], ...] = ({"instances": ["tt-reprots"]}, {"clusters": ["tt-ledgre"]})
    for settings in misspelt:
        with pytest.raises(ConfigError, match="nor any backup"):
            found(aws, **settings)
        with pytest.raises(ConfigError, match="nor any backup"):
            world.connector(aws, **settings).check()


@pytest.mark.parametrize("settings", [
    {"copies_of": []}, {"copies_of": "app_db"}, {"instances": [], "clusters": []}, {"page_size": 2}, {"snapshots": []},
    {"regions": ["Frankfurt"]},
])  # fmt: skip
def test_wrong_settings_are_named(aws: AwsSandbox, settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        world.connector(aws, **settings)


def test_the_inventory_describes_one_collection(aws: AwsSandbox) -> None:
    spec = world.spec(aws)
    for collections in ((), (*spec.collections, CollectionSpec("snapshots"))):
        wrong = SystemSpec(spec.system, spec.connector, spec.settings, spec.secrets, collections, sandbox=True)
        with pytest.raises(ConfigError):
            build(wrong)


def test_the_sandbox_refuses_to_delete_an_automated_snapshot(aws: AwsSandbox) -> None:
    client = everything(aws)
    automated = client.describe_db_snapshots(SnapshotType="automated")["DBSnapshots"][0]["DBSnapshotIdentifier"]
    with pytest.raises(ClientError, match="InvalidDBSnapshotState"):
        client.delete_db_snapshot(DBSnapshotIdentifier=automated)
