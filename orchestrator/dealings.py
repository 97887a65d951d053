"""What the desk has to do with requesters, customer organisations and vendors: one part of the service."""

from __future__ import annotations

from orchestrator.fees import Fees
from orchestrator.handing_over import HandingOver
from orchestrator.instructions import Instructions
from orchestrator.notices import Notices
from orchestrator.proving import Proving


class Dealings(Fees, Proving, HandingOver, Notices, Instructions):
    """Who asks, who decides, who is told, and what it costs."""
