"""Every connector is complete: its laws are tested, its sources are named, its vendor has a fake.

There is no list of connectors to edit: whatever under `connectors` defines `connect()` is one.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from connectors.testing import CorrectionLaws
from tests.test_floors import INFRASTRUCTURE

ROOT = Path(__file__).parent.parent
TESTS = ROOT / "tests" / "connectors"
SDKS = {"boto3", "botocore", "google", "psycopg", "python_http_client", "sendgrid", "stripe"}
LAWS = {name.removeprefix("test_") for name in dir(CorrectionLaws) if name.startswith("test_")}
# What no system may be excused from.
ALWAYS = {
    "a_stranger_has_nothing",
    "everything_planted_is_found_once_and_stably",
    "locate_and_export_change_nothing",
    "nothing_personal_in_reprs_or_logs",
    "the_bystander_is_untouched",
}

# Exemptions: connector -> why. One that is not needed any more fails.
NO_SOURCES = {"memory": "a dictionary has no vendor and no documentation"}
NO_FAKE = {
    "memory": "the store is a dictionary: there is nothing to stand in for",
    "heroku_postgres": "tested over the real server, started by connectors.sandbox.postgres",
}


def _defines_connect(path: Path) -> bool:
    """Whether the module has a `connect` of its own, of another module's, or by assignment."""
    bound: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            bound.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            bound |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign):
            bound |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return "connect" in bound


def _entries(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.iterdir()):
        source = path / "__init__.py" if path.is_dir() else path
        if source.suffix == ".py" and source.exists() and source != folder / "__init__.py":
            yield path.stem, source


def connectors() -> dict[str, Path]:
    """Name as in the inventory -> the module that defines `connect`."""
    top = {name: path for name, path in _entries(ROOT / "connectors") if name not in INFRASTRUCTURE}
    found = {name: path for name, path in top.items() if _defines_connect(path)}
    families = [path.parent for name, path in top.items() if name not in found and path.name == "__init__.py"]
    below = {f"{f.name}.{name}": path for f in families for name, path in _entries(f)}
    return found | {name: path for name, path in below.items() if _defines_connect(path)}


CONNECTORS = connectors()


def _words(text: str) -> set[str]:
    return set(re.split(r"[^a-z0-9]+", text.lower())) - {""}


def _test_files(connector: str) -> list[Path]:
    """The files under tests/connectors whose path names the connector."""
    return [p for p in sorted(TESTS.rglob("*.py")) if _words(connector) <= _words(str(p.relative_to(TESTS)))]


def _law_classes(path: Path) -> Iterator[str]:
    """Names of classes made by `TestX = conformance(...)`; under another name pytest would not run them."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            called, target = node.value.func, node.targets[0]
            if isinstance(called, ast.Name) and called.id == "conformance" and isinstance(target, ast.Name):
                yield target.id


def _imported(path: Path) -> set[str]:
    """Every module a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{a.name}" for a in node.names)}
        elif isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
    return found


def _imported_at_once(path: Path) -> set[str]:
    """The same without what functions and type checkers import."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
    return found


def _loaded(path: Path) -> set[Path]:
    """The files of `connectors` that importing this one runs."""
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        if (path := waiting.pop()) in found:
            continue
        found.add(path)
        for module in _imported_at_once(path):
            place = ROOT / Path(*module.split("."))
            files = (place.with_suffix(".py"), place / "__init__.py")
            waiting += [f for f in files if module.startswith("connectors") and f.exists()]
    return found


def _holds(connector: str, exempt: Mapping[str, str], claim: bool, otherwise: str) -> None:
    """The claim is true, or excused with a reason; never both."""
    if connector in exempt:
        assert len(exempt[connector]) > 20, f"{connector}: the exemption says no reason"
        assert not claim, f"{connector}: the exemption is not needed any more"
    else:
        assert claim, f"{connector}: {otherwise}"


def test_connectors_are_seen() -> None:
    assert {"memory", "heroku_postgres", "stripe", "aws.s3", "papertrail", "calendly"} <= set(CONNECTORS)
    for exempt in (NO_SOURCES, NO_FAKE):
        assert set(exempt) <= set(CONNECTORS), "an exemption for a connector that does not exist"


@pytest.mark.parametrize("connector", CONNECTORS)
def test_the_laws_are_tested(connector: str) -> None:
    classes = [name for path in _test_files(connector) for name in _law_classes(path)]
    assert classes, f"{connector}: no `Test… = conformance(…)` in a file under tests/connectors that bears its name"
    assert [name for name in classes if not name.startswith("Test")] == [], "pytest would not run these"


@pytest.mark.parametrize("connector", CONNECTORS)
def test_exempted_laws_exist_and_have_a_reason(connector: str) -> None:
    for path in _test_files(connector):
        for name in _law_classes(path):
            module: Any = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
            exempt = getattr(module, name).harness_class.exempt
            assert set(exempt) <= LAWS, f"{path.name}: exempts what is not a law"
            assert not ALWAYS & set(exempt), f"{path.name}: nothing is excused from {ALWAYS & set(exempt)}"
            assert [law for law, reason in exempt.items() if len(reason) < 20] == [], f"{path.name}: say why"


@pytest.mark.parametrize("connector", CONNECTORS)
def test_the_docstring_names_its_sources(connector: str) -> None:
    docstring = ast.get_docstring(ast.parse(CONNECTORS[connector].read_text())) or ""
    assert docstring, f"{connector}: the module has no docstring"
    _holds(connector, NO_SOURCES, "https://" in docstring, "the docstring names no address of the vendor's documents")


@pytest.mark.parametrize("connector", CONNECTORS)
def test_the_vendor_has_a_fake_and_the_laws_use_it(connector: str) -> None:
    fake = connector.partition(".")[0]
    place = ROOT / "connectors" / "sandbox" / fake
    exists = place.with_suffix(".py").exists() or (place / "__init__.py").exists()
    used = {module for path in _test_files(connector) for module in _imported(path)}
    served = any(module == f"connectors.sandbox.{fake}" for module in used)
    _holds(connector, NO_FAKE, exists and served, f"no fake at connectors/sandbox/{fake} that its tests import")


@pytest.mark.parametrize("connector", CONNECTORS)
def test_the_vendor_sdk_is_imported_late(connector: str) -> None:
    eager = {m for path in _loaded(CONNECTORS[connector]) for m in _imported_at_once(path)}
    assert sorted(m for m in eager if m.partition(".")[0] in SDKS) == [], "an SDK is an extra: import it in a function"
