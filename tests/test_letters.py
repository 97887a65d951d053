"""Letters over whole requests: from the acknowledgement to the last answer, and the traces they leave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.gmail.mailbox import Message
from connectors.sandbox.training_tracker.correspondence import SUPPORT
from connectors.sandbox.world import Sandbox
from orchestrator.errors import NotAllowedError, UnknownError
from orchestrator.inventory.stationery import Channel
from orchestrator.journal import State
from orchestrator.letter_notices import Given
from orchestrator.letters.kinds import Kind
from orchestrator.model import Right
from tests.office import Office, dsr, inventory
from tests.postbox import Postbox, postbox

STORES = ("app_db", "gmail")
NOBODY = "nobody.here@example.net"
SOON = Given(by=(datetime.now(UTC) + timedelta(days=60)).date())


@pytest.fixture
def box() -> Iterator[Postbox]:
    with postbox() as box:
        yield box


def office_of(sandbox: Sandbox, state: Path, box: Postbox, *names: str) -> Office:
    sandbox.replant()
    held = inventory()
    assert held.letters is not None
    settings = {"host": "127.0.0.1", "port": box.port, "security": "none"}
    channel = Channel("smtp", "desk@training-tracker.example", settings)
    letters = replace(held.letters, reply_to="desk@training-tracker.example", sandbox=channel)
    systems = {n: s for n, s in held.systems.items() if n in names}
    return Office(sandbox, state, replace(held, systems=systems, letters=letters))


@pytest.fixture
def office(running: Sandbox, tmp_path: Path, box: Postbox) -> Iterator[Office]:
    office = office_of(running, tmp_path / "state", box, *STORES)
    yield office
    office.close()


def plain(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


def relayed(office: Office, box: Postbox, days: float = 0) -> None:
    """Whatever went out stands in a mailbox of the company's, as a relay leaves it."""
    fake: Any = office.sandbox.stores["gmail"].fake
    for raw in box.raw[-1:]:
        identity = fake.new_id()
        fake.boxes[SUPPORT].messages[identity] = Message(identity, identity, raw, fake.now - timedelta(days), {"SENT"})


def correspondence(payload: dict[str, Any]) -> tuple[int, set[str]]:
    mine = [s for s in payload["steps"] if s["collection"] == "request_correspondence"]
    return sum(s["planned"] for s in mine), {s["standing"] for s in mine}


def test_from_the_acknowledgement_to_the_last_answer(office: Office, box: Postbox, tmp_path: Path) -> None:
    service, subject = office.service, office.sandbox.people.subject
    before = {p.name: office.sandbox.untouched(p) for p in office.sandbox.people if p != subject}
    request = service.new_request(Right.DELETE, [("email", subject.email)], "email")
    service.letter_address(request, subject.name, (), "")
    assert service.next_letter(request) is Kind.ACKNOWLEDGEMENT
    service.send_letter(request, Kind.ACKNOWLEDGEMENT, Given())
    relayed(office, box)
    assert service.next_letter(request) is Kind.MORE_INFORMATION
    office.verified(request)
    planned = service.plan(request)
    assert {s.action for s in planned.plan.steps if s.collection == "request_correspondence"} == {"retain"}
    service.approve(request, planned.digest)
    assert service.next_letter(request) is Kind.APPROVAL

    first = service.run(request).payload
    assert correspondence(first) == (2, {"retained"}), "the person's request, and our letter, by its Message-ID"
    assert (first["outcome"], first["late"]) == ("open", [])
    assert service.next_letter(request) is Kind.APPROVAL
    service.send_letter(request, Kind.APPROVAL, Given())
    relayed(office, box)
    assert "it is not our final answer" in plain(box.mails[-1])
    assert service.clocked(request).open

    proof = tmp_path / "proof.png"
    proof.write_bytes(b"a picture")
    for step in service.manual_steps(request):
        service.manual_done(step.ref, "", proof)
    second = service.run(request).payload
    assert second["late"] == [], "a letter is no data that nobody planned for"
    assert second["outcome"] == "open", "a search still finds what staff say they did"
    with pytest.raises(NotAllowedError, match="needs another letter"):
        service.draft_letter(request, Kind.COMPLETION, SOON)
    answer = service.send_letter(request, Kind.PARTIAL_DENIAL, SOON)  # the law's time is up
    relayed(office, box)
    shown = plain(box.mails[-1])
    assert f"Dear {subject.name}," in shown
    assert "Books and records for tax (26 U.S.C. 6501" in shown
    assert "Used only for: Showing how a request was answered" in shown
    assert "only as a service provider" in shown
    assert "Everything" not in shown
    assert not service.clocked(request).open, "the answer stops the clock"

    third = service.run(request).payload
    assert (third["late"], third["outcome"]) == ([], second["outcome"]), "no letter starts a new plan"
    assert [sent["kind"] for sent in third["letters"]] == ["acknowledgement", "answer"]
    assert third["letters"][-1]["sha256"] == answer.sha256
    assert third["dates"]["answered"]
    after = {p.name: office.sandbox.untouched(p) for p in office.sandbox.people if p != subject}
    assert after == before
    assert [m.get_all("To") for m in box.mails] == [[subject.email]] * 3
    for name, content in office.files().items():
        for value in (subject.email, subject.name, "Dear "):
            assert value.encode() not in content, name


def test_an_answer_before_the_end_owes_a_further_letter(office: Office, box: Postbox) -> None:
    service, subject = office.service, office.sandbox.people.subject
    request = office.approved(subject.email)
    service.run(request)
    with pytest.raises(NotAllowedError, match="again_by"):
        service.send_letter(request, Kind.PARTIAL_DENIAL, Given(name=subject.name))
    sent = service.send_letter(request, Kind.PARTIAL_DENIAL, replace(SOON, name=subject.name))
    assert not sent.last
    assert service.next_letter(request) is None, "nothing is new yet"
    assert "We will write to you again when this is finished" in plain(box.mails[-1])
    assert service.send_letter(request, Kind.PARTIAL_DENIAL, SOON).kind is Kind.PARTIAL_DENIAL
    assert len(list(service.journal.entries(request, "answered"))) == 1, "one answer stops the clock once"


def test_a_closed_request_is_answered_and_then_forgotten(running: Sandbox, tmp_path: Path, box: Postbox) -> None:
    office = office_of(running, tmp_path / "state", box, "app_db")
    service = office.service
    request = office.approved(NOBODY)
    payload = service.run(request).payload
    assert (payload["outcome"], service.journal.state(request)) == ("nothing_found", State.CLOSED)
    assert service.workspace.vault.open(request).slots() == ("reply",)
    kind = service.next_letter(request)
    assert kind is Kind.NOTHING_FOUND
    assert service.send_letter(request, kind, Given()).last
    assert box.to == [[NOBODY]]
    assert "found nothing about you" in plain(box.mails[0])
    assert service.next_letter(request) is None
    later = office.as_(service.actor, datetime.now(UTC) + timedelta(days=8))
    (arrived,) = later.letter_delivered()
    assert arrived.state == "delivered"
    with pytest.raises(UnknownError, match="destroyed"):
        service.workspace.vault.open(request)
    assert not [name for name, content in office.files().items() if NOBODY.encode() in content]
    service.journal.verify()
    office.close()


def test_letters_from_the_command_line(running: Sandbox, tmp_path: Path, box: Postbox) -> None:
    office = office_of(running, tmp_path / "state", box, *STORES)
    made = dsr(office, "request", "new", "--email", office.sandbox.people.subject.email)
    request = made.stdout.split()[0]
    assert f"dsr letter draft {request} acknowledgement" in made.stdout
    lines = tmp_path / "address.txt"
    lines.write_text("12 Main Street\nSpringfield CA 90000\n")
    known = dsr(office, "letter", "address", request, "--name", "Ann Lee", "--address-from", str(lines))
    assert known.stdout == f"{request}  known: name, address, email\n"
    drafted = dsr(office, "letter", "draft", request, "acknowledgement", "--out", str(tmp_path / "out"), "--json")
    assert drafted.returncode == 0, drafted.stderr
    where = json.loads(drafted.stdout)["where"]
    assert "Ann Lee\n12 Main Street" not in drafted.stdout + drafted.stderr
    assert "Dear Ann Lee," in Path(where[0]).read_text()
    recorded = dsr(office, "letter", "record", request, "acknowledgement", "--letter", where[2])
    assert recorded.returncode == 0, recorded.stderr
    listed = json.loads(dsr(office, "letter", "list", "--json").stdout)
    assert [(s["kind"], s["state"]) for s in listed["sent"]] == [("acknowledgement", "sent")]
    assert listed["next"] == {request: "more_information"}
    office.close()
