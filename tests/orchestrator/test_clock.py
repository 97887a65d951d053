"""Every clock on its boundary days, and what holds for all of them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.clock import Deadline, Extension, Facts, Standing, deadlines, refusal
from orchestrator.days import Period, Unit
from orchestrator.errors import UnknownError
from orchestrator.law import Asked, Confidence, Law, Rule, Topic
from orchestrator.regimes import holidays, law_of, regime

DAYS = holidays()
NAMES = ("ccpa", "gdpr", "va", "co", "ct", "tx")
CCPA = law_of("ccpa", ())
R = date(2026, 3, 1)  # a Sunday; day 45 is 15 April, day 90 is 30 May
EVER = st.dates(date(2025, 1, 1), date(2031, 1, 1))
RIGHTS = st.sampled_from([Asked.ACCESS, Asked.DELETE])
EXTENSIONS = st.builds(Extension, EVER, EVER, st.booleans())
FACTS = st.builds(
    Facts, RIGHTS, EVER, st.none() | EVER, st.none() | EVER, st.none() | EXTENSIONS,
    st.lists(st.tuples(EVER, st.none() | EVER), max_size=2).map(tuple),
)  # fmt: skip
PROMISES = st.builds(
    Rule, st.just("p"), st.sampled_from([Topic.ACKNOWLEDGE, Topic.ANSWER, Topic.EXTEND]), st.just(frozenset(Asked)),
    st.just("Policy"), st.just(Confidence.READ), within=st.builds(Period, st.integers(1, 200), st.sampled_from(Unit)),
    promise=st.just(True),
)  # fmt: skip


def due(facts: Facts, today: date, law: Law = CCPA, what: Topic = Topic.ANSWER) -> Deadline:
    (found,) = [d for d in deadlines(facts, law, DAYS, today) if d.what is what]
    return found


def asked(right: Asked = Asked.DELETE, received: date = R, **more: object) -> Facts:
    return Facts(right, received, **more)  # type: ignore[arg-type]


# One row for each clock: (law, right, what, received) -> (alarm, due, last).
CLOCKS = [
    ("ccpa", "delete", "acknowledge", "2026-03-01", ("2026-03-11", "2026-03-12", "2026-03-13")),
    ("ccpa", "access", "acknowledge", "2026-03-23", ("2026-04-02", "2026-04-03", "2026-04-07")),
    ("ccpa", "correct", "acknowledge", "2026-12-18", ("2026-12-30", "2026-12-31", "2027-01-05")),
    ("ccpa", "delete", "answer", "2026-03-01", ("2026-04-13", "2026-04-14", "2026-04-15")),
    ("ccpa", "access", "answer", "2028-01-31", ("2028-03-14", "2028-03-15", "2028-03-16")),
    ("ccpa", "correct", "answer", "2026-11-17", ("2026-12-30", "2026-12-31", "2027-01-01")),
    ("ccpa", "opt_out", "answer", "2026-08-03", ("2026-08-19", "2026-08-20", "2026-08-24")),
    ("ccpa", "limit", "answer", "2026-08-03", ("2026-08-19", "2026-08-20", "2026-08-24")),
    ("ccpa", "shine_the_light", "answer", "2026-03-01", ("2026-03-30", "2026-03-31", "2026-03-31")),
    ("gdpr", "delete", "answer", "2027-01-31", ("2027-02-27", "2027-02-28", "2027-03-01")),
    ("gdpr", "access", "answer", "2028-01-31", ("2028-02-28", "2028-02-29", "2028-02-29")),
    *[
        (state, "delete", "answer", "2026-03-01", ("2026-04-14", "2026-04-15", "2026-04-15"))
        for state in ("va", "co", "ct", "tx")
    ],
    *[
        (state, "appeal", "answer", "2026-03-01", ("2026-04-29", "2026-04-30", "2026-04-30"))
        for state in ("va", "ct", "tx")
    ],
    ("co", "appeal", "answer", "2026-03-01", ("2026-04-14", "2026-04-15", "2026-04-15")),
]  # fmt: skip


@pytest.mark.parametrize(("law", "right", "what", "received", "days"), CLOCKS)
def test_every_clock_on_its_boundary_days(
    law: str, right: str, what: str, received: str, days: tuple[str, ...]
) -> None:
    alarm, strict, last = map(date.fromisoformat, days)
    facts = asked(Asked(right), date.fromisoformat(received))

    def on(day: date) -> Deadline:
        return due(facts, day, law_of(law, ()), Topic(what))

    found = on(facts.received)
    assert (found.alarm, found.due, found.last) == (alarm, strict, last)
    assert found.citations[0]
    assert [on(alarm - timedelta(1)).standing, on(alarm).standing] == [Standing.ON_TIME, Standing.ALARM]
    assert [on(last).standing, on(last + timedelta(1)).standing] == [Standing.ALARM, Standing.OVERDUE]


def test_what_was_done_in_time_is_met_and_afterwards_late() -> None:
    in_time, late = date(2026, 4, 15), date(2026, 4, 16)
    for day, was_late in ((in_time, False), (late, True)):
        found = due(asked(answered=day), date(2027, 1, 1))
        assert (found.standing, found.met, found.late) == (Standing.MET, day, was_late)
    acknowledged = due(asked(acknowledged=R), date(2026, 12, 1), what=Topic.ACKNOWLEDGE)
    assert (acknowledged.standing, acknowledged.late) == (Standing.MET, False)
    # An answer needs no acknowledgement before it, and an acknowledgement is no answer.
    assert due(asked(answered=R), R, what=Topic.ACKNOWLEDGE).standing is Standing.MET
    assert due(asked(acknowledged=R), date(2026, 5, 1)).standing is Standing.OVERDUE


@pytest.mark.parametrize(
    ("law", "told", "until", "reasoned", "says"),
    [
        ("ccpa", "2026-04-15", "2026-05-30", True, ""),  # day 45, to day 90
        ("ccpa", "2026-04-16", "2026-05-30", True, "had to go out by 2026-04-15"),  # day 46
        ("ccpa", "2026-03-01", "2026-05-30", True, ""),
        ("ccpa", "2026-02-28", "2026-05-30", True, "before the request"),
        ("ccpa", "2026-04-15", "2026-05-31", True, "the law ends on 2026-05-30, counted from receipt"),  # day 91
        ("ccpa", "2026-04-15", "2026-07-14", True, "the law ends on 2026-05-30"),  # 90 days from the notice
        ("ccpa", "2026-04-15", "2026-05-30", False, "without a reason"),
        ("ccpa", "2026-03-10", "2026-04-14", True, "no later than"),
        ("gdpr", "2026-04-01", "2026-06-01", True, ""),
        ("gdpr", "2026-04-02", "2026-06-01", True, "had to go out by 2026-04-01"),
        ("gdpr", "2026-03-20", "2026-06-02", True, "the law ends on 2026-06-01"),
        ("tx", "2026-04-15", "2026-05-30", True, ""),
        ("tx", "2026-04-16", "2026-05-30", True, "had to go out by"),
    ],
)
def test_an_extension_holds_only_in_time_with_a_reason_and_from_receipt(
    law: str, told: str, until: str, reasoned: bool, says: str
) -> None:
    extension = Extension(date.fromisoformat(told), date.fromisoformat(until), reasoned)
    found = refusal(asked(), extension, law_of(law, ()), DAYS)
    assert says in found
    assert bool(says) is bool(found)
    answer = due(asked(extension=extension), R, law_of(law, ()))
    assert answer.extended is (not found), "what does not hold changes nothing"


@pytest.mark.parametrize("right", [Asked.OPT_OUT, Asked.LIMIT, Asked.SHINE_THE_LIGHT])
def test_some_rights_know_no_extension_and_no_promise_makes_one(right: Asked) -> None:
    within = Period(90, Unit.DAYS)
    taken = Rule("p", Topic.EXTEND, frozenset(Asked), "Policy", Confidence.READ, within=within, promise=True)
    for law in (CCPA, law_of("ccpa", (taken,))):
        assert "knows no extension" in refusal(asked(right), Extension(R, date(2026, 5, 30)), law, DAYS)


def test_an_extended_answer_is_due_on_the_day_that_was_told_and_at_the_end_by_law() -> None:
    told = date(2026, 4, 10)
    days = {until: due(asked(extension=Extension(told, until)), R) for until in (date(2026, 5, 10), date(2026, 5, 29))}
    assert [(d.due, d.last) for d in days.values()] == [
        (date(2026, 5, 10), date(2026, 5, 10)),
        (date(2026, 5, 29), date(2026, 5, 30)),
    ]
    (first, _) = days.values()
    assert first.rules == ("CLK-3", "CLK-2")
    assert due(asked(extension=Extension(told, date(2026, 5, 29))), date(2026, 5, 31)).standing is Standing.OVERDUE


def test_verification_pauses_no_clock_in_california_and_may_in_europe() -> None:
    waits = asked(
        received=date(2026, 3, 2),
        pauses=((date(2026, 3, 4), date(2026, 3, 14)), (date(2026, 3, 12), date(2026, 3, 15))),
    )
    still = asked(received=date(2026, 3, 2))
    for name in NAMES:
        one, other = (due(facts, date(2026, 4, 1), law_of(name, ())) for facts in (waits, still))
        if name == "gdpr":
            assert (other.due, other.last) == (date(2026, 4, 2), date(2026, 4, 2))
            assert (one.due, one.last) == (date(2026, 4, 2), date(2026, 4, 13)), "the strict reading waits for nobody"
        else:
            assert one == other
    within = Period(20, Unit.DAYS)
    promised = Rule("p", Topic.ANSWER, frozenset(Asked), "Policy", Confidence.READ, within=within, promise=True)
    found = due(waits, date(2026, 4, 1), law_of("gdpr", (promised,)))
    assert found.last == date(2026, 3, 22), "a promise waits for nobody"
    open_ended = asked(received=date(2026, 3, 2), pauses=((date(2026, 3, 4), None),))
    assert due(open_ended, date(2026, 9, 1), law_of("gdpr", ())).standing is Standing.ALARM


def test_what_neither_law_nor_house_knows_has_no_clock() -> None:
    with pytest.raises(UnknownError, match="no rule says when a request to appeal"):
        deadlines(asked(Asked.APPEAL), law_of("ccpa", ()), DAYS, R)


@pytest.mark.parametrize("law", ["ccpa", "gdpr", "va", "co", "ct", "tx"])
def test_where_a_law_is_silent_the_house_says_when_an_answer_is_due(law: str) -> None:
    found = due(asked(Asked.OPT_IN), R, law_of(law, ()))
    assert (found.rules, found.due, found.last) == (("HOUSE-opt-in",), date(2026, 3, 18), date(2026, 3, 20))
    for right in (Asked.LIMIT, Asked.SHINE_THE_LIGHT, Asked.OPT_OUT):
        rules = due(asked(right), R, law_of(law, ())).rules
        assert len(rules) == 1, "the house adds nothing to a law that speaks"


def test_a_promise_is_named_beside_the_law_and_in_front_where_it_is_better() -> None:
    def promise(days: int) -> Rule:
        within = Period(days, Unit.DAYS)
        return Rule("p", Topic.ANSWER, frozenset(Asked), "Policy", Confidence.READ, within=within, promise=True)

    same, better, worse = (due(asked(), R, law_of("ccpa", (promise(n),))) for n in (45, 30, 60))
    assert (same.rules, same.due, same.last) == (("CLK-2", "p"), date(2026, 4, 14), date(2026, 4, 15))
    assert (better.rules, better.last) == (("p", "CLK-2"), date(2026, 3, 31))
    assert (worse.rules, worse.last) == (("CLK-2", "p"), date(2026, 4, 15))
    assert len(same.citations) == 2


@given(st.sampled_from(NAMES), FACTS, EVER)
def test_no_request_lacks_a_due_date(name: str, facts: Facts, today: date) -> None:
    found = deadlines(facts, law_of(name, ()), DAYS, today)
    assert [d.what for d in found].count(Topic.ANSWER) == 1
    for d in found:
        assert d.alarm < d.due <= d.last
        assert d.rules
        assert all(d.citations)


@given(FACTS, EVER, st.lists(PROMISES, max_size=3))
def test_no_extension_moves_past_90_days_from_receipt(facts: Facts, today: date, promises: list[Rule]) -> None:
    found = due(facts, today, law_of("ccpa", tuple(promises)))
    assert found.last <= facts.received + timedelta(90)
    if facts.extension is None or not facts.extension.reasoned or facts.extension.told > facts.received + timedelta(45):
        assert found.last <= facts.received + timedelta(45)


@given(st.sampled_from(NAMES), FACTS, EVER, st.lists(PROMISES, max_size=3))
def test_a_promise_never_narrows(name: str, facts: Facts, today: date, promises: list[Rule]) -> None:
    without, with_them = (
        {d.what: d for d in deadlines(facts, law_of(name, p), DAYS, today)} for p in ((), tuple(promises))
    )
    assert set(without) <= set(with_them)
    for what, alone in without.items():
        assert with_them[what].due <= alone.due
        assert with_them[what].last <= alone.last


def test_how_surely_a_rule_is_known_goes_with_the_deadline() -> None:
    assert due(asked(), R).confidence is Confidence.READ
    assert due(asked(Asked.OPT_OUT), R).confidence is Confidence.READ_OLDER
    assert due(asked(Asked.APPEAL), R, law_of("va", ())).confidence is Confidence.MEMORY
    assert {r.id for r in Law(regime("co")).unconfirmed} >= {"CO-appeal", "CO-appeal-extend"}
