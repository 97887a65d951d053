"""Kills requests over all systems at random points, or hits them with random faults, and brings each to its end.

Each run plans and approves one deletion over every system of the sandbox, carries it out in a process of its own
that is killed (-9) at a random moment, works against vendors that misbehave, or both; then it is gone on with, as a
person would. Counted is whether a request was lost, an effect came twice, anybody else's data changed, or
anything was called gone that is there.

    scripts/bench chaos [--json] [--runs N] [--seed N] [--lanes N]

Lanes are processes side by side, each with a sandbox of its own and every so many-th run. With --json the last line is
one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from multiprocessing import get_context
from pathlib import Path
from queue import Empty
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from connectors.sandbox.world import Sandbox
from tests.chaos import Tally, tallied


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lanes", type=int, default=max(1, min(2, os.cpu_count() or 1)))
    given = parser.parse_args()
    begun = time.monotonic()
    total = Tally()
    for total in side_by_side(given.lanes, given.runs, given.seed):
        if total.runs % 10 == 0:
            sys.stderr.write(f"{total.runs} runs, {time.monotonic() - begun:.0f} s, {len(total.why)} wrong\n")
    seconds = time.monotonic() - begun
    result = asdict(total) | {
        "seed": given.seed, "lanes": given.lanes, "seconds": round(seconds, 1),
        "seconds_per_run": round(seconds / max(1, total.runs), 2),
    }  # fmt: skip
    sys.stdout.writelines(f"{name:<20}{value}\n" for name, value in result.items() if name != "why")
    sys.stdout.writelines(f"{line}\n" for line in total.why)
    if given.json:
        sys.stdout.write(json.dumps(result) + "\n")
    if total.why or total.runs != given.runs:
        sys.exit(1)


def side_by_side(lanes: int, runs: int, seed: int) -> Iterator[Tally]:
    """The tally of all lanes after each run. A lane that ends early leaves runs missing, which fails the bench."""
    ways = get_context("spawn")  # each lane starts servers and forks: nothing of this process may be in it
    told: Any = ways.Queue()
    shares = [runs // lanes + (n < runs % lanes) for n in range(lanes)]
    running = [ways.Process(target=_lane, args=(n, share, seed + n, told)) for n, share in enumerate(shares) if share]
    for process in running:
        process.start()
    last: dict[int, Tally] = {}
    while sum(t.runs for t in last.values()) < runs:
        try:
            number, tally = told.get(timeout=1)
        except Empty:
            if not any(p.is_alive() for p in running):
                break
            continue
        last[number] = tally
        yield total(last)
    for process in running:
        process.join()


def total(tallies: Mapping[int, Tally]) -> Tally:
    """The sum; what was wrong says in which lane."""
    counts = {f.name: sum(getattr(t, f.name) for t in tallies.values()) for f in fields(Tally) if f.name != "why"}
    return Tally(**counts, why=[f"lane {n}, {line}" for n, t in sorted(tallies.items()) for line in t.why])


def _lane(number: int, runs: int, seed: int, told: Any) -> None:
    with Sandbox() as sandbox:
        for tally in tallied(sandbox, runs, seed):
            told.put((number, tally))


if __name__ == "__main__":
    main()
