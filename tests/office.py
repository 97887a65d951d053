"""A privacy desk at work in the sandbox: what the tests of whole requests have in common."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.sandbox.world import Sandbox
from orchestrator.fulfil import Fulfilled
from orchestrator.inventory import Inventory
from orchestrator.model import Level, Right
from orchestrator.service import Service
from orchestrator.staff import Actor, identify
from orchestrator.workspace import Workspace

ROOT = Path(__file__).parent.parent


def inventory(*, only_connected: bool = False) -> Inventory:
    """Training Tracker's, against the sandbox; on demand without the systems done by hand."""
    loaded = Inventory.load(ROOT / "inventory.yaml").sandboxed()
    if only_connected:
        loaded = replace(loaded, systems={n: s for n, s in loaded.systems.items() if not s.manual})
    return loaded


class Office:
    """One installation over a running sandbox."""

    def __init__(self, sandbox: Sandbox, state: Path, held: Inventory | None = None) -> None:
        os.environ.update(sandbox.environ)
        self.sandbox, self.state = sandbox, state
        self.workspace = Workspace.open(state, held or inventory())
        self.offset: Any = None
        self.service = self.as_(identify(self.workspace.inventory, "", None))

    def as_(self, actor: Actor, now: datetime | None = None) -> Service:
        return Service(self.workspace, actor, (lambda: now) if now else None)

    def request(self, email: str, right: Right = Right.DELETE, level: Level = Level.REASONABLY_HIGH) -> str:
        """A verified request."""
        request = self.service.new_request(right, [("email", email)], "email")
        self.service.verify(request, level, "reply from the address on file", ["email"], ["email"])
        return request

    def approved(self, email: str) -> str:
        request = self.request(email)
        self.service.approve(request, self.service.plan(request).digest)
        return request

    def erase(self, email: str) -> Fulfilled:
        return self.service.run(self.approved(email))

    def files(self) -> Mapping[str, bytes]:
        """Everything the installation keeps on disk."""
        return {str(p.relative_to(self.state)): p.read_bytes() for p in self.state.rglob("*") if p.is_file()}

    def close(self) -> None:
        self.workspace.journal.close()
