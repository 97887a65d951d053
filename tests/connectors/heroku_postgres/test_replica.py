"""A purge beside a real replica: one that lags is waited for, and what waited goes when it has caught up."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from connectors.heroku_postgres.pressure import LAG
from connectors.heroku_postgres.purge import Purge
from connectors.heroku_postgres.session import Connections
from connectors.model import CollectionSpec, FieldSpec, Secret
from connectors.purging import Expiry, OnHold
from connectors.sandbox.postgres import EmbeddedPostgres
from tests.connectors.heroku_postgres.database import Database
from tests.connectors.heroku_postgres.replica import replica

CUT = datetime(2025, 1, 1, tzinfo=UTC)
ORDER = Expiry("public.log", CUT)
LOG = CollectionSpec("public.log", (), (), (FieldSpec("email"),), age_field="at")
SOMETHING = "SELECT pg_logical_emit_message(true, 'others', 'write on')"  # so that the lag is measured anew
WAITS = "waits for a replica that lags"


GIVEN = pytest.mark.skipif("DSR_TEST_POSTGRES_URL" in os.environ, reason="only a server of our own can be followed")


def blind(primary: Database) -> Purge:
    """A purge by a role that may change the table, and see no statistics of others."""
    primary.run(
        "DROP ROLE IF EXISTS sandbox_blind", "CREATE ROLE sandbox_blind LOGIN PASSWORD 'sandbox'",
        "GRANT SELECT, UPDATE, DELETE ON log TO sandbox_blind",
    )  # fmt: skip
    spec = primary.spec(LOG)
    url = spec.secrets["dsn"].reveal().replace("//sandbox:", "//sandbox_blind:")
    return Purge(spec, Connections(replace(spec, secrets={"dsn": Secret(url)})))


def count(connection: psycopg.Connection[Any], table: str) -> int:
    return int((connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() or (0,))[0])


@GIVEN
def test_a_purge_waits_for_a_replica_that_lags_and_goes_on(server: EmbeddedPostgres) -> None:
    primary = Database(server.fresh("followed"))
    primary.run(
        "CREATE TABLE log (id bigint PRIMARY KEY, email text, at timestamptz)", "CREATE INDEX ON log (at)",
        "INSERT INTO log SELECT g, 'p' || g || '@example.net', '2024-06-01' FROM generate_series(1, 200) g",
    )  # fmt: skip
    spec = primary.spec(LOG, purge_batch=20, purge_lag=0.3, purge_courtesy=0)
    purge = Purge(spec, Connections(spec))
    with replica(primary.url) as follower, psycopg.connect(primary.url, autocommit=True) as own:
        assert purge.expired(ORDER, OnHold()).notes == ()
        assert [note for note in blind(primary).expired(ORDER, OnHold()).notes if "pg_read_all_stats" in note]
        batches = purge.purge(ORDER, OnHold)
        assert next(batches).count == 20  # it keeps up
        follower.execute("SELECT pg_wal_replay_pause()")
        deadline = time.monotonic() + 8
        while _lag(own) <= 0.6 and time.monotonic() < deadline:
            own.execute(SOMETHING)
            time.sleep(0.1)
        before = count(own, "log")
        waits = [next(batches) for _ in range(3)]
        assert [(b.count, b.note) for b in waits] == [(0, WAITS)] * 3
        assert all(0.3 < b.rest <= 30 for b in waits)  # the caller is told to come back later
        assert count(own, "log") == before == 180
        follower.execute("SELECT pg_wal_replay_resume()")
        gone = 0
        for batch in batches:
            gone += batch.count
            if batch.note == WAITS:
                time.sleep(0.1)
                own.execute(SOMETHING)
        assert (gone, count(own, "log")) == (180, 0)


def _lag(connection: psycopg.Connection[Any]) -> float:
    return float((connection.execute(LAG).fetchone() or (0.0,))[0])
