"""The laws of connectors that put fields right: on a quiet day, and when the wire or the vendor misbehaves."""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from connectors.errors import ChangedError, ConnectorError, TransientError
from connectors.model import Change, Correction, Locator, Outcome, Record, Status, Subject
from connectors.protocol import Corrects
from connectors.sandbox.faults import Fault
from connectors.testing.harness import GONE, WIRE_FAULTS, Harness, HeldError, live, no_canary, totals
from connectors.testing.wire import WireLaws

_MOST_RUNS = 5  # a vendor may need its own time between two steps of one correction
Values = dict[tuple[Locator, str], dict[str, int]]  # (record, field) -> value -> rows


class CorrectionLaws(WireLaws):
    """The laws of `Corrects`, for a harness that says in `corrections` what is to be put right."""

    def corrects(self, harness: Harness, **changes: Any) -> Corrects:
        connector = self.connector(harness, **changes)
        assert isinstance(connector, Corrects), "the harness names corrections, and the connector makes none"
        return connector

    def wanted(self, harness: Any, subject: Subject | None = None, instead: Mapping[Any, str] = {}) -> list[Correction]:
        """As a plan would ask for them: of each record, the fields in which another value stands."""
        found, asked, reading = [], instead or harness.corrections, self.corrects(harness)
        for record in live(self.locate(harness, subject)):
            new = {field: value for (collection, field), value in asked.items() if collection == record.at.collection}
            held = reading.held(subject or harness.subject, record.at, list(new)) if new else ()
            changes = [Change(h.field, h.value, new[h.field], h.count) for h in held if h.value != new[h.field]]
            if changes:
                found.append(Correction(record.at, tuple(changes)))
        return found

    def correct(self, harness: Any, corrections: Sequence[Correction], **changes: Any) -> list[Outcome]:
        return list(self.corrects(harness, **changes).correct(harness.subject, corrections))

    def through(self, harness: Any, corrections: Sequence[Correction]) -> list[Outcome]:
        """Asked for until nothing fails, with the vendor's own time in between."""
        for _ in range(_MOST_RUNS):
            outcomes = self.correct(harness, corrections)
            harness.settle()
            if not any(o.status is Status.FAILED for o in outcomes):
                return outcomes
        raise AssertionError([o.reason for o in outcomes])

    def values(self, harness: Any, records: Sequence[Record] | None = None) -> Values:
        """Everything that stands in the described fields of the subject's own rows."""
        found: Values = {}
        reading = self.corrects(harness)
        described = {c.name: [f.name for f in c.fields] for c in harness.spec().collections}
        for record in records or live(self.locate(harness)):
            for h in reading.held(harness.subject, record.at, described.get(record.at.collection, ())):
                found.setdefault((record.at, h.field), {})[h.value] = h.count
        return found

    def test_what_stands_there_is_read_and_nothing_changes(self, harness: Any, planted: Mapping[str, int]) -> None:
        before = harness.untouched()
        wanted = self.wanted(harness)
        asked = {(c.at.collection, change.field) for c in wanted for change in c.changes}
        assert asked == set(harness.corrections), "planted, and not read"
        assert harness.untouched() == before
        assert self.wanted(harness) == wanted

    def test_correcting_changes_the_named_fields_and_nothing_else(
        self, harness: Any, planted: Mapping[str, int]
    ) -> None:
        before, wanted = self.values(harness), self.wanted(harness)
        assert {o.status for o in self.through(harness, wanted)} <= {*GONE, Status.ACCEPTED}
        expected = {place: dict(values) for place, values in before.items()}
        for correction in wanted:
            for change in correction.changes:
                there = expected[correction.at, change.field]
                there[change.new] = there.get(change.new, 0) + there.pop(change.old)
        assert self.values(harness) == expected
        assert totals(self.locate(harness)) == dict(planted)

    def test_correcting_twice_is_harmless(self, harness: Any, planted: Mapping[str, int]) -> None:
        wanted = self.wanted(harness)
        self.through(harness, wanted)
        before = self.values(harness)
        assert {o.status for o in self.correct(harness, wanted)} == {Status.ABSENT}
        assert self.values(harness) == before
        assert self.wanted(harness) == []

    def test_one_outcome_for_each_correction_in_their_order(self, harness: Any, planted: Mapping[str, int]) -> None:
        single = [Correction(c.at, (change,)) for c in self.wanted(harness) for change in c.changes]
        assert [o.at for o in self.correct(harness, single)] == [c.at for c in single]
        assert self.correct(harness, []) == []

    def test_a_correction_leaves_the_bystander(self, harness: Any, planted: Mapping[str, int]) -> None:
        before = harness.untouched()
        foreign = self.wanted(harness, harness.bystander)
        assert before and foreign, "a bystander without data proves nothing"
        self.through(harness, self.wanted(harness))
        assert harness.untouched() == before
        try:  # nor does whoever asks with what was read of another reach that one
            self.correct(harness, foreign)
        except ConnectorError:
            pass
        harness.settle()
        assert harness.untouched() == before

    def test_what_is_not_surely_theirs_is_not_corrected(self, harness: Any, planted: Mapping[str, int]) -> None:
        before = harness.untouched()
        for record in (r for r in self.locate(harness) if r.obstacles or r.mentions):
            named = [field for collection, field in harness.corrections if collection == record.at.collection]
            made = tuple(Change(name, "x", "y") for name in named)
            try:
                for outcome in self.correct(harness, [Correction(record.at, made)] if made else []):
                    assert outcome.status not in (Status.DONE, Status.ACCEPTED)
            except ConnectorError:
                pass
        assert harness.untouched() == before

    def test_a_closed_gate_lets_no_correction_through(self, harness: Any, planted: Mapping[str, int]) -> None:
        def closed(collection: str) -> None:
            raise HeldError(collection)

        before, wanted = self.values(harness), self.wanted(harness)
        with pytest.raises(HeldError):
            self.correct(harness, wanted, gate=closed)
        harness.settle()
        assert self.values(harness) == before

    def test_what_was_changed_since_is_not_overwritten(self, harness: Any, planted: Mapping[str, int]) -> None:
        before, (correction, *_) = self.values(harness), self.wanted(harness)
        change = correction.changes[0]
        stale, fewer = replace(change, old="what stood there before"), replace(change, count=change.count - 1)
        for wrong in (stale, fewer):
            with pytest.raises(ChangedError):
                self.correct(harness, [Correction(correction.at, (wrong,))])
        harness.settle()
        assert self.values(harness) == before

    def test_a_value_that_is_refused_is_an_outcome(self, harness: Any, planted: Mapping[str, int]) -> None:
        before = self.values(harness)
        for place, value in harness.refused.items():
            outcomes = self.correct(harness, self.wanted(harness, instead={place: value}))
            assert outcomes
            assert {o.status for o in outcomes} == {Status.MANUAL}
            assert all(o.reason and value not in o.reason for o in outcomes)
        harness.settle()
        assert self.values(harness) == before

    @pytest.mark.parametrize("fault", WIRE_FAULTS, ids=lambda f: f.name)
    def test_a_fault_during_a_correction_is_mended_by_asking_again(
        self, harness: Any, planted: Mapping[str, int], fault: Fault
    ) -> None:
        before, wanted = harness.untouched(), self.wanted(harness)
        for after in (0, 1, 2, 5):
            with harness.fault(fault, after=after, times=1):
                try:
                    self.correct(harness, wanted)
                except TransientError as error:
                    no_canary(harness, str(error))
        assert {o.status for o in self.through(harness, wanted)} <= {*GONE, Status.ACCEPTED}
        assert self.wanted(harness) == []
        assert harness.untouched() == before

    def test_a_vendor_that_lies_about_a_correction_is_caught(self, harness: Any, planted: Mapping[str, int]) -> None:
        wanted = self.wanted(harness)
        with harness.fault(Fault.LYING):
            try:
                assert Status.DONE not in {o.status for o in self.correct(harness, wanted)}
            except ConnectorError:
                pass
        harness.settle()
        assert self.wanted(harness) == wanted, "nothing was corrected, and reading does not show it"

    def test_nothing_personal_shows_of_a_correction(
        self, harness: Any, planted: Mapping[str, int], capfd: pytest.CaptureFixture[str]
    ) -> None:
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        root = logging.getLogger()
        level = root.level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        try:
            wanted = self.wanted(harness)
            fields = {c.at: {change.field for change in c.changes} for c in wanted}
            held = [h for at, names in fields.items() for h in self.corrects(harness).held(harness.subject, at, names)]
            assert held
            outcomes = self.correct(harness, wanted)
        finally:
            root.removeHandler(handler)
            root.setLevel(level)
        printed = capfd.readouterr()
        shown = (stream.getvalue(), repr(wanted), repr(held), repr(outcomes), printed.out, printed.err)
        no_canary(harness, *shown)
        for value in harness.corrections.values():
            assert not [text for text in shown if value in text], "a new value shows"
