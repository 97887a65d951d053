"""What hangs on what, told per window of retention."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.errors import RefusedError
from connectors.model import Action, Locator, Order, Record, Status
from tests.connectors.heroku_postgres.database import ANN, USERS, Database, owned

CUT = datetime(2019, 1, 1, tzinfo=UTC)
INVOICES = owned("invoices", "user_id to users", age_field="at", cutoffs=(CUT,))
LINES = owned("lines", "invoice_id to invoices", age_field="at", cutoffs=(CUT,))
OLD, YOUNG = (None, CUT), (CUT, None)


@pytest.fixture(params=["", "ON DELETE CASCADE", "ON DELETE RESTRICT", "ON DELETE SET NULL"])
def books(people: Database, request: pytest.FixtureRequest) -> Database:
    """Invoices 1 and 2 are old, 3 is young; 2 and 3 have young lines, 1 an old one; 9 is the bystander's."""
    people.run(
        "CREATE TABLE invoices (id int PRIMARY KEY, user_id bigint REFERENCES users, at timestamptz)",
        f"CREATE TABLE lines (invoice_id int REFERENCES invoices {request.param}, at timestamptz)",
        "INSERT INTO invoices VALUES (1, 1, '2010-01-01'), (2, 1, '2010-01-01'), (3, 1, '2025-01-01'), "
        "(9, 2, '2010-01-01')",
        "INSERT INTO lines VALUES (1, '2010-01-01'), (2, '2025-01-01'), (3, NULL), (9, '2025-01-01')",
    )
    return people


def taken(db: Database, *collections: Any) -> dict[tuple[str, Any], set[tuple[str, Any]]]:
    """(table, window) -> the same of what it takes along."""

    def place(at: Locator) -> tuple[str, Any]:
        return at.collection.partition(".")[2], (at.since, at.before)

    records: list[Record] = list(db.connector(*collections).locate(ANN))
    found = {}
    for r in records:
        locators = [t for t in r.takes if isinstance(t, Locator)]
        assert len(locators) == len(r.takes)
        found[place(r.at)] = {place(t) for t in locators}
    return found


def test_a_window_takes_the_windows_whose_rows_hang_on_its_rows(books: Database) -> None:
    assert taken(books, USERS, INVOICES, LINES) == {
        ("lines", OLD): set(),
        ("lines", YOUNG): set(),
        ("invoices", OLD): {("lines", OLD), ("lines", YOUNG)},
        ("invoices", YOUNG): {("lines", YOUNG)},
        ("users", (None, None)): {("invoices", OLD), ("invoices", YOUNG)},
    }
    books.run("DELETE FROM lines WHERE invoice_id = 2")
    assert taken(books, USERS, INVOICES, LINES)["invoices", OLD] == {("lines", OLD)}


def test_the_bystanders_rows_do_not_count(books: Database) -> None:
    books.run("DELETE FROM lines WHERE invoice_id IN (1, 2)")
    assert taken(books, USERS, INVOICES, LINES)["invoices", OLD] == set()


def test_where_neither_has_several_windows_rows_are_taken_to_hang_on_rows(books: Database) -> None:
    whole = taken(books, USERS, owned("invoices", "user_id to users"), owned("lines", "invoice_id to invoices"))
    assert whole["invoices", (None, None)] == {("lines", (None, None))}


def test_old_answers_hang_on_young_questions(people: Database) -> None:
    """A reference within one table, between its windows."""
    people.run(
        "CREATE TABLE posts (id int PRIMARY KEY, user_id bigint REFERENCES users, "
        "parent int REFERENCES posts, at timestamptz)",
        "INSERT INTO posts VALUES (1, 1, NULL, '2010-01-01'), (2, 1, 1, '2025-01-01'), (3, 1, 2, '2025-01-01')",
    )
    posts = owned("posts", "user_id to users", "parent? to posts", age_field="at", cutoffs=(CUT,))
    found = taken(people, USERS, posts)
    assert found["posts", OLD] == {("posts", YOUNG)}
    assert found["posts", YOUNG] == set()


def test_a_line_that_came_to_an_old_invoice_meanwhile_stops_its_deletion(books: Database) -> None:
    books.run("DELETE FROM lines WHERE invoice_id = 2")
    connector = books.connector(USERS, INVOICES, LINES)
    orders = [
        Order(r.at, Action.DELETE if r.at.before else Action.RETAIN, r.count, late=5) for r in connector.locate(ANN)
    ]
    books.run("INSERT INTO lines VALUES (1, '2026-01-01')")
    before = books.everything()
    with pytest.raises(RefusedError, match="lines"):
        list(connector.delete(ANN, orders))
    assert books.everything() == before
    books.run("DELETE FROM lines WHERE at = '2026-01-01'")
    assert {o.status for o in connector.delete(ANN, orders)} == {Status.DONE, Status.RETAINED}
    assert [row[0] for row in books.rows("invoices")] == [3, 9]
