"""The laws that hold when the wire or the vendor misbehaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from connectors.errors import ConnectorError, TransientError
from connectors.model import (
    Status,
)
from connectors.sandbox.faults import RETRY_AFTER, Fault
from connectors.testing.harness import WIRE_FAULTS, live, no_canary, orders_for, totals
from connectors.testing.laws import Laws


class WireLaws(Laws):
    """The laws under faults."""

    @pytest.mark.parametrize("fault", WIRE_FAULTS, ids=lambda f: f.name)
    def test_a_fault_is_transient_and_never_an_empty_answer(
        self, harness: Any, planted: Mapping[str, int], fault: Fault
    ) -> None:
        with harness.fault(fault), pytest.raises(TransientError) as raised:
            self.locate(harness)
        no_canary(harness, str(raised.value), repr(raised.value))
        if fault is Fault.OVERLOADED_RETRY_AFTER:
            assert raised.value.retry_after == pytest.approx(RETRY_AFTER, abs=1)
        for after in range(1, 4):  # and in the middle of the pages
            with harness.fault(fault, after=after, times=1):
                try:
                    found = totals(self.locate(harness))
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
                    no_canary(harness, str(error))
        outcomes = self.delete(harness, orders)
        harness.settle()
        assert [o for o in outcomes if o.status is Status.FAILED] == []
        assert live(self.locate(harness)) == []
        assert harness.untouched() == before

    def test_a_page_that_comes_twice_is_counted_once(self, harness: Any, planted: Mapping[str, int]) -> None:
        assert totals(self.locate(harness)) == dict(planted)  # so that it is a page of this data which comes again
        for after in range(4):
            with harness.fault(Fault.DUPLICATE, after=after, times=1):
                try:
                    found = totals(self.locate(harness))
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
