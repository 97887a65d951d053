"""The log of requests, the figures of a year, and the end of the record: dated cases and what must add up."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import canonical
from orchestrator.denial import Because
from orchestrator.errors import NotAllowedError, UnknownError
from orchestrator.inventory import Inventory
from orchestrator.model import Hold, Right
from orchestrator.receipt import Fulfilment, hash_of
from orchestrator.records import Logged, Response, csv_of, figures
from orchestrator.records.keeping import LOG
from orchestrator.service import Service
from orchestrator.signing import envelope_bytes
from orchestrator.staff import identify
from orchestrator.workspace import Workspace
from tests.orchestrator.inventories import MINIMAL

CANARY = "the-reasons-that-the-letter-gave"
Desk = Callable[[datetime], Service]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The desk on a day."""
    (tmp_path / "inventory.yaml").write_text(MINIMAL + "time_zone: America/Chicago\n")
    inventory = Inventory.load(tmp_path / "inventory.yaml")
    actor = identify(inventory, "", None)
    with Workspace.open(tmp_path / "state", inventory) as workspace:

        def on(now: datetime) -> Service:
            workspace.journal.now = lambda: now
            return Service(workspace, actor, lambda: now)

        yield on


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Ann")
    return file


def on(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 18, 0, tzinfo=UTC)


def asked(desk: Desk, at: datetime, right: Right = Right.DELETE, email: str = "ann@example.com") -> str:
    return desk(at).new_request(right, [("email", email)], "email", at)


def signed(service: Service, request: str, outcome: str, *retained: dict[str, Any]) -> None:
    payload = {"request": request, "outcome": outcome, "retained": list(retained)}
    envelope = envelope_bytes(service.workspace.signing_key.sign(payload))
    before = service.journal.last_receipt_hash()
    service.journal.save_receipt(request, envelope.decode(), hash_of(envelope), before, plan="p", final=True)
    (service.workspace.root / "receipts").mkdir(exist_ok=True)
    (service.workspace.root / "receipts" / f"{request}-1.json").write_bytes(envelope)


def closed(desk: Desk, at: datetime, letter: Path, outcome: str = "complete") -> str:
    request = asked(desk, at)
    service = desk(at)
    signed(service, request, outcome)
    service.journal.append(request, "closed", "s1", {"outcome": outcome})
    service.answer(request, letter)
    return request


# The log


def test_the_log_has_the_statutes_fields_and_no_others(desk: Desk, letter: Path) -> None:
    request = asked(desk, datetime(2026, 1, 1, 2, 0, tzinfo=UTC))
    desk(on(2026, 1, 9)).deny(request, Because.UNVERIFIED, CANARY, letter)
    rows = desk(on(2026, 1, 9)).log()
    (line,) = csv.DictReader(io.StringIO(csv_of(rows)))
    assert line == {
        "request": request, "received": "2025-12-31", "right": "delete", "manner": "email",
        "responded": "2026-01-09", "response": "denied", "basis": "insuf_verification",
    }  # fmt: skip
    assert desk(on(2026, 1, 9)).log(2026) == (), "it was received in the year before, where the company is"
    assert CANARY not in csv_of(rows)


def test_what_was_kept_is_the_basis_of_a_denial_in_part(desk: Desk, letter: Path) -> None:
    request = asked(desk, on(2026, 3, 1))
    service = desk(on(2026, 3, 5))
    kept = {"exception": "tax", "citation": "26 U.S.C. 6501", "basis": "Books"}
    bare = {"exception": "vendor", "citation": "", "basis": "kept by the vendor"}
    signed(service, request, "complete_with_retention", kept, kept, bare)
    assert [r.response for r in service.log()] == [Response.OPEN], "nothing went out to the person yet"
    service.answer(request, letter)
    (row,) = service.log()
    assert (row.response, row.basis, row.days) == (
        Response.IN_PART, "tax (26 U.S.C. 6501); kept by the vendor", 4,
    )  # fmt: skip


@pytest.mark.parametrize("outcome", list(Fulfilment))
def test_every_outcome_of_a_receipt_has_a_nature_of_response(desk: Desk, letter: Path, outcome: Fulfilment) -> None:
    request = asked(desk, on(2026, 3, 1))
    service = desk(on(2026, 3, 5))
    signed(service, request, outcome)
    service.answer(request, letter)
    (row,) = service.log()
    assert row.response not in (Response.OPEN, Response.ANSWERED, Response.DENIED)
    assert (row.response is Response.COMPLIED) == (outcome is Fulfilment.COMPLETE)


def test_a_withdrawn_request_has_no_days_and_a_replay_is_nobodys(desk: Desk) -> None:
    request = asked(desk, on(2026, 3, 1))
    service = desk(on(2026, 3, 5))
    service.new_request(Right.DELETE, [("email", "a@example.com")], "replay", replays=request)
    service.cancel(request, "withdrawn")
    (row,) = service.log()
    assert (row.response, row.responded, row.days) == (Response.WITHDRAWN, date(2026, 3, 5), None)


def test_a_spreadsheet_calculates_nothing() -> None:
    row = Logged("r-1", date(2026, 1, 1), Right.DELETE, "=cmd()", None, Response.OPEN, "")
    assert "'=cmd()" in csv_of([row])
    assert csv_of([row]).splitlines()[0] == "request,received,right,manner,responded,response,basis"
    appealed = replace(row, appealed=date(2026, 2, 1), appeal="granted")
    assert csv_of([appealed]).splitlines()[0].endswith("basis,appealed,appeal")


# The figures of a year

DAYS = st.dates(date(2025, 1, 1), date(2026, 12, 31))


@st.composite
def lines(draw: st.DrawFn) -> Logged:
    received, response = draw(DAYS), draw(st.sampled_from(Response))
    responded = None if response is Response.OPEN else received + timedelta(draw(st.integers(0, 90)))
    basis = draw(st.sampled_from(Because)) if response is Response.DENIED else ""
    return Logged("r", received, draw(st.sampled_from(Right)), "email", responded, response, basis)


@given(st.lists(lines(), max_size=30))
def test_figures_add_up(rows: list[Logged]) -> None:
    found = {year: figures(rows, year) for year in (2025, 2026)}
    assert sum(f.received for year in found.values() for f in year.rights) == len(rows)
    for year in found.values():
        assert [f.right for f in year.rights] == list(Right)
        for f in year.rights:
            assert f.received == f.complied + f.in_part + f.denied + f.answered + f.withdrawn + f.open
            assert sum(f.grounds.values()) == f.denied
            assert (f.median_days is None) == (f.received == f.withdrawn + f.open)
            if f.median_days is not None and f.mean_days is not None:
                assert 0 <= f.median_days <= 90
                assert 0 <= f.mean_days <= 90


def test_median_and_mean_over_a_leap_day_and_a_year_end() -> None:
    def row(received: date, responded: date) -> Logged:
        return Logged("r", received, Right.DELETE, "email", responded, Response.COMPLIED, "")

    rows = [
        row(date(2028, 2, 28), date(2028, 3, 1)),  # over 29 February: 2 days
        row(date(2028, 12, 31), date(2029, 1, 1)),  # received in 2028, answered in 2029: 1 day
        row(date(2028, 1, 1), date(2028, 1, 31)),
        row(date(2027, 12, 31), date(2028, 1, 1)),  # the year before
    ]
    (found,) = [f for f in figures(rows, 2028).rights if f.right is Right.DELETE]
    assert (found.received, found.complied, found.median_days, found.mean_days) == (3, 3, 2, 11)


@pytest.mark.parametrize(("consumers", "must"), [(None, None), (9_999_999, False), (10_000_000, True)])
def test_publishing_is_for_ten_million_consumers(consumers: int | None, must: bool | None) -> None:
    found = figures([], 2026, consumers=consumers)
    assert (found.must_publish, found.publish_by) == (must, date(2027, 7, 1))


# The end of the record


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
        "first": request, "plan": "p", "key": "k", "system": "shop", "collections": [], "tags": [["email", ["aaaa"]]],
        "at": canonical.plain(on(2026, 1, 1)), "existed": canonical.plain(on(2026, 1, 1)),
        "until": canonical.plain(on(2029, 1, 1)),
    }  # fmt: skip
    desk(on(2026, 1, 1)).journal.append(request, "erased", "s1", erased)
    service = desk(on(2028, 6, 1))
    assert len(service.purge()) == 1
    assert [e.kind for e in service.journal.entries(request)] == ["erased", "vault_destroyed", "purged"]
    after = desk(on(2029, 6, 1))
    assert [p.entries for p in after.purge()] == [1]
    assert "aaaa" not in _state(after)
    assert after.purge() == ()
    assert after.journal.verify()


def test_who_may_not_run_may_not_purge(desk: Desk, letter: Path) -> None:
    closed(desk, on(2026, 1, 1), letter)
    service = desk(on(2029, 1, 1))
    service.actor = replace(service.actor, may=frozenset({"plan"}))
    with pytest.raises(NotAllowedError):
        service.purge()
    assert json.dumps(canonical.plain(service.to_purge()))
