from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.sandbox.postgres import EmbeddedPostgres
from tests.connectors.heroku_postgres.database import Database


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres() as running:
        yield running


@pytest.fixture(scope="session")
def database(server: EmbeddedPostgres) -> Database:
    return Database(server.fresh("test"))


@pytest.fixture
def db(database: Database) -> Database:
    """An empty database."""
    database.empty()
    return database


@pytest.fixture
def people(db: Database) -> Database:
    """A database with two users: 1 is the subject, 2 the bystander."""
    db.run(
        "CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE NOT NULL, name text)",
        "INSERT INTO users VALUES (1, 'ann.lee@example.com', 'Ann Lee'), (2, 'bob.ray@example.com', 'Bob Ray')",
    )
    return db
