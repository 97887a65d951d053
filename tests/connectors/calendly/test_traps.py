"""Every trap of the vendor's, and every behaviour it leaves undocumented, in each position."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from connectors.calendly import CalendlyConnector, connect
from connectors.errors import AuthError, ChangedError, ConfigError, RefusedError, TransientError
from connectors.model import (
    Action,
    CollectionSpec,
    Disclosure,
    FieldSpec,
    Identifier,
    IdentitySpec,
    Locator,
    ObstacleKind,
    Order,
    Outcome,
    Record,
    Secret,
    Status,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.sandbox.calendly import CalendlySandbox
from connectors.sandbox.faults import Fault
from connectors.sandbox.serve import Server
from connectors.testing import orders_for

from .conftest import Connect

ANN, JO = "ann@example.com", "joann@example.com"
SUBJECT = Subject.of(Identifier("email", ANN, Trust.PROVEN))
WEEK = timedelta(days=8)


def located(connector: CalendlyConnector, subject: Subject = SUBJECT) -> dict[tuple[str, str], Record]:
    return {(r.at.collection, r.at.key): r for r in connector.locate(subject)}


def erase(connector: CalendlyConnector, subject: Subject = SUBJECT) -> dict[tuple[str, str], Outcome]:
    orders = orders_for(list(connector.locate(subject)))
    return {(o.at.collection, o.at.key): o for o in connector.delete(subject, orders)}


def written(server: Server) -> list[str]:
    return [f"{method} {path}" for method, path in server.faults.calls if method != "GET"]


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


@pytest.mark.parametrize("clears", [False, True])
@pytest.mark.parametrize("status", [200, 204])
def test_contacts_are_deleted_and_read_back(
    fake: CalendlySandbox, connected: Connect, clears: bool, status: int
) -> None:
    """Neither the status of a deletion nor what invitee deletion clears is documented."""
    fake.deletion_clears_contacts, fake.contact_deletion_status = clears, status
    fake.contact(ANN)
    fake.contact(JO)
    fake.book(ANN, days=-3)
    assert erase(connected())["contacts", ""].status is Status.DONE
    assert [c["email"] for c in fake.contacts] == [JO]
    fake.advance(WEEK)
    assert located(connected()) == {}


@pytest.mark.parametrize("clears", [False, True])
def test_recaps_of_all_three_statuses_are_found_and_deleted(
    fake: CalendlySandbox, connected: Connect, clears: bool
) -> None:
    fake.deletion_clears_recaps = clears
    fake.member("host@example.net")
    for status in ("available", "processing", "unavailable"):
        fake.recap(ANN, "host@example.net", status=status)
    connector = connected()
    assert located(connector)["recaps", ""].count == 3
    assert erase(connector)["recaps", ""].count == 3
    assert fake.recaps == []


def test_a_recap_with_others_is_left_to_a_person(fake: CalendlySandbox, connected: Connect) -> None:
    fake.recap(ANN, JO)
    connector = connected((CollectionSpec("recaps", fields=(_seen("summary_md"), _seen("attendees"))),))
    record = located(connector)["recaps", "shared"]
    assert [o.kind for o in record.obstacles] == [ObstacleKind.SHARED]
    (artifact,) = connector.export(SUBJECT, record.at)
    assert JO.encode() not in b"".join(artifact.chunks)
    assert "content shared with other people" in artifact.withheld
    (outcome,) = connector.delete(SUBJECT, [Order(record.at, Action.DELETE, 1)])
    assert outcome.status is Status.MANUAL
    assert len(fake.recaps) == 1


@pytest.mark.parametrize("other", [{"email": None, "name": "Somebody"}, {"email": "by telephone"}])
def test_a_recap_with_an_unnamed_attendee_may_be_anybodys(
    fake: CalendlySandbox, connected: Connect, other: dict[str, str | None]
) -> None:
    fake.recap(ANN)
    fake.recaps[0]["attendees"] = [{"email": ANN}, other]
    assert ("recaps", "shared") in located(connected())


def test_a_colleagues_recap_is_not_only_hers(fake: CalendlySandbox, connected: Connect) -> None:
    fake.member(ANN)
    fake.member(JO)
    fake.recap(ANN, JO)
    assert ("recaps", "shared") in located(connected())


@pytest.mark.parametrize("loose", [False, True])
def test_a_filter_that_finds_an_address_inside_another_finds_nobody_else(
    server: Server, fake: CalendlySandbox, connected: Connect, loose: bool
) -> None:
    fake.loose_filters = loose
    fake.book(JO, days=-3)
    fake.book(JO, days=3)
    fake.contact(JO)
    fake.recap(JO)
    fake.invitation(JO)
    fake.member(JO)
    connector = connected()
    assert located(connector) == {}
    names = ("bookings_upcoming", "recaps", "contacts", "bookings")
    orders = [Order(Locator("calendar", name), Action.DELETE, 9) for name in names]
    assert {o.status for o in connector.delete(SUBJECT, orders)} == {Status.ABSENT}
    assert written(server) == []


def test_form_submissions_are_matched_without_a_filter(fake: CalendlySandbox, connected: Connect) -> None:
    event = fake.book(ANN, days=-3)
    invitee = fake.invitees[event["uri"]][0]
    fake.submission(f"write to {ANN.upper()} please")
    fake.submission("no address", submitter=invitee["uri"], form="other")
    fake.submission(JO)
    record = located(connected(page_size=1))["routing_form_submissions", ""]
    assert record.count == 2
    assert [o.kind for o in record.obstacles] == [ObstacleKind.BY_HAND]


def test_notes_of_colleagues_are_a_task_for_them(fake: CalendlySandbox, connected: Connect) -> None:
    contact = fake.contact(ANN)
    fake.note(contact, "mine")
    fake.note(contact, "a colleague's", author="colleague")
    found = located(connected())
    assert found["notes", ""].count == 1
    assert found["notes", "colleagues"].count == 0
    assert [o.kind for o in found["notes", "colleagues"].obstacles] == [ObstacleKind.BY_HAND]
    assert list(connected().export(SUBJECT, found["notes", "colleagues"].at)) == []


def test_members_and_invitations_are_for_an_owner(server: Server, fake: CalendlySandbox, connected: Connect) -> None:
    fake.member(ANN.upper())
    fake.invitation(ANN)
    fake.book(JO, days=3, host=ANN)
    found = located(connected())
    assert set(found) == {("members", ""), ("invitations", ""), ("hosted_bookings", "")}
    assert {o.status for o in erase(connected()).values()} == {Status.MANUAL}
    assert written(server) == []


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


def test_what_the_inventory_says_of_the_plan_counts(server: Server, fake: CalendlySandbox, connected: Connect) -> None:
    fake.book(ANN, days=-3)
    assert located(connected(enterprise=False))["bookings", ""].obstacles
    assert not [path for _, path in server.faults.calls if "activity_log" in path]
    fake.enterprise = False
    with pytest.raises(AuthError, match="enterprise"):
        located(connected(enterprise=True))


def test_a_list_that_is_refused_is_no_empty_list(fake: CalendlySandbox, connected: Connect) -> None:
    fake.paid = False
    fake.book(ANN, days=-3)
    with pytest.raises(AuthError, match="not_in_plan"):
        located(connected())
    assert set(located(connected(not_in_plan=["recaps"]))) == {("bookings", "")}


def test_the_activity_log_is_searched_and_left_alone(server: Server, fake: CalendlySandbox, connected: Connect) -> None:
    fake.logged(ANN)
    fake.logged(JO)  # its address contains hers: the vendor's search finds both
    record = located(connected())["activity_log", ""]
    assert record.count == 1
    assert [o.kind for o in record.obstacles] == [ObstacleKind.BY_HAND]


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


@pytest.mark.parametrize("collection", ["bookings_upcoming", "contacts", "recaps"])
def test_a_lie_about_one_store_is_a_failure(
    server: Server, fake: CalendlySandbox, connected: Connect, collection: str
) -> None:
    fake.book(ANN, days=3)
    fake.contact(ANN)
    fake.recap(ANN)
    with server.faults.inject(Fault.LYING):
        outcomes = erase(connected())
    assert (outcomes[collection, ""].status, outcomes[collection, ""].count) == (Status.FAILED, 0)


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


def test_a_page_of_another_list_is_caught(server: Server, fake: CalendlySandbox, connected: Connect) -> None:
    """The answer to an earlier call comes again, and says that it is the last page."""
    for number in range(5):
        fake.contact(ANN)["name"] = str(number)
    connector = connected(page_size=2, not_in_plan=["notes"])
    stranger = Subject.of(Identifier("email", "nobody@example.com", Trust.PROVEN))
    assert located(connector, stranger) == {}
    with server.faults.inject(Fault.DUPLICATE, times=1, match=lambda method, path: path == "/contacts"):
        assert located(connector)["contacts", ""].count == 5


def test_a_page_that_leads_back_to_itself_is_no_end(server: Server, fake: CalendlySandbox, connected: Connect) -> None:
    for _ in range(5):
        fake.contact(ANN)
    with (
        server.faults.inject(Fault.DUPLICATE, after=1, match=lambda method, path: path == "/contacts"),
        pytest.raises(TransientError, match="cut short"),
    ):
        located(connected(page_size=2))


def test_seconds_until_the_limit_is_lifted(fake: CalendlySandbox, connected: Connect) -> None:
    fake.rate_left = 3
    with pytest.raises(TransientError) as raised:
        located(connected())
    assert raised.value.retry_after == 31


def test_export_is_hers_alone(fake: CalendlySandbox, connected: Connect) -> None:
    fake.book(ANN, JO, days=-3, guests=["bo@example.org"])
    names = ("name", "email", "questions_and_answers", "event.name")
    connector = connected((CollectionSpec("bookings", fields=tuple(map(_seen, names))),))
    (artifact,) = connector.export(SUBJECT, Locator("calendar", "bookings"))
    (line,) = map(json.loads, b"".join(artifact.chunks).splitlines())
    assert set(line) == set(names)
    assert line["email"] == ANN
    assert "unmarked field" in artifact.withheld


def test_check_needs_an_administrator_and_reads_nobody(
    server: Server, fake: CalendlySandbox, connected: Connect
) -> None:
    connected().check()
    assert {path for _, path in server.faults.calls} == {"/users/me", "/routing_forms"}


def _seen(name: str) -> FieldSpec:
    return FieldSpec(name, "A", Disclosure.DISCLOSE)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"base_url": "http://calendly.example.com"}, "base_url"),
        ({"page_size": 101}, "page_size"),
        ({"page_size": "many"}, "page_size"),
        ({"enterprise": "yes"}, "enterprise"),
        ({"not_in_plan": "recaps"}, "not_in_plan"),
        ({"not_in_plan": ["meetings"]}, "not_in_plan"),
        ({"settle_days": 1}, "settle_days"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        connect(SystemSpec("calendar", "calendly", settings, {"token": Secret("sandbox")}))


def test_what_cannot_be_searched_is_named() -> None:
    phone = CollectionSpec("contacts", (IdentitySpec("phone", "phone_number", Trust.PROVEN),))
    for collections, named in (((phone,), "phone"), ((CollectionSpec("meetings"),), "meetings")):
        with pytest.raises(ConfigError, match=named):
            connect(SystemSpec("calendar", "calendly", {}, {"token": Secret("sandbox")}, collections))
    with pytest.raises(ConfigError, match="token"):
        connect(SystemSpec("calendar", "calendly"))
