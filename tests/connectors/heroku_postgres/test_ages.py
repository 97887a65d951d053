"""How old people are, as rows say it: with what names the person, of the row itself or of whom it belongs to."""

from __future__ import annotations

import tracemalloc

import pytest

from connectors.errors import ConfigError
from connectors.heroku_postgres import connect
from connectors.model import (
    Aged,
    CollectionSpec,
    FieldSpec,
    IdentitySpec,
    LinkKind,
    LinkSpec,
    Secret,
    SystemSpec,
    Trust,
)
from connectors.protocol import TellsAges
from tests.connectors.heroku_postgres.database import Database

USERS = CollectionSpec(
    "public.users",
    (
        IdentitySpec("user_id", "id", Trust.ASSIGNED),
        IdentitySpec("email", "email", Trust.PROVEN),
        IdentitySpec("email", "alternate", Trust.CLAIMED),
        IdentitySpec("email", "others[]", Trust.ASSIGNED),
    ),
    fields=(FieldSpec("minor", tells="minor"),),
)
PROFILES = CollectionSpec(
    "public.profiles",
    links=(
        LinkSpec(("owner",), "public.users", LinkKind.OWNS),
        LinkSpec(("friend",), "public.users", LinkKind.MENTIONS),
    ),
    fields=(FieldSpec("data->born", tells="birth_date"), FieldSpec("age", tells="guessed_age"), FieldSpec("data->x")),
)


def connector(db: Database, *collections: CollectionSpec) -> TellsAges:
    made = connect(SystemSpec("db", "heroku_postgres", secrets={"dsn": Secret(db.url)}, collections=collections))
    assert isinstance(made, TellsAges)
    return made


def told(row: Aged) -> tuple[str, dict[str, str], set[tuple[str, str]]]:
    return row.collection, dict(row.says), {(i.kind, i.value) for i in row.identifiers}


@pytest.fixture
def planted(db: Database) -> Database:
    db.run(
        "CREATE TABLE users (id bigint PRIMARY KEY, email text, alternate text, others text[], minor boolean)",
        "CREATE TABLE profiles (owner bigint REFERENCES users, friend bigint REFERENCES users, data jsonb, age int)",
        """INSERT INTO users VALUES (1, 'ann@example.com', 'claimed@example.com', '{a@example.com}', true),
           (2, 'bob@example.com', NULL, NULL, NULL), (3, '[redacted]', NULL, NULL, false)""",
        """INSERT INTO profiles VALUES (1, 2, '{"born": "2019-01-02", "x": "y"}', NULL), (2, 1, '{}', 11),
           (2, NULL, '{"born": "[redacted]"}', NULL), (NULL, 1, '{"born": "2018-01-01"}', 7), (3, 1, NULL, NULL)""",
    )
    return db


def test_a_row_tells_an_age_and_its_owner_is_named_and_never_whom_it_mentions(planted: Database) -> None:
    ann = {("user_id", "1"), ("email", "ann@example.com"), ("email", "a@example.com")}
    found = sorted((told(row) for row in connector(planted, USERS, PROFILES).ages()), key=str)
    assert found == [
        ("public.profiles", {"birth_date": "2019-01-02"}, ann),
        ("public.profiles", {"guessed_age": "11"}, {("user_id", "2"), ("email", "bob@example.com")}),
        ("public.users", {"minor": "false"}, {("user_id", "3")}),
        ("public.users", {"minor": "true"}, ann),
    ]
    assert "ann" not in repr(next(iter(connector(planted, USERS).ages())))


def test_where_nobody_is_named_it_is_said_and_nothing_is_read(planted: Database) -> None:
    alone = CollectionSpec("public.profiles", fields=(FieldSpec("age", tells="age"),))
    with pytest.raises(ConfigError, match="neither it nor what it belongs to says whose"):
        list(connector(planted, alone).ages())
    assert list(connector(planted, CollectionSpec("public.profiles")).ages()) == []


def test_memory_does_not_grow_with_the_rows(db: Database) -> None:
    db.run(
        "CREATE TABLE users (id bigint PRIMARY KEY, email text, born date)",
        "INSERT INTO users SELECT n, 'person' || n || '@example.com', '1980-01-01' FROM generate_series(1, 50000) n",
    )
    spec = CollectionSpec("public.users", USERS.identities[:2], fields=(FieldSpec("born", tells="birth_date"),))
    tracemalloc.start()
    count = sum(1 for _ in connector(db, spec).ages())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 50_000
    assert peak < 8 * 1024 * 1024
