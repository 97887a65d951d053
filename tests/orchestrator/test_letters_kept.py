"""Where letters go, and what is kept of the person until the last one arrived."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.correspondence import Sent
from orchestrator.errors import NotAllowedError, UnknownError
from orchestrator.letter_notices import Given
from orchestrator.letters.kinds import Kind
from orchestrator.model import Right
from orchestrator.service import Service
from tests.orchestrator.letter_desk import ANN, RECEIVED, Desk
from tests.postbox import Postbox

DENIED = Given(because="other", reason="The request asks for a translation.")


# Where to write to


def test_an_address_that_only_a_record_revealed_is_never_written_to(today: Service, request_: str) -> None:
    vault = today.workspace.vault.open(request_)
    found = [{"kind": "email", "value": "found@vendor.example", "trust": "assigned", "origin": "shop/users"}]
    vault.put_json("plan:sha256:00", {"subject": {"identifiers": found}, "claimed": {"identifiers": []}})
    assert today.reply_to(request_).email == ANN
    with pytest.raises(NotAllowedError, match="must give it themselves"):
        today.letter_address(request_, "", (), "Found@Vendor.example")
    assert today.letter_address(request_, "", (), "new@example.org").email == "new@example.org"
    assert today.letter_address(request_, "Ann Lee", (), ANN).name == "Ann Lee"


def test_a_request_without_an_address_of_its_own_is_not_written_to_by_mail(today: Service, box: Postbox) -> None:
    request = today.new_request(Right.DELETE, [("user_id", "42")], "account", RECEIVED)
    with pytest.raises(NotAllowedError, match="to: the person's name, or an address"):
        today.send_letter(request, Kind.ACKNOWLEDGEMENT, Given())
    with pytest.raises(NotAllowedError, match="no address for e-mail"):
        today.send_letter(request, Kind.ACKNOWLEDGEMENT, Given(name="Ann Lee"))
    assert box.raw == []


# Until the last letter arrived


def closed(service: Service, request: str) -> None:
    """As a run does that leaves nothing open."""
    service.journal.append(request, "closed", "desk", {"outcome": "complete"})
    service.forget(request)


def test_a_letter_that_is_owed_keeps_where_to_write_to_and_nothing_else(
    today: Service, request_: str, tmp_path: Path
) -> None:
    today.letter_address(request_, "Ann Lee", ("12 Main Street",), "")
    vault = today.workspace.vault.open(request_)
    vault.put("evidence:x", b"a picture of canary-4711")
    closed(today, request_)
    left = today.workspace.vault.open(request_)
    assert left.slots() == ("reply",)
    assert today.reply_to(request_).name == "Ann Lee"
    (told,) = today.journal.entries(request_, "vault_reduced")
    assert told.payload == {"slots": 3, "kept": ["reply"]}
    with pytest.raises(UnknownError, match="closed, and what it knew"):
        today.run(request_)
    today.workspace.journal.verify()


def test_references_of_a_closed_request_can_not_be_repeated(today: Service, request_: str) -> None:
    from connectors.model import Locator

    before = today.workspace.vault.open(request_).ref(Locator("shop", "users", "1"))
    closed(today, request_)
    assert today.workspace.vault.open(request_).ref(Locator("shop", "users", "1")) != before


def answered(desk: Desk, request: str, at: datetime) -> Sent:
    service = desk(at)
    told = {
        "letter": "completion",
        "sha256": "sha256:00",
        "message": "<m@l>",
        "channel": "smtp",
        "at": at,
        "last": True,
    }
    service.journal.append(request, "letter_sent", "desk", {**told, "last": True})
    service.journal.append(request, "answered", "desk", {"at": at, "letter": "sha256:00"}, request)
    return service.letters_sent(request)[-1]


def test_when_the_last_letter_had_its_time_to_return_nothing_is_kept(desk: Desk, request_: str) -> None:
    at = RECEIVED + timedelta(days=5)
    closed(desk(at), request_)
    answered(desk, request_, at)
    assert desk(at + timedelta(days=6)).letter_delivered() == ()
    assert desk(at).reply_to(request_).email == ANN
    (arrived,) = desk(at + timedelta(days=8)).letter_delivered()
    assert arrived.state == "delivered"
    with pytest.raises(UnknownError, match="destroyed"):
        desk(at).workspace.vault.open(request_)
    assert desk(at + timedelta(days=9)).letter_delivered() == ()


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_denial_keeps_where_to_write_to_until_it_arrived(
    desk: Desk, request_: str, tmp_path: Path, by_hand: bool
) -> None:
    """And nothing else; a denial of which no letter here tells keeps nothing."""
    at, letter = RECEIVED + timedelta(days=5), tmp_path / "letter.txt"
    letter.write_text("Dear Ann")
    desk(at).workspace.vault.open(request_).put("evidence:x", b"a picture")
    if by_hand:
        desk(at).record_letter(request_, Kind.DENIAL, letter, DENIED)
    else:
        desk(at).send_letter(request_, Kind.DENIAL, DENIED)
    assert desk(at).workspace.vault.open(request_).slots() == ("reply",)
    assert desk(at).reply_to(request_).email == ANN
    assert len(desk(at + timedelta(days=8)).letter_delivered()) == 1
    with pytest.raises(UnknownError, match="destroyed"):
        desk(at).workspace.vault.open(request_)


def test_a_letter_that_came_back_keeps_the_address_until_one_arrives(desk: Desk, request_: str) -> None:
    at = RECEIVED + timedelta(days=5)
    closed(desk(at), request_)
    answered(desk, request_, at)
    assert desk(at).letter_returned(request_, "mailbox full").state == "returned"
    assert desk(at + timedelta(days=30)).letter_delivered() == ()
    assert desk(at).reply_to(request_).email == ANN


def test_a_request_answered_by_file_or_without_letters_is_forgotten_at_once(
    today: Service, request_: str, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Ann")
    today.answer(request_, letter)
    closed(today, request_)
    with pytest.raises(UnknownError, match="destroyed"):
        today.workspace.vault.open(request_)


def test_nobody_is_written_to_about_a_replay(today: Service) -> None:
    again = today.new_request(Right.DELETE, [("email", ANN)], "restore", RECEIVED, replays="r-1")
    assert today.next_letter(again) is None
    with pytest.raises(NotAllowedError, match="nobody asked for it"):
        today.draft_letter(again, Kind.ACKNOWLEDGEMENT, Given())
    closed(today, again)
    with pytest.raises(UnknownError, match="destroyed"):
        today.workspace.vault.open(again)
