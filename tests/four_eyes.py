"""An installation in four-eyes mode: two people with every power and a key each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from orchestrator.inventory.model import StaffMember
from orchestrator.service import Service
from orchestrator.signing import StaffKey
from orchestrator.staff import identify
from tests.office import Office

EVERYTHING = frozenset({"verify", "plan", "approve", "override", "run", "export", "hold"})


def two_people(office: Office, folder: Path) -> tuple[Service, Service]:
    """The same workspace from now on under four eyes, seen by each of the two."""
    folder.mkdir()
    staff = tuple(
        StaffMember(name, StaffKey.generate(folder / name).public, EVERYTHING) for name in ("desk-1", "desk-2")
    )
    held = replace(office.workspace.inventory, approval="four_eyes", staff=staff)
    office.workspace.inventory = held
    one, two = (office.as_(identify(held, member.id, folder / member.id)) for member in staff)
    return one, two
