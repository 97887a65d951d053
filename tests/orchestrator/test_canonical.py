"""Canonical JSON: equal values give equal bytes, and values come back as they were."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.model import Identifier, Locator, Obstacle, ObstacleKind, Record, Subject, Trust
from orchestrator import canonical
from orchestrator.model import Coverage, Discovery, Hold, Searched, Signed, StepResult
from tests.orchestrator import cases

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
INSTANTS = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-8))]))
LOCATORS = st.builds(Locator, TEXT, TEXT, TEXT, st.none() | INSTANTS, st.none() | INSTANTS)
IDENTIFIERS = st.builds(Identifier, TEXT, TEXT, st.sampled_from(Trust), TEXT)
OBSTACLES = st.builds(Obstacle, st.sampled_from(ObstacleKind), TEXT, st.none() | INSTANTS)
COUNTS = st.integers(0, 2**53 - 1)
RECORDS = st.builds(
    Record,
    LOCATORS,
    COUNTS,
    st.none() | INSTANTS,
    st.none() | INSTANTS,
    st.lists(st.tuples(TEXT, COUNTS), max_size=3).map(tuple),
    st.lists(IDENTIFIERS, max_size=3).map(tuple),
    st.lists(OBSTACLES, max_size=2).map(tuple),
)
DISCOVERIES = st.builds(
    Discovery,
    st.frozensets(IDENTIFIERS, max_size=4).map(Subject),
    st.frozensets(IDENTIFIERS, max_size=3),
    st.lists(st.tuples(COUNTS, RECORDS), max_size=3).map(tuple),
    st.lists(st.builds(Searched, TEXT, st.sampled_from(Coverage), INSTANTS, TEXT, COUNTS, COUNTS), max_size=2).map(
        tuple
    ),
    st.just(()),
    INSTANTS,
)


@given(DISCOVERIES)
def test_a_discovery_comes_back_as_it_was(found: Discovery) -> None:
    again = canonical.decode(Discovery, canonical.plain(found))
    assert again == found
    assert canonical.encode(again) == canonical.encode(found)  # also trust and origin, which do not count as equal


@given(st.builds(Signed, TEXT, TEXT, TEXT, INSTANTS, TEXT) | st.builds(Hold, TEXT, TEXT, TEXT, INSTANTS, INSTANTS))
def test_decisions_and_holds_come_back(value: Signed | Hold) -> None:
    assert canonical.decode(type(value), canonical.plain(value)) == value


def test_a_plan_comes_back_with_its_digest() -> None:
    made = cases.plan(cases.step("a", until=cases.LATER))
    again = canonical.decode(type(made), canonical.plain(made))
    assert again == made
    assert canonical.digest(again) == canonical.digest(made)


@given(st.permutations([Identifier("email", f"{n}@example.org") for n in range(5)]))
def test_the_order_of_a_set_does_not_show(identifiers: list[Identifier]) -> None:
    assert canonical.encode(Subject.of(*identifiers)) == canonical.encode(Subject.of(*sorted(identifiers, key=hash)))


@given(INSTANTS)
def test_one_instant_has_one_spelling(at: datetime) -> None:
    assert canonical.encode(at) == canonical.encode(at.astimezone(timezone(timedelta(hours=5, minutes=30))))


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        canonical.encode(datetime(2026, 1, 1))


@pytest.mark.parametrize(
    "misfit",
    [
        {"ref": 1, "status": "done"},
        {"ref": "a", "status": "undone"},
        {"ref": "a", "status": "done", "attempted": "3"},
        {"ref": "a", "status": "done", "attempted": True},
        {"ref": "a", "status": "done", "more": 1},
        {"ref": "a"},
        ["a", "done"],
    ],
)
def test_what_does_not_fit_is_refused(misfit: object) -> None:
    with pytest.raises(ValueError):
        canonical.decode(StepResult, misfit)


@dataclass(frozen=True)
class _Held:
    names: frozenset[str]
    at: timedelta


def test_sets_and_durations() -> None:
    held = _Held(frozenset({"b", "a"}), timedelta(days=2))
    assert canonical.encode(held) == b'{"at":172800,"names":["a","b"]}'
