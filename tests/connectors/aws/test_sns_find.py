"""Where SNS knows a person: exactly their address, their number, their device."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import connectors
from connectors.errors import AuthError, ConfigError
from connectors.model import CollectionSpec, IdentitySpec, ObstacleKind, Secret, SystemSpec, Trust
from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws.sns_world import (
    ANN,
    JO,
    OTHER,
    PHONE,
    SUBJECT,
    connector,
    device,
    held,
    located,
    sandbox_number,
    spec,
    subscribe,
    topic,
)
from tests.connectors.aws.world import SECRETS, person


def test_every_store_is_searched(aws: AwsSandbox) -> None:
    arn = topic(aws)
    subscribe(aws, arn, ANN)
    subscribe(aws, arn, ANN, "email-json", confirmed=False)
    subscribe(aws, arn, PHONE, "sms")
    hers = device(aws, "token", '{"user_id": "1"}')
    subscribe(aws, arn, hers, "application")
    sandbox_number(aws, PHONE)
    aws.sns.opted_out.append(PHONE)
    assert {key: r.count for key, r in located(connector(aws)).items()} == {
        ("subscriptions", ""): 3, ("subscriptions", "pending"): 1, ("endpoints", ""): 1,
        ("sms_sandbox_numbers", ""): 1, ("sms_opt_outs", ""): 1,
    }  # fmt: skip


def test_a_neighbours_address_and_number_are_not_hers(aws: AwsSandbox) -> None:
    arn = topic(aws)
    for email in (f"x{ANN}", f"{ANN}.example.net", "ann.lee@example.org"):
        subscribe(aws, arn, email)
    for number in (PHONE + "9", PHONE[:-1]):
        subscribe(aws, arn, number, "sms")
    assert located(connector(aws)) == {}


@pytest.mark.parametrize(("given", "found"), [
    ("+1 202 555 0142", True), ("+1 (202) 555-0142", True), ("202-555-0142", False), ("12025550142", False),
])  # fmt: skip
def test_a_number_without_its_country_may_be_anyones(aws: AwsSandbox, given: str, found: bool) -> None:
    subscribe(aws, topic(aws), PHONE, "sms")
    aws.sns.opted_out.append(PHONE)
    assert bool(located(connector(aws), person(phone=given))) is found


def test_another_accounts_subscription_is_found_at_the_topic(aws: AwsSandbox) -> None:
    arn = topic(aws)
    subscribe(aws, arn, ANN)
    aws.sns.foreign.add(held(aws)["subscriptions"][0][3])
    assert located(connector(aws))["subscriptions", ""].count == 1
    assert located(connector(aws, every_topic=False)) == {}


def test_an_unconfirmed_subscription_is_locked_until_it_lapses(aws: AwsSandbox) -> None:
    subscribe(aws, topic(aws), ANN, confirmed=False)
    made = connector(aws)
    record = located(made)["subscriptions", "pending"]
    (obstacle,) = record.obstacles
    assert obstacle.kind is ObstacleKind.LOCKED
    assert obstacle.until is not None
    assert timedelta(hours=47) < obstacle.until - datetime.now(UTC) <= timedelta(hours=48)
    aws.sns.advance(timedelta(hours=48))
    assert located(made) == {}


@pytest.mark.parametrize(("identity", "data", "found"), [
    (IdentitySpec("user_id", "CustomUserData", Trust.ASSIGNED), "1", {("endpoints", "")}),
    (IdentitySpec("user_id", "CustomUserData", Trust.ASSIGNED), "10", set()),
    (IdentitySpec("user_id", "CustomUserData", Trust.ASSIGNED), "1,2", set()),
    (IdentitySpec("user_id", "CustomUserData->id", Trust.ASSIGNED), '{"id": 1}', {("endpoints", "")}),
    (IdentitySpec("user_id", "CustomUserData->id", Trust.ASSIGNED), '{"id": true}', set()),
    (IdentitySpec("user_id", "CustomUserData->id", Trust.ASSIGNED), "no JSON", set()),
    (IdentitySpec("email", "CustomUserData", Trust.CLAIMED), ANN.upper(), {("endpoints", "claimed")}),
    (IdentitySpec("user_id", "Token", Trust.ASSIGNED), "", set()),
])  # fmt: skip
def test_a_device_is_found_as_the_inventory_says(
    aws: AwsSandbox, identity: IdentitySpec, data: str, found: set[tuple[str, str]]
) -> None:
    device(aws, "token", data)
    device(aws, "other", "10")
    assert set(located(connector(aws, identity))) == found


def test_a_claimed_device_is_listed_and_no_more(aws: AwsSandbox) -> None:
    device(aws, "token", ANN)
    made = connector(aws)
    record = located(made)["endpoints", "claimed"]
    assert [o.kind for o in record.obstacles] == [ObstacleKind.CLAIMED]
    assert record.reveals == ()
    assert list(made.export(SUBJECT, record.at)) == []


def test_what_a_device_tells_of_the_person(aws: AwsSandbox) -> None:
    device(aws, "token", '{"user_id": 1}')
    identity = IdentitySpec("user_id", "CustomUserData->user_id", Trust.ASSIGNED)
    (record,) = connector(aws, identity).locate(SUBJECT)
    assert [(i.kind, i.value, i.origin) for i in record.reveals] == [
        ("user_id", "1", "alerts/endpoints.CustomUserData->user_id")
    ]


def test_an_opt_out_is_found_by_asking_for_the_number_alone(aws: AwsSandbox) -> None:
    aws.sns.opted_out += [PHONE, OTHER]
    record = located(connector(aws))["sms_opt_outs", ""]
    assert (record.count, record.obstacles) == (1, ())
    assert "kept" in record.note
    assert located(connector(aws, sms=False)) == {}


def test_what_has_no_age_is_never_let_go_for_being_old(aws: AwsSandbox) -> None:
    aws.sns.opted_out.append(PHONE)
    cut = datetime(2020, 1, 1, tzinfo=UTC)
    aged = tuple(replace(c, age_field="opted_out_at", cutoffs=(cut,)) if c.name == "sms_opt_outs" else c
                 for c in spec(aws).collections)  # fmt: skip
    (record,) = connectors.build(replace(spec(aws), collections=aged)).locate(SUBJECT)
    assert (record.at.since, record.at.before, record.newest) == (cut, None, None)


def test_the_export_names_the_topics_and_withholds_tokens(aws: AwsSandbox) -> None:
    subscribe(aws, topic(aws), ANN)
    device(aws, "token", '{"user_id": "1"}')
    made = connector(aws)
    artifacts = [a for r in made.locate(SUBJECT) for a in made.export(SUBJECT, r.at)]
    rows = {a.name: json.loads(b"".join(a.chunks)) for a in artifacts}
    assert rows["subscriptions.jsonl"]["TopicArn"].endswith(":news")
    assert rows["endpoints.jsonl"] == {"CustomUserData": '{"user_id": "1"}', "CustomUserData->user_id": "1"}
    assert artifacts[1].withheld == ("device token", "unmarked field")


def test_check_proves_permissions_and_reads_nobody(aws: AwsSandbox) -> None:
    aws.sns.page_size = 1
    for email in (ANN, JO):
        subscribe(aws, topic(aws), email)
    device(aws, "token", ANN)
    sandbox_number(aws, PHONE)
    assert [p.ok for p in connector(aws).inspect()] == [True, True, None]
    assert aws.sns.opted_in == []
    refused = {**SECRETS, "access_key_id": Secret("sandbox-revoked")}
    stranger = connectors.build(replace(spec(aws), secrets=refused))
    with pytest.raises(AuthError):
        stranger.check()


@pytest.mark.parametrize(("collection", "named"), [
    (CollectionSpec("topics"), "there is no collection 'topics'"),
    (CollectionSpec("subscriptions", options={"x": 1}), "no options"),
    (CollectionSpec("endpoints", (IdentitySpec("user_id", "UserId", Trust.ASSIGNED),)), "by Token or CustomUserData"),
    (CollectionSpec("subscriptions", (IdentitySpec("email", "Endpoint", Trust.CLAIMED),)), "proven or assigned"),
])  # fmt: skip
def test_what_is_wrong_in_the_inventory_is_named(collection: CollectionSpec, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        connectors.build(SystemSpec("alerts", "aws.sns", {"region": "us-east-1"}, SECRETS, (collection,)))


def test_a_device_that_names_her_number_and_anothers_address_is_only_claimed(aws: AwsSandbox) -> None:
    device(aws, "token", json.dumps({"user_id": "1", "email": JO}))
    both = (IdentitySpec("user_id", "CustomUserData->user_id", Trust.ASSIGNED),
            IdentitySpec("email", "CustomUserData->email", Trust.ASSIGNED))  # fmt: skip
    assert set(located(connector(aws, *both))) == {("endpoints", "claimed")}
