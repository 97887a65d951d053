"""Rows past their time, on a real PostgreSQL: the laws, and what is particular to tables and keys."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from connectors.errors import RefusedError, TransientError
from connectors.model import Action, CollectionSpec, FieldSpec, IdentitySpec, Locator, SystemSpec, Trust
from connectors.purging import Batch, Expiry, OnHold
from connectors.sandbox.postgres import EmbeddedPostgres
from connectors.testing.purges import Planted, purging
from tests.connectors.heroku_postgres.database import EMAIL, USERS, Database, owned

CUT = datetime(2025, 1, 1, tzinfo=UTC)
OLD, NEW = "2024-06-01", "2025-06-01"
SHOP = (
    "CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE NOT NULL)",
    "CREATE TABLE tickets (id bigint PRIMARY KEY, user_id bigint REFERENCES users, opened timestamptz)",
    "CREATE TABLE messages (id bigint PRIMARY KEY, ticket_id bigint NOT NULL, author bigint, sent timestamptz)",
    "ALTER TABLE messages ADD FOREIGN KEY (ticket_id) REFERENCES tickets ON DELETE CASCADE",
    "ALTER TABLE messages ADD FOREIGN KEY (author) REFERENCES users",
    "CREATE TABLE files (id bigint PRIMARY KEY, message_id bigint REFERENCES messages)",
    "CREATE INDEX ON tickets (opened)", "CREATE INDEX ON tickets (user_id)", "CREATE INDEX ON messages (ticket_id)",
    "CREATE INDEX ON messages (author)", "CREATE INDEX ON files (message_id)",
    "INSERT INTO users SELECT g, 'p' || g || '@example.net' FROM generate_series(2, 9) g",
    "INSERT INTO users VALUES (1, 'ann.lee@example.com')",
)  # fmt: skip
TICKETS = Expiry("public.tickets", CUT, along=frozenset({"public.messages", "public.files"}))


def shop(db: Database, **more: Any) -> SystemSpec:
    return db.spec(
        USERS, owned("tickets", "user_id to users", age_field="opened"),
        owned("messages", "ticket_id to tickets", "author? to users", age_field="sent"),
        owned("files", "message_id to messages"), purge_batch=7, **more,
    )  # fmt: skip


class ShopHarness:
    """Tickets of nine people with messages and files, old, new and of unknown age."""

    order = TICKETS
    person = ("email", "ann.lee@example.com")

    def start(self) -> None:
        self.server = EmbeddedPostgres()
        self.db = Database(self.server.__enter__().fresh("purges"))

    def stop(self) -> None:
        self.server.__exit__()

    def plant(self) -> Planted:
        self.db.empty()
        self.db.run(
            *SHOP,
            f"INSERT INTO tickets SELECT g, 1 + g % 9, timestamp '{OLD}' + g * interval '1 hour'"
            " FROM generate_series(1, 40) g",
            f"INSERT INTO tickets SELECT g, 1 + g % 9, '{NEW}' FROM generate_series(41, 60) g",
            "INSERT INTO tickets VALUES (61, 2, NULL), (62, 2, '-infinity')",
            f"INSERT INTO messages SELECT g * 10, g, 2, timestamp '{OLD}' + g * interval '1 hour'"
            " FROM generate_series(1, 60) g",
            # A young message keeps its old ticket; so does one whose age nobody knows.
            f"INSERT INTO messages VALUES (1000, 7, 3, '{NEW}'), (1001, 8, 3, NULL)",
            # Written by the person in somebody else's ticket.
            f"INSERT INTO messages VALUES (1002, 12, 1, '{OLD}')",
            "INSERT INTO files SELECT g, g * 10 FROM generate_series(1, 60) g",
        )
        going = frozenset(range(1, 41)) - {7, 8}
        theirs = {n for n in going if n % 9 == 0} | {12}
        return Planted(_tickets(going), _tickets(theirs))

    def spec(self) -> SystemSpec:
        return shop(self.db)

    def rows(self) -> frozenset[str]:
        tables = ("users", "tickets", "messages", "files")
        with psycopg.connect(self.db.url) as c:
            return frozenset(
                f"public.{t}/{row[0]}" for t in tables for row in c.execute(f"SELECT id FROM {t}".encode())
            )


def _tickets(numbers: Any) -> frozenset[str]:
    extra = {"public.messages/1002"} if 12 in numbers else set()
    return (
        frozenset(f"public.{what}" for n in numbers for what in (f"tickets/{n}", f"messages/{n * 10}", f"files/{n}"))
        | extra
    )


TestPostgresPurges = purging(ShopHarness)


@pytest.fixture
def log(db: Database) -> Database:
    """A log with twenty old rows and five new ones."""
    db.run(
        "CREATE TABLE log (id bigint PRIMARY KEY, email text, at timestamptz)", "CREATE INDEX ON log (at)",
        f"INSERT INTO log SELECT g, 'p' || g || '@example.net', '{OLD}' FROM generate_series(1, 20) g",
        f"INSERT INTO log SELECT g, 'p' || g || '@example.net', '{NEW}' FROM generate_series(21, 25) g",
    )  # fmt: skip
    return db


LOG = CollectionSpec("public.log", (EMAIL,), (), (FieldSpec("email"),), age_field="at")
ORDER = Expiry("public.log", CUT)
NOBODY = OnHold()


def purged(
    db: Database, order: Expiry = ORDER, held: OnHold = NOBODY, *specs: CollectionSpec, **more: Any
) -> list[Batch]:
    connector = db.connector(*(specs or (LOG,)), **{"purge_batch": 4, **more})
    return list(connector.purge(order, lambda: held))


def test_a_redaction_empties_the_fields_and_keeps_the_rows(log: Database) -> None:
    order = Expiry("public.log", CUT, Action.REDACT)
    assert sum(b.count for b in purged(log, order)) == 20
    assert log.value("SELECT count(*), count(email) FROM log") == (25, 5)
    assert not any(b.count for b in purged(log, order))


@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamptz"])
def test_a_row_of_the_very_instant_is_not_before_it(log: Database, kind: str) -> None:
    log.run(f"ALTER TABLE log ALTER at TYPE {kind}", "UPDATE log SET at = '2025-01-01' WHERE id = 20",
            "UPDATE log SET at = '2024-12-31' WHERE id = 19")  # fmt: skip
    purged(log)
    assert log.value("SELECT min(id) FROM log") == 20


def test_a_locked_row_is_left_and_nobody_waits(log: Database) -> None:
    with psycopg.connect(log.url) as other:
        other.execute("SELECT FROM log WHERE id = 3 FOR UPDATE")
        assert sum(b.count for b in purged(log)) == 19
    assert sum(b.count for b in purged(log)) == 1


def test_a_row_that_another_client_makes_young_stays(log: Database) -> None:
    batches = log.connector(LOG, purge_batch=4).purge(ORDER, OnHold)
    next(batches)
    log.run(f"UPDATE log SET at = '{NEW}' WHERE id BETWEEN 10 AND 12")
    list(batches)
    assert [r[0] for r in log.rows("log")] == [10, 11, 12, 21, 22, 23, 24, 25]


def test_a_held_organisation_a_held_table_and_a_held_span_stay(people: Database) -> None:
    people.run(
        "CREATE TABLE organisations (id bigint PRIMARY KEY)", "INSERT INTO organisations VALUES (5), (6)",
        "ALTER TABLE users ADD organisation_id bigint REFERENCES organisations",
        "UPDATE users SET organisation_id = 4 + id",
        "CREATE TABLE log (id bigint PRIMARY KEY, user_id bigint REFERENCES users, org bigint REFERENCES organisations,"
        " at timestamptz)", "CREATE INDEX ON log (at)",
        f"INSERT INTO log VALUES (1, 1, NULL, '{OLD}'), (2, 2, NULL, '{OLD}'), (3, NULL, 5, '{OLD}'),"
        " (4, NULL, 6, '2024-02-01')",
    )  # fmt: skip
    specs = (
        owned("users", "organisation_id? to organisations", email=True,
              identities=(IdentitySpec("organisation_id", "organisation_id", Trust.CLAIMED, match=False),)),
        owned("organisations"), owned("log", "user_id to users", "org? to organisations", age_field="at"),
    )  # fmt: skip
    connector = people.connector(*specs)
    assert connector.expired(ORDER, OnHold("a", organisations=frozenset({"5"}))).held == 2
    assert connector.expired(ORDER, OnHold("b", windows=(Locator("db", "public.log"),))).held == 4
    span = Locator("db", "", "", datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC))
    assert connector.expired(ORDER, OnHold("c", windows=(span,))).held == 1
    purged(people, ORDER, OnHold("a", organisations=frozenset({"5"})), *specs)
    assert [r[0] for r in people.rows("log")] == [1, 3]


def test_a_link_that_nobody_marked_and_a_row_that_others_name(log: Database) -> None:
    log.run("CREATE TABLE notes (id int, log_id bigint REFERENCES log ON DELETE CASCADE)",
            "INSERT INTO notes VALUES (1, 5)", "CREATE INDEX ON notes (log_id)")  # fmt: skip
    with pytest.raises(RefusedError, match="nobody has marked it"):
        purged(log)
    purged(log, ORDER, OnHold(), LOG, owned("notes", "log_id? to log"))
    assert {r[0] for r in log.rows("log")} == {5, 21, 22, 23, 24, 25}
    assert len(log.rows("notes")) == 1


def test_a_trigger_that_touches_others_rolls_the_batch_back(log: Database) -> None:
    log.run(
        "CREATE TABLE others (id int)",
        "INSERT INTO others VALUES (1), (2)",
        "CREATE FUNCTION takes() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN DELETE FROM others WHERE id = 1; RETURN OLD; END'",
        "CREATE TRIGGER t AFTER DELETE ON log FOR EACH ROW EXECUTE FUNCTION takes()",
    )
    with pytest.raises(RefusedError, match=r"public\.others: 0 rows would be added, 0 changed and 1 deleted"):
        purged(log)
    assert (len(log.rows("log")), len(log.rows("others"))) == (25, 2)


def test_a_missing_index_is_said_instead_of_scanning(log: Database) -> None:
    log.run("DROP INDEX log_at_idx")
    with pytest.raises(RefusedError, match=r"no index that begins with at.*CREATE INDEX CONCURRENTLY ON public.log"):
        purged(log, purge_scan_rows=10)
    assert "CREATE INDEX" in log.connector(LOG, purge_scan_rows=10).expired(ORDER, OnHold()).stops[0]
    assert sum(b.count for b in purged(log)) == 20  # a small table may be read


@pytest.fixture
def parts(db: Database) -> Database:
    db.run(
        "CREATE TABLE log (email text, at timestamptz NOT NULL) PARTITION BY RANGE (at)",
        "CREATE INDEX ON log (at)",
        *(f"CREATE TABLE log_{y} PARTITION OF log FOR VALUES FROM ('{y}-01-01') TO ('{y + 1}-01-01')"
          for y in range(2022, 2027)),
        "INSERT INTO log SELECT 'p' || g || '@example.net', timestamptz '2022-02-01' + g * interval '10 days'"
        " FROM generate_series(0, 140) g",
    )  # fmt: skip
    return db


def test_partitions_wholly_past_are_dropped_and_the_rest_goes_by_rows(parts: Database) -> None:
    cut = datetime(2024, 6, 1, tzinfo=UTC)
    order = Expiry("public.log", cut)
    found = parts.connector(LOG).expired(order, OnHold())
    assert found.partitions == ("public.log_2022", "public.log_2023")
    batches = purged(parts, order)
    assert sum(b.count for b in batches) == found.count
    assert [b.note for b in batches if "dropped" in b.note] == [
        "partition public.log_2022 was dropped", "partition public.log_2023 was dropped",
    ]  # fmt: skip
    assert parts.value("SELECT min(at) >= '2024-06-01' FROM log")
    assert parts.value("SELECT to_regclass('log_2023')") is None


def test_no_partition_is_dropped_while_somebody_in_the_system_is_held(parts: Database) -> None:
    held = OnHold("one", True, lambda kind, value: value == "p3@example.net")
    batches = purged(parts, Expiry("public.log", CUT), held)
    assert not any("dropped" in b.note for b in batches)
    assert parts.value("SELECT count(*) FROM log WHERE at < '2025-01-01'") == 1


def test_a_lock_that_does_not_end_is_said_and_what_was_done_stays(parts: Database) -> None:
    with psycopg.connect(parts.url) as other:
        other.execute("LOCK TABLE log_2024 IN SHARE MODE")
        batches = parts.connector(LOG, purge_batch=20, lock_timeout=0.1).purge(Expiry("public.log", CUT), OnHold)
        dropped = [next(batches), next(batches)]
        with pytest.raises(TransientError, match="55P03"):
            list(batches)
    notes = [b.note for b in dropped]
    assert notes[:2] == ["partition public.log_2022 was dropped", "partition public.log_2023 was dropped"]
