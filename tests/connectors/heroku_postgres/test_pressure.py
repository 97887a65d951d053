"""How a purge gives way to others, and how it sees that there are any."""

from __future__ import annotations

import time

import psycopg
import pytest
from psycopg.sql import SQL

from connectors.heroku_postgres.pressure import Pace, Pulse
from connectors.heroku_postgres.session import Connections
from connectors.sandbox.postgres import EmbeddedPostgres
from tests.connectors.heroku_postgres.database import Database


def pace() -> Pace:
    return Pace(5000, 1.0, 3.0, 0.001)


def test_nobody_is_slowed_and_it_neither_rests_nor_shrinks() -> None:
    at_work = pace()
    assert [at_work.after(0.2, 0.0012) for _ in range(5)] == [0.0] * 5
    assert at_work.rows == 5000


def test_others_are_slowed_and_it_takes_less_and_rests_longer_until_they_are_not() -> None:
    at_work = pace()
    rests = [at_work.after(0.4, 0.02) for _ in range(4)]
    assert rests == sorted(rests)
    assert rests[-1] == 1.6
    assert at_work.rows == 312
    eased = [at_work.after(0.1, 0.001) for _ in range(12)]
    assert eased[-1] == 0.0
    assert at_work.rows == 5000


def test_a_batch_that_takes_too_long_makes_the_next_one_smaller() -> None:
    at_work = pace()
    at_work.after(4.0, 0.0)
    assert at_work.rows == 3500


def test_locks_make_it_wait_longer_each_time_and_not_for_ever() -> None:
    at_work = pace()
    assert [at_work.troubled(n) for n in (1, 2, 20)] == [0.5, 1.0, 30.0]
    assert at_work.rows == 625


def test_while_others_are_at_work_batches_are_small_and_it_rests_longer_than_it_works() -> None:
    at_work = Pace(5000, 1.0, 3.0, 0.001, 4.0, others=True)
    assert at_work.rows == 500
    assert [at_work.after(0.01, 0.001, others=True) for _ in range(3)] == [0.04] * 3
    assert at_work.rows == 500
    pressed = [at_work.after(0.01, 0.02, others=True) for _ in range(6)]
    assert pressed == sorted(pressed)
    assert pressed[-1] == 0.08
    assert at_work.after(0.01, 0.001) == pytest.approx(0.04), "what pressed is eased step by step"
    assert [at_work.after(0.01, 0.001) for _ in range(20)][-1] == 0.0, "they have gone"
    assert at_work.rows == 5000


def test_without_courtesy_only_slowed_queries_count() -> None:
    at_work = Pace(5000, 1.0, 3.0, 0.001, 0.0, others=True)
    assert (at_work.rows, at_work.after(0.2, 0.001, others=True)) == (5000, 0.0)


@pytest.fixture
def database(server: EmbeddedPostgres) -> Database:
    return Database(server.fresh("pulse"))


def seen(database: Database, role: str = "") -> bool:
    """What a pulse says of others."""
    spec = database.spec()
    connections = Connections(spec)

    def another() -> psycopg.Connection[tuple[object, ...]]:
        connection = connections.another()
        if role:
            connection.execute(f"SET ROLE {role}".encode())
        return connection

    with connections.session() as own, Pulse(another, SQL("SELECT 1")) as pulse:
        own.execute("SELECT 1")
        return pulse.others


def test_only_others_that_ask_something_count(database: Database) -> None:
    assert not seen(database), "its own connections are nobody else"
    with psycopg.connect(database.url, autocommit=True) as other:
        other.execute("SELECT 1")
        assert seen(database)
        time.sleep(1.1)
        assert not seen(database), "whoever is only connected is not slowed"
        database.run("DROP ROLE IF EXISTS sandbox_unseeing", "CREATE ROLE sandbox_unseeing")
        time.sleep(1.1)
        assert seen(database, "sandbox_unseeing"), "who cannot see whether others are at work takes it that they are"
