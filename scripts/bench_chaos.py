"""Kills requests over all systems at random points, or hits them with random faults, and brings each to its end.

Each run plans and approves one deletion over every system of the sandbox, carries it out in a process of its own
that is killed (-9) at a random moment, works against vendors that misbehave, or both; then it is gone on with, as a
person would. Counted is whether a request was lost, an effect came twice, anybody else's data changed, or
anything was called gone that is there.

    scripts/bench chaos [--json] [--runs N] [--seed N]

With --json the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from connectors.sandbox.world import Sandbox
from tests.chaos import Tally, tallied


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    begun, tally = time.monotonic(), Tally()
    with Sandbox() as sandbox:
        for tally in tallied(sandbox, given.runs, given.seed):
            if tally.runs % 10 == 0:
                sys.stderr.write(f"{tally.runs} runs, {time.monotonic() - begun:.0f} s, {len(tally.why)} wrong\n")
    result = asdict(tally) | {"seed": given.seed, "seconds": round(time.monotonic() - begun, 1)}
    sys.stdout.writelines(f"{name:<20}{value}\n" for name, value in result.items() if name != "why")
    sys.stdout.writelines(f"{line}\n" for line in tally.why)
    if given.json:
        sys.stdout.write(json.dumps(result) + "\n")
    if tally.why:
        sys.exit(1)


if __name__ == "__main__":
    main()
