"""Backups that hold everybody, one by one: what is said of each, how one is proven to be restorable, how one goes.

The rule stands in `connectors.copies`: no copy is changed for one person. A backup goes by a plan of its own,
which is the orchestrator's; here are the nouns that it speaks with connectors, and the two abilities it needs:
of whoever keeps the backups, and of the database that they are of. Nothing here names a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable


class Kind(StrEnum):
    """Whether a schedule made it, which also ends it, or a person."""

    SCHEDULED = "scheduled"
    MANUAL = "manual"


class State(StrEnum):
    """How a backup stands with its vendor. Only `PURGED` is a vendor's word that the file is gone."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"  # it may have left half a file
    DELETED = "deleted"  # a deletion was accepted, and the file is not shown as gone
    UNLISTED = "unlisted"  # nothing shows it any more, and nothing says what became of its file
    PURGED = "purged"

    @property
    def there(self) -> bool:
        """Whether a deletion would have something to do."""
        return self in (State.RUNNING, State.FINISHED, State.FAILED)


@dataclass(frozen=True, slots=True)
class Backup:
    """One logical backup: a dump of a whole database, with everybody in it at the time."""

    id: str  # the vendor's, never used twice
    place: str  # where it is kept: the app
    name: str  # what people call it there: "b008"
    database: str  # whose it is; "" if that cannot be told
    kind: Kind
    state: State
    made: datetime  # it holds whoever was in the database then
    finished: datetime | None = None
    bytes: int | None = None  # as the vendor says
    until: datetime | None = None  # when it ends by itself; None: never
    obstacle: str = ""  # why it is not deleted from here, whatever is planned

    @property
    def title(self) -> str:
        return f"{self.place}/{self.name}"

    @property
    def collection(self) -> str:
        """The collection in which a search for copies finds it."""
        return f"{self.kind}_backups"


@runtime_checkable
class KeepsBackups(Protocol):
    """The ability to list logical backups, hand one out, and delete exactly one."""

    def backups(self) -> tuple[Backup, ...]:
        """All of the databases it knows, oldest first; those whose file is gone are left out. Changes nothing."""

    def download(self, backup: Backup) -> Iterator[bytes]:
        """The dump, streamed. It holds everybody: it goes nowhere but into a test restore."""

    def standing(self, backup: Backup) -> State:
        """How it stands now, by a listing and by asking for it alone. Changes nothing."""

    def remove(self, backup: Backup) -> State:
        """Delete this backup and nothing else, and read back how it stands.

        Looks first, and does nothing if it is not there any more. Calls `spec.gate(backup.collection)` right
        before the write. RefusedError if its number has come to name another backup.
        """


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table: its name, a hash of its columns and keys, and how many rows it has."""

    name: str
    structure: str
    rows: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a test restore showed: the dump as it came, the programs, and what stood in the restored database."""

    bytes: int
    sha256: str  # of the dump
    server: str  # version of the database that was dumped
    program: str  # version of pg_restore
    tables: tuple[TableShape, ...]  # every row was counted


@runtime_checkable
class Rehearses(Protocol):
    """The ability of a database to have a dump of it restored elsewhere, and both compared."""

    def shape(self) -> tuple[TableShape, ...]:
        """The live database's tables, rows as the server estimates them. Changes nothing."""

    def rehearse(self, dump: Iterator[bytes]) -> Rehearsal:
        """Restore a dump into a scratch database, count what is there, and drop it, whatever happens.

        ConfigError if there is no scratch server or no program that can read the dump, with the way out;
        RefusedError if the dump cannot be restored.
        """
