"""A SaaS that is nothing but YAML goes through a whole request: found, planned, deleted, read back, signed."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from connectors.model import Status
from connectors.sandbox.rest import HelpDesk, Newsletter
from connectors.sandbox.serve import Server
from orchestrator.inventory import Inventory
from orchestrator.issue import Fulfilled
from orchestrator.model import Level, Right
from orchestrator.service import Service
from orchestrator.staff import identify
from orchestrator.workspace import Workspace
from tests.connectors.rest.described import HERE, environ

ANN, JO = "ann.lee@example.com", "joann.lee@example.com"


def erased(name: str, url: str, state: Path, monkeypatch: pytest.MonkeyPatch) -> Fulfilled:
    for variable, value in environ(name, url).items():
        monkeypatch.setenv(variable, value)
    with Workspace.open(state, Inventory.load(HERE / f"{name}.yaml").sandboxed()) as workspace:
        service = Service(workspace, identify(workspace.inventory, "", None), None)
        request = service.new_request(Right.DELETE, [("email", ANN)], "email")
        method, why = "reply from the address on file", "the address is confirmed at every sign-in"
        service.verify(request, Level.REASONABLY_HIGH, method, ["email"], ["email"], why)
        planned = service.plan(request)
        service.approve(request, planned.digest)
        return service.run(request)


def statuses(done: Fulfilled) -> dict[str, str]:
    return {step["collection"]: step["status"] for step in done.payload["steps"]}


def test_a_help_desk_is_emptied_of_one_person(
    tmp_path: Path, help_desk: HelpDesk, help_desk_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Her tickets are found through the contact that the first search reveals, and go before it."""
    for email, name in ((ANN, "Ann Lee"), (JO, "Joann Lee"), ("bo@example.net", "Bo")):
        number = help_desk.contact(email, name)
        for n in range(3):
            help_desk.ticket(number, f"question {n}", "help", "note")
    others = copy.deepcopy([r for r in help_desk.stores["tickets"] if r["requester_id"] != "c1"])
    done = erased("help_desk", help_desk_server.url, tmp_path / "state", monkeypatch)
    assert done.payload["outcome"] == "complete"
    assert statuses(done) == {"tickets": Status.DONE, "contacts": Status.DONE}
    assert [row["email"] for row in help_desk.stores["contacts"]] == [JO, "bo@example.net"]
    assert help_desk.stores["tickets"] == others
    deleted = [path for method, path in help_desk_server.faults.calls if method == "DELETE"]
    assert deleted == ["/v2/tickets/1000", "/v2/tickets/1001", "/v2/tickets/1002", "/v2/contacts/c1"]


def test_a_newsletter_redacts_now_and_deletes_tomorrow(
    tmp_path: Path, newsletter: Newsletter, newsletter_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for email, name in ((ANN, "Ann Lee"), (JO, "Joann Lee"), ("bo@example.net", "Bo")):
        newsletter.subscriber(email, name, "555-0100")
        newsletter.response(email, "an answer")
    done = erased("newsletter", newsletter_server.url, tmp_path / "state", monkeypatch)
    assert done.payload["outcome"] == "accepted_pending", "what the vendor does tomorrow is not done"
    assert statuses(done) == {"responses": Status.ACCEPTED, "subscribers": Status.DONE}
    assert [row["profile"]["name"] for row in newsletter.stores["people"]] == [None, "Joann Lee", "Bo"]
