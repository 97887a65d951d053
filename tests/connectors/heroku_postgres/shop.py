"""A small database with one person, one bystander and every shape that is hard."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg

from connectors.model import (
    Action,
    CollectionSpec,
    Disclosure,
    FieldSpec,
    IdentitySpec,
    LinkKind,
    LinkSpec,
    Redaction,
    Secret,
    SystemSpec,
    Trust,
)

CUT = datetime(2020, 1, 1, tzinfo=UTC)
SCHEMA = """
CREATE TABLE people (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, alternate text, digest text NOT NULL,
    buddy_id bigint REFERENCES people ON DELETE SET NULL, tags text[] NOT NULL DEFAULT '{}', data jsonb);
CREATE TABLE orders (shop int, number int, person_id bigint NOT NULL REFERENCES people ON DELETE CASCADE,
    placed timestamptz, address text, PRIMARY KEY (shop, number));
CREATE TABLE order_lines (shop int, number int, line int, remark text NOT NULL,
    FOREIGN KEY (shop, number) REFERENCES orders ON DELETE RESTRICT);
CREATE TABLE "Odd Notes" ("The Body" varchar(8) NOT NULL, "ForPerson" bigint REFERENCES people);
CREATE TABLE events (person_id bigint REFERENCES people ON DELETE CASCADE, at date NOT NULL, ip inet NOT NULL)
    PARTITION BY RANGE (at);
CREATE TABLE events_old PARTITION OF events FOR VALUES FROM ('2000-01-01') TO ('2020-01-01');
CREATE TABLE events_new PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2100-01-01');
CREATE TABLE courses (id int PRIMARY KEY, author_id bigint REFERENCES people ON DELETE CASCADE, title text);
CREATE TABLE seats (course_id int REFERENCES courses ON DELETE CASCADE, person_id bigint REFERENCES people);
CREATE TABLE ring_a (id int PRIMARY KEY, person_id bigint REFERENCES people, b_id int);
CREATE TABLE ring_b (id int PRIMARY KEY, a_id int NOT NULL REFERENCES ring_a, note text);
ALTER TABLE ring_a ADD CONSTRAINT ring_a_b FOREIGN KEY (b_id) REFERENCES ring_b;
CREATE TABLE replies (id int PRIMARY KEY, parent_id int REFERENCES replies ON DELETE RESTRICT,
    person_id bigint REFERENCES people, body text);
"""
BULK = 1200  # rows of one table: more than a page anywhere


def plant(url: str) -> dict[str, int]:
    """Person 42, bystander 420 and 300 others; returns what is person 42's, by collection."""
    with psycopg.connect(url, autocommit=True) as c:
        c.execute("DROP SCHEMA public CASCADE")
        c.execute("CREATE SCHEMA public")
        c.execute(SCHEMA)
        c.execute(
            "INSERT INTO people SELECT 1000 + n, 'p' || n || '@example.net', NULL, 'x' FROM generate_series(1, 300) n"
        )
        for who, email in ((42, "Ann.Lee@example.com"), (420, "ann.lee2@example.com")):
            _person(c, who, email)
        c.execute("UPDATE people SET buddy_id = 42 WHERE id = 420")
        c.execute("INSERT INTO courses VALUES (1, 42, 'knots'), (2, 420, 'sails')")
        c.execute("INSERT INTO seats SELECT 1, 1000 + n FROM generate_series(1, 200) n")
        c.execute("INSERT INTO seats VALUES (1, 42), (2, 42), (1, 420)")
    return {
        "public.people": 2, "public.orders": 3, "public.order_lines": 3, "public.Odd Notes": 1,
        "public.events": BULK, "public.seats": 2, "public.courses": 1, "public.ring_a": 1, "public.ring_b": 1,
        "public.replies": 2,
    }  # fmt: skip


def _person(c: Any, who: int, email: str) -> None:
    data = f'{{"contact": {{"mobile": "555-01{who}", "zip": "53{who}"}}, "secret": "s-{who}"}}'
    c.execute(
        "INSERT INTO people VALUES (%s, %s, NULL, %s, NULL, %s, %s)", [who, email, f"hash-{who}", [f"tag-{who}"], data]
    )
    for n, at in enumerate(("2015-01-01", "2026-01-01", None)):
        c.execute("INSERT INTO orders VALUES (1, %s, %s, %s, %s)", [who * 10 + n, who, at, f"{who} Elm Street"])
        c.execute("INSERT INTO order_lines VALUES (1, %s, 1, %s)", [who * 10 + n, f"ring twice {who}"])
    c.execute('INSERT INTO "Odd Notes" VALUES (%s, %s)', [f"note{who}", who])
    c.execute(
        "INSERT INTO events SELECT %s, '2019-06-01'::date + n / 3, '10.0.0.1' FROM generate_series(1, %s) n",
        [who, BULK],
    )
    c.execute("INSERT INTO ring_a VALUES (%s, %s, NULL)", [who, who])
    c.execute("INSERT INTO ring_b VALUES (%s, %s, %s)", [who, who, f"ring {who}"])
    c.execute("UPDATE ring_a SET b_id = id WHERE id = %s", [who])
    c.execute(
        "INSERT INTO replies VALUES (%s, NULL, %s, 'first'), (%s, %s, %s, 'second')", [who, who, who + 1, who, who]
    )


def state(url: str) -> dict[str, list[Any]]:
    """Every row of every table but person 42's, as text."""
    mine = {
        "people": "id <> 42", "orders": "person_id <> 42", "order_lines": "number / 10 <> 42",
        '"Odd Notes"': '"ForPerson" <> 42', "events": "person_id <> 42", "courses": "author_id <> 42",
        "seats": "person_id <> 42", "ring_a": "id <> 42", "ring_b": "id <> 42", "replies": "person_id <> 42",
    }  # fmt: skip
    with psycopg.connect(url) as c:
        # The bystander's link to the person is the one thing of his that may change.
        bare = {"people": "to_jsonb(t) - 'buddy_id'"}
        found = {}
        for table, where in mine.items():
            query = f"SELECT {bare.get(table, 'to_jsonb(t)')} FROM {table} t WHERE {where}"
            found[table] = sorted(str(r[0]) for r in c.execute(query))
        return found


def spec(url: str) -> SystemSpec:
    """The inventory entry of the shop."""
    seen = Disclosure.DISCLOSE

    def owns(fields: tuple[str, ...], to: str) -> LinkSpec:
        return LinkSpec(fields, f"public.{to}", LinkKind.OWNS)

    def mentions(fields: tuple[str, ...], to: str) -> LinkSpec:
        return LinkSpec(fields, f"public.{to}", LinkKind.MENTIONS)

    def said(*names: str) -> tuple[FieldSpec, ...]:
        return tuple(FieldSpec(n, "A", seen) for n in names)

    people = CollectionSpec(
        "public.people",
        (
            IdentitySpec("email", "email", Trust.PROVEN), IdentitySpec("user_id", "id", Trust.ASSIGNED),
            IdentitySpec("email", "alternate", Trust.CLAIMED),
        ),
        (mentions(("buddy_id",), "people"),),
        (
            FieldSpec("email", "A", seen, "", Redaction.UNIQUE), FieldSpec("alternate", "A", seen), *said("tags"),
            FieldSpec("digest", "A", Disclosure.NEVER, "password hash"), *said("data->contact->mobile"),
            FieldSpec("data->secret", "A", Disclosure.NEVER, "secret"),
        ),
        Action.DELETE, one_per_person=True,
    )  # fmt: skip
    mine = (owns(("person_id",), "people"),)
    return SystemSpec(
        "shop", "heroku_postgres", {"statement_timeout": 20, "lock_timeout": 2}, {"dsn": Secret(url)},
        (
            people,
            CollectionSpec("public.orders", (), mine, said("address"), age_field="placed", cutoffs=(CUT,)),
            CollectionSpec("public.order_lines", (), (owns(("shop", "number"), "orders"),), said("remark")),
            CollectionSpec("public.Odd Notes", (), (owns(("ForPerson",), "people"),), said("The Body")),
            CollectionSpec("public.events", (), mine, said("ip"), age_field="at", cutoffs=(CUT,)),
            CollectionSpec("public.courses", (), (mentions(("author_id",), "people"),), said("title")),
            CollectionSpec("public.seats", (), (*mine, mentions(("course_id",), "courses"))),
            CollectionSpec("public.ring_a", (), (*mine, owns(("b_id",), "ring_b"))),
            CollectionSpec("public.ring_b", (), (owns(("a_id",), "ring_a"),), said("note")),
            CollectionSpec("public.replies", (), (*mine, mentions(("parent_id",), "replies")), said("body")),
        ),
        sandbox=True,
    )  # fmt: skip
