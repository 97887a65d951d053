"""Deleting and redacting items of DynamoDB: only what is still what was judged, and believed when read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import connectors
from connectors.errors import ChangedError, ConfigError
from connectors.model import Action, CollectionSpec, FieldSpec, IdentitySpec, Locator, Order, Redaction, Status, Trust
from connectors.sandbox.aws import AwsSandbox
from connectors.sandbox.faults import Fault
from tests.connectors.aws import dynamodb_world as world
from tests.connectors.aws.world import ANN, erase, person

OWNER = IdentitySpec("user_id", "owner", Trust.ASSIGNED)
OWNED = world.activity(OWNER, templates={}, scan=["owner"])


def order(records: Any, action: Action = Action.DELETE, **more: Any) -> list[Order]:
    return [Order(r.at, action, r.count, **more) for r in records if not r.obstacles]


def plant(aws: AwsSandbox, **more: Any) -> None:
    world.table(aws)
    for n in range(3):
        world.put(aws, {"pk": f"K#{n}", "sk": "a", "owner": "1", "city": "Turin", **more})


def test_a_key_given_to_somebody_else_meanwhile_is_left(aws: AwsSandbox) -> None:
    """Between reading and writing, as the gate is asked, the key gets another owner."""
    plant(aws)

    def reassign(collection: str) -> None:
        world.put(aws, {"pk": "K#1", "sk": "a", "owner": "10", "city": "Bern"})

    made = connectors.build(replace(world.spec(aws, OWNED), gate=reassign))
    outcomes = list(made.delete(ANN, order(made.locate(ANN))))
    assert [i["owner"]["S"] for i in world.stored(aws)] == ["10"]
    assert [(o.status, o.count) for o in outcomes] == [(Status.DONE, 3)]  # none of the three is hers any more


def test_an_item_of_hers_that_changed_meanwhile_is_left_and_said(aws: AwsSandbox) -> None:
    plant(aws, at="2026-01-01")
    aged = CollectionSpec("activity", OWNED.identities, fields=world.FIELDS, options=OWNED.options, age_field="at")

    def touched(collection: str) -> None:
        world.put(aws, {"pk": "K#1", "sk": "a", "owner": "1", "at": "2026-11-11"})

    made = connectors.build(replace(world.spec(aws, aged), gate=touched))
    (outcome,) = made.delete(ANN, order(made.locate(ANN)))
    assert (outcome.status, outcome.count) == (Status.FAILED, 2)
    assert "changed meanwhile" in outcome.reason


def test_more_than_planned_changes_nothing_and_late_ones_are_allowed(aws: AwsSandbox) -> None:
    plant(aws)
    made = world.connector(aws, OWNED)
    orders = order(made.locate(ANN))
    late = order(made.locate(ANN), late=1)
    world.put(aws, {"pk": "K#9", "sk": "a", "owner": "1"})
    with pytest.raises(ChangedError):
        list(made.delete(ANN, orders))
    assert len(world.stored(aws)) == 4
    assert [(o.status, o.count) for o in made.delete(ANN, late)] == [(Status.DONE, 4)]
    assert [o.status for o in made.delete(ANN, late)] == [Status.ABSENT]


def test_what_is_shared_or_claimed_is_never_deleted(aws: AwsSandbox) -> None:
    world.table(aws)
    world.put(aws, {"pk": "K#1", "sk": "a", "owner": {"SS": ["1", "10"]}})
    made = world.connector(aws, OWNED)
    for key in ("shared", "claimed"):
        (outcome,) = made.delete(ANN, [Order(Locator("tables", "activity", key), Action.DELETE, 5)])
        assert outcome.status is Status.FAILED
    assert len(world.stored(aws)) == 1


def test_a_write_without_effect_is_not_believed(aws: AwsSandbox) -> None:
    plant(aws)
    made = world.connector(aws, OWNED)
    for action in (Action.DELETE, Action.REDACT):
        with aws.faults.inject(Fault.LYING):
            (outcome,) = made.delete(ANN, order(made.locate(ANN), action))
        assert (outcome.status, outcome.count) == (Status.FAILED, 0)


def test_a_redaction_empties_what_it_should_and_keeps_the_rest(aws: AwsSandbox) -> None:
    world.table(aws, email="ALL")
    profile = {"M": {"name": {"S": "Ann Lee"}, "tier": {"S": "gold"}}}
    world.put(aws, {
        "pk": "USER#1", "sk": "a", "email": "ann.lee@example.com", "city": "Turin", "profile": profile, "handle": "ann",
        "note": "x", "list": {"L": [{"S": "x"}]}, "at": "2026-01-01",
    })  # fmt: skip
    fields = (
        FieldSpec("email", "A", redaction=Redaction.EMPTY),  # a key of an index is never empty: it is removed
        FieldSpec("city", "G"),
        FieldSpec("handle", "A", redaction=Redaction.UNIQUE),
        FieldSpec("note", "F", redaction=Redaction.PLACEHOLDER),
        FieldSpec("list", "F", redaction=Redaction.EMPTY),
        FieldSpec("profile->name", "B"),
        FieldSpec("at", "F", redaction=Redaction.NONE),
    )
    made = world.connector(aws, world.activity(fields=fields))
    (before,) = made.locate(ANN)
    assert dict(before.fields) == dict.fromkeys(("email", "city", "handle", "note", "list", "profile->name"), 1)
    (outcome,) = made.delete(ANN, order([before], Action.REDACT, keep=frozenset({"note"})))
    assert (outcome.status, outcome.count) == (Status.DONE, 1)
    (item,) = world.stored(aws)
    assert item.pop("handle")["S"].startswith("redacted-")
    assert item == {
        "pk": {"S": "USER#1"}, "sk": {"S": "a"}, "note": {"S": "x"}, "list": {"L": []}, "at": {"S": "2026-01-01"},
        "profile": {"M": {"tier": {"S": "gold"}}},
    }  # fmt: skip
    (after,) = made.locate(ANN)
    assert {n for n, count in after.fields if count} == {"note"}
    assert [o.status for o in made.delete(ANN, order([before], Action.REDACT))] == [Status.DONE]


def test_a_key_cannot_be_redacted(aws: AwsSandbox) -> None:
    world.table(aws)
    world.put(aws, {"pk": "USER#1", "sk": "a", "city": "Turin"})
    fields = (FieldSpec("pk", "A"), FieldSpec("city", "G"))
    made = world.connector(aws, world.activity(fields=fields))
    (outcome,) = made.delete(ANN, order(made.locate(ANN), Action.REDACT))
    assert (outcome.status, "cannot be changed" in outcome.reason) == (Status.FAILED, True)
    assert world.stored(aws)[0]["city"] == {"S": "Turin"}
    options = {"table": world.TABLE, "templates": {"pk": "USER#{user_id}"}}
    redacting = CollectionSpec("activity", (world.BY_USER,), fields=fields, intended=Action.REDACT, options=options)
    with pytest.raises(ConfigError, match="part of the key"):
        world.connector(aws, redacting).check()


def test_an_update_never_makes_an_item(aws: AwsSandbox) -> None:
    plant(aws)

    def gone(collection: str) -> None:
        aws.client("dynamodb").delete_item(TableName=world.TABLE, Key={"pk": {"S": "K#1"}, "sk": {"S": "a"}})

    made = connectors.build(replace(world.spec(aws, OWNED), gate=gone))
    list(made.delete(ANN, order(made.locate(ANN), Action.REDACT)))
    assert {i["pk"]["S"] for i in world.stored(aws)} == {"K#0", "K#2"}


def test_a_protected_table_still_loses_items(aws: AwsSandbox) -> None:
    plant(aws)
    aws.client("dynamodb").update_table(TableName=world.TABLE, DeletionProtectionEnabled=True)
    _, outcomes = erase(world.connector(aws, OWNED))
    assert [o.status for o in outcomes] == [Status.DONE]
    assert world.stored(aws) == []


def test_an_item_put_by_the_bystander_between_pages_is_not_touched(aws: AwsSandbox) -> None:
    plant(aws)
    world.put(aws, {"pk": "K#00", "sk": "a", "owner": "10"})
    erase(world.connector(aws, OWNED, page_size=1), person(user_id="1"))
    assert [i["owner"]["S"] for i in world.stored(aws)] == ["10"]
