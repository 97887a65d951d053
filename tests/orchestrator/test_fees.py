"""Fees, and how often somebody may ask: by the law, the promise, and what was answered before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from orchestrator.denial import Because
from orchestrator.errors import NotAllowedError
from orchestrator.fees import Charged, refusal
from orchestrator.journal import State
from orchestrator.law import Asked
from orchestrator.model import Level, Right
from orchestrator.regimes import law_of
from tests.orchestrator.proof_desks import Desk, asked, desk_at, on, verified

FREE = """\
promises:
  - {id: free, topic: free, rights: [access, delete], citation: Policy}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_at(tmp_path, more=FREE) as desk:
        yield desk


@pytest.mark.parametrize(
    ("regime", "asked_for", "because", "before", "facts", "says"),
    [
        ("ccpa", "delete", Charged.UNFOUNDED, 0, False, "must prove"),
        ("ccpa", "delete", Charged.UNFOUNDED, 0, True, ""),
        ("ccpa", "access", Charged.EXCESSIVE, 1, True, "never excessive by number"),
        ("ccpa", "access", Charged.EXCESSIVE, 2, True, ""),
        ("ccpa", "delete", Charged.EXCESSIVE, 0, True, ""),
        ("ccpa", "access", Charged.BEYOND_FREE, 9, True, "free without limit"),
        ("co", "access", Charged.BEYOND_FREE, 0, False, "0 of 1 free ones"),
        ("co", "access", Charged.BEYOND_FREE, 1, False, ""),
        ("va", "delete", Charged.BEYOND_FREE, 1, False, "1 of 2 free ones"),
        ("gdpr", "access", Charged.BEYOND_FREE, 5, True, "free without limit"),
    ],
)
def test_when_a_fee_may_be_asked(
    regime: str, asked_for: str, because: Charged, before: int, facts: bool, says: str
) -> None:
    why = refusal(law_of(regime, ()), Asked(asked_for), because, before, facts)
    assert bool(why) == bool(says)
    assert says in why


def test_a_fee_is_estimated_before_and_never_charged_above(desk: Desk, paper: Path) -> None:
    request = asked(desk)
    with pytest.raises(NotAllowedError, match="without an estimate before"):
        desk(on(3, 5)).charge_fee(request, "5.00 USD", paper)
    with pytest.raises(NotAllowedError, match=r"free without limit .*Policy"):
        desk(on(3, 5)).estimate_fee(request, "25.00 USD", Charged.BEYOND_FREE, "often", paper, paper)
    with pytest.raises(NotAllowedError, match="must prove"):
        desk(on(3, 5)).estimate_fee(request, "25.00 USD", Charged.UNFOUNDED, "a robot asks", paper)
    with pytest.raises(NotAllowedError, match="an amount is written"):
        desk(on(3, 5)).estimate_fee(request, "a lot", Charged.UNFOUNDED, "a robot asks", paper, paper)
    desk(on(3, 5)).estimate_fee(request, "25.00 USD", Charged.UNFOUNDED, "a robot asks", paper, paper)
    with pytest.raises(NotAllowedError, match="has not agreed"):
        desk(on(3, 6)).charge_fee(request, "25.00 USD", paper)
    desk(on(3, 6)).agree_fee(request)
    for amount in ("25.01 USD", "20.00 EUR"):
        with pytest.raises(NotAllowedError, match=r"the estimate was 25\.00 USD"):
            desk(on(3, 7)).charge_fee(request, amount, paper)
    assert desk(on(3, 7)).charge_fee(request, "20.00 USD", paper).charged
    with pytest.raises(NotAllowedError, match="charged already"):
        desk(on(3, 7)).charge_fee(request, "5.00 USD", paper)


def test_nothing_is_done_while_the_person_may_still_withdraw_over_a_fee(desk: Desk, paper: Path) -> None:
    request, waived = asked(desk), asked(desk, email="b@example.com")
    for one in (request, waived):
        desk(on(3, 5)).estimate_fee(one, "25.00 USD", Charged.UNFOUNDED, "a robot asks", paper, paper)
        with pytest.raises(NotAllowedError, match=r"an estimate of 25\.00 USD .*--agreed, or --waive"):
            desk(on(3, 6)).run(one)
    desk(on(3, 6)).agree_fee(request)
    assert desk(on(3, 6)).waive_fee(waived).waived
    for one in (request, waived):
        with pytest.raises(NotAllowedError, match="verif"):  # what stands in the way next
            desk(on(3, 7)).run(one)
    with pytest.raises(NotAllowedError, match="was waived"):
        desk(on(3, 7)).charge_fee(waived, "20.00 USD", paper)
    desk(on(3, 8)).estimate_fee(request, "30.00 USD", Charged.UNFOUNDED, "a robot asks", paper, paper)
    with pytest.raises(NotAllowedError, match=r"30\.00 USD"):
        desk(on(3, 8)).run(request)


def test_neither_an_export_nor_an_opt_out_goes_ahead_of_the_persons_word_about_a_fee(desk: Desk, paper: Path) -> None:
    access, out = asked(desk, Right.ACCESS), asked(desk, Right.OPT_OUT)
    for one in (access, out):
        desk(on(3, 5)).estimate_fee(one, "25.00 USD", Charged.UNFOUNDED, "a robot asks", paper, paper)
    verified(desk, access, level=Level.REASONABLY_HIGH, basis="seen in person")
    service = desk(on(3, 6))
    for act in (lambda: service.export(access, paper.parent / "package"), lambda: service.run(out)):
        with pytest.raises(NotAllowedError, match=r"dsr request cancel r-\w+ if it is withdrawn") as refused:
            act()
        assert refused.value.exit_code == 5
    assert not (paper.parent / "package").exists()
    desk(on(3, 6)).cancel(out, "withdrawn over the fee")
    assert desk(on(3, 6)).journal.state(out) is State.CANCELLED


def test_twice_in_twelve_months_counts_answered_requests_to_know_only(desk: Desk, paper: Path) -> None:
    """Deletions, denials, others' requests and what is older than a year do not count."""
    days = {Right.ACCESS: [on(3, 1, 2025), on(4, 1, 2025)], Right.DELETE: [on(5, 1, 2025), on(6, 1, 2025)]}
    for right, received in days.items():
        for at in received:
            desk(at + timedelta(days=9)).answer(asked(desk, right, at), paper)
    denied = asked(desk, Right.ACCESS, on(7, 1, 2025))
    desk(on(7, 2, 2025)).deny(denied, Because.FRAUD, "taken over", paper)
    third = asked(desk, Right.ACCESS, on(3, 5, 2026))
    with pytest.raises(NotAllowedError, match="1 were answered in the 12 months"):
        desk(on(3, 11, 2026)).deny(
            asked(desk, Right.ACCESS, on(3, 11, 2026)), Because.TOO_MANY_REQUESTS, "often", paper
        )
    assert desk(on(3, 5)).answered_before(desk(on(3, 5)).request(third)) == 2
    late = asked(desk, Right.ACCESS, on(3, 11, 2026))
    assert desk(on(3, 11)).answered_before(desk(on(3, 11)).request(late)) == 1
    desk(on(3, 6)).deny(third, Because.TOO_MANY_REQUESTS, "twice in twelve months", paper)
    assert desk(on(3, 6)).journal.state(third) is State.DENIED
