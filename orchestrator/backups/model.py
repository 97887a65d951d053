"""The nouns of a backup's deletion: frozen, and without personal data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.backups import Backup, State
from connectors.model import Status

PURPOSE = "delete_backup"  # of the approver's signature


@dataclass(frozen=True, slots=True)
class Ended:
    """An open obligation of a request that is about this backup; it ends if none of its backups are `left`."""

    request: str
    collection: str
    left: int


@dataclass(frozen=True, slots=True)
class BackupPlan:
    """What is to be deleted and why. Frozen, approved by digest, executed exactly."""

    system: str
    sources: tuple[str, ...]  # systems of which it holds everybody who was in them when it was made
    backup: Backup
    reason: str
    ends: tuple[Ended, ...]
    made_by: str
    made_at: datetime
    inventory: str  # sha256 of the inventory
    code: str  # version of this program


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of restoring one backup. `why` it is none; empty if it is restorable."""

    system: str
    source: str
    backup: Backup
    by: str
    at: datetime  # when the restored database had been read
    why: tuple[str, ...]
    bytes: int = 0
    sha256: str = ""  # of the dump
    server: str = ""  # version of the database that was dumped
    program: str = ""  # version of pg_restore
    tables: int = 0
    rows: int = 0  # counted in the restored database
    live_rows: int = 0  # in the live one, as its server estimates them

    @property
    def good(self) -> bool:
        return not self.why


@dataclass(frozen=True, slots=True)
class Listed:
    """One backup of a list: what is known of it, and why it cannot be planned to go, if it cannot."""

    system: str
    backup: Backup
    proven: datetime | None  # the latest good test restore of it
    planned: str  # digest of its latest plan
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlannedBackup:
    """A plan with its digest, and what is still missing before it may be approved."""

    plan: BackupPlan
    digest: str
    proof: Proof | None
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deletion:
    """What a run came to. `final`: a reading shows the backup gone, and nothing is awaited any more."""

    plan: BackupPlan
    digest: str
    status: Status
    state: State
    final: bool
    reason: str
    receipt: Path | None  # None: nothing was deleted by us
    payload: Mapping[str, Any] = field(default_factory=dict)
