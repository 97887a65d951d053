"""Three people at a desk over a running sandbox: who plans, who proves, who approves."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from connectors.sandbox.faults import Faults
from connectors.sandbox.heroku import HerokuSandbox
from connectors.sandbox.world import Sandbox
from orchestrator import canonical
from orchestrator.backups import Proof
from orchestrator.inventory import Inventory
from orchestrator.inventory.model import StaffMember
from orchestrator.service import Service
from orchestrator.signing import StaffKey
from orchestrator.staff import identify
from orchestrator.workspace import Workspace
from tests.office import inventory

DATABASE, KEEPER = "app_db", "app_db_backups"
OLD, NEWEST = "training-tracker/b008", "training-tracker/a001"
THE_ONE = "/client/v11/apps/training-tracker/transfers/8"  # the only call that may delete anything
WHY = "taken before a migration, and not needed any more"
POWERS = frozenset({"verify", "plan", "approve", "override", "run", "export", "hold"})


@cache
def loaded() -> Inventory:
    return inventory()


def keyed(folder: Path, *names: str) -> dict[str, StaffKey]:
    return {name: StaffKey.generate(folder / f"{name}.key") for name in names}


class Desk:
    """One installation in four-eyes mode. `planner`, `prover` and `approver` are its use cases, done by each."""

    def __init__(self, sandbox: Sandbox, folder: Path, change: Callable[[Inventory], Inventory] = lambda i: i) -> None:
        os.environ.update(sandbox.environ)
        self.sandbox, self.folder = sandbox, folder
        staff = keyed(folder, "planner", "prover", "approver")
        held = loaded()
        some = {n: held.systems[n] for n in (DATABASE, KEEPER)}
        people = tuple(StaffMember(name, key.public, POWERS) for name, key in staff.items())
        held = change(replace(held, approval="four_eyes", staff=people, systems=some))
        self.workspace = Workspace.open(folder / "state", held)
        self.planner, self.prover, self.approver = self.of("planner"), self.of("prover"), self.of("approver")

    def of(self, name: str, now: datetime | None = None) -> Service:
        actor = identify(self.workspace.inventory, name, self.folder / f"{name}.key")
        return Service(self.workspace, actor, (lambda: now) if now else None)

    @property
    def fake(self) -> HerokuSandbox:
        fake: HerokuSandbox = self.sandbox.stores["heroku"].fake
        return fake

    @property
    def faults(self) -> Faults:
        faults: Faults = self.sandbox.stores["heroku"].faults
        return faults

    def row(self, name: str) -> dict[str, Any]:
        """A transfer of the fake's, by its backup's name."""
        app, _, short = name.partition("/")
        return next(t for t in self.fake.data.transfers[app] if t["num"] == int(short[1:]))

    def as_if_proven(self, by: str = "prover") -> Proof:
        """The journal's entry of a good test restore of the newest backup, without the seconds that one takes."""
        newest = next(r.backup for r in self.planner.backups() if r.backup.title == NEWEST)
        proof = Proof(
            KEEPER, DATABASE, newest, by, self.planner.now(), (), 1_200_000, "0" * 64, "18.4", "18.4", 48, 9, 9
        )
        self.workspace.journal.append("", "backup_proved", by, {"proof": canonical.plain(proof)})
        return proof

    def approved(self, name: str = OLD) -> str:
        """A plan that only has to be carried out; its digest."""
        digest = self.planner.plan_backup(name, WHY).digest
        self.as_if_proven()
        self.approver.approve_backup(name, digest)
        return digest

    @property
    def deletions(self) -> list[str]:
        return [path for method, path in self.fake.writes if method == "DELETE"]

    def kinds(self) -> list[str]:
        """What the journal says of backups, in order."""
        return [e.kind for e in self.workspace.journal.entries("") if e.kind.startswith("backup_")]


def deleting(method: str, path: str) -> bool:
    return method == "DELETE"


def at_the_call(desk: Desk, which: Callable[[str, str], bool], number: int, do: Callable[[], object]) -> None:
    """Do something when the fake has answered the call of that number, and before the answer is sent."""
    inner, seen = desk.faults.app, [0]

    def spy(environ: Any, start: Any) -> Any:
        answer = list(inner(environ, start))
        if which(environ["REQUEST_METHOD"], environ["PATH_INFO"]):
            seen[0] += 1
            if seen[0] == number:
                desk.faults.app = inner
                do()
        return answer

    desk.faults.app = spy
