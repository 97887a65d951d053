"""The two described SaaS systems, as the inventory's own loader gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.model import SystemSpec
from connectors.sandbox.rest import SECRET
from orchestrator.inventory import Inventory

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 24, tzinfo=UTC)
BELOW = {"help_desk": "/v2", "newsletter": "/api"}  # where each has its API


def environ(name: str, url: str) -> dict[str, str]:
    """What the `sandbox` block of a system's YAML refers to."""
    variable = f"DSR_SANDBOX_{name.upper()}"
    return {f"{variable}_URL": url + BELOW[name], f"{variable}_TOKEN": SECRET, f"{variable}_KEY": SECRET}


def spec_of(name: str, url: str, **settings: Any) -> SystemSpec:
    """From the YAML file of that name, through the loader; keywords change its settings."""
    inventory = Inventory.load(HERE / f"{name}.yaml").sandboxed()
    loaded = inventory.spec(name, now=NOW, environ=environ(name, url), gate=lambda collection: None)
    return replace(loaded, settings={**loaded.settings, "timeout": 30, **settings})


def with_options(spec: SystemSpec, collection: str, **options: Any) -> SystemSpec:
    """The same with a collection's options changed; None takes one away."""

    def changed(given: Mapping[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in {**given, **options}.items() if v is not None}

    return _with(spec, collection, lambda c: replace(c, options=changed(c.options)))


def with_collection(spec: SystemSpec, collection: str, **changes: Any) -> SystemSpec:
    """The same with a collection's description changed."""
    return _with(spec, collection, lambda c: replace(c, **changes))


def _with(spec: SystemSpec, collection: str, change: Callable[[Any], Any]) -> SystemSpec:
    return replace(spec, collections=tuple(change(c) if c.name == collection else c for c in spec.collections))
