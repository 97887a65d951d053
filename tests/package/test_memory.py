"""Memory does not grow with the data: the measurement of `scripts/bench package`, over less of it."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.office import ROOT


def test_a_package_of_much_data_needs_little_memory() -> None:
    command = [sys.executable, "scripts/bench_package.py", "--mb", "50", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["leaks"] == 0
    assert told["written_mb"] > 40
    assert told["peak_mb"] < 200
