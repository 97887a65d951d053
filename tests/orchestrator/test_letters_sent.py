"""Letters as they go out: what is journalled, what is refused, what is kept of the person and until when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from orchestrator.correspondence import Sent
from orchestrator.errors import InventoryError, NotAllowedError, UnknownError
from orchestrator.inventory import Inventory
from orchestrator.journal import State
from orchestrator.law import Topic
from orchestrator.letter_facts import Given
from orchestrator.letters.kinds import Kind
from orchestrator.letters.post import NotSentError, PerhapsSentError
from orchestrator.model import Level, Right
from orchestrator.receipt import hash_of
from orchestrator.service import Service
from orchestrator.staff import identify
from orchestrator.workspace import Workspace
from tests.orchestrator.cases import plan, step
from tests.orchestrator.inventories import MINIMAL, changed, written
from tests.postbox import Postbox, postbox

RECEIVED = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ANN = "ann@example.com"
LETTERS = """\
recipients:
  - id: host
    title: Shop Hosting Inc
    category: Hosting provider
    capacity: service_provider
    contract: "yes"
    owner: engineering
    notice: A ticket in the host's console
    gets: [{what: [shop], purposes: [Hosting], sold: "no", shared: "no", direct_marketing: "no"}]
letters:
  address: [1 Office Road]
  reply_to: privacy@office.example
  signed_by: Privacy desk
  message_ids: letters.office.example
  channel: {kind: smtp, sender: desk@office.example, host: 127.0.0.1, port: "env:MAIL_PORT", security: none}
"""
DENIED = Given(because="other", reason="The request asks for a translation.")
Desk = Callable[[datetime], Service]


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Postbox]:
    with postbox() as box:
        monkeypatch.setenv("MAIL_PORT", str(box.port))
        yield box


@pytest.fixture
def desk(tmp_path: Path, box: Postbox) -> Iterator[Desk]:
    yield from _desk(tmp_path, MINIMAL + LETTERS)


def _desk(folder: Path, text: str) -> Iterator[Desk]:
    inventory = Inventory.load(written(folder, text))
    actor = identify(inventory, "", None)
    with Workspace.open(folder / "state", inventory) as workspace:

        def on(now: datetime) -> Service:
            workspace.journal.now = lambda: now
            return Service(workspace, actor, lambda: now)

        yield on


@pytest.fixture
def today(desk: Desk) -> Service:
    return desk(RECEIVED + timedelta(days=3))


@pytest.fixture
def request_(today: Service) -> str:
    return today.new_request(Right.DELETE, [("email", ANN)], "email", RECEIVED)


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
    for desk in _desk(tmp_path, text):
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


# The inventory's section


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("  message_ids: letters.office.example\n", "", "message_ids"),
        ("address: [1 Office Road]", "address: [1 Office Road]\n  traces: [shop/users]", "no retention rule covers it"),
        ("kind: smtp", "kind: pigeon", "pigeon|by_hand"),
    ],
)
def test_a_section_that_cannot_be_kept_is_refused(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert LETTERS.count(old) == 1
    with pytest.raises(InventoryError, match=problem):
        Inventory.load(written(tmp_path, MINIMAL + LETTERS.replace(old, new)))


def test_mailboxes_must_recognise_letters(tmp_path: Path) -> None:
    gmail = """\
  mailboxes:
    title: Mail
    connector: gmail
    role: business
    sources: [The person]
    purposes: [Support]
    owner: desk
    settings: {domains: [office.example], mailboxes: [desk@office.example], request_message_ids: other.example}
"""
    with pytest.raises(InventoryError, match="not recognised in mailboxes"):
        Inventory.load(written(tmp_path, MINIMAL + gmail + LETTERS))
    right = gmail.replace("other.example", "letters.office.example")
    assert Inventory.load(written(tmp_path, MINIMAL + right + LETTERS)).letters


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [("host: 127.0.0.1", "host: mail.example.com", "on this machine"), ("env:MAIL_PORT", "env:NOT_A_PORT", "port")],
)
def test_a_server_without_tls_is_on_this_machine(
    tmp_path: Path, box: Postbox, monkeypatch: pytest.MonkeyPatch, old: str, new: str, problem: str
) -> None:
    monkeypatch.setenv("NOT_A_PORT", "many")
    for desk in _desk(tmp_path, MINIMAL + LETTERS.replace(old, new)):
        service = desk(RECEIVED)
        request = service.new_request(Right.DELETE, [("email", ANN)], "email", RECEIVED)
        with pytest.raises(InventoryError, match=problem):
            service.send_letter(request, Kind.ACKNOWLEDGEMENT, Given())


def test_without_the_section_letters_are_refused_with_the_way_out(tmp_path: Path) -> None:
    for desk in _desk(tmp_path, MINIMAL):
        service = desk(RECEIVED)
        request = service.new_request(Right.DELETE, [("email", ANN)], "email", RECEIVED)
        with pytest.raises(NotAllowedError, match="no `letters` section"):
            service.draft_letter(request, Kind.ACKNOWLEDGEMENT, Given())
        assert service.next_letter(request) is None


def test_the_mail_servers_credentials_are_references(tmp_path: Path) -> None:
    path = changed(tmp_path, "mode: live", "mode: live") if "mode: live" in MINIMAL else written(tmp_path)
    text = path.read_text() + LETTERS.replace("security: none", "security: tls, username: desk, password: hunter2")
    with pytest.raises(InventoryError, match="never written into the inventory") as error:
        Inventory.load(written(tmp_path, text))
    assert "hunter2" not in str(error.value)
