"""Whose a contact is: by its address, its external id, or by neither for sure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.model import (
    Action,
    CollectionSpec,
    Identifier,
    IdentitySpec,
    ObstacleKind,
    Order,
    Status,
    Subject,
    Trust,
)
from connectors.sandbox.sendgrid import SendGridSandbox
from tests.connectors.sendgrid.conftest import ANN, JO, SUBJECT, Connect, deleted, known_by, located

_KEYS = (IdentitySpec("email", "email", Trust.PROVEN), IdentitySpec("user_id", "external_id", Trust.ASSIGNED))


KNOWN = Subject.of(*SUBJECT.identifiers, Identifier("user_id", "u-1", Trust.ASSIGNED))


@pytest.mark.parametrize(
    ("field", "subject", "value"),
    [
        ("alternate_emails", SUBJECT, [ANN]),
        ("phone_number_id", known_by("phone", "+1 (555) 010-0199"), "+15550100199"),
        ("anonymous_id", known_by("sendgrid.anonymous_id", "device-1"), "device-1"),
    ],
)
def test_a_match_that_proves_nothing_is_only_listed(
    fake: SendGridSandbox, connected: Connect, field: str, subject: Subject, value: Any
) -> None:
    fake.contact(JO, **{field: value})
    fake.suppress("unsubscribes", JO)
    connector = connected()
    [record] = connector.locate(subject)
    assert [o.kind for o in record.obstacles] == [ObstacleKind.CLAIMED]
    assert (record.count, record.reveals) == (1, ())
    deleted(connector, subject)
    fake.advance(timedelta(days=7))
    assert len(fake.accounts[""].contacts) == 1
    assert fake.jobs == []
    assert list(connector.export(subject, record.at)) == []


def test_an_answer_about_somebody_else_is_only_listed(fake: SendGridSandbox, connected: Connect) -> None:
    fake.contact(ANN)
    fake.near_match = fake.contact(JO)
    records = located(connected())
    assert (records["contacts"].count, records["contacts"].obstacles) == (1, ())
    assert records["contacts/?claimed"].count == 1


def test_a_contact_under_the_address_with_another_number_stops(fake: SendGridSandbox, connected: Connect) -> None:
    fake.contact(ANN, external_id="u-2")
    fake.message(ANN)
    connector = connected((CollectionSpec("contacts", _KEYS),))
    records = located(connector, KNOWN)
    assert [o.kind for o in records["contacts/?other"].obstacles] == [ObstacleKind.SEVERAL_PEOPLE]
    assert [o.kind for o in records["messages"].obstacles] == [ObstacleKind.BY_HAND]
    assert located(connector)["contacts"].obstacles == ()  # without a number to compare, the address counts


def test_a_contact_with_her_number_under_another_address_is_left_to_a_person(
    fake: SendGridSandbox, connected: Connect
) -> None:
    fake.contact("moved@example.org", external_id="u-1")
    fake.suppress("unsubscribes", "moved@example.org")
    connector = connected((CollectionSpec("contacts", _KEYS),))
    [record] = connector.locate(KNOWN)
    assert [o.kind for o in record.obstacles] == [ObstacleKind.SHARED]
    assert {(i.kind, i.value): i.trust for i in record.reveals} == {("email", "moved@example.org"): Trust.CLAIMED}
    assert list(connector.export(KNOWN, record.at)) == []
    [outcome] = connector.delete(KNOWN, [Order(record.at, Action.DELETE, 1)])
    assert outcome.status is Status.MANUAL
    assert len(fake.accounts[""].contacts) == 1
    confirmed = Subject.of(*KNOWN.identifiers, Identifier("email", "moved@example.org", Trust.PROVEN))
    assert [r.obstacles for r in connector.locate(confirmed) if r.at.collection == "contacts"] == [()]


def test_a_contact_with_her_number_and_no_address_is_hers(fake: SendGridSandbox, connected: Connect) -> None:
    fake.contact("", external_id="u-1")
    record = located(connected((CollectionSpec("contacts", _KEYS),)), KNOWN)["contacts"]
    assert (record.count, record.obstacles) == (1, ())


def test_a_number_under_her_address_alone_opens_nothing(fake: SendGridSandbox, connected: Connect) -> None:
    """The address may be mistyped, and the number then is another person's."""
    fake.contact(ANN, external_id="u-2")
    record = located(connected((CollectionSpec("contacts", _KEYS),)))["contacts"]
    assert {i.value: i.trust for i in record.reveals if i.kind == "user_id"} == {"u-2": Trust.CLAIMED}
    known = located(connected((CollectionSpec("contacts", _KEYS),)), known_by("user_id", "u-2"))
    assert "contacts/?elsewhere" in known


def test_a_user_number_is_searched_only_where_the_inventory_says_so(fake: SendGridSandbox, connected: Connect) -> None:
    fake.contact(JO, external_id="u-1")
    assert located(connected(), known_by("user_id", "u-1")) == {}
    assert connected().capabilities.needs == {"email", "phone", "sendgrid.external_id", "sendgrid.anonymous_id"}


@pytest.mark.parametrize("hidden", [False, True])
def test_another_contact_with_the_address_does_not_hide_the_persons(
    fake: SendGridSandbox, connected: Connect, hidden: bool
) -> None:
    fake.alternate_first = hidden
    fake.contact("friend@example.org", alternate_emails=[ANN])
    fake.contact(ANN)
    records = located(connected())
    assert records["contacts"].count == 1
    assert ("contacts/?claimed" in records) is hidden
