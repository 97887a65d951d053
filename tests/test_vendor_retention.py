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
from orchestrator.inventory import System
from orchestrator.inventory.periods import Schedule
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
