"""Imports go one way: a file imports only from lower floors, and providers never one another."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# Longest matching prefix wins. A file may import from strictly lower floors and from its own package.
FLOORS = {
    "connectors.vocabulary": -2,
    "connectors.spec": -1,
    "connectors.model": 0,
    "connectors.errors": 0,
    "connectors.protocol": 2,
    "connectors.http": 1,
    "connectors.isolation": 1,
    "connectors.probes": 1,
    "connectors.traces": 1,
    "connectors.copies": 1,
    "connectors.backups": 1,
    "connectors.corrections": 1,
    "connectors.purging": 1,
    "connectors.surveys": 1,
    "connectors.vendor_retention": 1,
    "connectors.lake": 1,
    "connectors.settings": 2,
    "connectors.google": 2,
    "connectors.sandbox": 3,
    "connectors.": 3,  # providers
    "connectors": 4,  # build
    "connectors.testing": 5,
    "orchestrator": 6,
    "orchestrator.model": 6,
    "orchestrator.errors": 6,
    "orchestrator.canonical": 6,
    "orchestrator.days": 5,
    "orchestrator.holds": 5,
    "orchestrator.law": 6,
    "orchestrator.merkle": 6,
    "orchestrator.typeset": 7,
    "orchestrator.telemetry": 6,
    "orchestrator.clock": 8,
    "orchestrator.inventory": 7,
    "orchestrator.regimes": 8,
    "orchestrator.proof": 7,
    "orchestrator.excepted": 6.5,
    "orchestrator.instructed": 7.5,
    "orchestrator.held": 7,
    "orchestrator.storage": 7,
    "orchestrator.journal": 8,
    "orchestrator.vault": 8,
    "orchestrator.request_vault": 8,
    "orchestrator.signing": 8,
    "orchestrator.wrap": 8,
    "orchestrator.abilities": 9,
    "orchestrator.pace": 8,
    "orchestrator.attachment": 8,
    "orchestrator.decide": 9,
    "orchestrator.guard": 8,
    "orchestrator.rechecks": 8,
    "orchestrator.receipt": 9,
    "orchestrator.discover": 9,
    "orchestrator.execute": 9,
    "orchestrator.package": 10,
    "orchestrator.confirm": 10,
    "orchestrator.opt_out": 10,
    "orchestrator.staff": 9,
    "orchestrator.pause": 9,
    "orchestrator.workspace": 10,
    "orchestrator.ledger": 11,
    "orchestrator.checked": 13,
    "orchestrator.intake": 11,
    "orchestrator.audit": 12,
    "orchestrator.inclusion": 13,
    "orchestrator.anchor": 14,
    "orchestrator.retention": 12,
    "orchestrator.survey": 12,
    "orchestrator.manual": 12,
    "orchestrator.rotation": 12,
    "orchestrator.due": 13,
    "orchestrator.deadlines": 14,
    "orchestrator.lifetimes": 14,
    "orchestrator.still_open": 10,
    "orchestrator.portion": 8,
    "orchestrator.sparing": 8,
    "orchestrator.ages": 8,
    "orchestrator.minors": 15,
    "orchestrator.choices": 9,
    "orchestrator.disclosures": 8,
    "orchestrator.telling": 9,
    "orchestrator.preferences": 9,
    "orchestrator.turns": 12,
    "orchestrator.opt_outs": 15,
    "orchestrator.answers": 15,
    "orchestrator.honour": 17.5,
    "orchestrator.denial": 15,
    "orchestrator.records": 15,
    "orchestrator.policy": 9,
    "orchestrator.letters": 10,
    "orchestrator.letter_notices": 16,
    "orchestrator.letter_facts": 16.5,
    "orchestrator.outgoing": 16.75,
    "orchestrator.correspondence": 17,
    "orchestrator.collected": 11,
    "orchestrator.packages": 14,
    "orchestrator.delivery": 15,
    "orchestrator.comparing": 15,
    "orchestrator.correction": 10,
    "orchestrator.correction.contested": 8,
    "orchestrator.correction.readings": 11,
    "orchestrator.correction.carry_out": 16.5,
    "orchestrator.correction.planning": 12,
    "orchestrator.correction.cases": 12,
    "orchestrator.papers": 14.5,
    "orchestrator.instructions": 15,
    "orchestrator.notices": 15,
    "orchestrator.handing_over": 15,
    "orchestrator.proving": 16,
    "orchestrator.fees": 16,
    "orchestrator.dealings": 17,
    "orchestrator.issue": 16,
    "orchestrator.fulfil": 17,
    "orchestrator.replay": 17,
    "orchestrator.backups": 17.5,
    "orchestrator.systems": 17.5,
    "orchestrator.service": 18,
    "orchestrator.engine": 19,
    "orchestrator.demo": 20,
    "orchestrator.cli": 20,
}
# Values that any floor of the orchestrator may share with its neighbours on the same floor.
SAME_FLOOR = {
    ("orchestrator.canonical", "orchestrator.model"),
    ("orchestrator.law", "orchestrator.model"),
    ("orchestrator.vault", "orchestrator.journal"),
    ("orchestrator.vault", "orchestrator.request_vault"),
    ("orchestrator.cli", "orchestrator.demo"),
    ("orchestrator.demo", "orchestrator.cli"),
    ("orchestrator.correction", "orchestrator.service"),  # for its types only
    ("orchestrator.fulfil", "orchestrator.service"),  # for its types only
    ("orchestrator.honour", "orchestrator.service"),  # for its types only
    ("orchestrator.minors", "orchestrator.service"),  # for its types only
    ("orchestrator.issue", "orchestrator.service"),  # for its types only
    ("orchestrator.replay", "orchestrator.service"),  # for its types only
    ("orchestrator.retention", "orchestrator.service"),  # for its types only
}
INFRASTRUCTURE = {
    "vocabulary", "spec", "model", "errors", "protocol", "http", "google", "isolation", "settings", "copies",
    "corrections", "purging", "surveys", "vendor_retention", "testing", "sandbox", "traces", "backups",
    "lake",
}  # fmt: skip


def modules() -> Iterator[tuple[str, Path]]:
    for package in ("connectors", "orchestrator"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield name.removesuffix(".__init__"), path


def imports(name: str, path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: relative imports hide which floor is meant"
            assert node.module is not None
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if _is_module(full) else node.module


def _is_module(name: str) -> bool:
    base = ROOT / Path(*name.split("."))
    return base.with_suffix(".py").exists() or base.is_dir()


def floor(name: str) -> float:
    if name.startswith("connectors.") and name not in FLOORS and name.split(".")[1] not in INFRASTRUCTURE:
        return FLOORS["connectors."]
    parts = name.split(".")
    for n in range(len(parts), 0, -1):
        if (prefix := ".".join(parts[:n])) in FLOORS:
            return FLOORS[prefix]
    raise AssertionError(f"{name} stands on no floor: add it to FLOORS")


def family(name: str) -> str:
    """A package of several modules counts as one place."""
    return ".".join(name.split(".")[:2])


@pytest.mark.parametrize(("name", "path"), list(modules()), ids=lambda v: v if isinstance(v, str) else "")
def test_imports_go_down(name: str, path: Path) -> None:
    for imported in imports(name, path):
        if not imported.startswith(("connectors", "orchestrator")):
            continue
        if imported == name or family(imported) == family(name) or (family(name), family(imported)) in SAME_FLOOR:
            continue
        assert floor(imported) < floor(name), f"{name} (floor {floor(name)}) imports {imported} ({floor(imported)})"


def test_a_connector_knows_no_orchestrator() -> None:
    for name, path in modules():
        if name.startswith("connectors"):
            assert not [i for i in imports(name, path) if i.startswith("orchestrator")], name


def test_no_module_is_too_long_or_named_for_nothing() -> None:
    meaningless = {"utils", "util", "helpers", "helper", "base", "common", "core", "manager", "misc"}
    for name, path in modules():
        assert not meaningless & set(name.split(".")), name
        assert len(path.read_text().splitlines()) <= 300, f"{name}: is there a seam?"


def test_no_part_of_the_service_hides_what_another_part_calls() -> None:
    """The use cases are one class made of many: a private name that two of them have would silently be one."""
    from orchestrator.service import Service

    owners: dict[str, list[str]] = {}
    for part in Service.__mro__[:-1]:
        for name in vars(part):
            if name.startswith("_") and not name.startswith("__"):
                owners.setdefault(name, []).append(part.__name__)
    assert {name: parts for name, parts in owners.items() if len(parts) > 1} == {}
