"""Data of children under 13 is found without anybody asking, and deleted after a person's look."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from psycopg.types.json import Jsonb

from orchestrator.errors import UnsafePlanError
from orchestrator.minors import Came
from orchestrator.model import Ground, Right
from tests.office import Office, dsr

STORES = ("app_db",)
YOUNG = f"{date.today().year - 9}-06-01"


def born(office: Office, user: int, birth_date: str) -> None:
    """Write a birth date into a user's profile, as the application would."""
    with psycopg.connect(office.sandbox.stores["app_db"].url) as connection:
        added = {"birth_date": birth_date}
        query = "UPDATE profiles SET data = data || %s WHERE user_id = %s"
        assert connection.execute(query, [Jsonb(added), user]).rowcount == 1


def test_nobody_is_found_where_nobody_is_a_child(office: Office) -> None:
    found = office.service.scan()
    assert found.looked == ("app_db/public.profiles",)
    assert found.children == ()
    assert found.settled
    assert list(office.service.requests()) == []


def test_a_childs_data_is_deleted_after_an_approval_and_nobody_elses(office: Office) -> None:
    people = office.sandbox.people
    before = {p.email: office.sandbox.untouched(p) for p in people if p is not people.bystander}
    born(office, people.bystander.user_id, YOUNG)
    (child,) = office.service.scan().children
    assert (child.came, child.why) == (Came.TO_ERASE, "a birth date less than 13 years ago")
    request = office.service.request(child.request)
    assert (request.right, request.channel, request.ground) == (Right.DELETE, "scan", Ground.POLICY_PROMISE)
    (again,) = office.service.scan().children
    assert (again.came, again.request) == (Came.UNDER_WAY, child.request)
    assert office.sandbox.stores["app_db"].of(people.bystander)["users"], "nothing goes before a person approves"
    office.service.approve(child.request, child.digest)
    done = office.service.run(child.request).payload
    gone = {s["collection"] for s in done["steps"] if s["standing"] == "gone"}
    assert "public.users" in gone
    users = office.sandbox.stores["app_db"].of(people.bystander)["users"]
    assert all(u["name"] == "[redacted]" and people.bystander.email not in str(u) for u in users)
    assert {p.email: office.sandbox.untouched(p) for p in people if p is not people.bystander} == before
    assert office.service.scan().children == ()
    assert people.bystander.email.encode() not in b"".join(office.files().values())


def test_a_hold_keeps_a_childs_data_as_it_is(office: Office) -> None:
    bystander = office.sandbox.people.bystander
    born(office, bystander.user_id, YOUNG)
    office.service.place_hold("case 7", datetime.now(UTC) + timedelta(days=90), {"email": bystander.email})
    (child,) = office.service.scan().children
    plan = office.service.show_plan(child.request).plan
    assert not plan.changes
    assert {s.rule for s in plan.steps if s.role == "business" and s.action == "retain"} == {"hold"}


def test_what_is_not_sure_stops_for_a_person_who_decides_once(office: Office) -> None:
    bystander = office.sandbox.people.bystander
    born(office, bystander.user_id, str(date.today().year - 13))
    (child,) = office.service.scan().children
    assert child.came is Came.STOPPED
    assert "may be less than 13" in child.why
    with pytest.raises(UnsafePlanError, match="age: "):
        office.service.approve(child.request, child.digest)
    office.service.cancel(child.request, "the employer confirmed an adult")
    (left,) = office.service.scan().children
    assert (left.came, left.request) == (Came.LEFT, child.request)
    born(office, bystander.user_id, YOUNG)
    (surely,) = office.service.scan().children
    assert surely.came is Came.TO_ERASE, "another thing is said by now"
    assert surely.request != child.request


def test_a_person_may_override_a_doubt(office: Office) -> None:
    born(office, office.sandbox.people.bystander.user_id, str(date.today().year - 13))
    (child,) = office.service.scan().children
    office.service.override(child.request, "age", "the school said that she is twelve")
    assert office.service.approve(child.request, child.digest)


def test_the_clock_counts_for_our_own_request_and_the_command_tells_cron(office: Office) -> None:
    born(office, office.sandbox.people.bystander.user_id, YOUNG)
    assert office.service.scan().children
    (clocked,) = office.service.clock()
    assert {d.what: d.standing for d in clocked.deadlines} == {"acknowledge": "met", "answer": "on_time"}
    shown = dsr(office, "scan", "--json")
    assert shown.returncode == 7, shown.stderr
    assert [c["came"] for c in json.loads(shown.stdout)["children"]] == ["under way"]
    assert office.sandbox.people.bystander.email not in shown.stdout
