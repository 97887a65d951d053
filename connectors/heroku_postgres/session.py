"""Connections, and what the server's errors mean to the caller. The server's messages quote rows,
so none is passed on: only SQLSTATEs and the names of constraints, tables and columns.

Source of the classes: https://www.postgresql.org/docs/current/errcodes-appendix.html.
"""

from __future__ import annotations

import logging
import os
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from connectors.errors import AuthError, ConfigError, ConnectorError, RefusedError, TransientError
from connectors.heroku_postgres.links import Structure
from connectors.model import SystemSpec

if TYPE_CHECKING:
    import psycopg

_TRANSIENT = ("08", "40", "53", "55P03", "57", "58", "25P")
_AUTH = ("28", "42501")
_CONFIG = ("42P01", "42703", "3F000", "3D000")
_READ_ONLY = "25006"
_KEPT = 60.0  # seconds; an older idle connection is not used again
_REFUSED_AT_LOGIN = ("authentication failed", "no pg_hba", "password", "does not exist", "permission denied")
# Dead peers are noticed within a minute, instead of after the two hours of Linux' defaults.
_KEEPALIVE: dict[str, Any] = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
# row_security off: a policy that hid rows would make a search yield less; so it is an error instead.
# synchronous_commit on: "done" must survive a crash of the server.
_SETTINGS = {
    "timezone": "UTC", "datestyle": "ISO, YMD", "row_security": "off", "synchronous_commit": "on", "jit": "off",
}  # fmt: skip
# The driver's messages name hosts, users and parameters. A filter holds whatever level the program sets.
logging.getLogger("psycopg").addFilter(lambda record: False)


class Connections:
    """The connections of one connector. One is kept open for the next call, which comes soon or never:
    a new one costs more than most statements. It closes with its owner."""

    def __init__(self, spec: SystemSpec) -> None:
        self.spec = spec
        self.structure = Structure(spec)
        self._idle: list[tuple[psycopg.Connection[Any], float, int]] = []
        weakref.finalize(self, _close, self._idle)

    @contextmanager
    def session(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection in a REPEATABLE READ transaction, rolled back unless the caller commits.

        Settings: statement_timeout (120), lock_timeout (5), connect_timeout (10), in seconds. Raises
        ConfigError if the secret `dsn` is missing or none, or a setting is no number of seconds.
        """
        with named_errors(self.spec.system):
            connection = self._begun()
            try:
                yield connection
            finally:
                self._release(connection)

    def another(self) -> psycopg.Connection[Any]:
        """A connection beside the session's, in autocommit, for whoever asked to close."""
        connection = self._connect()
        connection.autocommit = True
        return connection

    def _begun(self) -> psycopg.Connection[Any]:
        import psycopg

        with suppress(IndexError):
            connection, since, process = self._idle.pop()
            if process == os.getpid() and time.monotonic() - since < _KEPT:
                with suppress(psycopg.OperationalError):  # the server closed it meanwhile: nothing was begun yet
                    self._begin(connection)
                    return connection
            connection.close()
        connection = self._connect()
        try:
            self._begin(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect(self) -> psycopg.Connection[Any]:
        import psycopg

        if "dsn" not in self.spec.secrets:
            raise ConfigError(self.spec.system, "secret 'dsn' is missing: name it as env:NAME or file:PATH")
        connection = psycopg.connect(
            self.spec.secrets["dsn"].reveal(), application_name="dsr-orchestrator", prepare_threshold=None,
            connect_timeout=max(2, int(_seconds(self.spec, "connect_timeout", 10))), **_KEEPALIVE,
        )  # fmt: skip
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return connection

    def _begin(self, connection: psycopg.Connection[Any]) -> None:
        """Settings of the transaction: poolers refuse them at start-up, and share what lasts longer."""
        settings = dict(_SETTINGS)
        for name, default in (("statement_timeout", 120.0), ("lock_timeout", 5.0)):
            settings[name] = str(int(_seconds(self.spec, name, default) * 1000))
        connection.execute(
            "SELECT set_config(name, value, true) FROM unnest(%s::text[], %s::text[]) s (name, value)",
            [list(settings), list(settings.values())],
        )

    def _release(self, connection: psycopg.Connection[Any]) -> None:
        import psycopg

        with suppress(psycopg.Error):
            if not connection.closed:
                connection.rollback()
        if connection.closed or self._idle:
            connection.close()
        else:
            self._idle.append((connection, time.monotonic(), os.getpid()))


def _close(idle: list[tuple[psycopg.Connection[Any], float, int]]) -> None:
    for connection, _, process in idle:
        if process == os.getpid():
            connection.close()


def _seconds(spec: SystemSpec, name: str, default: float) -> float:
    value = spec.settings.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 86_400:
        raise ConfigError(spec.system, f"setting {name!r} must be a number of seconds, above 0 and at most 86400")
    return float(value)


@contextmanager
def named_errors(system: str) -> Iterator[None]:
    """Turn the driver's errors into those of `connectors.errors`."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise _named(system, error) from None


def _named(system: str, error: psycopg.Error) -> ConnectorError:
    import psycopg

    state = error.sqlstate or ""
    if not state:
        if not isinstance(error, psycopg.OperationalError):
            return ConfigError(system, f"secret 'dsn' is no PostgreSQL URL that can be used ({type(error).__name__})")
        text = str(error).casefold()
        if any(sign in text for sign in _REFUSED_AT_LOGIN):
            return AuthError(system, "the database refuses the role, its password or the database's name")
        return TransientError(system, "the connection to the database was lost or refused")
    diagnosis = error.diag
    names = {"constraint": diagnosis.constraint_name, "table": diagnosis.table_name, "column": diagnosis.column_name}
    where = ", ".join(f"{what} {name}" for what, name in names.items() if name)
    said = f"the database says {state}" + (f" at {where}" if where else "")
    if state.startswith(_AUTH):
        return AuthError(system, f"{said}: the role lacks a permission, or a row policy hides rows from it")
    if state.startswith(_TRANSIENT):
        return TransientError(system, f"{said}: nothing was changed")
    if state.startswith(_CONFIG):
        return ConfigError(system, f"{said}: the inventory names a table or column that is not there")
    if state == _READ_ONLY:
        return ConfigError(system, f"{said}: the database takes no writes; 'dsn' must lead to the primary")
    if state == "23503":
        return RefusedError(system, f"other rows depend on what would be deleted, by {where}; nothing was changed")
    return RefusedError(system, f"{said}: nothing was changed")
