"""The log of requests and the figures of a year: dated cases, and what must add up."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from orchestrator.cli.app import app
from orchestrator.denial import Because
from orchestrator.model import Request, Right
from orchestrator.receipt import Fulfilment
from orchestrator.records import Logged, Response, csv_of, figures
from orchestrator.records.log import Told, logged
from tests.orchestrator.desks import CANARY, Desk, asked, closed, desk, letter, on, signed

__all__ = ["desk", "letter"]  # fixtures


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


@pytest.mark.parametrize(
    ("role", "action", "standing", "response", "basis"),
    [
        ("service_provider", "manual", "attested, not verified", Response.IN_PART, "service_provider (11 CCR 7050)"),
        ("business", "retain", "uncorrected", Response.IN_PART, "left as it is (11 CCR 7023)"),
        ("business", "delete", "gone", Response.COMPLIED, ""),
    ],
)
def test_what_an_organisation_decides_about_or_stays_wrong_is_a_denial_in_part(
    role: str, action: str, standing: str, response: Response, basis: str
) -> None:
    step = {"role": role, "action": action, "standing": standing}
    receipt = {"outcome": "complete", "regime": "ccpa", "retained": [], "steps": [step, step]}
    request = Request("r-1", Right.DELETE, "email", on(2026, 3, 1), "s1")
    row = logged(request, date(2026, 3, 1), Told(answered=date(2026, 3, 5), receipt=receipt))
    assert (row.response, row.basis) == (response, basis)


@pytest.mark.parametrize("outcome", list(Fulfilment))
def test_every_outcome_of_a_receipt_has_a_nature_of_response(desk: Desk, letter: Path, outcome: Fulfilment) -> None:
    request = asked(desk, on(2026, 3, 1))
    service = desk(on(2026, 3, 5))
    signed(service, request, outcome)
    service.answer(request, letter)
    (row,) = service.log()
    assert row.response not in (Response.OPEN, Response.ANSWERED, Response.DENIED)
    assert (row.response is Response.COMPLIED) == (outcome is Fulfilment.COMPLETE)


def test_a_withdrawn_request_has_no_days_and_neither_replays_nor_instructions_are_a_consumers(desk: Desk) -> None:
    request = asked(desk, on(2026, 3, 1))
    service = desk(on(2026, 3, 5))
    service.new_request(Right.DELETE, [("email", "a@example.com")], "replay", replays=request)
    theirs = service.new_request(Right.DELETE, [("email", "b@example.com")], "email", organisation="hmac:5")
    service.cancel(request, "withdrawn")
    (row,) = service.log()
    (instructed,) = service.log(instructions=True)
    assert (row.request, instructed.request) == (request, theirs)
    assert service.log(2025, instructions=True) == ()
    assert sum(figures.received for figures in service.metrics(2026).rights) == 1
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


@settings(deadline=None)
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


def test_who_got_categories_in_place_of_specific_pieces_asked_to_know_once() -> None:
    def row(request: str, right: Right, response: Response) -> Logged:
        return Logged(request, date(2026, 3, 1), right, "email", date(2026, 3, 9), response, "")

    rows = [
        row("r-1", Right.ACCESS, Response.DENIED),
        row("r-2", Right.KNOW, Response.COMPLIED),  # opened in its place
        row("r-3", Right.KNOW, Response.COMPLIED),
        row("r-4", Right.DELETE, Response.COMPLIED),
    ]
    told = figures(rows, 2026, taken_as={"r-1": "r-2"}).to_know
    assert (told.received, told.complied, told.denied) == (2, 2, 0), "it was answered by the one for categories"
    told = figures(rows, 2026).to_know
    assert (told.received, told.complied, told.denied) == (3, 2, 1)


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


# The commands


def test_log_metrics_and_purge_on_the_command_line(tmp_path: Path, desk: Desk, letter: Path) -> None:
    old, young = closed(desk, on(2022, 1, 1), letter), closed(desk, on(2026, 1, 1), letter)

    def run(*arguments: str) -> Result:
        before = ["--inventory", str(tmp_path / "inventory.yaml"), "--state", str(tmp_path / "state")]
        return CliRunner().invoke(app, [*before, *arguments])

    shown = json.loads(run("log", "show", "--json").stdout)
    assert [row["request"] for row in shown] == [old, young]
    assert set(shown[0]) == {"request", "received", "right", "manner", "responded", "response", "basis"}
    assert [row["request"] for row in json.loads(run("log", "show", "--year", "2026", "--json").stdout)] == [young]
    assert run("log", "export", "--to", "-").stdout.split() == csv_of(desk(on(2026, 1, 1)).log()).split()
    for ending in ("csv", "json"):
        file = tmp_path / f"log.{ending}"
        assert run("log", "export", "--to", str(file)).exit_code == 0
        assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads((tmp_path / "log.json").read_text()) == shown
    assert run("log", "export", "--to", "log.doc").exit_code == 2

    figures_of = json.loads(run("metrics", "--year", "2022", "--consumers", "10000000", "--json").stdout)
    assert (figures_of["must_publish"], figures_of["publish_by"]) == (True, "2023-07-01")
    assert {f["right"]: f["received"] for f in figures_of["rights"]}["delete"] == 1
    assert "by 2023-07-01" in run("metrics", "--year", "2022").stdout

    listed = run("log", "purge")
    assert "nothing was destroyed" in listed.stdout
    assert old in listed.stdout
    done = json.loads(run("log", "purge", "--yes", "--json").stdout)
    assert [d["request"] for d in done["due"]] == [d["request"] for d in done["purged"]] == [old]
    assert "are destroyed" in run("metrics", "--year", "2022").stdout
    assert json.loads(run("log", "purge", "--json").stdout) == {"due": [], "purged": [], "dry_run": True}
