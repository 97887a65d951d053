"""Times one deletion request over all systems against the slowest of them alone, with slow vendors.

Every call to a fake of the sandbox takes 0.2 s longer. A request is planned, carried out and read back
once over all systems together, and once over each alone (with the application's database, which
leads to the others' identifiers and is not slowed). Side by side, all should take little longer
than the slowest.

    scripts/bench fanout [--json] [--latency SECONDS]

With --json the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from connectors.sandbox.faults import Faults
from connectors.sandbox.world import Sandbox
from orchestrator.inventory import Inventory
from orchestrator.model import Level, Right
from orchestrator.service import Service
from orchestrator.staff import identify
from orchestrator.workspace import Workspace

ROOT = Path(__file__).parent.parent
SOURCE = "app_db"  # leads to the identifiers of the others


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--latency", type=float, default=0.2, help="seconds added to every call")
    given = parser.parse_args()
    with Sandbox() as sandbox:
        os.environ.update(sandbox.environ)
        inventory = Inventory.load(ROOT / "inventory.yaml").sandboxed()
        names = [n for n, s in inventory.systems.items() if not s.manual and n != SOURCE]
        timed(sandbox, inventory, [SOURCE, *names], 0.0)  # imports and caches; not counted
        alone = {name: timed(sandbox, inventory, [SOURCE, name], given.latency) for name in names}
        together = timed(sandbox, inventory, [SOURCE, *names], given.latency)
    slowest = max(alone, key=lambda n: alone[n][0])
    result = {
        "latency_s": given.latency, "together_s": together[0], "calls": together[1],
        "alone_s": {n: s for n, (s, _) in alone.items()}, "slowest": slowest, "slowest_s": alone[slowest][0],
        "one_after_another_s": sum(s for s, _ in alone.values()), "ratio": together[0] / alone[slowest][0],
    }  # fmt: skip
    rows = [(name, f"{seconds:.2f} s", f"{calls}") for name, (seconds, calls) in alone.items()]
    rows += [("all together", f"{together[0]:.2f} s", f"{together[1]}")]
    sys.stdout.writelines(f"{name:<24}{seconds:>10}{calls:>8} calls\n" for name, seconds, calls in rows)
    sys.stdout.write(f"ratio to the slowest alone ({slowest}): {result['ratio']:.2f}\n")
    if given.json:
        sys.stdout.write(json.dumps(result) + "\n")


def timed(sandbox: Sandbox, inventory: Inventory, systems: Collection[str], latency: float) -> tuple[float, int]:
    """Seconds of a whole request over these systems, and calls to fakes."""
    sandbox.replant()
    held = replace(inventory, systems={n: s for n, s in inventory.systems.items() if n in systems})
    # Several stores may stand at one server: each layer once.
    layers = list({id(layer): layer for store in sandbox.stores.values() if (layer := layer_of(store))}.values())
    before = sum(len(layer.calls) for layer in layers)
    with tempfile.TemporaryDirectory() as folder, Workspace.open(Path(folder) / "state", held) as workspace:
        service = Service(workspace, identify(held, "", None))
        request = service.new_request(Right.DELETE, [("email", sandbox.people.subject.email)], "email")
        method, why = "reply from the address on file", "the address is confirmed at every sign-in"
        service.verify(request, Level.REASONABLY_HIGH, method, ["email"], ["email"], why)
        for layer in layers:
            layer.latency = latency
        begun = time.perf_counter()
        service.approve(request, service.plan(request).digest)
        service.run(request)
        seconds = time.perf_counter() - begun
        for layer in layers:
            layer.latency = 0.0
    return seconds, sum(len(layer.calls) for layer in layers) - before


def layer_of(store: object) -> Faults | None:
    """The layer between connectors and a store's fake, where it has one."""
    aws = getattr(store, "aws", None)
    found = getattr(store, "faults", None) or getattr(aws, "faults", None)
    return found if isinstance(found, Faults) else None


if __name__ == "__main__":
    main()
