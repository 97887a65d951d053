"""A privacy desk at work in the sandbox: what the tests of whole requests have in common."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from connectors.sandbox.world import Sandbox
from orchestrator.inventory import Inventory
from orchestrator.issue import Fulfilled
from orchestrator.letter_notices import Given
from orchestrator.letters.kinds import Kind
from orchestrator.model import Level, Right
from orchestrator.service import Service
from orchestrator.staff import Actor, identify
from orchestrator.workspace import Workspace

ROOT = Path(__file__).parent.parent
_LENT: set[str] = set()  # variables that offices put into the environment, of sandboxes that may be over by now


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
        _LENT.update(sandbox.environ)
        self.sandbox, self.state = sandbox, state
        self.workspace = Workspace.open(state, held or inventory())
        self.service = self.as_(identify(self.workspace.inventory, "", None))

    @classmethod
    def over(cls, sandbox: Sandbox, state: Path, systems: Collection[str]) -> Office:
        """An installation with these connected systems, and all that are done by hand."""
        held = inventory()
        some = {n: s for n, s in held.systems.items() if s.manual or n in systems}
        return cls(sandbox, state, replace(held, systems=some))

    def as_(self, actor: Actor, now: datetime | None = None) -> Service:
        return Service(self.workspace, actor, (lambda: now) if now else None)

    def request(self, email: str, right: Right = Right.DELETE, level: Level = Level.REASONABLY_HIGH) -> str:
        """A verified request."""
        return self.verified(self.service.new_request(right, [("email", email)], "email"), level)

    def verified(self, request: str, level: Level = Level.REASONABLY_HIGH) -> str:
        why = "the address is confirmed at every sign-in"
        self.service.verify(request, level, "reply from the address on file", ["email"], ["email"], why)
        return request

    def approved(self, email: str) -> str:
        request = self.request(email)
        self.service.approve(request, self.service.plan(request).digest)
        return request

    def approved_access(self, email: str, package: Path) -> str:
        request = self.request(email, Right.ACCESS)
        planned = self.service.plan(request)
        self.service.export(request, package)
        self.service.approve(request, planned.digest)
        return request

    def erase(self, email: str) -> Fulfilled:
        return self.service.run(self.approved(email))

    def files(self) -> Mapping[str, bytes]:
        """Everything the installation keeps on disk."""
        return {str(p.relative_to(self.state)): p.read_bytes() for p in self.state.rglob("*") if p.is_file()}

    def letter(self, request: str, kind: Kind, given: Given) -> str:
        """A letter as the person would read it, in one line."""
        made = self.service.draft_letter(request, kind, given, self.state.parent / "letters")
        return " ".join(Path(made.where[0]).read_text().split())

    def close(self) -> None:
        self.workspace.close()


def dsr(office: Office, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line, in a process of its own, over the office's state."""
    command = [sys.executable, "-m", "orchestrator.cli", "--sandbox", "--state", str(office.state), *arguments]
    over = _LENT - set(office.sandbox.environ)  # where nobody answers: each would be asked again and again
    environ = {name: value for name, value in os.environ.items() if name not in over}
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environ)
