"""What stops a run that is approved: holds and cancellations of the last minute."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from connectors.sandbox.world import Sandbox
from orchestrator.errors import IncompleteError, NotAllowedError
from orchestrator.journal import Journal
from tests.office import Office

STORES = ("app_db", "sendgrid")


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(only=STORES) as sandbox:
        yield sandbox


@pytest.fixture
def office(running: Sandbox, tmp_path: Path) -> Iterator[Office]:
    running.replant()
    office = Office.over(running, tmp_path / "state", STORES)
    yield office
    office.close()


def review() -> datetime:
    return datetime.now(UTC) + timedelta(days=30)


def test_a_hold_on_the_organisation_placed_after_the_approval_stops_the_write(office: Office) -> None:
    """Nobody proves their organisation: it is a claim of their row, and a hold on it counts all the same."""
    subject = office.sandbox.people.subject
    request = office.approved(subject.email)
    before = office.sandbox.untouched(subject)
    with psycopg.connect(office.sandbox.stores["app_db"].url) as c:
        row = c.execute("SELECT organisation_id FROM users WHERE id = %s", [subject.user_id]).fetchone()
    assert row is not None
    hold = office.service.place_hold("case 8", review(), {"organisation": str(row[0])})
    with pytest.raises(IncompleteError, match=f"legal hold {hold.id}"):
        office.service.run(request)
    assert office.sandbox.untouched(subject) == before


def test_a_hold_that_comes_before_the_opt_out_asks_for_a_new_plan(office: Office) -> None:
    subject = office.sandbox.people.subject
    request = office.approved(subject.email)
    office.service.place_hold("case 9", review(), {"collection": "sendgrid/suppressions.unsubscribes"})
    with pytest.raises(IncompleteError, match="dsr plan") as told:
        office.service.run(request)
    assert "dsr run" not in str(told.value)
    assert office.service.plan(request).plan.suppresses == (), "the new plan does not enter it"


def test_a_plan_that_is_replaced_while_a_run_begins_is_not_carried_out(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = office.approved(office.sandbox.people.subject.email)
    first = office.service.show_plan(request).digest
    lease = Journal.lease

    def after_another_driver(journal: Journal, name: str) -> object:
        monkeypatch.setattr(Journal, "lease", lease)
        office.service.plan(request)
        return lease(journal, name)

    monkeypatch.setattr(Journal, "lease", after_another_driver)
    with pytest.raises(NotAllowedError, match="no valid approval"):
        office.service.run(request)
    assert office.workspace.journal.outcomes(first) == {}
