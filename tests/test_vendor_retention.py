"""Vendors' own retention from drift to receipt: by two people, around legal holds, and with nothing applied twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.world import Sandbox
from orchestrator.errors import NotAllowedError, UnknownError
from orchestrator.inventory import Inventory, System
from orchestrator.inventory.periods import Schedule, Stated
from orchestrator.inventory.retention import Retention, frozen
from orchestrator.receipt import verify_file
from orchestrator.retention import RETENTION
from tests.four_eyes import two_people
from tests.office import Office, dsr, inventory

REVIEW = datetime.now(UTC) + timedelta(days=30)
GROUP, LINES = "/aws/lambda/reports", "report_logs/lines"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(only=("files",)) as sandbox:
        yield sandbox


@pytest.fixture
def logs(running: Sandbox) -> Any:
    """The vendor's side: lines are kept for a year, and the inventory says thirty days."""
    client = running.stores["files"].aws.client("logs")
    with suppress(client.exceptions.ResourceAlreadyExistsException):
        client.create_log_group(logGroupName=GROUP)
    client.put_retention_policy(logGroupName=GROUP, retentionInDays=365)
    return client


@pytest.fixture
def office(running: Sandbox, logs: Any, tmp_path: Path) -> Iterator[Office]:
    held = inventory()
    office = Office(running, tmp_path / "state", replace(held, systems={"report_logs": held.systems["report_logs"]}))
    yield office
    office.close()


def days(logs: Any) -> int | None:
    (group,) = logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    found: int | None = group.get("retentionInDays")
    return found


def test_drift_fails_the_check_and_stands_in_the_status(office: Office) -> None:
    row, _ = office.service.check()
    (says,) = [p.says for p in row.probes if p.ok is False]
    way = "dsr retention settings plan"
    assert says == f"lines: retention of the log group {GROUP}: 365 days, and the inventory says 30 days: {way}"
    assert [s.fits for s in office.service.vendor_settings()] == [False]


def test_from_plan_to_receipt_by_two_people(office: Office, logs: Any, tmp_path: Path) -> None:
    planner, approver = two_people(office, tmp_path / "keys")
    with pytest.raises(UnknownError, match="no plan of settings"):
        planner.latest_settings()
    shown = planner.plan_settings()
    with pytest.raises(NotAllowedError, match="nobody has approved"):
        planner.apply_settings()
    with pytest.raises(NotAllowedError, match="desk-1 made the plan: another person"):
        planner.approve_settings(shown.digest)
    with pytest.raises(NotAllowedError, match="current plan of settings"):
        approver.approve_settings("sha256:00")
    forged = planner.actor.sign("retention-settings", shown.digest, planner.now())
    office.workspace.journal.append(RETENTION, "settings_approved", "desk-1", json.loads(dumped(forged)))
    with pytest.raises(NotAllowedError, match="nobody has approved"):  # their own word counts for nothing
        planner.apply_settings()
    assert days(logs) == 365
    approver.approve_settings(shown.digest)
    done = planner.apply_settings()
    assert (days(logs), done.after, done.troubles) == (30, {LINES: "30 days"}, {})
    payload = verify_file(Path(done.receipt), office.workspace.public_keys)
    (step,) = payload["steps"]
    assert (step["was"], step["wanted"], step["is"], step["standing"]) == ("365 days", "30 days", "30 days", "applied")
    assert (payload["outcome"], payload["mode"], payload["approvals"][0]["signed"]) == ("complete", "four_eyes", True)
    shown_by = dsr(office, "receipt", "verify", done.receipt)
    assert "settings of vendors, outcome complete: 1 applied" in shown_by.stdout
    assert planner.apply_settings().after == {LINES: "30 days"}  # again: it stands, nothing is written
    assert not planner.plan_settings().plan.to_do
    planner.verify_journal()


def dumped(value: Any) -> str:
    from orchestrator.canonical import plain

    return json.dumps(plain(value))


def test_a_hold_stops_what_would_end_sooner(office: Office, logs: Any) -> None:
    service = office.service
    shown = service.plan_settings()
    service.approve_settings(shown.digest)
    hold = service.place_hold("a claim", REVIEW, {"collection": "report_logs/lines"}, case="2026-CV-9")
    done = service.apply_settings()  # placed after the approval
    assert days(logs) == 365
    assert "1 legal hold may reach what it ends" in done.troubles[LINES]
    assert (done.payload["outcome"], done.payload["steps"][0]["standing"]) == ("partial", "failed")
    assert "2026-CV-9" not in json.dumps(done.payload)
    (step,) = service.plan_settings().plan.steps
    assert not step.due
    assert "legal hold" in step.says
    service.release_hold(hold.id)
    person = service.place_hold("a claim", REVIEW, {"email": "someone@example.com"})
    assert "legal hold" in service.vendor_settings()[0].says  # a setting cannot spare a person
    service.release_hold(person.id)
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=7)
    service.place_hold("a claim", REVIEW, {"collection": "report_logs"})
    longer = service.plan_settings()
    service.approve_settings(longer.digest)
    assert service.apply_settings().after == {LINES: "30 days"}  # to keep data longer harms no hold


def test_what_changed_since_is_planned_anew(office: Office, logs: Any) -> None:
    service = office.service
    service.approve_settings(service.plan_settings().digest)
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=180)
    done = service.apply_settings()
    assert "it is 180 days by now, and was 365 days" in done.troubles[LINES]
    assert days(logs) == 180
    late = office.as_(service.actor, service.now() + timedelta(days=4))
    with pytest.raises(NotAllowedError, match="too old"):
        late.apply_settings()


def test_the_commands(office: Office, logs: Any) -> None:
    office.close()
    planned = dsr(office, "retention", "settings", "plan", "--json")
    digest = json.loads(planned.stdout)["digest"]
    assert dsr(office, "retention", "settings", "apply").returncode == 5  # not approved
    assert dsr(office, "retention", "settings", "approve", digest).returncode == 0
    applied = dsr(office, "retention", "settings", "apply")
    assert (applied.returncode, days(logs)) == (0, 30), applied.stderr
    status = json.loads(dsr(office, "retention", "status", "--json").stdout)
    assert {s["collection"]: s["setting"] and s["setting"]["fits"] for s in status["settings"]}["lines"] is True
    shown = dsr(office, "retention", "settings", "status", "--json")
    assert shown.returncode == 7  # something is neither read nor stated
    how = {f"{s['system']}/{s['collection']}": s["how"] for s in json.loads(shown.stdout)}
    assert (how[LINES], how["gmail/vault"]) == ("read", "unknown")


def test_a_statement_goes_stale_and_is_of_a_vendors_setting_only() -> None:
    said = {"keeps": "nothing", "stated_by": "it", "stated_on": "2026-11-25", "review_by": "2027-11-25"}
    entry = {"period": "30 days", "action": "vendor_native", "basis": "b", "owner": "it", "stated": said}
    stated = frozen(Retention.model_validate(entry), "").stated
    assert stated
    assert (stated.keeps, stated.by) == (timedelta(0), "it")
    for wrong, what in (
        ({**entry, "stated": {**said, "review_by": "2028-11-25"}}, "up to 400 days"),
        ({**entry, "stated": {**said, "review_by": "2026-11-24"}}, "up to 400 days"),
        ({**entry, "action": "delete"}, "vendor_native"),
        ({**entry, "stated": {**said, "keeps": "a while"}}, "keeps"),
    ):
        with pytest.raises(ValueError, match=what):
            Retention.model_validate(wrong)


def test_what_no_call_tells_is_stated_by_a_person_and_goes_stale(tmp_path: Path) -> None:
    held = inventory()
    today = datetime.now(held.zone).date()
    looked = Stated(timedelta(7), "engineering", today, today + timedelta(days=30), "Account, Plan")

    def said(stated: Stated | None, where: str = "papertrail/events") -> Inventory:
        name, _, collection = where.partition("/")
        system = held.systems[name]
        schedule = Schedule(timedelta(7), "", "", "by the plan", "vendor_native", "engineering", stated=stated)
        changed = replace(system.collections[collection], retention=schedule)
        collections = {n: replace(c, retention=None) for n, c in system.collections.items()}
        return replace(held, systems={name: replace(system, collections={**collections, collection: changed})})

    with Sandbox(only=("papertrail", "gmail")) as sandbox:

        def stands(inventory: Inventory, days: int = 0) -> tuple[str, bool | None, str, bool | None]:
            office = Office(sandbox, tmp_path / f"state{len(list(tmp_path.iterdir()))}", inventory)
            service = office.as_(office.service.actor, office.service.now() + timedelta(days=days))
            (step,) = service.vendor_settings()
            probes = [p.ok for row in service.check() for p in row.probes if p.says == step.says]
            office.close()
            return step.how, step.fits, step.says, probes[0]

        how, fits, says, ok = stands(said(None))
        assert (how, fits, ok) == ("unknown", None, None)
        assert "no call tells how long it is kept" in says
        how, fits, says, ok = stands(said(looked))
        assert (how, fits, ok) == ("stated", True, True)
        assert f"7 days, as engineering stated on {today} (Account, Plan)" in says
        how, fits, says, ok = stands(said(looked), days=31)
        assert (how, fits, ok) == ("stated", False, False)
        assert "their word is too old: engineering looks" in says
        assert stands(said(replace(looked, keeps=timedelta(14))))[1:2] == (False,)
        assert stands(said(replace(looked, keeps=None), "gmail/vault"))[:2] == ("stated", False)
        how, fits, says, ok = stands(said(None, "gmail/vault"))
        assert (how, ok) == ("unknown", None)
        assert "no call reads Vault's retention rules" in says
        sandbox.stores["papertrail"].fake.denied = {"archives"}
        seen = stands(said(looked, "papertrail/archives"))
        assert seen[:2] == ("unknown", None)  # a reading that failed is not replaced by somebody's word


def test_what_only_people_change_says_how(tmp_path: Path) -> None:
    with Sandbox(only=("app_db", "heroku", "papertrail")) as sandbox:
        held = inventory()
        systems: dict[str, System] = {}
        for name, collection, period in (
            ("app_db_backups", "scheduled_backups", 20), ("papertrail", "archives", 5000), ("papertrail", "events", 7),
        ):  # fmt: skip
            system = systems.get(name, held.systems[name])
            schedule = Schedule(timedelta(days=period), "", "by the plan", "test", "vendor_native", "engineering")
            changed = replace(system.collections[collection], retention=schedule)
            systems[name] = replace(system, collections={**system.collections, collection: changed})
        office = Office(sandbox, tmp_path / "state", replace(held, systems=systems))
        found = {step.ref: step for step in office.service.vendor_settings()}
        backups = found["app_db_backups/scheduled_backups"]
        assert (backups.fits, backups.due) == (False, False)
        assert "35 days, and the inventory says 20 days: it goes by the database's plan" in backups.says
        assert found["papertrail/archives"].fits is True
        assert "no call tells how long" in found["papertrail/events"].says
        with pytest.raises(NotAllowedError, match="nothing to approve"):
            office.service.approve_settings(office.service.plan_settings().digest)
        office.close()


def yearly(files: System) -> System:
    """Pictures go after a year, by a rule of their bucket."""
    schedule = Schedule(timedelta(days=365), "", "no longer needed", "test", "vendor_native", "engineering")
    changed = replace(files.collections["avatars"], retention=schedule)
    return replace(files, collections={**files.collections, "avatars": changed})


def test_what_somebody_changes_back_during_the_run_is_not_called_applied(
    running: Sandbox, logs: Any, tmp_path: Path
) -> None:
    aws, held = running.stores["files"].aws, inventory()
    systems = {"report_logs": held.systems["report_logs"], "files": yearly(held.systems["files"])}
    office = Office(running, tmp_path / "state", replace(held, systems=systems))
    service = office.service
    service.approve_settings(service.plan_settings().digest)
    aws.writers.after = lambda: logs.put_retention_policy(logGroupName=GROUP, retentionInDays=365)
    done = service.apply_settings()
    assert done.after.keys() == {"files/avatars"}
    assert "it was applied, and is 365 days now" in done.troubles[LINES]
    assert [s["standing"] for s in done.payload["steps"]] == ["failed", "applied"]
    (entry,) = office.workspace.journal.entries(RETENTION, "setting_overtaken")
    assert entry.payload["ref"] == LINES
    office.close()
    bucket = held.systems["files"].collections["avatars"].spec.options["bucket"]
    aws.client("s3").delete_bucket_lifecycle(Bucket=bucket)


def test_another_writer_is_told_of_and_what_stood_there_can_be_put_back(running: Sandbox, tmp_path: Path) -> None:
    aws = running.stores["files"].aws
    client, held = aws.client("s3"), inventory()
    files = held.systems["files"]
    office = Office(running, tmp_path / "state", replace(held, systems={"files": yearly(files)}))
    bucket = str(files.collections["avatars"].spec.options["bucket"])

    def put(*names: str) -> None:
        rules = [
            {"ID": n, "Status": "Enabled", "Filter": {"Prefix": f"{n}/"}, "Expiration": {"Days": 9}} for n in names
        ]
        client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})

    put("logs", "tmp")
    service = office.service
    with pytest.raises(UnknownError, match="no plan of settings wrote it"):
        service.settings_before("files/avatars")
    shown = service.plan_settings()
    service.approve_settings(shown.digest)
    aws.writers.after = lambda: put("logs")  # from what they read before
    done = service.apply_settings()  # the command ends with 1 for it
    assert "another writer came between" in done.troubles["files/avatars"]
    assert (done.after, done.payload["steps"][0]["standing"]) == ({}, "failed")
    (entry,) = office.workspace.journal.entries(RETENTION, "setting_overtaken")
    assert "not there any more: 2 rules" in entry.payload["says"]
    service.plan_settings()  # a later plan does not hide what stood there
    client.put_bucket_lifecycle_configuration(**json.loads(service.settings_before("files/avatars")))
    found = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert {rule["ID"] for rule in found} == {"logs", "tmp"}
    service.verify_journal()
    office.close()
    client.delete_bucket_lifecycle(Bucket=bucket)
