"""What `dsr check` tells of a token and a plan before a request needs them."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.calendly import connect
from connectors.errors import AuthError
from connectors.model import Aspect, Probe, Secret, SystemSpec
from connectors.protocol import Inspects
from connectors.sandbox.calendly import ORGANIZATION, CalendlySandbox
from connectors.sandbox.serve import Server
from tests.connectors.calendly.conftest import Connect


def told(made: Any) -> list[Probe]:
    assert isinstance(made, Inspects)
    return list(made.inspect())


def wrong(probes: list[Probe]) -> list[tuple[Aspect, str]]:
    return [(p.aspect, p.says) for p in probes if p.ok is False]


def test_an_enterprise_organisation(server: Server, fake: CalendlySandbox, connected: Connect) -> None:
    fake.book("ann.lee@example.com")
    fake.contact("ann.lee@example.com")
    probes = told(connected(enterprise=True, organization=ORGANIZATION))
    assert wrong(probes) == []
    assert {p.aspect: p.ok for p in probes} == dict.fromkeys(Aspect, True) | {Aspect.EXPORT: None, Aspect.DELETE: None}
    assert {method for method, _ in server.faults.calls} == {"GET"}
    assert not any(path.endswith("/invitees") for _, path in server.faults.calls)


def test_a_plan_that_is_not_enterprise(fake: CalendlySandbox, connected: Connect) -> None:
    fake.enterprise = False
    for stated in (None, False):
        probes = told(connected(enterprise=stated))
        assert wrong(probes) == []
        assert [(p.ok, "web console" in p.says) for p in probes if p.aspect is Aspect.PLAN] == [(None, True)]
    ((aspect, says),) = wrong(told(connected(enterprise=True)))
    assert (aspect, "'enterprise'" in says) == (Aspect.PLAN, True)


@pytest.mark.parametrize("settings", [{"enterprise": False}, {"not_in_plan": ["activity_log"]}])
def test_a_log_that_is_there_and_not_searched(
    fake: CalendlySandbox, connected: Connect, settings: dict[str, Any]
) -> None:
    ((aspect, says),) = wrong(told(connected(**settings)))
    assert (aspect, next(iter(settings)) in says) == (Aspect.INVENTORY, True)


def test_who_is_no_administrator_may_list_no_organisation(fake: CalendlySandbox, connected: Connect) -> None:
    fake.admin = False
    found = wrong(told(connected()))
    assert [says.partition(":")[0] for _, says in found] == [
        "bookings_upcoming, bookings, guest_bookings, hosted_bookings", "routing_form_submissions", "invitations",
        "members",
    ]  # fmt: skip
    assert all(aspect is Aspect.LOCATE and "owner or administrator" in says for aspect, says in found)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("scheduled_events", "bookings_upcoming, bookings, guest_bookings, hosted_bookings"),
        ("routing_forms", "routing_form_submissions"),
        ("contacts", "contacts"),
        ("organizations", "invitations"),
        ("organization_memberships", "members"),
        ("notes", "notes"),
    ],
)
def test_a_list_that_is_refused_is_named(fake: CalendlySandbox, connected: Connect, path: str, name: str) -> None:
    fake.denied = {path}
    ((aspect, says),) = wrong(told(connected()))
    assert (aspect, says.partition(":")[0]) == (Aspect.LOCATE, name)
    if len(name.split(",")) == 1:
        agreed = told(connected(not_in_plan=[name]))
        assert wrong(agreed) == []
        assert f"{name}: not in the plan, as the inventory says" in [p.says for p in agreed if p.aspect is Aspect.PLAN]


def test_recaps_and_transcripts(fake: CalendlySandbox, connected: Connect) -> None:
    fake.paid = False
    assert [a for a, _ in wrong(told(connected()))] == [Aspect.LOCATE, Aspect.EXPORT]
    probes = told(connected(not_in_plan=["recaps"]))
    assert wrong(probes) == []
    assert [p.ok for p in probes if p.aspect is Aspect.EXPORT] == [True]
    fake.paid = True
    assert [a for a, _ in wrong(told(connected(not_in_plan=["recaps"])))] == [Aspect.INVENTORY]


def test_notes_that_need_a_contact_cannot_be_told(fake: CalendlySandbox, connected: Connect) -> None:
    """Whether a list for a contact that does not exist is refused is not documented."""
    fake.notes_need_a_contact = True
    assert [p.ok for p in told(connected()) if p.says.startswith("notes")] == [None]
    assert [p.ok for p in told(connected(not_in_plan=["notes"])) if p.says.startswith("notes")] == [True]


def test_another_organisation_is_named(fake: CalendlySandbox, connected: Connect) -> None:
    other = ORGANIZATION.replace("ORG1", "ORG2")
    assert [a for a, _ in wrong(told(connected(organization=other)))] == [Aspect.INVENTORY]


def test_a_token_that_is_refused_is_raised(server: Server, fake: CalendlySandbox) -> None:
    spec = SystemSpec("calendar", "calendly", {"base_url": server.url}, {"token": Secret("revoked")})
    with pytest.raises(AuthError):
        list(connect(spec).inspect())
