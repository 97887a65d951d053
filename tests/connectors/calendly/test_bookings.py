"""Bookings: who takes part, what is cancelled, whose data is deleted, and when that can be told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import ChangedError, RefusedError
from connectors.model import (
    Action,
    CollectionSpec,
    Identifier,
    Locator,
    ObstacleKind,
    Order,
    Status,
    Subject,
    Trust,
)
from connectors.sandbox.calendly import CalendlySandbox
from connectors.sandbox.serve import Server
from connectors.testing import orders_for
from tests.connectors.calendly.conftest import ANN, JO, SUBJECT, WEEK, Connect, erase, located, seen, written


def test_every_page_and_both_statuses_are_read(fake: CalendlySandbox, connected: Connect) -> None:
    for number in range(7):
        fake.book(ANN, days=-number - 1)
        fake.book(ANN, days=-number - 1, status="canceled")
    assert located(connected(page_size=3))["bookings", ""].count == 14


def test_upcoming_bookings_are_cancelled_before_invitee_data_is_deleted(
    server: Server, fake: CalendlySandbox, connected: Connect
) -> None:
    fake.book(ANN, days=-3)
    fake.book(ANN, days=3)
    outcomes = erase(connected())
    assert outcomes["bookings_upcoming", ""].status is Status.DONE
    assert outcomes["bookings", ""].status is Status.ACCEPTED
    writes = written(server)
    assert len(writes) == 2
    assert writes[0].endswith("/cancellation")
    assert writes[1] == "POST /data_compliance/deletion/invitees"
    assert fake.mails == [ANN]
    fake.advance(WEEK)
    assert located(connected()) == {}


@pytest.mark.parametrize("survive", [False, True])
def test_a_booking_with_others_is_never_cancelled_for_one(
    server: Server, fake: CalendlySandbox, connected: Connect, survive: bool
) -> None:
    """Whether invitee data of upcoming bookings is deleted too is undocumented: either way by hand."""
    fake.upcoming_survive_deletion = survive
    fake.book(ANN, JO, days=3)
    fake.book(ANN, days=4, guests=[JO])
    connector = connected()
    record = located(connector)["bookings_upcoming", "shared"]
    assert record.count == 2
    assert [o.kind for o in record.obstacles] == [ObstacleKind.SHARED]
    (outcome,) = connector.delete(SUBJECT, [Order(record.at, Action.DELETE, 2)])
    assert outcome.status is Status.MANUAL
    assert written(server) == []
    assert fake.mails == []


def test_a_booking_whose_other_invitee_was_anonymised_is_not_shared(fake: CalendlySandbox, connected: Connect) -> None:
    fake.book(ANN, "0123456789abcdef@deleted.calendly.com", days=3)
    assert ("bookings_upcoming", "") in located(connected())


def test_what_upcoming_means_for_people_is_noted(fake: CalendlySandbox, connected: Connect) -> None:
    fake.book(ANN, days=3)
    assert "e-mail" in located(connected())["bookings_upcoming", ""].note


@pytest.mark.parametrize("matches", [False, True])
def test_a_guest_is_found_whether_or_not_the_filter_matches_guests(
    server: Server, fake: CalendlySandbox, connected: Connect, matches: bool
) -> None:
    fake.guests_match_filter = matches
    fake.book(JO, days=-3, guests=[ANN])
    fake.book(JO, days=3, guests=[ANN], status="canceled")
    connector = connected()
    found = located(connector)
    assert set(found) == {("guest_bookings", "")}
    assert found["guest_bookings", ""].count == 2
    assert [o.kind for o in found["guest_bookings", ""].obstacles] == [ObstacleKind.SHARED]
    assert {o.status for o in erase(connector).values()} == {Status.MANUAL}
    assert written(server) == []


@pytest.mark.parametrize("clears", [False, True])
def test_a_guest_stays_open_until_reading_shows_otherwise(
    fake: CalendlySandbox, connected: Connect, clears: bool
) -> None:
    fake.deletion_clears_guests = clears
    fake.book(ANN, days=-3)
    fake.book(JO, days=-3, guests=[ANN])
    outcomes = erase(connected())
    assert outcomes["guest_bookings", ""].status is Status.MANUAL
    fake.advance(WEEK)
    assert (("guest_bookings", "") in located(connected())) is not clears


def test_without_enterprise_a_person_deletes_and_nothing_is_written_to_find_out(
    server: Server, fake: CalendlySandbox, connected: Connect
) -> None:
    fake.enterprise = False
    fake.book(ANN, days=-3)
    connector = connected()
    record = located(connector)["bookings", ""]
    assert [o.kind for o in record.obstacles] == [ObstacleKind.BY_HAND]
    assert "web console" in record.obstacles[0].reason
    (outcome,) = connector.delete(SUBJECT, [Order(record.at, Action.DELETE, 1)])
    assert outcome.status is Status.MANUAL
    assert written(server) == []


def test_accepted_is_not_done(fake: CalendlySandbox, connected: Connect) -> None:
    fake.book(ANN, days=-3)
    connector = connected()
    outcome = erase(connector)["bookings", ""]
    assert outcome.status is Status.ACCEPTED
    assert outcome.until is not None
    assert outcome.until >= datetime.now(UTC) + timedelta(days=7)
    assert ("bookings", "") in located(connector)
    fake.advance(timedelta(days=6))
    assert ("bookings", "") in located(connector)
    fake.advance(timedelta(days=2))
    assert located(connector) == {}
    assert all(i["email"].endswith("@deleted.calendly.com") for rows in fake.invitees.values() for i in rows)


def test_a_request_withdrawn_in_the_console_leaves_the_data(fake: CalendlySandbox, connected: Connect) -> None:
    fake.book(ANN, days=-3)
    assert erase(connected())["bookings", ""].status is Status.ACCEPTED
    fake.cancel_pending()
    fake.advance(WEEK)
    assert ("bookings", "") in located(connected())


def test_the_call_that_deletes_everybodys_data_is_never_used(
    server: Server, fake: CalendlySandbox, connected: Connect
) -> None:
    for days in (-3, 3):
        fake.book(ANN, days=days)
    fake.contact(ANN)
    fake.recap(ANN)
    erase(connected())
    assert len(written(server)) == 4
    assert not fake.period_deleted
    assert not [call for call in written(server) if "deletion/events" in call]


@pytest.mark.parametrize("spared", ["bookings_upcoming", "contacts"])
def test_invitee_data_is_not_deleted_over_something_to_be_kept(
    fake: CalendlySandbox, connected: Connect, spared: str
) -> None:
    fake.book(ANN, days=-3)
    fake.book(ANN, days=3)
    fake.contact(ANN)
    connector = connected()
    orders = [
        Order(r.at, Action.RETAIN if r.at.collection == spared else Action.DELETE, r.count)
        for r in connector.locate(SUBJECT)
        if not r.obstacles
    ]
    outcomes = {o.at.collection: o for o in connector.delete(SUBJECT, orders)}
    assert outcomes[spared].status is Status.RETAINED
    assert outcomes["bookings"].status is Status.FAILED
    assert fake.asked == []


def test_sides_of_a_cutoff_have_one_fate_or_none(fake: CalendlySandbox, connected: Connect) -> None:
    fake.book(ANN, days=-30)
    fake.book(ANN, days=-3)
    cut = fake.now - timedelta(days=10)
    connector = connected((CollectionSpec("bookings", cutoffs=(cut,)),))
    old, new = connector.locate(SUBJECT)
    assert (old.count, new.count) == (1, 1)
    orders = [Order(old.at, Action.DELETE, 1), Order(new.at, Action.RETAIN, 1)]
    first, second = connector.delete(SUBJECT, orders)
    assert (first.status, second.status) == (Status.FAILED, Status.RETAINED)
    assert fake.asked == []
    assert {o.status for o in connector.delete(SUBJECT, orders_for([old, new]))} == {Status.ACCEPTED}


def test_more_bookings_than_planned_stop_everything(server: Server, fake: CalendlySandbox, connected: Connect) -> None:
    fake.book(ANN, days=-3)
    connector = connected()
    orders = orders_for(list(connector.locate(SUBJECT)))
    fake.book(ANN, days=-2)
    with pytest.raises(ChangedError):
        list(connector.delete(SUBJECT, orders))
    assert written(server) == []


def test_many_addresses_go_in_hundreds(fake: CalendlySandbox, connected: Connect) -> None:
    emails = [f"ann{number}@example.com" for number in range(101)]
    fake.book(*emails, days=-3)
    subject = Subject.of(*(Identifier("email", email, Trust.PROVEN) for email in emails))
    assert erase(connected(not_in_plan=["recaps", "contacts", "notes", "invitations", "activity_log"]), subject)
    assert sorted(map(len, fake.asked)) == [1, 100]


def test_a_smaller_limit_of_the_vendors_is_refused_not_done(fake: CalendlySandbox, connected: Connect) -> None:
    fake.most_emails = 1
    fake.book(ANN, JO, days=-3)
    subject = Subject.of(Identifier("email", ANN, Trust.PROVEN), Identifier("email", JO, Trust.PROVEN))
    with pytest.raises(RefusedError):
        erase(connected(), subject)
    assert fake.pending == []


def test_the_vendors_spelling_of_an_address_is_what_is_sent(fake: CalendlySandbox, connected: Connect) -> None:
    fake.book("Ann@Example.com", days=-3)
    erase(connected())
    assert fake.asked == [["Ann@Example.com"]]


def test_export_is_hers_alone(fake: CalendlySandbox, connected: Connect) -> None:
    fake.book(ANN, JO, days=-3, guests=["bo@example.org"])
    names = ("name", "email", "questions_and_answers", "event.name")
    connector = connected((CollectionSpec("bookings", fields=tuple(map(seen, names))),))
    (artifact,) = connector.export(SUBJECT, Locator("calendar", "bookings"))
    (line,) = map(json.loads, b"".join(artifact.chunks).splitlines())
    assert set(line) == set(names)
    assert line["email"] == ANN
    assert "unmarked field" in artifact.withheld
