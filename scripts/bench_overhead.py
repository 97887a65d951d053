"""What the program itself costs: requests a minute on SQLite and on PostgreSQL, start-up, and memory that stays flat.

Each request is a whole one, from intake over plan, approval and carrying out to the signed receipt, of another person
each, over the application's database and the mailing vendor of the sandbox, which run in a process of their own and
answer at once. One process does all requests of a journal, one after another; its resident memory is read after a
tenth, a half and all of them. The journal is on disk with every commit flushed, as in operation; the embedded
PostgreSQL's as well. A tenth of the requests is done once more over PostgreSQL.

    scripts/bench overhead [--json] [--requests N]

With --json the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from connectors.sandbox.training_tracker import crowd
from connectors.sandbox.world import Sandbox
from orchestrator.model import Level, Right
from orchestrator.service import Service
from orchestrator.staff import identify
from orchestrator.workspace import Workspace
from tests.office import inventory
from tests.orchestrator import databases

ROOT = Path(__file__).parent.parent
STORES = ("app_db", "sendgrid")
FIRST, LAST = 300, 1900  # numbers of people of the crowd
WARM = 3  # requests before the first that counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--requests", type=int, default=1000, help="on SQLite; a tenth of it on PostgreSQL")
    given = parser.parse_args()
    if not 20 <= given.requests <= LAST - FIRST - WARM:
        parser.error(f"--requests: from 20 to {LAST - FIRST - WARM}")
    with tempfile.TemporaryDirectory() as folder, databases.postgres(Path(folder) / "pg") as url:
        sqlite = measured(Path(folder) / "a", given.requests, "")
        postgresql = measured(Path(folder) / "b", given.requests // 10, url)
    half, whole = (sqlite["rss_mb"][n] for n in (given.requests // 2, given.requests))
    result = {
        "requests": given.requests, "systems": len(STORES),
        "sqlite_per_minute": sqlite["per_minute"], "sqlite_first_tenth_per_minute": sqlite["first_per_minute"],
        "sqlite_last_tenth_per_minute": sqlite["last_per_minute"], "postgresql_per_minute": postgresql["per_minute"],
        "cpu_s_per_request": sqlite["cpu_s"], "start_up_s": start_up(), "rss_mb": sqlite["rss_mb"],
        "mb_per_1000_requests": round((whole - half) / (given.requests - given.requests // 2) * 1000, 2),
    }  # fmt: skip
    shown = (
        (f"whole requests a minute on SQLite, of {given.requests:,}", f"{result['sqlite_per_minute']}"),
        ("  the first tenth, and the last",
         f"{result['sqlite_first_tenth_per_minute']}, {result['sqlite_last_tenth_per_minute']}"),
        (f"on PostgreSQL, of {given.requests // 10:,}", f"{result['postgresql_per_minute']}"),
        ("seconds of processor for each", f"{result['cpu_s_per_request']}"),
        ("start-up: dsr --help", f"{result['start_up_s']} s"),
        *((f"resident memory after {number:,} requests", f"{mb} MB") for number, mb in sqlite["rss_mb"].items()),
        ("growth over the second half, for 1,000 requests", f"{result['mb_per_1000_requests']} MB"),
    )  # fmt: skip
    sys.stdout.writelines(f"{what:<52}{value:>16}".rstrip() + "\n" for what, value in shown)
    if given.json:
        sys.stdout.write(json.dumps(result) + "\n")


def start_up(rounds: int = 7) -> float:
    """Seconds of `dsr --help` in a process of its own; the median."""
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "orchestrator.cli", "--help"], cwd=ROOT, capture_output=True, check=True)
        took.append(time.perf_counter() - began)
    return round(median(took), 3)


def measured(folder: Path, requests: int, url: str) -> dict[str, Any]:
    """What one process told of so many requests over one journal, beside a fresh sandbox."""
    spawned = get_context("spawn")
    over = spawned.Event()
    telling, told = spawned.Pipe()
    aside = spawned.Process(target=sandbox, args=(telling, over))
    aside.start()
    environ = told.recv()
    answer, mine = spawned.Pipe()
    process = spawned.Process(target=work, args=(mine, folder, requests, {**environ, "DSR_DATABASE_URL": url}))
    process.start()
    mine.close()
    try:
        found: dict[str, Any] = answer.recv()
    finally:
        over.set()
        process.join()
        aside.join()
    return found


def sandbox(telling: Connection, over: Any) -> None:
    with Sandbox(only=STORES) as running:
        telling.send(running.environ)
        over.wait()


def work(telling: Connection, folder: Path, requests: int, environ: dict[str, str]) -> None:
    """All requests; tells how long they took, and the memory on the way."""
    os.environ.update({name: value for name, value in environ.items() if value})
    loaded = inventory()
    held = replace(loaded, systems={name: loaded.systems[name] for name in STORES})
    marks = {requests // 10, requests // 2, requests}
    took: list[float] = []
    rss: dict[int, float] = {}
    with Workspace.open(folder / "state", held) as workspace:
        service = Service(workspace, identify(held, "", None))
        for number in range(-WARM, requests):
            if number == 0:
                cpu = time.process_time()
            began = time.perf_counter()
            whole(service, crowd.person(FIRST + WARM + number).email)
            if number >= 0:
                took.append(time.perf_counter() - began)
            if number + 1 in marks:
                rss[number + 1] = round(resident(), 1)
        cpu = time.process_time() - cpu
    tenth = max(1, requests // 10)
    telling.send({
        "per_minute": a_minute(took), "first_per_minute": a_minute(took[:tenth]),
        "last_per_minute": a_minute(took[-tenth:]), "rss_mb": rss, "cpu_s": round(cpu / requests, 3),
    })  # fmt: skip


def whole(service: Service, email: str) -> None:
    """One request from intake to its receipt."""
    request = service.new_request(Right.DELETE, [("email", email)], "email")
    why = "the address is confirmed at every sign-in"
    service.verify(request, Level.REASONABLY_HIGH, "reply from the address on file", ["email"], ["email"], why)
    service.approve(request, service.plan(request).digest)
    service.run(request)


def a_minute(took: list[float]) -> float:
    return round(60 * len(took) / sum(took), 1)


def resident() -> float:
    """MB of memory of this process now; where the system does not tell, the most it ever had."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 1e6
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


if __name__ == "__main__":
    main()
