"""Every outcome of the rules has its letter, and a customer organisation is written to as one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.errors import NotAllowedError
from orchestrator.law import Asked
from orchestrator.letters import wording
from orchestrator.letters.content import compose, text_of
from orchestrator.letters.facts import Denied, Facts
from orchestrator.letters.kinds import Kind
from orchestrator.regimes.outcomes import Outcome, outcomes
from tests.orchestrator.letter_cases import KEPT, facts, said

INSTRUCTIONS = (Kind.ACKNOWLEDGEMENT, Kind.COMPLETION, Kind.PARTIAL_DENIAL, Kind.DENIAL)


def instruction(kind: Kind) -> Facts:
    made = facts(kind)
    return replace(made, request=replace(made.request, organisation="hmac:5"))


def texts() -> dict[str, Facts]:
    """Facts for each text that some letter has."""
    denied = facts(Kind.DENIAL, asked=Asked.ACCESS)
    made = [*map(facts, Kind), denied, *map(instruction, INSTRUCTIONS)]
    return {text_of(one): one for one in made}


@pytest.mark.parametrize("outcome", outcomes().known.values(), ids=lambda o: o.id)
def test_every_outcome_has_a_letter_that_can_be_written(outcome: Outcome) -> None:
    known = texts()
    assert outcome.letter in known, "the rules name a letter that nobody wrote"
    assert said(compose(known[outcome.letter]))


def test_every_text_has_a_letter() -> None:
    files = {path.stem for path in (wording.FOLDER / "texts").glob("*.yaml")} - {"common", "words"}
    assert files == set(texts())


@pytest.mark.parametrize("kind", INSTRUCTIONS)
def test_an_organisation_is_not_written_to_as_the_person(kind: Kind) -> None:
    whole = said(compose(instruction(kind)))
    assert "your personal information" not in whole
    assert "you instructed us to delete" in whole


def test_an_organisation_reads_what_became_of_each_kind_of_data() -> None:
    whole = said(compose(replace(instruction(Kind.PARTIAL_DENIAL), outcome=KEPT)))
    assert "Shop: Orders. Deleted" in whole
    assert "until 2033-01-01" in whole


@pytest.mark.parametrize("kind", [Kind.EXTENSION, Kind.FEE_ESTIMATE, Kind.HAND_OVER])
def test_what_only_persons_are_told_goes_to_no_organisation(kind: Kind) -> None:
    with pytest.raises(NotAllowedError, match="goes to the organisation"):
        compose(instruction(kind))


def test_who_could_not_be_verified_gets_categories_instead() -> None:
    whole = said(compose(facts(Kind.DENIAL, asked=Asked.ACCESS)))
    assert "as one for the categories" in whole
    other = Denied("suspected_fraud", "The paper is not hers.")
    assert "as one for the categories" not in said(compose(facts(Kind.DENIAL, asked=Asked.ACCESS, denied=other)))


def test_an_estimate_names_the_amount_and_its_reason() -> None:
    whole = said(compose(facts(Kind.FEE_ESTIMATE)))
    assert "25.00 USD" in whole
    assert "ninth request" in whole
    with pytest.raises(NotAllowedError, match="amount: what it would cost"):
        compose(facts(Kind.FEE_ESTIMATE, amount=""))


def test_a_hand_over_gives_what_the_person_is_found_by_and_promises_no_outcome() -> None:
    whole = said(compose(facts(Kind.HAND_OVER)))
    assert "ann.lee@example.com" in whole
    assert "do not decide about it" in whole
    assert "Fitters United" in said(compose(facts(Kind.PROVIDER_NOTICE)))
