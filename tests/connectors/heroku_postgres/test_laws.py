"""The laws, over a real server behind a wire that can break."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from connectors.model import (
    Action,
    CollectionSpec,
    Disclosure,
    FieldSpec,
    Identifier,
    IdentitySpec,
    LinkKind,
    LinkSpec,
    Redaction,
    Secret,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.sandbox.faults import Fault
from connectors.sandbox.postgres import EmbeddedPostgres
from connectors.testing import conformance
from tests.connectors.heroku_postgres.database import Database
from tests.connectors.heroku_postgres.wire import Wire

SCHEMA = Path(__file__).with_name("schema.sql").read_text()
SESSIONS = 1_500
SEEN, NEVER, OWNS, MENTIONS = Disclosure.DISCLOSE, Disclosure.NEVER, LinkKind.OWNS, LinkKind.MENTIONS
CUT = datetime(2020, 1, 1, tzinfo=UTC)
EMAIL = IdentitySpec("email", "email", Trust.PROVEN)
_USER = (LinkSpec(("user_id",), "public.users", OWNS),)
COLLECTIONS = (
    CollectionSpec(
        "public.users",
        (EMAIL, IdentitySpec("user_id", "id", Trust.ASSIGNED)),
        (LinkSpec(("organisation_id",), "public.organisations", MENTIONS),),
        (FieldSpec("email", "A", SEEN), FieldSpec("phone", "B", SEEN), FieldSpec("password", "A", NEVER, "password")),
        one_per_person=True,
    ),
    CollectionSpec(
        "public.organisations", (), (LinkSpec(("owner_id",), "public.users", MENTIONS),), (), Action.REDACT
    ),
    CollectionSpec(
        "public.profiles",
        (IdentitySpec("email", "data->contact->email", Trust.CLAIMED),),
        _USER,
        (FieldSpec("data->contact->email", "A", SEEN), FieldSpec("data->tax", "B", NEVER, "tax number")),
    ),
    CollectionSpec(
        "public.memberships", (), (*_USER, LinkSpec(("organisation_id",), "public.organisations", MENTIONS))
    ),
    CollectionSpec(
        "public.permissions", (), (LinkSpec(("organisation_id", "user_id"), "public.memberships", OWNS),)
    ),
    CollectionSpec(
        "public.sessions", (), _USER, (FieldSpec("ip", "F", SEEN),), age_field="at", cutoffs=(CUT,)
    ),
    CollectionSpec("public.events", (), _USER, (FieldSpec("path", "F", SEEN),), age_field="at", cutoffs=(CUT,)),
    CollectionSpec(
        "public.comments",
        (),
        (LinkSpec(("author_id",), "public.users", OWNS), LinkSpec(("parent_id",), "public.comments", MENTIONS)),
        (FieldSpec("body", "F", SEEN),),
    ),
    CollectionSpec(
        "public.views", (), (LinkSpec(("user_id",), "public.users", OWNS, ("id",)),), (FieldSpec("path", "F", SEEN),)
    ),
    CollectionSpec(
        "Legacy.User Notes", (), (LinkSpec(("UserId",), "public.users", OWNS),), (FieldSpec("Body", "I", SEEN),)
    ),
    CollectionSpec("public.courses", (), (LinkSpec(("author_id",), "public.users", MENTIONS),), (), Action.REDACT),
    CollectionSpec(
        "public.leads",
        (
            IdentitySpec("email", "email", Trust.ASSIGNED),
            IdentitySpec("email", "friends[]", Trust.CLAIMED, reveal=False),
        ),
        (),
        (FieldSpec("email", "A", SEEN, redaction=Redaction.UNIQUE),),
    ),
)  # fmt: skip


def person(number: int, email: str, phone: str, secret: str, sessions: int) -> list[str]:
    """Everything of one person; comments 10n and 10n+1, the second a reply to the first."""
    n = number
    contact = f'{{"contact": {{"email": "{email}"}}, "tax": "tax-{secret}", "x": 1}}'
    later = "'2019-06-01'::timestamptz + i * interval '1 day'"
    many = f"generate_series(1, {sessions})"
    return [
        f"INSERT INTO users VALUES ({n}, 1, '{email}', '{phone}', '{secret}', '2019-05-05')",
        f"INSERT INTO profiles VALUES ({n}, '{contact}')",
        f"INSERT INTO memberships VALUES (1, {n})",
        f"INSERT INTO permissions VALUES (1, {n}, 'read'), (1, {n}, 'write')",
        f"INSERT INTO sessions SELECT {n} * 100000 + i, {n}, '192.0.2.1', {later} FROM {many} i",
        f"INSERT INTO sessions VALUES ({n} * 100000, {n}, '192.0.2.2', NULL)",
        f"INSERT INTO events VALUES ({n}, '2019-01-01', '/a'), ({n}, '2021-01-01', '/b')",
        f"INSERT INTO comments VALUES ({n}0, {n}, NULL, 'first'), ({n}1, {n}, {n}0, 'second')",
        f"INSERT INTO views VALUES ({n}, '/c'), ({n}, '/c')",
        f"""INSERT INTO "Legacy"."User Notes" VALUES ({n}, 'note')""",
        f"INSERT INTO leads VALUES ({n}, '{email.upper()}')",
    ]


class HerokuPostgresHarness:
    exempt: ClassVar[Mapping[str, str]] = {
        "a_page_that_comes_twice_is_counted_once": "a query has one answer, which does not come in pages",
    }
    subject = Subject.of(Identifier("email", "Ann.Lee@example.com", Trust.PROVEN))
    bystander = Subject.of(Identifier("email", "ann.lee2@example.com", Trust.PROVEN))
    canaries = ("ann.lee@example.com", "555-0100")
    never = ("hash-of-ann", "tax-hash-of-ann")
    disclosed = ("ann.lee@example.com", "555-0100", "192.0.2.1", "second", "note", "/a", "/b", "/c")
    corrections: ClassVar[Mapping[tuple[str, str], str]] = {
        ("public.users", "phone"): "555-0177",
        ("public.users", "password"): "hash-of-anne",
        ("public.profiles", "data->tax"): "tax-of-anne",
        ("public.sessions", "ip"): "192.0.2.77/32",
    }
    refused: ClassVar[Mapping[tuple[str, str], str]] = {
        ("public.users", "email"): "no address at all",
        ("public.sessions", "ip"): "no.such.ip",
    }

    def start(self) -> None:
        self._stack = contextlib.ExitStack()
        self._server = self._stack.enter_context(EmbeddedPostgres())
        self.db = Database(self._server.fresh("laws"))
        self.db.run(SCHEMA)
        folder = parse_qs(urlsplit(self.db.url).query)["host"][0]
        self._wire = self._stack.enter_context(Wire(f"{folder}/.s.PGSQL.5432"))
        self._url = f"postgresql://sandbox:sandbox@127.0.0.1:{self._wire.port}/laws"

    def stop(self) -> None:
        self._stack.close()

    def settle(self) -> None: ...

    def plant(self) -> Mapping[str, int]:
        tables = (
            "organisations, users, profiles, memberships, permissions, sessions, events, comments, "
            'views, "Legacy"."User Notes", courses, leads'
        )
        self.db.run(
            f"TRUNCATE {tables}",
            "INSERT INTO organisations VALUES (1, 'Example', NULL)",
            *person(1, "ann.lee@example.com", "555-0100", "hash-of-ann", SESSIONS),
            *person(2, "ann.lee2@example.com", "555-0101", "hash-of-other", 3),
            "INSERT INTO organisations VALUES (2, 'Owned', 1)",
            "INSERT INTO courses VALUES (1, 1, 'Safety'), (2, 2, 'Other')",
            "INSERT INTO comments VALUES (29, 2, 10, 'a reply of another person')",
            "INSERT INTO leads VALUES (9, 'carl@example.org', '{ann.lee@example.com}')",
        )
        return {
            "public.users": 1, "public.profiles": 1, "public.memberships": 1, "public.permissions": 2,
            "public.sessions": SESSIONS + 1, "public.events": 2, "public.comments": 2 + 1, "public.views": 2,
            "Legacy.User Notes": 1, "public.leads": 1,
            "public.courses": 1, "public.organisations": 1,  # these only name the subject
        }  # fmt: skip

    def spec(self) -> SystemSpec:
        settings = {"lock_timeout": 0.3, "statement_timeout": 20}
        secrets = {"dsn": Secret(self._url)}
        return SystemSpec("app", "heroku_postgres", settings, secrets, COLLECTIONS, sandbox=True)

    def spec_refused(self) -> SystemSpec:
        secrets = {"dsn": Secret(self._url.replace("sandbox:sandbox", "no_sandbox_role:none"))}
        return SystemSpec("app", "heroku_postgres", {}, secrets, COLLECTIONS, sandbox=True)

    def untouched(self) -> object:
        return {
            table: self.db.value(f"SELECT array_agg(t::text ORDER BY t::text) FROM {table} t WHERE {mine}")
            for table, mine in {
                "users": "id = 2", "profiles": "user_id = 2", "memberships": "user_id = 2",
                "permissions": "user_id = 2", "sessions": "user_id = 2", "events": "user_id = 2",
                "comments": "author_id = 2 AND id <> 29", "views": "user_id = 2",
                '"Legacy"."User Notes"': '"UserId" = 2', "leads": "id IN (2, 9)", "courses": "id = 2",
            }.items()
        }  # fmt: skip

    @contextmanager
    def fault(self, fault: Fault, after: int = 0, times: int = 1_000_000) -> Iterator[None]:
        if fault is Fault.OVERLOADED_RETRY_AFTER:
            pytest.skip("a server out of connections (53300) does not say when to come again")
        if fault is Fault.TRUNCATED:
            pytest.skip("the protocol frames every message: half an answer is a cut connection")
        if fault is Fault.LYING:
            with self._lying():
                yield
            return
        with psycopg.connect(self.db.url) as other, self._wire.inject(fault, after, times, lambda: _hold(other)):
            yield

    @contextmanager
    def _lying(self) -> Iterator[None]:
        self.db.run(
            "CREATE OR REPLACE FUNCTION lie() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            *(
                f"CREATE TRIGGER lie BEFORE UPDATE OR DELETE ON {t} FOR EACH ROW EXECUTE FUNCTION lie()"
                for t in ("users", "leads")
            ),
        )
        try:
            yield
        finally:
            self.db.run("DROP TRIGGER lie ON users", "DROP TRIGGER lie ON leads")


def _hold(other: psycopg.Connection[Any]) -> None:
    """Lock what everybody needs, so that the request waits until its time is up."""
    with contextlib.suppress(psycopg.Error):
        other.execute("LOCK TABLE users, sessions, leads IN ACCESS EXCLUSIVE MODE NOWAIT")


TestHerokuPostgres = conformance(HerokuPostgresHarness)
