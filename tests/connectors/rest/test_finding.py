"""What is found, what is not surely the person's, and what only looks like absence."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

import connectors
from connectors.errors import RefusedError, TransientError
from connectors.model import (
    Disclosure,
    FieldSpec,
    Identifier,
    IdentitySpec,
    ObstacleKind,
    Record,
    Redaction,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.sandbox.faults import Fault
from connectors.sandbox.rest import HelpDesk, Newsletter
from connectors.sandbox.serve import Server
from tests.connectors.rest.described import spec_of, with_collection, with_options

ANN, JO = "ann.lee@example.com", "joann.lee@example.com"
SUBJECT = Subject.of(Identifier("email", ANN, Trust.PROVEN))
KNOWN = Subject(SUBJECT.identifiers | {Identifier("help_desk.contact", "c1", Trust.ASSIGNED)})


def locate(spec: SystemSpec, subject: Subject = KNOWN) -> list[Record]:
    return list(connectors.build(spec).locate(subject))


@pytest.fixture
def desk(help_desk_server: Server, help_desk: HelpDesk) -> Callable[..., SystemSpec]:
    return lambda **settings: spec_of("help_desk", help_desk_server.url, **settings)


@pytest.fixture
def letter(newsletter_server: Server, newsletter: Newsletter) -> Callable[..., SystemSpec]:
    return lambda **settings: spec_of("newsletter", newsletter_server.url, **settings)


def with_calls(spec: SystemSpec) -> SystemSpec:
    """The help desk with its recorded calls, in which several people stand and which nothing deletes."""
    calls = replace(
        spec.collection("contacts"),
        name="calls",
        identities=(IdentitySpec("email", "participants[].email", Trust.ASSIGNED),),
        fields=(FieldSpec("participants[].email", "A", Disclosure.DISCLOSE),),
        options={
            "locate": {"get": "/calls", "query": {"participant": "<email>"}, "rows": "calls"},
            "by_hand": "Ask the vendor's support to delete the recording",
        },
    )
    return replace(spec, collections=(*spec.collections, calls))


def test_every_store_is_found_and_one_search_opens_the_next(desk: Any, help_desk: HelpDesk) -> None:
    help_desk.contact(ANN, "Ann Lee")
    help_desk.ticket("c1", "question", "help", "note")
    help_desk.call(ANN)
    first = locate(with_calls(desk()), SUBJECT)
    assert [r.at.collection for r in first] == ["contacts", "calls"]
    revealed = {i for r in first for i in r.reveals}
    assert Identifier("help_desk.contact", "c1") in revealed
    assert {i.trust for i in revealed if i.kind == "help_desk.contact"} == {Trust.ASSIGNED}
    opened = Subject(SUBJECT.identifiers | revealed)
    assert [r.at.collection for r in locate(with_calls(desk()), opened)] == ["tickets", "contacts", "calls"]


def test_what_others_stand_in_is_shared_and_what_nothing_deletes_is_by_hand(desk: Any, help_desk: HelpDesk) -> None:
    help_desk.call(ANN)
    help_desk.call(ANN, JO)
    help_desk.call(JO)
    alone, shared = locate(with_calls(desk()))
    assert (alone.count, [o.kind for o in alone.obstacles]) == (1, [ObstacleKind.BY_HAND])
    assert (shared.count, [o.kind for o in shared.obstacles]) == (1, [ObstacleKind.SHARED])
    assert shared.reveals == ()
    connector = connectors.build(with_calls(desk()))
    assert list(connector.export(KNOWN, shared.at)) == [], "other people's addresses are not handed out"
    assert b"".join(c for a in connector.export(KNOWN, alone.at) for c in a.chunks).count(b"\n") == 1


def test_a_row_under_her_address_and_another_persons_number_is_shared(desk: Any, help_desk: HelpDesk) -> None:
    """Either may have been typed by somebody else; without a number to compare, the address counts."""
    help_desk.contact(ANN, "Rob Marsh", owner="u-9")
    help_desk.contact(ANN, "Ann Lee", owner="u-1")
    spec = desk()
    identities = (*spec.collection("contacts").identities, IdentitySpec("user_id", "owner", Trust.ASSIGNED))
    everything = {"get": "/contacts", "rows": "contacts", "whole_list": True}
    spec = with_options(with_collection(spec, "contacts", identities=identities), "contacts", locate=everything)
    for known in (SUBJECT, Subject.of(*SUBJECT.identifiers, Identifier("user_id", "u-1", Trust.ASSIGNED))):
        found = {tuple(o.kind for o in r.obstacles): r.count for r in locate(spec, known)}
        assert found == ({(): 2} if known is SUBJECT else {(): 1, (ObstacleKind.SHARED,): 1})


def test_a_claimed_field_is_listed_and_opens_nothing(desk: Any, help_desk: HelpDesk) -> None:
    help_desk.contact(ANN, "An impostor", alternate="x")
    help_desk.contact(ANN, "Ann Lee")
    for row in help_desk.stores["contacts"][:1]:
        row["email"], row["alternate"] = "rob.marsh@example.net", ANN
    spec = desk()
    identities = (*spec.collection("contacts").identities, IdentitySpec("email", "alternate", Trust.CLAIMED))
    everything = {"get": "/contacts", "rows": "contacts", "whole_list": True}
    spec = with_options(with_collection(spec, "contacts", identities=identities), "contacts", locate=everything)
    own, claimed = locate(spec, SUBJECT)
    assert (own.count, claimed.count, own.total) == (1, 1, 2)
    assert [o.kind for o in claimed.obstacles] == [ObstacleKind.CLAIMED]
    assert claimed.reveals == ()


def test_ids_are_compared_exactly_and_addresses_without_case(desk: Any, help_desk: HelpDesk) -> None:
    help_desk.contact("ANN.Lee@Example.com ", "Ann Lee")
    help_desk.ticket("c1", "question", "help", "note")
    help_desk.ticket("C1", "another's", "help", "note")
    help_desk.ticket("c11", "another's", "help", "note")
    counts = {r.at.collection: r.count for r in locate(desk())}
    assert counts == {"contacts": 1, "tickets": 1}


def test_two_contacts_of_one_address_are_said_to_be_two_people(desk: Any, help_desk: HelpDesk) -> None:
    help_desk.contact(ANN, "Ann Lee")
    help_desk.contact(ANN, "Anna Lee")
    (record,) = locate(with_collection(desk(), "contacts", one_per_person=True), SUBJECT)
    assert (record.count, record.people) == (2, 2)


# Only looks like absence


def test_a_misspelt_field_is_not_absence(desk: Any, help_desk: HelpDesk) -> None:
    help_desk.contact(ANN, "Ann Lee")
    misspelt = (IdentitySpec("email", "mail", Trust.PROVEN),)
    with pytest.raises(RefusedError, match="the rows have nothing at mail"):
        locate(with_collection(desk(), "contacts", identities=misspelt), SUBJECT)


def test_an_unknown_path_is_not_absence(letter: Any, newsletter: Newsletter) -> None:
    assert locate(letter(), SUBJECT) == []
    wrong = with_options(
        letter(),
        "subscribers",
        locate={**letter().collection("subscribers").options["locate"], "get": "/subscriber/<email>"},
    )
    with pytest.raises(RefusedError, match="HTTP 404"):
        locate(wrong, SUBJECT)


def test_a_missing_cursor_is_not_the_end_unless_it_is_said_to_be(desk: Any, help_desk: HelpDesk) -> None:
    for _ in range(3):
        help_desk.contact(ANN, "Ann Lee")
    help_desk.next_at_end = False
    with pytest.raises(TransientError, match="does not say where it goes on"):
        locate(desk(), SUBJECT)
    pages = {"by": "cursor", "send": "cursor", "next": "meta.next", "omitted_at_end": True}
    assert [r.count for r in locate(desk(pages=pages), SUBJECT)] == [3]


@pytest.mark.parametrize("rows", ["tickets", "meta", "meta.next"])
def test_an_answer_without_a_list_is_not_absence(desk: Any, help_desk: HelpDesk, rows: str) -> None:
    find = {"get": "/contacts", "query": {"email": "<email>"}, "rows": rows}
    with pytest.raises(TransientError, match="no list at `rows`"):
        locate(with_options(desk(), "contacts", locate=find), SUBJECT)


def test_a_total_that_is_not_reached_is_a_list_cut_short(letter: Any, newsletter: Newsletter) -> None:
    for number in range(5):
        newsletter.response(ANN, f"answer {number}")
    spec = letter(pages={"by": "page", "send": "page", "last": "meta.total", "total": "meta.pages"})
    with pytest.raises(TransientError):
        locate(spec, SUBJECT)


def test_a_list_that_does_not_go_on_ends_in_an_error(desk: Any, help_desk: HelpDesk) -> None:
    for _ in range(5):
        help_desk.contact(ANN, "Ann Lee")
    with pytest.raises(TransientError, match="a page came twice"):
        locate(desk(pages={"by": "cursor", "send": "ignored", "next": "meta.next"}), SUBJECT)
    with pytest.raises(TransientError, match="a page came twice"):
        locate(desk(pages={"by": "page", "send": "ignored"}), SUBJECT)


def test_rows_without_an_id_of_their_own_are_refused(desk: Any, help_desk: HelpDesk) -> None:
    help_desk.contact(ANN, "Ann Lee")
    help_desk.contact(ANN, "Ann Lee")
    with pytest.raises(RefusedError, match="two rows with one id"):
        locate(with_options(desk(), "contacts", id="email"), SUBJECT)
    with pytest.raises(RefusedError, match="a row has no id"):
        locate(with_options(desk(), "contacts", id="number"), SUBJECT)


def test_a_record_nested_without_measure_is_refused(desk: Any, help_desk: HelpDesk) -> None:
    deep: dict[str, Any] = {}
    for _ in range(300):
        deep = {"more": deep}
    help_desk.contact(ANN, "Ann Lee", profile=deep)
    with pytest.raises(RefusedError, match="nested deeper"):
        locate(desk(), SUBJECT)


# Ages


def test_ages_are_read_in_the_unit_that_is_described_or_refused(letter: Any, newsletter: Newsletter) -> None:
    newsletter.response(ANN, "an answer", at=1_770_000_000)
    (record,) = locate(letter(), SUBJECT)
    assert record.oldest == datetime(2026, 2, 2, 2, 40, tzinfo=UTC)
    for form in ("unix_ms", "iso"):
        with pytest.raises(RefusedError, match="an age is not of the format"):
            locate(with_options(letter(), "responses", age_format=form), SUBJECT)


def test_cut_offs_part_the_rows_and_unknown_age_is_young(letter: Any, newsletter: Newsletter) -> None:
    for at in (1_500_000_000, 1_770_000_000):
        newsletter.response(ANN, "an answer", at=at)
    newsletter.response(ANN, "undated")
    newsletter.stores["responses"][2]["at"] = None
    spec = with_collection(letter(), "responses", cutoffs=(datetime(2020, 1, 1, tzinfo=UTC),))
    old, young = locate(spec, SUBJECT)
    assert (old.count, young.count) == (1, 2)


# Export


def test_a_field_inside_a_disclosed_one_can_be_withheld(desk: Any, help_desk: HelpDesk) -> None:
    help_desk.contact(ANN, "Ann Lee", profile={"city": "Springfield", "ssn": "078-05-1120", "a.b": {"c": 1}})
    fields = (
        *desk().collection("contacts").fields,
        FieldSpec("profile", "B", Disclosure.DISCLOSE),
        FieldSpec("profile.ssn", "B", Disclosure.NEVER, "Social Security number"),
        FieldSpec("created_at", "", Disclosure.DISCLOSE, redaction=Redaction.NONE),
    )
    connector = connectors.build(with_collection(desk(), "contacts", fields=fields))
    (record,) = connector.locate(SUBJECT)
    (artifact,) = connector.export(SUBJECT, record.at)
    row = json.loads(b"".join(artifact.chunks))
    assert row["profile"] == {"city": "Springfield", "a.b": {"c": 1}}
    assert artifact.withheld == ("Social Security number",)
    assert dict(record.fields)["profile.ssn"] == 1


def test_what_nothing_describes_is_withheld_and_people_are_told(desk: Any, help_desk: HelpDesk) -> None:
    help_desk.contact(ANN, "Ann Lee", **{"secret.note": "not described", "more": {"deep": ["not described"]}})
    connector = connectors.build(desk())
    (record,) = connector.locate(SUBJECT)
    (artifact,) = connector.export(SUBJECT, record.at)
    assert b"not described" not in b"".join(artifact.chunks)
    assert artifact.withheld == ("unmarked field",)


def test_what_export_reads_must_be_the_persons(desk: Any, help_desk: HelpDesk) -> None:
    help_desk.contact(ANN, "Ann Lee")
    help_desk.ticket("c2", "another's", "help", "note")
    help_desk.stores["tickets"][0]["id"] = "c1"
    wrong = with_options(desk(), "contacts", export={"get": "/tickets/<id>", "row": "ticket"})
    connector = connectors.build(wrong)
    (record,) = connector.locate(SUBJECT)
    with pytest.raises(RefusedError, match="what export reads"):
        list(connector.export(SUBJECT, record.at))


def test_check_asks_the_described_path(desk: Any, help_desk: HelpDesk, help_desk_server: Server) -> None:
    connectors.build(desk()).check()
    assert help_desk_server.faults.calls == [("GET", "/v2/me")]
    with pytest.raises(RefusedError):
        connectors.build(desk(check="/nowhere")).check()
    with help_desk_server.faults.inject(Fault.OVERLOADED), pytest.raises(TransientError):
        connectors.build(desk()).check()
