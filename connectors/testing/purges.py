"""The laws of purging: `TestAcmePurges = purging(AcmePurges)`. Nobody younger, held or unnamed is ever touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

import pytest

import connectors
from connectors.errors import RefusedError
from connectors.model import SystemSpec
from connectors.protocol import Purges
from connectors.purging import Batch, Expired, Expiry, OnHold


@dataclass(frozen=True, slots=True)
class Planted:
    """Names of rows, over all collections. `going`: past their time, with what goes along; `theirs`: of these, what
    stays while the person is held."""

    going: frozenset[str]
    theirs: frozenset[str]


class PurgeHarness(Protocol):
    """What the laws need of a system under test. Batches must be so small that one order takes several."""

    order: Expiry
    person: tuple[str, str]  # (kind, value) of somebody with rows past their time

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def plant(self) -> Planted: ...

    def spec(self) -> SystemSpec: ...

    def rows(self) -> frozenset[str]:
        """The names of all rows that there are, read behind the connector's back."""


class _StoppedError(Exception):
    """What stands for a kill, or a gate that closes."""


class Purging:
    """Every law; a subclass names the harness."""

    kind: ClassVar[Callable[[], PurgeHarness]]
    harness: ClassVar[PurgeHarness]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _started(cls) -> Iterator[None]:
        cls.harness = cls.kind()
        cls.harness.start()
        yield
        cls.harness.stop()

    @pytest.fixture(autouse=True)
    def _planted(self) -> None:
        self.planted = self.harness.plant()
        self.before = self.harness.rows()

    def connector(self, spec: SystemSpec | None = None) -> Purges:
        built = connectors.build(spec or self.harness.spec())
        assert isinstance(built, Purges)
        return built

    def counted(self, held: OnHold) -> Expired:
        return self.connector().expired(self.harness.order, held)

    def holding(self) -> OnHold:
        return OnHold("held", True, lambda kind, value: (kind, value) == self.harness.person)

    def test_counting_changes_nothing_and_is_exact(self) -> None:
        found = self.counted(OnHold())
        assert not found.stops
        assert found.count + sum(n for _, n in found.along) == len(self.planted.going)
        assert self.harness.rows() == self.before

    def test_what_is_past_its_time_goes_and_nothing_else(self) -> None:
        batches = list(self.connector().purge(self.harness.order, OnHold))
        assert sum(b.count > 0 for b in batches) > 1, "plant more, or make batches smaller"
        assert self.harness.rows() == self.before - self.planted.going
        assert sum(b.count + sum(n for _, n in b.along) for b in batches) == len(self.planted.going)

    def test_again_finds_nothing(self) -> None:
        for _ in range(2):
            batches = list(self.connector().purge(self.harness.order, OnHold))
        assert not any(b.count for b in batches)
        assert self.counted(OnHold()).count == 0

    def test_who_is_held_stays(self) -> None:
        assert self.planted.theirs
        assert self.counted(self.holding()).held > 0
        list(self.connector().purge(self.harness.order, self.holding))
        assert self.harness.rows() == self.before - (self.planted.going - self.planted.theirs)

    def test_who_is_held_between_two_batches_stays(self) -> None:
        held = [OnHold()]
        for batch in self.connector().purge(self.harness.order, lambda: held[-1]):
            if batch.count and len(held) == 1:
                held.append(self.holding())
                then = self.harness.rows()
        assert self.harness.rows() & self.planted.theirs == then & self.planted.theirs
        assert self.harness.rows() == self.before - (self.planted.going - (then & self.planted.theirs))

    def test_a_kill_between_two_batches_is_gone_on_from(self) -> None:
        for batch in self.connector().purge(self.harness.order, OnHold):
            if batch.count:
                break
        assert self.before > self.harness.rows() > self.before - self.planted.going
        list(self.connector().purge(self.harness.order, OnHold))
        assert self.harness.rows() == self.before - self.planted.going

    def test_a_gate_that_closes_stops_it(self) -> None:
        done: list[Batch] = []

        def gate(collection: str) -> None:
            if any(b.count for b in done):
                raise _StoppedError

        batches = self.connector(replace(self.harness.spec(), gate=gate)).purge(self.harness.order, OnHold)
        with pytest.raises(_StoppedError):
            _listed(batches, done)
        assert self.before > self.harness.rows() > self.before - self.planted.going

    def test_no_more_than_was_approved(self) -> None:
        order = replace(self.harness.order, at_most=3)
        assert sum(b.count for b in self.connector().purge(order, OnHold)) == 3

    def test_what_nobody_named_stops_it(self) -> None:
        if not self.harness.order.along:
            pytest.skip("nothing goes along here")
        order = replace(self.harness.order, along=frozenset())
        assert self.connector().expired(order, OnHold()).stops
        with pytest.raises(RefusedError):
            list(self.connector().purge(order, OnHold))
        assert self.harness.rows() == self.before


def purging(harness: Callable[[], PurgeHarness]) -> type:
    """A test class with every law."""
    return type("Purges", (Purging,), {"kind": staticmethod(harness)})


def _listed(batches: Iterator[Batch], done: list[Batch]) -> None:
    for batch in batches:
        done.append(batch)
