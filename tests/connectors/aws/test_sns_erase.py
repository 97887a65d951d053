"""Unsubscribing and deleting in SNS; what lapses gets a date, and nobody is opted in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import ChangedError
from connectors.model import Action, Order, Status
from connectors.sandbox.aws import AwsSandbox
from connectors.sandbox.faults import Fault
from tests.connectors.aws.sns_world import (
    ANN,
    JO,
    PHONE,
    SUBJECT,
    connector,
    device,
    erase,
    held,
    located,
    sandbox_number,
    subscribe,
    topic,
)
from tests.connectors.aws.world import orders


def test_a_device_is_unsubscribed_before_it_is_deleted(aws: AwsSandbox) -> None:
    """SNS leaves the subscription of a deleted device behind."""
    arn = topic(aws)
    subscribe(aws, arn, device(aws, "token", '{"user_id": "1"}'), "application")
    subscribe(aws, arn, device(aws, "other", '{"user_id": "10"}'), "application")
    asked: list[str] = []
    outcomes = erase(connector(aws, gate=asked.append))
    assert {o.status for o in outcomes.values()} == {Status.DONE}
    assert asked == ["subscriptions", "endpoints"]
    assert held(aws)["endpoints"] == [("other", '{"user_id": "10"}')]
    assert [endpoint for _, _, endpoint, _ in held(aws)["subscriptions"]] == ["other"]


@pytest.mark.parametrize("plant", [
    lambda aws: subscribe(aws, topic(aws), ANN),
    lambda aws: device(aws, "token", '{"user_id": "1"}'),
])  # fmt: skip
def test_success_without_effect_is_a_failure(aws: AwsSandbox, plant: Callable[[AwsSandbox], object]) -> None:
    plant(aws)
    with aws.faults.inject(Fault.LYING):
        (outcome,) = erase(connector(aws)).values()
    assert (outcome.status, outcome.count) == (Status.FAILED, 0)


def test_an_unconfirmed_subscription_is_never_said_to_be_deleted(aws: AwsSandbox) -> None:
    subscribe(aws, topic(aws), ANN, confirmed=False)
    made = connector(aws)
    record = located(made)["subscriptions", "pending"]
    (outcome,) = made.delete(SUBJECT, [Order(record.at, Action.DELETE, 1)])
    assert outcome.status is Status.RETAINED
    assert outcome.until is not None
    assert outcome.until - datetime.now(UTC) <= timedelta(hours=48)
    assert len(held(aws)["subscriptions"]) == 1
    aws.sns.confirm(ANN)
    assert {o.status for o in erase(made).values()} == {Status.DONE}


def test_another_accounts_subscription_is_gone_when_it_is_listed_no_more(aws: AwsSandbox) -> None:
    subscribe(aws, topic(aws), ANN)
    aws.sns.foreign.add(held(aws)["subscriptions"][0][3])
    made = connector(aws)
    planned = orders(list(made.locate(SUBJECT)))
    (outcome,) = made.delete(SUBJECT, planned)
    assert (outcome.status, outcome.count) == (Status.ACCEPTED, 1)
    assert set(located(made)) == {("subscriptions", "removed")}
    assert [o.status for o in made.delete(SUBJECT, planned)] == [Status.ABSENT]
    aws.sns.advance(timedelta(hours=72))
    assert located(made) == {}


@pytest.mark.parametrize(("hours", "status", "left"), [(48, Status.DONE, []), (1, Status.RETAINED, [PHONE])])
def test_a_sandbox_number_goes_a_day_after_it_was_verified(
    aws: AwsSandbox, hours: int, status: Status, left: list[str]
) -> None:
    sandbox_number(aws, PHONE, hours)
    made = connector(aws)
    (outcome,) = erase(made).values()
    assert outcome.status is status
    assert held(aws)["numbers"] == left
    aws.sns.advance(timedelta(hours=24))
    erase(made)
    assert held(aws)["numbers"] == []


def test_nobody_is_ever_opted_in(aws: AwsSandbox) -> None:
    aws.sns.opted_out.append(PHONE)
    made = connector(aws)
    record = located(made)["sms_opt_outs", ""]
    (outcome,) = made.delete(SUBJECT, [Order(record.at, Action.DELETE, 1)])
    assert (outcome.status, outcome.count) == (Status.RETAINED, 1)
    assert (aws.sns.opted_out, aws.sns.opted_in) == ([PHONE], [])
    assert ("sms_opt_outs", "") in located(made)


def test_a_claimed_device_is_left_alone(aws: AwsSandbox) -> None:
    device(aws, "token", ANN)
    made = connector(aws)
    record = located(made)["endpoints", "claimed"]
    (outcome,) = made.delete(SUBJECT, [Order(record.at, Action.DELETE, 1)])
    assert outcome.status is Status.MANUAL
    assert held(aws)["endpoints"] == [("token", ANN)]


def test_more_than_planned_changes_nothing(aws: AwsSandbox) -> None:
    arn = topic(aws)
    subscribe(aws, arn, ANN)
    device(aws, "token", '{"user_id": "1"}')
    made = connector(aws)
    planned = orders(list(made.locate(SUBJECT)))
    device(aws, "tablet", '{"user_id": "1"}')
    before = held(aws)
    with pytest.raises(ChangedError, match="endpoints: 2 found, the plan has 1"):
        list(made.delete(SUBJECT, planned))
    assert held(aws) == before
    assert {o.status for o in made.delete(SUBJECT, [replace(o, late=1) for o in planned])} == {Status.DONE}


def test_nothing_is_redacted(aws: AwsSandbox) -> None:
    subscribe(aws, topic(aws), ANN)
    subscribe(aws, topic(aws), JO)
    made = connector(aws)
    planned = [replace(o, action=Action.REDACT) for o in orders(list(made.locate(SUBJECT)))]
    assert [o.status for o in made.delete(SUBJECT, planned)] == [Status.FAILED]
    assert len(held(aws)["subscriptions"]) == 2


def test_a_collection_that_does_not_exist_is_a_changed_plan(aws: AwsSandbox) -> None:
    made = connector(aws)
    subscribe(aws, topic(aws), ANN)
    planned = [replace(o, at=replace(o.at, collection="topics")) for o in orders(list(made.locate(SUBJECT)))]
    with pytest.raises(ChangedError, match="no such collection"):
        list(made.delete(SUBJECT, planned))
