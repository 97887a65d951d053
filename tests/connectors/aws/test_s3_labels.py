"""Whose an object is by its tags or metadata, version by version."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.model import ObstacleKind, Status
from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws.world import ANN, BUCKET, bucket, connector, erase, keys, person, put, stored, uploads

TAG = {"tag": {"owner": "user_id"}}


def _counts(aws: AwsSandbox, options: dict[str, Any], subject: Any = ANN) -> list[tuple[str, int]]:
    return [(r.at.key, r.count) for r in connector(aws, uploads(**options), page_size=2).locate(subject)]


@pytest.mark.parametrize("versioning", ["", "Enabled", "Suspended"])
def test_a_tag_is_compared_exactly(aws: AwsSandbox, versioning: str) -> None:
    bucket(aws, versioning)
    for number, owner in enumerate(("10", "01", "a1", "", "2")):
        put(aws, f"r/{number}", owner.encode(), Tagging=f"owner={owner}")
    put(aws, "r/other-tag", b"-", Tagging="seller=1")
    put(aws, "r/untagged", b"-")
    before = stored(aws)
    put(aws, "r/mine", b"-", Tagging="owner=1&x=2")
    records, outcomes = erase(connector(aws, uploads(**TAG), page_size=2))
    assert [(r.count, r.total) for r in records] == [(1, 8)]
    assert [o.status for o in outcomes] == [Status.DONE]
    assert stored(aws) == before


def test_an_older_version_of_the_person_goes_and_the_newer_of_another_stays(aws: AwsSandbox) -> None:
    bucket(aws)
    put(aws, "r/1", b"theirs", Tagging="owner=1")
    newer = put(aws, "r/1", b"bystander's", Tagging="owner=2")
    erase(connector(aws, uploads(**TAG)))
    assert list(stored(aws)) == [("r/1", newer)]


def test_a_current_version_over_anothers_is_not_removed(aws: AwsSandbox) -> None:
    """Without it, the bystander's old version would be current again."""
    bucket(aws)
    put(aws, "r/1", b"bystander's", Tagging="owner=2")
    put(aws, "r/1", b"theirs", Tagging="owner=1")
    before = stored(aws)
    records, outcomes = erase(connector(aws, uploads(**TAG)))
    assert [[o.kind for o in r.obstacles] for r in records] == [[ObstacleKind.SHARED]]
    assert [o.status for o in outcomes] == [Status.RETAINED]
    assert stored(aws) == before


def test_a_marker_over_anothers_version_stays(aws: AwsSandbox) -> None:
    client = bucket(aws)
    put(aws, "r/1", b"bystander's", Tagging="owner=2")
    put(aws, "r/1", b"theirs", Tagging="owner=1")
    client.delete_object(Bucket=BUCKET, Key="r/1")
    put(aws, "r/2", b"theirs", Tagging="owner=1")
    client.delete_object(Bucket=BUCKET, Key="r/2")
    records, _ = erase(connector(aws, uploads(**TAG)))
    assert [r.count for r in records] == [3]
    assert sorted(str(v) for v in stored(aws).values())[1:] == ["marker"]
    assert keys(aws) == ["r/1", "r/1"]


@pytest.mark.parametrize(("owner", "found"), [
    ("1 2", [("shared", 1)]), ("2:1", [("shared", 1)]), ("1 1", [("", 1)]), ("10 11", []), ("user 1", [("shared", 1)]),
])  # fmt: skip
def test_a_tag_that_names_several_is_shared(aws: AwsSandbox, owner: str, found: list[tuple[str, int]]) -> None:
    bucket(aws)
    client = aws.client("s3")
    put(aws, "r/1")
    client.put_object_tagging(Bucket=BUCKET, Key="r/1", Tagging={"TagSet": [{"Key": "owner", "Value": owner}]})
    assert _counts(aws, TAG) == found


@pytest.mark.parametrize(("held", "found"), [
    ("Ann.Lee@Example.com", [("", 1)]), ("joann.lee@example.com", []),
    ("ann.lee@example.com, bo@example.com", [("shared", 1)]),
    ('["ann.lee@example.com"]', [("", 1)]), ("=?UTF-8?B?YW5uLmxlZUBleGFtcGxlLmNvbQ==?=", [("", 1)]),
])  # fmt: skip
def test_metadata_is_read_of_each_version(aws: AwsSandbox, held: str, found: list[tuple[str, int]]) -> None:
    bucket(aws)
    put(aws, "c/1", Metadata={"User_Email": held})
    put(aws, "c/2", Metadata={"useremail": "ann.lee@example.com"})
    subject = person(email="ann.lee@example.com")
    assert _counts(aws, {"metadata": {"User_Email": "email"}}, subject) == found


def test_other_kinds_than_email_differ_by_case(aws: AwsSandbox) -> None:
    bucket(aws)
    put(aws, "r/1", Tagging="owner=AbC")
    assert _counts(aws, TAG, person(user_id="abc")) == []
    assert _counts(aws, TAG, person(user_id="AbC")) == [("", 1)]


def test_a_key_and_a_tag_that_disagree_are_for_a_person(aws: AwsSandbox) -> None:
    bucket(aws)
    put(aws, "users/1/a", Tagging="owner=2")
    put(aws, "users/1/b", Tagging="owner=1")
    put(aws, "users/1/c")
    put(aws, "elsewhere", Tagging="owner=1")
    assert _counts(aws, {"key_patterns": ["users/{user_id}/"], **TAG}) == [("beside kept 1", 3), ("shared", 1)]


def test_a_prefix_bounds_what_is_read(aws: AwsSandbox) -> None:
    bucket(aws)
    for key in ("r/1", "r/2", "s/1", "s/2"):
        put(aws, key, Tagging="owner=1")
    aws.faults.calls.clear()
    assert _counts(aws, {"prefix": "r/", **TAG}) == [("", 2)]
    assert [path for _, path in aws.faults.calls if "/s/" in path] == []


@pytest.mark.parametrize(("key", "found"), [
    ("users/1/a", [("", 1)]), ("reports/a", [("", 1)]), ("users/2/a", [("shared", 1)]), ("users/10/a", [("shared", 1)]),
])  # fmt: skip
def test_her_number_in_a_label_of_another_persons_file_does_not_make_it_hers(
    aws: AwsSandbox, key: str, found: list[tuple[str, int]]
) -> None:
    """Whoever uploads may choose the labels: a file under another person's key is for a person to look at."""
    bucket(aws)
    put(aws, key, b"-", Tagging="owner=1")
    before = stored(aws)
    options = {**TAG, "key_patterns": ["users/{user_id}/"]}
    assert _counts(aws, options) == found
    _, outcomes = erase(connector(aws, uploads(**options)))
    assert (stored(aws) == before) is (found != [("", 1)])
    assert [o.status for o in outcomes] == [Status.DONE if found == [("", 1)] else Status.RETAINED]
