"""A system into which nobody can look: what it names again proves nothing about what was asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.memory import MemoryConnector
from connectors.model import CollectionSpec, Identifier, IdentitySpec, Status, SystemSpec, Trust
from orchestrator.confirm import confirm
from orchestrator.discover import UNSEEN, discover
from orchestrator.model import Coverage, StepResult
from orchestrator.receipt import Standing
from orchestrator.receipt.settle import steps

from .cases import LATER, NOW, case, plan, searched, step

MONTHS = timedelta(days=63)
UNSEARCHED = (searched(coverage=Coverage.NOT_SEARCHABLE, why=UNSEEN),)
ASKED = StepResult("a", Status.ACCEPTED, 1, NOW, NOW + MONTHS)


class Unsearchable(MemoryConnector):
    def __init__(self, spec: SystemSpec) -> None:
        super().__init__(spec)
        self.capabilities = replace(self.capabilities, searchable=False, verifiable=False)


def test_it_is_not_called_searched() -> None:
    spec = CollectionSpec("devices", (IdentitySpec("device", "id", Trust.ASSIGNED),))
    rows: Mapping[str, Any] = {"rows": {"devices": [{"id": "d1"}]}}
    found = discover(
        (Identifier("device", "d1", Trust.ASSIGNED),),
        {"visits": Unsearchable(SystemSpec("visits", "memory", rows, {}, (spec,)))},
        not_connected={},
        authorities={},
        normalise=lambda kind, value: value,
    )
    assert [(s.coverage, s.why, s.records) for s in found.coverage] == [(Coverage.NOT_SEARCHABLE, UNSEEN, 1)]
    assert len(found.records) == 1


@pytest.mark.parametrize(("passed", "standing"), [(0, Standing.ACCEPTED), (70, Standing.NOT_PROVABLE)])
def test_what_was_asked_stands_until_its_time_and_is_then_not_provable(passed: int, standing: Standing) -> None:
    made = plan(step("a", count=1), coverage=UNSEARCHED)
    read = confirm(made, {"a": ASKED}, made, {"shop": False}, LATER, {"shop"})
    assert [(r.confirmed, r.left) for r in read.results] == [(None, 0)]
    judged = case(made, ASKED, confirmation=read, issued=LATER + timedelta(days=passed))
    assert [s.standing for s in steps(judged)] == [standing]


def test_an_identifier_that_turned_up_later_is_not_settled_by_the_others() -> None:
    made = plan(step("a", count=1), coverage=UNSEARCHED)
    same = replace(step("b", count=1), collection="things_a")
    fresh = plan(step("a", count=1), same, step("c", count=1), coverage=UNSEARCHED)
    read = confirm(made, {"a": ASKED}, fresh, {"shop": False}, LATER, {"shop"})
    assert read.results[0].left == 1
    assert read.late == (("shop", "things_c", 1),)
    judged = case(made, ASKED, confirmation=read, issued=LATER + timedelta(days=70))
    assert [s.standing for s in steps(judged)] == [Standing.STILL_THERE]


def test_one_that_could_not_be_asked_again_is_the_same_as_any_other() -> None:
    made = plan(step("a", count=1), coverage=UNSEARCHED)
    away = plan(coverage=(searched(coverage=Coverage.UNREACHABLE),))
    read = confirm(made, {"a": ASKED}, away, {"shop": False}, LATER, {"shop"})
    assert [(r.confirmed, r.left) for r in read.results] == [(None, None)]
