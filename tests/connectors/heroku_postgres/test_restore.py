"""Test restores over a real server: what is read, what is said, and that the scratch database is always dropped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from connectors.backups import Rehearses
from connectors.errors import ConfigError, RefusedError, TransientError
from connectors.heroku_postgres import connect
from connectors.heroku_postgres.archive import Head, read_head
from connectors.heroku_postgres.scratch import scratch
from connectors.model import Secret, SystemSpec
from connectors.sandbox.postgres import EmbeddedPostgres, program

SCRATCH = "dsr_scratch_"


def spec(server: EmbeddedPostgres, live: str, **settings: Any) -> SystemSpec:
    settings = {"pg_restore": str(program("pg_restore")), **settings}
    secrets = {"dsn": Secret(live), "scratch_dsn": Secret(server.url)}
    return SystemSpec("app_db", "heroku_postgres", settings, secrets, (), sandbox=True)


def left(server: EmbeddedPostgres) -> list[str]:
    with psycopg.connect(server.url) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [SCRATCH])
        return [row[0] for row in rows]


@pytest.fixture
def live(server: EmbeddedPostgres) -> Iterator[str]:
    url = server.fresh("live")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE NOT NULL);"
            "CREATE TABLE events (id bigint, at date NOT NULL) PARTITION BY RANGE (at);"
            "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');"
            "CREATE TABLE events_2 PARTITION OF events DEFAULT;"
            "INSERT INTO users SELECT n, md5(n::text) || '@example.com' FROM generate_series(1, 500) n;"
            "INSERT INTO events SELECT n, date '2026-06-01' + n FROM generate_series(1, 60) n;"
        )
    yield url
    assert left(server) == [], "the scratch database was dropped, whatever happened"


def test_a_dump_is_restored_counted_and_compared(server: EmbeddedPostgres, live: str) -> None:
    connector = connect(spec(server, live))
    assert isinstance(connector, Rehearses)
    dump = server.dump(live)
    done = connector.rehearse(iter([dump[:100], dump[100:]]))
    assert (done.bytes, done.program.split(".")[0]) == (len(dump), done.server.split(".")[0])
    assert {t.name: t.rows for t in done.tables} == {"public.users": 500, "public.events": 60}, (
        "partitions are their root"
    )
    assert connector.shape() == done.tables, "not analysed yet: small tables are counted"
    with psycopg.connect(live, autocommit=True) as connection:
        connection.execute("ANALYZE")
        connection.execute("DELETE FROM users WHERE id > 100")
    estimated = {t.name: t.rows for t in connector.shape()}
    assert estimated == {"public.users": 500, "public.events": 60}, "an estimate, which costs the live server nothing"


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE users ADD COLUMN name text", "ALTER TABLE users ALTER COLUMN email TYPE varchar(99)",
        "ALTER TABLE users DROP CONSTRAINT users_email_key", "ALTER TABLE users ADD CHECK (email <> '')",
        "ALTER TABLE users ADD FOREIGN KEY (id) REFERENCES users (id) ON DELETE CASCADE",
    ],
)  # fmt: skip
def test_the_shape_tells_structures_apart(server: EmbeddedPostgres, live: str, change: str) -> None:
    connector = connect(spec(server, live))
    before = {t.name: t.structure for t in connector.shape()}
    with psycopg.connect(live, autocommit=True) as connection:
        connection.execute(change.encode())
    after = {t.name: t.structure for t in connector.shape()}
    assert [n for n in before if before[n] != after[n]] == ["public.users"]


def test_a_program_that_is_missing_or_too_old(server: EmbeddedPostgres, live: str) -> None:
    dump = server.dump(live)
    with pytest.raises(ConfigError, match="there is no pg_restore: install"):
        connect(spec(server, live, pg_restore="/nonexistent/pg_restore")).rehearse(iter([dump]))
    with pytest.raises(ConfigError, match="there is no pg_restore: install"):
        connect(spec(server, live, pg_restore=sys.executable + "c")).rehearse(iter([dump]))
    version = read_head("app_db", dump).program.encode()
    newer = dump.replace(version, b"99" + version[2:], 2)
    with pytest.raises(ConfigError, match="made by pg_dump 99 and pg_restore here is 18: install"):
        connect(spec(server, live)).rehearse(iter([newer]))


def test_a_server_that_is_not_there_or_the_live_one(server: EmbeddedPostgres, live: str) -> None:
    dump, fit = server.dump(live), spec(server, live)

    def at(dsn: str, live_dsn: str = live) -> Any:
        return connect(replace(fit, secrets={"dsn": Secret(live_dsn), "scratch_dsn": Secret(dsn)}))

    with pytest.raises(ConfigError, match="no scratch database can be made") as told:
        at("postgresql://sandbox:s3cret@127.0.0.1:1/postgres").rehearse(iter([dump]))
    assert "s3cret" not in str(told.value)
    with pytest.raises(ConfigError, match="is the live one"):
        at("postgresql://a:b@db.example.com/scratch", "postgresql://c:d@db.example.com/live").rehearse(iter([dump]))
    with pytest.raises(ConfigError, match="give 'restore_test'"):
        connect(replace(fit, secrets={"dsn": Secret(live)})).rehearse(iter([dump]))


def test_what_is_restored_is_nobodys_to_read(server: EmbeddedPostgres, live: str) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS colleague")
        connection.execute("CREATE ROLE colleague LOGIN PASSWORD 'sandbox'")
        with scratch("app_db", server.url) as place:
            theirs = make_conninfo(place, user="colleague", password="sandbox")
            with pytest.raises(psycopg.OperationalError, match="permission denied"):
                psycopg.connect(theirs)
        connection.execute("DROP ROLE colleague")


def test_a_schema_that_the_vendor_makes_is_made_first(server: EmbeddedPostgres, live: str) -> None:
    with scratch("app_db", server.url, ["heroku_ext"]) as place, psycopg.connect(place) as connection:
        assert connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'heroku_ext'").fetchone()


def test_one_test_at_a_time_and_what_is_left_over_goes(server: EmbeddedPostgres, live: str) -> None:
    with scratch("app_db", server.url), pytest.raises(TransientError, match="under way"), scratch("app_db", server.url):
        pass
    with psycopg.connect(server.url, autocommit=True) as connection:
        row = connection.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
        assert row is not None
        connection.execute(f"CREATE DATABASE {SCRATCH}{row[0]}_after_a_power_cut".encode())
        with scratch("app_db", server.url):
            assert len(left(server)) == 1


def test_an_error_in_the_middle_drops_it_as_well(server: EmbeddedPostgres, live: str) -> None:
    dump = server.dump(live)

    def cut() -> Iterator[bytes]:
        yield dump[:5000]
        raise TransientError("app_db", "the connection was lost")

    with pytest.raises(TransientError, match="was lost"):
        connect(spec(server, live)).rehearse(cut())
    with pytest.raises(RefusedError, match="ends too early"):
        connect(spec(server, live)).rehearse(iter([dump[: len(dump) * 2 // 3]]))


_STALLED = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
from connectors.heroku_postgres import connect
from connectors.model import Secret, SystemSpec
live, place, program, file = sys.argv[1:]
def half():
    dump = open(file, "rb").read()
    yield dump[:-100]
    time.sleep(60)
secrets = {"dsn": Secret(live), "scratch_dsn": Secret(place)}
connect(SystemSpec("app_db", "heroku_postgres", {"pg_restore": program}, secrets, ())).rehearse(half())
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_program_that_is_killed_leaves_no_copy_behind(
    server: EmbeddedPostgres, live: str, tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "dump").write_bytes(server.dump(live))
    arguments = [live, server.url, str(program("pg_restore")), str(tmp_path / "dump")]
    worker = subprocess.Popen([sys.executable, "-c", _STALLED, *arguments], stderr=subprocess.DEVNULL)
    try:
        _until(lambda: bool(left(server)))
        os.kill(worker.pid, number)
        worker.wait(10)
    finally:
        worker.kill()
    _until(lambda: not left(server))


def _until(there: Any) -> None:
    give_up = time.monotonic() + 30
    while not there():
        assert time.monotonic() < give_up
        time.sleep(0.05)


@pytest.mark.parametrize(
    "start", [b"", b"PGDMP", b"PGDMP\x01\x10\x00\x04\x08\x01", b"\x1f\x8b" + bytes(90), b"PGDMP" + bytes(90)]
)
def test_what_is_no_dump(start: bytes) -> None:
    with pytest.raises(RefusedError, match="no dump in pg_dump's custom format"):
        read_head("app_db", start)


def test_the_head_of_an_older_dump() -> None:
    """Before version 1.15 of the format, of PostgreSQL 16, the compression is an integer."""

    def text(value: bytes) -> bytes:
        return b"\0" + len(value).to_bytes(4, "little") + value

    head = (
        b"PGDMP\x01\x0e\x00\x04\x08\x01"
        + bytes(5)
        + bytes(7 * 5)
        + text(b"d1")
        + text(b"14.20")
        + text(b"15.2 (Debian)")
    )
    assert read_head("app_db", head + bytes(9)) == Head("14.20", "15.2 (Debian)")
