"""The laws every connector obeys, as a test class: `TestAcme = conformance(AcmeHarness)`.

A harness runs the system's sandbox and plants one subject and one bystander in it; the kit does
the rest. A law that a system cannot obey is exempted by name with a written reason.
"""

from __future__ import annotations

from typing import Any

from connectors.testing.corrections import CorrectionLaws
from connectors.testing.harness import GONE, Harness, live, orders_for, totals
from connectors.testing.wire import WireLaws

__all__ = ["GONE", "CorrectionLaws", "Harness", "WireLaws", "conformance", "live", "orders_for", "totals"]


def conformance(harness: type[Any]) -> type[WireLaws]:
    """The test class of one connector: with the laws of corrections where the harness says what to put right."""
    laws = CorrectionLaws if hasattr(harness, "corrections") else WireLaws
    return type(f"Test{harness.__name__}", (laws,), {"harness_class": harness})
