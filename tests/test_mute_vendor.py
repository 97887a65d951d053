"""A mailing vendor that cannot take an opt-out holds up itself and those it copies from; nobody else waits for it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import typer

from connectors.sandbox.faults import Fault, Faults
from connectors.sandbox.training_tracker.mailings import SHOP
from orchestrator.cli.planning import run
from orchestrator.due import Owed
from orchestrator.errors import OrchestratorError, SystemFailedError
from orchestrator.issue import Fulfilled
from orchestrator.signing import verify
from tests.office import Office

STORES = ("app_db", "sendgrid", "hatchbuck", "calendly")


def kept(office: Office) -> dict[str, object]:
    """What each store holds of the person."""
    return {name: store.of(office.sandbox.people.subject) for name, store in office.sandbox.stores.items()}


def mute(office: Office) -> AbstractContextManager[None]:
    """SendGrid says yes to an opt-out, and does not keep it."""
    faults: Faults = office.sandbox.stores["sendgrid"].faults
    return faults.inject(Fault.LYING, match=lambda method, path: path.endswith("/asm/suppressions/global"))


def last_receipt(office: Office, request: str) -> dict[str, Any]:
    *_, file = sorted((office.state / "receipts").glob(f"{request}-*.json"))
    return dict(verify(file.read_bytes(), [office.workspace.signing_key.public]))


def test_the_others_go_on_and_the_receipt_stays_open_until_it_is_entered(office: Office) -> None:
    subject = office.sandbox.people.subject
    request = office.approved(subject.email)
    before, others = kept(office), office.sandbox.untouched(office.sandbox.people.bystander)
    with mute(office), pytest.raises(SystemFailedError, match="sendgrid: opt-out not entered") as told:
        office.service.run(request)
    for said in (
        "hatchbuck: nothing is deleted there until",
        "done by hand, and make a new plan",
        f"dsr run {request}",
    ):
        assert said in str(told.value)
    after = kept(office)
    assert after["sendgrid"] == before["sendgrid"]
    opted_out = str(before["hatchbuck"]).replace("'subscribed': True", "'subscribed': False")
    assert str(after["hatchbuck"]) == opted_out, "entered there, and nothing deleted"
    assert after["app_db"] != before["app_db"]
    assert after["calendly"] != before["calendly"]
    assert office.service.opted_out([subject.email]) == (1,), "our own list does not wait for anybody"
    told_ = last_receipt(office, request)
    assert (told_["outcome"], told_["final"]) == ("open", False)
    assert {"system": "sendgrid", "kept": False} in told_["opt_outs"]
    steps = {(s["system"], s["standing"]) for s in told_["steps"] if s["action"] == "delete"}
    assert ("sendgrid", "not_attempted") in steps
    assert {o.system for o in office.service.due(request) if o.owed is Owed.GO_ON} == {"sendgrid", "hatchbuck"}
    # Mended: the next run enters it, and does what was left and nothing twice.
    done = office.service.run(request)
    assert subject.email in office.sandbox.stores["sendgrid"].fake.accounts[SHOP].unsubscribes
    assert all(o["kept"] for o in done.payload["opt_outs"])
    assert not {o.system for o in office.service.due(request) if o.owed is Owed.GO_ON}
    assert office.sandbox.untouched(office.sandbox.people.bystander) == others


def test_an_opt_out_that_is_lost_and_cannot_be_entered_again_holds_up_no_reading(office: Office) -> None:
    subject = office.sandbox.people.subject
    request = office.erase(subject.email).payload["request"]
    office.sandbox.stores["sendgrid"].fake.accounts[SHOP].forget({subject.email})
    assert isinstance(office.service.run(request), Fulfilled)  # which sees that it is lost
    seen = len([*office.workspace.journal.entries(request, "confirmed")])
    with mute(office), pytest.raises(SystemFailedError, match="opt-out not entered"):
        office.service.run(request)
    assert len([*office.workspace.journal.entries(request, "confirmed")]) == seen + 1


def ran(office: Office, request: str) -> int:
    """What `dsr run` ends with, over this office's systems."""
    desk = SimpleNamespace(service=lambda: nullcontext(office.service))
    try:
        run(SimpleNamespace(obj=desk), request, as_json=True)  # type: ignore[arg-type]
    except typer.Exit as ended:
        return ended.exit_code
    except OrchestratorError as error:
        return error.exit_code
    return 0


def test_the_exit_code_says_whether_a_system_failed(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """First an opt-out, then a deletion, then a reading back; when all that is mended, much is still by hand."""
    request = office.approved(office.sandbox.people.subject.email)
    with mute(office):
        assert ran(office, request) == 1
    calendar, contacts = (office.sandbox.stores[name].faults for name in ("calendly", "sendgrid"))
    with contacts.inject(Fault.TRUNCATED, match=lambda method, path: method == "DELETE"):
        assert ran(office, request) == 1
    with calendar.inject(Fault.TRUNCATED, match=lambda method, path: path.endswith("/scheduled_events")):
        assert ran(office, request) == 1
    assert "could not be read back: calendly" in capsys.readouterr().err
    assert ran(office, request) == 7
    office.service.place_hold("case 9", datetime.now(UTC) + timedelta(days=9), {"collection": "app_db"})
    assert ran(office, request) == 7, "a hold is no failure"
