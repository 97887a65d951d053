"""The files of rows of the sandbox, by the inventory of Training Tracker: found, told of, exported, rewritten."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

import connectors
from connectors.aws.lake import LakeConnector
from connectors.model import Action, Aspect, Identifier, Order, Status, Subject, Trust
from connectors.sandbox.training_tracker.lake import BUCKET, CLICKS, EVENTS, LINES, SIGNUPS
from connectors.sandbox.world import Sandbox
from connectors.surveys import Found
from tests.connectors.aws.lake_world import as_parquet
from tests.office import inventory


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(only=("files", "lake")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.replant()
    return running


def lake(sandbox: Sandbox) -> LakeConnector:
    built = connectors.build(
        inventory().spec("lake", now=datetime.now(UTC), gate=lambda collection: None, environ=sandbox.environ)
    )
    assert isinstance(built, LakeConnector)
    return built


def ann(sandbox: Sandbox) -> Subject:
    who = sandbox.people.subject
    return Subject.of(
        Identifier("user_id", str(who.user_id), Trust.ASSIGNED), Identifier("email", who.email, Trust.PROVEN)
    )


def s3(sandbox: Sandbox) -> Any:
    return sandbox.stores["files"].aws.client("s3")


def everything(sandbox: Sandbox) -> bytes:
    """All versions of all files, unpacked."""
    import pyarrow.parquet as pq

    found = []
    for version in s3(sandbox).list_object_versions(Bucket=BUCKET)["Versions"]:
        at = {"Key": version["Key"], "VersionId": version["VersionId"]}
        body = s3(sandbox).get_object(Bucket=BUCKET, **at)["Body"].read()
        if version["Key"] == EVENTS:
            body = repr(pq.read_table(io.BytesIO(body)).to_pylist()).encode()
        found.append(gzip.decompress(body) if version["Key"].endswith(".gz") else body)
    return b"\n".join(found)


def test_her_rows_go_from_every_version_and_nobody_elses(sandbox: Sandbox) -> None:
    people, made, subject = sandbox.people, lake(sandbox), ann(sandbox)
    before = [sandbox.untouched(p) for p in people if p != people.subject]
    records = list(made.locate(subject))
    assert {r.at.collection: r.count for r in records} == {"events": 3, "signups": 1, "clicks": 1, "lines": 1}
    outcomes = list(made.delete(subject, [Order(r.at, Action.DELETE, r.count) for r in records]))
    assert [o.status for o in outcomes] == [Status.DONE] * 4
    assert list(made.locate(subject)) == []
    assert people.subject.email.encode() not in everything(sandbox)
    assert [sandbox.untouched(p) for p in people if p != people.subject] == before
    for key in (EVENTS, SIGNUPS, CLICKS, LINES):
        head = s3(sandbox).head_object(Bucket=BUCKET, Key=key)
        tags = s3(sandbox).get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"]
        assert (head["Metadata"], tags) == ({"made-by": "nightly"}, [{"Key": "team", "Value": "data"}])


def test_a_column_that_the_inventory_does_not_describe_is_told(sandbox: Sandbox) -> None:
    def unknown() -> dict[str, list[str]]:
        return {f.collection: [p.name for p in f.parts if p.name not in (f.described or ())] for f in made.survey()}

    made = lake(sandbox)
    assert unknown() == {"events": [], "signups": [], "clicks": [], "lines": []}
    assert set(made.mentions()) == {f.name for f in made.survey()}
    row = {
        "user": {"id": 1, "email": "a@example.com", "roles": ["x"], "phone": "1"},
        "at": 1,
        "page": "",
        "city": "",
        "ip": [{"v4": ""}],
    }
    s3(sandbox).put_object(Bucket=BUCKET, Key="events/month=11/part-0.parquet", Body=as_parquet([row]))
    assert unknown()["events"] == ["user.phone", "ip.v4"]
    s3(sandbox).put_object(Bucket=BUCKET, Key="events/month=12/part-0.parquet", Body=b"no Parquet")
    assert unknown()["events"] == [], "told by hand, and no end of the survey"


def test_samples_are_the_first_rows(sandbox: Sandbox) -> None:
    made = lake(sandbox)
    for name, path in (("events", "user.roles"), ("signups", "name"), ("clicks", "target"), ("lines", "message")):
        seen = [value for at, value in made.sample(Found("", "", name), 2) if at == path]
        assert len(seen) == 2


def test_a_permission_that_is_missing_is_named_before_a_request_needs_it(sandbox: Sandbox) -> None:
    made = lake(sandbox)
    assert [p for p in made.inspect() if p.ok is False] == []
    aws = sandbox.stores["files"].aws
    aws.s3.denied = {"s3:GetObjectVersion"}
    try:
        missing = [p for p in made.inspect() if p.ok is False]
    finally:
        aws.s3.denied = set()
    assert {p.aspect for p in missing} == {Aspect.EXPORT}
    assert "s3:GetObjectVersion" in missing[0].says
