"""Letters that do more than answer: fees, and what is handed over to customer organisations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.model import Action
from orchestrator.decide import HAND_OVER
from orchestrator.errors import NotAllowedError
from orchestrator.letter_notices import Given
from orchestrator.letters.kinds import Kind
from orchestrator.model import Level, Right, Role
from orchestrator.service import Service
from tests.orchestrator.cases import plan, step
from tests.orchestrator.inventories import MINIMAL
from tests.orchestrator.letter_desk import ANN, LETTERS, RECEIVED, desk_of
from tests.postbox import Postbox

CONTACT = "privacy@fitters.example"
ORGANISATIONS = f"""\
organisations:
  "5": {{title: Fitters United, contacts: [{CONTACT}]}}
"""
FEE = Given(amount="25.00 USD", because="manifestly_excessive", reason="It is the ninth request within a week.")
TO_FIVE = Given(organisation="5")


@pytest.fixture
def served(tmp_path: Path, box: Postbox) -> Iterator[Service]:
    known = "  user_id: {title: User number}\n"
    text = MINIMAL.replace(known, known + "  organisation_id: {title: Organisation}\n")
    for desk in desk_of(tmp_path, text + LETTERS + ORGANISATIONS):
        yield desk(RECEIVED + timedelta(days=3))


@pytest.fixture
def handed(served: Service) -> str:
    """A verified request of which organisation 5, which no search revealed, decides about a part."""
    request = served.new_request(Right.DELETE, [("email", ANN), ("user_id", "42")], "email", RECEIVED)
    served.verify(request, Level.REASONABLE, "reply", ["email"], ["email"], "a method of ours")
    due = RECEIVED + timedelta(days=7)
    row = replace(step("a", Action.MANUAL), system="shop", collection="users", role=Role.SERVICE_PROVIDER)
    served.journal.save_plan(plan(replace(row, rule=HAND_OVER, due=due, owner="success"), request=request))
    return request


def test_a_hand_over_goes_to_the_authorised_contact_and_is_recorded_as_sent(
    served: Service, handed: str, box: Postbox
) -> None:
    sent = served.send_letter(handed, Kind.HAND_OVER, TO_FIVE)
    assert box.to == [[CONTACT]]
    shown = box.mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert ANN in shown, "by it the organisation finds its user"
    assert "42" not in shown, "which nobody proved"
    (entry,) = served.journal.entries(handed, "handed_over")
    assert (entry.payload["proof"], entry.payload["listed"]) == (sent.sha256, True)
    (now,) = served.handovers(handed)
    assert (now.organisation, now.settled, now.to_contact) == ("5", False, True)
    assert not sent.last
    with pytest.raises(NotAllowedError, match="since 2026-03-05"):
        served.send_letter(handed, Kind.HAND_OVER, TO_FIVE)
    assert len(box.raw) == 1
    told = served.send_letter(handed, Kind.PROVIDER_NOTICE, Given(name="Ann Lee"))
    assert box.to[-1] == [ANN]
    assert served.handovers(handed)[0].settled
    assert told.sha256 in {letter.sha256 for letter in served.letters(handed)}


def test_nothing_is_handed_over_on_the_word_of_who_may_be_anybody(served: Service, box: Postbox) -> None:
    request = served.new_request(Right.DELETE, [("email", ANN)], "email", RECEIVED)
    row = replace(step("a", Action.MANUAL), role=Role.SERVICE_PROVIDER, rule=HAND_OVER, due=RECEIVED, owner="success")
    served.journal.save_plan(plan(row, request=request))
    with pytest.raises(NotAllowedError, match="not verified"):
        served.send_letter(request, Kind.HAND_OVER, TO_FIVE)
    assert box.raw == []


def test_an_estimate_that_is_sent_is_recorded_with_its_ground(served: Service, box: Postbox, tmp_path: Path) -> None:
    request = served.new_request(Right.DELETE, [("email", ANN)], "email", RECEIVED)
    facts = tmp_path / "facts.txt"
    facts.write_text("nine requests")
    with pytest.raises(NotAllowedError, match="one of these grounds"):
        served.draft_letter(request, Kind.FEE_ESTIMATE, replace(FEE, because="other"))
    with pytest.raises(NotAllowedError, match="must prove"):
        served.send_letter(request, Kind.FEE_ESTIMATE, FEE)
    assert box.raw == []
    sent = served.send_letter(request, Kind.FEE_ESTIMATE, replace(FEE, facts=facts))
    (estimate,) = served.journal.entries(request, "fee_estimated")
    assert (estimate.payload["cents"], estimate.payload["letter"]) == (2500, sent.sha256)
    assert served.agree_fee(request).agreed
    assert served.clocked(request).open, "an estimate answers nothing"


def test_an_organisation_is_answered_at_its_contact_and_nobody_elses_address_is_kept_for_it(
    served: Service, box: Postbox
) -> None:
    request = served.instruct("5", Right.DELETE, [("email", ANN)], "email", RECEIVED)
    assert served.next_letter(request) is Kind.ACKNOWLEDGEMENT
    served.send_letter(request, Kind.ACKNOWLEDGEMENT, Given())
    assert served.next_letter(request) is None, "more is asked of the contact in no letter of ours"
    assert served.reply_needed(request) == {}, "the person's address is not where the organisation is written to"
    refusal = Given(because="other", reason="The order is not signed.")
    served.send_letter(request, Kind.DENIAL, refusal)
    assert box.to == [[CONTACT], [CONTACT]]
    assert "your personal information" not in box.raw[-1].decode()
    (told,) = served.journal.entries(request, "denied")
    assert told.payload["outcome"] == "instruction_refused"
