"""What a run signs: the last receipt is never in the way of the next, and what is closed is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.sandbox.world import Sandbox
from orchestrator.errors import IncompleteError, UnknownError
from orchestrator.journal import State
from orchestrator.storage.store import Store
from orchestrator.vault import Vault
from tests.office import Office, inventory

STORES = ("app_db",)
NOBODY = "nobody.here@example.net"


def office_of(sandbox: Sandbox, state: Path, *, by_hand: bool) -> Office:
    held = inventory(only_connected=True)
    manual = {n: s for n, s in inventory().systems.items() if s.manual} if by_hand else {}
    some = {"app_db": held.systems["app_db"], **manual}
    return Office(sandbox, state, replace(held, systems=some, letters=None))  # whose letters are written elsewhere


@pytest.fixture
def office(running: Sandbox, tmp_path: Path) -> Iterator[Office]:
    running.replant()
    office = office_of(running, tmp_path / "state", by_hand=False)
    yield office
    office.close()


def test_a_final_receipt_is_followed_by_another_when_more_became_true(office: Office, tmp_path: Path) -> None:
    """Exceptions end after years and words are given again: what was final is read back, and signed anew."""
    request = office.approved(office.sandbox.people.subject.email)
    office.service.run(request)
    proof = tmp_path / "proof.png"
    proof.write_bytes(b"a picture")
    for step in office.service.manual_steps(request):
        office.service.manual_done(step.ref, "", proof)
    first = office.service.run(request)
    assert (first.payload["outcome"], first.payload["final"]) == ("complete_with_retention", True)
    proof.write_bytes(b"a better picture")
    office.service.manual_done(office.service.manual_steps(request)[0].ref, "", proof)
    second = office.service.run(request)
    assert second.payload["final"] is True
    assert second.envelope != first.envelope
    assert office.service.run(request).envelope == second.envelope, "nothing new, and nothing signed"
    office.workspace.journal.verify()


def test_what_was_signed_and_not_closed_is_closed_by_the_next_run(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = office.approved(NOBODY)
    with monkeypatch.context() as cut:
        cut.setattr(Vault, "destroy", lambda self, request, by="": (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            office.service.run(request)
    assert office.workspace.vault.open(request).slots()
    done = office.service.run(request)
    assert len(list(office.workspace.journal.receipts(request))) == 1
    assert done.payload["outcome"] == "nothing_found"
    assert office.workspace.journal.state(request) is State.CLOSED
    with pytest.raises(UnknownError, match="destroyed"):
        office.workspace.vault.open(request)


def test_nobody_is_remembered_when_nothing_was_found_and_nothing_is_open(running: Sandbox, tmp_path: Path) -> None:
    office = office_of(running, tmp_path / "by-hand", by_hand=True)
    proof = tmp_path / "proof.png"
    proof.write_bytes(b"a picture of the empty search")
    request = office.approved(NOBODY)
    assert office.service.run(request).payload["final"] is False
    for step in office.service.manual_steps(request):
        office.service.manual_done(step.ref, "", proof)
    payload = office.service.run(request).payload
    assert (payload["outcome"], payload["final"]) == ("nothing_found_in_searched", True)
    with pytest.raises(UnknownError, match="destroyed"):
        office.workspace.vault.open(request)
    office.close()


def test_what_a_rule_keeps_is_final_and_is_still_known(office: Office) -> None:
    request = office.approved(office.sandbox.people.subject.email)
    office.service.run(request)
    assert office.workspace.vault.open(request).slots()
    later = office.as_(office.service.actor, datetime.now(UTC) + timedelta(days=1))
    assert later.run(request).payload["request"] == request


def test_bytes_that_a_reader_kept_in_the_file_are_removed_by_the_next_run(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = office.approved(NOBODY)
    asked: list[bool] = []

    def busy(store: Store) -> None:
        asked.append(True)
        if len(asked) == 1:
            raise IncompleteError("another process reads it; ask again when it ended")

    monkeypatch.setattr(Store, "scrub", busy)
    with pytest.raises(IncompleteError, match="ask again"):
        office.service.run(request)
    with pytest.raises(UnknownError, match="nothing is left"):
        office.service.run(request)
    assert len(asked) == 2
