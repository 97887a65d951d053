"""Whose an object is by its key: neighbours that begin alike, and values that mean something in a pattern."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.errors import ConfigError
from connectors.model import CollectionSpec, ObstacleKind, Status
from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws.world import ANN, bucket, connector, erase, keys, person, put, stored, uploads


@pytest.mark.parametrize(
    ("pattern", "mine", "others"),
    [
        ("users/{user_id}/", ["users/1/a", "users/1/b/c.txt", "users/1/"], ["users/10/a", "users/1", "users/1.txt"]),
        ("users/{user_id}/", ["users/1/a"], ["old/users/1/a", "Users/1/a"]),
        ("u/{user_id}.json", ["u/1.json"], ["u/1.json.bak", "u/10.json", "u/11.json", "u/1xjson"]),
        ("certs/{user_id}-*.pdf", ["certs/1-a.pdf"], ["certs/10-a.pdf", "certs/1-a/b.pdf", "certs/1-a.pdf.bak"]),
        ("*/{user_id}/", ["2024/1/a", "2025/1/a"], ["2024/10/1/a", "2024/10/a"]),
    ],
)
def test_neighbours_that_begin_alike_stay_byte_for_byte(
    aws: AwsSandbox, pattern: str, mine: list[str], others: list[str]
) -> None:
    bucket(aws)
    for key in others:
        put(aws, key, f"bystander's {key}".encode())
    before = stored(aws)
    for key in mine:
        put(aws, key)
        put(aws, key, b"newer")
    records, outcomes = erase(connector(aws, uploads(key_patterns=[pattern])))
    assert [r.count for r in records] == [2 * len(mine)]
    assert [(o.status, o.count) for o in outcomes] == [(Status.DONE, 2 * len(mine))]
    assert stored(aws) == before


@pytest.mark.parametrize("value", ["*", "%2F", "1*", ".*", "[0-9]", "1|10", "{user_id}", "a b+c", "ä", "\\"])
def test_a_value_is_taken_literally(aws: AwsSandbox, value: str) -> None:
    bucket(aws)
    for other in ("1", "10", "/", "x", "users", "*x", "1*x"):
        put(aws, f"users/{other}/a", other.encode())
    before = stored(aws)
    put(aws, f"users/{value}/a", b"theirs")
    _, outcomes = erase(connector(aws), person(user_id=value))
    assert [(o.status, o.count) for o in outcomes] == [(Status.DONE, 1)]
    assert stored(aws) == before


@pytest.mark.parametrize("value", ["", " ", ".", "..", "../", "1/../10", "1/", "/", "1\n", "\t"])
def test_what_a_value_that_changes_the_path_matches_is_never_deleted(aws: AwsSandbox, value: str) -> None:
    bucket(aws)
    for other in ("users//a", "users/../a", "users/./a", "users/1/a", "users/10/a", "users/1/../10/a", "a"):
        put(aws, other)
    before = stored(aws)
    records, outcomes = erase(connector(aws), person(user_id=value))
    assert {o.status for o in outcomes} <= {Status.RETAINED}
    assert all(r.obstacles[0].kind is ObstacleKind.SHARED for r in records)
    assert stored(aws) == before


def test_dot_segments_are_part_of_a_key_and_not_resolved(aws: AwsSandbox) -> None:
    """An HTTP client that tidies paths would read and delete another object."""
    bucket(aws)
    put(aws, "users/10/a", b"bystander's")
    put(aws, "users/1/../10/a", b"theirs")
    made = connector(aws)
    (record,) = made.locate(ANN)
    assert b"theirs" in b"".join(b"".join(a.chunks) for a in made.export(ANN, record.at))
    erase(made)
    assert keys(aws) == ["users/10/a"]


def test_a_separator_in_the_value_makes_a_wildcard_doubtful(aws: AwsSandbox) -> None:
    """User `1-2` of `{user_id}-*` and user `1` are told apart by nothing; a UUID is of one length."""
    bucket(aws)
    put(aws, "certs/1-2-a.pdf")
    uuid = "7d444840-9dc0-11d1-b245-5ffdce74fad2"
    put(aws, f"certs/{uuid}-a.pdf")
    made = connector(aws, uploads(key_patterns=["certs/{user_id}-*.pdf"]))
    (record,) = made.locate(person(user_id="1-2"))
    assert [o.kind for o in record.obstacles] == [ObstacleKind.SHARED]
    _, (outcome,) = erase(made, person(user_id=uuid))
    assert outcome.status is Status.DONE
    assert keys(aws) == ["certs/1-2-a.pdf"]


def test_every_placeholder_must_be_known_and_all_values_are_tried(aws: AwsSandbox) -> None:
    bucket(aws)
    for key in ("o/7/u/1/a", "o/8/u/1/a", "o/9/u/1/a", "o/7/u/2/a"):
        put(aws, key)
    made = connector(aws, uploads(key_patterns=["o/{org}/u/{user_id}/"]))
    assert made.capabilities.needs == {"org", "user_id"}
    assert list(made.locate(ANN)) == []
    two = person(user_id="1", org="7").identifiers | person(org="8").identifiers
    (record,) = made.locate(type(ANN)(two))
    assert record.count == 2


def test_overlapping_patterns_count_an_object_once(aws: AwsSandbox) -> None:
    bucket(aws)
    put(aws, "users/1/a.png")
    put(aws, "users/1/b.png")
    made = connector(aws, uploads(key_patterns=["users/{user_id}/", "users/{user_id}/a.png", "users/{user_id}/*.png"]))
    assert [r.count for r in made.locate(ANN)] == [2]


def test_objects_that_hold_others_are_reported_and_never_touched(aws: AwsSandbox) -> None:
    bucket(aws)
    put(aws, "users/1/own")
    put(aws, "users/1/team/minutes", b"of several")
    by_pattern = uploads(key_patterns=["users/{user_id}/"], shared_patterns=["users/{user_id}/team/"])
    records, outcomes = erase(connector(aws, by_pattern))
    assert [(r.count, [o.kind for o in r.obstacles]) for r in records] == [(1, []), (1, [ObstacleKind.SHARED])]
    assert {o.at.key: o.status for o in outcomes} == {"beside kept 1": Status.DONE, "shared": Status.RETAINED}
    assert keys(aws) == ["users/1/team/minutes"]
    made = connector(aws, uploads(key_patterns=["users/{user_id}/"], shared=True))
    (record,) = made.locate(ANN)
    assert [o.kind for o in record.obstacles] == [ObstacleKind.SHARED]
    (artifact,) = made.export(ANN, record.at)
    assert list(artifact.chunks) == []
    assert artifact.withheld == ("files that also hold other people's data",)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"key_patterns": ["users/all/"]}, "no placeholder"),
        ({"key_patterns": ["avatars/{user_id}*"]}, "touches another"),
        ({"key_patterns": ["{org}{user_id}/"]}, "touches another"),
        ({"key_patterns": ["certs/{user_id}x*.pdf"]}, "ends at 'x'"),
        ({"key_patterns": ["users/{user_id/"]}, "brace stands alone"),
        ({"key_patterns": "users/{user_id}/"}, "a list of key patterns"),
        ({"key_pattern": ["users/{user_id}/"]}, "options.key_pattern: unknown"),
        ({"bucket": "Not A Bucket", "tag": {"o": "user_id"}}, "options.bucket"),
        ({"tag": ["owner"]}, "options.tag"),
        ({"prefix": "x/"}, "say by key_patterns"),
        ({"shared": "yes", "tag": {"o": "user_id"}}, "true or false"),
    ],
)
def test_bad_options_are_named(aws: AwsSandbox, options: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        connector(aws, CollectionSpec("uploads", options=options))


def test_an_age_other_than_last_modified_is_refused(aws: AwsSandbox) -> None:
    with pytest.raises(ConfigError, match="last_modified"):
        connector(aws, CollectionSpec("uploads", options={"key_patterns": ["u/{user_id}/"]}, age_field="created"))
