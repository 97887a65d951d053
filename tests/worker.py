"""`dsr work` over some of the systems only, as a process of its own: python -m tests.worker STATE SYSTEM,… [--once].

The sandbox it works against is the one that the environment names.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from orchestrator.engine import Engine
from orchestrator.inventory import Inventory
from orchestrator.service import Service
from orchestrator.staff import identify
from orchestrator.workspace import Workspace

ROOT = Path(__file__).parent.parent


def start(state: Path, systems: Collection[str], *more: str) -> subprocess.Popen[str]:
    """The process, begun."""
    command = [sys.executable, "-m", "tests.worker", str(state), ",".join(systems), *more]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=dict(os.environ))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("state", type=Path)
    parser.add_argument("systems")
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--concurrency", type=int, default=1)
    given = parser.parse_args()
    loaded = Inventory.load(ROOT / "inventory.yaml").sandboxed()
    wanted = given.systems.split(",")
    held = replace(loaded, systems={n: s for n, s in loaded.systems.items() if s.manual or n in wanted})
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    with Workspace.open(given.state, held) as workspace:
        actor = identify(held, "", None)
        engine = Engine(workspace, lambda: Service(workspace, actor))
        engine.work(
            lambda request, told: print(request, "stuck" if told.stuck else "ok", told.said, flush=True),  # noqa: T201
            once=given.once, concurrency=given.concurrency, stop=stop,
        )  # fmt: skip
        engine.close()


if __name__ == "__main__":
    main()
