"""What the role must be allowed, and what is refused where the database keeps something from being done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from psycopg import sql

import connectors
from connectors.errors import AuthError, RefusedError
from connectors.model import Action, Secret, SystemSpec
from tests.connectors.heroku_postgres.database import ANN, USERS, Database, owned, planned

NOTES = owned("notes", "about? to users")
ORDERS = owned("orders", "user_id to users", intended=Action.RETAIN)
LINES = owned("lines", "order_id to orders")
PAPERS = owned("papers", "user_id to users", intended=Action.RETAIN)


@pytest.fixture
def limited(people: Database) -> Iterator[SystemSpec]:
    """A role that may do what is needed and nothing else."""
    people.run(
        "CREATE TABLE orders (id int PRIMARY KEY, user_id bigint REFERENCES users)",
        "CREATE TABLE lines (id int PRIMARY KEY, order_id int REFERENCES orders)",
        "CREATE TABLE papers (user_id bigint REFERENCES users)",
        "INSERT INTO orders VALUES (10, 1)",
        "INSERT INTO lines VALUES (101, 10)",
        "INSERT INTO papers VALUES (1)",
        "CREATE ROLE sandbox_limited LOGIN PASSWORD 'sandbox'",
        "GRANT USAGE ON SCHEMA public TO sandbox_limited",
        "GRANT SELECT, UPDATE, DELETE ON users, lines TO sandbox_limited",
        "GRANT SELECT, UPDATE ON orders TO sandbox_limited",
        "GRANT SELECT ON papers TO sandbox_limited",
    )
    spec = people.spec(USERS, ORDERS, LINES, PAPERS)
    yield replace(spec, secrets={"dsn": Secret(people.url.replace("sandbox:", "sandbox_limited:", 1))})
    people.run("DROP OWNED BY sandbox_limited", "DROP ROLE sandbox_limited")


def test_what_is_needed_is_enough(people: Database, limited: SystemSpec) -> None:
    connector = connectors.build(limited)
    connector.check()
    orders = planned(people.connector(*limited.collections), ANN, users=Action.RETAIN, orders=Action.RETAIN)
    orders = [replace(o, action=Action.RETAIN) if o.at.collection == "public.papers" else o for o in orders]
    list(connector.delete(ANN, orders))
    assert people.rows("lines") == []


@pytest.mark.parametrize(
    ("privilege", "table"),
    [("SELECT", "papers"), ("DELETE", "lines"), ("UPDATE", "lines"), ("UPDATE", "orders"), ("DELETE", "users")],
)
def test_what_is_lacking_is_named(people: Database, limited: SystemSpec, privilege: str, table: str) -> None:
    people.run(f"REVOKE {privilege} ON {table} FROM sandbox_limited")
    with pytest.raises(AuthError, match=rf"lacks {privilege} on public\.{table}"):
        connectors.build(limited).check()


@pytest.fixture
def notes(people: Database) -> Database:
    people.run(
        "CREATE TABLE notes (id int, about bigint REFERENCES users ON DELETE SET NULL)",
        "INSERT INTO notes VALUES (1, 1), (2, 1), (3, 2)",
    )
    return people


def refused(db: Database, match: str) -> None:
    connector, before = db.connector(USERS, NOTES), db.everything()
    with pytest.raises(RefusedError, match=match):
        list(connector.delete(ANN, planned(connector)))
    assert db.everything() == before


def test_a_check_that_forbids_unlinking_is_named(notes: Database) -> None:
    notes.run("ALTER TABLE notes ADD CONSTRAINT about_someone CHECK (about IS NOT NULL)")
    refused(notes, "about_someone")


def test_a_trigger_that_keeps_rows_linked_is_noticed(notes: Database) -> None:
    notes.run(
        "ALTER TABLE notes DROP CONSTRAINT notes_about_fkey",
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN IF OLD.id = 2 THEN RETURN NULL; END IF; RETURN NEW; END'",
        "CREATE TRIGGER keep BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION keep()",
    )
    refused(notes, r"public\.notes: 1 rows would be changed.* the orders say 2")


@pytest.mark.parametrize("action", [Action.DELETE, Action.REDACT])
def test_a_trigger_that_keeps_rows_back_is_noticed(people: Database, action: Action) -> None:
    people.run(
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER keep BEFORE DELETE OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION keep()",
    )
    connector, before = people.connector(USERS), people.everything()
    with pytest.raises(RefusedError, match=r"public\.users: 0 rows would be"):
        list(connector.delete(ANN, planned(connector, users=action)))
    assert people.everything() == before


def test_the_role_may_not_make_temporary_tables(people: Database, limited: SystemSpec) -> None:
    with psycopg.connect(people.url, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(name))
        try:
            with pytest.raises(AuthError, match="TEMPORARY"):
                connectors.build(limited).check()
        finally:
            connection.execute(sql.SQL("GRANT TEMPORARY ON DATABASE {} TO PUBLIC").format(name))
