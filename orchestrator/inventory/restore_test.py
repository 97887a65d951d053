"""Where a backup of a database is restored to prove that it can be: the optional `restore_test` of a system."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from orchestrator.errors import InventoryError
from orchestrator.inventory import model
from orchestrator.inventory.words import Entry, Reference, Text, Texts


class RestoreTest(Entry):
    """A server of its own, whose role may make databases: a scratch database is made there and dropped.

    `schemas` are made in it first, such as heroku_ext; `valid_hours`: how long a proof counts.
    """

    scratch: Reference
    pg_restore: Text | None = None
    schemas: Texts = Field(default_factory=list)
    valid_hours: Annotated[int, Field(gt=0, le=168)] = 24


def frozen(entry: RestoreTest | None) -> model.RestoreTest | None:
    if entry is None:
        return None
    settings = {"scratch_schemas": tuple(entry.schemas)} | (
        {"pg_restore": entry.pg_restore} if entry.pg_restore else {}
    )
    return model.RestoreTest(settings, {"scratch_dsn": entry.scratch}, timedelta(hours=entry.valid_hours))


def test_of(inventory: model.Inventory, system: str) -> model.RestoreTest | None:
    """The system's restore test in the inventory's mode."""
    entry = inventory.system(system)
    return entry.sandbox_restore_test if inventory.sandbox else entry.restore_test


def equipped(inventory: model.Inventory, system: str) -> model.Inventory:
    """The inventory with what a test restore needs among the system's settings and secrets.

    Apart from the system's own, so that nobody else needs them. InventoryError if there is none.
    """
    entry, test = inventory.system(system), test_of(inventory, system)
    if test is None:
        raise InventoryError(
            f"{inventory.path}: {system} has no restore_test: give the server at which a scratch database may be made, "
            "restore_test: {scratch: env:NAME}"
        )
    with_it = replace(
        entry, settings={**entry.settings, **test.settings}, secrets={**entry.secrets, **test.secrets},
        sandbox_settings={**entry.sandbox_settings, **test.settings},
        sandbox_secrets={**entry.sandbox_secrets, **test.secrets},
    )  # fmt: skip
    return replace(inventory, systems={**inventory.systems, system: with_it})
