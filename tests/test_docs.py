"""What the documents say is so: commands, options, exit codes, scripts, links, modules."""

from __future__ import annotations

import ast
import importlib
import os
import re
import resource
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from orchestrator import errors
from orchestrator.cli.app import EXIT_CODES, app
from orchestrator.inventory import Inventory
from tests.test_registry import CONNECTORS

ROOT = Path(__file__).parent.parent
DOCS = [ROOT / name for name in ("README.md", "connectors/README.md", "orchestrator/README.md")]
README = DOCS[0].read_text()
HELP = re.compile(r"<!-- dsr --help -->\n```text\n(.*?)```\n<!-- end of dsr --help -->", re.DOTALL)
CPU_SECONDS = 0.3  # of user and system time: what `dsr --help` may use


def run_help() -> str:
    shown = {"COLUMNS": "80", "TERM": "dumb", "NO_COLOR": "1"}
    command = [str(Path(sys.executable).with_name("dsr")), "--help"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DSR_")}
    done = subprocess.run(command, env=environ | shown, capture_output=True, text=True, check=True)
    return "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines()) + "\n"


def test_the_readme_shows_the_help() -> None:
    found = HELP.search(README)
    assert found, "README.md: the markers around the help block are gone"
    assert found[1] == run_help(), "README.md: paste the output of COLUMNS=80 TERM=dumb NO_COLOR=1 dsr --help"


def test_help_is_quick() -> None:
    def used() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run_help()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    assert min(used() for _ in range(3)) < CPU_SECONDS, "something heavy is imported before it is needed"


def test_help_loads_nothing_heavy() -> None:
    heavy = [
        "boto3",
        "cryptography",
        "jinja2",
        "psycopg",
        "pydantic",
        "requests",
        "ruamel",
        "sqlalchemy",
        "stripe",
        "tenacity",
    ]
    script = f"import sys, orchestrator.cli; print(*sorted(set({heavy}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_two_first_commands_stand_at_the_top() -> None:
    head = "\n".join(README.splitlines()[:8])
    assert "./scripts/demo" in head
    assert "./scripts/test" in head


# Commands


def written(text: str) -> Iterator[list[str]]:
    """Every `dsr …` of a document, in blocks and in running text, as its words."""
    text = HELP.sub("", text)
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    spans = re.findall(r"`(dsr [^`]*)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for line in [*lines, *spans]:
        words = shlex.split(line, comments=True)
        if words and words[0] == "dsr":
            yield words[1:]


def options(command: Any) -> Mapping[str, bool]:
    """Option -> whether it takes a value."""
    named = {name: not p.is_flag for p in command.params if hasattr(p, "is_flag") for name in p.opts + p.secondary_opts}
    return {**named, "--help": False}


def problem(words: list[str]) -> str:
    """What is wrong with a command line as far as its names go; empty if nothing is."""
    command: Any = typer.main.get_command(app)
    rest = list(words)
    while rest:
        word = rest.pop(0)
        known = options(command)
        if word.startswith("-") and word != "-":
            if word not in known:
                return f"no option {word}"
            if known[word] and rest:
                rest.pop(0)
        elif hasattr(command, "commands"):
            if word not in command.commands:
                return f"no command {word}"
            command = command.commands[word]
    return ""


@pytest.mark.parametrize("path", DOCS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_command_named_exists(path: Path) -> None:
    assert [(shlex.join(words), why) for words in written(path.read_text()) if (why := problem(words))] == []


def test_commands_are_seen_and_wrong_ones_noticed() -> None:
    seen = [words for words in written(README) if "plan" in words]
    assert len(list(written(README))) > 10
    assert seen
    assert problem(["--sandbox", "plan", "r-1", "--show"]) == ""
    assert problem(["request", "forget", "r-1"]) == "no command forget"
    assert problem(["plan", "--quickly", "r-1"]) == "no option --quickly"


def test_every_exit_code_is_documented() -> None:
    kinds = [v for v in vars(errors).values() if isinstance(v, type) and issubclass(v, errors.OrchestratorError)]
    raised = {0, 2, 70, 130} | {kind.exit_code for kind in kinds}
    assert {int(n) for n in re.findall(r"(?:^|[:;])\s*(\d+) ", EXIT_CODES)} == raised
    assert " ".join(EXIT_CODES.split()) in " ".join(run_help().split())
    assert {int(n) for n in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)} == raised


# Files, links, modules


@pytest.mark.parametrize("path", DOCS, ids=lambda p: str(p.relative_to(ROOT)))
def test_what_is_linked_or_named_exists(path: Path) -> None:
    text = path.read_text()
    links = [target for target in re.findall(r"\]\(([^)#]+)", text) if "://" not in target]
    assert [target for target in links if not (path.parent / target).exists()] == []
    scripts = set(re.findall(r"\bscripts/(\w+)", text))
    assert [name for name in sorted(scripts) if not os.access(ROOT / "scripts" / name, os.X_OK)] == []
    tests = set(re.findall(r"\btests/[\w/]+\.py", text))
    assert [name for name in sorted(tests) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("path", DOCS, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_of_this_machine_is_named(path: Path) -> None:
    assert re.findall(r"(?<![\w.])/(?:work|tmp|home|root)\b\S*", path.read_text()) == []


@pytest.mark.parametrize("path", DOCS, ids=lambda p: str(p.relative_to(ROOT)))
def test_examples_import_what_exists(path: Path) -> None:
    for block in re.findall(r"```python\n(.*?)```", path.read_text(), re.DOTALL):
        lines = [line.removeprefix("   ") for line in block.splitlines()]
        for node in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(node, ast.ImportFrom) and node.module:
                module = importlib.import_module(node.module)
                assert [a.name for a in node.names if not hasattr(module, a.name)] == []


def test_every_module_of_the_orchestrator_has_its_place() -> None:
    text = (ROOT / "orchestrator" / "README.md").read_text()
    names = [p.name for p in (ROOT / "orchestrator").iterdir() if p.suffix == ".py" and p.name != "__init__.py"]
    names += [f"{p.parent.name}/" for p in (ROOT / "orchestrator").glob("*/__init__.py")]
    assert [name for name in sorted(names) if f"[{name}]" not in text and f"`{name}`" not in text] == []


def test_every_decision_bears_a_date() -> None:
    text = (ROOT / "orchestrator" / "README.md").read_text().partition("## Decisions\n")[2]
    paragraphs = [p for p in text.strip().split("\n\n") if p]
    assert len(paragraphs) >= 8
    assert [p[:60] for p in paragraphs if not re.match(r"\*\*\d{4}-\d\d-\d\d: ", p)] == []


# Connectors


@cache
def wired() -> frozenset[str]:
    systems = Inventory.load(ROOT / "inventory.yaml").systems.values()
    return frozenset(s.connector.replace("-", "_") for s in systems if s.connector)


def test_every_connector_has_its_row() -> None:
    text = (ROOT / "connectors" / "README.md").read_text()
    rows = dict(re.findall(r"^\| \[([\w.]+)\]\(([^)]+)\)", text, re.MULTILINE))
    there = {name: str(path.relative_to(ROOT / "connectors")) for name, path in CONNECTORS.items()}
    assert rows == there, "connectors/README.md: one row for each connector"


def test_the_readme_says_which_connectors_are_not_wired() -> None:
    found = re.search(r"not yet wired into `inventory\.yaml`: ((?:`[\w.]+`[,\s]*)+)\.", README)
    named = set(re.findall(r"`([\w.]+)`", found[1])) if found else set()
    assert named == set(CONNECTORS) - wired() - {"memory", "rest"}  # no vendor's: for whoever needs them


def test_the_readme_names_the_live_secrets() -> None:
    asked = set(re.findall(r"env:(DSR_\w+)", (ROOT / "inventory.yaml").read_text()))
    live = {name for name in asked if not name.startswith("DSR_SANDBOX_")}
    assert [name for name in sorted(live) if f"`{name}`" not in README] == []


def _leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, below in getattr(command, "commands", {}).items():
        yield from _leaves(below, (*path, name))
    if not hasattr(command, "commands"):
        yield " ".join(path), command


def test_every_command_offers_json() -> None:
    commands = dict(_leaves(typer.main.get_command(app)))
    assert len(commands) > 25
    assert [name for name, c in commands.items() if not any("--json" in p.opts for p in c.params)] == []
