"""Nothing is written to an address that was not just read; nothing is done before it is seen."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import connectors
from connectors.errors import ChangedError, RefusedError
from connectors.model import (
    Action,
    FieldSpec,
    Identifier,
    IdentitySpec,
    Order,
    Outcome,
    Redaction,
    Status,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.sandbox.faults import Fault
from connectors.sandbox.rest import HelpDesk, Newsletter
from connectors.sandbox.rest.newsletter import SETTLES
from connectors.sandbox.serve import Server
from connectors.testing import orders_for
from tests.connectors.rest.described import spec_of, with_collection, with_options

ANN, JO = "ann.lee@example.com", "joann.lee@example.com"
KNOWN = Subject.of(Identifier("email", ANN, Trust.PROVEN), Identifier("help_desk.contact", "c1", Trust.ASSIGNED))


@pytest.fixture
def desk(help_desk_server: Server, help_desk: HelpDesk) -> Callable[..., SystemSpec]:
    help_desk.contact(ANN, "Ann Lee")
    help_desk.contact(JO, "Joann Lee")
    for number in range(3):
        help_desk.ticket("c1", f"question {number}", "help", "note")
        help_desk.ticket("c2", f"another {number}", "help", "note")
    return lambda **settings: spec_of("help_desk", help_desk_server.url, **settings)


@pytest.fixture
def letter(newsletter_server: Server, newsletter: Newsletter) -> Callable[..., SystemSpec]:
    newsletter.subscriber(ANN, "Ann Lee", "555-0100")
    newsletter.subscriber(JO, "Joann Lee", "555-0101")
    for number in range(3):
        newsletter.response(ANN, f"answer {number}")
    return lambda **settings: spec_of("newsletter", newsletter_server.url, **settings)


def carried_out(spec: SystemSpec, action: Action = Action.DELETE, **changes: Any) -> dict[str, Outcome]:
    """Locate, order everything, answer by collection."""
    connector = connectors.build(spec)
    orders = [replace(o, **changes) for o in orders_for(list(connector.locate(KNOWN)), action)]
    return {o.at.collection: o for o in connector.delete(KNOWN, orders)}


def writes(server: Server) -> list[tuple[str, str]]:
    return [call for call in server.faults.calls if call[0] not in ("GET", "POST")]


# Deletion


def test_an_id_that_is_another_records_address_is_never_written_to(
    desk: Any, help_desk: HelpDesk, help_desk_server: Server
) -> None:
    """`id` names the account, and at that number stands somebody else's contact."""
    for row, account in zip(help_desk.stores["contacts"], ("c2", "c3"), strict=True):
        row["account"] = account
    before = copy.deepcopy(help_desk.stores)
    with pytest.raises(RefusedError, match="is not the one that was found"):
        carried_out(with_options(desk(), "contacts", id="account"))
    assert ("DELETE", "/v2/contacts/c2") not in writes(help_desk_server)
    assert help_desk.stores["contacts"] == before["contacts"]


@pytest.mark.parametrize("changed", [{"email": "someone@example.net"}, {"id": "c9"}])
def test_a_record_that_turned_out_to_be_another_is_never_written_to(
    desk: Any, help_desk: HelpDesk, help_desk_server: Server, changed: dict[str, str]
) -> None:
    """The same id with another address, or the same address with another id: either is enough to stop."""
    help_desk.shown_alone = changed
    with pytest.raises(RefusedError, match="is not the one that was found"):
        carried_out(desk())
    assert ("DELETE", "/v2/contacts/c1") not in writes(help_desk_server)


def test_the_collection_is_never_what_is_deleted(desk: Any, help_desk: HelpDesk, help_desk_server: Server) -> None:
    """The id is a text that would leave its segment, or end it early."""
    for number in ("../contacts", "..", ".", "c1/..", "%2e%2e", " ", "c1\\.."):
        help_desk.stores["contacts"][0]["id"] = number
        before = copy.deepcopy(help_desk.stores)
        help_desk_server.faults.calls.clear()
        connector = connectors.build(desk())
        try:
            orders = [o for o in orders_for(list(connector.locate(KNOWN))) if o.at.collection == "contacts"]
            list(connector.delete(KNOWN, orders))
        except RefusedError:
            pass
        assert help_desk.stores == before, number
        assert help_desk.emptied == []
        assert writes(help_desk_server) == []


def test_a_record_that_stays_ends_the_deletion_at_the_first(
    desk: Any, help_desk: HelpDesk, help_desk_server: Server
) -> None:
    with help_desk_server.faults.inject(Fault.LYING, match=lambda method, path: method == "DELETE"):
        outcomes = carried_out(desk())
    assert outcomes["tickets"].status is Status.FAILED
    assert [path for _, path in writes(help_desk_server) if "tickets" in path] == ["/v2/tickets/1000"]


def test_what_lies_in_the_trash_is_not_gone(desk: Any, help_desk: HelpDesk) -> None:
    help_desk.trash = True
    assert carried_out(desk())["tickets"].status is Status.FAILED


def test_what_the_trash_looks_like_can_be_described(desk: Any, help_desk: HelpDesk) -> None:
    help_desk.trash = True
    absent = [{"status": 404}, {"status": 200, "field": "ticket.status", "is": "deleted"}]
    described = with_options(desk(), "tickets", confirm={"get": "/tickets/<id>", "row": "ticket", "absent": absent})
    assert carried_out(described)["tickets"].status is Status.DONE


def test_a_list_that_still_shows_it_is_believed(desk: Any, help_desk: HelpDesk) -> None:
    help_desk.trash = help_desk.lists_trash = True
    absent = {"field": "ticket.status", "is": "deleted"}
    described = with_options(desk(), "tickets", confirm={"get": "/tickets/<id>", "row": "ticket", "absent": absent})
    assert carried_out(described)["tickets"].status is Status.FAILED


def test_accepted_is_not_done(letter: Any, newsletter: Newsletter) -> None:
    began = datetime.now(UTC)
    outcome = carried_out(letter())["responses"]
    assert outcome.status is Status.ACCEPTED
    assert outcome.until is not None
    assert timedelta(hours=23) < outcome.until - began < timedelta(hours=25)
    newsletter.advance(SETTLES)
    assert list(connectors.build(letter()).locate(KNOWN)) == []


def test_a_202_that_nobody_announced_is_not_done_either(letter: Any) -> None:
    outcome = carried_out(with_options(letter(), "responses", delete={"delete": "/responses/<id>"}))["responses"]
    assert outcome.status is Status.ACCEPTED
    assert outcome.until is not None


def test_more_than_planned_changes_nothing_and_late_rows_may_be_allowed(desk: Any, help_desk_server: Server) -> None:
    with pytest.raises(ChangedError):
        carried_out(desk(), count=1)
    assert writes(help_desk_server) == []
    assert carried_out(desk(), count=1, late=5)["tickets"].count == 3


def test_a_post_can_delete_and_carries_the_id_as_it_is(desk: Any, help_desk: HelpDesk) -> None:
    """A ticket's number stays a number."""
    erase = {"post": "/tickets/erase", "body": {"ids": ["<id>"], "hard": True}}
    assert carried_out(with_options(desk(), "tickets", delete=erase))["tickets"].status is Status.DONE
    assert [row["requester_id"] for row in help_desk.stores["tickets"]] == ["c2"] * 3


def test_a_call_that_the_vendor_does_not_have_is_an_error(desk: Any, help_desk: HelpDesk) -> None:
    with pytest.raises(RefusedError, match="HTTP 405"):
        carried_out(with_options(desk(), "contacts", delete={"post": "/contacts/<id>"}))
    assert len(help_desk.stores["contacts"]) == 2


def test_what_the_description_cannot_do_is_said(desk: Any, help_desk: HelpDesk) -> None:
    by_hand = with_options(desk(), "tickets", delete=None, by_hand="An agent deletes the ticket in the web console")
    connector = connectors.build(by_hand)
    tickets = next(iter(connector.locate(KNOWN)))
    assert tickets.obstacles[0].reason.startswith("An agent")
    (outcome,) = connector.delete(KNOWN, [Order(tickets.at, Action.DELETE, 3)])
    assert outcome.status is Status.MANUAL
    (outcome,) = connectors.build(desk()).delete(KNOWN, [Order(tickets.at, Action.REDACT, 3)])
    assert outcome.status is Status.FAILED
    (outcome,) = connectors.build(desk()).delete(KNOWN, [Order(replace(tickets.at, key="shared"), Action.DELETE)])
    assert outcome.status is Status.MANUAL
    assert len(help_desk.stores["tickets"]) == 6


# Redaction


def test_a_redaction_empties_the_person_and_keeps_the_row(letter: Any, newsletter: Newsletter) -> None:
    outcomes = carried_out(letter(), Action.REDACT)
    assert {o.status for o in outcomes.values()} == {Status.DONE}
    ann, jo = newsletter.stores["people"]
    assert ann["email"].startswith("redacted-")
    assert ann["email"].endswith("@redacted.invalid")
    assert ann["profile"] == {"name": None, "phone": None, "language": "en"}
    assert (ann["id"], ann["joined"]) == (1, 1_760_000_000)
    assert jo["email"] == JO
    assert newsletter.stores["responses"][0]["answers"] == [{"question": 7, "text": None}]


def test_the_identifier_goes_last(letter: Any, newsletter: Newsletter, newsletter_server: Server) -> None:
    """Cut off half-way, the record is still found by its address, and asking again ends it."""
    last = newsletter_server.faults.inject(
        Fault.SERVER_ERROR, after=1, times=1, match=lambda method, path: (method, path) == ("PATCH", "/api/people/1")
    )
    with last, pytest.raises(connectors.errors.TransientError):
        carried_out(letter(), Action.REDACT)
    assert newsletter.stores["people"][0]["profile"]["name"] is None
    assert newsletter.stores["people"][0]["email"] == ANN
    assert carried_out(letter(), Action.REDACT)["subscribers"].status is Status.DONE


def test_merging_and_replacing_come_to_the_same(letter: Any, newsletter: Newsletter) -> None:
    newsletter.replaces_nested = True
    assert carried_out(letter(), Action.REDACT)["subscribers"].status is Status.DONE
    assert newsletter.stores["people"][0]["profile"] == {"name": None, "phone": None, "language": "en"}


def test_a_field_that_was_not_emptied_is_seen(letter: Any, newsletter: Newsletter) -> None:
    newsletter.ignores = ("profile",)
    assert carried_out(letter(), Action.REDACT)["subscribers"].status is Status.FAILED
    assert newsletter.stores["people"][0]["email"] == ANN, "it can still be found"


def test_a_field_that_was_to_stay_and_went_is_seen(letter: Any, newsletter: Newsletter) -> None:
    newsletter.wipes = ("score",)
    outcome = carried_out(letter(), Action.REDACT, keep=frozenset({"score"}))["subscribers"]
    assert outcome.status is Status.FAILED
    assert "was to stay" in outcome.reason


def test_kept_fields_are_not_sent(letter: Any, newsletter: Newsletter) -> None:
    carried_out(letter(), Action.REDACT, keep=frozenset({"email", "score"}))
    ann = newsletter.stores["people"][0]
    assert (ann["email"], ann["score"], ann["profile"]["name"]) == (ANN, "42 of 100", None)
    after = {r.at.collection: dict(r.fields) for r in connectors.build(letter()).locate(KNOWN)}
    assert after["subscribers"] == {"email": 1, "profile.name": 0, "profile.phone": 0, "score": 1}
    assert carried_out(letter(), Action.REDACT, keep=frozenset({"email"}))["subscribers"].status is Status.DONE


def test_a_record_with_more_than_is_described_is_not_redacted(
    letter: Any, newsletter: Newsletter, newsletter_server: Server
) -> None:
    newsletter.stores["people"][0]["nickname"] = "Annie"
    outcome = carried_out(letter(), Action.REDACT)["subscribers"]
    assert outcome.status is Status.FAILED
    assert "does not describe" in outcome.reason
    assert [path for _, path in writes(newsletter_server) if "people" in path] == []


def test_values_are_emptied_as_the_inventory_says(letter: Any, newsletter: Newsletter) -> None:
    newsletter.stores["people"][0] |= {"tags": ["a", "b"], "handle": "ann"}
    fields = (
        FieldSpec("email", "A", redaction=Redaction.UNIQUE),
        FieldSpec("profile.name", "B", redaction=Redaction.PLACEHOLDER),
        FieldSpec("profile.phone", "B", redaction=Redaction.EMPTY),
        FieldSpec("tags", "K", redaction=Redaction.EMPTY),
        FieldSpec("handle", "A", redaction=Redaction.UNIQUE),
        FieldSpec("score", "K", redaction=Redaction.NULL),
        *(FieldSpec(name, redaction=Redaction.NONE) for name in ("id", "profile.language", "joined")),
    )
    assert carried_out(with_collection(letter(), "subscribers", fields=fields), Action.REDACT)["subscribers"].count == 1
    ann = newsletter.stores["people"][0]
    assert ann["profile"] == {"name": "[redacted]", "phone": "", "language": "en"}
    assert (ann["tags"], ann["score"]) == ([], None)
    assert ann["handle"].startswith("redacted-")
    assert "@" not in ann["handle"]


def test_a_vendor_that_refuses_an_empty_value_is_an_error(letter: Any, newsletter: Newsletter) -> None:
    fields = tuple(
        replace(f, redaction=Redaction.AUTO) if f.name == "email" else f
        for f in letter().collection("subscribers").fields
    )
    with pytest.raises(RefusedError, match="HTTP 422"):
        carried_out(with_collection(letter(), "subscribers", fields=fields), Action.REDACT)
    identity = IdentitySpec("email", "email", Trust.PROVEN)
    assert identity in letter().collection("subscribers").identities
    assert newsletter.stores["people"][0]["email"] == ANN
