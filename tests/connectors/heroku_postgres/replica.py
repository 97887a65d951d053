"""A streaming replica of the embedded server, from the same programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from connectors.sandbox.postgres import ROLE, program


@contextmanager
def replica(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a new replica of the server at this URL; the replica is stopped and removed at the end."""
    with psycopg.connect(url, autocommit=True) as primary:
        (sockets,) = primary.execute("SELECT setting FROM pg_settings WHERE name = 'data_directory'").fetchone() or (
            "",
        )
        (most,) = primary.execute("SHOW max_connections").fetchone() or ("",)
    folder = Path(tempfile.mkdtemp(prefix="dsr-replica-"))
    owner = Path(sockets).stat().st_uid
    user: dict[str, Any] = {"user": owner} if os.geteuid() == 0 else {}  # a server refuses to run as root
    os.chown(folder, owner, -1)
    if (pids := Path(sockets) / ".handle_pids.json").exists():  # who uses the server; written by whoever runs the tests
        os.chown(pids, owner, -1)
    copy = ["-h", sockets, "-U", ROLE, "-D", str(folder / "data"), "-X", "stream", "-c", "fast", "-R", "--no-sync"]
    made = subprocess.run([program("pg_basebackup"), *copy], check=False, capture_output=True, text=True, **user)
    assert made.returncode == 0, made.stderr
    settings = {"max_connections": most, "wal_receiver_status_interval": "1s", "unix_socket_directories": str(folder)}
    given = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [str(program("postgres")), "-D", str(folder / "data"), "-h", "", *given]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user)
    try:
        with _connected(folder) as connection:
            yield connection
    finally:
        server.terminate()
        server.wait(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


def _connected(folder: Path) -> psycopg.Connection[Any]:
    for _ in range(200):
        try:
            return psycopg.connect(f"host={folder} user={ROLE} password={ROLE} dbname=postgres", autocommit=True)
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise AssertionError("the replica did not start")
