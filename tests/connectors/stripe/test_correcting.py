"""Corrections at Stripe: hashes, documents of payments, stored answers, other people's customers."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from connectors.errors import ChangedError, RefusedError
from connectors.model import Change, Correction, IdentitySpec, Locator, Outcome, Status, Subject, Trust
from connectors.protocol import Corrects
from connectors.sandbox.serve import Server
from connectors.sandbox.stripe import StripeFake
from tests.connectors.stripe.account import OLD, connect, entry, located, paid, person

HER = person("u-1")
PLACE = {"line1": "1 Oak St", "city": "Madison", "postal_code": "53703", "country": None}


def corrects(server: Server) -> Corrects:
    connector = connect(entry(server.url))
    assert isinstance(connector, Corrects)
    return connector


def one(collection: str, field: str, old: str, new: str, key: str = "") -> Correction:
    return Correction(Locator("billing", collection, key), (Change(field, old, new),))


def run(server: Server, *corrections: Correction) -> list[Outcome]:
    return list(corrects(server).correct(HER, corrections))


def customer(fake: StripeFake, user: str = "u-1", **more: Any) -> dict[str, Any]:
    return fake.plant("customer", email="ann.lee@example.com", metadata={"user_id": user}, created=OLD, **more)


@pytest.mark.parametrize("replaces", [False, True])
def test_one_leaf_of_a_hash_changes_and_the_others_stay(server: Server, fake: StripeFake, replaces: bool) -> None:
    fake.switches.hashes_replace = replaces
    held = customer(fake, address=PLACE, shipping={"name": "Ann Lee", "phone": "555-0100", "address": PLACE})
    method = fake.plant("payment_method", customer=held["id"], created=OLD, billing_details={
        "name": "Ann Lee", "phone": "555-0100", "email": None, "address": PLACE})  # fmt: skip
    done = run(
        server, one("customers", "address.city", "Madison", "Monona"),
        one("customers", "shipping.name", "Ann Lee", "A. Li"),
        one("payment_methods", "billing_details.address.line1", "1 Oak St", "2 Oak St"),
    )  # fmt: skip
    assert [o.status for o in done] == [Status.DONE] * 3
    assert {k: v for k, v in held["address"].items() if v} == {
        "line1": "1 Oak St", "city": "Monona", "postal_code": "53703"
    }  # fmt: skip
    assert (held["shipping"]["name"], held["shipping"]["phone"]) == ("A. Li", "555-0100")
    assert held["shipping"]["address"]["city"] == "Madison"
    assert method["billing_details"]["address"]["line1"] == "2 Oak St"
    assert method["billing_details"]["name"] == "Ann Lee"


def test_back_and_forth_within_a_day_is_carried_out_each_time(server: Server, fake: StripeFake) -> None:
    held = customer(fake, name="Ann")
    for old, new in (("Ann", "Anne"), ("Anne", "Ann"), ("Ann", "Anne")):
        assert run(server, one("customers", "name", old, new))[0].status is Status.DONE
        assert held["name"] == new, "a stored answer under the same key was taken for an execution"


def test_what_documents_say_of_a_payment_stays(server: Server, fake: StripeFake) -> None:
    held = customer(fake, name="Ann Lee")
    paid(fake, held["id"])
    fake.plant("invoice", customer=held["id"], customer_name="Ann Lee", created=OLD)
    before = copy.deepcopy(fake.objects)
    for collection, field in (("charges", "billing_details.name"), ("invoices", "customer_name")):
        (there,) = corrects(server).held(HER, Locator("billing", collection), [field, "metadata"])
        assert there.fixed
        (outcome,) = run(server, one(collection, field, "Ann Lee", "Anne Li"))
        assert (outcome.status, bool(outcome.reason)) == (Status.MANUAL, True)
    assert fake.objects == before


def test_what_is_not_surely_hers_is_never_corrected(server: Server, fake: StripeFake) -> None:
    customer(fake, name="Ann Lee")
    other = customer(fake, "u-2", name="Ann Lee")
    for key in ("several_people", "claimed"):
        assert list(corrects(server).held(HER, Locator("billing", "customers", key), ["name"])) == []
        with pytest.raises(RefusedError, match="never corrected"):
            run(server, one("customers", "name", "Ann Lee", "Anne Li", key))
    assert other["name"] == "Ann Lee"


def test_nothing_is_written_where_one_of_them_changed_since(server: Server, fake: StripeFake) -> None:
    held = customer(fake, name="Ann Lee", phone="555-0199")
    with pytest.raises(ChangedError) as raised:
        run(server, one("customers", "name", "Ann Lee", "Anne Li"), one("customers", "phone", "555-0100", "555-0177"))
    assert "555" not in str(raised.value)
    assert held["name"] == "Ann Lee"


def test_an_attribute_is_emptied_where_that_is_asked(server: Server, fake: StripeFake) -> None:
    held = customer(fake, name="Ann", phone="555-0100")
    assert run(server, one("customers", "phone", "555-0100", ""))[0].status is Status.DONE
    assert (held["phone"], held["name"]) == (None, "Ann")


def test_a_guests_payment_under_the_former_name_stays_hers_for_the_request_that_found_it(
    server: Server, fake: StripeFake
) -> None:
    customer(fake, name="Ann Lee")
    paid(fake, None, billing_details={"email": "ann.lee@example.com", "name": "Ann Lee"})
    guests = IdentitySpec("stripe.guest", "id", Trust.ASSIGNED)
    plain = entry(server.url, typed_addresses="claimed")
    spec = replace(plain, collections=tuple(
        replace(c, identities=(guests,)) if c.name.startswith("guest_") else c for c in plain.collections
    ))  # fmt: skip
    told = frozenset(i for r in connect(spec).locate(HER) for i in r.reveals if i.opens)
    before = located(spec, HER)
    assert run(server, one("customers", "name", "Ann Lee", "Anne Li"))[0].status is Status.DONE
    assert located(spec, Subject(HER.identifiers | told)) == before
    assert located(spec, HER)["guest_charges:several_people"] == 1, "by whoever comes anew, a person looks"
