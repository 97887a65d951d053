"""What letters say: the law's own words and citations, nothing that is missing, nothing that is not true."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from orchestrator.denial import Because
from orchestrator.errors import NotAllowedError
from orchestrator.inventory.flows import Whether
from orchestrator.law import EVERYBODY, Asked, Confidence, Rule, Topic
from orchestrator.letters import wording
from orchestrator.letters.content import compose
from orchestrator.letters.facts import Denied, Notice, Outcome
from orchestrator.letters.kinds import ANSWERS, Kind, State
from orchestrator.letters.render import text
from orchestrator.model import Ground, Level, Right, Role
from orchestrator.regimes import law_of
from tests.orchestrator.letter_cases import (
    ANN,
    CHOSEN,
    DESK,
    KEPT,
    NEEDED,
    REGIMES,
    WHOLE,
    facts,
    item,
    letter,
    outcome,
    said,
)

# Every letter


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_can_be_written_under_every_law_and_names_what_the_law_asks_for(kind: Kind, regime: str) -> None:
    whole = " ".join(text(compose(facts(kind, regime))).split())
    assert "r-7k3q9m2a4b" in whole
    assert DESK.reply_to in whole
    assert "Privacy desk" in whole
    assert ("24 November 2026" if regime == "gdpr" else "November 24, 2026") in whole
    if kind not in (Kind.HAND_OVER, Kind.VENDOR_NOTICE):
        assert "to delete your personal information" in whole
        assert ("2 November 2026" if regime == "gdpr" else "November 2, 2026") in whole


@pytest.mark.parametrize("regime", REGIMES)
def test_citations_of_clocks_are_those_of_the_regimes_rules(regime: str) -> None:
    made = facts(Kind.ACKNOWLEDGEMENT, regime)
    shown = said(compose(made))
    (answer,) = [d for d in made.deadlines if d.what is Topic.ANSWER]
    assert "; ".join(answer.citations) in shown
    (extend,) = made.law.rules(Topic.EXTEND, Asked.DELETE)
    assert extend.citation in letter(Kind.EXTENSION, regime)


def test_no_text_of_a_letter_names_a_law() -> None:
    """Citations stand in the laws' files, or come from the rules of the regimes."""
    for path in (wording.FOLDER / "texts").glob("*.yaml"):
        assert not re.search(r"\d{3,}|CCR|Civ\. Code|GDPR|Art\.|Stat\.", path.read_text()), path.name


def test_a_citation_of_a_clock_is_not_typed_twice() -> None:
    for name in REGIMES:
        cited = {r.citation for r in law_of(name, ()).regime.rules if r.topic in (Topic.FREE, Topic.EXTEND)}
        mine = {s.citation for s in wording.law_file(name).sentences}
        assert not cited & mine


@pytest.mark.parametrize("kind", Kind)
def test_a_letter_that_lacks_what_it_needs_is_not_written(kind: Kind) -> None:
    for name in NEEDED[kind]:
        empty: Any = () if name == "asks" else replace(ANN, name="", address=(), email="") if name == "to" else None
        with pytest.raises(NotAllowedError, match="lacks"):
            compose(facts(kind, **{name: empty}))
    with pytest.raises(NotAllowedError, match="to: the person's name"):
        compose(facts(kind, to=replace(ANN, name=" ", address=(), email="")))


def test_an_error_names_everything_that_is_missing_and_where_it_comes_from() -> None:
    with pytest.raises(NotAllowedError) as error:
        compose(facts(Kind.DENIAL, denied=None))
    assert "--because" in str(error.value)
    assert "--reason" in str(error.value)
    assert "Ann" not in str(error.value)


def test_a_day_that_is_over_is_not_promised() -> None:
    with pytest.raises(NotAllowedError, match="answer_by: the day for the answer is over"):
        compose(facts(Kind.ACKNOWLEDGEMENT, today=date(2027, 3, 1)))


# Role, ground, routes


def test_the_role_is_said_and_a_service_provider_says_its_sentence() -> None:
    mixed = replace(KEPT, roles=frozenset(Role))
    assert "only as a service provider" in letter(Kind.PARTIAL_DENIAL, outcome=mixed)
    assert "sent to a service provider" in letter(Kind.PARTIAL_DENIAL, outcome=mixed)
    assert "11 CCR 7050" in letter(Kind.PARTIAL_DENIAL, outcome=mixed)
    assert "as its processor" in letter(Kind.PARTIAL_DENIAL, "gdpr", outcome=mixed)
    alone = letter(Kind.PARTIAL_DENIAL)
    assert "as the business that decides" in alone
    assert "service provider" not in alone


def test_a_promise_of_the_policy_is_named_as_the_ground() -> None:
    made = facts(Kind.ACKNOWLEDGEMENT)
    everybody = Rule("p", Topic.RESIDENCE, frozenset({Asked.DELETE}), "Policy", Confidence.READ,
                     among=frozenset({EVERYBODY}), promise=True)  # fmt: skip
    promised = replace(
        made, law=law_of("ccpa", (everybody,)), request=replace(made.request, ground=Ground.POLICY_PROMISE)
    )
    assert "our privacy policy promises this right" in said(compose(promised))
    assert "promises" not in said(compose(made))
    assert "promises" not in said(compose(replace(promised, asked=Asked.CORRECT))), "of which the policy is silent"


def test_an_access_letter_says_what_time_its_package_covers() -> None:
    given = outcome(item(State.DISCLOSED), item(State.HANDED_OVER), files=3)
    for kind, came in ((Kind.COMPLETION, outcome(item(State.DISCLOSED), files=3)), (Kind.PARTIAL_DENIAL, given)):

        def shown(since: date | None, kind: Kind = kind, came: Outcome = came) -> str:
            return letter(kind, asked=Asked.ACCESS, outcome=came, delivery="by mail", covers_from=since)

        assert "from November 2, 2025 on" in shown(date(2025, 11, 2))
        assert "back to January 1, 2022" in shown(date(2025, 11, 2))
        assert "of whatever date" not in shown(date(2025, 11, 2))
        assert "You may ask for what is older" not in shown(date(2022, 1, 1)), "nothing older is owed"
        assert "of whatever date" in shown(None)


def test_shine_the_light_promises_no_list_where_nothing_went_out() -> None:
    shown = letter(Kind.COMPLETION, asked=Asked.SHINE_THE_LIGHT, delivery="with this letter")
    assert "or that it was to nobody" in shown
    assert "The list" not in shown


def test_a_denial_in_part_of_categories_says_how_they_come_and_claims_no_package() -> None:
    made = facts(Kind.PARTIAL_DENIAL, asked=Asked.ACCESS, delivery="by mail",
                 outcome=outcome(item(State.DISCLOSED), item(State.HANDED_OVER, "School")))  # fmt: skip
    shown = said(compose(replace(made, request=replace(made.request, right=Right.KNOW))))
    assert "reaches you as follows: by mail" in shown
    assert "package" not in shown
    assert "School" in shown
    with pytest.raises(NotAllowedError, match="delivery"):
        compose(replace(made, request=replace(made.request, right=Right.KNOW), delivery=""))


@pytest.mark.parametrize(
    ("regime", "within"), [("va", "60 days"), ("co", "45 days"), ("ct", "60 days"), ("tx", "60 days")]
)
def test_a_denial_names_the_appeal_and_the_attorney_general(regime: str, within: str) -> None:
    (rule,) = law_of(regime, ()).rules(Topic.ANSWER, Asked.APPEAL)
    for shown in (letter(Kind.DENIAL, regime), letter(Kind.PARTIAL_DENIAL, regime)):
        assert "You may appeal this decision" in shown
        assert f"within {within}" in shown
        assert rule.citation in shown
        assert "Attorney General" in shown


def test_the_gdpr_names_authority_and_court_and_california_no_appeal() -> None:
    shown = letter(Kind.DENIAL, "gdpr")
    assert "the data protection authority of your country" in shown
    assert "go to court" in shown
    with pytest.raises(NotAllowedError, match=r"letters\.authority"):
        compose(facts(Kind.DENIAL, "gdpr", desk=replace(DESK, authority="")))
    assert "appeal" not in letter(Kind.DENIAL)


@pytest.mark.parametrize("because", Because)
def test_every_ground_of_a_denial_has_words_and_reasons(because: Because) -> None:
    shown = letter(Kind.DENIAL, denied=Denied(because, "The particular reason."))
    assert "The particular reason." in shown
    assert wording.words().because[because] in shown
    unverified = "Where we cannot verify who asks" in shown
    assert unverified == (because is Because.UNVERIFIED)


def test_access_that_cannot_be_verified_is_treated_as_a_request_for_categories() -> None:
    assert "for the categories of information" in letter(Kind.DENIAL, asked=Asked.ACCESS)


def test_an_opt_out_is_offered_only_where_data_is_sold_and_a_deletion_denied() -> None:
    offered: dict[str, Any] = {"sells": Whether.YES, "desk": replace(DESK, opt_out_at="https://office.example/opt-out")}
    for kind in (Kind.DENIAL, Kind.PARTIAL_DENIAL):
        assert "https://office.example/opt-out" in letter(kind, **offered)
        assert "sell or share" not in letter(kind)
        with pytest.raises(NotAllowedError, match="unknown is no answer"):
            letter(kind, **{**offered, "sells": Whether.UNKNOWN})
    assert "opt-out" not in letter(Kind.DENIAL, asked=Asked.ACCESS, **offered)
    assert "opt-out" not in letter(Kind.COMPLETION, **offered)
    with pytest.raises(NotAllowedError, match="opt_out_at"):
        letter(Kind.DENIAL, sells=Whether.YES)


def test_an_opt_out_says_since_when_how_to_see_it_and_that_nobody_asks_again_for_a_year() -> None:
    shown = letter(Kind.COMPLETION, asked=Asked.OPT_OUT, choice=CHOSEN)
    assert "Since November 20, 2026" in shown
    assert CHOSEN.confirmed_at in shown
    assert "For at least 12 months we will not ask you" in shown
    assert "12 months" not in letter(Kind.COMPLETION)
    with pytest.raises(NotAllowedError, match="confirmed_at"):
        compose(facts(Kind.COMPLETION, asked=Asked.OPT_OUT))
    soon = date(2026, 11, 10)
    shown = letter(Kind.ACKNOWLEDGEMENT, asked=Asked.OPT_OUT, verification=None, today=soon)
    assert "You need not prove who you are" in shown


@pytest.mark.parametrize("asked", [a for a in Asked if a is not Asked.APPEAL])
def test_every_right_has_its_answer(asked: Asked) -> None:
    made = facts(Kind.COMPLETION, asked=asked, choice=CHOSEN, delivery="through your account")
    handed = replace(WHOLE, files=3)
    shown = said(compose(replace(made, outcome=handed)))
    assert wording.words().rights[asked].format(choice="sell or share your personal information") in shown
    assert ("through your account" in shown) == (asked in (Asked.ACCESS, Asked.SHINE_THE_LIGHT))
    assert (CHOSEN.confirmed_at in shown) == (asked in (Asked.OPT_OUT, Asked.OPT_IN, Asked.LIMIT))


def test_categories_alone_come_in_no_package() -> None:
    made = facts(Kind.COMPLETION, asked=Asked.ACCESS, delivery="by mail")
    known = replace(made, request=replace(made.request, right=Right.KNOW), outcome=None)
    shown = said(compose(known))
    assert "to learn which kinds of personal information" in shown
    assert "from which sources" in shown
    assert "files" not in shown


def test_the_record_of_the_request_is_told_in_every_answer() -> None:
    for kind in ANSWERS:
        assert "11 CCR 7101(a)" in letter(kind)


def test_agents_and_parents_are_told_who_you_is() -> None:
    plain = letter(Kind.ACKNOWLEDGEMENT)
    assert "another person's behalf" in letter(Kind.ACKNOWLEDGEMENT, agent_of="agent")
    assert "your child" in letter(Kind.ACKNOWLEDGEMENT, agent_of="parent")
    assert "behalf" not in plain
    assert "child" not in plain


def test_how_surely_a_person_is_verified_is_said_as_the_right_needs_it() -> None:
    def waiting(level: Level) -> str:
        return letter(Kind.ACKNOWLEDGEMENT, verification=None, needed=level)

    assert "at least two pieces" in waiting(Level.REASONABLE)
    assert "penalty of perjury" in waiting(Level.REASONABLY_HIGH)
    assert "does not move this day" in waiting(Level.REASONABLE)
    assert "does not move" not in letter(Kind.ACKNOWLEDGEMENT, "gdpr", verification=None)


def test_a_package_says_how_it_comes_and_what_is_withheld() -> None:
    handed = outcome(item(State.DISCLOSED), files=7, withheld=("password hash", "device token"))
    shown = letter(Kind.COMPLETION, asked=Asked.ACCESS, outcome=handed, delivery="through your account")
    assert "7 files" in shown
    assert "through your account" in shown
    assert "password hash\ndevice token" in shown
    assert "11 CCR 7024(d)" in shown
    with pytest.raises(NotAllowedError, match="delivery"):
        compose(facts(Kind.COMPLETION, asked=Asked.ACCESS, outcome=handed))


def test_a_third_party_is_told_in_other_words_than_a_service_provider() -> None:
    notice = NEEDED[Kind.VENDOR_NOTICE]["notice"]
    assert isinstance(notice, Notice)
    sold = replace(notice, third_party=True)
    assert "sold or shared this person's" in letter(Kind.VENDOR_NOTICE, notice=sold)
    assert "As our service provider or contractor" in letter(Kind.VENDOR_NOTICE)
    assert "your own service providers" in letter(Kind.VENDOR_NOTICE)
