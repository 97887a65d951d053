"""Access and deletion asked for together: the deletion waits until the package was delivered, or is not wanted.

Deleted first, there would be nothing left to hand over. One intake makes two requests, each with its own clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestrator.errors import NotAllowedError
from orchestrator.intake import Intake
from orchestrator.journal import State
from orchestrator.model import Ground, Right
from orchestrator.storage.kinds import KINDS

_DELIVERED = tuple(kind for kind in ("delivered", "answered", "denied") if kind in KINDS)


@dataclass(frozen=True, slots=True)
class Pair:
    """The two requests of one intake."""

    access: str
    delete: str


class Turns(Intake):
    """The use case of asking for both."""

    def new_pair(
        self, identifiers: Sequence[tuple[str, str]], channel: str, received: datetime | None = None,
        ground: Ground = Ground.STATUTORY, only: Sequence[str] = (),
    ) -> Pair:  # fmt: skip
        """Record a request for access and one for deletion that comes after it. Each is verified by itself."""
        received = received or (None if channel == "mail" else self.now())
        access = self.new_request(Right.ACCESS, identifiers, channel, received, ground)
        return Pair(access, self.new_request(Right.DELETE, identifiers, channel, received, ground, "", only, access))

    def in_turn(self, request: str) -> None:
        """NotAllowedError while the request before this one is neither answered nor withdrawn."""
        first = self.request(request).after
        if not first or self.journal.state(first) is State.CANCELLED:
            return
        if not any(True for kind in _DELIVERED for _ in self.journal.entries(first, kind)):
            way = f"dsr request answer {first}, or dsr request cancel {first} if it is not wanted any more"
            raise NotAllowedError(f"{request} comes after {first}, whose package is not recorded as delivered: {way}")
