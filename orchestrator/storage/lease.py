"""One driver at a time: a lock on a file beside the SQLite journal, or a PostgreSQL advisory lock."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from orchestrator.errors import NotAllowedError


@dataclass(frozen=True, slots=True)
class Lease:
    """What a driver holds while it drives."""

    name: str
    _still: Callable[[], bool]

    def check(self) -> None:
        """NotAllowedError if the lease was lost meanwhile (the database went away)."""
        if not self._still():
            raise NotAllowedError(f"{self.name}: the lease was lost with the connection to the journal; run it again")


@contextlib.contextmanager
def on_file(journal: Path, name: str) -> Iterator[Lease]:
    """The lease as a lock on a file of its own; it ends with the process, however that ends."""
    path = journal.with_name(f"{journal.name}.lease-{_hash(name).hex()[:16]}")
    # The file stays: unlinking it would let two drivers lock two files of one name.
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _taken(name, file.read().strip()) from None
        file.truncate(0)
        file.write(_who())
        file.flush()
        try:
            yield Lease(name, lambda: True)
        finally:
            file.seek(0)
            file.truncate(0)
            file.flush()


@contextlib.contextmanager
def on_postgres(engine: Engine, name: str) -> Iterator[Lease]:
    """The lease as a session lock on a connection of its own, whose application name says who."""
    key = int.from_bytes(_hash(name)[:8], "big", signed=True)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT set_config('application_name', :who, false)"), {"who": f"dsr {_who()}"})
        if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar():
            holder = connection.execute(
                text(
                    "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                    " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
                    " AND (l.classid::bigint << 32 | l.objid::bigint) = :key"
                ),
                {"key": key},
            ).scalar()
            connection.invalidate()
            raise _taken(name, str(holder or "").removeprefix("dsr "))

        def still() -> bool:
            try:
                return bool(connection.execute(text("SELECT 1")).scalar())
            except DBAPIError:
                return False

        try:
            yield Lease(name, still)
        finally:
            # Not handed back to the pool: closing the session is what surely ends the lock.
            with contextlib.suppress(DBAPIError):
                connection.invalidate()


def _hash(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _who() -> str:
    return f"process {os.getpid()} since {datetime.now(UTC).isoformat(timespec='seconds')}"


def _taken(name: str, holder: str) -> NotAllowedError:
    return NotAllowedError(f"{name} is already being driven by {holder or 'another process'}; wait until it ends")
