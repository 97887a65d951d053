"""A scratch database for a test restore: it holds everybody while it is there, and is dropped whatever happens.

A process of its own makes it, waits until its standard input closes, and drops it. That closes when the test is
over and when the program that asked ends in any way, also by SIGKILL. What is left when the machine goes down, or the
server, is dropped by the next test at the same maintenance database.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

from connectors.errors import ConfigError, RefusedError, TransientError

_LOCK = 0x6473725F73637261  # one test at a time: whatever else bears the name is left over
_PATIENCE = 120  # seconds for the server to make or drop a database
_TAKEN = "taken"


@contextmanager
def scratch(system: str, dsn: str, schemas: Sequence[str] = ()) -> Iterator[str]:
    """The address of an empty database at the server of `dsn`, with these schemas, and nobody else's to read.

    ConfigError if none can be made; TransientError while another test is under way; RefusedError if it could not
    be dropped afterwards, naming it.
    """
    from psycopg.conninfo import make_conninfo

    order = json.dumps({"dsn": dsn, "mark": secrets.token_hex(6), "schemas": list(schemas)})
    command = [sys.executable, "-c", f"from {__name__} import keep; keep()"]
    keeper = subprocess.Popen(  # noqa: S603 (a fixed command)
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,  # Ctrl-C is for whoever asked
    )
    assert keeper.stdin
    assert keeper.stdout
    name = ""
    try:
        with suppress(BrokenPipeError):
            keeper.stdin.write(f"{order}\n")
            keeper.stdin.flush()
        said = json.loads(keeper.stdout.readline() or "{}")
        if "name" not in said:
            _refuse(system, str(said.get("error", "nothing is said")))
        name = str(said["name"])
        yield make_conninfo(dsn, dbname=name)
    finally:
        with suppress(BrokenPipeError):
            keeper.stdin.close()
        keeper.wait()
        keeper.stdout.close()
        if name and keeper.returncode:
            raise RefusedError(system, f"the scratch database {name} could not be dropped: drop it by hand, now")


def _refuse(system: str, code: str) -> NoReturn:
    if code == _TAKEN:
        raise TransientError(system, "another test restore is under way at the scratch server; wait until it ends")
    raise ConfigError(
        system, f"no scratch database can be made at the server of 'restore_test.scratch' ({code}): it must be there, "
        "and its role may create databases and extensions",
    )  # fmt: skip


def keep() -> None:
    """The process: makes the database, names it, waits, drops it. Its exit status is 0 if nothing is left."""
    import psycopg

    if not (line := sys.stdin.readline()):
        return  # whoever asked is gone before it has
    order = json.loads(line)
    try:
        with psycopg.connect(order["dsn"], autocommit=True, connect_timeout=30) as server:
            if not _one(server, "SELECT pg_try_advisory_lock(%s)", [_LOCK]):
                _say(error=_TAKEN)
                return
            here = _one(server, "SELECT oid FROM pg_database WHERE datname = current_database()")
            prefix = f"dsr_scratch_{here}_"
            for (left,) in server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix]):
                _drop(server, left)
            name = prefix + order["mark"]
            try:
                _make(server, order["dsn"], name, order["schemas"])
                _say(name=name)
                sys.stdin.read()
            finally:
                _dropped(server, order["dsn"], name)
    except psycopg.Error as error:
        _say(error=error.sqlstate or type(error).__name__)
        sys.exit(1)


def _make(server: Any, dsn: str, name: str, schemas: Sequence[str]) -> None:
    import psycopg
    from psycopg.conninfo import make_conninfo
    from psycopg.sql import SQL, Identifier

    server.execute(SQL("CREATE DATABASE {} TEMPLATE template0").format(Identifier(name)))
    server.execute(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(Identifier(name)))
    with psycopg.connect(make_conninfo(dsn, dbname=name), autocommit=True) as inside:
        for schema in schemas:
            inside.execute(SQL("CREATE SCHEMA {}").format(Identifier(schema)))


def _dropped(server: Any, dsn: str, name: str) -> None:
    """Over the connection there is, or over a new one if the server has been away meanwhile."""
    import psycopg

    try:
        _drop(server, name)
    except psycopg.OperationalError:
        with psycopg.connect(dsn, autocommit=True, connect_timeout=_PATIENCE) as again:
            _drop(again, name)


def _drop(server: Any, name: str) -> None:
    from psycopg.sql import SQL, Identifier

    server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


def _one(server: Any, query: str, values: Sequence[Any] = ()) -> Any:
    return server.execute(query, values).fetchone()[0]


def _say(**what: str) -> None:
    with suppress(BrokenPipeError):  # whoever asked is gone: what was made is dropped all the same
        sys.stdout.write(json.dumps(what) + "\n")
        sys.stdout.flush()
