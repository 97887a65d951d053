"""A short version of `scripts/bench chaos`: requests over all systems, killed and disturbed at random."""

from __future__ import annotations

import pytest

from connectors.sandbox.world import Sandbox
from tests.chaos import tallied


@pytest.mark.timeout(600)
def test_killed_and_disturbed_nothing_is_lost_done_twice_or_called_gone() -> None:
    with Sandbox() as sandbox:
        *_, tally = tallied(sandbox, runs=3, seed=7)
    assert tally.runs == 3
    assert tally.killed + tally.faulted
    assert (tally.lost, tally.double_effects, tally.bystander_changes, tally.false_done) == (0, 0, 0, 0), tally.why
