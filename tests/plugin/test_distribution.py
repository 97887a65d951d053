"""A connector in a distribution of its own is installed, found by its name, and held to the laws."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest

ACME = Path(__file__).parent / "acme-dsr"
# What the kit does not ask of a system without redaction.
# It declares no redaction, and does not tell its permissions apart.
SKIPPED = {
    "test_redacting_keeps_the_row_and_loses_the_person",
    "test_inspecting_changes_nothing_and_names_nobody",
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the distribution, built and installed without a network."""
    place = tmp_path_factory.mktemp("acme")
    source = shutil.copytree(ACME, place / "source")  # building leaves files beside the sources
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    offline = ["--no-index", "--no-deps", "--no-build-isolation", "--target", str(place / "site")]
    built = subprocess.run([*command, *offline, str(source)], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return place / "site"


def elsewhere(installed: Path) -> Mapping[str, str]:
    """An environment in which the distribution is installed, and this checkout is not at hand."""
    return {**os.environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}


def test_what_is_installed_is_code_and_an_entry_point(installed: Path) -> None:
    assert sorted(p.name for p in installed.iterdir()) == ["acme_dsr", "acme_dsr-1.0.0.dist-info"]
    entry_points = (installed / "acme_dsr-1.0.0.dist-info" / "entry_points.txt").read_text()
    assert entry_points.split() == ["[dsr.connectors]", "acme", "=", "acme_dsr:connect"]


def test_the_kit_runs_from_outside_and_every_law_holds(installed: Path, tmp_path: Path) -> None:
    shutil.copy(ACME / "test_laws.py", tmp_path)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_laws.py", "--junitxml=laws.xml"]
    ran = subprocess.run(
        command, cwd=tmp_path, env=elsewhere(installed), capture_output=True, text=True, timeout=240, check=False
    )
    assert ran.returncode == 0, ran.stdout
    cases = ElementTree.parse(tmp_path / "laws.xml").findall(".//testcase")
    passed = {case.get("name") for case in cases if len(case) == 0}
    assert len(passed) > 25
    assert {case.get("name") for case in cases if len(case)} == SKIPPED


def test_without_it_the_name_is_not_known(installed: Path, tmp_path: Path) -> None:
    script = (
        "import connectors\n"
        "from connectors.model import Secret, SystemSpec\n"
        "spec = SystemSpec('loyalty', 'acme', {'base_url': 'https://acme.example'}, {'token': Secret('x')})\n"
        "try:\n"
        "    print(connectors.build(spec).capabilities.needs)\n"
        "except connectors.errors.ConfigError as error:\n"
        "    print(error)\n"
    )

    def said(environ: Mapping[str, str]) -> str:
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=tmp_path, env=environ, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    assert said(elsewhere(installed)) == "frozenset({'email'})"
    assert said({**os.environ, "PYTHONPATH": ""}) == "loyalty: no connector named 'acme' is installed"
