"""The end of a request's record: when, what is gone, what stays, and what keeps it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator import canonical
from orchestrator.audit import check_consistency
from orchestrator.denial import Because
from orchestrator.errors import NotAllowedError, UnknownError
from orchestrator.inventory import Inventory
from orchestrator.journal import Head
from orchestrator.model import Hold, Right
from orchestrator.papers import LOG
from orchestrator.service import Service
from orchestrator.signing import verify
from orchestrator.staff import identify
from orchestrator.workspace import Workspace
from tests.orchestrator.desks import CANARY, Desk, asked, closed, desk, letter, on, signed
from tests.orchestrator.inventories import MINIMAL

__all__ = ["desk", "letter"]  # fixtures


@pytest.mark.parametrize(
    ("ended", "kept"),
    [
        (on(2026, 3, 1), date(2028, 3, 1)),
        (on(2026, 12, 31), date(2028, 12, 31)),
        (on(2028, 2, 29), date(2030, 2, 28)),  # no such day two years later: the month's last
        (on(2026, 2, 28), date(2028, 2, 28)),
        (datetime(2027, 1, 1, 3, 0, tzinfo=UTC), date(2028, 12, 31)),  # the year before, where the company is
    ],
)
def test_a_record_is_kept_for_24_months_to_the_day(desk: Desk, letter: Path, ended: datetime, kept: date) -> None:
    request = closed(desk, ended, letter)
    service = desk(on(2031, 1, 1))
    assert service.to_purge(kept) == ()
    (due,) = service.to_purge(kept + timedelta(days=1))
    assert (due.request, due.due) == (request, kept + timedelta(days=1))


def test_an_open_request_is_never_purged(desk: Desk, letter: Path) -> None:
    service = desk(on(2026, 1, 1))
    unanswered = asked(desk, on(2026, 1, 1))
    service.journal.append(unanswered, "closed", "s1", {"outcome": "complete"})  # deleted, and nobody was told
    reopened = asked(desk, on(2026, 1, 1))
    service.cancel(reopened, "withdrawn")
    service.journal.append(reopened, "reopened", "s1", {"reason": "a mistake"})
    asked(desk, on(2026, 1, 1))
    assert desk(on(2040, 1, 1)).to_purge() == ()
    desk(on(2030, 6, 1)).answer(unanswered, letter)
    assert desk(on(2032, 6, 1)).to_purge() == ()
    assert [d.request for d in desk(on(2032, 6, 2)).to_purge()] == [unanswered]


def test_a_purged_record_is_gone_from_the_state_and_the_chain_verifies(desk: Desk, letter: Path) -> None:
    request = asked(desk, on(2026, 1, 1))
    service = desk(on(2026, 1, 5))
    service.journal.append(request, "verified", "s1", {"method": f"{CANARY} by telephone"})
    tag = service.request(request).tags[0]
    signed(service, request, "complete_with_retention")
    service.deny(request, Because.OTHER, CANARY, letter)
    young = closed(desk, on(2027, 6, 1), letter)
    remembered = service.journal.head()

    later = desk(on(2028, 1, 6))
    assert [d.request for d in later.to_purge()] == [request]
    assert tag in _state(later), "listing destroys nothing"
    (done,) = later.purge()
    assert (done.request, done.files) == (request, 1)
    assert done.entries >= 5
    state = _state(later)
    for gone in (f"{CANARY} by", "insuf", '"other"', "Because"):
        assert gone not in state
    assert later.request(young)
    assert not list(later.workspace.root.rglob(f"{request}*"))
    assert later.journal.verify([remembered])
    assert [r.request for r in later.log()] == [young]
    assert (later.metrics(2026).purged, later.metrics(2027).purged) == (1, 0)
    with pytest.raises(UnknownError, match="was destroyed on 2028-01-06"):
        later.answer(request, letter)
    assert later.purge() == ()
    assert closed(desk, on(2028, 2, 1), letter), "the chain of receipts goes on"
    assert later.journal.verify([remembered])


def _state(service: Service) -> str:
    files = [p for p in service.workspace.root.rglob("*") if p.is_file()]
    return "".join(p.read_bytes().decode("latin-1") for p in files)


@pytest.mark.parametrize("scope", ["email", "collection", "one"])
def test_a_held_record_stays_until_the_hold_is_released(desk: Desk, letter: Path, scope: str) -> None:
    request = closed(desk, on(2026, 1, 1), letter)
    service = desk(on(2029, 1, 1))
    named = {"email": "Ann@example.com", "collection": LOG, "one": f"{LOG}/{request}"}[scope]
    hold = service.place_hold("a case", on(2030, 1, 1), {scope if scope == "email" else "collection": named})
    assert [d.held for d in service.to_purge()] == [(hold.id,)]
    assert service.purge() == ()
    assert service.log()
    service.release_hold(hold.id)
    assert [p.request for p in service.purge()] == [request]


def test_somebody_elses_hold_keeps_nothing(desk: Desk, letter: Path) -> None:
    closed(desk, on(2026, 1, 1), letter)
    service = desk(on(2029, 1, 1))
    service.place_hold("a case", on(2030, 1, 1), {"email": "bob@example.com"})
    service.place_hold("a case", on(2030, 1, 1), {"collection": f"{LOG}/r-another"})
    service.place_hold("a case", on(2030, 1, 1), {"organisation": "7"})
    assert len(service.purge()) == 1


def test_a_hold_on_the_organisation_that_the_request_named_counts(tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.yaml"
    inventory.write_text(MINIMAL.replace("identifiers:\n", "identifiers:\n  organisation_id: {title: Customer}\n"))
    loaded = Inventory.load(inventory)
    with Workspace.open(tmp_path / "state", loaded) as workspace:
        now = on(2029, 1, 1)
        service = Service(workspace, identify(loaded, "", None), lambda: now)
        given = [("email", "ann@example.com"), ("organisation_id", "7")]
        request = service.new_request(Right.DELETE, given, "email", on(2026, 1, 1))
        hold = Hold("h-1", "a case", "s1", now, now, organisation="7")
        service.journal.append(request, "cancelled", "s1", {"reason": "withdrawn"})
        service.journal.place_hold(hold)
        (due,) = service.to_purge(date(2032, 1, 1))
        assert due.held == ("h-1",)


def test_the_ledger_keeps_its_entry_until_no_copy_can_bring_the_data_back(desk: Desk, letter: Path) -> None:
    request = closed(desk, on(2026, 1, 1), letter)
    erased = {
        "first": request, "plan": "p", "key": "k", "system": "shop", "collections": [], "tags": [["email", ["no hex"]]],
        "at": canonical.plain(on(2026, 1, 1)), "existed": canonical.plain(on(2026, 1, 1)),
        "until": canonical.plain(on(2029, 1, 1)),
    }  # fmt: skip
    desk(on(2026, 1, 1)).journal.append(request, "erased", "s1", erased)
    service = desk(on(2028, 6, 1))
    assert len(service.purge()) == 1
    assert [e.kind for e in service.journal.entries(request)] == ["vault_destroyed", "erased", "purged"]
    after = desk(on(2029, 6, 1))
    assert [p.entries for p in after.purge()] == [1]
    assert "no hex" not in _state(after)
    assert after.purge() == ()
    assert after.journal.verify()


def test_who_may_not_run_may_not_purge(desk: Desk, letter: Path) -> None:
    closed(desk, on(2026, 1, 1), letter)
    service = desk(on(2029, 1, 1))
    service.actor = replace(service.actor, may=frozenset({"plan"}))
    with pytest.raises(NotAllowedError):
        service.purge()
    assert json.dumps(canonical.plain(service.to_purge()))


def test_an_auditors_head_of_before_still_holds_after_a_purge(desk: Desk, letter: Path, tmp_path: Path) -> None:
    closed(desk, on(2026, 1, 1), letter)
    service, old, proof, new = desk(on(2029, 1, 1)), tmp_path / "old", tmp_path / "proof", tmp_path / "new"
    old.write_bytes(service.signed_head())
    assert len(service.purge()) == 1
    new.write_bytes(service.signed_head())
    proof.write_text(json.dumps(service.consistency(old)))
    keys = [service.workspace.signing_key.public]
    assert check_consistency(proof, old, new, keys)["size"] == service.journal.verify().seq
    assert service.journal.verify(
        [Head(h["size"], h["hash"]) for h in (verify(p.read_bytes(), keys) for p in (old, new))]
    )
