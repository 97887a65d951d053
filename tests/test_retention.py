"""Rows past their time go by the same pipe as a request: plan, approval, batches, a new count, a receipt."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from connectors.sandbox.world import Sandbox
from orchestrator.engine import Engine
from orchestrator.errors import BusyError, NotAllowedError, UnsafePlanError
from orchestrator.inventory import Inventory
from orchestrator.receipt import verify_file
from orchestrator.retention import RETENTION
from orchestrator.service import Service
from tests.office import Office, dsr, inventory

RESETS = "app_db/public.password_resets"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(only=("app_db",)) as sandbox:
        yield sandbox


@pytest.fixture
def office(running: Sandbox, tmp_path: Path) -> Iterator[Office]:
    running.replant()
    office = Office(running, tmp_path / "state", held())
    yield office
    office.close()


def held(batch: int = 20, period: int = 90) -> Inventory:
    """Two collections of the application's database with a period, in small batches."""
    loaded = inventory()
    app = loaded.systems["app_db"]
    tables = dict(app.collections)
    for name, table in tables.items():
        if table.retention and name != "public.password_resets":
            tables[name] = replace(table, retention=None)
    resets = tables["public.password_resets"]
    assert resets.retention
    schedule = replace(resets.retention, period=timedelta(days=period))
    tables["public.password_resets"] = replace(resets, retention=schedule)
    app = replace(app, collections=tables, settings={**app.settings, "purge_batch": batch})
    return replace(loaded, systems={"app_db": app}, content=f"test-{batch}-{period}")


def url(office: Office) -> str:
    return office.sandbox.environ["DSR_SANDBOX_APP_DB_DSN"]


def old(office: Office, days: int = 90) -> int:
    with psycopg.connect(url(office)) as connection:
        query = "SELECT count(*) FROM password_resets WHERE requested_at < now() - %s * interval '1 day'"
        return int((connection.execute(query, [days]).fetchone() or (0,))[0])


def everything(office: Office) -> int:
    with psycopg.connect(url(office)) as connection:
        return int((connection.execute("SELECT count(*) FROM password_resets").fetchone() or (0,))[0])


def overridden(office: Office) -> str:
    """A plan that may be approved, whatever its share of the table."""
    shown = office.service.plan_retention()
    for code in {f.code for f in shown.open}:
        office.service.override_retention(code, "the period is meant so")
    return shown.digest


def test_from_plan_to_receipt(office: Office) -> None:
    planned, before = old(office), everything(office)
    assert 20 < planned < before
    service = office.service
    digest = overridden(office)
    (step,) = service.latest_retention().plan.steps
    assert (step.ref, step.count) == (RESETS, planned)
    assert step.oldest
    service.approve_retention(digest)
    assert service.run_retention().dry  # a new installation only counts
    assert everything(office) == before
    ran = service.run_retention(execute=True)
    assert (old(office), everything(office)) == (0, before - planned)
    payload = verify_file(Path(ran.receipt), office.workspace.public_keys)
    (told,) = payload["steps"]
    assert (told["planned"], told["removed"], told["left"], told["unaccounted"]) == (planned, planned, 0, 0)
    assert (payload["outcome"], told["standing"], told["approval"]) == ("complete", "done", "plan")
    shown = dsr(office, "receipt", "verify", ran.receipt, "--json")
    assert json.loads(shown.stdout) == {"valid": True, "outcome": "complete", "removed": planned}
    service.verify_journal()


def test_the_guard_and_a_changed_plan_stop_it(office: Office) -> None:
    shown = office.service.plan_retention()
    assert {f.code for f in shown.open} == {"whole_collection"}
    with pytest.raises(UnsafePlanError, match="would go"):
        office.service.approve_retention(shown.digest)
    with pytest.raises(NotAllowedError, match="current retention plan"):
        office.service.approve_retention("sha256:00")


def test_a_standing_approval_is_bounded_and_void_when_anything_changes(office: Office, tmp_path: Path) -> None:
    plenty = replace(office.workspace.inventory, limits=replace(office.workspace.inventory.limits, share=1.0))
    office.workspace.inventory = plenty
    service = Service(office.workspace, office.service.actor)
    service.arm(True)
    until = datetime.now(UTC) + timedelta(days=100)
    with pytest.raises(NotAllowedError, match="within 400 days"):
        service.approve_ahead(RESETS, 10, until + timedelta(days=400))
    service.approve_ahead(RESETS, 5, until)
    planned, before = old(office), everything(office)
    ran = service.run_retention()
    assert "more than the 5" in ran.waits[RESETS]
    service.approve_ahead(RESETS, 10_000, until)
    assert service.run_retention().payload["steps"][0]["removed"] == planned
    assert everything(office) == before - planned
    # The period changes: the approval is void, and a new one does not act before a run has only counted.
    changed = replace(held(period=60), limits=plenty.limits)
    office.workspace.inventory = changed
    service = Service(office.workspace, office.service.actor)
    assert "changed since" in service.run_retention().waits[RESETS]
    changed = replace(held(period=50), limits=plenty.limits)
    office.workspace.inventory = changed
    service = Service(office.workspace, office.service.actor)
    service.approve_ahead(RESETS, 10_000, until)
    first = service.run_retention()
    assert first.dry
    assert "only counts" in first.waits[RESETS]
    assert old(office, 50) > 0
    assert not service.run_retention().dry
    assert old(office, 50) == 0


def test_a_hold_between_two_batches_and_a_run_cut_short(office: Office) -> None:
    with psycopg.connect(url(office)) as connection:
        query = (
            "SELECT u.email, count(*) FROM password_resets r JOIN users u ON u.id = r.user_id "
            "WHERE requested_at < now() - interval '90 days' GROUP BY 1 ORDER BY max(requested_at) DESC LIMIT 1"
        )
        email, theirs = connection.execute(query).fetchone() or ("", 0)
    service, planned = office.service, old(office)
    service.approve_retention(overridden(office))
    batches: list[str] = []

    def stop(system: str, what: str) -> None:
        batches.append(what)
        if sum(" of " in w for w in batches) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        service.run_retention(stop, execute=True)
    assert old(office) == planned - 40
    assert service.retention_stands().under_way

    hold = service.place_hold("a claim", None, {"email": email.upper()}, case="2026-CV-7", preservation=True)
    ran = service.run_retention(execute=True)  # goes on with the plan that was cut short
    with psycopg.connect(url(office)) as connection:
        query = (
            "SELECT count(*) FILTER (WHERE lower(u.email) = lower(%s)), count(*) FROM password_resets r"
            " JOIN users u ON u.id = r.user_id WHERE requested_at < now() - interval '90 days'"
        )
        left, all_left = connection.execute(query, [email]).fetchone() or (0, 0)
    assert left == all_left > 0
    (told,) = ran.payload["steps"]
    assert told["removed"] == planned - all_left
    assert (told["left"], told["unaccounted"]) == (0, all_left)
    assert "2026-CV-7" not in json.dumps(ran.payload)
    assert not service.retention_stands().under_way
    assert email not in "".join(str(e.payload) for e in service.journal.entries())

    assert service.renew_hold(hold.id) == hold.review + timedelta(days=90)
    shown = service.plan_retention()
    assert (shown.plan.steps[0].count, shown.plan.steps[0].held) == (0, all_left)
    service.release_hold(hold.id)
    assert service.plan_retention().plan.steps[0].count == all_left == min(theirs, all_left)


def test_two_runs_exclude_each_other(office: Office) -> None:
    with office.workspace.journal.lease(RETENTION), pytest.raises(BusyError):
        Service(office.workspace, office.service.actor).run_retention()


def test_workers_run_it_at_its_time(office: Office) -> None:
    service = office.service
    engine = Engine(office.workspace, lambda: Service(office.workspace, service.actor))
    engine.work(once=True)
    row = engine.agenda.rows()[RETENTION]
    assert row.at > datetime.now(UTC)  # entered for its next time
    engine.agenda.hurry(RETENTION, datetime.now(UTC))
    said = []
    engine.work(lambda request, told: said.append((request, told.said, told.stuck)), once=True)
    assert said[0][0] == RETENTION
    assert said[0][1].startswith("counted only")
    assert engine.agenda.rows()[RETENTION].at > datetime.now(UTC)
    engine.close()
