"""What `dsr check` tells of DynamoDB, CloudWatch Logs and RDS before a request needs it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

import connectors
from connectors.errors import AuthError
from connectors.model import Aspect, Probe, Secret
from connectors.protocol import Inspects
from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws import dynamodb_world, logs_world, rds_world


def told(made: Any) -> list[Probe]:
    assert isinstance(made, Inspects)
    return list(made.inspect())


def wrong(probes: list[Probe]) -> list[tuple[Aspect, str]]:
    return [(p.aspect, p.says) for p in probes if p.ok is False]


def test_a_table_that_fits_and_may_be_read(aws: AwsSandbox) -> None:
    dynamodb_world.table(aws)
    dynamodb_world.put(aws, {"pk": "USER#1", "sk": "a", "cc": "ann.lee@example.com"})
    scanning = dynamodb_world.activity(dynamodb_world.BY_USER, dynamodb_world.BY_EMAIL, scan=["email"])
    aws.dynamodb.asked.clear()
    probes = told(dynamodb_world.connector(aws, scanning))
    assert wrong(probes) == []
    assert {p.aspect for p in probes} == {Aspect.REACH, Aspect.INVENTORY, Aspect.LOCATE, Aspect.DELETE}
    assert [p.ok for p in probes if p.aspect is Aspect.DELETE] == [None]
    assert not {name for name, _ in aws.dynamodb.asked} & aws.dynamodb.writes


@pytest.mark.parametrize("operation", [
    "Query", "BatchGetItem", "ListBackups", "DescribeContinuousBackups", "ListExports",
    "DescribeKinesisStreamingDestination",
])  # fmt: skip
def test_a_permission_that_is_missing_is_named(aws: AwsSandbox, operation: str) -> None:
    dynamodb_world.table(aws)
    aws.dynamodb.denied = {operation}
    ((aspect, says),) = wrong(told(dynamodb_world.connector(aws)))
    assert (aspect, "AccessDenied" in says) == (Aspect.LOCATE, True)


def test_a_table_that_is_missing_or_keyed_otherwise_is_named(aws: AwsSandbox) -> None:
    dynamodb_world.table(aws)
    missing = dynamodb_world.activity(name="other", table="tt-other")
    unkeyed = dynamodb_world.activity(dynamodb_world.BY_EMAIL, templates={})
    for collection in (missing, unkeyed):
        assert [a for a, _ in wrong(told(dynamodb_world.connector(aws, collection)))] == [Aspect.INVENTORY]


def test_the_retention_of_a_group_is_compared_with_the_inventory(aws: AwsSandbox) -> None:
    logs_world.group(aws, days=30)
    for stated, ok in ((None, True), (30, True), (90, False)):
        options = {"retention_days": stated} if stated else {}
        probes = told(logs_world.connector(aws, logs_world.lines(options=options)))
        assert [p.ok for p in probes if "kept" in p.says] == [ok]
    aws.client("logs").delete_retention_policy(logGroupName=logs_world.GROUP)
    assert ["for ever" in says for a, says in wrong(told(logs_world.connector(aws))) if a is Aspect.INVENTORY] == [True]


@pytest.mark.parametrize("operation", [
    "FilterLogEvents", "DescribeSubscriptionFilters", "DescribeExportTasks", "DescribeAccountPolicies",
])  # fmt: skip
def test_what_logs_may_not_be_read_is_named(aws: AwsSandbox, operation: str) -> None:
    logs_world.group(aws)
    aws.logs.denied = {operation}
    assert [a for a, _ in wrong(told(logs_world.connector(aws)))] == [Aspect.LOCATE]


def test_a_group_that_is_missing_is_named(aws: AwsSandbox) -> None:
    assert [a for a, _ in wrong(told(logs_world.connector(aws)))] == [Aspect.INVENTORY]


def test_databases_and_their_copies(aws: AwsSandbox) -> None:
    rds_world.instance(aws)
    rds_world.cluster(aws)
    assert [a for a, _ in wrong(told(rds_world.connector(aws)))] == []
    aws.rds.denied = {"DescribeDBSnapshots"}
    assert [a for a, _ in wrong(told(rds_world.connector(aws)))] == [Aspect.LOCATE]
    aws.rds.reset()
    rds_world.cluster(aws, "tt-more")
    assert [a for a, _ in wrong(told(rds_world.connector(aws, clusters=["tt-mroe"])))] == [Aspect.INVENTORY]


def test_revoked_credentials_are_raised(aws: AwsSandbox) -> None:
    dynamodb_world.table(aws)
    revoked = {"access_key_id": Secret("sandbox-revoked"), "secret_access_key": Secret("sandbox")}
    for spec in (dynamodb_world.spec(aws, dynamodb_world.activity()), logs_world.spec(aws), rds_world.spec(aws)):
        made = cast("Inspects", connectors.build(replace(spec, secrets=revoked)))
        with pytest.raises(AuthError):
            list(made.inspect())
