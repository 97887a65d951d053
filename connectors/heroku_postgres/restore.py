"""A test restore: a dump is streamed through pg_restore into a scratch database, read there, and dropped.

The dump is never a file here. What pg_restore says may quote rows, so of it only the kind of trouble is told.
Source: https://www.postgresql.org/docs/current/app-pgrestore.html.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from connectors.backups import Rehearsal
from connectors.errors import ConfigError, RefusedError
from connectors.heroku_postgres.archive import Head, major, read_head
from connectors.heroku_postgres.scratch import scratch
from connectors.heroku_postgres.session import named_errors
from connectors.heroku_postgres.shape import counted
from connectors.isolation import is_loopback
from connectors.model import SystemSpec

_ENOUGH = 4096  # bytes in which the head of a dump ends
_KEPT = 64 * 1024  # bytes of pg_restore's words that are looked at
_TROUBLES = (
    ("heroku_ext", "the scratch database lacks the schema heroku_ext: name it in 'restore_test.schemas'"),
    ("is not available", "the scratch server lacks an extension of the database: install it there"),
    ("unrecognized configuration parameter", "the scratch server is older than pg_restore: use one at least as new"),
    ("end of file", "the dump ends too early"),
    ("permission denied", "the scratch server's role lacks a permission: it must be a superuser there"),
    ("must be superuser", "the scratch server's role lacks a permission: it must be a superuser there"),
)


def rehearse(spec: SystemSpec, dump: Iterator[bytes]) -> Rehearsal:
    """See `connectors.backups.Rehearses`. Settings `pg_restore` and `scratch_schemas`, secret `scratch_dsn`."""
    system = spec.system
    program, version = _program(system, str(spec.settings.get("pg_restore") or "pg_restore"))
    dsn = _scratch_dsn(spec)
    first = b""
    for chunk in dump:
        first += chunk
        if len(first) >= _ENOUGH:
            break
    head = read_head(system, first)
    if major(version) < major(head.program):
        raise ConfigError(
            system, f"the backup was made by pg_dump {major(head.program)} and pg_restore here is {major(version)}: "
            "install PostgreSQL's programs of that version or later, and name pg_restore in 'restore_test.pg_restore'",
        )  # fmt: skip
    with scratch(system, dsn, spec.settings.get("scratch_schemas") or ()) as place:
        _new_enough(system, place, head)
        stream = _Hashed(first, dump)
        _restore(system, program, place, stream)
        with named_errors(system), _connected(place) as connection:
            tables = counted(connection)
    return Rehearsal(stream.size, stream.hash.hexdigest(), head.server, version, tables)


class _Hashed:
    """A dump as it goes by."""

    def __init__(self, first: bytes, rest: Iterator[bytes]) -> None:
        self._first, self._rest = first, rest
        self.size, self.hash = 0, hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in (c for some in ((self._first,), self._rest) for c in some):
            self.size += len(chunk)
            self.hash.update(chunk)
            yield chunk


def _restore(system: str, program: str, dsn: str, dump: _Hashed) -> None:
    name, environ = _environ(dsn)
    command = [program, "--exit-on-error", "--no-owner", "--no-privileges", "--no-password", f"--dbname={name}"]
    worker = subprocess.Popen(  # noqa: S603 (the inventory's program; the dump is its input, not its command)
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environ
    )
    assert worker.stdin
    assert worker.stderr
    words: list[bytes] = []
    listener = threading.Thread(target=_listen, args=(worker.stderr, words), daemon=True)
    listener.start()
    whole = False
    try:
        with suppress(BrokenPipeError):
            for chunk in dump:
                worker.stdin.write(chunk)
            worker.stdin.close()
            whole = True
        worker.wait()
    finally:
        worker.kill()
        worker.wait()
        with suppress(BrokenPipeError):
            worker.stdin.close()
        listener.join()
        worker.stderr.close()
    if worker.returncode or not whole:
        said = b"".join(words).decode(errors="replace")
        why = next(
            (text for sign, text in _TROUBLES if sign in said), "see it by hand, with a dump that may be looked at"
        )
        raise RefusedError(system, f"pg_restore cannot restore the backup (it ended with {worker.returncode}): {why}")


def _listen(stream: Any, words: list[bytes]) -> None:
    """Read everything, or the program would wait for it to be read; keep the beginning."""
    kept = 0
    while chunk := stream.read(8192):
        if kept < _KEPT:
            words.append(chunk)
            kept += len(chunk)


def _environ(dsn: str) -> tuple[str, dict[str, str]]:
    """The database's name, and the environment that leads to its server: a command line can be read by others."""
    from psycopg import pq

    parts = {o.keyword: o for o in pq.Conninfo.parse(dsn.encode()) if o.val is not None}
    name = parts[b"dbname"].val or b""
    environ = {o.envvar.decode(): (o.val or b"").decode() for o in parts.values() if o.envvar}
    inherited = {n: v for n, v in os.environ.items() if n in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")}
    return name.decode(), {**inherited, **environ, "PGAPPNAME": "dsr-orchestrator"}


def _program(system: str, named: str) -> tuple[str, str]:
    """Where pg_restore is, and its version."""
    found = shutil.which(named)
    try:
        said = subprocess.run([found or named, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
        version = re.search(r"\d+(\.\d+)*", said)
    except (OSError, subprocess.CalledProcessError):
        version = None
    if found is None or version is None:
        raise ConfigError(
            system, "there is no pg_restore: install PostgreSQL's client programs, of the database's version or later, "
            "and name it in 'restore_test.pg_restore' if it is not on the PATH",
        )  # fmt: skip
    return found, version[0]


def _scratch_dsn(spec: SystemSpec) -> str:
    from psycopg.conninfo import conninfo_to_dict

    if "scratch_dsn" not in spec.secrets:
        raise ConfigError(
            spec.system, "a test restore needs a server to restore into: give 'restore_test' in the inventory"
        )
    dsn = spec.secrets["scratch_dsn"].reveal()
    with named_errors(spec.system):
        live, other = (conninfo_to_dict(d) for d in (spec.secrets["dsn"].reveal(), dsn))
    if live.get("host") == other.get("host") and not is_loopback(dsn):
        raise ConfigError(spec.system, "the scratch server is the live one: a test restore needs a server of its own")
    return dsn


def _new_enough(system: str, dsn: str, head: Head) -> None:
    with named_errors(system), _connected(dsn) as connection:
        if connection.info.server_version // 10_000 < major(head.server):
            raise ConfigError(
                system, f"the scratch server is older than the database's, PostgreSQL {major(head.server)}"
            )


def _connected(dsn: str) -> Any:
    import psycopg

    return psycopg.connect(dsn, options="-c row_security=off -c default_transaction_read_only=on", connect_timeout=30)
