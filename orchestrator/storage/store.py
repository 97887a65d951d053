"""Where journal and vault are kept: one SQLite file, or a PostgreSQL database by URL.

Writers take turns, in whichever process they are, so a hash chain has one order. Whoever drives a
request holds its lease; a second driver is refused and told who the first is.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, delete, event, insert, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from orchestrator.errors import IncompleteError, IntegrityError, NotAllowedError, OrchestratorError
from orchestrator.storage import lease, schema, scrub, upgrade

_WRITES = "dsr_writes"
_TURN = 0x6473725F74757265  # the advisory lock that PostgreSQL writers take in turn
_BUSY = 30_000  # milliseconds a SQLite writer waits for its turn
_PATIENCE = 10.0  # seconds that scrubbing waits for readers
_BRIEFLY = 1.0  # seconds, when it is only what another process left


class Store:
    """An open database with the tables of `orchestrator.storage.schema`."""

    def __init__(self, engine: Engine, path: Path | None) -> None:
        self.engine = engine
        self.path = path  # None: PostgreSQL

    @classmethod
    def open(cls, where: str | Path) -> Store:
        """Open or create.

        `where` is a file path, or a `sqlite:///` or `postgresql://` URL. OrchestratorError if it
        cannot be reached or was made by a newer version; NotAllowedError if other users may read it.
        """
        url = _url(where)
        path = None
        if url.drivername.startswith("sqlite"):
            path = Path(url.database or "").expanduser().absolute()
            _private(path)
            url = URL.create("sqlite", database=str(path))
        try:
            # A process that hangs in the middle of a turn must not keep all others from writing.
            given_up = {"options": f"-c idle_in_transaction_session_timeout={int(lease.LONGEST_SILENCE * 1000)}"}
            engine = create_engine(
                url, hide_parameters=True, pool_pre_ping=path is None, connect_args={} if path else given_up
            )
        except ModuleNotFoundError:
            raise OrchestratorError(
                "a journal on PostgreSQL needs psycopg: pip install 'dsr-orchestrator[heroku_postgres]'"
            ) from None
        store = cls(engine, path)
        store._prepare()
        return store

    def _prepare(self) -> None:
        where = str(self.path) if self.path else "the database of the journal's URL"
        if self.path:
            event.listen(self.engine, "connect", _pragmas)
            event.listen(self.engine, "begin", _begin)
        try:
            if self.path:
                self._write_ahead()
            with self.write() as connection:
                schema.metadata.create_all(connection)
                found = connection.execute(select(schema.schema_version.c.version)).scalar()
                if found is None:
                    connection.execute(insert(schema.schema_version).values(version=schema.VERSION))
                elif found < schema.VERSION:
                    upgrade.upgrade(connection, found)
                if not self.path:
                    scrub.keep_no_samples(connection)
        except DBAPIError as error:
            self.close()
            raise OrchestratorError(f"cannot open the journal at {where}: {type(error.orig).__name__}") from None
        if found is not None and found > schema.VERSION:
            self.close()
            raise OrchestratorError(
                f"the journal at {where} has schema {found} and this program knows {schema.VERSION}: "
                "use the newer version of the program"
            )
        if self._owed():  # by a process that was killed in between
            with contextlib.suppress(IncompleteError):
                self.scrub(patience=_BRIEFLY)

    def _write_ahead(self) -> None:
        """Switch to write-ahead logging; a property of the file, which only one can set at a time."""
        give_up = time.monotonic() + _PATIENCE
        while True:
            try:
                with self._raw() as cursor:
                    cursor.execute("PRAGMA journal_mode=WAL")
                return
            except self.engine.dialect.loaded_dbapi.OperationalError:
                if time.monotonic() > give_up:
                    raise OrchestratorError(f"another program locks {self.path}; try again when it ended") from None
                time.sleep(0.05)
            except self.engine.dialect.loaded_dbapi.DatabaseError:
                raise IntegrityError(f"{self.path} is not a journal, or is damaged; restore it from a backup") from None

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one state of the data."""
        with self.engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that has its turn: no other writer is active until it ends."""
        with self.engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
            if not self.path:
                connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})
            yield connection

    @contextlib.contextmanager
    def erase(self) -> Iterator[Connection]:
        """A transaction as `write`, for deleting: its bytes are gone from the files when it ends (see `scrub`).

        Should the process be killed in between, that is done by whichever opens the database next.
        """
        with self.write() as connection:
            owe(connection)
            yield connection
        self.scrub()

    @contextlib.contextmanager
    def turns(self) -> Iterator[Connection]:
        """A transaction of one statement that need not be on disk, beside the writers of evidence."""
        with self.engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
            yield connection

    def lease(self, name: str) -> contextlib.AbstractContextManager[lease.Lease]:
        """Be the only driver of what `name` names, across processes and threads.

        BusyError, naming the process and since when, if there is one already.
        """
        return lease.on_file(self.path, self.engine, name) if self.path else lease.on_postgres(self.engine, name)

    def scrub(self, *, patience: float | None = None) -> None:
        """Leave no deleted bytes in the database's files.

        SQLite rewrites the file; PostgreSQL rewrites the vault's tables and, after a purge, the journal's.
        IncompleteError if a reader stands in the way for `patience` seconds: then ask again. What is out of reach
        here (backups, PostgreSQL's write-ahead log) is said in `orchestrator.rotation`.
        """
        owed = self._owed()
        patience = _PATIENCE if patience is None else patience
        if self.path:
            with self._raw() as cursor:
                scrub.on_file(cursor, self.engine.dialect.loaded_dbapi.OperationalError, patience)
        else:
            scrub.on_postgres(self.engine, patience, entries=any(owed.values()))
        if owed:
            with self.write() as connection:
                connection.execute(delete(schema.unscrubbed).where(schema.unscrubbed.c.id.in_(list(owed))))

    def _owed(self) -> dict[str, int]:
        with self.read() as connection:
            return {row.id: row.entries for row in connection.execute(select(schema.unscrubbed))}

    @contextlib.contextmanager
    def _raw(self) -> Iterator[Any]:
        """A cursor outside any transaction."""
        connection = self.engine.raw_connection()
        try:
            cursor = connection.cursor()
            yield cursor
            cursor.close()
        finally:
            connection.close()

    def close(self) -> None:
        self.engine.dispose()

    def __repr__(self) -> str:
        return f"Store({self.path or 'postgresql'})"


def owe(connection: Connection, *, entries: bool = False) -> None:
    """Note, in the transaction that deletes something, that `Store.scrub` is owed."""
    connection.execute(insert(schema.unscrubbed).values(id=secrets.token_hex(8), entries=int(entries)))


def _url(where: str | Path) -> URL:
    if isinstance(where, Path) or "://" not in where:
        return URL.create("sqlite", database=str(where))
    try:
        url = make_url(where)
    except ArgumentError:
        raise OrchestratorError("the journal's URL is not a URL; give a file path or postgresql://…") from None
    if url.drivername in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "postgresql+psycopg"):
        raise OrchestratorError("the journal can be kept in SQLite or PostgreSQL; give a file path or postgresql://…")
    return url


def _private(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.parent.stat().st_mode & 0o022:
        raise NotAllowedError(f"others can write in {path.parent}. Mend it: chmod 700 {path.parent}")
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    if path.stat().st_mode & 0o077:
        raise NotAllowedError(f"others can read the journal {path}. Mend it: chmod 600 {path}")


def _pragmas(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by `_begin`, not guessed by the driver
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={_BUSY}",
        "synchronous=FULL",  # what was intended must be on disk before it is done
        "foreign_keys=ON",
        "secure_delete=ON",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
