"""The deletion of one backup as a command line sees it, killed at the worst moment."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from datetime import timedelta
from pathlib import Path

from ruamel.yaml import YAML

from orchestrator.cli import main
from tests.backups.desk import DATABASE, KEEPER, OLD, THE_ONE, WHY, Desk, at_the_call, deleting
from tests.office import ROOT


def written(desk: Desk, approval: str) -> Path:
    """The desk's inventory as a file."""
    file = desk.folder / f"{approval}.yaml"
    if not file.exists():
        yaml = YAML()
        whole = yaml.load(ROOT / "inventory.yaml")
        held = {
            name: whole[name]
            for name in ("inventory", "company", "regime", "policy", "hand_over", "identifiers", "attributes")
        }
        held["systems"] = {name: whole["systems"][name] for name in (DATABASE, KEEPER)}
        held["approval"] = approval
        people = desk.workspace.inventory.staff
        held["staff"] = [{"id": p.id, "public_key": p.public_key, "may": sorted(p.may)} for p in people]
        yaml.dump(held, file)
    return file


def options(desk: Desk, who: str, approval: str) -> list[str]:
    place = ["--inventory", str(written(desk, approval)), "--sandbox", "--state", str(desk.folder / "state")]
    return [*place, "--as", who, "--key", str(desk.folder / f"{who}.key")]


def dsr(desk: Desk, who: str, *words: str, approval: str = "four_eyes") -> tuple[int, str]:
    """Exit code, and what was printed, in this process: starting one takes longer than the command."""
    code, said, before = 0, io.StringIO(), sys.argv
    sys.argv = ["dsr", *options(desk, who, approval), *words]
    with redirect_stdout(said), redirect_stderr(said):
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            sys.argv = before
    return code, said.getvalue()


def test_the_whole_of_it_killed_between_the_effect_and_the_journal(desk: Desk) -> None:
    code, said = dsr(desk, "planner", "backup", "plan", OLD, "--reason", WHY, approval="single_person")
    assert (code, "takes a second approver" in said) == (5, True), said
    code, said = dsr(desk, "planner", "backup", "plan", OLD, "--reason", WHY)
    assert (code, "missing: no newer backup" in said) == (0, True), said
    digest = said.splitlines()[-1].removeprefix("digest ")
    code, said = dsr(desk, "prover", "backup", "prove")
    assert (code, "is restorable" in said) == (0, True), said
    assert dsr(desk, "prover", "backup", "approve", OLD, digest)[0] == 5
    code, said = dsr(desk, "approver", "backup", "approve", OLD, digest)
    assert (code, f"next: dsr backup run {OLD}" in said) == (0, True), said

    worker: list[subprocess.Popen[bytes]] = []
    at_the_call(desk, deleting, 1, lambda: os.kill(worker[0].pid, signal.SIGKILL))
    command = [sys.executable, "-m", "orchestrator.cli", *options(desk, "prover", "four_eyes"), "backup", "run", OLD]
    worker.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
    worker[0].communicate()
    assert worker[0].returncode == -signal.SIGKILL
    assert (desk.kinds()[-1], desk.deletions) == ("backup_intended", [THE_ONE]), "there is the effect, and no outcome"

    code, said = dsr(desk, "prover", "backup", "run", OLD)
    assert (code, "done before an interruption" in said) == (7, True), said
    desk.fake.advance(timedelta(days=1))
    code, said = dsr(desk, "prover", "backup", "run", OLD)
    assert (code, desk.deletions) == (0, [THE_ONE]), said
    receipt = said.splitlines()[-1].removeprefix("receipt: ")
    assert dsr(desk, "prover", "receipt", "verify", receipt) == (
        0, f"valid: backup {OLD}, done: the vendor shows its file as purged\n",
    )  # fmt: skip
    code, said = dsr(desk, "prover", "receipt", "show", receipt)
    assert (code, '"type": "dsr-backup-deletion/1"' in said) == (0, True)


def test_a_list_for_people_and_for_programs(desk: Desk) -> None:
    desk.approved()
    code, said = dsr(desk, "planner", "backup", "list")
    assert (code, {f"training-tracker/a00{n}" in said for n in range(1, 8)}) == (0, {True})
    assert "it stays" in " ".join(said.split())
    code, said = dsr(desk, "planner", "backup", "list", "--json")
    assert (code, '"title"' in said, f'"name": "{OLD[-4:]}"' in said) == (0, False, True)
    assert "p5andbox" not in said


def test_exit_codes_of_what_is_not_there_and_of_what_cannot_be_restored(desk: Desk) -> None:
    code, said = dsr(desk, "planner", "backup", "plan", "b999", "--reason", WHY)
    assert (code, "no backup" in said) == (4, True), said
    assert dsr(desk, "prover", "backup", "run", OLD)[0] == 4
    desk.fake.data.files[desk.row("training-tracker/a001")["uuid"]] = b"<html>"
    code, said = dsr(desk, "prover", "backup", "prove")
    assert (code, "is no proof: " in said) == (1, True)
