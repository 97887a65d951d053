"""Whoever can write the journal's database, or acts at the same time, gets no further by it: what counts is signed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from orchestrator import canonical
from orchestrator.errors import InvalidReceiptError, NotAllowedError
from orchestrator.service import Service
from orchestrator.storage import chain
from tests.four_eyes import two_people
from tests.office import Office

STORES = ("app_db",)


@pytest.fixture
def two(office: Office, tmp_path: Path) -> tuple[Service, Service]:
    one, other = two_people(office, tmp_path / "keys")
    office.service = one
    return one, other


def test_a_signature_given_for_something_else_is_no_approval(office: Office, two: tuple[Service, Service]) -> None:
    one, other = two
    request = office.request(office.sandbox.people.subject.email)
    digest = one.plan(request).digest
    for decision in (
        other.actor.sign("override:many", digest, other.now(), "it is right"),
        other.actor.sign("retention", digest, other.now()),
        other.actor.sign("approve", "sha256:another", other.now()),
        one.actor.sign("approve", digest, one.now()),
    ):
        one.journal.append(request, "approved", "desk-2", canonical.plain(decision))
        with pytest.raises(NotAllowedError, match="no valid approval"):
            one.run(request)


def test_who_overrode_the_guard_at_the_same_moment_is_no_second_person(
    office: Office, two: tuple[Service, Service]
) -> None:
    """The checks of an approval and of an override may both be over before either is written."""
    one, other = two
    request = office.request(office.sandbox.people.subject.email)
    digest = one.plan(request).digest
    other.approve(request, digest)
    decision = other.actor.sign("override:many", digest, other.now(), "it is right")
    one.journal.append(request, "overridden", "desk-2", canonical.plain(decision))
    with pytest.raises(NotAllowedError, match="no valid approval"):
        one.run(request)


def test_a_receipt_that_is_kept_for_another_request_is_seen(office: Office, tmp_path: Path) -> None:
    service, people = office.service, office.sandbox.people
    mine, theirs = (office.erase(p.email).payload["request"] for p in (people.subject, people.bystander))
    (good,) = service.journal.receipts(theirs)
    _rewritten(office, mine, dict(good))
    service.journal.verify()  # whoever can write the database can make the chain anew, but not sign
    with pytest.raises(InvalidReceiptError, match="not its own"):
        service.verify_journal()
    with pytest.raises(InvalidReceiptError, match="not its own"):
        service.run(mine)
    _rewritten(office, mine, {**good, "envelope": service.signed_head().decode()})
    with pytest.raises(InvalidReceiptError, match="not its own"):
        service.run(mine)


def _rewritten(office: Office, request: str, payload: dict[str, Any]) -> None:
    """Another receipt in the place of a request's, and every hash after it made anew."""
    with office.workspace.journal.store.write() as connection:
        rows = [dict(r._mapping) for r in connection.execute(text("SELECT * FROM dsr_entries ORDER BY seq"))]
        last = rows[0]["prev"]
        for row in rows:
            row["prev"] = last
            if (row["request"], row["kind"]) == (request, "receipt"):
                was = next(office.workspace.journal.receipts(request))
                row["payload"] = canonical.encode({**payload, "plan": was["plan"]}).decode()
            row["hash"] = last = chain.hash_of_row(row)
            connection.execute(
                text("UPDATE dsr_entries SET prev = :prev, hash = :hash, payload = :payload WHERE seq = :seq"), row
            )
        connection.execute(text("UPDATE dsr_head SET hash = :hash"), {"hash": last})


def test_a_state_directory_that_is_not_ones_own_is_refused(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(NotAllowedError, match="no directory"):
        Office.over(office.sandbox, file, STORES)
    (tmp_path / "theirs").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    monkeypatch.setattr("os.getuid", lambda: 12345)
    with pytest.raises(NotAllowedError, match="another user's"):
        Office.over(office.sandbox, tmp_path / "link", STORES)
