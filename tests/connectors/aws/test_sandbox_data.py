"""Where the sandbox of DynamoDB and CloudWatch Logs differs from moto alone, it does as AWS documents."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from connectors.sandbox.aws import AwsSandbox
from connectors.sandbox.aws.json_service import Refused
from connectors.sandbox.aws.logs import matcher
from tests.connectors.aws import dynamodb_world, logs_world

TABLE = dynamodb_world.TABLE


def _refused(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def _items(number: int) -> list[dict[str, Any]]:
    return [{"pk": {"S": f"K#{n}"}, "sk": {"S": "a"}} for n in range(number)]


def test_26_writes_are_too_many_for_a_batch(aws: AwsSandbox) -> None:
    client = dynamodb_world.table(aws)
    puts = [{"PutRequest": {"Item": item}} for item in _items(26)]
    with pytest.raises(ClientError) as refused:
        client.batch_write_item(RequestItems={TABLE: puts})
    assert _refused(refused) == "ValidationException"
    client.batch_write_item(RequestItems={TABLE: puts[:25]})
    assert len(dynamodb_world.stored(aws)) == 25


def test_a_token_stands_for_one_transaction(aws: AwsSandbox) -> None:
    client = dynamodb_world.table(aws)
    first, second = ([{"Put": {"TableName": TABLE, "Item": item}}] for item in _items(2))
    client.transact_write_items(TransactItems=first, ClientRequestToken="t")
    with pytest.raises(ClientError) as refused:
        client.transact_write_items(TransactItems=second, ClientRequestToken="t")
    assert _refused(refused) == "IdempotentParameterMismatchException"


def test_segments_of_a_scan_make_the_whole_table_and_share_nothing(aws: AwsSandbox) -> None:
    client = dynamodb_world.table(aws)
    for item in _items(20):
        client.put_item(TableName=TABLE, Item=item)
    parts = [client.scan(TableName=TABLE, Segment=n, TotalSegments=3)["Items"] for n in range(3)]
    assert sorted(i["pk"]["S"] for part in parts for i in part) == sorted(i["pk"]["S"] for i in _items(20))
    assert all(parts)


def test_an_index_may_lag_behind_its_table(aws: AwsSandbox) -> None:
    client = dynamodb_world.table(aws, email="ALL")
    dynamodb_world.put(aws, {"pk": "K", "sk": "a", "email": "ann.lee@example.com"})
    aws.dynamodb.lag(TABLE)
    client.delete_item(TableName=TABLE, Key=_items(0) or {"pk": {"S": "K"}, "sk": {"S": "a"}})
    asked = {"KeyConditionExpression": "email = :e", "ExpressionAttributeValues": {":e": {"S": "ann.lee@example.com"}}}
    assert client.query(TableName=TABLE, IndexName="by-email", **asked)["Count"] == 1
    assert client.scan(TableName=TABLE)["Count"] == 0
    with pytest.raises(ClientError):  # an index has no consistent reads
        client.query(TableName=TABLE, IndexName="by-email", ConsistentRead=True, **asked)


def test_exports_are_listed_by_table(aws: AwsSandbox) -> None:
    client = dynamodb_world.table(aws)
    arn = client.describe_table(TableName=TABLE)["Table"]["TableArn"]
    client.export_table_to_point_in_time(TableArn=arn, S3Bucket="tt-exports")
    assert len(client.list_exports(TableArn=arn)["ExportSummaries"]) == 1
    assert client.list_exports(TableArn=f"{arn}2")["ExportSummaries"] == []


@pytest.mark.parametrize(("pattern", "found"), [
    ("", ["ann@x.com login", "JOANN@x.com login", "logout"]),
    ('"ann@x.com"', ["ann@x.com login"]),
    ("login", ["ann@x.com login", "JOANN@x.com login"]),
    ("login -ann", ["JOANN@x.com login"]),
    ('?"ann@" ?logout', ["ann@x.com login", "logout"]),
    ("%[aA][nN][nN]@%", ["ann@x.com login", "JOANN@x.com login"]),
    ("%out$|JOANN%", ["JOANN@x.com login", "logout"]),
])  # fmt: skip
def test_filter_patterns_find_what_they_say(aws: AwsSandbox, pattern: str, found: list[str]) -> None:
    client = logs_world.group(aws)
    for n, message in enumerate(("ann@x.com login", "JOANN@x.com login", "logout")):
        aws.logs.log(logs_world.GROUP, message, days=3 - n)
    events = client.filter_log_events(logGroupName=logs_world.GROUP, filterPattern=pattern)["events"]
    assert [e["message"] for e in events] == found


@pytest.mark.parametrize("pattern", ["ann@x.com", "{ $.a = 1 }", "%(ann)%", "%ann!%", "%é%", '"' + "a" * 1023 + '"'])
def test_filter_patterns_that_aws_refuses_find_nothing(pattern: str) -> None:
    with pytest.raises(Refused):
        matcher(pattern)


def test_retention_has_fixed_values(aws: AwsSandbox) -> None:
    client = logs_world.group(aws)
    with pytest.raises(ClientError) as refused:
        client.put_retention_policy(logGroupName=logs_world.GROUP, retentionInDays=31)
    assert _refused(refused) == "InvalidParameterException"


def test_aws_backup_knows_its_key(aws: AwsSandbox) -> None:
    import boto3

    stranger = boto3.Session("AKIASTRANGER", "x", region_name=aws.region).client("backup", endpoint_url=aws.url)
    with pytest.raises(ClientError) as refused:
        stranger.list_recovery_points_by_resource(ResourceArn="arn:aws:dynamodb:us-east-1:123456789012:table/t")
    assert _refused(refused) == "UnrecognizedClientException"
