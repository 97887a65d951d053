"""Turns `env:NAME` and `file:PATH` into values at the last moment. Messages name the reference,
never the value."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectors.model import Secret
from orchestrator.errors import InventoryError
from orchestrator.inventory.model import System
from orchestrator.inventory.problems import Place, dotted

MAX_BYTES = 64 * 1024


class _MissingError(Exception):
    """Why one reference gives no value."""


def resolved(
    system: System, inventory: Path, sandbox: bool, environ: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Secret]]:
    """Settings and secrets of a system. In the sandbox, its block replaces settings one by one and
    the live secrets as a whole. Files are relative to the inventory. Raises InventoryError."""
    settings = {**system.settings, **(system.sandbox_settings if sandbox else {})}
    secrets = system.sandbox_secrets if sandbox else system.secrets
    block = ("sandbox",) if sandbox else ()
    return values(("systems", system.name, *block), settings, secrets, inventory, environ)


def values(
    place: Place, settings: Mapping[str, Any], secrets: Mapping[str, str], inventory: Path, environ: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Secret]]:
    """Settings and secrets at a place of the inventory, with their references resolved. Raises InventoryError."""
    wrong: list[str] = []

    def value(kind: str, name: str, given: Any, secret: bool) -> Any:
        if isinstance(given, list):
            return [value(kind, name, v, secret) for v in given]
        if isinstance(given, Mapping):
            return {k: value(kind, name, v, secret) for k, v in given.items()}
        if not isinstance(given, str):
            return given
        try:
            return _value(given, inventory.parent, environ, secret)
        except _MissingError as missing:
            wrong.append(f"{inventory}: {dotted((*place, kind, name))}: {missing}")
            return None

    found = {name: value("settings", name, given, False) for name, given in settings.items()}
    hidden = {name: Secret(value("secrets", name, given, True) or "") for name, given in secrets.items()}
    if wrong:
        raise InventoryError("\n".join(wrong))
    return found, hidden


def _value(given: str, folder: Path, environ: Mapping[str, str], secret: bool) -> str:
    kind, _, name = given.partition(":")
    if kind == "env" and name:
        if not environ.get(name):
            raise _MissingError(f"the environment variable {name} is not set; export it and run again")
        return environ[name]
    if kind == "file" and name:
        return _file(folder / name, secret)
    return given


def _file(path: Path, secret: bool) -> str:
    try:
        # Non-blocking, or opening a pipe would wait for somebody to write into it.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise _MissingError(f"{path} is not a file")
            if secret and mode & 0o077:
                raise _MissingError(f"others may read {path}; run: chmod 600 {shlex.quote(str(path))}")
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _MissingError(f"{path} cannot be read: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise _MissingError(f"{path} is larger than {MAX_BYTES} bytes")
    try:
        text = raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise _MissingError(f"{path} is not UTF-8") from None
    if not text:
        raise _MissingError(f"{path} is empty")
    return text
