"""Plants the database, and reads back what one person has in it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from connectors.sandbox.training_tracker.crowd import SEED, crowd
from connectors.sandbox.training_tracker.events import Clock, Tables
from connectors.sandbox.training_tracker.people import Person
from connectors.sandbox.training_tracker.story import story

PARTITIONED = ("login_events", "audit_log")
MONTHS_BACK, MONTHS_AHEAD = 25, 2

# What is whose, said once more and apart from any inventory: table -> condition.
_MINE = "user_id = %(id)s"
_TICKET = "ticket_id IN (SELECT id FROM support_tickets WHERE requester_id = %(id)s)"
_ENROLMENT = "enrolment_id IN (SELECT id FROM enrolments WHERE user_id = %(id)s)"
_COMPLETION = "completion_id IN (SELECT id FROM completions WHERE user_id = %(id)s)"
_ATTEMPT = """attempt_id IN (
    SELECT a.id FROM attempts a JOIN enrolments e ON e.id = a.enrolment_id WHERE e.user_id = %(id)s)"""
_CERTIFICATE = """certificate_id IN (
    SELECT c.id FROM certificates c JOIN completions p ON p.id = c.completion_id WHERE p.user_id = %(id)s)"""
OWNED: Mapping[str, str] = {
    "users": "id = %(id)s",
    **dict.fromkeys(
        (
            "profiles", "memberships", "membership_permissions", "team_members", "user_feature_flags", "devices",
            "sessions", "api_tokens", "password_resets", "login_events", "course_ratings", "enrolments", "completions",
            "notifications", "announcement_reads", "invoices", "marketing_consents", "ga_clients", "page_views",
            "exports_log",
        ),
        _MINE,
    ),
    "audit_log": "actor_id = %(id)s",
    "invitations": "accepted_by = %(id)s OR lower(email) = lower(%(email)s)",
    "attempts": _ENROLMENT,
    "answers": _ATTEMPT,
    "certificates": _COMPLETION,
    "certificate_files": _CERTIFICATE,
    "import_rows": "lower(email) = lower(%(email)s)",
    "comments": "author_id = %(id)s",
    "support_tickets": "requester_id = %(id)s",
    "ticket_messages": _TICKET,
    "LegacyReports.UserNotes": '"UserId" = %(id)s',
    "invoice_lines": "invoice_id IN (SELECT id FROM invoices WHERE user_id = %(id)s)",
    "payments": "invoice_id IN (SELECT id FROM invoices WHERE user_id = %(id)s)",
    "leads": "converted_to = %(id)s OR lower(email) = lower(%(email)s)",
    "email_suppressions": "lower(email) = lower(%(email)s)",
}  # fmt: skip


def rows(now: datetime) -> Tables:
    """Every row of every table. Equal arguments give equal rows."""
    tables = crowd(now)
    story(tables, Clock(now, Random(SEED + 1)))
    return tables


def plant_database(url: str, now: datetime) -> None:
    """Create the schema in an empty database and fill it, in one transaction."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(files(__package__).joinpath("schema.sql").read_bytes())
        _partitions(cursor, now)
        for table, held in rows(now).rows.items():
            with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(identifier(table))) as copy:
                for row in held:
                    copy.write_row([Jsonb(v) if isinstance(v, dict) else v for v in row])
        connection.commit()
        connection.autocommit = True
        cursor.execute("ANALYZE")


def identifier(table: str) -> sql.Identifier:
    return sql.Identifier(*table.split(".")) if "." in table else sql.Identifier(table)


def _partitions(cursor: psycopg.Cursor[Any], now: datetime) -> None:
    edges = [_month(now, n) for n in range(-MONTHS_BACK, MONTHS_AHEAD + 1)]
    for table in PARTITIONED:
        for since, before in pairwise(edges):
            cursor.execute(
                sql.SQL("CREATE TABLE {} PARTITION OF {} FOR VALUES FROM ({}) TO ({})").format(
                    sql.Identifier(f"{table}_{since:%Y_%m}"),
                    sql.Identifier(table),
                    sql.Literal(since.isoformat()),
                    sql.Literal(before.isoformat()),
                )
            )
        rest = sql.Identifier(f"{table}_other")
        cursor.execute(sql.SQL("CREATE TABLE {} PARTITION OF {} DEFAULT").format(rest, sql.Identifier(table)))


def _month(now: datetime, offset: int) -> datetime:
    months = now.year * 12 + now.month - 1 + offset
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def rows_of(url: str, person: Person) -> dict[str, list[Any]]:
    """Everything the database holds of a person, by table, comparable by ==."""
    found: dict[str, list[Any]] = {}
    given = {"id": person.user_id, "email": person.email}
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table, condition in OWNED.items():
            query = sql.SQL("SELECT to_jsonb(t) FROM {} t WHERE {} ORDER BY to_jsonb(t)::text").format(
                identifier(table), sql.SQL(condition)
            )
            cursor.execute(query, given)
            found[table] = [row[0] for row in cursor.fetchall()]
    return found


class Database:
    """The store: PostgreSQL. `url` is the planted database."""

    def __init__(self) -> None:
        self.environ: dict[str, str] = {}
        self.url = ""
        self._planted: datetime | None = None  # what the database that is copied was planted for

    def start(self, stack: ExitStack, directory: Path, port: int) -> None:
        from connectors.sandbox.postgres import EmbeddedPostgres

        self._server = stack.enter_context(EmbeddedPostgres(directory / "postgres"))

    def plant(self, now: datetime) -> None:
        from connectors.sandbox.postgres import program

        if self._planted != now:
            plant_database(self._server.fresh("training_tracker_planted"), now)
            self._planted = now
        self.url = self._server.fresh("training_tracker", like="training_tracker_planted")
        self.environ["DSR_SANDBOX_APP_DB_DSN"] = self.url
        self.environ["DSR_SANDBOX_SCRATCH_DSN"] = self._server.url
        self.environ["DSR_SANDBOX_PG_RESTORE"] = str(program("pg_restore"))

    def dump(self) -> bytes:
        """The database as it is now, in pg_dump's custom format."""
        return self._server.dump(self.url)

    def of(self, person: Person) -> object:
        return rows_of(self.url, person)
