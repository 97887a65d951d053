"""What letters say of what became of the data: every state in its words, and never more than is so."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.denial import Because
from orchestrator.errors import NotAllowedError
from orchestrator.law import Asked, Confidence
from orchestrator.letters import wording
from orchestrator.letters.claims import untrue
from orchestrator.letters.content import compose
from orchestrator.letters.facts import Denied, Facts, Outcome
from orchestrator.letters.kinds import ANSWERS, OUTCOMES, RECORDED, Kind, State, answer_to, fitting
from orchestrator.letters.render import text
from orchestrator.model import Right
from orchestrator.receipt import Fulfilment
from orchestrator.regimes import law_of
from tests.orchestrator.letter_cases import OUTCOMES as MADE
from tests.orchestrator.letter_cases import REGIMES, TODAY, WHOLE, facts, item, letter, outcome

EVERYTHING_GONE = re.compile(
    r"(all|everything|nothing|entire\w*|complete\w*|permanent\w*)\b[^.]{0,60}\b(delet|eras|remov|gone|left|remain)"
    r"|\b(delet|eras|remov)\w*\b[^.]{0,60}\b(all|everything|entire\w*|complete\w*|permanent\w*)\b", re.IGNORECASE,
)  # fmt: skip

PRACTICE = {"records", "verify", "service_provider", "complain", "vendor_duty", "third_party_duty"}  # may cite nothing


def answers(made: Outcome) -> list[Kind]:
    return [kind for kind in fitting(made.fulfilment, made.states) if kind in ANSWERS or kind is Kind.APPROVAL]


@pytest.mark.parametrize("state", State)
def test_every_state_is_told_with_its_words_and_day(state: State) -> None:
    until = date(2027, 2, 3)
    made = outcome(item(state, until=until), item(State.RETAINED, "Books"), fulfilment=Fulfilment.ACCEPTED_PENDING)
    shown = letter(Kind.PARTIAL_DENIAL, outcome=made)
    words = wording.words().states[state]
    assert words.title in shown
    assert words.says in shown
    assert "Shop: Orders" in shown
    assert "February 3, 2027" in shown
    assert "Used only for" in shown
    assert "26 U.S.C. 6501" in shown


def test_a_whole_deletion_says_so_and_still_names_the_record() -> None:
    shown = letter(Kind.COMPLETION)
    assert "Everything that our search found about you was deleted" in shown
    assert "We keep only the record of this request." in shown


@pytest.mark.parametrize("state", [s for s in State if not s.clean])
def test_one_thing_that_is_not_gone_takes_that_sentence_away(state: State) -> None:
    made = replace(WHOLE, items=(*WHOLE.items, item(state, until=date(2027, 2, 3))))
    assert "Everything" not in letter(Kind.COMPLETION, outcome=made)
    assert not made.whole


def test_a_further_letter_is_promised_by_a_day_or_the_letter_is_not_written() -> None:
    waiting = outcome(item(State.VENDOR_ACCEPTED), fulfilment=Fulfilment.ACCEPTED_PENDING)
    with pytest.raises(NotAllowedError, match="again_by"):
        compose(facts(Kind.COMPLETION, outcome=waiting))
    assert "by December 24, 2026 in any case" in letter(
        Kind.COMPLETION, outcome=waiting, again_by=date(2026, 12, 24)
    )  # fmt: skip
    dated = outcome(item(State.VENDOR_ACCEPTED, until=date(2027, 1, 5)), fulfilment=Fulfilment.ACCEPTED_PENDING)
    assert "by January 5, 2027 in any case" in letter(Kind.COMPLETION, outcome=dated)


def written(made: Facts) -> str:
    """The letter as text, or why it is not written. No text of ours claims too much."""
    try:
        return " ".join(text(compose(made)).split())
    except NotAllowedError as refused:
        why = str(refused)
    assert why.startswith("the letter (")
    return why


@settings(max_examples=150, deadline=None)
@given(MADE, st.sampled_from(REGIMES))
def test_no_letter_says_that_all_is_gone_while_anything_is_not(made: Outcome, regime: str) -> None:
    for kind in answers(made):
        flat = written(replace(facts(kind, outcome=made, again_by=date(2041, 1, 1)), law=law_of(regime, ())))
        if "the letter (" in flat:
            continue  # it lacks something
        if not made.whole:
            assert not EVERYTHING_GONE.search(flat), EVERYTHING_GONE.search(flat)
        for state in made.states:
            assert wording.words().states[state].title in flat
        for one in made.items:
            assert f"{one.system}: {one.what}" in flat


@settings(max_examples=100, deadline=None)
@given(MADE)
def test_every_outcome_has_a_letter_that_names_what_is_kept(made: Outcome) -> None:
    kind = answer_to(made.fulfilment, made.states)
    assert kind in fitting(made.fulfilment, made.states)
    if kind is Kind.COMPLETION:
        assert not made.states & {State.RETAINED, State.HANDED_OVER, State.TO_HAND_OVER}


def test_the_tables_of_letters_are_whole() -> None:
    assert set(OUTCOMES) == set(Fulfilment)
    assert OUTCOMES[Fulfilment.OPEN] not in RECORDED, "what is open is told, and answers nothing by itself"
    assert set(wording.words().states) == set(State)
    assert set(wording.words().because) == set(Because)
    assert set(wording.words().rights) == {*Asked, Right.KNOW}
    assert {wording.form(kind).kind for kind in Kind} == set(Kind)
    for name in REGIMES:
        for sentence in wording.law_file(name).sentences:
            assert sentence.confidence in (*Confidence, None)
            assert sentence.citation or sentence.topic in PRACTICE


@pytest.mark.parametrize(
    "reason", ["We have deleted everything else.", "Nothing about you is left.", "Your data is completely erased."]
)
def test_a_reason_of_staff_cannot_claim_more_either(reason: str) -> None:
    with pytest.raises(NotAllowedError, match="not shown"):
        compose(facts(Kind.DENIAL, denied=Denied("other", reason)))
    assert untrue([reason], whole=False)
    assert not untrue([reason], whole=True)


def test_today_is_what_the_letter_is_dated() -> None:
    assert compose(facts(Kind.DENIAL)).iso_date == TODAY.isoformat()
