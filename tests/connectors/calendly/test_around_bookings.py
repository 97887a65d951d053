"""What stands beside bookings: contacts, recaps, notes, forms, staff, the activity log; and whose it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.model import (
    Action,
    CollectionSpec,
    ObstacleKind,
    Order,
    Status,
)
from connectors.sandbox.calendly import CalendlySandbox
from connectors.sandbox.serve import Server
from tests.connectors.calendly.conftest import ANN, JO, SUBJECT, WEEK, Connect, erase, located, seen, written


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
    connector = connected((CollectionSpec("recaps", fields=(seen("summary_md"), seen("attendees"))),))
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


def test_form_submissions_are_matched_without_a_filter(fake: CalendlySandbox, connected: Connect) -> None:
    event = fake.book(ANN, days=-3)
    invitee = fake.invitees[event["uri"]][0]
    fake.submission(ANN.upper())
    fake.submission(f"no address but {JO}", submitter=invitee["uri"], form="other")
    fake.submission(JO)
    found = located(connected(page_size=1))
    record = found["routing_form_submissions", ""]
    assert record.count == 2
    assert [o.kind for o in record.obstacles] == [ObstacleKind.BY_HAND]
    assert ("routing_form_submissions", "shared") not in found


@pytest.mark.parametrize("answer", [f"ask {ANN} please", f"{ANN}, {JO}", f"recommended by {ANN}, my number is 555"])
def test_what_others_wrote_about_the_person_is_not_handed_out(
    fake: CalendlySandbox, connected: Connect, answer: str
) -> None:
    """Anyone can write her address into a form, and his own data beside it."""
    fake.submission(answer)
    collections = (CollectionSpec("routing_form_submissions", (), (), (seen("questions_and_answers"),)),)
    connector = connected(collections)
    record = located(connector)["routing_form_submissions", "shared"]
    assert (record.count, [o.kind for o in record.obstacles]) == (1, [ObstacleKind.SHARED])
    assert list(connector.export(SUBJECT, record.at)) == []
    assert [b"".join(a.chunks) for a in connector.export(SUBJECT, replace(record.at, key=""))] == [b""]


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


def test_the_activity_log_is_searched_and_left_alone(fake: CalendlySandbox, connected: Connect) -> None:
    fake.logged(ANN)
    fake.logged(JO)  # its address contains hers: the vendor's search finds both
    fake.logged(ANN)
    fake.log[-1]["details"]["invited_by"] = JO
    connector = connected((CollectionSpec("activity_log", (), (), (seen("details"),)),))
    found = located(connector)
    kinds = {key[1]: (r.count, [o.kind for o in r.obstacles]) for key, r in found.items() if key[0] == "activity_log"}
    assert kinds == {"": (1, [ObstacleKind.BY_HAND]), "shared": (1, [ObstacleKind.SHARED])}
    (artifact,) = (a for r in found.values() for a in connector.export(SUBJECT, r.at))
    assert JO.encode() not in b"".join(artifact.chunks)
