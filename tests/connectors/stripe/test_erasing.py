"""What is erased, what is not, and what is said about it."""

from __future__ import annotations

import copy
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import ChangedError
from connectors.model import Action, Order, Status
from connectors.sandbox.serve import Server
from connectors.sandbox.stripe import StripeFake
from tests.connectors.stripe.account import DONE, EMAIL, OLD, connect, entry, located, of, paid, person, planned, run
from tests.connectors.stripe.test_finding import everything


def test_everything_goes_and_what_is_open_is_ended(server: Server, fake: StripeFake) -> None:
    everything(fake)
    stays = fake.plant("customer", email="ann.lee2@example.com", created=OLD)["id"]
    spec = entry(server.url)
    _, orders = planned(spec)
    outcomes = run(spec, person(), orders)
    accepted = outcomes.pop("identity_verification_sessions")
    assert {n: o for n, o in outcomes.items() if o.status is not DONE} == {}
    assert accepted.status is Status.ACCEPTED
    assert accepted.until is not None
    assert timedelta(days=3) < accepted.until - datetime.now(UTC) <= timedelta(days=4)
    fake.advance(timedelta(days=5))
    assert located(spec, person()) == {}
    assert located(spec, person(customers=["cus_000001"])) == {}
    held = str([i for i in fake.objects.values() if i["id"] != stays]).lower()
    assert EMAIL.lower() not in held
    assert "ann lee" not in held
    assert {o.status for o in run(spec, person(), orders).values()} == {Status.ABSENT}


def test_no_write_names_anything_of_a_bystander(server: Server, fake: StripeFake) -> None:
    everything(fake)
    theirs = set(fake.objects)
    other = fake.plant("customer", email="ann.lee2@example.com", created=OLD)["id"]
    paid(fake, other, "ann.lee2@example.com")
    paid(fake, None, "ann.lee2@example.com")
    before = copy.deepcopy({k: v for k, v in fake.objects.items() if k not in theirs})
    spec = entry(server.url)
    run(spec, person(), planned(spec)[1])
    assert {k: v for k, v in fake.objects.items() if k not in theirs} == before
    jobs = fake.redactions.jobs.values()
    assert not set(before) & {part for _, path in fake.writes for part in path.split("/")}
    assert not set(before) & {id_ for job in jobs for id_ in fake.redactions.roots(job)}
    assert {job["validation_behavior"] for job in jobs} == {"error"}


def test_a_customers_payments_that_are_locked_stay_while_the_rest_loses_the_person(
    server: Server, fake: StripeFake
) -> None:
    id_ = everything(fake)
    young = paid(fake, id_, created=datetime.now(UTC) - timedelta(days=10))
    kept = copy.deepcopy(young)
    spec = entry(server.url)
    _, orders = planned(spec, customers=Action.REDACT)
    outcomes = {(o.at.collection, o.at.key): o for o in connect(spec).delete(person(), orders)}
    assert outcomes["charges", "refundable"].status is Status.RETAINED
    assert outcomes["charges", ""].status is DONE
    assert outcomes["customers", ""].status is DONE
    assert [n for n, o in outcomes.items() if o.status is Status.FAILED] == [("cash_balance", "")]
    assert fake.objects[young["id"]] == kept
    customer = fake.objects[id_]
    assert [customer[n] for n in ("email", "name", "metadata")] == [None, None, {}]
    left = located(spec, person(customers=[id_]))
    allowed = {"charges:refundable", "payment_intents:refundable", "customers"}
    assert set(left) - {"identity_verification_sessions", "cash_balance"} == allowed
    record = of(connect(spec).locate(person(customers=[id_])), "customers")
    assert dict(record.fields) == dict.fromkeys(dict(record.fields), 0)


def test_a_customer_is_not_redacted_where_that_would_take_locked_payments(server: Server, fake: StripeFake) -> None:
    id_ = fake.plant("customer", email=EMAIL, created=OLD)["id"]
    charge = paid(fake, id_)
    spec = entry(server.url)
    _, orders = planned(spec)
    fake.plant("dispute", charge=charge["id"], created=OLD)  # since the plan was made
    before = copy.deepcopy(fake.objects)
    outcome = run(spec, person(), orders)["customers"]
    assert outcome.status is Status.FAILED
    assert "charges" in outcome.reason
    assert fake.objects == before
    assert not fake.redactions.jobs


def test_what_is_open_is_never_ended_by_the_way(server: Server, fake: StripeFake) -> None:
    id_ = fake.plant("customer", email=EMAIL, created=OLD)["id"]
    subscription = fake.plant("subscription", customer=id_, created=OLD)
    charge = paid(fake, id_)
    before = copy.deepcopy(charge)
    spec = entry(server.url)
    _, orders = planned(spec)
    outcomes = run(spec, person(), [o for o in orders if o.at.collection != "subscriptions_live"])
    assert outcomes["customers"].status is Status.FAILED
    assert "subscriptions_live" in outcomes["customers"].reason
    assert subscription["status"] == "active"
    assert charge == before, "the payments of a customer that stays are not redacted by themselves"
    assert {o.status for o in run(spec, person(), orders).values()} == {DONE}
    assert subscription["status"] == "canceled"


def test_what_is_to_be_retained_is_not_taken_along(server: Server, fake: StripeFake) -> None:
    id_ = fake.plant("customer", email=EMAIL, created=OLD)["id"]
    charge = paid(fake, id_)
    intent = fake.objects[charge["payment_intent"]]
    before = copy.deepcopy(charge)
    spec = entry(server.url)
    _, orders = planned(spec, charges=Action.RETAIN)
    outcomes = run(spec, person(), orders)
    assert outcomes["charges"].status is Status.RETAINED
    assert outcomes["customers"].status is Status.FAILED
    assert charge == before
    _, orders = planned(spec, charges=Action.RETAIN, payment_intents=Action.REDACT, customers=Action.REDACT)
    outcomes = run(spec, person(), orders)
    assert outcomes["payment_intents"].status is DONE
    assert intent["receipt_email"] is None
    assert charge == before


def test_a_redaction_keeps_the_fields_it_is_told_to(server: Server, fake: StripeFake) -> None:
    item = fake.plant("customer", email=EMAIL, name="Ann Lee", metadata={"tax": "x", "note": "y"}, created=OLD)
    spec = entry(server.url)
    (record,) = connect(spec).locate(person())
    keep = frozenset({"name", "metadata.tax"})
    (outcome,) = connect(spec).delete(person(), [Order(record.at, Action.REDACT, 1, keep=keep)])
    assert (item["email"], item["name"], item["metadata"]) == (None, "Ann Lee", {"tax": "x"})
    assert outcome.status in (DONE, Status.FAILED)


def test_what_cannot_be_emptied_is_said(server: Server, fake: StripeFake) -> None:
    paid(fake, None)
    spec = entry(server.url, erasure="delete_customer")
    _, orders = planned(spec, guest_charges=Action.REDACT)
    outcome = run(spec, person(), orders)["guest_charges"]
    assert outcome.status is Status.FAILED
    assert "billing_details" in outcome.reason


def test_without_redaction_customers_are_deleted_and_the_rest_is_told(server: Server, fake: StripeFake) -> None:
    id_ = fake.plant("customer", email=EMAIL, created=OLD)["id"]
    charge = paid(fake, id_, receipt_email=EMAIL)
    fake.plant("payment_method", customer=id_, billing_details={"email": EMAIL}, created=OLD)
    spec = entry(server.url, erasure="delete_customer")
    records, orders = planned(spec)
    assert of(records, "customers").takes == ("payment_methods",)
    outcomes = run(spec, person(), orders)
    assert outcomes["customers"].status is DONE
    assert outcomes["payment_methods"].status is DONE
    assert outcomes["charges"].status is Status.FAILED
    assert fake.objects[id_]["deleted"] is True
    assert charge["receipt_email"] is None
    assert located(spec, person(customers=[id_])) == {"charges": 1}
    again = run(spec, person(customers=[id_]), orders)
    assert again["customers"].status is Status.ABSENT


def test_a_deletion_does_not_cancel_a_subscription_by_the_way(server: Server, fake: StripeFake) -> None:
    id_ = fake.plant("customer", email=EMAIL, created=OLD)["id"]
    subscription = fake.plant("subscription", customer=id_, created=OLD)
    spec = entry(server.url, erasure="delete_customer")
    orders = [o for o in planned(spec)[1] if o.at.collection == "customers"]
    assert run(spec, person(), orders)["customers"].status is Status.FAILED
    assert subscription["status"] == "active"


def test_more_than_planned_changes_nothing(server: Server, fake: StripeFake) -> None:
    everything(fake)
    spec = entry(server.url)
    _, orders = planned(spec)
    fake.plant("customer", email=EMAIL, created=OLD)
    before = copy.deepcopy(fake.objects)
    with pytest.raises(ChangedError):
        run(spec, person(), orders)
    assert fake.objects == before
    assert fake.writes == []


def test_a_bank_transfer_that_stays_behind_is_not_called_gone(server: Server, fake: StripeFake) -> None:
    everything(fake)
    fake.switches.takes_cash_balance_along = False
    fake.switches.takes_disputes_and_refunds_along = False
    spec = entry(server.url)
    outcomes = run(spec, person(), planned(spec)[1])
    failed = [name for name, outcome in outcomes.items() if outcome.status is Status.FAILED]
    assert sorted(failed) == ["cash_balance", "disputes"]
    assert outcomes["customers"].status is DONE


def test_a_guests_card_that_stays_behind_is_not_called_gone(server: Server, fake: StripeFake) -> None:
    method = fake.plant("payment_method", billing_details={"email": EMAIL}, created=OLD)
    paid(fake, None, payment_method=method["id"])
    fake.switches.takes_payment_methods_along = False
    spec = entry(server.url)
    outcomes = run(spec, person(), planned(spec)[1])
    assert outcomes["guest_charges"].status is DONE
    assert outcomes["guest_payment_methods"].status is Status.FAILED


def test_nothing_of_a_call_shows_in_a_log(
    server: Server,
    fake: StripeFake,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stripe: Any = pytest.importorskip("stripe")
    monkeypatch.setattr(stripe._util, "STRIPE_LOG", "debug")
    everything(fake)
    spec = entry(server.url)
    with (
        caplog.at_level(logging.DEBUG),
        caplog.at_level(logging.DEBUG, "stripe"),
        caplog.at_level(logging.DEBUG, "urllib3"),
    ):
        run(spec, person(), planned(spec)[1])
    shown = capfd.readouterr()
    for text in (caplog.text, shown.out, shown.err):
        for secret in ("sk_sandbox", "ann.lee", "ann lee", "cus_0"):
            assert secret not in text.lower()
