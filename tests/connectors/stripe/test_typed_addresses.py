"""An address in Stripe was typed by somebody: it counts where something assigned agrees and nothing contradicts it."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from connectors.model import Action, IdentitySpec, ObstacleKind, Status, Subject, SystemSpec, Trust
from connectors.sandbox.serve import Server
from connectors.sandbox.stripe import StripeFake
from connectors.testing import orders_for
from tests.connectors.stripe.account import EMAIL, OLD, connect, entry, located, of, paid, person, run

STRICT: dict[str, Any] = {"typed_addresses": "claimed"}
HERS = person("u-1")


def spec_of(server: Server, **settings: Any) -> SystemSpec:
    return entry(server.url, **{**STRICT, **settings})


def erase(spec: SystemSpec, who: Subject) -> dict[tuple[str, str], Status]:
    """Order everything deleted that is located, whatever stands in its way."""
    connector = connect(spec)
    orders = orders_for([replace(r, obstacles=()) for r in connector.locate(who)])
    return {(o.at.collection, o.at.key): o.status for o in connector.delete(who, orders)}


def own(fake: StripeFake, **more: Any) -> str:
    """Her customer, as the application made it."""
    given = {"email": EMAIL, "name": "Ann Lee", "metadata": {"user_id": "u-1"}, "created": OLD, **more}
    return str(fake.plant("customer", **given)["id"])


@pytest.mark.parametrize("who", [person(), person("u-1"), person(customers=["cus_other"])])
def test_an_address_with_nothing_that_agrees_is_a_claim(server: Server, fake: StripeFake, who: Subject) -> None:
    """Whether a user id of the person's is known or not, none stands here."""
    mistyped = fake.plant("customer", email=EMAIL, name="Rob Marsh", created=OLD)
    paid(fake, str(mistyped["id"]), billing_details={"email": EMAIL, "name": "Rob Marsh"})
    paid(fake, None, billing_details={"email": EMAIL, "name": "Rob Marsh"})
    fake.plant("checkout.session", customer_details={"email": EMAIL, "name": "Rob Marsh"}, created=OLD)
    before = copy.deepcopy(fake.objects)
    spec = spec_of(server)
    assert located(spec, who) == {
        "customers:claimed": 1, "guest_charges:claimed": 1, "guest_payment_intents:claimed": 1,
        "checkout_sessions:claimed": 1,
    }  # fmt: skip
    records = list(connect(spec).locate(who))
    assert {o.kind for r in records for o in r.obstacles} == {ObstacleKind.CLAIMED}
    assert [a for r in records for a in connect(spec).export(who, r.at)] == []
    assert [i for r in records for i in r.reveals] == []
    assert Status.DONE not in erase(spec, who).values()
    assert fake.objects == before


def test_her_own_customer_is_found_by_user_id_or_by_customer_id(server: Server, fake: StripeFake) -> None:
    id_ = own(fake)
    paid(fake, id_)
    spec = spec_of(server)
    whole = {"customers": 1, "charges": 1, "payment_intents": 1}
    assert located(spec, HERS) == whole
    assert located(spec, person(customers=[id_])) == whole
    assert set(erase(spec, HERS).values()) == {Status.DONE}
    assert located(spec, HERS) == {}


def test_what_she_paid_as_a_guest_counts_beside_her_customer(server: Server, fake: StripeFake) -> None:
    own(fake)
    fake.plant("customer", email=EMAIL.lower(), name="ann m. lee", created=OLD)
    paid(fake, None)
    fake.plant("checkout.session", customer_details={"email": EMAIL}, created=OLD)
    found = {"customers": 2, "guest_charges": 1, "guest_payment_intents": 1, "checkout_sessions": 1}
    assert located(spec_of(server), HERS) == found


@pytest.mark.parametrize(("name", "found"), [
    ("A. Lee", "guest_charges"), ("LEE, ANN", "guest_charges"), ("Ànn Lee", "guest_charges"),
    ("Bo Lee", "guest_charges:several_people"), ("Rob Marsh", "guest_charges:several_people"),
])  # fmt: skip
def test_a_guest_of_another_name_stops_for_a_person(server: Server, fake: StripeFake, name: str, found: str) -> None:
    own(fake)
    theirs = paid(fake, None, billing_details={"email": EMAIL, "name": name})
    spec, before = spec_of(server), copy.deepcopy(theirs)
    assert found in located(spec, HERS)
    erase(spec, HERS)
    assert (fake.objects[theirs["id"]] == before) is ("several" in found)


def test_a_name_agrees_where_her_customer_bears_an_older_address(server: Server, fake: StripeFake) -> None:
    own(fake, email="ann.old@example.org")
    paid(fake, None)
    paid(fake, None, billing_details={"email": EMAIL, "name": None})
    found = located(spec_of(server), HERS)
    assert (found["guest_charges"], found["guest_charges:claimed"]) == (1, 1)


@pytest.mark.parametrize("known", [person("u-1"), person()])
def test_a_payment_that_names_another_user_is_not_touched(server: Server, fake: StripeFake, known: Subject) -> None:
    """A guest's, one that its intent tells of, and one under her own customer, which then stays."""
    id_ = own(fake)
    who = Subject(known.identifiers | person(customers=[id_]).identifiers)
    other: dict[str, Any] = {"metadata": {"user_id": "u-9"}}
    theirs = [paid(fake, None, **other), paid(fake, id_, **other), paid(fake, None)]
    fake.objects[theirs[2]["payment_intent"]]["metadata"] = {"user_id": "u-9"}
    fake.plant("refund", charge=theirs[1]["id"], created=OLD)
    fake.plant("invoice", customer=id_, payments={"data": [{"payment": {"charge": theirs[1]["id"]}}]}, created=OLD)
    paid(fake, id_)
    before = copy.deepcopy(theirs)
    spec = spec_of(server)
    records = list(connect(spec).locate(who))
    apart = of(records, "charges", "several_people")
    assert (apart.count, apart.obstacles[0].kind) == (1, ObstacleKind.SEVERAL_PEOPLE)
    assert list(connect(spec).export(who, apart.at)) == []
    for name in ("payment_intents", "refunds", "invoices"):
        assert of(records, name, "several_people").count == 1
    assert "charges" in of(records, "customers").takes
    statuses = erase(spec, who)
    assert statuses["customers", ""] is Status.FAILED, "its end would take the other's payment along"
    assert [fake.objects[c["id"]] for c in theirs] == before


@pytest.mark.parametrize("settings", [STRICT, {"typed_addresses": "count"}])
def test_a_customer_known_by_address_whose_payments_are_anothers_is_not_hers(
    server: Server, fake: StripeFake, settings: dict[str, Any]
) -> None:
    own(fake)
    others: list[dict[str, Any]] = [
        {"metadata": {"user_id": "u-9"}}, {"billing_details": {"email": "rob.marsh@example.net"}},
    ]  # fmt: skip
    for told in others:
        paid(fake, str(fake.plant("customer", email=EMAIL, created=OLD)["id"]), **told)
    found = located(entry(server.url, **settings), HERS)
    assert found == {"customers": 1, "customers:several_people": 2}


def test_where_typed_addresses_count_two_names_are_still_two_people(server: Server, fake: StripeFake) -> None:
    spec = spec_of(server, typed_addresses="count")
    fake.plant("customer", email=EMAIL, name="Ann Lee", created=OLD)
    assert located(spec, person()) == {"customers": 1}
    paid(fake, None, billing_details={"email": EMAIL, "name": "Rob Marsh"})
    assert located(spec, person()) == {
        "customers:several_people": 1, "guest_charges:several_people": 1, "guest_payment_intents:several_people": 1,
    }  # fmt: skip


def test_what_a_redaction_put_in_place_of_a_name_contradicts_nothing(server: Server, fake: StripeFake) -> None:
    """A run that was cut short: some of her payments are redacted, and what she paid as a guest is not."""
    id_ = own(fake)
    charge = paid(fake, id_, email="[redacted]", billing_details={"email": "[redacted]", "name": "[redacted]"})
    fake.plant("customer", email=EMAIL, name="[redacted]", created=OLD)
    paid(fake, None, receipt_email="[redacted]")
    found = located(spec_of(server), HERS)
    assert {name: n for name, n in found.items() if "guest" in name or "customers" in name} == {
        "customers": 2, "guest_charges": 1, "guest_payment_intents": 1,
    }  # fmt: skip
    assert charge["id"] in fake.objects


def test_what_was_found_to_be_hers_stays_so_when_her_customer_is_gone(server: Server, fake: StripeFake) -> None:
    """A payment that is still locked, or that a run cut short did not come to."""
    own(fake)
    paid(fake, None)
    paid(fake, None, billing_details={"email": EMAIL, "name": "Rob Marsh"})
    guests = IdentitySpec("stripe.guest", "id", Trust.ASSIGNED)
    strict = spec_of(server)
    collections = tuple(
        replace(c, identities=(guests,)) if c.name in ("guest_charges", "guest_payment_intents") else c
        for c in strict.collections
    )
    spec = replace(strict, collections=collections)
    told = frozenset(i for r in connect(spec).locate(HERS) for i in r.reveals if i.opens)
    assert len([i for i in told if i.kind == "stripe.guest"]) == 2
    run(spec, HERS, orders_for([r for r in connect(spec).locate(HERS) if r.at.collection == "customers"]))
    known = Subject(HERS.identifiers | told)
    assert located(spec, known) == {
        "guest_charges": 1, "guest_charges:several_people": 1,
        "guest_payment_intents": 1, "guest_payment_intents:several_people": 1,
    }  # fmt: skip
    assert set(erase(spec, known).values()) == {Status.DONE, Status.MANUAL}


def test_when_her_customer_is_gone_nothing_agrees_any_more(server: Server, fake: StripeFake) -> None:
    """A guest of another name must not become hers because the name to hold it against was erased."""
    id_ = own(fake)
    theirs = paid(fake, None, billing_details={"email": EMAIL, "name": "Rob Marsh"})
    spec, before = spec_of(server), copy.deepcopy(theirs)
    erase(spec, HERS)
    later = Subject(HERS.identifiers | person(customers=[id_]).identifiers)
    assert located(spec, later) == {"guest_charges:claimed": 1, "guest_payment_intents:claimed": 1}
    assert Action.DELETE not in {o.action for o in orders_for(list(connect(spec).locate(later)))}
    assert fake.objects[theirs["id"]] == before
