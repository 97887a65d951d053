"""What a redaction puts where NULL, CHECKs, domains and unique indexes do not take everything."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.errors import RefusedError
from connectors.model import Action, CollectionSpec, FieldSpec, Redaction, Status
from tests.connectors.heroku_postgres.database import ANN, USERS, Database, erased, owned, planned

REDACT = Action.REDACT


def cards(*fields: str | FieldSpec) -> CollectionSpec:
    said = tuple(f if isinstance(f, FieldSpec) else FieldSpec(f) for f in fields)
    return owned("cards", "user_id to users", fields=said)


def plant(db: Database, columns: str, mine: str, others: str) -> None:
    """A table of cards of the subject's, twice, and of the bystander's."""
    db.run(
        f"CREATE TABLE cards (user_id bigint REFERENCES users, {columns})",
        f"INSERT INTO cards VALUES (1, {mine}), (1, {mine}), (2, {others})",
    )


def redacted(db: Database, spec: CollectionSpec) -> list[tuple[Any, ...]]:
    """The subject's cards afterwards; nobody may be found in them any more, and the other's are as they were."""
    before = [row for row in db.rows("cards") if row[0] == 2]
    connector = db.connector(USERS, spec)
    assert {o.status for o in erased(connector, users=REDACT, cards=REDACT)} == {Status.DONE}
    db.run("UPDATE users SET email = 'ann.lee@example.com' WHERE id = 1")  # so that her cards are found again
    assert [n for r in connector.locate(ANN) if r.at.collection == "public.cards" for _, n in r.fields if n] == []
    assert [row for row in db.rows("cards") if row[0] == 2] == before
    return [row[1:] for row in db.rows("cards") if row[0] == 1]


@pytest.mark.parametrize(
    ("columns", "value", "expected"),
    [
        ("said text", "'Ann'", None),
        ("said text NOT NULL", "'Ann'", "[redacted]"),
        ("said text CHECK (said <> '')", "'Ann'", None),
        ("said text CHECK (said IS NOT NULL)", "'Ann'", "[redacted]"),
        ("said text NOT NULL CHECK (said IN ('Ann', ''))", "'Ann'", ""),
        ("said varchar(5) NOT NULL CHECK (length(said) < 4)", "'Ann'", ""),
        ("said int NOT NULL", "7", 0),
        ("said int CHECK (said IS NOT NULL AND said >= 0)", "7", 0),
        ("said date CHECK (said IS NOT NULL)", "'2020-02-02'", "1970-01-01"),
        ("said jsonb CHECK (jsonb_typeof(said) = 'object' AND said IS NOT NULL)", "'{\"a\": 1}'", "{}"),
        ("said text[] CHECK (said IS NOT NULL)", "'{Ann}'", "[]"),
    ],
)
def test_the_first_placeholder_that_fits_is_taken(
    people: Database, columns: str, value: str, expected: object
) -> None:  # fmt: skip
    plant(people, columns, value, value)
    for (said,) in redacted(people, cards("said")):
        assert said == expected or str(said) == expected


def test_an_address_where_a_check_asks_for_one(people: Database) -> None:
    plant(people, "said text NOT NULL CHECK (said LIKE '%_@_%')", "'ann@example.com'", "'bob@example.com'")
    assert all(said.endswith("@invalid.example") for (said,) in redacted(people, cards("said")))


def test_a_unique_column_gets_texts_that_differ(people: Database) -> None:
    people.run("CREATE TABLE cards (user_id bigint REFERENCES users, said text UNIQUE CHECK (said IS NOT NULL))")
    people.run("INSERT INTO cards VALUES (1, 'a'), (1, 'b'), (2, 'c')")
    assert len({said for (said,) in redacted(people, cards("said"))}) == 2


def test_a_domain_is_asked_as_well(people: Database) -> None:
    people.run(
        "CREATE DOMAIN contact AS text NOT NULL CHECK (VALUE LIKE '%@%')",
        "CREATE DOMAIN small AS int CHECK (VALUE > 0)",
    )
    plant(people, "said contact, age small", "'ann@example.com', 9", "'bob@example.com', 9")
    rows = redacted(people, cards("said", "age"))
    assert all(said.endswith("@invalid.example") and age is None for said, age in rows)


def test_columns_of_one_check_are_tried_together(people: Database) -> None:
    plant(
        people,
        "phone text, mail text, kind text, "
        "CONSTRAINT reachable CHECK (phone IS NOT NULL OR coalesce(mail, '') LIKE '%@%'), "
        "CONSTRAINT paired CHECK ((kind IS NULL) = (phone IS NULL))",
        "'555-0100', NULL, 'mobile'",
        "'555-0101', NULL, 'mobile'",
    )
    for phone, mail, kind in redacted(people, cards("phone", "mail", "kind")):
        assert (phone is None) is (kind is None)
        assert phone is not None or mail.endswith("@invalid.example")


def test_a_check_that_a_kept_column_decides(people: Database) -> None:
    """The rows themselves are tried: one of them forbids NULL, so none becomes NULL."""
    people.run(
        "CREATE TABLE cards (user_id bigint REFERENCES users, open boolean, said text, CHECK (NOT open OR said > ''))",
        "INSERT INTO cards VALUES (1, false, 'a'), (1, true, 'b'), (2, true, 'c')",
    )
    assert redacted(people, cards("said")) == [(False, None), (True, None)]  # NULL > '' is unknown, which satisfies
    people.run(
        "ALTER TABLE cards ADD CHECK (NOT open OR said IS NOT NULL) NOT VALID",
        "UPDATE cards SET said = 'd' WHERE open",
    )
    assert redacted(people, cards("said")) == [(False, "[redacted]"), (True, "[redacted]")]


@pytest.mark.parametrize(
    ("columns", "value", "name"),
    [
        ("said text NOT NULL CONSTRAINT two_letters CHECK (said ~ '^[A-Z]{2}$')", "'DE'", "two_letters"),
        ("said int NOT NULL CONSTRAINT positive CHECK (said > 0)", "7", "positive"),
        ("said grade", "'A'", "grade_check"),
    ],
)
def test_what_nothing_fits_is_refused_by_name_before_anything_is_touched(
    people: Database, columns: str, value: str, name: str
) -> None:
    people.run("CREATE DOMAIN grade AS text NOT NULL CHECK (VALUE IN ('A', 'B'))", "CREATE TABLE touched (n int)")
    plant(people, columns, value, value)
    people.run(
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM 1 / 0; RETURN NEW; END'",
        "CREATE TRIGGER touch BEFORE UPDATE ON cards FOR EACH ROW EXECUTE FUNCTION touch()",
    )
    before = people.everything()
    connector = people.connector(USERS, cards("said"))
    with pytest.raises(RefusedError, match=rf"public\.cards.*{name} \(said\)"):
        list(connector.delete(ANN, planned(connector, users=REDACT, cards=REDACT)))
    assert people.everything() == before


def test_a_choice_of_the_inventory_is_not_second_guessed(people: Database) -> None:
    plant(people, "said text CONSTRAINT filled CHECK (said <> '')", "'Ann'", "'Bob'")
    connector = people.connector(USERS, cards(FieldSpec("said", redaction=Redaction.EMPTY)))
    with pytest.raises(RefusedError, match="filled"):
        list(connector.delete(ANN, planned(connector, users=REDACT, cards=REDACT)))


def test_nothing_is_left_of_the_trial(people: Database) -> None:
    plant(people, "said text CHECK (said IS NOT NULL)", "'Ann'", "'Bob'")
    connector = people.connector(USERS, cards("said"))
    erased(connector, users=REDACT, cards=REDACT)
    assert people.value("SELECT count(*) FROM pg_class WHERE relname LIKE 'dsr%'") == 0
