"""The laws that hold on a quiet day."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest

import connectors
from connectors.errors import AuthError, ConnectorError
from connectors.model import (
    Action,
    Aspect,
    Identifier,
    Order,
    Outcome,
    Record,
    Status,
    Subject,
    Trust,
)
from connectors.protocol import Connector, Corrects, Inspects
from connectors.testing.harness import GONE, Harness, HeldError, key, live, no_canary, orders_for, totals, unlike


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
        assert isinstance(connector, Corrects) == hasattr(harness, "corrections"), "what it corrects is held to no law"
        connector.check()

    def test_inspecting_changes_nothing_and_names_nobody(self, harness: Any, planted: Mapping[str, int]) -> None:
        connector = self.connector(harness)
        if not isinstance(connector, Inspects):
            pytest.skip("does not tell what its credentials may do")
        before = harness.untouched()
        probes = list(connector.inspect())
        assert any(p.aspect is Aspect.REACH and p.ok for p in probes)
        assert [p for p in probes if p.ok is not True and not p.says] == [], "a finding without words"
        no_canary(harness, repr(probes))
        assert harness.untouched() == before
        assert totals(self.locate(harness)) == dict(planted)

    def test_a_stranger_has_nothing(self, harness: Any, planted: Mapping[str, int]) -> None:
        kinds = self.connector(harness).capabilities.needs
        stranger = Subject.of(*(Identifier(k, unlike(k), Trust.PROVEN) for k in kinds))
        assert self.locate(harness, stranger) == []

    def test_without_identifiers_nothing_is_found(self, harness: Any, planted: Mapping[str, int]) -> None:
        assert self.locate(harness, Subject.of(Identifier("shoe size", "44", Trust.PROVEN))) == []

    def test_a_claimed_identifier_opens_nothing(self, harness: Any, planted: Mapping[str, int]) -> None:
        claimed = Subject(frozenset(replace(i, trust=Trust.CLAIMED) for i in harness.subject.identifiers))
        assert self.locate(harness, claimed) == []

    def test_everything_planted_is_found_once_and_stably(self, harness: Any, planted: Mapping[str, int]) -> None:
        first = self.locate(harness)
        assert totals(first) == dict(planted)
        assert len({r.at for r in first}) == len(first), "two records at one address"
        assert [(r.at, r.count) for r in self.locate(harness)] == [(r.at, r.count) for r in first]

    def test_locate_and_export_change_nothing(self, harness: Any, planted: Mapping[str, int]) -> None:
        before = harness.untouched()
        records = self.locate(harness)
        for record in records:
            for artifact in self.connector(harness).export(harness.subject, record.at):
                assert sum(len(c) for c in artifact.chunks) >= 0
        assert harness.untouched() == before
        assert totals(self.locate(harness)) == dict(planted)

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
        assert sorted(map(key, (o.at for o in self.delete(harness, orders)))) == sorted(key(o.at) for o in orders)

    def test_deleting_twice_is_harmless(self, harness: Any, planted: Mapping[str, int]) -> None:
        orders = orders_for(self.locate(harness))
        self.delete(harness, orders)
        harness.settle()
        again = self.delete(harness, [o for o in orders if o.action is Action.DELETE])
        assert {o.status for o in again} <= {Status.ABSENT, Status.ACCEPTED}

    def test_the_bystander_is_untouched(self, harness: Any, planted: Mapping[str, int]) -> None:
        before = harness.untouched()
        counts = totals(self.locate(harness, harness.bystander))
        assert before and counts, "a bystander without data proves nothing"
        self.delete(harness, orders_for(self.locate(harness)))
        harness.settle()
        assert harness.untouched() == before
        assert totals(self.locate(harness, harness.bystander)) == counts

    def test_a_closed_gate_lets_no_write_through(self, harness: Any, planted: Mapping[str, int]) -> None:
        def closed(collection: str) -> None:
            raise HeldError(collection)

        orders = orders_for(self.locate(harness))
        with pytest.raises(HeldError):
            self.delete(harness, orders, gate=closed)
        harness.settle()
        assert totals(self.locate(harness)) == dict(planted)

    def test_orders_to_retain_are_obeyed(self, harness: Any, planted: Mapping[str, int]) -> None:
        orders = [replace(o, action=Action.RETAIN) for o in orders_for(self.locate(harness))]
        assert {o.status for o in self.delete(harness, orders)} <= {Status.RETAINED}
        assert totals(self.locate(harness)) == dict(planted)

    def test_redacting_keeps_the_row_and_loses_the_person(self, harness: Any, planted: Mapping[str, int]) -> None:
        if Action.REDACT not in self.connector(harness).capabilities.actions:
            orders = orders_for(live(self.locate(harness)), Action.REDACT)
            try:
                assert {o.status for o in self.delete(harness, orders)} <= {Status.FAILED, Status.MANUAL}
            except ConnectorError:
                pass
            assert totals(self.locate(harness)) == dict(planted)
            pytest.skip("declares no redaction, and does not pretend to redact")
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
        assert totals(self.locate(harness)) == dict(planted)

    def test_refused_credentials_are_an_auth_error(self, harness: Any, planted: Mapping[str, int]) -> None:
        spec = harness.spec_refused()
        if spec is None:
            pytest.skip("the system has no credentials")
        with pytest.raises(AuthError):
            connectors.build(spec).check()
        if isinstance(connector := connectors.build(spec), Inspects):
            try:
                assert any(p.ok is False for p in connector.inspect())
            except AuthError:
                pass
        with pytest.raises(AuthError):
            list(connectors.build(spec).locate(harness.subject))

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
                    no_canary(harness, repr(artifact))
                    list(artifact.chunks)
            outcomes = self.delete(harness, orders_for(records))
        finally:
            root.removeHandler(handler)
            root.setLevel(level)
        printed = capfd.readouterr()
        shown = [replace(r, reveals=()) for r in records]
        no_canary(harness, stream.getvalue(), repr(shown), repr(outcomes), repr(records), printed.out, printed.err)
        no_canary(harness, repr(harness.subject), repr(harness.spec()))
