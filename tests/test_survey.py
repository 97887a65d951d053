"""What exists and the inventory does not mention: told by `dsr check` and `dsr inventory survey`, without a value."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from connectors.sandbox.world import Sandbox
from orchestrator.inventory import Inventory
from orchestrator.inventory.exemption import Exemption
from orchestrator.survey import Gap, Kind
from tests.office import ROOT, Office, dsr, inventory

LISTED = ("app_db", "files", "activity", "report_logs", "lake", "sendgrid", "billing")
CANARY = "canary.7391"
TODAY = datetime.now(UTC).date()
WALK_INS = f"""
CREATE TABLE public.walk_ins (
    id bigint PRIMARY KEY, contact text, card text, note text, born date, cc text[], api_key text, doc jsonb);
INSERT INTO public.walk_ins SELECT i, CASE WHEN i > 12 THEN '{CANARY}.' || i || '@example.com' ELSE 'none' END,
    '4111 1111 1111 1111', 'ring {CANARY} at 415-555-2671', now(), ARRAY['{CANARY}@example.org'], '{CANARY}',
    '{{"{CANARY}": 1}}' FROM generate_series(1, 70) i;
CREATE VIEW public.walk_in_names AS SELECT contact FROM public.walk_ins;
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def state(sandbox: Sandbox, tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "state"
    execute(sandbox, "DROP TABLE IF EXISTS public.walk_ins CASCADE; ALTER TABLE devices DROP COLUMN IF EXISTS serial")
    aws = sandbox.stores["files"].aws
    aws.dynamodb.denied.clear()
    with suppress(ClientError):
        aws.client("s3").delete_bucket(Bucket="tt-left-behind")
        aws.client("logs").delete_log_group(logGroupName="/aws/lambda/forgotten")


def execute(sandbox: Sandbox, statements: str) -> None:
    with psycopg.connect(sandbox.stores["app_db"].url, autocommit=True) as connection:
        connection.execute(statements.encode())


def office(sandbox: Sandbox, state: Path, *exemptions: Exemption, held: Inventory | None = None) -> Office:
    """Of the systems that can be listed, with more exemptions than the inventory has."""
    whole = held or inventory()
    some = {n: s for n, s in whole.systems.items() if n in LISTED}
    return Office(sandbox, state, replace(whole, systems=some, exemptions=(*whole.exemptions, *exemptions)))


def wrong(over: Office) -> list[str]:
    return [p.says for row in over.service.check() for p in row.probes if p.ok is False]


def gaps(over: Office) -> dict[str, Gap]:
    return {gap.name: gap for gap in over.service.survey().failing}


def test_of_what_is_there_everything_is_described_or_exempted(sandbox: Sandbox, state: Path) -> None:
    over = office(sandbox, state)
    assert wrong(over) == []
    found = over.service.survey()
    assert found.failing == ()
    assert {s.system: s.listed for s in found.systems if s.listed} == {
        "app_db": 48, "files": 5, "activity": 2, "report_logs": 1, "lake": 3, "sendgrid": 3
    }  # fmt: skip


def test_a_new_table_fails_the_check_by_name_with_the_way_out(sandbox: Sandbox, state: Path) -> None:
    execute(sandbox, WALK_INS)
    over = Office(sandbox, state)
    over.close()
    done = dsr(over, "check", "--json")
    assert done.returncode == 1, done.stderr
    (row,) = [r for r in json.loads(done.stdout) if r["ok"] is False]
    (says,) = [p["says"] for p in row["probes"] if p["ok"] is False]
    assert row["system"] == "app_db"
    assert "table public.walk_ins: the inventory does not mention it" in says
    assert "dsr inventory survey proposes an entry" in says
    assert CANARY not in done.stdout


def test_an_exemption_with_a_reason_passes_until_its_last_day(sandbox: Sandbox, state: Path) -> None:
    execute(sandbox, WALK_INS)
    good = Exemption("app_db/public.walk_*", "An experiment without people", "sales", TODAY + timedelta(days=2))
    assert wrong(office(sandbox, state / "a", good)) == []
    (says,) = wrong(office(sandbox, state / "b", replace(good, until=TODAY - timedelta(days=2))))
    assert "its exemption ended on" in says
    assert "sales decides anew" in says


def test_a_new_column_of_a_described_table(sandbox: Sandbox, state: Path) -> None:
    execute(sandbox, "ALTER TABLE devices ADD COLUMN serial text")
    over = office(sandbox, state)
    (says,) = wrong(over)
    assert "public.devices: not described: serial" in says
    assert "else nothing redacts them" in says
    assert wrong(office(sandbox, state / "b", Exemption("app_db/public.devices.serial", "Printed on the case"))) == []


def test_buckets_folders_tables_and_log_groups(sandbox: Sandbox, state: Path) -> None:
    aws = sandbox.stores["files"].aws
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="tt-left-behind")
    keys_put = ("exports/2026.csv", "ann.lee@example.com/mail.txt", "loose.csv")
    for key in keys_put:
        s3.put_object(Bucket="tt-uploads", Key=key, Body=b"x")
    keys = {"AttributeDefinitions": [{"AttributeName": "owner", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}]}  # fmt: skip
    dynamodb = aws.client("dynamodb")
    dynamodb.create_table(TableName="tt-drafts", BillingMode="PAY_PER_REQUEST", **keys)
    dynamodb.put_item(TableName="tt-drafts", Item={"owner": {"S": f"{CANARY}@example.com"}, "n": {"N": "7"}})
    dynamodb.put_item(TableName="tt-devices", Item={
        "pk": {"S": "d-1"}, "ip": {"S": "192.0.2.7"}, f"{CANARY}@example.com": {"S": "1"}
    })  # fmt: skip
    aws.client("logs").create_log_group(logGroupName="/aws/lambda/forgotten")
    over = office(sandbox, state)
    found = gaps(over)
    assert found.keys() == {
        "tt-left-behind", "tt-uploads/exports/", "tt-uploads/{…}/", "tt-uploads/", "tt-drafts", "tt-devices",
        "/aws/lambda/forgotten",
    }  # fmt: skip
    assert (found["tt-devices"].kind, found["tt-devices"].names) == (Kind.FIELDS, ("ip", "{…}"))
    assert found["tt-drafts"].categories == ("A",)
    assert len(wrong(over)) == 6  # a check reads no item: the attribute of a described table shows in a survey only
    dynamodb.delete_table(TableName="tt-drafts")
    dynamodb.delete_item(TableName="tt-devices", Key={"pk": {"S": "d-1"}})
    for version in s3.list_object_versions(Bucket="tt-uploads")["Versions"]:
        if version["Key"] in keys_put:
            s3.delete_object(Bucket="tt-uploads", Key=version["Key"], VersionId=version["VersionId"])


def test_custom_fields_and_keys_of_metadata_that_are_more_than_the_whole(sandbox: Sandbox, state: Path) -> None:
    """Described as a whole, and disclosed: what must not be is named by itself."""
    mail, payments = sandbox.stores["sendgrid"].fake, sandbox.stores["billing"].fake
    mail.accounts[""].custom_fields += ["pet", "ssn"]
    payments.plant("customer", email="new@example.com", metadata={"seat": "4", "note": "4111 1111 1111 1111"})
    over = office(sandbox, state)
    (says,) = wrong(over)
    assert "contacts: not described: custom_fields->ssn" in says
    found = gaps(over)
    assert found.keys() == {"contacts", "customers"}
    assert found["contacts"].proposal.strip().startswith("custom_fields->ssn: {category: B, never: Social Security")
    assert found["customers"].names == ("metadata->note",)
    assert "metadata.note: {category: B, never: payment card number}" in found["customers"].proposal
    assert "4111" not in repr(found)
    mail.accounts[""].custom_fields.clear()
    sandbox.stores["billing"].plant(sandbox.now)


def test_what_is_described_and_gone(sandbox: Sandbox, state: Path) -> None:
    held = inventory()
    files = held.systems["files"]
    lost = replace(
        files.collections["avatars"].spec, options={"bucket": "tt-lost", "key_patterns": ["a/{user_id}.png"]}
    )
    collections = {**files.collections, "avatars": replace(files.collections["avatars"], spec=lost)}
    held = replace(held, systems={**held.systems, "files": replace(files, collections=collections)})
    over = office(sandbox, state, held=held)
    assert {g.name: g.kind for g in over.service.survey().failing if g.system == "files"} == {
        "tt-lost": Kind.GONE, "tt-uploads/avatars/": Kind.UNMENTIONED,
    }  # fmt: skip


def test_what_is_proposed_loads_as_it_is_pasted_and_passes(sandbox: Sandbox, state: Path, tmp_path: Path) -> None:
    execute(sandbox, WALK_INS + "ALTER TABLE devices ADD COLUMN serial text;")
    sandbox.stores["files"].aws.client("s3").create_bucket(Bucket="tt-left-behind")
    sandbox.stores["files"].aws.client("logs").create_log_group(logGroupName="/aws/lambda/forgotten")
    found = gaps(office(sandbox, state / "a"))
    assert found["public.walk_ins"].categories == ("A", "B", "C", "F")
    pasted = (ROOT / "inventory.yaml").read_text()
    for gap in found.values():
        if gap.names:
            before, after = pasted.split(f"      {gap.name}:\n", 1)
            at = after.index("        fields:\n") + len("        fields:\n")
            pasted = f"{before}      {gap.name}:\n{after[:at]}{gap.proposal}\n{after[at:]}"
        else:
            before, after = pasted.split(f"\n  {gap.system}:\n", 1)
            at = after.index("    collections:\n") + len("    collections:\n")
            pasted = f"{before}\n  {gap.system}:\n{after[:at]}{gap.proposal}\n{after[at:]}"
    file = tmp_path / "inventory.yaml"
    file.write_text(pasted)
    over = office(sandbox, state / "b", held=Inventory.load(file).sandboxed())
    assert over.service.survey().failing == ()
    (says,) = wrong(over)
    assert "/aws/lambda/forgotten: lines are kept for ever" in says  # described by now, and so looked into


def test_no_value_of_a_sample_is_seen_anywhere(
    sandbox: Sandbox, state: Path, caplog: pytest.LogCaptureFixture
) -> None:  # fmt: skip
    execute(sandbox, WALK_INS + "ALTER TABLE devices ADD COLUMN serial text; UPDATE devices SET serial = 'canary.7391'")
    caplog.set_level(logging.DEBUG)
    over = office(sandbox, state)
    found = gaps(over)
    because = {g.field: g.because for g in found["public.walk_ins"].guesses}
    assert because["contact"] == "38 of 50 look like e-mail addresses"
    assert because["card"] == "50 of 50 look like a payment card number"
    assert because["note"] == "50 of 50 contain telephone numbers"
    over.close()
    done = dsr(over, "--debug", "inventory", "survey", "--system", "app_db")
    as_json = dsr(over, "inventory", "survey", "--system", "app_db", "--json")
    assert (done.returncode, as_json.returncode) == (7, 7), done.stderr
    assert "38 of 50 look like e-mail addresses" in done.stdout
    kept: list[Any] = [done.stdout, done.stderr, as_json.stdout, as_json.stderr, caplog.text, repr(found)]
    assert not [text for text in kept if CANARY in text]
    assert not [name for name, content in over.files().items() if CANARY.encode() in content]


def test_a_sample_that_is_refused_is_no_failure_and_says_no_value(
    sandbox: Sandbox, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    execute(sandbox, WALK_INS)
    with suppress(psycopg.errors.DuplicateObject):
        execute(sandbox, "CREATE ROLE sandbox_reader LOGIN PASSWORD 'sandbox'")
    over = office(sandbox, state)
    url = sandbox.stores["app_db"].url
    monkeypatch.setenv("DSR_SANDBOX_APP_DB_DSN", url.replace("//sandbox:", "//sandbox_reader:"))
    gap = gaps(over)["public.walk_ins"]
    assert "lacks a permission" in gap.unsampled
    assert gap.categories == ("A", "C", "F")  # by names and types alone
    assert CANARY not in repr(gap)


def test_who_may_not_list_is_told_so(sandbox: Sandbox, state: Path) -> None:
    stores = sandbox.stores["files"]
    stores.aws.dynamodb.denied = {"ListTables"}
    over = office(sandbox, state)
    (row,) = [r for r in over.service.check() if r.system == "activity"]
    assert [p.says for p in row.probes if p.ok is None and "is not known" in p.says]
    assert row.ok
    surveyed = next(s for s in over.service.survey().systems if s.system == "activity")
    assert (surveyed.failed, surveyed.listed) == (True, None)
    over.close()
    assert dsr(over, "inventory", "survey", "--system", "activity").returncode == 1


def test_looking_at_values_takes_the_power_to_plan(sandbox: Sandbox, state: Path) -> None:
    over = office(sandbox, state)
    clerk = replace(over.service.actor, may=frozenset({"verify"}))
    with pytest.raises(Exception, match="may not plan"):
        over.as_(clerk).survey()
    assert over.as_(clerk).survey(sample=False).failing == ()
