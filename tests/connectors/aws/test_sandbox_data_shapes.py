"""What the sandbox answers for DynamoDB, CloudWatch Logs, AWS Backup and RDS by itself has the shape of AWS's own
service descriptions, which botocore brings."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws import dynamodb_world, logs_world, rds_world

TABLE, GROUP = dynamodb_world.TABLE, logs_world.GROUP


def _members(value: Any) -> Any:
    """An XML element as a JSON answer would be: text, or members (lists are told by the description)."""
    if not isinstance(value, ElementTree.Element):
        return value
    return [(child.tag.rpartition("}")[2], _members(child)) for child in value] if len(value) else value.text


def _strangers(shape: Any, value: Any, path: str) -> Iterator[str]:
    """Members of an answer that the description does not have, or that it calls required and are missing."""
    if shape.type_name == "structure":
        held = list(value.items()) if isinstance(value, Mapping) else value or []
        names = {name for name, _ in held}
        yield from (f"{path}.{name}" for name in names - set(shape.members))
        yield from (f"{path}.{name} is missing" for name in set(shape.required_members) - names)
        for name, inner in held:
            if name in shape.members:
                yield from _strangers(shape.members[name], inner, f"{path}.{name}")
    elif shape.type_name == "list":
        for item in value or []:
            yield from _strangers(shape.member, item[1] if isinstance(item, tuple) else item, path + "[]")


def _asked(aws: AwsSandbox) -> Iterator[tuple[str, str, dict[str, Any]]]:
    client = dynamodb_world.table(aws, email="ALL")
    arn = client.describe_table(TableName=TABLE)["Table"]["TableArn"]
    dynamodb_world.put(aws, {"pk": "K", "sk": "a", "email": "ann.lee@example.com"})
    aws.dynamodb.replicas[TABLE], aws.dynamodb.kinesis[TABLE] = ["eu-west-1"], ["arn:aws:kinesis:us-east-1:1:stream/s"]
    client.create_backup(TableName=TABLE, BackupName="monthly")
    aws.dynamodb.expiring(TABLE, time.time() + 86400)
    export = client.export_table_to_point_in_time(TableArn=arn, S3Bucket="tt-exports")["ExportDescription"]["ExportArn"]
    yield "dynamodb", "describe_table", {"TableName": TABLE}
    yield "dynamodb", "list_backups", {"TableName": TABLE}
    yield "dynamodb", "list_exports", {"TableArn": arn}
    yield "dynamodb", "describe_export", {"ExportArn": export}
    yield "dynamodb", "describe_kinesis_streaming_destination", {"TableName": TABLE}
    yield "dynamodb", "scan", {"TableName": TABLE}
    aws.dynamodb.empty_pages = True
    yield "dynamodb", "scan", {"TableName": TABLE}
    aws.backup.add(arn, until=time.time() + 86400)
    aws.backup.add(arn, continuous_days=7)
    yield "backup", "list_recovery_points_by_resource", {"ResourceArn": arn}
    for point in aws.backup.points:
        asked = {"BackupVaultName": "Default", "RecoveryPointArn": point["RecoveryPointArn"]}
        yield "backup", "describe_recovery_point", asked
    logs_world.group(aws)
    aws.logs.log(GROUP, "user_id=42")
    aws.logs.masked.add(GROUP)
    aws.logs.policies.append("to the archive")
    yield "logs", "filter_log_events", {"logGroupName": GROUP, "filterPattern": '"42"'}
    yield "logs", "describe_log_groups", {"logGroupNamePrefix": GROUP}
    yield "logs", "describe_account_policies", {"policyType": "SUBSCRIPTION_FILTER_POLICY"}
    rds_world.instance(aws)
    rds_world.cluster(aws)
    aws.rds.retain("DBInstance", rds_world.INSTANCE, 7, latest=datetime.now(UTC))
    yield "rds", "describe_db_instance_automated_backups", {"DBInstanceIdentifier": rds_world.INSTANCE}
    yield "rds", "describe_db_cluster_automated_backups", {"DBClusterIdentifier": rds_world.CLUSTER}
    yield "rds", "describe_db_snapshots", {"DBInstanceIdentifier": rds_world.INSTANCE}


def test_answers_are_of_the_documented_shape(aws: AwsSandbox) -> None:
    import boto3

    wrong: list[str] = []
    seen: list[str] = []

    def look(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
        body, name = response_dict["body"], operation_model.name
        answer = _members(ElementTree.fromstring(body)[0]) if body.startswith(b"<") else json.loads(body)
        seen.append(name)
        wrong.extend(_strangers(operation_model.output_shape, answer, name))
        wrong.extend([f"{name} is empty"] if not answer else [])

    session = boto3.Session("sandbox", "sandbox", region_name=aws.region)
    made = {s: session.client(s, endpoint_url=aws.url) for s in ("dynamodb", "backup", "logs", "rds")}
    for client in made.values():
        client.meta.events.register("before-parse.*", look)
    for service, verb, given in _asked(aws):
        getattr(made[service], verb)(**given)
    assert wrong == []
    assert len(seen) == 16
