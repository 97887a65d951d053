"""Corrections in PostgreSQL: addresses by which rows are found, other clients, constraints, triggers, types."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from connectors.errors import ChangedError, RefusedError, TransientError
from connectors.heroku_postgres.connector import PostgresConnector
from connectors.model import (
    Change,
    CollectionSpec,
    Correction,
    FieldSpec,
    Identifier,
    IdentitySpec,
    Locator,
    Outcome,
    Status,
    Subject,
    Trust,
)
from tests.connectors.heroku_postgres.database import ANN, EMAIL, Database, owned

HER = Subject.of(*ANN.identifiers, Identifier("user_id", "1", Trust.ASSIGNED))
NEW = "anne.li@example.com"


@pytest.fixture
def shop(db: Database) -> Database:
    db.run(
        "CREATE TYPE tier AS ENUM ('small', 'large')",
        "CREATE DOMAIN zip AS text CHECK (VALUE ~ '^[0-9]{5}$')",
        "CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL, name varchar(12) NOT NULL, born date, size tier,"
        " zip zip, initials text GENERATED ALWAYS AS (left(name, 1)) STORED, data jsonb, nick text UNIQUE)",
        "CREATE UNIQUE INDEX users_email ON users (lower(email))",
        "CREATE TABLE leads (email text, name text, tags text[])",
        "INSERT INTO users (id, email, name, born, size, zip, data, nick) VALUES"
        """ (1, 'ann.lee@example.com', 'Ann Lee', '1990-02-01', 'small', '53703', '{"a": {"n": 5, "t": "x"}}', 'al'),"""
        """ (2, 'bob.ray@example.com', 'Ann Lee', '1990-02-01', 'small', '53703', '{"a": {"n": 5, "t": "x"}}', 'br')""",
        "INSERT INTO leads VALUES ('ANN.LEE@example.com', 'Ann Lee', '{x}'), ('ann.lee@example.com', 'A. Lee', '{x}')",
    )
    return db


FIELDS = ("email", "name", "born", "size", "zip", "initials", "data->a->n", "data->a->t", "nick")
USERS = owned("users", identities=(EMAIL,), one_per_person=True, fields=tuple(map(FieldSpec, FIELDS)))
LEADS = owned("leads", email=True, fields=(FieldSpec("email"), FieldSpec("name"), FieldSpec("tags")))


def at(name: str) -> Locator:
    return Locator("app", f"public.{name}")


def one(name: str, field: str, old: str, new: str, count: int = 1) -> Correction:
    return Correction(at(name), (Change(field, old, new, count),))


@pytest.fixture
def connector(shop: Database) -> PostgresConnector:
    number = IdentitySpec("user_id", "id", Trust.ASSIGNED)
    users = CollectionSpec(USERS.name, (*USERS.identities, number), fields=USERS.fields, one_per_person=True)
    return shop.connector(users, LEADS)


def corrected(connector: PostgresConnector, *corrections: Correction, subject: Subject = HER) -> list[Outcome]:
    return list(connector.correct(subject, corrections))


def test_an_address_by_which_rows_are_found_hides_none_of_them(shop: Database, connector: PostgresConnector) -> None:
    asked = [
        one("users", "email", "ann.lee@example.com", NEW),
        one("users", "name", "Ann Lee", "Anne Li"),
        Correction(at("leads"), tuple(Change("email", o, NEW) for o in ("ANN.LEE@example.com", "ann.lee@example.com"))),
        one("leads", "name", "Ann Lee", "Anne Li"),
    ]
    only_by_address = Subject(ANN.identifiers)
    assert [o.status for o in corrected(connector, *asked, subject=only_by_address)] == [Status.DONE] * 4
    assert shop.value("SELECT email, name FROM users WHERE id = 1") == (NEW, "Anne Li")
    assert shop.value("SELECT array_agg(email || '/' || name ORDER BY name) FROM leads") == [
        f"{NEW}/A. Lee", f"{NEW}/Anne Li"
    ]  # fmt: skip
    assert shop.value("SELECT email, name FROM users WHERE id = 2") == ("bob.ray@example.com", "Ann Lee")
    again = corrected(connector, *asked)
    assert {o.status for o in again} == {Status.ABSENT}, "found by her number, or not at all any more"


def test_another_ones_address_stops_everything(shop: Database, connector: PostgresConnector) -> None:
    before = shop.everything()
    with pytest.raises(ChangedError, match="see whose it is") as raised:
        corrected(
            connector, one("users", "name", "Ann Lee", "Anne Li"),
            one("users", "email", "ann.lee@example.com", "Bob.Ray@example.com"),
        )  # fmt: skip
    assert "bob" not in str(raised.value).casefold()
    assert shop.everything() == before


@pytest.mark.parametrize(
    ("field", "old", "new", "why"),
    [
        ("name", "Ann Lee", "a name much too long", "22001"),
        ("born", "1990-02-01", "yesterday week", "22007"),
        ("size", "small", "middling", "22P02"),
        ("zip", "53703", "Madison", "zip_check"),
        ("data->a->n", "5", "five", "22P02"),
        ("nick", "al", "br", "users_nick_key"),
        ("name", "Ann Lee", "", None),
    ],
)
def test_a_value_that_does_not_fit_is_left_to_people(
    shop: Database, connector: PostgresConnector, field: str, old: str, new: str, why: str | None
) -> None:
    refused, done = corrected(connector, one("users", field, old, new), one("leads", "name", "Ann Lee", "Anne Li"))
    assert done.status is Status.DONE, "one that is not taken keeps no other back"
    if why is None:  # NOT NULL: emptied to an empty text
        assert refused.status is Status.DONE
        assert shop.value("SELECT name FROM users WHERE id = 1") == ""
        return
    assert (refused.status, why in refused.reason, new in refused.reason) == (Status.MANUAL, True, False)
    assert [h.value for h in connector.held(HER, at("users"), [field])] == [old]


def test_types_are_kept(shop: Database, connector: PostgresConnector) -> None:
    asked = [
        one("users", "born", "1990-02-01", "1990-3-1"), one("users", "size", "small", "large"),
        one("users", "data->a->n", "5", "7"), one("users", "data->a->t", "x", ""),
    ]  # fmt: skip
    assert {o.status for o in corrected(connector, *asked)} == {Status.DONE}
    found = shop.value("SELECT born::text, size::text, data::text FROM users WHERE id = 1")
    assert found == ("1990-03-01", "large", '{"a": {"n": 7}}')
    assert {o.status for o in corrected(connector, *asked)} == {Status.ABSENT}, "the server's spelling is the same day"


def test_a_computed_column_is_read_and_left_to_people(connector: PostgresConnector) -> None:
    held = list(connector.held(HER, at("users"), ["initials", "tags"][:1]))
    assert [(h.value, bool(h.fixed)) for h in held] == [("A", True)]
    assert corrected(connector, one("users", "initials", "A", "B"))[0].status is Status.MANUAL
    assert list(connector.held(HER, at("leads"), ["tags"])) == [], "a list of things is no single value"


def test_rows_of_others_are_never_corrected(connector: PostgresConnector) -> None:
    for key in ("claimed", "mentions:x"):
        foreign = Correction(Locator("app", "public.users", key), (Change("name", "Ann Lee", "X", 9),))
        assert list(connector.held(HER, foreign.at, ["name"])) == []
        with pytest.raises(RefusedError, match="never corrected"):
            corrected(connector, foreign)


def test_what_another_client_writes_meanwhile_is_not_overwritten(shop: Database, connector: PostgresConnector) -> None:
    def meanwhile(collection: str) -> None:
        with psycopg.connect(shop.url) as other:
            other.execute("UPDATE users SET name = 'Annie' WHERE id = 1")

    racing = shop.connector(USERS, LEADS, gate=meanwhile)
    with pytest.raises((TransientError, ChangedError)):
        corrected(racing, one("users", "name", "Ann Lee", "Anne Li"), subject=ANN)
    assert shop.value("SELECT name FROM users WHERE id = 1") == "Annie"
    with pytest.raises(ChangedError, match="neither the old value nor the new one"):
        corrected(connector, one("users", "name", "Ann Lee", "Anne Li"))


TRIGGERS: dict[str, tuple[str, Callable[[Outcome], bool] | type[Exception]]] = {
    "another table": ("UPDATE leads SET name = 'X'; RETURN NEW;", RefusedError),
    "its own row": ("NEW.nick := 'touched'; RETURN NEW;", lambda o: o.status is Status.DONE),
    "the value": ("NEW.name := 'someone'; RETURN NEW;", lambda o: o.status is Status.MANUAL),
    "nothing": ("RETURN NULL;", RefusedError),
    "an error": ("RAISE EXCEPTION 'no'; ", lambda o: o.status is Status.MANUAL),
}


@pytest.mark.parametrize("what", TRIGGERS)
def test_what_a_trigger_does_is_noticed(shop: Database, connector: PostgresConnector, what: str) -> None:
    body, expected = TRIGGERS[what]
    shop.run(
        f"CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$",
        "CREATE TRIGGER t BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION t()",
    )
    before = shop.everything()
    if isinstance(expected, type):
        with pytest.raises(expected):
            corrected(connector, one("users", "name", "Ann Lee", "Anne Li"))
        assert shop.everything() == before
        return
    (outcome,) = corrected(connector, one("users", "name", "Ann Lee", "Anne Li"))
    assert expected(outcome)
    assert outcome.status is Status.DONE or shop.everything() == before
