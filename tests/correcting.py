"""A person who wants something put right, over the sandbox: what the tests of whole corrections share."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg

from connectors.sandbox.training_tracker.people import Person
from connectors.sandbox.world import Sandbox
from orchestrator.errors import IncompleteError
from orchestrator.issue import Fulfilled
from orchestrator.model import Level
from tests.office import Office

SYSTEMS = ("app_db", "billing", "sendgrid", "hatchbuck")
NEW = "anne.li@example.com"
NAMES = {"given_name": "Anne", "family_name": "Li-Stone"}
WAS = [("given_name", "Ann"), ("family_name", "Lee")]


def others(sandbox: Sandbox, person: Person) -> dict[str, object]:
    return {p.name + p.email: sandbox.untouched(p) for p in sandbox.people if p != person}


def asked(
    office: Office, new: dict[str, str], was: list[tuple[str, str]] | None = None, level: Level = Level.REASONABLY_HIGH
) -> str:
    """A verified request of the subject, who signed in to her account."""
    user = [("user_id", str(office.sandbox.people.subject.user_id))]
    request = office.service.new_correction(user, new, was or [], "account")
    office.service.verify(
        request, level, "signed in to the account again", ["user number"], ["user_id"], "a new sign-in"
    )
    return request


def approved(office: Office, request: str) -> str:
    office.service.approve(request, office.service.plan(request).digest)
    return request


def later(office: Office, by: timedelta) -> None:
    office.sandbox.stores["sendgrid"].fake.advance(by)


def to_the_end(office: Office, request: str) -> Fulfilled:
    """Run again while a vendor is half way, with its own time in between."""
    for _ in range(4):
        try:
            return office.service.run(request)
        except IncompleteError:
            later(office, timedelta(hours=2))
    return office.service.run(request)


def standings(done: Fulfilled) -> dict[str, str]:
    return {f"{s['system']}/{s['collection']}/{s['attribute']}": s["standing"] for s in done.payload["steps"]}


def value(sandbox: Sandbox, query: str) -> Any:
    with psycopg.connect(sandbox.stores["app_db"].url) as c:
        return c.execute(query.encode()).fetchone()
