"""Every store is searched, and only what is the subject's is called theirs."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import ConfigError, TransientError
from connectors.model import Disclosure, FieldSpec, Identifier, ObstacleKind, Subject, Trust
from connectors.sandbox.faults import Fault
from connectors.sandbox.serve import Server
from connectors.sandbox.stripe import StripeFake
from connectors.stripe.vocabulary import BY_NAME
from tests.connectors.stripe.account import EMAIL, OLD, connect, entry, located, of, paid, person


def everything(fake: StripeFake) -> str:
    """One of each kind of object, all of one person."""
    low, plant = EMAIL.lower(), fake.plant
    id_ = str(plant("customer", email=low, name="Ann Lee", created=OLD)["id"])
    charge = paid(fake, id_)
    noted = {"metadata": {"note": low}, "created": OLD}
    plant("refund", charge=charge["id"], **noted)
    plant("dispute", charge=charge["id"], status="won", evidence={"customer_email_address": low}, created=OLD)
    plant("radar.early_fraud_warning", charge=charge["id"], created=OLD)
    plant("payment_intent", customer=id_, status="requires_payment_method", receipt_email=low, created=OLD)
    plant("setup_intent", customer=id_, status="requires_action", **noted)
    plant("subscription", customer=id_, **noted)
    plant("subscription", customer=id_, status="canceled", canceled_at=int(OLD.timestamp()), **noted)
    plant("subscription_schedule", customer=id_, **noted)
    for status in ("draft", "open", "paid"):
        plant("invoice", customer=id_, status=status, customer_email=low, created=OLD)
    plant("invoiceitem", customer=id_, description=low, created=OLD)
    plant("credit_note", customer=id_, memo=low, created=OLD)
    plant("quote", customer=id_, header=low, created=OLD)
    plant("promotion_code", customer=id_, **noted)
    plant("billing.credit_grant", customer=id_, **noted)
    plant("payment_method", customer=id_, billing_details={"email": low}, created=OLD)
    plant("tax_id", customer=id_, value="000000000", created=OLD)
    plant("card", customer=id_, name="Ann Lee", created=OLD)
    plant("customer_balance_transaction", customer=id_, description=low, created=OLD)
    funded = {"bank_transfer": {"us_bank_transfer": {"sender_name": "Ann Lee"}}}
    plant("customer_cash_balance_transaction", customer=id_, funded=funded, created=OLD)
    plant("checkout.session", customer=id_, customer_details={"email": low}, created=OLD)
    plant("identity.verification_session", related_customer=id_, provided_details={"email": low}, created=OLD)
    holder = plant("issuing.cardholder", email=low, name="Ann Lee", created=OLD)
    plant("issuing.card", cardholder=holder["id"], shipping={"name": "Ann Lee"}, created=OLD)
    plant("radar.value_list_item", value=low, value_list="rsl_blocked", created=OLD)
    method = plant("payment_method", billing_details={"email": low}, created=OLD)
    paid(fake, None, payment_method=method["id"])
    return id_


def test_every_store_is_found(server: Server, fake: StripeFake) -> None:
    everything(fake)
    assert located(entry(server.url), person()) == dict.fromkeys(BY_NAME, 1)


def test_children_come_before_parents_and_carry_their_meaning(server: Server, fake: StripeFake) -> None:
    id_ = everything(fake)
    records = list(connect(entry(server.url)).locate(person()))
    names = [r.at.collection for r in records]
    assert names[-1] == "customers"
    assert names.index("subscriptions_live") < names.index("subscriptions")
    customer = records[-1]
    assert Identifier("stripe.customer", id_) in customer.reveals
    assert {i.trust for i in customer.reveals if i.kind == "email"} == {Trust.CLAIMED}
    assert {"charges", "payment_intents", "invoices", "subscriptions", "payment_methods"} <= set(customer.takes)
    assert not {"guest_charges", "checkout_sessions", "customers"} & set(customer.takes)
    assert "cancels the subscription" in of(records, "subscriptions_live").note
    assert dict(of(records, "charges").fields)["billing_details"] == 1
    assert "amount" not in dict(of(records, "charges").fields)


def test_a_casing_nobody_guessed_is_found_by_the_search_and_checked_again(server: Server, fake: StripeFake) -> None:
    fake.plant("customer", email="aNN.lEE@Example.COM", created=OLD)
    assert located(entry(server.url), person()) == {"customers": 1}
    assert located(entry(server.url, search=False), person()) == {}


def test_a_casing_met_at_a_guest_is_asked_for(server: Server, fake: StripeFake) -> None:
    paid(fake, None, "aNN.lEE@Example.COM")
    fake.plant("customer", email="aNN.lEE@Example.COM", created=OLD)
    fake.plant("checkout.session", customer_details={"email": "aNN.lEE@Example.COM"}, created=OLD)
    found = located(entry(server.url, search=False), person())
    assert found == {"guest_charges": 1, "guest_payment_intents": 1, "customers": 1, "checkout_sessions": 1}


def test_a_search_that_lags_tells_of_nothing_that_is_gone(server: Server, fake: StripeFake) -> None:
    item = fake.plant("customer", email="aNN.lEE@Example.COM", created=OLD)
    fake.search_lag = True
    item.clear()
    item.update(id="cus_000001", object="customer", deleted=True, created=0)
    assert located(entry(server.url), person()) == {}


def test_a_search_hit_that_no_longer_bears_the_address_is_nobodys(server: Server, fake: StripeFake) -> None:
    item = fake.plant("customer", email="aNN.lEE@Example.COM", created=OLD)
    fake.search_lag = True
    item["email"] = "someone@example.com"
    assert located(entry(server.url), person()) == {}


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_page_in_place_of_another_is_a_fault(server: Server, fake: StripeFake, after: int) -> None:
    for _ in range(2):
        customer = fake.plant("customer", email=EMAIL.lower(), created=OLD)["id"]
        for _ in range(3):
            fake.plant("quote", customer=customer, header="x", created=OLD)
    spec = entry(server.url)
    assert located(spec, person()) == {"customers": 2, "quotes": 6}
    again = server.faults.inject(Fault.DUPLICATE, after=after, times=1, match=lambda m, p: p == "/v1/quotes")
    with again, pytest.raises(TransientError, match=r"a page came twice|about something else"):
        located(spec, person())


def test_another_users_customer_on_the_same_address_stops_the_plan(server: Server, fake: StripeFake) -> None:
    mine = fake.plant("customer", email=EMAIL, metadata={"user_id": "u-1"}, created=OLD)
    other = fake.plant("customer", email=EMAIL, metadata={"user_id": "u-2"}, created=OLD)
    fake.plant("customer", email=EMAIL, created=OLD)
    paid(fake, other["id"])
    paid(fake, None)
    records = list(connect(entry(server.url)).locate(person("u-1")))
    assert {r.at.key for r in records if r.at.collection == "guest_charges"} == {"several_people"}
    several = of(records, "customers", "several_people")
    assert several.count == 2
    assert several.obstacles[0].kind is ObstacleKind.SEVERAL_PEOPLE
    assert several.reveals == ()
    assert {i.value for r in records for i in r.reveals if i.kind == "stripe.customer"} == {mine["id"]}
    assert not any(r.at.collection == "charges" for r in records)
    assert list(connect(entry(server.url)).export(person("u-1"), several.at)) == []


def test_a_user_id_nobody_knows_is_only_a_claim(server: Server, fake: StripeFake) -> None:
    item = fake.plant("customer", email=EMAIL, metadata={"user_id": "u-9"}, created=OLD)
    assert located(entry(server.url), person()) == {"customers:claimed": 1}
    assert located(entry(server.url), person("u-9")) == {"customers": 1}
    assert located(entry(server.url), person(customers=[item["id"]])) == {"customers": 1}


def test_a_customer_is_found_by_the_user_id_alone(server: Server, fake: StripeFake) -> None:
    fake.plant("customer", email="other@example.com", metadata={"account": "u-1"}, created=OLD)
    who = Subject.of(Identifier("user_id", "u-1", Trust.ASSIGNED))
    assert located(entry(server.url, user_metadata_key="account"), who) == {"customers": 1}
    assert located(entry(server.url), who) == {}


def test_a_guests_payment_that_names_two_addresses_is_left_to_a_person(server: Server, fake: StripeFake) -> None:
    paid(fake, None, receipt_email="friend@example.com")
    found = list(connect(entry(server.url)).locate(person()))
    assert of(found, "guest_charges", "shared").obstacles[0].kind is ObstacleKind.SHARED


def test_a_session_of_another_customer_is_only_a_claim(server: Server, fake: StripeFake) -> None:
    fake.plant("checkout.session", customer="cus_other", customer_details={"email": EMAIL}, created=OLD)
    assert located(entry(server.url), person()) == {"checkout_sessions:claimed": 1}


def test_cardholders_of_two_names_on_one_address_are_two_people(server: Server, fake: StripeFake) -> None:
    for name in ("Ann Lee", "Bo Lee"):
        fake.plant("issuing.cardholder", email=EMAIL, name=name, created=OLD)
    assert located(entry(server.url), person()) == {"issuing_cardholders:several_people": 2}


def test_guests_are_found_by_metadata_too(server: Server, fake: StripeFake) -> None:
    nobody = {"email": None, "name": None}
    for held in ({"user_id": "u-1"}, {"contact": EMAIL}):
        fake.plant("charge", metadata=held, billing_details=nobody, created=OLD)
    assert located(entry(server.url), person("u-1"))["guest_charges"] == 2


def test_the_scan_for_guests_ends_where_it_is_told_to(server: Server, fake: StripeFake) -> None:
    paid(fake, None, created=datetime.now(UTC) - timedelta(days=300))
    assert "guest_charges" in located(entry(server.url, guest_scan_days=301), person())
    assert "guest_charges" not in located(entry(server.url, guest_scan_days=299), person())


@pytest.mark.parametrize(
    ("days", "more", "key", "ends"),
    [
        (10, {}, "refundable", 180),
        (170, {}, "refundable", 180),
        (181, {}, "", None),
        (10, {"refunded": True}, "young", 90),
        (10, {"status": "failed"}, "young", 90),
        (91, {"refunded": True}, "", None),
    ],
)
def test_payments_are_locked_until_they_may_go(
    server: Server, fake: StripeFake, days: int, more: dict[str, Any], key: str, ends: int | None
) -> None:
    customer = fake.plant("customer", email=EMAIL, created=OLD)["id"]
    born = datetime.now(UTC).replace(microsecond=0) - timedelta(days=days)
    charge = paid(fake, customer, created=born, **more)
    payment = {"payment": {"payment_intent": charge["payment_intent"]}}
    fake.plant("invoice", customer=customer, customer_email=EMAIL, payments={"data": [payment]}, created=born)
    records = list(connect(entry(server.url)).locate(person()))
    for name in ("charges", "payment_intents", "invoices"):
        locks = of(records, name, key).obstacles
        assert [o.kind for o in locks] == ([ObstacleKind.LOCKED] if key else [])
        assert [o.until for o in locks] == ([born + timedelta(days=ends)] if ends else [])


def test_an_open_dispute_locks_without_an_end(server: Server, fake: StripeFake) -> None:
    charge = paid(fake, fake.plant("customer", email=EMAIL, created=OLD)["id"])
    fake.plant("dispute", charge=charge["id"], status="needs_response", created=OLD)
    records = list(connect(entry(server.url)).locate(person()))
    for name in ("charges", "payment_intents", "disputes"):
        assert [o.until for o in of(records, name, "disputed").obstacles] == [None]


def test_what_the_inventory_does_not_describe_is_shown_and_stops(server: Server, fake: StripeFake) -> None:
    everything(fake)
    records = list(connect(entry(server.url, without=["quotes"])).locate(person()))
    assert of(records, "quotes").obstacles[0].kind is ObstacleKind.UNMARKED


def test_sides_of_a_cut_off_are_counted_apart(server: Server, fake: StripeFake) -> None:
    cut = OLD + timedelta(days=100)
    for created in (OLD, OLD, cut):
        fake.plant("customer", email=EMAIL, created=created)
    spec = entry(server.url)
    spec = replace(spec, collections=tuple(replace(c, cutoffs=(cut,)) for c in spec.collections))
    records = [r for r in connect(spec).locate(person()) if r.at.collection == "customers"]
    assert [(r.count, r.at.before == cut) for r in records] == [(2, True), (1, False)]


def test_secrets_and_card_tracers_leave_only_by_their_full_name(server: Server, fake: StripeFake) -> None:
    paid(fake, None)
    seen = Disclosure.DISCLOSE

    def exported(*names: str, collection: str = "guest_charges") -> tuple[dict[str, Any], tuple[str, ...]]:
        spec = entry(server.url)
        marks = tuple(FieldSpec(name, "D", seen) for name in names)
        spec = replace(spec, collections=tuple(replace(c, fields=marks) for c in spec.collections))
        connector = connect(spec)
        record = of(connector.locate(person()), collection)
        (artifact,) = connector.export(person(), record.at)
        return json.loads(b"".join(artifact.chunks)), artifact.withheld

    whole, withheld = exported("content")
    assert whole["id"].startswith("ch_")
    assert "fingerprint" not in whole["payment_method_details"]["card"]
    assert withheld == ("content",)
    assert "client_secret" not in exported("content", "client_secret", collection="guest_payment_intents")[0]
    assert exported("payment_method_details.card.fingerprint")[0]["payment_method_details"]["card"]["fingerprint"]
    assert exported("amount") == ({"amount": 1099}, ("unmarked field",))


def test_exports_of_one_person_share_one_search_and_nobody_elses(server: Server, fake: StripeFake) -> None:
    everything(fake)
    paid(fake, None, "ann.lee2@example.com")
    connector = connect(entry(server.url, page_size=100))
    records = list(connector.locate(person()))

    def scans() -> int:
        return sum(path == "/v1/payment_intents" for _, path in server.faults.calls)

    before = scans()
    for record in records:
        assert [b"".join(a.chunks) for a in connector.export(person(), record.at)] != []
    assert scans() - before == 2  # all payments once, the customer's once
    (other,) = connector.export(person(email="ann.lee2@example.com"), of(records, "guest_charges").at)
    assert b"ann.lee2@" in b"".join(other.chunks)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"erasure": "shred"}, "setting 'erasure' must be one of"),
        ({"guest_scan_days": -1}, "setting 'guest_scan_days' must be a number"),
        ({"page_size": 500}, "setting 'page_size' must be a number, from 1 to 100"),
        ({"tiemout": 3}, "unknown setting 'tiemout'"),
        ({"key": ""}, "secret 'api_key' is missing"),
    ],
)
def test_wrong_settings_are_named(server: Server, settings: dict[str, Any], said: str) -> None:
    spec = replace(entry(server.url, **settings), sandbox=False)
    with pytest.raises(ConfigError, match=said):
        connect(spec)


def test_the_check_says_when_redaction_jobs_are_not_available(server: Server, fake: StripeFake) -> None:
    connect(entry(server.url)).check()
    with pytest.raises(ConfigError, match="delete_customer"):
        connect(entry(server.url, preview_version="2026-10-28.endive")).check()
    connect(entry(server.url, preview_version="none", erasure="delete_customer")).check()


def test_importing_the_connector_does_not_import_the_sdk() -> None:
    code = "import connectors.stripe, sys; sys.exit('stripe' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
