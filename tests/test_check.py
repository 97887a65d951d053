"""`dsr check` over every system of the inventory: what it finds, and what its exit code says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.model import Aspect
from connectors.sandbox.training_tracker.people import PEOPLE
from connectors.sandbox.world import Sandbox
from tests.office import Office, dsr

# What nobody can tell without writing, a person must look at, or the vendor cannot do: known, and no fault.
UNTOLD = {Aspect.DELETE, Aspect.EXPORT, Aspect.LOCATE, Aspect.PLAN}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def office(sandbox: Sandbox, tmp_path: Path) -> Iterator[Office]:
    sandbox.replant()
    office = Office(sandbox, tmp_path / "state")
    yield office
    office.close()


def checked(office: Office, code: int) -> dict[str, dict[str, Any]]:
    done = dsr(office, "check", "--json")
    assert (done.returncode, done.stderr) == (code, ""), done.stdout
    for person in PEOPLE:
        assert person.email not in done.stdout
        assert person.name not in done.stdout
    return {row["system"]: row for row in json.loads(done.stdout)}


def wrong(row: dict[str, Any]) -> list[str]:
    return [probe["aspect"] for probe in row["probes"] if probe["ok"] is False]


def test_all_is_well_and_everything_is_looked_at(office: Office) -> None:
    rows = checked(office, 0)
    own = rows.pop("(vaults)")
    assert (own["ok"], [p["ok"] for p in own["probes"]]) == (True, [True])
    assert rows.keys() == office.workspace.inventory.systems.keys()
    for name, row in rows.items():
        if office.workspace.inventory.systems[name].manual:
            assert (row["ok"], row["probes"]) == (None, [])
            continue
        told = {probe["aspect"] for probe in row["probes"]}
        assert {Aspect.REACH, Aspect.LOCATE} <= told, f"{name} does not tell its permissions apart"
        stated = "its period is kept by hand"  # no call tells it, and nobody has stated it yet
        assert {p["aspect"] for p in row["probes"] if p["ok"] is None and stated not in p["says"]} <= UNTOLD
        assert row["ok"] is True


def test_what_is_missing_is_named_where_it_is_and_the_exit_code_is_1(office: Office) -> None:
    stores = office.sandbox.stores
    stores["billing"].fake.switches.denied = frozenset({"refund"})
    stores["sendgrid"].fake.scopes -= {"recipients.erasejob.create"}
    stores["calendly"].fake.denied = {"contacts"}
    stores["papertrail"].fake.denied = {"searches"}
    stores["files"].aws.s3.denied = {"s3:GetObjectVersionTagging"}
    try:
        rows = checked(office, 1)
    finally:
        for name in ("billing", "sendgrid", "calendly", "papertrail", "files"):
            stores[name].plant(office.sandbox.now)
    missing = {name: wrong(row) for name, row in rows.items() if row["ok"] is False}
    assert missing == {
        "billing": [Aspect.LOCATE],
        "sendgrid": [Aspect.DELETE] * 2,  # the account and its subuser
        "calendly": [Aspect.LOCATE],
        "papertrail": [Aspect.LOCATE],
        "files": [Aspect.LOCATE],
        "lake": [Aspect.LOCATE] * 4,  # below each of its prefixes
    }
    says = " ".join(p["says"] for row in rows.values() for p in row["probes"] if p["ok"] is False)
    for way in ("rak_refund_read", "recipients.erasejob.create", "not_in_plan", "s3:GetObjectVersionTagging"):
        assert way in says


def test_an_inventory_that_names_what_is_not_there(office: Office) -> None:
    stores = office.sandbox.stores
    client = stores["files"].aws.client("s3")
    for key in client.list_objects_v2(Bucket="tt-billing")["Contents"]:
        client.delete_object(Bucket="tt-billing", Key=key["Key"])
    client.delete_bucket(Bucket="tt-billing")
    stores["calendly"].fake.clear()
    rows = checked(office, 1)
    assert {name: wrong(row) for name, row in rows.items() if row["ok"] is False} == {"files": [Aspect.INVENTORY]}
