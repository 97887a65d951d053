"""What still holds an item after it is deleted from its table, and until when.

Sources: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html (1-35 days,
35 unless set), .../backuprestore_HowItWorks.html (on-demand backups stay until they are deleted),
.../Streams.html (24 hours, and the record of a deletion may hold the item), .../S3DataExport.HowItWorks.html,
.../V2globaltables_HowItWorks.html; https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListBackups.html
(not those of AWS Backup), .../API_ListExports.html (of the last 90 days).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.aws.answers import call, rows
from connectors.aws.backups import Copy
from connectors.aws.dynamodb.table import Schema
from connectors.aws.recovery_points import recovery_points
from connectors.aws.session import member

_STREAM = timedelta(hours=24)
_KINESIS_MOST = timedelta(days=365)
_PITR_DAYS = 35
_PITR = (
    "point-in-time recovery keeps every state of the table for its period and is never switched off for one person; "
    "after any restore run the erasures again before the data is used"
)
_STREAMED = "the table's stream shows a deleted item for 24 hours to whoever reads it"
_DATED = "backups of the table hold everybody and expire by themselves; they are never deleted for one person"
_UNDATED = (
    "on-demand backups of the table never expire and hold everybody: delete each that is not needed any more, or note "
    "until when it is; after any restore run the erasures again before the data is used"
)
_EXPORTED = (
    "exports of the table lie in S3 buckets (ListExports names those of the last 90 days): delete the files, or note "
    "when the buckets' lifecycle ends them"
)
_KINESIS = (
    "changes of the table go to a Kinesis data stream, which keeps them for its retention (up to 365 days) and may "
    "feed other stores: note when it ends, and see what reads it"
)


@dataclass(frozen=True, slots=True)
class Clients:
    """The clients of one region."""

    dynamodb: Any = field(repr=False)
    backup: Any = field(repr=False)


def survivors(
    system: str, name: str, schema: Schema, region: str, clients: Callable[[str], Clients], held: datetime
) -> Iterator[Copy]:
    """Everything that holds items the table had until `held`, in its own region and those of its replicas.

    A deletion reaches the replicas by itself; their backups and streams are their own.
    """
    for place in (region, *(r for r in schema.replicas if r != region)):
        there = clients(place)
        said = schema if place == region else _Replica(system, name, there.dynamodb)
        yield from _of_region(system, name, said.arn, said.streaming, there, held)


class _Replica:
    """What of a replica's own description matters."""

    def __init__(self, system: str, name: str, client: Any) -> None:
        doing = f"dynamodb:DescribeTable on a replica of {name}"
        answer = call(system, doing, client.describe_table, TableName=name)
        said = member(system, answer, "Table", doing)
        self.arn = str(said["TableArn"])
        self.streaming = bool(said.get("StreamSpecification", {}).get("StreamEnabled"))


def _of_region(system: str, name: str, arn: str, streaming: bool, clients: Clients, held: datetime) -> Iterator[Copy]:
    client, now = clients.dynamodb, datetime.now(UTC)
    yield from _recovery(system, name, client, held)
    if streaming and held + _STREAM > now:
        yield Copy("stream", _STREAMED, held + _STREAM)
    doing = f"dynamodb:DescribeKinesisStreamingDestination on {name}"
    answer = call(system, doing, client.describe_kinesis_streaming_destination, TableName=name)
    targets = member(system, answer, "KinesisDataStreamDestinations", doing)
    if held + _KINESIS_MOST > now:
        yield from (Copy("Kinesis", _KINESIS) for t in targets if t.get("DestinationStatus") != "DISABLED")
    yield from _backups(system, name, client, held)
    yield from recovery_points(system, clients.backup, arn, held)
    yield from _exports(system, client, arn, held)


def _recovery(system: str, name: str, client: Any, held: datetime) -> Iterator[Copy]:
    doing = f"dynamodb:DescribeContinuousBackups on {name}"
    answer = call(system, doing, client.describe_continuous_backups, TableName=name)
    said = member(system, answer, "ContinuousBackupsDescription", doing).get("PointInTimeRecoveryDescription", {})
    earliest = said.get("EarliestRestorableDateTime")
    until = held + timedelta(days=said.get("RecoveryPeriodInDays", _PITR_DAYS))
    enabled = said.get("PointInTimeRecoveryStatus") == "ENABLED"
    if enabled and until > datetime.now(UTC) and (earliest is None or earliest <= held):
        yield Copy("point-in-time recovery", _PITR, until, earliest)


def _backups(system: str, name: str, client: Any, held: datetime) -> Iterator[Copy]:
    """On-demand backups, and those the service makes when a table with point-in-time recovery is deleted."""
    doing, token = f"dynamodb:ListBackups of {name}", ("LastEvaluatedBackupArn", "ExclusiveStartBackupArn")
    for backup in rows(system, doing, client.list_backups, "BackupSummaries", token, TableName=name):
        until, made = backup.get("BackupExpiryDateTime"), backup["BackupCreationDateTime"]
        other = backup.get("BackupType") == "AWS_BACKUP" or backup.get("BackupStatus") == "DELETED"
        if other or made > held:
            continue
        yield Copy("backups with an end", _DATED, until, made) if until else Copy("backups", _UNDATED, None, made)


def _exports(system: str, client: Any, arn: str, held: datetime) -> Iterator[Copy]:
    for export in rows(system, "dynamodb:ListExports", client.list_exports, "ExportSummaries", TableArn=arn):
        doing = "dynamodb:DescribeExport"
        answer = call(system, doing, client.describe_export, ExportArn=export["ExportArn"])
        said = member(system, answer, "ExportDescription", doing)
        made = said.get("ExportTime") or said.get("StartTime")
        if said.get("ExportStatus") != "FAILED" and (made is None or made <= held):
            yield Copy("exports", _EXPORTED, None, made)
