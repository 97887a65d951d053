"""What the connector tells of a role and of the inventory before a request needs them."""

from __future__ import annotations

from dataclasses import replace

from connectors.model import Aspect, CollectionSpec, FieldSpec, Secret
from tests.connectors.heroku_postgres.database import USERS, Database, owned

NOTES = owned("notes", "user_id to users")


def wrong(db: Database, *collections: CollectionSpec, dsn: str = "") -> set[tuple[Aspect, str]]:
    connector = db.connector(*collections)
    if dsn:
        spec = replace(db.spec(*collections), secrets={"dsn": Secret(dsn)})
        connector = type(connector)(spec)
    return {(p.aspect, p.says) for p in connector.inspect() if p.ok is not True}


def test_a_role_with_everything_has_nothing_wrong(people: Database) -> None:
    assert wrong(people, USERS) == set()
    assert {p.aspect for p in people.connector(USERS).inspect()} == {
        Aspect.REACH, Aspect.LOCATE, Aspect.EXPORT, Aspect.DELETE, Aspect.INVENTORY,
    }  # fmt: skip


def test_every_privilege_that_is_missing_is_told_at_once(people: Database) -> None:
    people.run(
        "CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint REFERENCES users, text text)",
        "DO $$ BEGIN CREATE ROLE sandbox_reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "GRANT USAGE ON SCHEMA public TO sandbox_reader",
        "GRANT SELECT ON users TO sandbox_reader",
        "GRANT UPDATE, DELETE ON notes TO sandbox_reader",
    )
    lesser = people.url + ("&" if "?" in people.url else "?") + "user=sandbox_reader"
    assert wrong(people, USERS, NOTES, dsn=lesser) == {
        (Aspect.DELETE, "the role lacks DELETE on public.users"),
        (Aspect.DELETE, "the role lacks UPDATE on public.users"),
        (Aspect.LOCATE, "the role lacks SELECT on public.notes"),
        (Aspect.EXPORT, "the role lacks SELECT on public.notes"),
    }


def test_names_that_are_not_there_are_told(people: Database) -> None:
    misspelt = replace(USERS, fields=(FieldSpec("nickname", "A"),))
    assert {aspect for aspect, _ in wrong(people, misspelt)} == {Aspect.INVENTORY}
    assert {aspect for aspect, _ in wrong(people, USERS, owned("nothing"))} == {Aspect.INVENTORY}
