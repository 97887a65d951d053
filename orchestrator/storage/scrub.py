"""Leaves no deleted bytes in the database's files.

SQLite rewrites its file and empties the write-ahead log beside it. PostgreSQL keeps a deleted row as long as some
snapshot may still see it, even through `VACUUM FULL`; the write-ahead log, its archive, standbys and base backups
keep what was written in any case. What is deleted here stays closed there because the master key that wrapped it
is replaced and destroyed (`orchestrator.rotation`).
"""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Connection, Engine, text

from orchestrator.errors import IncompleteError
from orchestrator.storage import schema

# Never samples: PostgreSQL would keep values of theirs in its statistics, which outlive the rows, and nothing is
# looked for by them.
_UNSAMPLED = (
    (schema.vault_keys.c.wrapped, "BYTEA"), (schema.vault_blobs.c.sealed, "BYTEA"),
    (schema.entries.c.payload, "TEXT"), (schema.entries.c.salt, "VARCHAR"),
)  # fmt: skip
_SAMPLED = text(
    "SELECT coalesce(attstattarget, -1) <> 0 FROM pg_attribute"
    " WHERE attrelid = CAST(:table AS regclass) AND attname = :column"
)
# Whose snapshot is older than the number: a reader, a prepared transaction, or a standby that asks for it.
_OLDER = text(
    "SELECT count(*) FROM ("
    " SELECT backend_xmin AS xmin FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    " AND coalesce(datname, current_database()) = current_database()"
    " UNION ALL SELECT transaction FROM pg_prepared_xacts WHERE database = current_database()"
    " UNION ALL SELECT xmin FROM pg_replication_slots"
    ") AS held WHERE age(xmin) > age(CAST(CAST(:now AS text) AS xid))"
)
_NEXT = text("SELECT CAST(CAST(mod(CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS numeric), 4294967296)"
             " AS bigint) AS text)")  # fmt: skip


def on_file(cursor: Any, busy: type[Exception], patience: float) -> None:
    """IncompleteError if a reader stands in the way for `patience` seconds; `busy` is what the driver says then."""
    give_up = time.monotonic() + patience
    while True:
        try:
            cursor.execute("VACUUM")
            if not cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                return
        except busy:
            pass
        _wait(give_up)


def on_postgres(engine: Engine, patience: float, *, entries: bool) -> None:
    """The vault's tables are written anew, and with `entries` the journal's. IncompleteError as `on_file`."""
    give_up = time.monotonic() + patience
    tables = (schema.vault_blobs, schema.vault_keys, *([schema.entries] if entries else ()))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        now = connection.execute(_NEXT).scalar_one()
        while connection.execute(_OLDER, {"now": now}).scalar():
            _wait(give_up)
        for table in tables:
            connection.execute(text(f"VACUUM (FULL, ANALYZE) {table.name}"))


def keep_no_samples(connection: Connection) -> None:
    """Have PostgreSQL's statistics hold no wrapped key, sealed value or entry, nor those they hold already."""
    for column, kind in _UNSAMPLED:
        table, name = column.table.name, column.name
        if connection.execute(_SAMPLED, {"table": table, "column": name}).scalar():
            # Stating the type again rewrites nothing, and drops the statistics of the column.
            connection.execute(text(f'ALTER TABLE {table} ALTER COLUMN "{name}" TYPE {kind}'))
            connection.execute(text(f'ALTER TABLE {table} ALTER COLUMN "{name}" SET STATISTICS 0'))


def _wait(give_up: float) -> None:
    if time.monotonic() > give_up:
        raise IncompleteError(
            "deleted data may still be in the journal's files because another process reads it; ask again when it ended"
        )
    time.sleep(0.05)
