"""Nothing that keeps a receipt open, or that a receipt says is kept, is missing from what is owed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from connectors.sandbox.faults import Fault
from connectors.sandbox.training_tracker.mailings import SHOP
from orchestrator.due import Owed
from orchestrator.errors import IncompleteError
from tests.office import Office

STORES = ("app_db", "sendgrid")


def owed(office: Office, what: Owed) -> dict[tuple[str, str], bool]:
    return {(o.system, o.collection): o.overdue for o in office.service.due() if o.owed is what}


def test_every_exception_in_the_receipt_has_its_day(office: Office) -> None:
    """Also that of fields which are kept in rows that are redacted."""
    payload = office.erase(office.sandbox.people.subject.email).payload
    kept = {(r["system"], r["collection"]) for r in payload["retained"]}
    assert any(s["action"] == "redact" for s in payload["steps"] if (s["system"], s["collection"]) in kept)
    assert set(owed(office, Owed.DECIDE_ANEW)) == kept
    assert not any(owed(office, Owed.DECIDE_ANEW).values())
    assert all(o.why for o in office.service.due())


def test_a_run_that_was_not_finished_is_owed_until_it_is(office: Office) -> None:
    request = office.approved(office.sandbox.people.subject.email)
    assert set(owed(office, Owed.GO_ON)), "approved, and not begun"
    down = office.sandbox.stores["sendgrid"].faults.inject(
        Fault.OVERLOADED, match=lambda method, path: method == "DELETE"
    )  # fmt: skip
    with down, pytest.raises(IncompleteError):
        office.service.run(request)
    left = owed(office, Owed.GO_ON)
    assert left
    assert not any(left.values())
    later = office.as_(office.service.actor, datetime.now(UTC) + timedelta(hours=73))
    assert {o.overdue for o in later.due() if o.owed is Owed.GO_ON} == {True}, "the plan is void: a new one is due"
    office.service.run(request)
    assert owed(office, Owed.GO_ON) == {}


def test_a_lost_opt_out_and_what_came_late_are_owed_at_once(office: Office) -> None:
    subject = office.sandbox.people.subject
    request = office.erase(subject.email).payload["request"]
    office.sandbox.stores["sendgrid"].fake.accounts[SHOP].forget({subject.email})
    with psycopg.connect(office.sandbox.stores["app_db"].url) as c:
        c.execute("INSERT INTO leads (id, email, name, created_at) VALUES (990001, %s, 'Ann', now())", [subject.email])
    office.service.run(request)
    assert owed(office, Owed.GO_ON) == {("sendgrid", "*"): True}
    assert owed(office, Owed.DECIDE_ANEW)["app_db", "public.leads"] is True
