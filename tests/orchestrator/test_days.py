"""Periods over the calendar: dated cases for leap days, year ends, holidays, and both readings."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.days import Period, Unit, end, local, months_after
from orchestrator.regimes import holidays

DAYS = holidays()
RECEIVED = st.dates(date(2025, 6, 1), date(2031, 1, 31))
PERIODS = st.builds(Period, st.integers(0, 120), st.sampled_from([Unit.DAYS, Unit.BUSINESS_DAYS]))
BUSINESS, CALENDAR, MONTHS = Unit.BUSINESS_DAYS, Unit.DAYS, Unit.MONTHS


@pytest.mark.parametrize(
    ("received", "count", "unit", "strict", "lenient"),
    [
        # Calendar days: the day of receipt is day 1 in the strict reading; weekends and holidays count.
        ("2026-03-01", 45, CALENDAR, "2026-04-14", "2026-04-15"),
        ("2028-01-31", 45, CALENDAR, "2028-03-15", "2028-03-16"),  # over a leap day
        ("2027-01-31", 45, CALENDAR, "2027-03-16", "2027-03-17"),  # no leap day
        ("2028-02-29", 45, CALENDAR, "2028-04-13", "2028-04-14"),  # from a leap day
        ("2026-11-16", 45, CALENDAR, "2026-12-30", "2026-12-31"),
        ("2026-11-17", 45, CALENDAR, "2026-12-31", "2027-01-01"),  # ends on a holiday: it does not move
        ("2026-12-31", 45, CALENDAR, "2027-02-13", "2027-02-14"),  # over a year's end, to a Sunday
        ("2026-03-01", 90, CALENDAR, "2026-05-29", "2026-05-30"),
        ("2027-12-01", 90, CALENDAR, "2028-02-28", "2028-02-29"),  # ends on a leap day
        ("2026-03-01", 30, CALENDAR, "2026-03-30", "2026-03-31"),
        # Business days: Saturdays count in the strict reading, days off in one list only do too.
        ("2026-08-03", 10, BUSINESS, "2026-08-14", "2026-08-17"),  # Monday; no holidays
        ("2026-08-07", 10, BUSINESS, "2026-08-19", "2026-08-21"),  # Friday
        ("2026-08-08", 10, BUSINESS, "2026-08-20", "2026-08-21"),  # Saturday
        ("2026-08-09", 10, BUSINESS, "2026-08-20", "2026-08-21"),  # Sunday
        ("2026-08-28", 10, BUSINESS, "2026-09-10", "2026-09-15"),  # Labor Day in both; Admission Day in one
        ("2026-06-29", 10, BUSINESS, "2026-07-11", "2026-07-14"),  # Independence Day on a Saturday, seen on Friday
        ("2026-11-20", 10, BUSINESS, "2026-12-03", "2026-12-07"),  # Thanksgiving
        ("2026-12-18", 10, BUSINESS, "2026-12-31", "2027-01-05"),  # Christmas, and New Year's Day
        ("2027-12-17", 10, BUSINESS, "2027-12-30", "2028-01-04"),  # Christmas on a Saturday, New Year's Day too
        ("2028-02-18", 10, BUSINESS, "2028-03-02", "2028-03-06"),  # over a leap day, Washington's Birthday
        ("2028-11-09", 2, BUSINESS, "2028-11-14", "2028-11-14"),  # Veterans Day on a Saturday, seen on Friday
        ("2029-11-09", 1, BUSINESS, "2029-11-10", "2029-11-13"),  # Veterans Day on a Sunday, seen on Monday
        ("2026-08-03", 15, BUSINESS, "2026-08-20", "2026-08-24"),
        ("2026-12-21", 15, BUSINESS, "2027-01-09", "2027-01-13"),
        # Months: the same-numbered day, or the last; not on a weekend in the lenient reading.
        ("2026-03-05", 1, MONTHS, "2026-04-05", "2026-04-06"),
        ("2027-01-31", 1, MONTHS, "2027-02-28", "2027-03-01"),
        ("2028-01-31", 1, MONTHS, "2028-02-29", "2028-02-29"),
        ("2028-02-29", 1, MONTHS, "2028-03-29", "2028-03-29"),
        ("2026-12-31", 1, MONTHS, "2027-01-31", "2027-02-01"),
        ("2026-11-30", 3, MONTHS, "2027-02-28", "2027-03-01"),
    ],
)
def test_dated_cases(received: str, count: int, unit: Unit, strict: str, lenient: str) -> None:
    found = end(date.fromisoformat(received), Period(count, unit), DAYS, first_day_counts=True)
    assert (found.strict.isoformat(), found.lenient.isoformat()) == (strict, lenient)


def test_the_day_of_receipt_is_left_out_where_no_law_says_that_it_counts() -> None:
    found = end(date(2026, 3, 1), Period(45, Unit.DAYS), DAYS)
    assert found.strict == found.lenient == date(2026, 4, 15)


@given(RECEIVED, PERIODS, st.booleans())
def test_the_strict_reading_is_never_the_later_one(received: date, period: Period, first: bool) -> None:
    found = end(received, period, DAYS, first)
    assert found.strict <= found.lenient


@given(RECEIVED, PERIODS)
def test_a_day_later_is_never_due_earlier(received: date, period: Period) -> None:
    today, tomorrow = (end(day, period, DAYS) for day in (received, received + timedelta(1)))
    assert today.strict <= tomorrow.strict
    assert today.lenient <= tomorrow.lenient


@given(RECEIVED, st.integers(1, 60))
def test_business_days_end_on_one_and_count_right(received: date, count: int) -> None:
    found = end(received, Period(count, Unit.BUSINESS_DAYS), DAYS)
    for last, works in ((found.strict, DAYS.strictly), (found.lenient, DAYS.usually)):
        between = [received + timedelta(n) for n in range(1, (last - received).days + 1)]
        assert works(last)
        assert sum(map(works, between)) == count


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(-30, 30))
def test_months_after_stays_in_its_month(day: date, months: int) -> None:
    found = months_after(day, months)
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert found.day <= day.day
    assert found.day == day.day or (found + timedelta(1)).day == 1


def test_the_calendar_has_every_federal_holiday_of_every_year() -> None:
    assert (DAYS.first, DAYS.last) == (date(2026, 1, 1), date(2029, 12, 31))
    for year in range(2026, 2030):
        fixed = [date(year, m, d) for m, d in ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))]
        seen = {d - timedelta(d.weekday() == 5) + timedelta(d.weekday() == 6) for d in fixed}
        assert seen <= DAYS.federal
        mondays = [d for d in DAYS.federal if d.year == year and d.weekday() == 0 and d not in seen]
        assert sorted(d.month for d in mondays) == [1, 2, 5, 9, 10]
        (thursday,) = [d for d in DAYS.federal if d.year == year and d.month == 11 and d not in {*seen, *fixed}]
        assert (thursday.weekday(), (thursday.day - 1) // 7) == (3, 3)
        assert date(year, 3, 31) in DAYS.state or date(year, 3, 31).weekday() == 6
        assert date(year, 3, 31) not in DAYS.federal
    assert not [d for d in DAYS.federal | DAYS.state if d.weekday() == 6]


def test_outside_of_the_calendar_a_deadline_is_earlier_and_never_missing() -> None:
    assert not DAYS.covers(date(2030, 1, 1))
    assert end(date(2030, 1, 1), Period(10, Unit.BUSINESS_DAYS), DAYS).lenient == date(2030, 1, 15)


def test_the_date_is_that_of_the_company() -> None:
    instant = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
    assert local(instant, ZoneInfo("America/Chicago")) == date(2026, 3, 1)
    assert local(instant, ZoneInfo("Europe/Berlin")) == date(2026, 3, 2)


def test_a_period_in_words() -> None:
    assert [str(Period(1, Unit.MONTHS)), str(Period(10, Unit.BUSINESS_DAYS))] == ["1 month", "10 business days"]
