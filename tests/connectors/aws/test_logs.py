"""What is easy to get wrong about CloudWatch Logs: patterns, spellings, dates, and copies elsewhere."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.aws.logs.patterns import EVERYTHING, LONGEST, patterns
from connectors.errors import ConfigError, RefusedError
from connectors.model import Action, IdentitySpec, Locator, ObstacleKind, Order, Record, Status, Subject, Trust
from connectors.sandbox.aws import AwsSandbox
from connectors.sandbox.aws.logs import matcher
from connectors.traces import Traces
from tests.connectors.aws import logs_world as world
from tests.connectors.aws.world import exported, person

ANN = person(email="ann.lee@example.com", user_id="42")
DAY = timedelta(days=1)


def found(aws: AwsSandbox, *messages: str, subject: Subject = ANN, **more: Any) -> int:
    world.group(aws)
    for message in messages:
        aws.logs.log(world.GROUP, message)
    made = world.connector(aws, world.lines(**more))
    return sum(r.count for r in made.locate(subject) if r.at.collection == "app")


def only(aws: AwsSandbox, subject: Subject = ANN, **settings: Any) -> Record:
    (record,) = [r for r in world.connector(aws, **settings).locate(subject) if r.at.collection == "app"]
    return record


def test_an_address_is_found_in_any_spelling_and_encoding(aws: AwsSandbox) -> None:
    disguises = (
        "ann.lee@example.com", "ANN.LEE@EXAMPLE.COM", "Ann.Lee@Example.com", "?email=ann.lee%40example.com",
        "?next=%2Fa%3Fto%3Dann.lee%2540example.com", r'{"to":"ann.lee\u0040example.com"}', "user_id=42", "USER_ID=42,",
    )  # fmt: skip
    assert found(aws, *disguises) == len(disguises)


def test_what_contains_it_is_another_persons(aws: AwsSandbox) -> None:
    others = ("joann.lee@example.com", "ann.lee@example.com.au", "ann.lee@example.company", "user_id=420", "ann lee",
              "ann was here, lee too, at example, say com")  # fmt: skip
    assert found(aws, *others) == 0


def test_patterns_are_allowed_and_short_enough() -> None:
    identities = (world.BY_EMAIL, IdentitySpec("phone", "message", Trust.PROVEN))
    long = "a" * 200 + "@" + "b" * 300 + ".example.com"
    subject = person(email=long, phone="+1 555 010 0199")
    made = patterns(Traces(subject, identities))
    assert made
    assert all(len(p) <= LONGEST and matcher(p) for p in made)
    assert sum(matcher(p)(f"mail to {long}") for p in made) >= 1
    one = patterns(Traces(ANN, (world.BY_EMAIL,)))
    assert one == ["%[aA][nN][nN].*[lL][eE][eE].*[eE][xX][aA][mM][pP][lL][eE].*[cC][oO][mM]%"]


def test_an_identifier_without_a_letter_to_look_for_means_reading_everything(aws: AwsSandbox) -> None:
    by_name = IdentitySpec("nick", "имя={value}", Trust.ASSIGNED)
    subject = person(nick="Анна")
    assert patterns(Traces(subject, (by_name,))) == [EVERYTHING]
    nick = (IdentitySpec("nick", "message", Trust.ASSIGNED),)
    world.group(aws)
    aws.logs.log(world.GROUP, "вход имя=Анна ок")
    aws.logs.log(world.GROUP, "вход имя=Анна-Мария ок")
    made = world.connector(aws, world.lines(*nick, patterns=["имя={nick}"]))
    assert [r.count for r in made.locate(subject)] == [1]


def test_lines_are_locked_until_the_last_has_gone(aws: AwsSandbox) -> None:
    world.group(aws, days=30)
    aws.logs.log(world.GROUP, "user_id=42", days=20)
    aws.logs.log(world.GROUP, "user_id=42", days=10, received=4)  # it arrived late, and is counted from then
    record = only(aws)
    (obstacle,) = record.obstacles
    assert obstacle.kind is ObstacleKind.LOCKED
    assert obstacle.until is not None
    assert round((obstacle.until - datetime.now(UTC)) / DAY) == 30 + 3 - 4
    assert record.newest is not None
    assert round((datetime.now(UTC) - record.newest) / DAY) == 10


def test_without_retention_lines_never_go_and_a_person_must_set_one(aws: AwsSandbox) -> None:
    world.group(aws, days=None)
    aws.logs.log(world.GROUP, "user_id=42", days=2000)
    (obstacle,) = only(aws).obstacles
    assert (obstacle.kind, obstacle.until) == (ObstacleKind.BY_HAND, None)
    assert "PutRetentionPolicy" in obstacle.reason


def test_lines_that_outlived_their_date_are_by_hand(aws: AwsSandbox) -> None:
    client = world.group(aws, days=None)
    aws.logs.log(world.GROUP, "user_id=42", days=100)
    client.put_retention_policy(logGroupName=world.GROUP, retentionInDays=30)
    aws.logs.advance(-90 * DAY)  # the sandbox's clock is late: it has not deleted them yet
    (obstacle,) = only(aws).obstacles
    assert (obstacle.kind, "72 hours" in obstacle.reason) == (ObstacleKind.BY_HAND, True)


def test_an_order_to_delete_is_accepted_until_a_date_and_never_done(aws: AwsSandbox) -> None:
    world.group(aws)
    aws.logs.log(world.GROUP, "user_id=42")
    made = world.connector(aws)
    (outcome,) = made.delete(ANN, [Order(only(aws).at, Action.DELETE, 1)])
    assert (outcome.status, outcome.count) == (Status.ACCEPTED, 1)
    assert outcome.until == only(aws).obstacles[0].until
    aws.logs.advance(40 * DAY)
    assert [o.status for o in made.delete(ANN, [Order(outcome.at, Action.DELETE, 1)])] == [Status.ABSENT]
    for at, action in ((outcome.at, Action.REDACT), (Locator("app_logs", "copies", "exports"), Action.REDACT)):
        assert [o.status for o in made.delete(ANN, [Order(at, action, 1)])] == [Status.FAILED]


def test_masked_lines_are_read_as_they_are(aws: AwsSandbox) -> None:
    world.group(aws)
    aws.logs.log(world.GROUP, "login ann.lee@example.com")
    aws.logs.masked.add(world.GROUP)
    client = aws.client("logs")
    assert client.filter_log_events(logGroupName=world.GROUP)["events"][0]["message"] == f"login {'*' * 19}"
    assert only(aws).count == 1


def test_a_group_of_another_class_is_refused_rather_than_found_empty(aws: AwsSandbox) -> None:
    world.group(aws)
    aws.logs.classes[world.GROUP] = "INFREQUENT_ACCESS"
    with pytest.raises(RefusedError):
        list(world.connector(aws).locate(ANN))


def test_every_copy_elsewhere_is_named(aws: AwsSandbox) -> None:
    client = world.group(aws)
    world.group(aws, "/tt/archive")
    aws.client("s3").create_bucket(Bucket="tt-exports")
    aws.logs.log(world.GROUP, "user_id=42", days=5)
    target = "arn:aws:logs:us-east-1:123456789012:log-group:/tt/archive"
    client.put_subscription_filter(
        logGroupName=world.GROUP, filterName="later", filterPattern="", destinationArn=target
    )
    now = int(time.time() * 1000)
    for begin, end in ((9, 4), (3, 1), (30, 20)):  # only the first covers the line
        span = {"fromTime": now - begin * 86_400_000, "to": now - end * 86_400_000}
        client.create_export_task(logGroupName=world.GROUP, destination="tt-exports", **span)
    made = world.connector(aws)
    assert {(r.at.collection, r.at.key): r.count for r in made.locate(ANN)} == {
        ("app", ""): 1, ("copies", "exports"): 1,
    }  # fmt: skip
    aws.logs.log(world.GROUP, "user_id=42", days=-0.01)  # one that came after the subscription
    aws.logs.policies.append("to another account")
    copies = {r.at.key: r for r in made.locate(ANN) if r.at.collection == "copies"}
    assert {k: r.count for k, r in copies.items()} == {"exports": 2, "subscriptions": 2}
    assert {r.obstacles[0].kind for r in copies.values()} == {ObstacleKind.BY_HAND}
    assert list(made.locate(person(user_id="43"))) == []


def test_exports_hold_what_is_disclosed_and_mask_other_people(aws: AwsSandbox) -> None:
    world.group(aws)
    aws.logs.log(world.GROUP, "ann.lee@example.com wrote to joann.lee@example.com", stream="ip-192-0-2-1")
    files = exported(world.connector(aws), ANN)
    (line,) = files["app.jsonl"].splitlines()
    assert json.loads(line)["message"] == "ann.lee@example.com wrote to [another person's address]"
    assert b"192" not in line
    (artifact,) = world.connector(aws).export(ANN, only(aws).at)
    assert artifact.withheld == ("name of a server",)


def test_a_claimed_identifier_is_only_reported(aws: AwsSandbox) -> None:
    world.group(aws)
    aws.logs.log(world.GROUP, "caller ann.lee@example.com")
    claim = IdentitySpec("email", "message", Trust.CLAIMED)
    made = world.connector(aws, world.lines(world.BY_USER, claim))
    assert [(r.at.key, r.obstacles[0].kind) for r in made.locate(ANN)] == [("claimed", ObstacleKind.CLAIMED)]
    assert exported(made, ANN) == {}


@pytest.mark.parametrize("more", [
    {"patterns": "user_id={user_id}"}, {"options": {"grup": "x"}}, {"options": {"group": 1}},
    {"patterns": ["{user_id}"]}, {"patterns": []},
])  # fmt: skip
def test_wrong_options_are_named(aws: AwsSandbox, more: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        world.connector(aws, world.lines(**more))


def test_a_group_that_is_not_there_is_the_inventorys_fault(aws: AwsSandbox) -> None:
    world.group(aws, world.GROUP + "-other")
    for call in (world.connector(aws).check, lambda: list(world.connector(aws).locate(ANN))):
        with pytest.raises(ConfigError, match="does not exist"):
            call()
