"""Vendors' own retention over the wire: read, compared, applied beside what stands there, and read back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import connectors
from connectors.errors import ChangedError, ConfigError, OvertakenError
from connectors.model import CollectionSpec, IdentitySpec, SystemSpec, Trust
from connectors.protocol import AppliesRetention, Connector
from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws import logs_world, world

MONTH, YEAR = timedelta(days=30), timedelta(days=365)


@pytest.fixture(scope="module")
def running() -> Iterator[AwsSandbox]:
    with AwsSandbox() as sandbox:
        yield sandbox


@pytest.fixture
def aws(running: AwsSandbox) -> AwsSandbox:
    running.reset()
    return running


def able(connector: Connector) -> AppliesRetention:
    assert isinstance(connector, AppliesRetention)
    return connector


def rules(client: Any) -> dict[str, Any]:
    found = client.get_bucket_lifecycle_configuration(Bucket=world.BUCKET)["Rules"]
    return {rule["ID"]: rule for rule in found}


def test_a_lifecycle_rule_goes_beside_the_others(aws: AwsSandbox) -> None:
    client = world.bucket(aws)
    others = [
        {"ID": "logs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 7}},
        {"ID": "cold", "Status": "Enabled", "Filter": {"Prefix": ""},
         "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]},
    ]  # fmt: skip
    client.put_bucket_lifecycle_configuration(Bucket=world.BUCKET, LifecycleConfiguration={"Rules": others})
    before = rules(client)
    files = able(world.connector(aws))
    found = files.kept("uploads", YEAR)
    assert (found.fits, found.now, found.shortens, found.stops) == (False, "for ever", True, "")
    assert found.wanted == "365 days, older versions a day after they were replaced"
    assert files.keep(found, YEAR).fits
    after = rules(client)
    mine = after.pop("dsr-retention-uploads")
    assert after == before
    assert (mine["Filter"], mine["Expiration"], mine["NoncurrentVersionExpiration"]) == (
        {"Prefix": "users/"}, {"Days": 365}, {"NoncurrentDays": 1},
    )  # fmt: skip
    assert files.keep(found, YEAR).fits  # again: nothing to do
    shorter = files.kept("uploads", MONTH)
    assert (shorter.now, shorter.shortens) == ("365 days", True)
    assert files.keep(shorter, MONTH).now == "30 days"
    assert rules(client).keys() == {"logs", "cold", "dsr-retention-uploads"}
    longer = files.kept("uploads", YEAR)
    assert (longer.fits, longer.shortens) == (False, False)


def test_a_lifecycle_that_is_another_by_now_or_ends_sooner_is_left(aws: AwsSandbox) -> None:
    client = world.bucket(aws, versioning="")
    files = able(world.connector(aws))
    found = files.kept("uploads", YEAR)
    sooner = {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": "users/"}, "Expiration": {"Days": 90}}
    client.put_bucket_lifecycle_configuration(Bucket=world.BUCKET, LifecycleConfiguration={"Rules": [sooner]})
    with pytest.raises(ChangedError, match="another than it was"):
        files.keep(found, YEAR)
    found = files.kept("uploads", YEAR)
    assert (found.fits, found.now) == (False, "90 days")
    assert "the rule 'all' ends objects sooner" in found.stops
    assert rules(client).keys() == {"all"}


def named(name: str, below: str) -> dict[str, Any]:
    return {"ID": name, "Status": "Enabled", "Filter": {"Prefix": below}, "Expiration": {"Days": 9}}


def test_a_writer_who_comes_after_is_seen_and_nothing_is_repeated(aws: AwsSandbox) -> None:
    client = world.bucket(aws, versioning="")
    theirs = [named("logs", "logs/"), named("tmp", "tmp/")]
    client.put_bucket_lifecycle_configuration(Bucket=world.BUCKET, LifecycleConfiguration={"Rules": theirs})
    files = able(world.connector(aws))
    found = files.kept("uploads", YEAR)
    # They read before we wrote, and write what they read and changed: our rule goes, and one of theirs.
    stale = [named("logs", "logs/"), named("late", "late/")]
    aws.writers.after = lambda: client.put_bucket_lifecycle_configuration(
        Bucket=world.BUCKET, LifecycleConfiguration={"Rules": stale}
    )
    with pytest.raises(OvertakenError) as told:
        files.keep(found, YEAR)
    says = str(told.value)
    assert "not there any more: 2 rules ('dsr-retention-uploads', 'tmp')" in says
    assert "somebody else's: 1 rule ('late')" in says
    assert "dsr retention settings before files/uploads" in says
    assert rules(client).keys() == {"logs", "late"}
    put_back = json.loads(found.before)
    client.put_bucket_lifecycle_configuration(**put_back)
    assert rules(client).keys() == {"logs", "tmp"}


def test_a_writer_who_came_before_stops_it_and_keeps_their_rule(aws: AwsSandbox) -> None:
    """Between plan and write: S3 is read last of all, after the gate."""
    client = world.bucket(aws, versioning="")

    def somebody_else(collection: str) -> None:
        rule = {"Rules": [named("late", "late/")]}
        client.put_bucket_lifecycle_configuration(Bucket=world.BUCKET, LifecycleConfiguration=rule)

    system = replace(world.spec(aws, world.uploads()), gate=somebody_else)
    files = able(connectors.build(system))
    with pytest.raises(ChangedError):
        files.keep(files.kept("uploads", YEAR), YEAR)
    assert rules(client).keys() == {"late"}


def test_a_writer_between_the_last_reading_and_the_write_is_lost_as_s3_takes_no_condition(aws: AwsSandbox) -> None:
    """What cannot be helped, held here so that nobody believes otherwise: no call of S3's tells of it."""
    client = world.bucket(aws, versioning="")
    files = able(world.connector(aws))
    found = files.kept("uploads", YEAR)
    aws.writers.before = lambda: client.put_bucket_lifecycle_configuration(
        Bucket=world.BUCKET, LifecycleConfiguration={"Rules": [named("late", "late/")]}
    )
    assert files.keep(found, YEAR).fits
    assert rules(client).keys() == {"dsr-retention-uploads"}
    assert "let nobody else write rules" in found.note


def test_a_rule_of_the_first_form_and_a_bucket_of_several(aws: AwsSandbox) -> None:
    client = world.bucket(aws, versioning="")
    old = {"ID": "old", "Status": "Enabled", "Prefix": "tmp/", "Expiration": {"Days": 1}}
    client.put_bucket_lifecycle_configuration(Bucket=world.BUCKET, LifecycleConfiguration={"Rules": [old]})
    within = CollectionSpec(
        "letters",
        fields=(world.CONTENT,),
        options={"bucket": world.BUCKET, "key_patterns": ["users/letters/{user_id}/"]},
    )
    tagged = CollectionSpec(
        "tagged", fields=(world.CONTENT,), options={"bucket": world.BUCKET, "tag": {"o": "user_id"}}
    )
    files = able(world.connector(aws, world.uploads(), within, tagged))
    found = files.kept("uploads", YEAR)
    assert found.also == ("letters", "tagged")
    assert "whole bucket" in files.kept("tagged", YEAR).stops
    files.keep(found, YEAR)
    assert rules(client).keys() == {"old", "dsr-retention-uploads"}


def test_a_log_group_takes_certain_periods_only(aws: AwsSandbox) -> None:
    client = logs_world.group(aws, days=365)
    logs = able(logs_world.connector(aws))
    assert "give 30 days" in logs.kept("app", timedelta(days=31)).stops
    with pytest.raises(ConfigError, match="no retention of a log group"):
        logs.kept("copies", MONTH)
    found = logs.kept("app", MONTH)
    assert (found.fits, found.now, found.shortens) == (False, "365 days", True)
    client.put_retention_policy(logGroupName=logs_world.GROUP, retentionInDays=180)
    with pytest.raises(ChangedError, match="180 days by now"):
        logs.keep(found, MONTH)
    assert logs.keep(logs.kept("app", MONTH), MONTH).fits
    assert logs.kept("app", YEAR).shortens is False


def test_time_to_live_by_the_attribute_that_the_inventory_names(aws: AwsSandbox) -> None:
    client = aws.client("dynamodb")
    client.create_table(
        TableName="tt-visits", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )  # fmt: skip
    for n, ends in enumerate((time.time() - 60, time.time() + 60)):
        client.put_item(TableName="tt-visits", Item={"pk": {"S": f"{n}"}, "ends": {"N": f"{int(ends)}"}})
    client.put_item(TableName="tt-visits", Item={"pk": {"S": "text"}, "ends": {"S": "2020-01-01"}})

    def visits(**options: Any) -> AppliesRetention:
        identities = (IdentitySpec("user_id", "pk", Trust.ASSIGNED),)
        spec = CollectionSpec("visits", identities, options={"table": "tt-visits", **options})
        given = {"endpoint_url": aws.url, "region": aws.region}
        system = SystemSpec(
            "app", "aws.dynamodb", given, world.SECRETS, (spec, CollectionSpec("backups")), sandbox=True
        )
        return able(connectors.build(system))

    assert "options.ttl" in visits().kept("visits", YEAR).stops
    table = visits(ttl="ends")
    found = table.kept("visits", YEAR)
    assert (found.fits, found.now) == (False, "for ever")
    assert "of 3 items looked at 2 have such an instant, and 1 go at once" in found.note
    assert table.keep(found, YEAR).fits
    other = visits(ttl="until").kept("visits", YEAR)
    assert "stands on 'ends'" in other.stops
