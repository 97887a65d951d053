"""Other clients write while a deletion runs: it fails as a whole, or nothing of theirs was its business.

The gate is called when the transaction has begun, so that its snapshot is taken, and nothing is
written yet. What another client commits there comes between.
"""

from __future__ import annotations

import psycopg
import pytest

from connectors.errors import ConfigError, ConnectorError, RefusedError, TransientError
from connectors.heroku_postgres.catalogue import mark
from connectors.model import Action, Gate, Status
from tests.connectors.heroku_postgres.database import ANN, USERS, Database, erased, owned, planned

ORDERS = owned("orders", "user_id to users")
LINES = owned("lines", "order_id to orders")
NOTES = owned("notes", "about? to users")
RETAIN, DELETE, REDACT = Action.RETAIN, Action.DELETE, Action.REDACT


@pytest.fixture
def shop(people: Database) -> Database:
    """Order 10 and its lines are the subject's, order 20 the bystander's, and so is a note about the subject."""
    people.run(
        "CREATE TABLE orders (id int PRIMARY KEY, user_id bigint REFERENCES users, said text)",
        "CREATE TABLE lines (id int PRIMARY KEY, order_id int REFERENCES orders)",
        "CREATE TABLE notes (id int, about bigint REFERENCES users, said text)",
        "INSERT INTO orders VALUES (10, 1, 'a'), (20, 2, 'b')",
        "INSERT INTO lines VALUES (101, 10), (102, 10), (201, 20)",
        "INSERT INTO notes VALUES (1, 1, 'n'), (2, 2, 'm')",
    )
    return people


def on_delete(db: Database, table: str, column: str, to: str, how: str) -> None:
    db.run(
        f"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_fkey",
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_fkey FOREIGN KEY ({column}) REFERENCES {to} "
        f"ON DELETE {how}",
    )


def meanwhile(db: Database, *statements: str) -> Gate:
    """A gate at which another client commits these statements, once."""
    left = [statements]

    def gate(collection: str) -> None:
        if left:
            db.run(*left.pop())

    return gate


def run(db: Database, *statements: str, **actions: Action) -> type[ConnectorError] | None:
    """Erase while others commit these statements. What was raised, if anything."""
    collections = (USERS, ORDERS, LINES, NOTES)
    orders = planned(db.connector(*collections), ANN, **actions)
    try:
        outcomes = list(db.connector(*collections, gate=meanwhile(db, *statements)).delete(ANN, orders))
    except ConnectorError as error:
        return type(error)
    assert {o.status for o in outcomes} <= {Status.DONE, Status.RETAINED}
    return None


@pytest.mark.parametrize("how", ["NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"])
@pytest.mark.parametrize(
    ("table", "column", "to", "row"),
    [("lines", "order_id", "orders", "(103, 10)"), ("notes", "about", "users", "(3, 1, 'new')")],
)
def test_a_reference_that_comes_meanwhile_is_never_lost(
    shop: Database, table: str, column: str, to: str, row: str, how: str
) -> None:
    on_delete(shop, table, column, to, how)
    before = shop.everything()
    raised = run(shop, f"INSERT INTO {table} VALUES {row}")
    assert raised in (TransientError, RefusedError)
    shop.run(f"DELETE FROM {table} WHERE id IN (103, 3)")
    assert shop.everything() == before


@pytest.mark.parametrize("how", ["NO ACTION", "CASCADE"])
def test_a_reference_that_is_not_committed_yet_is_waited_for_in_bounds(shop: Database, how: str) -> None:
    on_delete(shop, "lines", "order_id", "orders", how)
    before = shop.everything()
    with psycopg.connect(shop.url) as other:
        other.execute("INSERT INTO lines VALUES (103, 10)")
        assert run(shop) is TransientError
        other.rollback()
    assert shop.everything() == before
    assert run(shop) is None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE orders SET user_id = 2 WHERE id = 10",
        "UPDATE orders SET said = 'c' WHERE id = 10",
        "UPDATE lines SET order_id = 20 WHERE id = 101",
        "UPDATE users SET email = 'ann.lee@example.org' WHERE id = 1",
        "UPDATE notes SET about = 2 WHERE id = 1",
        "UPDATE notes SET said = 'changed' WHERE id = 1",
        "DELETE FROM lines WHERE id = 101",
        "DELETE FROM notes WHERE id = 1",
    ],
)
def test_a_row_that_changes_hands_meanwhile_is_not_touched(shop: Database, change: str) -> None:
    orders = planned(shop.connector(USERS, ORDERS, LINES, NOTES))
    connector = shop.connector(USERS, ORDERS, LINES, NOTES, gate=meanwhile(shop, change))
    with pytest.raises(TransientError):
        list(connector.delete(ANN, orders))
    after = shop.everything()
    assert (len(after["public.users"]), len(after["public.orders"])) == (2, 2)
    erased(shop.connector(USERS, ORDERS, LINES, NOTES))  # what is hers now
    assert {row[0] for row in shop.rows("orders") if row[1] == 2} <= {10, 20}
    assert (2, "bob.ray@example.com", "Bob Ray") in shop.rows("users")


@pytest.mark.parametrize("kept", [RETAIN, Action.MANUAL])
@pytest.mark.parametrize(
    "change",
    ["UPDATE orders SET user_id = 2 WHERE id = 10", "UPDATE users SET email = 'else@example.org' WHERE id = 1"],
)
def test_an_owner_that_stays_and_changes_hands_meanwhile(shop: Database, change: str, kept: Action) -> None:
    """The lines are hers only through an order that nothing is done to: it is held while they are deleted."""
    before = shop.rows("lines")
    assert run(shop, change, users=kept, orders=kept) is TransientError
    assert shop.rows("lines") == before


def test_who_is_unlinked_from_is_held_as_well(shop: Database) -> None:
    """The account changes hands: what is written about it is no longer written about the subject."""
    change = "UPDATE users SET email = 'else@example.org' WHERE id = 1"
    assert run(shop, change, users=RETAIN, orders=RETAIN, lines=RETAIN) is TransientError
    assert shop.rows("notes") == [(1, 1, "n"), (2, 2, "m")]


def test_an_owner_that_stays_is_held_until_the_end(shop: Database) -> None:
    """It cannot change hands between the statement and the commit either."""
    refused = []

    def gate(collection: str) -> None:
        with psycopg.connect(shop.url) as other:
            other.execute("SET lock_timeout = '100ms'")
            try:
                other.execute("UPDATE orders SET user_id = 2 WHERE id = 10")
            except psycopg.errors.LockNotAvailable:
                refused.append(collection)
            finally:
                other.rollback()

    connector = shop.connector(USERS, ORDERS, LINES, gate=gate)
    orders = planned(shop.connector(USERS, ORDERS, LINES), ANN, users=RETAIN, orders=RETAIN)
    assert Status.DONE in {o.status for o in connector.delete(ANN, orders)}
    assert refused == ["public.lines"], "open before the statement, closed before the commit"
    assert [row[0] for row in shop.rows("lines")] == [201]


def test_what_stays_and_owns_nothing_that_goes_needs_no_lock(shop: Database) -> None:
    with psycopg.connect(shop.url) as other:
        other.execute("SELECT FROM lines WHERE id = 101 FOR UPDATE")
        other.execute("SELECT FROM orders WHERE id = 10 FOR UPDATE")
        outcomes = erased(shop.connector(USERS, ORDERS, LINES, NOTES), users=RETAIN, orders=RETAIN, lines=RETAIN)
    assert {o.status for o in outcomes} == {Status.RETAINED, Status.DONE}
    assert shop.rows("notes") == [(1, None, "n"), (2, 2, "m")]


def test_a_table_that_is_made_meanwhile_loses_nothing(shop: Database) -> None:
    made = (
        "CREATE TABLE gifts (id int, order_id int REFERENCES orders ON DELETE CASCADE)",
        "INSERT INTO gifts VALUES (1, 10)",
    )
    assert run(shop, *made) in (TransientError, RefusedError)
    assert shop.rows("gifts") == [(1, 10)]


def test_a_structure_that_changed_since_the_search_is_read_again(shop: Database) -> None:
    connector = shop.connector(USERS, ORDERS, LINES, NOTES)
    orders = planned(connector)
    shop.run(
        "CREATE TABLE gifts (id int, order_id int REFERENCES orders ON DELETE CASCADE)",
        "INSERT INTO gifts VALUES (1, 10)",
    )
    before = shop.everything()
    with pytest.raises(RefusedError, match=r"public\.gifts.*gifts_order_id_fkey"):
        list(connector.delete(ANN, orders))
    assert shop.everything() == before


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ("ALTER TABLE orders ALTER said SET NOT NULL", True),
        ("ALTER TABLE orders ADD CHECK (said <> '')", True),
        ("ALTER TABLE orders RENAME said TO told", True),
        ("ALTER TABLE notes DROP CONSTRAINT notes_about_fkey", True),
        ("CREATE UNIQUE INDEX ON orders (said)", True),
        ("ALTER SCHEMA public RENAME TO private", True),
        ("INSERT INTO orders SELECT n FROM generate_series(100, 3000) n", False),
        ("ANALYZE", False),
    ],
)
def test_the_mark_changes_with_the_structure_and_with_nothing_else(shop: Database, change: str, differs: bool) -> None:
    with psycopg.connect(shop.url, autocommit=True) as connection:
        first = mark(connection)
        connection.execute(change.encode())
        assert (mark(connection) != first) is differs


def test_the_estimates_of_a_kept_structure_are_of_the_moment(shop: Database) -> None:
    connector = shop.connector(USERS, ORDERS)
    list(connector.locate(ANN))
    shop.run("INSERT INTO orders SELECT n, 2 FROM generate_series(100, 3000) n", "ANALYZE orders")
    assert {r.total for r in connector.locate(ANN) if r.at.collection == "public.orders"} == {2903}


def test_a_table_that_went_since_the_search_is_named(shop: Database) -> None:
    connector = shop.connector(USERS, ORDERS, LINES, NOTES)
    orders = planned(connector)
    shop.run("DROP TABLE notes")
    with pytest.raises(ConfigError, match=r"public\.notes"):
        list(connector.delete(ANN, orders))
