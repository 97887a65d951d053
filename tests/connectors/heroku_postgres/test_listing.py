"""Everybody in a database: identity columns only, claims left out, page by page."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

from connectors.heroku_postgres import connect
from connectors.model import CollectionSpec, IdentitySpec, Secret, SystemSpec, Trust
from connectors.protocol import Enumerates
from tests.connectors.heroku_postgres.database import Database

USERS = CollectionSpec(
    "public.users",
    (
        IdentitySpec("user_id", "id", Trust.ASSIGNED),
        IdentitySpec("email", "email", Trust.PROVEN),
        IdentitySpec("email", "alternate", Trust.CLAIMED),
        IdentitySpec("phone", "data->phone", Trust.ASSIGNED, match=False),
        IdentitySpec("email", "others[]", Trust.ASSIGNED),
    ),
)


def listed(db: Database, *collections: CollectionSpec) -> list[set[tuple[str, str]]]:
    connector = connect(SystemSpec("db", "heroku_postgres", secrets={"dsn": Secret(db.url)}, collections=collections))
    assert isinstance(connector, Enumerates)
    return [{(i.kind, i.value) for i in row} for row in connector.identities()]


def planted(db: Database) -> None:
    db.run(
        "CREATE TABLE users (id bigint PRIMARY KEY, email text, alternate text, data jsonb, others text[], notes text)",
        """INSERT INTO users VALUES
           (1, 'Ann.Lee@example.com', 'claimed@example.com', '{"phone": "+15550100"}', '{a@example.com,b@example.com}',
            'secret'),
           (2, 'redacted-0a1b@invalid.example', NULL, '{}', '{}', NULL),
           (3, '[redacted]', NULL, NULL, NULL, NULL)""",
    )


def test_each_row_names_what_it_bears_and_no_claim(db: Database) -> None:
    planted(db)
    ann = {("user_id", "1"), ("email", "Ann.Lee@example.com"), ("phone", "+15550100"), ("email", "a@example.com"),
           ("email", "b@example.com")}  # fmt: skip
    assert listed(db, USERS) == [ann, {("user_id", "2")}, {("user_id", "3")}]


def test_a_row_that_names_nobody_any_more_is_left_out(db: Database) -> None:
    planted(db)
    assert len(listed(db, replace(USERS, identities=USERS.identities[1:2]))) == 1


def test_a_collection_without_identities_is_not_read(db: Database) -> None:
    db.run("CREATE TABLE notes (id bigint PRIMARY KEY, body text)", "INSERT INTO notes VALUES (1, 'x')")
    assert listed(db, CollectionSpec("public.notes")) == []


def test_memory_does_not_grow_with_the_rows(db: Database) -> None:
    db.run(
        "CREATE TABLE users (id bigint PRIMARY KEY, email text)",
        "INSERT INTO users SELECT n, 'person' || n || '@example.com' FROM generate_series(1, 200000) n",
    )
    spec = CollectionSpec("public.users", USERS.identities[:2])
    connector = connect(SystemSpec("db", "heroku_postgres", secrets={"dsn": Secret(db.url)}, collections=(spec,)))
    tracemalloc.start()
    count = sum(len(row) for row in connector.identities())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 400_000
    assert peak < 8 * 1024 * 1024
