"""What follows when nobody could be verified, and whose clock waits while more is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from orchestrator.clock import Standing
from orchestrator.denial import Because
from orchestrator.errors import NotAllowedError
from orchestrator.journal import State
from orchestrator.model import Right
from tests.orchestrator.proof_desks import RECEIVED, Desk, asked, desk_at, on, verified


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_at(tmp_path) as desk:
        yield desk


@pytest.mark.parametrize("by", ["unverifiable", "deny"])
def test_denied_specific_pieces_are_taken_as_a_request_for_categories(desk: Desk, paper: Path, by: str) -> None:
    request = asked(desk, Right.ACCESS)
    service = desk(on(3, 9))
    if by == "deny":
        service.deny(request, Because.UNVERIFIED, "nothing matched", paper)
    else:
        outcome = service.unverifiable(request, "nothing matched", paper)
        assert (outcome.letter, outcome.offers) == ("denial_of_specific_pieces", ("categories",))
    taken = service.request(service.taken_as(request))
    assert (taken.right, taken.received, taken.tags) == (Right.KNOW, RECEIVED, service.request(request).tags)
    (clocked,) = service.clock()
    assert clocked.request == taken.id, "one is denied, the other is on the clock from the same day"
    assert [sent.kind for sent in service.letters(request)] == ["denial_of_specific_pieces"]
    service.unverifiable(taken.id, "nothing matched", paper)
    assert service.taken_as(taken.id) == "", "categories are denied with the general practices, and that is the end"


def test_a_deletion_nobody_can_be_verified_for_is_denied_and_offers_the_opt_out(desk: Desk, paper: Path) -> None:
    request = asked(desk)
    with pytest.raises(NotAllowedError, match="--reason"):
        desk(on(3, 9)).unverifiable(request, " ", paper)
    outcome = desk(on(3, 9)).unverifiable(request, "nothing matched", paper)
    assert (outcome.id, outcome.offers) == ("deletion_unverified", ("opt_out",))
    assert desk(on(3, 9)).journal.state(request) is State.DENIED
    (entry,) = desk(on(3, 9)).journal.entries(request, "denied")
    assert (entry.payload["code"], entry.payload["outcome"]) == (Because.UNVERIFIED, "deletion_unverified")


def test_who_is_verified_is_not_unverifiable(desk: Desk, paper: Path) -> None:
    request = asked(desk)
    verified(desk, request, basis="a video call")
    with pytest.raises(NotAllowedError, match="is verified"):
        desk(on(3, 9)).unverifiable(request, "no", paper)


@pytest.mark.parametrize(
    ("regime", "purpose", "came", "last"),
    [
        ("ccpa", "identity", on(3, 20), date(2026, 4, 16)),  # 2 March + 45: verifying moves nothing
        ("ccpa", "identity", None, date(2026, 4, 16)),
        ("va", "identity", on(3, 20), date(2026, 4, 16)),
        ("gdpr", "identity", on(3, 20), date(2026, 4, 17)),  # 2 April, and 15 days waited
        ("gdpr", "details", on(3, 20), date(2026, 4, 2)),
        ("gdpr", "identity", on(3, 5), date(2026, 4, 2)),  # on the day it was asked: nothing was waited
        ("gdpr", "identity", None, date(2026, 4, 28)),  # still waited for on 31 March
    ],
)
def test_only_the_gdprs_clock_waits_for_proof_of_identity(
    tmp_path: Path, paper: Path, regime: str, purpose: str, came: datetime | None, last: date
) -> None:
    with desk_at(tmp_path, regime) as desk:
        request = asked(desk)
        desk(on(3, 5)).ask_more(request, purpose, ["phone"], paper)
        if came:
            desk(came).more_came(request)
        (found,) = desk(on(3, 31)).clock(request)
        (answer,) = [d for d in found.deadlines if d.what == "answer"]
        assert answer.last == last
        strict = {"ccpa": date(2026, 4, 15), "va": date(2026, 4, 16), "gdpr": date(2026, 4, 2)}
        assert answer.due == strict[regime], "a strict reader does not wait"
        assert [sent.kind for sent in desk(on(3, 31)).letters(request)] == ["more_information"]


def test_a_verification_ends_the_wait_and_the_first_that_came_does(tmp_path: Path, paper: Path) -> None:
    with desk_at(tmp_path, "gdpr") as desk:
        one, two = asked(desk), asked(desk, email="b@example.com")
        for request in (one, two):
            desk(on(3, 5)).ask_more(request, "identity", [], paper)
            desk(on(3, 8)).ask_more(request, "identity", [], paper)
        verified(desk, one, on(3, 10), basis="a video call")
        desk(on(3, 12)).more_came(two)
        lasts = []
        for request in (one, two):
            (found,) = desk(on(5, 20)).clock(request)
            (answer,) = [d for d in found.deadlines if d.what == "answer"]
            lasts.append(answer.last)
            assert answer.standing is Standing.OVERDUE, "nobody waits for ever"
        assert lasts == [date(2026, 4, 7), date(2026, 4, 9)]


def test_more_is_not_asked_for_what_must_not_be_asked(desk: Desk, paper: Path) -> None:
    request = asked(desk)
    for purpose, points, says in [
        ("identity", ["ssn"], "is not asked of anybody"),
        ("fun", [], "identity or details"),
    ]:
        with pytest.raises(NotAllowedError, match=says):
            desk(on(3, 5)).ask_more(request, purpose, points, paper)
    with pytest.raises(NotAllowedError, match="nothing more is asked"):
        desk(on(3, 5)).more_came(request)
    desk(on(3, 5)).ask_more(request, "details", [], paper)
    with pytest.raises(NotAllowedError, match="came after it was asked for"):
        desk(on(3, 6)).more_came(request, on(3, 4))
    desk(on(3, 6)).more_came(request)
    with pytest.raises(NotAllowedError, match="nothing more is asked"):
        desk(on(3, 6)).more_came(request)
