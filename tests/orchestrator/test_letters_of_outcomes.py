"""Every outcome of the rules has its letter, and a customer organisation is written to as one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from orchestrator.denial import Because
from orchestrator.errors import NotAllowedError
from orchestrator.law import Asked, Purpose, Topic, asked_by
from orchestrator.letters import wording
from orchestrator.letters.content import compose, text_of
from orchestrator.letters.facts import Appealed, Denied, Facts
from orchestrator.letters.kinds import Kind, State
from orchestrator.model import Right
from orchestrator.records import Result
from orchestrator.regimes import law_of
from orchestrator.regimes.outcomes import Outcome, outcomes
from tests.orchestrator.letter_cases import CHOSEN, KEPT, facts, item, outcome, said

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
    assert "Shop: Orders\nDeleted" in whole
    assert "Shop: Orders\nKept\nBooks for tax (26 U.S.C. 6501)\nJanuary 1, 2033" in whole
    emptied = replace(instruction(Kind.COMPLETION), outcome=outcome(item(State.EMPTIED)))
    assert "The person's details removed" in said(compose(emptied))


@pytest.mark.parametrize("kind", [Kind.EXTENSION, Kind.FEE_ESTIMATE, Kind.HAND_OVER])
def test_what_only_persons_are_told_goes_to_no_organisation(kind: Kind) -> None:
    with pytest.raises(NotAllowedError, match="goes to the organisation"):
        compose(instruction(kind))


def test_who_could_not_be_verified_gets_categories_instead() -> None:
    whole = said(compose(facts(Kind.DENIAL, asked=Asked.ACCESS)))
    assert "as one for the categories" in whole
    other = Denied("suspected_fraud", "The paper is not hers.")
    assert "as one for the categories" not in said(compose(facts(Kind.DENIAL, asked=Asked.ACCESS, denied=other)))


@pytest.mark.parametrize("right", [Right.ACCESS, Right.KNOW, Right.DELETE, Right.CORRECT, Right.LIMIT])
@pytest.mark.parametrize("because", Because)
def test_a_denial_is_worded_as_the_rules_say_for_the_right_that_was_asked(because: Because, right: Right) -> None:
    made = facts(Kind.DENIAL, asked=asked_by(right), denied=Denied(because, "This is why."))
    made = replace(made, request=replace(made.request, right=right))
    assert text_of(made) == outcomes().of_denial(because, right).letter
    assert "This is why." in said(compose(made))


def test_who_asks_for_categories_and_is_not_verified_is_shown_the_policy_and_no_second_request() -> None:
    made = facts(Kind.DENIAL, asked=Asked.ACCESS)
    whole = said(compose(replace(made, request=replace(made.request, right=Right.KNOW))))
    assert "as one for the categories" not in whole
    assert "specific pieces" not in whole
    assert "privacy policy describes how we handle" in whole
    assert "11 CCR 7024(b)" in whole


def test_an_estimate_names_the_amount_and_its_reason() -> None:
    whole = said(compose(facts(Kind.FEE_ESTIMATE)))
    assert "25.00 USD" in whole
    assert "ninth request" in whole
    with pytest.raises(NotAllowedError, match="amount: what it would cost"):
        compose(facts(Kind.FEE_ESTIMATE, amount=""))


@pytest.mark.parametrize(
    ("regime", "because", "says"),
    [
        ("ccpa", "manifestly_excessive", "1798.145(h)(3)"),
        ("gdpr", "manifestly_unfounded", "GDPR Art. 12(5)"),
        ("va", "beyond_free", "Va. Code 59.1-577(B)(3)"),
    ],
)
def test_an_estimate_cites_the_rule_by_which_there_may_be_a_fee(regime: str, because: str, says: str) -> None:
    made = facts(Kind.FEE_ESTIMATE, regime, asked=Asked.ACCESS, denied=Denied(because, "The ninth in a week."))
    assert says in said(compose(made))
    assert says not in said(compose(replace(made, denied=Denied("", "The ninth in a week."))))


@pytest.mark.parametrize(
    ("regime", "office"),
    [("va", "oag.state.va.us"), ("co", "coag.gov"), ("ct", "portal.ct.gov/ag"), ("tx", "texasattorneygeneral.gov")],
)
@pytest.mark.parametrize("result", Result)
def test_who_is_refused_on_appeal_is_told_where_to_complain(regime: str, office: str, result: Result) -> None:
    appeal = Appealed(date(2026, 11, 20), result, "The books must be kept.")
    whole = said(compose(facts(Kind.APPEAL_DECISION, regime, appealed=appeal)))
    assert "On November 20, 2026 you appealed" in whole
    assert "The books must be kept." in whole
    assert (office in whole) == (result is not Result.GRANTED)
    assert ("You were right" in whole) == (result is not Result.REFUSED)
    cited = {rule.citation for rule in law_of(regime, ()).rules(Topic.ANSWER, Asked.APPEAL)}
    assert all(one in whole for one in cited) == (result is not Result.GRANTED)


def test_a_hand_over_gives_what_the_person_is_found_by_and_promises_no_outcome() -> None:
    whole = said(compose(facts(Kind.HAND_OVER)))
    assert "ann.lee@example.com" in whole
    assert "do not decide about it" in whole
    assert "We told the person" not in whole, "that letter may go out after this one"


def test_no_letter_but_one_that_asks_for_deletion_may_claim_that_all_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    claims = wording.Block(p="Everything about the person is deleted.")
    for name, one in texts().items():
        form = wording.form(name)
        worded = form.model_copy(update={"blocks": [*form.blocks, claims]})
        monkeypatch.setattr(wording, "form", lambda _, worded=worded: worded)
        if one.kind is Kind.VENDOR_NOTICE or (one.outcome and one.outcome.whole):
            compose(one)
        else:
            with pytest.raises(NotAllowedError, match="which is not shown"):
                compose(one)
        monkeypatch.undo()


def test_the_person_is_told_who_decides_and_to_whom_the_request_went() -> None:
    notice = facts(Kind.PROVIDER_NOTICE).notice
    assert notice

    def told(**more: object) -> str:
        return said(compose(facts(Kind.PROVIDER_NOTICE, notice=replace(notice, **more))))  # type: ignore[arg-type]

    assert "Fitters United" in told()
    assert "We pass your request on to the organization." in told()
    sent = date(2026, 11, 20)
    assert "On November 20, 2026 we passed your request on, to the address" in told(passed_on=sent, to_contact=True)
    assert "passed your request on to the organization." in told(passed_on=sent)
    assert "an organization that gave you access" in told(vendor="")


@pytest.mark.parametrize(
    ("asked", "purposes", "says"),
    [
        (Asked.OPT_OUT, (Purpose.SALE,), "we do not sell your personal information."),
        (Asked.OPT_OUT, (Purpose.MARKETING,), "we do not write to you for advertising."),
        (Asked.OPT_OUT, tuple(Purpose)[:3], "not sell or share your personal information or write to you for"),
        (
            Asked.OPT_IN,
            (Purpose.SHARING,),
            "we may share your personal information for advertising across",
        ),
    ],
)
def test_a_choice_is_answered_as_it_was_made(asked: Asked, purposes: tuple[Purpose, ...], says: str) -> None:
    whole = said(compose(facts(Kind.COMPLETION, asked=asked, choice=replace(CHOSEN, purposes=purposes))))
    assert says in whole
    silent = asked is Asked.OPT_OUT and set(purposes) != {Purpose.MARKETING}
    assert ("For at least 12 months we will not ask you" in whole) == silent
