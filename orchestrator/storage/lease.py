"""One driver at a time, and no writes from one that was given up for dead.

Being the driver is a lock that ends with its process: on a file beside the SQLite journal, or a session's
advisory lock on PostgreSQL. On PostgreSQL the driver also beats: a process that hangs or is cut off from the
network keeps its session, but not its beat, and is then succeeded. Each drive has a number, its token, one
higher than the last; every entry of a drive is written on condition that the token is still the newest, so that
a driver who comes back from the dead writes nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from orchestrator.errors import BusyError, NotAllowedError

# Seconds without a beat after which a driver is given up for dead.
LONGEST_SILENCE = float(os.environ.get("DSR_LONGEST_SILENCE") or 30)

_NEXT = """
    INSERT INTO dsr_leases (name, token, holder, beat) VALUES (:name, 1, :who, {now})
    ON CONFLICT (name) DO UPDATE SET token = dsr_leases.token + 1, holder = :who, beat = {now}
    RETURNING token"""
_NEXT_ON_FILE = text(_NEXT.format(now="0"))
_NEXT_ON_POSTGRES = text(_NEXT.format(now="extract(epoch FROM clock_timestamp())"))
_BEAT = text("UPDATE dsr_leases SET beat = extract(epoch FROM clock_timestamp()) WHERE name = :name AND token = :token")
_SILENT = text("SELECT extract(epoch FROM clock_timestamp()) - beat > :longest FROM dsr_leases WHERE name = :name")
_HOLDER = text(
    "SELECT a.pid, a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.database ="
    " (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND (l.classid::bigint << 32 | l.objid::bigint) = :key"
)


@dataclass(frozen=True, slots=True)
class Lease:
    """What a driver holds while it drives."""

    name: str
    token: int


def lost(name: str) -> NotAllowedError:
    """What a driver is told who is no longer the driver."""
    return NotAllowedError(f"{name}: another process took over, as this one was silent; look at: dsr status")


def newest(connection: Connection, name: str) -> int:
    """The token of the latest drive of that name; 0 if it was never driven."""
    query = text("SELECT token FROM dsr_leases WHERE name = :name")
    return int(connection.execute(query, {"name": name}).scalar() or 0)


@contextlib.contextmanager
def on_file(journal: Path, engine: Engine, name: str) -> Iterator[Lease]:
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
        with engine.connect().execution_options(dsr_writes=True) as connection, connection.begin():
            token = connection.execute(_NEXT_ON_FILE, {"name": name, "who": ""}).scalar_one()
        try:
            yield Lease(name, token)
        finally:
            file.seek(0)
            file.truncate(0)
            file.flush()


@contextlib.contextmanager
def on_postgres(engine: Engine, name: str, longest: float | None = None) -> Iterator[Lease]:
    """The lease as a session's lock with a beat. A holder silent for `longest` seconds is succeeded."""
    longest = LONGEST_SILENCE if longest is None else longest
    key = int.from_bytes(_hash(name)[:8], "big", signed=True)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT set_config('application_name', :who, false)"), {"who": f"dsr {_who()}"})
        try:
            _lock(connection, name, key, longest)
            token = connection.execute(_NEXT_ON_POSTGRES, {"name": name, "who": _who()}).scalar_one()
            lease = Lease(name, token)
            with _beating(engine, lease, longest / 3):
                yield lease
        finally:
            # Not handed back to the pool: closing the session is what surely ends the lock.
            with contextlib.suppress(DBAPIError):
                connection.invalidate()


def _lock(connection: Connection, name: str, key: int, longest: float) -> None:
    attempt = text("SELECT pg_try_advisory_lock(:key)")
    if connection.execute(attempt, {"key": key}).scalar():
        return
    holder = connection.execute(_HOLDER, {"key": key}).one_or_none()
    if connection.execute(_SILENT, {"name": name, "longest": longest}).scalar() and holder is not None:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": holder.pid})
        if connection.execute(attempt, {"key": key}).scalar():
            return
    raise _taken(name, str(holder.application_name if holder else "").removeprefix("dsr "))


@contextlib.contextmanager
def _beating(engine: Engine, lease: Lease, every: float) -> Iterator[None]:
    over = threading.Event()

    def beat() -> None:
        while not over.wait(every):
            with contextlib.suppress(DBAPIError), engine.begin() as connection:
                connection.execute(_BEAT, {"name": lease.name, "token": lease.token})

    thread = threading.Thread(target=beat, name=f"beat of {lease.name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=5)


def _hash(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _who() -> str:
    return f"process {os.getpid()} since {datetime.now(UTC).isoformat(timespec='seconds')}"


def _taken(name: str, holder: str) -> BusyError:
    return BusyError(f"{name} is already being driven by {holder or 'another process'}; wait until it ends")
