"""Times two workers on one PostgreSQL against one, and kills one of two: are requests lost?

Requests of so many people over the application's database and three vendors are planned and approved, then
queued; the clock runs from the first worker's start until the last receipt. Every call to a vendor's fake takes
50 ms longer. Each worker does one request at a time. In the third run one of the two workers is killed (-9) when
a tenth is done.

    scripts/bench workers [--json] [--requests N] [--latency SECONDS]

With --json the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from connectors.sandbox.training_tracker import crowd
from connectors.sandbox.world import Sandbox
from orchestrator.engine import Engine
from tests import worker
from tests.office import Office
from tests.orchestrator import databases

STORES = ("app_db", "billing", "sendgrid", "hatchbuck")
SLOW = ("billing", "sendgrid", "hatchbuck")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds added to every call")
    given = parser.parse_args()
    with Sandbox(only=STORES) as sandbox, tempfile.TemporaryDirectory() as folder:
        one = timed(sandbox, Path(folder) / "1", given.requests, given.latency, workers=1)
        two = timed(sandbox, Path(folder) / "2", given.requests, given.latency, workers=2)
        killed = timed(sandbox, Path(folder) / "3", given.requests, given.latency, workers=2, kill=True)
    result = {
        "requests": given.requests, "latency_s": given.latency, "one_s": one[0], "two_s": two[0],
        "ratio": one[0] / two[0], "killed_s": killed[0],
        "lost": sum(given.requests - finished for _, finished, _ in (one, two, killed)),
        "twice": sum(doubled for *_, doubled in (one, two, killed)),
        "requests_per_minute": 60 * given.requests / two[0],
    }  # fmt: skip
    sys.stdout.write(
        f"one worker {one[0]:.1f} s, two {two[0]:.1f} s, ratio {result['ratio']:.2f}; one of two killed: "
        f"{killed[0]:.1f} s; lost {result['lost']}, done twice {result['twice']}\n"
    )
    if given.json:
        sys.stdout.write(json.dumps(result) + "\n")


def timed(
    sandbox: Sandbox, folder: Path, requests: int, latency: float, *, workers: int, kill: bool = False
) -> tuple[float, int, int]:
    """Seconds until all were done, how many were, and how many receipts there are too many."""
    sandbox.replant()
    folder.mkdir()
    with databases.postgres(folder / "pg") as url:
        os.environ |= {"DSR_DATABASE_URL": url, "DSR_LONGEST_SILENCE": "5"}
        office = Office.over(sandbox, folder / "state", STORES)
        engine = Engine(office.workspace, lambda: office.service)
        for number in range(requests):
            engine.queue(office.approved(crowd.person(300 + number).email))
        for name in SLOW:
            sandbox.stores[name].faults.latency = latency
        begun = time.perf_counter()
        running = [worker.start(office.state, STORES) for _ in range(workers)]
        finished = 0
        while finished < requests and any(w.poll() is None for w in running):
            time.sleep(0.2)
            receipts = [e.request for e in office.workspace.journal.entries(kind="receipt")]
            finished = len(set(receipts))
            if kill and finished >= requests / 10:
                running[0].kill()
                kill = False
        seconds = time.perf_counter() - begun
        for process in running:
            process.terminate()
            process.wait()
        for name in SLOW:
            sandbox.stores[name].faults.latency = 0.0
        engine.close()
        office.close()
    return seconds, finished, len(receipts) - finished


if __name__ == "__main__":
    main()
