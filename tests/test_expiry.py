"""What a request kept until a date goes on that day without anybody remembering, if a person approved it in advance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from connectors.sandbox.world import Sandbox
from orchestrator.engine.attend import Next, go_on
from orchestrator.receipt import hash_of
from orchestrator.service import Service
from tests.office import Office

LOG = ("app_db", "public.login_events")
LATER = timedelta(days=400)


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(only=("app_db",)) as sandbox:
        yield sandbox


@pytest.fixture
def office(running: Sandbox, tmp_path: Path) -> Iterator[Office]:
    running.replant()
    office = Office.over(running, tmp_path / "state", ("app_db",))
    yield office
    office.close()


def signed_in(office: Office) -> int:
    with psycopg.connect(office.sandbox.stores["app_db"].url) as connection:
        query = "SELECT count(*) FROM login_events WHERE user_id = 42"
        return int((connection.execute(query).fetchone() or (0,))[0])


def at(office: Office, now: datetime) -> Service:
    return office.as_(office.service.actor, now)


def test_an_exception_that_ended_is_carried_out_and_its_receipt_names_the_first(office: Office) -> None:
    first = office.erase(office.sandbox.people.subject.email)
    request, kept = str(first.payload["request"]), signed_in(office)
    assert LOG in {(r["system"], r["collection"]) for r in first.payload["retained"]}
    assert kept > 0
    later = datetime.now(UTC) + LATER
    ahead = at(office, later).approve_ahead("expiry:security-log", 10_000, later + timedelta(days=30))

    told = go_on(at(office, later), request, 1)
    assert f"approved in advance by {ahead.id}" in told.said
    assert signed_in(office) == kept, "it was only planned and approved"
    told = go_on(at(office, later), request, 1)
    assert not told.stuck, told.said
    assert signed_in(office) == 0

    *_, second = office.workspace.journal.receipts(request)
    done = at(office, later).run(request)  # read back at any age; nothing new to say, so it is the same receipt
    assert hash_of(done.envelope.read_bytes()) == second["hash"]
    assert done.payload["supplements"] == hash_of(first.envelope.read_bytes())
    assert done.payload["approval"]["approvals"][0]["standing"] == ahead.id
    (step,) = (s for s in done.payload["steps"] if (s["system"], s["collection"]) == LOG)
    assert (step["planned"], step["confirmed"], step["standing"]) == (kept, kept, "gone")


@pytest.mark.parametrize("how", ["nobody", "too_many", "changed", "withdrawn", "held"])
def test_without_an_approval_that_holds_a_person_is_asked(office: Office, how: str) -> None:
    first = office.erase(office.sandbox.people.subject.email)
    request, kept = str(first.payload["request"]), signed_in(office)
    later = datetime.now(UTC) + LATER
    if how != "nobody":
        limit = 1 if how == "too_many" else 10_000
        made = at(office, later).approve_ahead("expiry:security-log", limit, later + timedelta(days=30))
        if how == "withdrawn":
            at(office, later).withdraw(made.id)
    if how == "changed":
        held = office.workspace.inventory
        rules = tuple(replace(r, use_limit="anything") if r.id == "security-log" else r for r in held.rules)
        office.workspace.inventory = replace(held, rules=rules)
    hold = ""
    if how == "held":
        hold = office.service.place_hold("a claim", later, {"email": office.sandbox.people.subject.email}).id
    told: Next = go_on(at(office, later), request, 1)
    assert "approved in advance" not in told.said
    assert signed_in(office) == kept
    go_on(at(office, later), request, 1)
    assert signed_in(office) == kept
    if hold:  # released, what waited for it goes on
        office.service.release_hold(hold)
        assert "approved in advance" in go_on(at(office, later), request, 1).said
        go_on(at(office, later), request, 1)
        assert signed_in(office) == 0
