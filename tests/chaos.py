"""One request after another over every system, each killed or hit by faults at random, then gone on with.

`python -m tests.chaos` is the process that is forked for each run: everything is imported once, and a child is
killed like any other process.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.sandbox.faults import Fault, Faults
from connectors.sandbox.world import Sandbox
from orchestrator.due import Owed
from orchestrator.errors import IncompleteError, NotAllowedError
from orchestrator.issue import Fulfilled
from orchestrator.service import Service
from orchestrator.staff import identify
from orchestrator.workspace import Workspace
from tests.office import ROOT, Office, inventory

_FAULTS = (Fault.OVERLOADED, Fault.SERVER_ERROR, Fault.CUT, Fault.TRUNCATED, Fault.LYING)
_TRIES = 6  # how often a person goes on with a request before it counts as lost
_CHANGING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{15,}|\d{4}-\d\d-\d\d[T ][\d:.+Z-]*|\b1[67]\d{8}\b")


@dataclass
class Tally:
    """What came of the runs. `asked_twice`: deletions that a vendor without keys or a status was asked for again."""

    runs: int = 0
    killed: int = 0
    faulted: int = 0
    lost: int = 0
    double_effects: int = 0
    bystander_changes: int = 0
    false_done: int = 0
    asked_twice: int = 0
    why: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Ending:
    """What an undisturbed run comes to, with which every other is compared."""

    data: str  # the person's own, in every store
    standings: tuple[tuple[str, str, str], ...]
    effects: dict[str, int]  # changes that could be made twice, by store
    asked: int


class Chaos:
    """A sandbox, and the process whose children carry out requests."""

    def __init__(self, sandbox: Sandbox, seed: int) -> None:
        self.sandbox, self.random = sandbox, random.Random(seed)
        os.environ.update(sandbox.environ)
        command = [sys.executable, "-m", "tests.chaos"]
        self._parent = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ)
        )
        self._said("ready")
        self.subject = sandbox.people.subject
        self.layers = layers(sandbox)
        self.held = inventory()
        self.seconds = 0.0
        self.expected = self._undisturbed()

    def close(self) -> None:
        self._parent.stdin and self._parent.stdin.close()
        self._parent.wait()

    def run(self, tally: Tally) -> None:
        """One request, disturbed and then brought to its end; what was wrong is counted."""
        self.sandbox.replant()
        with tempfile.TemporaryDirectory() as folder:
            office = Office(self.sandbox, Path(folder) / "state", self.held)
            others = self._others()
            request = office.approved(self.subject.email)
            tally.runs += 1
            with ExitStack() as faults:
                if self.random.random() < 0.5:
                    tally.faulted += 1
                    self._disturb(faults)
                killed = self._child(office, request, kill=self.random.random() < 0.7)
                tally.killed += killed
            false = self._false_done(office, request)
            done = self._finished(office, request)
            self._judge(tally, office, request, done, others, false)
            office.close()

    def _disturb(self, faults: ExitStack) -> None:
        for layer in self.random.sample(self.layers, self.random.randint(1, 3)):
            fault = self.random.choice(_FAULTS)
            match = _writes if fault is Fault.LYING else _any
            times = self.random.randint(1, 3)
            faults.enter_context(layer.inject(fault, after=self.random.randint(0, 20), times=times, match=match))

    def _child(self, office: Office, request: str, *, kill: bool) -> bool:
        """`dsr run` in a process of its own; whether it was killed before it ended."""
        pid = int(self._ask(f"{office.state} {request}"))
        if kill:
            time.sleep(self.random.uniform(0.0, self.seconds))
            os.kill(pid, signal.SIGKILL)
        return self._ask(f"wait {pid}") == "killed"

    def _ask(self, line: str) -> str:
        assert self._parent.stdin
        self._parent.stdin.write(line + "\n")
        self._parent.stdin.flush()
        return self._said()

    def _said(self, expected: str = "") -> str:
        assert self._parent.stdout
        said = self._parent.stdout.readline().strip()
        assert said, "the forking process ended"
        assert expected in ("", said), f"the forking process said {said!r}"
        return said

    def _finished(self, office: Office, request: str) -> Fulfilled | None:
        """What a person does after a crash: run again, and plan anew where that is what is owed."""
        for _ in range(_TRIES):
            try:
                done = office.service.run(request)
            except (IncompleteError, NotAllowedError):
                self._planned_anew(office, request)
                continue
            owed = [o for o in office.service.due(request) if o.overdue and o.owed is not Owed.BY_HAND]
            if not owed:
                return done
            self._planned_anew(office, request)
        return None

    @staticmethod
    def _planned_anew(office: Office, request: str) -> None:
        planned = office.service.plan(request)
        if not planned.open:
            office.service.approve(request, planned.digest)

    def _false_done(self, office: Office, request: str) -> list[str]:
        """Steps that a receipt of the disturbed run calls gone while the person's data is not as it should be."""
        receipts = list(office.workspace.journal.entries(request, "receipt"))
        if not receipts:
            return []
        return [] if self._data() == self.expected.data else self._gone_and_there(office, request)

    def _gone_and_there(self, office: Office, request: str) -> list[str]:
        digest = office.workspace.journal.latest_plan(request)
        assert digest
        confirmation = office.workspace.journal.confirmation(digest)
        gone = {r.ref for r in confirmation.results if r.confirmed} if confirmation else set()
        fresh = office.service.plan(request).plan
        return [f"{s.system}/{s.collection}" for s in fresh.steps if s.ref in gone and s.action in ("delete", "redact")]

    def _judge(
        self, tally: Tally, office: Office, request: str, done: Fulfilled | None, others: object, false: list[str]
    ) -> None:
        number = tally.runs
        if self._others() != others:
            tally.bystander_changes += 1
            tally.why.append(f"run {number}: somebody else's data changed")
        if false:
            tally.false_done += 1
            tally.why.append(f"run {number}: called gone, and there: {', '.join(false)}")
        if done is None:
            tally.lost += 1
            tally.why.append(f"run {number}: not at its end after {_TRIES} tries")
            return
        found = self._ending(done)
        if found.data != self.expected.data:
            gone = {s[:2] for s in found.standings if s[2] == "gone"}
            tally.false_done += bool(gone)
            tally.lost += not gone
            tally.why.append(f"run {number}: the person's data is not what an undisturbed run leaves")
        doubled = {n for n, count in found.effects.items() if count > self.expected.effects[n]}
        if doubled:
            tally.double_effects += 1
            tally.why.append(f"run {number}: done twice in {', '.join(sorted(doubled))}")
        tally.asked_twice += max(0, found.asked - self.expected.asked)
        office.workspace.journal.verify()

    def _undisturbed(self) -> Ending:
        self.sandbox.replant()
        with tempfile.TemporaryDirectory() as folder:
            office = Office(self.sandbox, Path(folder) / "state", self.held)
            request = office.approved(self.subject.email)
            begun = time.monotonic()
            assert self._child(office, request, kill=False) is False
            self.seconds = time.monotonic() - begun
            done = self._finished(office, request)
            assert done
            office.close()
            return self._ending(done)

    def _ending(self, done: Fulfilled) -> Ending:
        stores = self.sandbox.stores
        effects = {"billing": len(stores["billing"].fake.redactions.jobs)}
        asked = (
            len(stores["sendgrid"].fake.jobs) + len(stores["calendly"].fake.asked)
            + len(stores["google_analytics"].fake.deletions)
        )  # fmt: skip
        standings = sorted((s["system"], s["collection"], s["standing"]) for s in done.payload["steps"])
        return Ending(self._data(), tuple(standings), effects, asked)

    def _data(self) -> str:
        told = self.sandbox.untouched(self.subject)
        told.pop("google_analytics")  # lists what was asked for, which is counted by itself
        return _CHANGING.sub("…", json.dumps(told, default=str, sort_keys=True))

    def _others(self) -> object:
        return {p.email: self.sandbox.untouched(p) for p in self.sandbox.people if p != self.subject}


def _writes(method: str, path: str) -> bool:
    return method in {"POST", "PUT", "DELETE", "PATCH"}


def _any(method: str, path: str) -> bool:
    return True


def layers(sandbox: Sandbox) -> list[Faults]:
    """The faults of every server of the sandbox, each once."""
    found: dict[int, Faults] = {}
    for store in sandbox.stores.values():
        layer = getattr(store, "faults", None) or getattr(getattr(store, "aws", None), "faults", None)
        if layer is not None:
            found[id(layer)] = layer
    return list(found.values())


def _serve() -> None:
    """Forks a child for each line "STATE REQUEST", and tells its pid; "wait PID" tells how it ended."""
    held = inventory()
    with tempfile.TemporaryDirectory() as folder, Workspace.open(Path(folder) / "state", held) as workspace:
        assert workspace.capabilities  # building every connector once imports what they need
    assert threading.active_count() == 1, "a child has this thread only"
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        first, second = line.split()
        if first == "wait":
            _, status = os.waitpid(int(second), 0)
            print("killed" if os.WIFSIGNALED(status) else f"ended {os.WEXITSTATUS(status)}", flush=True)  # noqa: T201
            continue
        pid = os.fork()
        if pid == 0:
            os._exit(_carry_out(held, Path(first), second))
        print(pid, flush=True)  # noqa: T201


def _carry_out(held: Any, state: Path, request: str) -> int:
    with Workspace.open(state, held) as workspace:
        try:
            Service(workspace, identify(held, "", None)).run(request)
        except (IncompleteError, NotAllowedError):
            return 1
        return 0


def tallied(sandbox: Sandbox, runs: int, seed: int) -> Iterator[Tally]:
    """The tally after each run."""
    chaos, tally = Chaos(sandbox, seed), Tally()
    try:
        for _ in range(runs):
            chaos.run(tally)
            yield tally
    finally:
        chaos.close()


if __name__ == "__main__":
    _serve()
