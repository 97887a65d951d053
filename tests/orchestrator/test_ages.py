"""How old somebody is, from what a field says: sure, doubtful, unreadable, or contradicted."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.ages import Said, heard, together
from orchestrator.inventory.flows import Tells

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("tells", "value", "child", "sure"),
    [
        ("birth_date", "2013-03-03", True, True),  # 13 tomorrow
        ("birth_date", "2013-03-02", False, True),  # 13 today
        ("birth_date", "2020-06-01T00:00:00Z", True, True),
        ("birth_date", "2013-03", True, False),  # somewhere in the month
        ("birth_date", "2013-02", False, True),
        ("birth_date", "2013", True, False),
        ("birth_date", "2012", False, True),
        ("birth_date", "2014", True, True),
        ("birth_date", "02/04/2013", True, False),  # 4 February or 2 April
        ("birth_date", "12/25/2015", True, True),
        ("birth_date", "2012-12", False, True),
        ("age", "12", True, True),
        ("age", "13", False, True),
        ("age", "9.0", True, True),
        ("minor", "t", True, True),
        ("minor", "False", False, True),
        ("guessed_age", "11", True, False),
        ("guessed_age", "30", None, False),  # a guess acquits nobody
        ("birth_date", "soon", None, False),
        ("birth_date", "2027-01-01", None, False),  # in the future
        ("birth_date", "1850-01-01", None, False),
        ("birth_date", "2013-02-30", None, False),
        ("age", "about ten", None, False),
        ("minor", "perhaps", None, False),
    ],
)
def test_one_field(tells: str, value: str, child: bool | None, sure: bool) -> None:
    said = heard([(tells, value)], TODAY)
    assert (said.child, not said.doubtful if said.child else said.adult) == (child, sure)
    assert bool(said.why) is bool(said.child)
    unreadable = child is None and tells != "guessed_age"
    assert said.unreadable == unreadable


def test_on_a_leap_day() -> None:
    def child(today: date) -> bool | None:
        return heard([("birth_date", "2016-02-29")], today).child

    assert child(date(2029, 2, 28)) is True
    assert child(date(2029, 3, 1)) is False


def test_consent_and_contradictions_are_a_persons_to_decide() -> None:
    young = ("birth_date", "2018-01-01")
    assert not heard([young], TODAY).doubtful
    consented = heard([young, ("parental_consent", "2025-09-01")], TODAY)
    assert (consented.child, consented.consent, consented.doubtful) == (True, True, True)
    assert not heard([young, ("parental_consent", "no")], TODAY).doubtful
    against = heard([("age", "12"), ("birth_date", "1990-01-01")], TODAY)
    assert (against.child, against.doubtful) == (True, True)
    assert "contradicted" in against.why
    assert not heard([young, ("guessed_age", "40")], TODAY).doubtful, "a guess outweighs no date"
    assert heard([("parental_consent", "yes")], TODAY).child is None


SAID = st.lists(st.tuples(st.sampled_from(Tells), st.sampled_from(["2019-01-01", "1980-01-01", "7", "40", "true", ""])))


@given(SAID, SAID)
def test_two_rows_say_what_one_would(one: list[tuple[str, str]], other: list[tuple[str, str]]) -> None:
    apart, at_once = together(heard(one, TODAY), heard(other, TODAY)), heard([*one, *other], TODAY)
    assert apart == at_once


@given(SAID)
def test_nothing_doubtful_is_ever_sure_and_values_never_come_out(says: list[tuple[str, str]]) -> None:
    said = heard(says, TODAY)
    if said.child and not said.doubtful:
        assert not said.consent
        assert not said.adult
    assert not any(value and value in said.why for _, value in says)
    assert together(said, Said()) == said
