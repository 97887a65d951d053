"""Appeals against an answer: where the law gives one, when it is due, and what the log and the record make of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner
from typer.testing import Result as Result_

from orchestrator.cli.app import app
from orchestrator.denial import Because
from orchestrator.errors import IntegrityError, NotAllowedError
from orchestrator.inventory import Inventory
from orchestrator.letter_notices import Given
from orchestrator.letters.kinds import Kind
from orchestrator.records import Result
from orchestrator.service import Service
from orchestrator.staff import identify
from orchestrator.workspace import Workspace
from tests.orchestrator.desks import Desk, asked, desk, letter, on
from tests.orchestrator.inventories import MINIMAL
from tests.orchestrator.letter_desk import LETTERS

__all__ = ["desk", "letter"]  # fixtures


@pytest.fixture
def colorado(tmp_path: Path) -> Iterator[Desk]:
    """A desk under Colorado's law."""
    folder = tmp_path / "co"
    folder.mkdir()
    (folder / "inventory.yaml").write_text(MINIMAL.replace("regime: ccpa", "regime: co") + LETTERS)
    inventory = Inventory.load(folder / "inventory.yaml")
    with Workspace.open(folder / "state", inventory) as workspace:

        def at(now: datetime) -> Service:
            workspace.journal.now = lambda: now
            return Service(workspace, identify(inventory, "", None), lambda: now)

        yield at


def denied(desk: Desk, letter: Path) -> str:
    request = asked(desk, on(2027, 12, 1))
    desk(on(2027, 12, 20)).deny(request, Because.OTHER, "reasons", letter)
    return request


def test_an_appeal_and_its_result_are_in_colorados_log(colorado: Desk, letter: Path) -> None:
    request = denied(colorado, letter)
    found = colorado(on(2028, 1, 15)).appeal(request)
    assert (found.decision.last, found.overdue) == (date(2028, 2, 29), False), "45 days, over a year of 366"
    (open_,) = colorado(on(2028, 3, 1)).appeals()
    assert open_.overdue
    (row,) = colorado(on(2028, 3, 1)).log()
    assert (row.appealed, row.appeal) == (date(2028, 1, 15), "")
    done = colorado(on(2028, 3, 1)).decide_appeal(request, Result.IN_PART, letter)
    assert done.decision.late
    (row,) = colorado(on(2028, 3, 2)).log()
    assert (row.appealed, row.appeal, row.response) == (date(2028, 1, 15), "granted in part", "denied")


def test_a_record_is_kept_until_24_months_after_the_appeal_was_decided(colorado: Desk, letter: Path) -> None:
    request = denied(colorado, letter)
    colorado(on(2028, 1, 15)).appeal(request)
    assert colorado(on(2040, 1, 1)).to_purge() == (), "an open appeal keeps it"
    colorado(on(2028, 2, 29)).decide_appeal(request, Result.REFUSED, letter)
    assert colorado(on(2030, 2, 28)).to_purge() == ()
    assert [d.request for d in colorado(on(2030, 3, 1)).to_purge()] == [request]


def test_what_cannot_be_appealed_is_refused(colorado: Desk, desk: Desk, letter: Path) -> None:
    with pytest.raises(NotAllowedError, match=r"California .* knows no appeal"):
        desk(on(2028, 1, 1)).appeal(denied(desk, letter))
    unanswered = asked(colorado, on(2027, 12, 1))
    with pytest.raises(NotAllowedError, match="neither answered nor denied"):
        colorado(on(2028, 1, 1)).appeal(unanswered)
    with pytest.raises(NotAllowedError, match="nobody appealed"):
        colorado(on(2028, 1, 1)).decide_appeal(unanswered, Result.GRANTED, letter)
    request, service = denied(colorado, letter), colorado(on(2028, 1, 15))
    for at in (on(2027, 12, 1), on(2028, 2, 1)):
        with pytest.raises(NotAllowedError, match="came after what it follows"):
            service.appeal(request, at)
    service.appeal(request)
    with pytest.raises(IntegrityError):
        colorado(on(2028, 1, 16)).appeal(request)
    service.decide_appeal(request, Result.GRANTED, letter)
    with pytest.raises(NotAllowedError, match="decided already"):
        service.decide_appeal(request, Result.REFUSED, letter)


def test_colorado_gives_sixty_days_more_on_notice(colorado: Desk, letter: Path) -> None:
    request = denied(colorado, letter)
    colorado(on(2028, 1, 15)).appeal(request)
    with pytest.raises(NotAllowedError, match="says why"):
        colorado(on(2028, 2, 1)).extend_appeal(request, " ", letter)
    with pytest.raises(NotAllowedError, match="within the first period"):
        colorado(on(2028, 3, 2)).extend_appeal(request, "A vendor has to look.", letter)
    found = colorado(on(2028, 2, 1)).extend_appeal(request, "A vendor has to look.", letter)
    assert (found.decision.extended, found.decision.last) == (True, date(2028, 4, 29)), "105 days from the appeal"
    (open_,) = colorado(on(2028, 3, 2)).appeals()
    assert not open_.overdue
    with pytest.raises(IntegrityError):
        colorado(on(2028, 2, 2)).extend_appeal(request, "And another.", letter)


def test_the_letter_of_a_decision_decides(colorado: Desk, letter: Path, tmp_path: Path) -> None:
    request = denied(colorado, letter)
    given = Given(name="Ann Lee", reason="The books must be kept.", result="refused")
    with pytest.raises(NotAllowedError, match="nobody appealed"):
        colorado(on(2028, 1, 15)).draft_letter(request, Kind.APPEAL_DECISION, given, tmp_path)
    colorado(on(2028, 1, 15)).appeal(request)
    service = colorado(on(2028, 2, 1))
    assert service.next_letter(request) is Kind.APPEAL_DECISION
    with pytest.raises(NotAllowedError, match="result: what came of the appeal"):
        service.draft_letter(request, Kind.APPEAL_DECISION, Given(name="Ann Lee", reason="Because."), tmp_path)
    shown = Path(service.draft_letter(request, Kind.APPEAL_DECISION, given, tmp_path).where[0]).read_text()
    assert "coag.gov" in shown
    service.record_letter(request, Kind.APPEAL_DECISION, letter, given)
    (appeal,) = service.appeals()
    assert (appeal.result, appeal.decision.late) == ("refused", False)
    assert service.next_letter(request) is None
    with pytest.raises(NotAllowedError, match="decided already"):
        service.draft_letter(request, Kind.APPEAL_DECISION, given, tmp_path)


def test_appeals_on_the_command_line(tmp_path: Path, colorado: Desk, letter: Path) -> None:
    request = denied(colorado, letter)
    before = ["--inventory", str(tmp_path / "co" / "inventory.yaml"), "--state", str(tmp_path / "co" / "state")]

    def run(*arguments: str) -> Result_:
        return CliRunner().invoke(app, [*before, *arguments])

    colorado(on(2027, 12, 20)).journal.append(request, "appealed", "s1", {"at": "2020-01-01T00:00:00Z"}, request)
    assert run("log", "appeals", "--json").exit_code == 7, "it was to be decided years ago"
    assert run("request", "decide-appeal", request, "--result", "perhaps", "--letter", str(letter)).exit_code == 2
    decided = run("request", "decide-appeal", request, "--result", "refused", "--letter", str(letter))
    assert "late, it was due by 2020-02-1" in decided.stdout
    assert run("log", "appeals").exit_code == 0
    assert isinstance(run("request", "appeal", request).exception, NotAllowedError | IntegrityError)
