"""How a person's items are found in DynamoDB, and whose an item is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.errors import ConfigError, TransientError
from connectors.model import CollectionSpec, Disclosure, FieldSpec, IdentitySpec, ObstacleKind, Trust
from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws import dynamodb_world as world
from tests.connectors.aws.world import ANN, exported, person

EMAIL_ANN = person(email="ann.lee@example.com")


def counts(made: Any, subject: Any = ANN) -> dict[tuple[str, str], int]:
    return {(r.at.collection, r.at.key): r.count for r in made.locate(subject)}


def test_only_the_exact_key_is_theirs(aws: AwsSandbox) -> None:
    world.table(aws)
    for pk in ("USER#1", "USER#10", "USER#1 ", "user#1", "ORG#1"):
        world.put(aws, {"pk": pk, "sk": "a"})
    assert counts(world.connector(aws)) == {("activity", ""): 1}


def test_a_number_is_a_key_only_to_a_number(aws: AwsSandbox) -> None:
    world.table(aws, kind="N", sort="")
    world.put(aws, {"pk": {"N": "1"}})
    by_number = world.activity(templates={})
    assert counts(world.connector(aws, by_number)) == {("activity", ""): 1}
    assert counts(world.connector(aws, by_number), person(user_id="one")) == {}


@pytest.mark.parametrize("projection", ["KEYS_ONLY", "ALL"])
def test_an_index_tells_where_to_look_and_the_item_what_is_so(aws: AwsSandbox, projection: str) -> None:
    world.table(aws, email=projection)
    for n in range(3):
        world.put(aws, {"pk": f"P#{n}", "sk": "a", "email": "ann.lee@example.com", "city": "Turin"})
    made = world.connector(aws, world.activity(world.BY_EMAIL, templates={}, indexes={"email": "by-email"}))
    assert b"Turin" in exported(made, EMAIL_ANN)["activity.jsonl"]
    aws.dynamodb.lag(world.TABLE)  # from here on the index shows what was
    aws.client("dynamodb").delete_item(TableName=world.TABLE, Key={"pk": {"S": "P#0"}, "sk": {"S": "a"}})
    world.put(aws, {"pk": "P#1", "sk": "a", "email": "joann.lee@example.com"})
    assert counts(made, EMAIL_ANN) == {("activity", ""): 1}
    assert made.capabilities.settles_within.total_seconds() == 60


def test_a_scan_finds_any_spelling_and_other_peoples_are_not_theirs(aws: AwsSandbox) -> None:
    world.table(aws)
    for n, email in enumerate(("Ann.Lee@Example.com", "ann.lee@example.com ", "joann.lee@example.com", "")):
        world.put(aws, {"pk": f"P#{n}", "sk": "a", **({"email": email} if email else {})})
    scanning = world.activity(world.BY_EMAIL, templates={}, scan=["email"])
    assert counts(world.connector(aws, scanning, page_size=1), EMAIL_ANN) == {("activity", ""): 2}


def test_without_a_key_an_index_or_leave_to_scan_nothing_is_searched(aws: AwsSandbox) -> None:
    world.table(aws, email="ALL")
    wrong: tuple[dict[str, Any], ...] = ({"templates": {}}, {"templates": {}, "indexes": {"email": "by-nothing"}})
    for options in wrong:
        made = world.connector(aws, world.activity(world.BY_EMAIL, **options))
        with pytest.raises(ConfigError, match="index"):
            made.check()
        with pytest.raises(ConfigError, match="index"):
            list(made.locate(EMAIL_ANN))


def test_fields_that_name_different_people_make_an_item_shared(aws: AwsSandbox) -> None:
    world.table(aws)
    to = IdentitySpec("user_id", "to", Trust.ASSIGNED)
    for sk, other in (("own", "1"), ("reassigned", "10"), ("unsaid", "")):
        world.put(aws, {"pk": "USER#1", "sk": sk, **({"to": other} if other else {}), "city": "of both"})
    world.put(aws, {"pk": "USER#1", "sk": "several", "to": {"SS": ["1", "10"]}})
    made = world.connector(aws, world.activity(world.BY_USER, to, scan=["to"]))
    assert counts(made) == {("activity", ""): 2, ("activity", "shared"): 2}
    shared = next(r for r in made.locate(ANN) if r.at.key == "shared")
    assert [o.kind for o in shared.obstacles] == [ObstacleKind.SHARED]
    assert exported(made)["activity.jsonl"] == b""  # the shared file comes last and holds nothing


def test_a_text_that_is_not_made_by_the_template_is_not_theirs(aws: AwsSandbox) -> None:
    world.table(aws)
    owner = IdentitySpec("user_id", "owner", Trust.ASSIGNED)
    for n, text in enumerate(("U#1", "1", "U#", "U#10", "V#1")):
        world.put(aws, {"pk": f"K#{n}", "sk": "a", "owner": text})
    made = world.connector(aws, world.activity(owner, templates={"owner": "U#{user_id}"}, scan=["owner"]))
    (record,) = made.locate(ANN)
    assert record.count == 1
    assert [i.value for i in record.reveals] == ["1"]


def test_a_claimed_field_is_reported_and_proves_nothing(aws: AwsSandbox) -> None:
    world.table(aws)
    world.put(aws, {"pk": "USER#10", "sk": "a", "cc": "ann.lee@example.com", "city": "x"})
    claim = IdentitySpec("email", "cc", Trust.CLAIMED)
    made = world.connector(aws, world.activity(world.BY_USER, claim, scan=["cc"]))
    both = person(user_id="1", email="ann.lee@example.com")
    assert counts(made, both) == {("activity", "claimed"): 1}
    assert [r.obstacles[0].kind for r in made.locate(both)] == [ObstacleKind.CLAIMED]
    assert exported(made, both) == {}


def test_collections_that_share_a_table_are_told_apart(aws: AwsSandbox) -> None:
    world.table(aws)
    for sk in ("ORDER#1", "ORDER#2", "SESSION#1", "PROFILE"):
        world.put(aws, {"pk": "USER#1", "sk": sk})
    orders = world.activity(name="orders", starts={"sk": "ORDER#"})
    sessions = world.activity(name="sessions", starts={"sk": "SESSION#"})
    assert counts(world.connector(aws, orders, sessions)) == {("orders", ""): 2, ("sessions", ""): 1}
    for other in (world.activity(), world.activity(starts={"sk": "ORDER"})):
        with pytest.raises(ConfigError, match="begin otherwise"):
            world.connector(aws, orders, other)


def test_ages_are_texts_or_epochs_and_what_has_none_is_young(aws: AwsSandbox) -> None:
    world.table(aws)
    old = datetime(2020, 1, 1, tzinfo=UTC)
    ages: tuple[Any, ...] = ("2019-05-01T00:00:00Z", "2019-05-01", {"N": "1556668800"}, {"N": "1556668800000"}, "soon",
                             {"N": "1700000000"})  # fmt: skip
    for n, at in enumerate(ages):
        world.put(aws, {"pk": "USER#1", "sk": str(n), "at": at})
    collection = world.activity()
    aged = CollectionSpec("activity", collection.identities, fields=world.FIELDS, options=collection.options,
                          age_field="at", cutoffs=(old,))  # fmt: skip
    found = [(r.at.since, r.at.before, r.count) for r in world.connector(aws, aged).locate(ANN)]
    assert found == [(None, old, 4), (old, None, 2)]


def test_what_is_disclosed_is_readable_and_the_rest_is_named(aws: AwsSandbox) -> None:
    world.table(aws)
    world.put(aws, {
        "pk": "USER#1", "sk": "a", "token": "t", "city": {"SS": ["b", "a"]}, "at": {"NS": ["10", "9"]},
        "email": {"B": b"\x00\xff"}, "profile": {"M": {"name": {"S": "Ann Lee"}, "salary": {"N": "1"}}},
        "big": {"N": "12345678901234567890123456789"}, "part": {"N": "1.5"},
        "list": {"L": [{"BOOL": True}, {"NULL": True}]},
    })  # fmt: skip
    seen = tuple(FieldSpec(n, "F", Disclosure.DISCLOSE) for n in ("big", "part", "list"))
    made = world.connector(aws, world.activity(fields=(*world.FIELDS, *seen)))
    (artifact,) = [a for r in made.locate(ANN) for a in made.export(ANN, r.at)]
    assert json.loads(b"".join(artifact.chunks)) == {
        "email": "AP8=", "city": ["a", "b"], "profile->name": "Ann Lee", "at": [9, 10],
        "big": 12345678901234567890123456789, "part": 1.5, "list": [True, None],
    }  # fmt: skip
    assert artifact.withheld == ("key", "session token", "unmarked field")


def test_items_reveal_what_else_they_hold(aws: AwsSandbox) -> None:
    world.table(aws)
    world.put(aws, {"pk": "USER#1", "sk": "a", "email": "ann.lee@example.com"})
    known = IdentitySpec("email", "email", Trust.CLAIMED, match=False)
    (record,) = world.connector(aws, world.activity(world.BY_USER, known)).locate(ANN)
    assert [(i.kind, i.value, i.trust, i.origin) for i in record.reveals] == [
        ("email", "ann.lee@example.com", Trust.CLAIMED, "tables/activity.email"),
        ("user_id", "1", Trust.ASSIGNED, "tables/activity.pk"),
    ]


def test_a_batch_of_which_nothing_is_processed_is_not_an_answer(aws: AwsSandbox) -> None:
    world.table(aws)
    world.put(aws, {"pk": "USER#1", "sk": "a"})
    aws.dynamodb.batch = 0
    with pytest.raises(TransientError):
        list(world.connector(aws).locate(ANN))


@pytest.mark.parametrize("options", [
    {"tabel": "x"}, {"table": "a b"}, {"templates": {"pk": "USER#1"}}, {"templates": {"pk": "{user_id}{user_id}"}},
    {"templates": {"pk": "{email}"}}, {"indexes": {"city": "by-city"}}, {"scan": "pk"}, {"starts": {"sk": 1}},
])  # fmt: skip
def test_wrong_options_are_named(aws: AwsSandbox, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"collections\.activity"):
        world.connector(aws, world.activity(**options))


def test_a_table_that_is_not_there_is_the_inventorys_fault(aws: AwsSandbox) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        list(world.connector(aws).locate(ANN))
