"""The section of the inventory that says who writes letters and how."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import InventoryError, NotAllowedError
from orchestrator.inventory import Inventory
from orchestrator.letter_notices import Given
from orchestrator.letters.kinds import Kind
from orchestrator.model import Right
from tests.orchestrator.inventories import MINIMAL, changed, written
from tests.orchestrator.letter_desk import ANN, LETTERS, RECEIVED, desk_of
from tests.postbox import Postbox


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
    for desk in desk_of(tmp_path, MINIMAL + LETTERS.replace(old, new)):
        service = desk(RECEIVED)
        request = service.new_request(Right.DELETE, [("email", ANN)], "email", RECEIVED)
        with pytest.raises(InventoryError, match=problem):
            service.send_letter(request, Kind.ACKNOWLEDGEMENT, Given())


def test_without_the_section_letters_are_refused_with_the_way_out(tmp_path: Path) -> None:
    for desk in desk_of(tmp_path, MINIMAL):
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
