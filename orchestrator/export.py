"""Writes what may be disclosed of a discovery into a folder, streamed, with a manifest.

The connectors withhold what the inventory withholds; here the files are hashed and the withheld
types gathered, because the person must be told of them (11 CCR 7024(d)).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from connectors.errors import ConnectorError
from connectors.model import Artifact, Locator, Subject
from connectors.protocol import Connector
from orchestrator.canonical import plain
from orchestrator.decide import HAND_OVER
from orchestrator.errors import IncompleteError, NotAllowedError
from orchestrator.model import Plan, Step


@dataclass(frozen=True, slots=True)
class Exported:
    """One file of a package; the name is unique in it and holds no personal data."""

    name: str
    system: str
    collection: str
    bytes: int
    sha256: str
    withheld: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Package:
    """What was written, and what was not and why."""

    folder: Path
    files: tuple[Exported, ...]
    withheld: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]  # ("system/collection", why)
    manifest: str  # sha256 of the manifest


def export(
    plan: Plan,
    subject: Subject,
    locators: Mapping[str, Locator],
    systems: Mapping[str, Connector],
    folder: Path,
    *,
    progress: Callable[[str, str], None] = lambda system, what: None,
) -> Package:
    """Write one file per artifact and `manifest.json` into a new folder, readable by its owner only.

    Raises NotAllowedError if the folder exists and holds anything, IncompleteError if a system fails
    half-way (the files written so far are removed: half a package must not be handed over).
    """
    if folder.exists() and any(folder.iterdir()):
        raise NotAllowedError(f"{folder} is not empty; name a new folder")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    files: list[Exported] = []
    left_out: list[tuple[str, str]] = []
    try:
        for step in plan.steps:
            place = f"{step.system}/{step.collection}"
            connector = systems.get(step.system)
            if why := _not_exported(step, connector):
                left_out.append((place, why))
                continue
            assert connector is not None  # _not_exported saw to it
            progress(step.system, f"{step.collection}: exporting")
            for artifact in connector.export(subject, locators[step.ref]):
                files.append(_write(folder, step, artifact, len(files) + 1))
    except (ConnectorError, OSError) as error:
        for written in folder.iterdir():
            written.unlink()
        why = str(error) if isinstance(error, ConnectorError) else f"cannot write: {error.strerror}"
        raise IncompleteError(f"the package was not finished and its files were removed: {why}") from None
    withheld = tuple(sorted({t for f in files for t in f.withheld}))
    told = {"request": plan.request, "files": plain(files), "withheld": plain(withheld), "left_out": plain(left_out)}
    manifest = json.dumps(told, indent=2).encode()
    with _private(folder / "manifest.json") as out:
        out.write(manifest)
    sha = "sha256:" + hashlib.sha256(manifest).hexdigest()
    return Package(folder, tuple(files), withheld, tuple(left_out), sha)


def _not_exported(step: Step, connector: Connector | None) -> str:
    if step.rule == HAND_OVER:
        return "held for a customer organisation, which answers for it"
    if step.obstacles and any(o.kind in ("claimed", "several_people", "shared", "unmarked") for o in step.obstacles):
        return "not clearly this person's alone: " + step.obstacles[0].reason
    if connector is None:
        return f"by hand: {step.owner}"
    if not connector.capabilities.exports:
        return "the system's API cannot export one person"
    return ""


def _write(folder: Path, step: Step, artifact: Artifact, number: int) -> Exported:
    suffix = "".join(c for c in Path(artifact.name).suffix if c.isalnum() or c == ".")[:12]
    stem = "".join(c if c.isalnum() else "-" for c in f"{step.system}-{step.collection}")[:80]
    name = f"{number:03d}-{stem}{suffix}"
    sha, size = hashlib.sha256(), 0
    with _private(folder / name) as out:
        for chunk in artifact.chunks:
            out.write(chunk)
            sha.update(chunk)
            size += len(chunk)
    return Exported(name, step.system, step.collection, size, sha.hexdigest(), artifact.withheld)


def _private(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb")
