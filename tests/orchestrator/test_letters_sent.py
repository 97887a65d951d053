"""Letters as they go out: what is journalled, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from orchestrator.errors import NotAllowedError, UnknownError
from orchestrator.journal import State
from orchestrator.law import Topic
from orchestrator.letter_notices import Given
from orchestrator.letters.kinds import Kind
from orchestrator.letters.post import NotSentError, PerhapsSentError
from orchestrator.model import Level, Right
from orchestrator.receipt import hash_of
from orchestrator.service import Service
from tests.orchestrator.cases import plan, step
from tests.orchestrator.inventories import MINIMAL
from tests.orchestrator.letter_desk import ANN, LETTERS, RECEIVED, desk_of
from tests.postbox import Postbox

DENIED = Given(because="other", reason="The request asks for a translation.")


def only(box: Postbox) -> EmailMessage:
    (mail,) = box.mails
    return mail


# Sending


def test_an_acknowledgement_that_is_sent_acknowledges(today: Service, request_: str, box: Postbox) -> None:
    today.letter_address(request_, "Ann Lee", (), "")
    sent = today.send_letter(request_, Kind.ACKNOWLEDGEMENT, Given())
    mail = only(box)
    assert box.to == [[ANN]]
    assert (mail["From"], mail["Reply-To"]) == ("desk@office.example", "privacy@office.example")
    assert mail["Message-ID"] == sent.message == f"<{request_}.acknowledgement.1@letters.office.example>"
    assert "Dear Ann Lee," in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert (sent.state, sent.channel, sent.last, sent.at) == ("sent", "smtp", False, today.now())
    (clocked,) = today.clock()
    (acknowledged,) = [d for d in clocked.deadlines if d.what is Topic.ACKNOWLEDGE]
    assert acknowledged.met == today.day(today.now())
    assert today.letters(request_)[0].sha256 == sent.sha256
    with pytest.raises(NotAllowedError, match="acknowledged on 2026-03-05 already"):
        today.send_letter(request_, Kind.ACKNOWLEDGEMENT, Given())
    assert len(box.raw) == 1


def test_an_extension_and_a_denial_do_what_the_commands_do(today: Service, request_: str, box: Postbox) -> None:
    today.send_letter(request_, Kind.EXTENSION, Given(reason="A vendor has two months."))
    assert today.extended_until(request_) == date(2026, 5, 30)
    assert "May 30, 2026" in box.mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    denied = today.send_letter(request_, Kind.DENIAL, DENIED)
    assert today.journal.state(request_) is State.DENIED
    assert denied.last
    assert today.next_letter(request_) is None
    (told,) = today.journal.entries(request_, "denied")
    outcome = {"exception": "", "outcome": "deletion_denied", "ask_opt_out": False}
    assert told.payload == {"code": "other", "reason": DENIED.reason, **outcome}


@pytest.mark.parametrize(
    ("kind", "given", "why"),
    [
        (Kind.EXTENSION, Given(), "an extension says why"),
        (Kind.EXTENSION, Given(reason="x", until=date(2026, 9, 9)), "the law ends on"),
        (Kind.DENIAL, Given(reason="x"), "one of these grounds"),
        (Kind.DENIAL, Given(because="too_many_requests", reason="x"), "no limit"),
        (Kind.COMPLETION, Given(), "dsr run"),
        (Kind.MORE_INFORMATION, Given(), "--ask"),
    ],
)
def test_what_the_law_or_the_facts_do_not_allow_is_not_sent(
    today: Service, request_: str, box: Postbox, kind: Kind, given: Given, why: str
) -> None:
    with pytest.raises(NotAllowedError, match=why):
        today.send_letter(request_, kind, given)
    assert (box.raw, list(today.journal.entries(request_, "letter_sending"))) == ([], [])


@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_what_the_server_refuses_was_not_sent_and_may_be_sent_again(
    today: Service, request_: str, box: Postbox, step: str
) -> None:
    box.refuses = step
    with pytest.raises(NotSentError) as error:
        today.send_letter(request_, Kind.ACKNOWLEDGEMENT, Given())
    assert ANN not in str(error.value)
    assert today.letters_sent(request_) == ()
    assert today.next_letter(request_) is Kind.ACKNOWLEDGEMENT
    box.refuses = ""
    assert today.send_letter(request_, Kind.ACKNOWLEDGEMENT, Given()).state == "sent"


def test_a_server_that_is_not_there_took_nothing(
    today: Service, request_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PORT", "1")
    with pytest.raises(NotSentError, match="cannot be reached"):
        today.send_letter(request_, Kind.ACKNOWLEDGEMENT, Given())


def test_what_may_have_gone_out_is_looked_for_before_it_is_sent_again(
    today: Service, request_: str, box: Postbox
) -> None:
    box.hangs_up = True
    with pytest.raises(PerhapsSentError, match="in the mail sent"):
        today.send_letter(request_, Kind.ACKNOWLEDGEMENT, Given())
    (perhaps,) = today.letters_sent(request_)
    assert perhaps.state == "perhaps sent"
    assert [d.met for d in today.clocked(request_).deadlines] == [None, None], "no clock is stopped on a guess"
    box.hangs_up = False
    with pytest.raises(NotAllowedError, match="may have gone out on 2026-03-05"):
        today.send_letter(request_, Kind.ACKNOWLEDGEMENT, Given())
    sent = today.send_letter(request_, Kind.ACKNOWLEDGEMENT, Given(), again=True)
    assert (sent.message, sent.state) == (perhaps.message, "sent")
    assert len({mail["Message-ID"] for mail in box.mails}) == 1, "mailboxes show it once"


def test_killed_between_the_clock_and_the_entry_it_counts_as_sent(
    today: Service, request_: str, box: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = today.journal.append

    def cut(request: str, kind: str, *more: object) -> object:
        if kind == "letter_sent":
            raise KeyboardInterrupt
        return append(request, kind, *more)  # type: ignore[arg-type]

    with monkeypatch.context() as killed:
        killed.setattr(today.journal, "append", cut)
        with pytest.raises(KeyboardInterrupt):
            today.send_letter(request_, Kind.ACKNOWLEDGEMENT, Given())
    (letter,) = today.letters_sent(request_)
    assert letter.state == "sent"
    with pytest.raises(NotAllowedError, match="already"):
        today.send_letter(request_, Kind.ACKNOWLEDGEMENT, Given())
    assert len(box.raw) == 1


def test_letters_by_hand_are_recorded_by_their_file(tmp_path: Path) -> None:
    text = MINIMAL + LETTERS.rpartition("  channel:")[0]
    for desk in desk_of(tmp_path, text):
        service = desk(RECEIVED + timedelta(days=3))
        request = service.new_request(Right.DELETE, [("email", ANN)], "email", RECEIVED)
        with pytest.raises(NotAllowedError, match="dsr letter record"):
            service.send_letter(request, Kind.ACKNOWLEDGEMENT, Given())
        drafted = service.draft_letter(request, Kind.ACKNOWLEDGEMENT, Given(name="Ann Lee"), tmp_path / "out")
        letter = Path(drafted.where[0])
        yesterday = service.now() - timedelta(days=1)
        sent = service.record_letter(request, Kind.ACKNOWLEDGEMENT, letter, Given(), yesterday)
        assert (sent.sha256, sent.channel, sent.at) == (hash_of(letter.read_bytes()), "by_hand", yesterday)
        assert sent.sha256 == drafted.hashes[0]


# Notices to vendors


def test_a_vendor_is_told_by_the_identifiers_that_it_has_already(today: Service, box: Postbox, tmp_path: Path) -> None:
    request = today.new_request(Right.DELETE, [("email", ANN), ("user_id", "42")], "email", RECEIVED)
    host = Given(vendor="host")
    with pytest.raises(NotAllowedError, match="not verified"):
        today.draft_letter(request, Kind.VENDOR_NOTICE, host)
    today.verify(request, Level.REASONABLE, "reply", ["email"], ["email"], "a method of ours")
    with pytest.raises(NotAllowedError, match="a plan that found something there"):
        today.draft_letter(request, Kind.VENDOR_NOTICE, host)
    row = replace(step("a"), system="shop", collection="users")
    today.journal.save_plan(plan(row, request=request))
    with pytest.raises(UnknownError, match="did you mean 'host'"):
        today.draft_letter(request, Kind.VENDOR_NOTICE, Given(vendor="hosts"))
    (text, *_) = today.draft_letter(request, Kind.VENDOR_NOTICE, host, tmp_path / "out").where
    shown = Path(text).read_text()
    assert "Dear Shop Hosting Inc," in shown
    assert f"- E-mail\n  Value: {ANN}" in shown
    assert "42" not in shown.replace("1798", ""), "only what was proven, and what the vendor knows the person by"
    with pytest.raises(NotAllowedError, match="dsr letter record"):
        today.send_letter(request, Kind.VENDOR_NOTICE, host)
    sent = today.record_letter(request, Kind.VENDOR_NOTICE, Path(text), host)
    (told,) = today.journal.entries(request, "vendor_notified")
    assert (told.payload["vendor"], told.payload["proof"]) == ("host", sent.sha256)
    assert not sent.last


# Drafts


def test_a_draft_is_a_private_file_or_stays_in_the_vault(today: Service, request_: str, tmp_path: Path) -> None:
    made = today.draft_letter(request_, Kind.ACKNOWLEDGEMENT, Given(name="Ann Lee"), tmp_path / "out")
    assert [Path(p).suffix for p in made.where] == [".txt", ".html", ".pdf"]
    assert {Path(p).stat().st_mode & 0o777 for p in made.where} == {0o600}
    assert not made.no_pdf
    kept = today.draft_letter(request_, Kind.ACKNOWLEDGEMENT, Given(name="Ann Lee"))
    copied = today.letter_copy(request_, kept.where[0], tmp_path / "copy.txt")
    assert copied.read_text() == Path(made.where[0]).read_text()
    assert copied.stat().st_mode & 0o777 == 0o600
    assert today.clock()[0].deadlines[0].met is None, "a draft stops no clock"


def test_the_journal_names_letters_and_nobody(today: Service, request_: str, box: Postbox, tmp_path: Path) -> None:
    today.letter_address(request_, "Ann Lee", ("12 Main Street",), "ann.private@example.org")
    today.draft_letter(request_, Kind.ACKNOWLEDGEMENT, Given())
    sent = today.send_letter(request_, Kind.ACKNOWLEDGEMENT, Given())
    today.letter_returned(request_, "mailbox full")
    assert box.to == [["ann.private@example.org"]]
    (told,) = today.journal.entries(request_, "letter_sent")
    assert told.payload["sha256"] == sent.sha256 == hash_of(box.raw[0].removesuffix(b"\r\n") + b"\r\n")
    for path in (p for p in (tmp_path / "state").rglob("*") if p.is_file()):
        for value in (b"Ann Lee", b"Main Street", b"ann.private", ANN.encode(), b"Dear"):
            assert value not in path.read_bytes(), path.name
