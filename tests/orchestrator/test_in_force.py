"""Since when a choice holds, as our own list says, which letters take their day from."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from orchestrator.errors import NotAllowedError
from orchestrator.law import Purpose
from orchestrator.letter_notices import Given
from orchestrator.letters.kinds import Kind
from orchestrator.model import Right
from orchestrator.preferences import LIFTED, LISTED
from orchestrator.service import Service
from tests.orchestrator.letter_desk import ANN, RECEIVED, Desk

FIRST = RECEIVED + timedelta(days=3)


def enter(service: Service, request: str, kind: str, *purposes: Purpose, places: int = 2) -> None:
    asked = service.request(request)
    for tag in asked.tags[:places]:
        for purpose in purposes:
            key = service.entry_of(asked, tag, purpose)
            service.journal.append("", kind, "desk", {"tag": tag, "purpose": purpose}, key)


def asked(service: Service, right: Right, *only: Purpose) -> str:
    given = [("email", ANN), ("user_id", "42")]
    return service.new_request(right, given, "email", RECEIVED, only=tuple(only))


def since(service: Service, request: str) -> date | None:
    return service.in_force_since(service.request(request))


def test_an_opt_out_holds_since_all_of_it_stands_in_the_list(desk: Desk) -> None:
    service = desk(FIRST)
    request = asked(service, Right.OPT_OUT)
    assert since(service, request) is None
    enter(service, request, LISTED, Purpose.SALE)
    assert since(service, request) is None, "and nobody has stopped sharing"
    later = desk(FIRST + timedelta(days=2))
    enter(later, request, LISTED, Purpose.SHARING, places=1)
    assert since(later, request) is None, "of one of the two names"
    enter(later, request, LISTED, Purpose.SHARING)
    assert since(later, request) == date(2026, 3, 7)


def test_what_was_taken_back_holds_no_more(desk: Desk) -> None:
    service = desk(FIRST)
    request = asked(service, Right.LIMIT)
    enter(service, request, LISTED, Purpose.SENSITIVE)
    assert since(service, request) == date(2026, 3, 5)
    enter(service, request, LIFTED, Purpose.SENSITIVE)
    assert since(service, request) is None


def test_an_opt_in_holds_since_it_was_lifted_for_that_request_and_until_the_next_opt_out(desk: Desk) -> None:
    service = desk(FIRST)
    out, back = asked(service, Right.OPT_OUT, Purpose.SALE), asked(service, Right.OPT_IN, Purpose.SALE)
    assert since(service, back) is None, "nobody ever opted out, and nothing was entered for it"
    enter(service, out, LISTED, Purpose.SALE)
    later = desk(FIRST + timedelta(days=1))
    enter(later, back, LIFTED, Purpose.SALE)
    assert since(later, back) == date(2026, 3, 6)
    assert since(later, out) is None
    again = asked(later, Right.OPT_OUT, Purpose.SALE)
    enter(later, again, LISTED, Purpose.SALE)
    assert since(later, back) is None


@pytest.mark.parametrize("right", [Right.DELETE, Right.ACCESS, Right.SHINE_THE_LIGHT])
def test_other_rights_have_no_such_day(desk: Desk, right: Right) -> None:
    service = desk(FIRST)
    request = service.new_request(right, [("email", ANN)], "email", RECEIVED)
    assert since(service, request) is None


def test_a_letter_takes_the_day_from_the_list(desk: Desk, tmp_path: Path) -> None:
    service = desk(FIRST)
    request = asked(service, Right.OPT_OUT, Purpose.SALE, Purpose.MARKETING)
    with pytest.raises(NotAllowedError, match="our list does not say that it does"):
        service.draft_letter(request, Kind.COMPLETION, Given(name="Ann Lee", see_at="your account"), tmp_path)
    enter(service, request, LISTED, Purpose.SALE, Purpose.MARKETING)
    given = Given(name="Ann Lee", see_at="your account")
    shown = Path(service.draft_letter(request, Kind.COMPLETION, given, tmp_path).where[0]).read_text()
    assert "not to sell your personal information or write to you for advertising" in " ".join(shown.split())
    assert "Since March 5, 2026 we do not sell your personal information or write to you" in " ".join(shown.split())
