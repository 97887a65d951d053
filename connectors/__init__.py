"""From an inventory entry to a connector, without a list of connectors to edit.

`connector: stripe` is the module `connectors.stripe`, `aws.s3` is `connectors.aws.s3`; any other
name is looked up among the entry points of the group `dsr.connectors` of installed distributions.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any, cast

from connectors.errors import ConfigError
from connectors.model import SystemSpec
from connectors.protocol import Connector

GROUP = "dsr.connectors"
# Modules of this package that are not connectors.
_INFRASTRUCTURE = {
    "vocabulary", "spec", "model", "errors", "protocol", "http", "google", "isolation", "settings", "copies",
    "corrections", "purging", "testing", "sandbox", "traces", "backups", "lake",
}  # fmt: skip


def build(spec: SystemSpec) -> Connector:
    """The connector that serves this inventory entry.

    Raises ConfigError if nothing of that name is installed, or a package it needs is missing, or
    a sandbox entry points away from this machine.
    """
    from connectors.isolation import require_isolated

    if spec.sandbox:
        require_isolated(spec)
    module = spec.connector.replace("-", "_")
    try:
        if module.partition(".")[0] not in _INFRASTRUCTURE and importlib.util.find_spec(f"connectors.{module}"):
            connect = importlib.import_module(f"connectors.{module}").connect
        else:
            connect = _from_entry_point(spec)
    except ModuleNotFoundError as missing:
        if missing.name and missing.name.startswith("connectors."):
            connect = _from_entry_point(spec)
        else:
            raise ConfigError(spec.system, _missing(spec.connector, missing.name)) from None
    try:
        return cast("Connector", connect(spec))
    except ModuleNotFoundError as missing:
        raise ConfigError(spec.system, _missing(spec.connector, missing.name)) from None


def _missing(connector: str, package: str | None) -> str:
    extra = connector.partition(".")[0]
    return f"the package {package!r} is not installed; install the extra: pip install 'dsr-orchestrator[{extra}]'"


def _from_entry_point(spec: SystemSpec) -> Callable[[SystemSpec], Any]:
    for found in entry_points(group=GROUP, name=spec.connector):
        return cast("Callable[[SystemSpec], Any]", found.load())
    raise ConfigError(spec.system, f"no connector named {spec.connector!r} is installed")
