"""Connections, and what the server's errors mean to the caller. The server's messages quote rows,
so none is passed on: only SQLSTATEs and the names of constraints, tables and columns."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from connectors.errors import AuthError, ConfigError, ConnectorError, RefusedError, TransientError
from connectors.model import SystemSpec

if TYPE_CHECKING:
    import psycopg

_TRANSIENT = ("08", "40", "53", "55P03", "57", "58", "25P0")
_AUTH = ("28", "42501")
_CONFIG = ("42P01", "42703", "3F000", "3D000", "42P02")
_DENIED = ("authentication failed", "no pg_hba", "password", "does not exist", "permission denied")


@contextmanager
def session(spec: SystemSpec) -> Iterator[psycopg.Connection[Any]]:
    """A connection in a REPEATABLE READ transaction, rolled back unless the caller commits."""
    import psycopg

    logging.getLogger("psycopg").setLevel(logging.ERROR)  # its connection messages name hosts and users
    if "dsn" not in spec.secrets:
        raise ConfigError(spec.system, "secret 'dsn' is missing: name it in the inventory as env:NAME or file:PATH")
    with named_errors(spec.system), psycopg.connect(
        spec.secrets["dsn"].reveal(), application_name="dsr-orchestrator", options="-c timezone=UTC",
        connect_timeout=int(spec.settings.get("connect_timeout", 10)),
    ) as connection:  # fmt: skip
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        for name, default in (("statement_timeout", 120), ("lock_timeout", 5)):
            seconds = float(spec.settings.get(name, default))
            connection.execute("SELECT set_config(%s, %s, true)", [name, str(int(seconds * 1000))])
        try:
            yield connection
        finally:
            if not connection.closed:
                connection.rollback()


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

    state, diagnosis = error.sqlstate or "", error.diag
    place = " ".join(
        f"{what} {name}"
        for what, name in (
            ("constraint", diagnosis.constraint_name),
            ("table", diagnosis.table_name),
            ("column", diagnosis.column_name),
        )
        if name
    )
    if not state:
        text = str(error).casefold()
        if isinstance(error, psycopg.OperationalError) and any(sign in text for sign in _DENIED):
            return AuthError(system, "the database refuses the role, its password or the database's name")
        return TransientError(system, f"the connection to the database was lost or refused ({type(error).__name__})")
    said = f"the database says {state}" + (f" at {place}" if place else "")
    if state.startswith(_AUTH):
        return AuthError(system, f"{said}: the role lacks a permission")
    if state.startswith(_TRANSIENT):
        return TransientError(system, f"{said}: nothing was changed")
    if state.startswith(_CONFIG):
        return ConfigError(system, f"{said}: the inventory names a table or column that is not there")
    return RefusedError(system, f"{said}: nothing was changed")
