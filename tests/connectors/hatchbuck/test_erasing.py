"""Emptying contacts, what the vendor says yes to without doing it, and what waits for a person."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from connectors.errors import ChangedError, TransientError
from connectors.hatchbuck.profile import PERSONAL, bears
from connectors.model import Action, CollectionSpec, FieldSpec, Identifier, Order, Redaction, Status, Subject, Trust
from connectors.sandbox.faults import Fault
from connectors.sandbox.hatchbuck import HatchbuckSandbox
from connectors.sandbox.serve import Server

from .conftest import ANN, JO, SUBJECT, Connect, erased, known, located, orders
from .test_laws import things

FIELDS = sorted(PERSONAL)


def plant(fake: HatchbuckSandbox, *emails: str, **more: Any) -> dict[str, Any]:
    given = {"title": "Fitter", "company": "Works", "referredBy": "Bo", **things("Ann"), **more}
    row = fake.contact(*(emails or (ANN,)), first="Ann", last="Lee", **given)
    fake.tag(row, "trial-ended")
    fake.tag(row, "newsletter")
    fake.campaign(row, "Brochure")
    fake.campaign(row, "Brochure")
    fake.page(row, notes=["Ann called"])
    return row


def written(fake: HatchbuckSandbox) -> list[tuple[str, str, str]]:
    return [(m, p, body) for m, p, body in fake.log if m != "GET" and not p.endswith("/search")]


def test_a_contact_is_emptied_and_its_page_waits(fake: HatchbuckSandbox, connected: Connect) -> None:
    row, other = plant(fake), fake.contact(JO, first="Ann", last="Lee", **things("Ann"))
    before = json.dumps(other)
    connector = connected()
    subject = known(connector)
    outcomes = erased(connector)
    assert {name: (o.status, o.count) for name, o in outcomes.items()} == {
        "campaigns": (Status.DONE, 1),
        "tags": (Status.DONE, 2),
        "contacts": (Status.DONE, 1),
        "contact_pages": (Status.MANUAL, 1),
        "api_log": (Status.MANUAL, 0),
    }
    assert [name for name in FIELDS if bears(row, name)] == []
    assert (row["tags"], row["campaigns"]) == ([], [])
    assert json.dumps(other) == before
    assert set(located(connector, subject)) == {"contact_pages", "api_log"}
    assert located(connector) == {}, "by its old address it is not found any more: only its id leads there"
    assert fake.pages[row["contactId"]] == {"notes": ["Ann called"]}
    fake.delete_in_console(row["contactId"])
    assert located(connector, subject) == {}


@pytest.mark.parametrize("findable", [False, True])
def test_a_deletion_by_hand_is_proved_by_searching(fake: HatchbuckSandbox, connected: Connect, findable: bool) -> None:
    """Whether the console deletes, or moves to a place that is still searched, is not documented."""
    fake.deleted_stay_findable = findable
    row = plant(fake)
    connector = connected()
    subject = known(connector)
    erased(connector)
    fake.delete_in_console(row["contactId"])
    assert ("contact_pages" in located(connector, subject)) is findable


def test_an_order_to_delete_is_never_done_and_never_repeated(fake: HatchbuckSandbox, connected: Connect) -> None:
    row = plant(fake)
    connector = connected()
    subject, given = known(connector), orders(list(connector.locate(SUBJECT)), Action.DELETE)
    assert connector.capabilities.actions == {Action.REDACT}
    first = {o.at.collection: o for o in connector.delete(subject, given)}
    assert first["contacts"].status is Status.MANUAL
    assert "deletes a contact" in first["contacts"].reason
    assert [name for name in FIELDS if bears(row, name)] == []
    writes = len(written(fake))
    again = {o.at.collection: o.status for o in connector.delete(subject, given)}
    assert again == {
        "campaigns": Status.ABSENT,
        "tags": Status.ABSENT,
        "contacts": Status.MANUAL,
        "contact_pages": Status.MANUAL,
        "api_log": Status.MANUAL,
    }
    assert len(written(fake)) == writes
    fake.delete_in_console(row["contactId"])
    last = {o.at.collection: o.status for o in connector.delete(subject, given)}
    assert last["contacts"] is Status.ABSENT


def test_every_address_gets_a_placeholder_of_its_own(fake: HatchbuckSandbox, connected: Connect) -> None:
    """The vendor refuses an address that another contact has, so a common one would work once."""
    home = Subject.of(*SUBJECT.identifiers, Identifier("email", "ann@example.net", Trust.PROVEN))
    row, other = plant(fake, ANN, "ann@example.net"), plant(fake, "ann.lee@example.net")
    third = Subject.of(*home.identifiers, Identifier("email", "ann.lee@example.net", Trust.PROVEN))
    assert erased(connected(), subject=third)["contacts"].status is Status.DONE
    held = [e["address"] for r in (row, other) for e in r["emails"]]
    assert len(set(held)) == 3
    assert all(address.startswith("erased-") and address.endswith("@invalid.example") for address in held)
    erased(connected(), subject=third)
    assert [e["address"] for r in (row, other) for e in r["emails"]] == held


def test_nothing_personal_is_sent_but_names_of_tags(fake: HatchbuckSandbox, connected: Connect) -> None:
    plant(fake)
    erased(connected())
    sent = " ".join(body for _, _, body in written(fake))
    for value in (ANN, "Lee", "Oak", "555", "1990", "Fitter", "Works", "example.com"):
        assert value not in sent
    searched = [body for _, path, body in fake.log if path.endswith("/search")]
    assert any(ANN in body for body in searched), "the vendor's own log keeps what was searched for"


def test_the_address_goes_last(fake: HatchbuckSandbox, connected: Connect, server: Server) -> None:
    """So that a contact half done is found by its address, and running again does the rest."""
    row = plant(fake)
    connector = connected()
    with (
        server.faults.inject(Fault.SERVER_ERROR, after=5, match=lambda m, p: m == "PUT"),
        pytest.raises(TransientError),
    ):
        erased(connector)
    assert row["emails"][0]["address"] == ANN
    assert located(connector)["contacts"].count == 1
    assert erased(connector)["contacts"].status is Status.DONE


@pytest.mark.parametrize("name", ["campaigns", "tags"])
def test_a_success_without_effect_is_not_done(fake: HatchbuckSandbox, connected: Connect, name: str) -> None:
    """Seen of the vendor: 201 "Campaign Stopped", and the next search still lists the campaign."""
    setattr(fake, f"{name}_stay", True)
    row = plant(fake)
    connector = connected(settle_hours=1)
    subject = known(connector)
    outcome = erased(connector)[name]
    assert outcome.status is Status.ACCEPTED
    assert outcome.until is not None
    assert located(connector, subject)[name].count == outcome.count
    fake.delete_in_console(row["contactId"])
    assert located(connector, subject) == {}


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_that_is_left_as_it_was_is_not_done(fake: HatchbuckSandbox, connected: Connect, field: str) -> None:
    fake.ignores = {field}
    row = plant(fake)
    connector = connected()
    subject = known(connector)
    assert erased(connector)["contacts"].status is Status.ACCEPTED
    assert [name for name in FIELDS if bears(row, name)] == [field]
    assert dict(located(connector, subject)["contacts"].fields)[field] == 1


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_that_is_refused_keeps_no_other(fake: HatchbuckSandbox, connected: Connect, field: str) -> None:
    fake.refuses = {field}
    row = plant(fake)
    outcome = erased(connected())["contacts"]
    assert (outcome.status, outcome.count) == (Status.MANUAL, 0)
    assert [name for name in FIELDS if bears(row, name)] == [field]


def test_items_that_stay_blank_name_nobody(fake: HatchbuckSandbox, connected: Connect) -> None:
    fake.blank_items_stay = True
    row = plant(fake)
    assert erased(connected())["contacts"].status is Status.DONE
    assert [p["number"] for p in row["phones"]] == ["", ""]


def test_an_item_without_an_id_is_left_to_a_person(fake: HatchbuckSandbox, connected: Connect) -> None:
    """Sent without one, it would be added once more."""
    row = plant(fake)
    del row["phones"][0]["id"]
    assert erased(connected())["contacts"].status is Status.MANUAL
    assert [p["number"] for p in row["phones"]] == ["+1 555-010-0199"]


@pytest.mark.parametrize("counts", [False, True])
def test_names_are_replaced_or_emptied_as_the_inventory_says(
    fake: HatchbuckSandbox, connected: Connect, counts: bool
) -> None:
    """Whether an empty text empties a field is not documented; a word does."""
    fake.empty_texts_count = counts
    row = plant(fake)
    spec = CollectionSpec("contacts", fields=(FieldSpec("title", redaction=Redaction.EMPTY),))
    status = erased(connected((spec,)))["contacts"].status
    assert status is (Status.DONE if counts else Status.ACCEPTED)
    assert (row["firstName"], row["lastName"], row["company"]) == ("erased", "erased", "erased")
    assert row["title"] == ("" if counts else "Fitter")


def test_kept_fields_and_those_that_name_nobody_stay(fake: HatchbuckSandbox, connected: Connect) -> None:
    row = plant(fake)
    spec = CollectionSpec("contacts", fields=(FieldSpec("company", redaction=Redaction.NONE), FieldSpec("phones")))
    connector = connected((spec,))
    given = orders(list(connector.locate(SUBJECT)))
    kept = [replace(o, keep=frozenset({"phones"})) if o.at.collection == "contacts" else o for o in given]
    outcomes = {o.at.collection: o for o in connector.delete(known(connector), kept)}
    assert outcomes["contacts"].status is Status.DONE
    assert (row["company"], len(row["phones"])) == ("Works", 2)
    assert [name for name in FIELDS if bears(row, name)] == ["company", "phones"]


# Caution


def test_what_may_be_others_is_not_touched(fake: HatchbuckSandbox, connected: Connect) -> None:
    plant(fake, ANN, "the.lees@example.org")
    connector = connected()
    (record,) = connector.locate(SUBJECT)
    for action in (Action.DELETE, Action.REDACT, Action.MANUAL):
        (outcome,) = connector.delete(SUBJECT, [Order(record.at, action, 1)])
        assert outcome.status is Status.MANUAL
    assert written(fake) == []


@pytest.mark.parametrize("what", ["another address", "another contact", "a further contact", "a tag"])
def test_what_changed_since_the_plan_asks_for_a_new_one(fake: HatchbuckSandbox, connected: Connect, what: str) -> None:
    """A contact that is not surely the person's any more must not count as gone."""
    fake.addresses_are_unique = False
    row = plant(fake)
    connector = connected()
    subject, given = known(connector), orders(list(connector.locate(SUBJECT)))
    if what == "another address":
        row["emails"].append({"id": "e-2", "address": JO, "type": "Home"})
    elif what == "another contact":
        fake.contact(ANN)
    elif what == "a further contact":
        subject = Subject.of(*subject.identifiers, Identifier("email", JO, Trust.PROVEN))
        plant(fake, JO)
    else:
        fake.tag(row, "new")
    with pytest.raises(ChangedError):
        list(connector.delete(subject, given))
    assert written(fake) == []


def test_every_write_passes_the_gate(fake: HatchbuckSandbox, connected: Connect) -> None:
    plant(fake)
    passed: list[str] = []
    erased(connected(gate=passed.append))
    assert len(passed) == len(written(fake))
    assert [name for n, name in enumerate(passed) if n == 0 or passed[n - 1] != name] == [
        "campaigns",
        "tags",
        "contacts",
    ]


def test_a_contact_that_vanishes_meanwhile_proves_nothing_yet(
    server: Server, fake: HatchbuckSandbox, connected: Connect
) -> None:
    row = plant(fake)
    connector = connected(gate=lambda name: fake.contacts.pop(row["contactId"], None) and None)
    given = [o for o in orders(list(connector.locate(SUBJECT))) if o.at.collection == "campaigns"]
    (outcome,) = connector.delete(known(connector), given)
    assert outcome.status in (Status.ACCEPTED, Status.MANUAL)
