"""Redaction jobs, and what a crash or a repeated answer leaves behind."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import TransientError
from connectors.model import Action, Status
from connectors.sandbox.faults import Fault
from connectors.sandbox.serve import Server
from connectors.sandbox.stripe import StripeFake
from tests.connectors.stripe.account import DONE, EMAIL, OLD, entry, located, paid, person, planned, run


def test_a_job_that_does_not_validate_redacts_nothing_and_is_cancelled(server: Server, fake: StripeFake) -> None:
    id_ = fake.plant("customer", email=EMAIL, created=OLD)["id"]
    charge = paid(fake, id_)
    spec = entry(server.url)
    _, orders = planned(spec)
    fake.now = OLD + timedelta(days=30)  # to the vendor the payment is younger than to us
    before = copy.deepcopy(charge)
    outcomes = run(spec, person(), orders)
    assert {o.status for o in outcomes.values()} == {Status.FAILED}
    assert "invalid_state (charge)" in outcomes["customers"].reason
    assert charge == before
    assert {job["status"] for job in fake.redactions.jobs.values()} == {"canceling"}
    fake.tick()
    fake.now = datetime.now(UTC)
    assert {o.status for o in run(spec, person(), orders).values()} == {DONE}


def test_a_job_that_outlasts_the_wait_is_accepted_and_found_again(server: Server, fake: StripeFake) -> None:
    fake.plant("customer", email=EMAIL, created=OLD)
    spec = entry(server.url, redaction_wait=0.05, redaction_poll=0.01)
    _, orders = planned(spec)
    fake.switches.auto_advance = False
    with pytest.raises(TransientError, match="validated"):
        run(spec, person(), orders)
    fake.tick()
    fake.tick()
    for _ in range(2):
        outcome = run(spec, person(), orders)["customers"]
        assert outcome.status is Status.ACCEPTED
        assert outcome.until is not None
    assert located(spec, person()) == {"customers": 1}
    fake.tick()
    assert len(fake.redactions.jobs) == 1
    assert run(spec, person(), orders)["customers"].status is Status.ABSENT


@pytest.mark.parametrize("step", ["redaction_jobs", "run"])
def test_after_a_crash_the_same_job_goes_on(server: Server, fake: StripeFake, step: str) -> None:
    fake.plant("customer", email=EMAIL, created=OLD)
    spec = entry(server.url)
    _, orders = planned(spec)
    # The effect is there, the answer is lost.
    with (
        server.faults.inject(Fault.CUT, match=lambda m, p: m == "POST" and p.endswith(step)),
        pytest.raises(TransientError),
    ):
        run(spec, person(), orders)
    assert {o.status for o in run(spec, person(), orders).values()} <= {DONE, Status.ABSENT}
    assert len(fake.redactions.jobs) == 1
    assert located(spec, person()) == {}


def test_a_job_with_other_peoples_objects_is_never_run(server: Server, fake: StripeFake) -> None:
    mine = fake.plant("customer", email=EMAIL, created=OLD)["id"]
    other = fake.plant("customer", email="ann.lee2@example.com", created=OLD)["id"]
    job = {"id": "prj_x", "status": "ready", "validation_behavior": "error", "errors": [], "created": 0}
    fake.redactions.jobs["prj_x"] = {**job, "objects": {"customers": [mine, other]}}
    spec = entry(server.url)
    outcome = run(spec, person(), planned(spec)[1])["customers"]
    assert outcome.status is Status.FAILED
    assert "another redaction job" in outcome.reason
    assert fake.redactions.jobs["prj_x"]["status"] == "ready"
    assert fake.objects[other]["email"] == "ann.lee2@example.com"


def test_what_another_job_redacts_just_now_is_waited_for(server: Server, fake: StripeFake) -> None:
    ids = [fake.plant("customer", email=e, created=OLD)["id"] for e in (EMAIL, "ann.lee2@example.com")]
    job = {"id": "prj_x", "status": "redacting", "validation_behavior": "error", "errors": [], "created": 0}
    fake.redactions.jobs["prj_x"] = {**job, "objects": {"customers": ids}}
    spec = entry(server.url)
    _, orders = planned(spec)
    assert run(spec, person(), orders)["customers"].status is Status.ACCEPTED
    assert list(fake.redactions.jobs) == ["prj_x"]
    fake.tick()
    assert run(spec, person(), orders)["customers"].status is Status.ABSENT


def test_twenty_five_customers_are_three_jobs(server: Server, fake: StripeFake) -> None:
    for _ in range(25):
        fake.plant("customer", email=EMAIL, created=OLD)
    spec = entry(server.url, page_size=100)
    assert run(spec, person(), planned(spec)[1])["customers"].count == 25
    assert sorted(len(fake.redactions.roots(j)) for j in fake.redactions.jobs.values()) == [5, 10, 10]
    assert located(spec, person()) == {}


def test_after_a_crash_what_was_ended_is_not_taken_for_something_new(server: Server, fake: StripeFake) -> None:
    id_ = fake.plant("customer", email=EMAIL, created=OLD)["id"]
    for kind in ("subscription", "payment_intent", "invoice"):
        fake.plant(kind, customer=id_, created=OLD, **({"status": "canceled"} if kind != "invoice" else {}))
    fake.plant("subscription", customer=id_, created=OLD)
    fake.plant("payment_intent", customer=id_, status="requires_action", receipt_email=EMAIL, created=OLD)
    fake.plant("invoice", customer=id_, status="open", customer_email=EMAIL, created=OLD)
    spec = entry(server.url)
    _, orders = planned(spec)
    broken = server.faults.inject(Fault.SERVER_ERROR, match=lambda m, p: m == "POST" and "privacy" in p)
    with broken, pytest.raises(TransientError):
        run(spec, person(), orders)
    outcomes = run(spec, person(), orders)
    assert {o.status for o in outcomes.values()} <= {DONE, Status.ABSENT}
    assert located(spec, person()) == {}
    assert sum(path.endswith("/void") for _, path in fake.writes) == 1


def test_after_a_crash_what_was_ended_still_loses_the_person(server: Server, fake: StripeFake) -> None:
    id_ = fake.plant("customer", email=EMAIL, created=OLD)["id"]
    invoice = fake.plant("invoice", customer=id_, status="open", customer_email=EMAIL, created=OLD)
    spec = entry(server.url)
    _, orders = planned(spec, customers=Action.REDACT)  # so that no customer takes it along
    broken = server.faults.inject(Fault.SERVER_ERROR, match=lambda m, p: m == "POST" and "privacy" in p)
    with broken, pytest.raises(TransientError):
        run(spec, person(), orders)
    assert invoice["status"] == "void"
    assert run(spec, person(customers=[id_]), orders)["invoices_open"].status is DONE
    assert invoice["customer_email"] == "[redacted]"


def test_a_stored_server_error_is_not_replayed_for_a_day(server: Server, fake: StripeFake) -> None:
    item = fake.plant("customer", email=EMAIL, created=OLD)
    spec = entry(server.url)
    _, orders = planned(spec, customers=Action.REDACT)
    fake.fail_next = [500]
    with pytest.raises(TransientError):
        run(spec, person(), orders)
    assert run(spec, person(), orders)["customers"].status is DONE
    assert item["email"] is None
