"""What the ledger remembers of erasures and a replay compares with it: keys, ends, copies, and what cannot be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.sandbox.world import Sandbox
from orchestrator.errors import NotAllowedError
from orchestrator.journal import State
from orchestrator.ledger import erasures
from orchestrator.model import Level
from orchestrator.replay import Came
from orchestrator.vault import MasterKey
from tests.office import Office
from tests.restored import SYSTEM, Copy, compared, only


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(only=(SYSTEM,)) as sandbox:
        yield sandbox


@pytest.fixture
def office(running: Sandbox, tmp_path: Path) -> Iterator[Office]:
    running.replant()
    office = Office.over(running, tmp_path / "state", (SYSTEM,))
    yield office
    office.close()


@pytest.fixture
def copy(office: Office, tmp_path: Path) -> Copy:
    return Copy(office, tmp_path / "before.dump")


def test_rotated_keys_go_on_matching(office: Office, copy: Copy) -> None:
    """Both of them: the ledger's own, and the master key that wraps it."""
    subject, other = office.sandbox.people.subject, office.sandbox.people.namesake
    office.erase(subject.email)
    old = {e.key for e in erasures(office.service.journal)}
    new = office.service.new_ledger_key()
    office.workspace.vault.rewrap(MasterKey.generate())
    office.erase(other.email)
    assert {e.key for e in erasures(office.service.journal)} == old | {new}
    copy.restore()
    found = compared(office, copy.made)
    assert found.erasures == 2
    assert {p.came for p in found.people} == {Came.TO_ERASE}
    assert len(found.people) == 2


def test_an_expired_entry_matches_nobody_and_its_key_goes(office: Office, copy: Copy) -> None:
    office.erase(office.sandbox.people.subject.email)
    (entry,) = [e for e in erasures(office.service.journal) if e.system == SYSTEM]
    copy.restore()
    assert entry.until is not None
    later = office.as_(office.service.actor, entry.until + timedelta(seconds=1))
    (row,) = later.replay(copy.made, SYSTEM)
    assert (row.erasures, row.people) == (0, ())
    assert office.service.new_ledger_key() != entry.key
    office.workspace.vault.ledger_tagger(entry.key)("email", "a")  # not yet expired: the key is there
    later.new_ledger_key()
    with pytest.raises(Exception, match="destroyed"):
        office.workspace.vault.ledger_tagger(entry.key)


def test_only_copies_older_than_the_erasure_bring_it_back(office: Office) -> None:
    office.erase(office.sandbox.people.subject.email)
    assert compared(office, datetime.now(UTC)).erasures == 0


def test_the_ledger_names_nobody_and_grows_only_with_news(office: Office) -> None:
    subject = office.sandbox.people.subject
    request = office.erase(subject.email).payload["request"]
    before = erasures(office.service.journal)
    assert {e.system for e in before} == {SYSTEM}
    office.service.run(request)
    entries = list(office.service.journal.entries(kind="erased"))
    assert len(entries) == len(before), "reading back again tells nothing new"
    text = json.dumps([dict(e.payload) for e in entries])
    for values in subject.identifiers.values():
        assert not [v for v in values if f'"{v}"' in text]


def test_a_copy_made_between_two_erasures_of_one_person_holds_what_the_replay_took(office: Office, copy: Copy) -> None:
    """What was restored was in new copies until it was erased again: these count from the replay."""
    office.erase(office.sandbox.people.subject.email)
    copy.restore()
    between = datetime.now(UTC)
    person = only(compared(office, copy.made))
    office.service.approve(person.request, person.digest)
    office.service.run(person.request)
    first, again = [e for e in erasures(office.service.journal) if e.system == SYSTEM]
    assert first.at < between < again.at
    assert (again.first, again.existed) == (first.first, first.existed), (
        "and nothing later than the first counts as hers"
    )
    copy.restore()
    assert only(compared(office, between)).came is Came.TO_ERASE


def test_systems_that_cannot_list_whom_they_hold_are_not_marked(office: Office) -> None:
    manual = next(n for n, s in office.workspace.inventory.systems.items() if s.manual)
    with pytest.raises(NotAllowedError, match="cannot list"):
        office.service.restored(manual, datetime.now(UTC))


def test_a_database_that_cannot_be_read_is_not_clean(
    office: Office, copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.service.restored(SYSTEM, copy.made)
    monkeypatch.setenv("DSR_SANDBOX_APP_DB_DSN", "postgresql://sandbox:wrong@127.0.0.1:1/nothing")
    (row,) = office.service.replay(None)
    assert row.trouble
    assert (row.settled, row.receipt) == (False, "")
    assert office.service.unserved()


def test_the_state_of_a_replay_is_an_ordinary_requests(office: Office, copy: Copy) -> None:
    office.erase(office.sandbox.people.subject.email)
    copy.restore()
    person = only(compared(office, copy.made))
    assert office.service.journal.state(person.request) is State.PLANNED
    asked = office.service.request(person.request)
    assert replace(asked, tags=()).replays == person.first
    assert office.service.verification(person.request).level == office.service.verification(person.first).level


def test_a_replay_needs_no_record_of_the_request_that_erased(office: Office, copy: Copy) -> None:
    """It may be destroyed before the last copy is; the ledger's entries outlive it."""
    journal, first = office.workspace.journal, office.erase(office.sandbox.people.subject.email).payload["request"]
    journal.purge(first, "s1", keep={e.seq for e in journal.entries(first, "erased")})
    copy.restore()
    office.service.restored(SYSTEM, copy.made)
    person = only(compared(office))
    assert (person.first, person.came) == (first, Came.TO_ERASE)
    assert office.service.verification(person.request).level is Level.REASONABLE
    assert journal.verify()
