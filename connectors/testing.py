"""The laws every connector obeys, as a test class: `TestAcme = conformance(AcmeHarness)`.

A harness runs the system's sandbox and plants one subject and one bystander in it; the kit does
the rest. A law that a system cannot obey is exempted by name with a written reason.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, ClassVar, Protocol

import pytest

import connectors
from connectors.errors import AuthError, ConnectorError, TransientError
from connectors.model import (
    Action,
    Identifier,
    Locator,
    ObstacleKind,
    Order,
    Outcome,
    Record,
    Status,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.protocol import Connector
from connectors.sandbox.faults import RETRY_AFTER, Fault

WIRE_FAULTS = tuple(f for f in Fault if f not in (Fault.LYING, Fault.DUPLICATE))
GONE = {Status.DONE, Status.ABSENT}


class Harness(Protocol):
    """What the kit needs of a system under test. One instance per test class."""

    exempt: ClassVar[Mapping[str, str]]  # law -> why this system cannot obey it
    subject: Subject
    bystander: Subject
    canaries: tuple[str, ...]  # the subject's personal values: never in a repr, message or log
    never: tuple[str, ...]  # planted values that must not be exported
    disclosed: tuple[str, ...]  # planted values that must be exported

    def start(self) -> None:
        """Bring the sandbox up (once per class)."""

    def stop(self) -> None:
        """Take it down."""

    def plant(self) -> Mapping[str, int]:
        """Empty the sandbox; plant subject and bystander, over two or more pages of results;
        return how many rows or objects of the subject locate must count per collection."""

    def spec(self) -> SystemSpec:
        """The inventory entry of the running sandbox, with its own credentials."""

    def spec_refused(self) -> SystemSpec | None:
        """The same with credentials the system refuses; None if it has none."""

    def untouched(self) -> object:
        """Everything of the bystander's, read behind the connector's back, comparable by ==."""

    def fault(self, fault: Fault, after: int = 0, times: int = 1_000_000) -> AbstractContextManager[None]:
        """While inside, calls of the system misbehave so."""

    def settle(self) -> None:
        """Let the vendor's own time pass, until what it accepted has taken effect."""


def orders_for(records: Sequence[Record], action: Action | None = None) -> list[Order]:
    """Orders as a plan would give them: records with an obstacle are not touched."""
    return [
        Order(r.at, (action or Action.DELETE) if not r.obstacles else Action.MANUAL, count=r.count) for r in records
    ]


def live(records: Sequence[Record]) -> list[Record]:
    return [r for r in records if not r.obstacles]


def _totals(records: Sequence[Record]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for record in records:
        if not any(o.kind is ObstacleKind.CLAIMED for o in record.obstacles):
            totals[record.at.collection] = totals.get(record.at.collection, 0) + record.count
    return totals


class Laws:
    """The laws. Subclassed by `conformance`, never by hand."""

    harness_class: ClassVar[type[Any]]

    @pytest.fixture(scope="class")
    def running(self) -> Iterator[Any]:
        harness = self.harness_class()
        harness.start()
        yield harness
        harness.stop()

    @pytest.fixture
    def harness(self, running: Any, request: pytest.FixtureRequest) -> Any:
        law = request.node.originalname.removeprefix("test_")
        if reason := running.exempt.get(law):
            pytest.skip(reason)
        return running

    @pytest.fixture
    def planted(self, harness: Any) -> Mapping[str, int]:
        counts: Mapping[str, int] = harness.plant()
        return counts

    def connector(self, harness: Harness, **changes: Any) -> Connector:
        return connectors.build(replace(harness.spec(), **changes))

    def locate(self, harness: Harness, subject: Subject | None = None) -> list[Record]:
        return list(self.connector(harness).locate(subject or harness.subject))

    def delete(self, harness: Harness, orders: Sequence[Order], **changes: Any) -> list[Outcome]:
        return list(self.connector(harness, **changes).delete(harness.subject, orders))

    def test_it_is_a_connector_and_checks(self, harness: Any, planted: Mapping[str, int]) -> None:
        connector = self.connector(harness)
        assert isinstance(connector, Connector)
        assert connector.system == harness.spec().system
        assert connector.capabilities.needs
        connector.check()

    def test_a_stranger_has_nothing(self, harness: Any, planted: Mapping[str, int]) -> None:
        kinds = self.connector(harness).capabilities.needs
        stranger = Subject.of(*(Identifier(k, _unlike(k), Trust.PROVEN) for k in kinds))
        assert self.locate(harness, stranger) == []

    def test_without_identifiers_nothing_is_found(self, harness: Any, planted: Mapping[str, int]) -> None:
        assert self.locate(harness, Subject.of(Identifier("shoe size", "44", Trust.PROVEN))) == []

    def test_a_claimed_identifier_opens_nothing(self, harness: Any, planted: Mapping[str, int]) -> None:
        claimed = Subject(frozenset(replace(i, trust=Trust.CLAIMED) for i in harness.subject.identifiers))
        assert self.locate(harness, claimed) == []

    def test_everything_planted_is_found_once_and_stably(self, harness: Any, planted: Mapping[str, int]) -> None:
        first = self.locate(harness)
        assert _totals(first) == dict(planted)
        assert len({r.at for r in first}) == len(first), "two records at one address"
        assert [(r.at, r.count) for r in self.locate(harness)] == [(r.at, r.count) for r in first]

    def test_locate_and_export_change_nothing(self, harness: Any, planted: Mapping[str, int]) -> None:
        before = harness.untouched()
        records = self.locate(harness)
        for record in records:
            for artifact in self.connector(harness).export(harness.subject, record.at):
                assert sum(len(c) for c in artifact.chunks) >= 0
        assert harness.untouched() == before
        assert _totals(self.locate(harness)) == dict(planted)

    def test_export_gives_what_may_be_disclosed_and_nothing_else(
        self, harness: Any, planted: Mapping[str, int]
    ) -> None:
        exported = b""
        withheld: set[str] = set()
        for record in self.locate(harness):
            for artifact in self.connector(harness).export(harness.subject, record.at):
                assert "/" not in artifact.name and ".." not in artifact.name
                exported += b"".join(artifact.chunks)
                withheld |= set(artifact.withheld)
        assert [v for v in harness.disclosed if v.encode() not in exported] == []
        assert [v for v in harness.never if v.encode() in exported] == []
        assert not harness.never or withheld, "something was withheld, and nobody is told"

    def test_deleting_leaves_nothing(self, harness: Any, planted: Mapping[str, int]) -> None:
        records = self.locate(harness)
        outcomes = self.delete(harness, orders_for(records))
        assert [o.at for o in outcomes if o.status is Status.FAILED] == []
        harness.settle()
        assert live(self.locate(harness)) == []

    def test_one_outcome_per_order(self, harness: Any, planted: Mapping[str, int]) -> None:
        orders = orders_for(self.locate(harness))
        assert sorted(map(_key, (o.at for o in self.delete(harness, orders)))) == sorted(_key(o.at) for o in orders)

    def test_deleting_twice_is_harmless(self, harness: Any, planted: Mapping[str, int]) -> None:
        orders = orders_for(self.locate(harness))
        self.delete(harness, orders)
        harness.settle()
        again = self.delete(harness, [o for o in orders if o.action is Action.DELETE])
        assert {o.status for o in again} <= {Status.ABSENT, Status.ACCEPTED}

    def test_the_bystander_is_untouched(self, harness: Any, planted: Mapping[str, int]) -> None:
        before = harness.untouched()
        counts = _totals(self.locate(harness, harness.bystander))
        assert before and counts, "a bystander without data proves nothing"
        self.delete(harness, orders_for(self.locate(harness)))
        harness.settle()
        assert harness.untouched() == before
        assert _totals(self.locate(harness, harness.bystander)) == counts

    def test_a_closed_gate_lets_no_write_through(self, harness: Any, planted: Mapping[str, int]) -> None:
        def closed(collection: str) -> None:
            raise _HeldError(collection)

        orders = orders_for(self.locate(harness))
        with pytest.raises(_HeldError):
            self.delete(harness, orders, gate=closed)
        harness.settle()
        assert _totals(self.locate(harness)) == dict(planted)

    def test_orders_to_retain_are_obeyed(self, harness: Any, planted: Mapping[str, int]) -> None:
        orders = [replace(o, action=Action.RETAIN) for o in orders_for(self.locate(harness))]
        assert {o.status for o in self.delete(harness, orders)} <= {Status.RETAINED}
        assert _totals(self.locate(harness)) == dict(planted)

    def test_redacting_keeps_the_row_and_loses_the_person(self, harness: Any, planted: Mapping[str, int]) -> None:
        records = live(self.locate(harness))
        before = harness.untouched()
        outcomes = self.delete(harness, orders_for(records, Action.REDACT))
        assert [o for o in outcomes if o.status is Status.FAILED] == []
        harness.settle()
        left = [(r.at.collection, f, n) for r in live(self.locate(harness)) for f, n in r.fields if n]
        assert left == []
        assert harness.untouched() == before

    def test_more_rows_than_planned_change_nothing(self, harness: Any, planted: Mapping[str, int]) -> None:
        orders = [replace(o, count=max(0, o.count - 1)) for o in orders_for(self.locate(harness))]
        try:
            outcomes = self.delete(harness, orders)
            assert {o.status for o in outcomes if o.status in GONE} == set()
        except ConnectorError:
            pass
        harness.settle()
        assert _totals(self.locate(harness)) == dict(planted)

    def test_refused_credentials_are_an_auth_error(self, harness: Any, planted: Mapping[str, int]) -> None:
        spec = harness.spec_refused()
        if spec is None:
            pytest.skip("the system has no credentials")
        with pytest.raises(AuthError):
            connectors.build(spec).check()
        with pytest.raises(AuthError):
            list(connectors.build(spec).locate(harness.subject))

    @pytest.mark.parametrize("fault", WIRE_FAULTS, ids=lambda f: f.name)
    def test_a_fault_is_transient_and_never_an_empty_answer(
        self, harness: Any, planted: Mapping[str, int], fault: Fault
    ) -> None:
        with harness.fault(fault), pytest.raises(TransientError) as raised:
            self.locate(harness)
        _no_canary(harness, str(raised.value), repr(raised.value))
        if fault is Fault.OVERLOADED_RETRY_AFTER:
            assert raised.value.retry_after == pytest.approx(RETRY_AFTER, abs=1)
        for after in range(1, 4):  # and in the middle of the pages
            with harness.fault(fault, after=after, times=1):
                try:
                    found = _totals(self.locate(harness))
                except TransientError:
                    continue
                assert found == dict(planted)

    @pytest.mark.parametrize("fault", WIRE_FAULTS, ids=lambda f: f.name)
    def test_a_fault_during_deletion_is_mended_by_asking_again(
        self, harness: Any, planted: Mapping[str, int], fault: Fault
    ) -> None:
        before = harness.untouched()
        orders = orders_for(self.locate(harness))
        for after in (0, 1, 2, 5):
            with harness.fault(fault, after=after, times=1):
                try:
                    self.delete(harness, orders)
                except TransientError as error:
                    _no_canary(harness, str(error))
        outcomes = self.delete(harness, orders)
        harness.settle()
        assert [o for o in outcomes if o.status is Status.FAILED] == []
        assert live(self.locate(harness)) == []
        assert harness.untouched() == before

    def test_a_page_that_comes_twice_is_counted_once(self, harness: Any, planted: Mapping[str, int]) -> None:
        assert _totals(self.locate(harness)) == dict(planted)  # so that it is a page of this data which comes again
        for after in range(4):
            with harness.fault(Fault.DUPLICATE, after=after, times=1):
                try:
                    found = _totals(self.locate(harness))
                except ConnectorError:
                    continue
                assert found == dict(planted)

    def test_a_vendor_that_lies_is_caught(self, harness: Any, planted: Mapping[str, int]) -> None:
        with harness.fault(Fault.LYING):
            try:
                self.delete(harness, orders_for(self.locate(harness)))
            except ConnectorError:
                pass
        harness.settle()
        assert live(self.locate(harness)), "nothing was deleted, and locate does not see it"

    def test_nothing_personal_in_reprs_or_logs(
        self, harness: Any, planted: Mapping[str, int], capfd: pytest.CaptureFixture[str]
    ) -> None:
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        root = logging.getLogger()
        level = root.level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        try:
            records = self.locate(harness)
            for record in records:
                for artifact in self.connector(harness).export(harness.subject, record.at):
                    _no_canary(harness, repr(artifact))
                    list(artifact.chunks)
            outcomes = self.delete(harness, orders_for(records))
        finally:
            root.removeHandler(handler)
            root.setLevel(level)
        printed = capfd.readouterr()
        shown = [replace(r, reveals=()) for r in records]
        _no_canary(harness, stream.getvalue(), repr(shown), repr(outcomes), repr(records), printed.out, printed.err)
        _no_canary(harness, repr(harness.subject), repr(harness.spec()))


class _HeldError(Exception):
    """Raised by a closed gate."""


def _key(at: Locator) -> tuple[str, ...]:
    return (at.collection, at.key, str(at.since), str(at.before))


def _unlike(kind: str) -> str:
    return "nobody.else@example.net" if "email" in kind else "0-000-nobody"


def _no_canary(harness: Harness, *texts: str) -> None:
    for text in texts:
        for canary in harness.canaries:
            assert canary.casefold() not in text.casefold(), (
                f"a personal value shows in {len(text)} characters of output"
            )


def conformance(harness: type[Any]) -> type[Laws]:
    """The test class of one connector."""
    return type(f"Test{harness.__name__}", (Laws,), {"harness_class": harness})
