"""A database of one test: written and read behind the connector's back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

import connectors
from connectors.heroku_postgres.connector import PostgresConnector
from connectors.model import (
    Action,
    CollectionSpec,
    FieldSpec,
    Gate,
    Identifier,
    IdentitySpec,
    LinkKind,
    LinkSpec,
    Order,
    Outcome,
    Record,
    Secret,
    Subject,
    SystemSpec,
    Trust,
)

ANN = Subject.of(Identifier("email", "Ann.Lee@example.com", Trust.PROVEN))
BOB = Subject.of(Identifier("email", "bob.ray@example.com", Trust.PROVEN))
EMAIL = IdentitySpec("email", "email", Trust.PROVEN)


def owned(name: str, *keys: str, email: bool = False, **more: Any) -> CollectionSpec:
    """A collection; each of `keys` is "column to table" (owns), "column? to table" (mentions)."""
    links = []
    for key in keys:
        column, _, to = key.partition(" to ")
        kind = LinkKind.MENTIONS if column.endswith("?") else LinkKind.OWNS
        to, _, references = to.partition(" (")
        links.append(
            LinkSpec(
                tuple(column.removesuffix("?").split(",")),
                to if "." in to else f"public.{to}",
                kind,
                tuple(references.removesuffix(")").split(",")) if references else (),
            )
        )
    more.setdefault("fields", (FieldSpec("email"),) if email else ())
    identities = more.pop("identities", ()) + ((EMAIL,) if email else ())
    return CollectionSpec(name if "." in name else f"public.{name}", identities, tuple(links), **more)


USERS = owned("users", email=True, one_per_person=True)


class Database:
    """`url` leads to it; `run` executes statements; `everything` is what stands in it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def run(self, *statements: str, as_replica: bool = False) -> None:
        with psycopg.connect(self.url, autocommit=False) as connection:
            if as_replica:
                connection.execute("SET session_replication_role = replica")
            for statement in statements:
                connection.execute(statement.encode())

    def empty(self) -> None:
        """Much quicker than to make a new one."""
        with psycopg.connect(self.url) as connection:
            for (name,) in connection.execute(
                "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
            ).fetchall():
                connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))
            connection.execute("CREATE SCHEMA public")

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        name = sql.Identifier(*(table if "." in table else f"public.{table}").split(".", 1))
        with psycopg.connect(self.url) as connection:
            return connection.execute(sql.SQL("SELECT * FROM {} t ORDER BY t::text").format(name)).fetchall()

    def value(self, query: str) -> Any:
        with psycopg.connect(self.url) as connection:
            row = connection.execute(query.encode()).fetchone()
        return row[0] if row and len(row) == 1 else row

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        with psycopg.connect(self.url) as connection:
            names = connection.execute(
                "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition "
                "AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
            ).fetchall()
        return {name: self.rows(name) for (name,) in names}

    def spec(self, *collections: CollectionSpec, gate: Gate | None = None, **settings: Any) -> SystemSpec:
        given = {"statement_timeout": 20, "lock_timeout": 0.4, **settings}
        more: dict[str, Any] = {"gate": gate} if gate else {}
        return SystemSpec("db", "heroku_postgres", given, {"dsn": Secret(self.url)}, collections, sandbox=True, **more)

    def connector(self, *collections: CollectionSpec, gate: Gate | None = None, **settings: Any) -> PostgresConnector:
        built = connectors.build(self.spec(*collections, gate=gate, **settings))
        assert isinstance(built, PostgresConnector)
        return built


def summary(records: Sequence[Record]) -> dict[tuple[str, str], int]:
    """(collection, key) -> rows."""
    totals: dict[tuple[str, str], int] = {}
    for r in records:
        at = (r.at.collection, r.at.key)
        totals[at] = totals.get(at, 0) + r.count
    return totals


def planned(connector: PostgresConnector, subject: Subject = ANN, **actions: Action) -> list[Order]:
    """The orders of a plan: delete what is theirs, unlink what only names them; `actions` by table name."""
    orders = []
    for r in connector.locate(subject):
        action = Action.MANUAL if r.obstacles else Action.REDACT if r.mentions else Action.DELETE
        if not r.mentions and not r.obstacles:
            action = actions.get(r.at.collection.partition(".")[2], action)
        orders.append(Order(r.at, action, r.count))
    return orders


def erased(connector: PostgresConnector, subject: Subject = ANN, **actions: Action) -> list[Outcome]:
    return list(connector.delete(subject, planned(connector, subject, **actions)))
