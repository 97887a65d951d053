"""The sandbox is what the inventory describes, is filled the same way each time, and quickly."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.isolation import require_isolated
from connectors.model import LinkKind, Trust
from connectors.sandbox.training_tracker.database import OWNED, plant_database, rows, rows_of
from connectors.sandbox.training_tracker.people import AUTHORED, OTHERS_IN_IT, PEOPLE, USERS
from connectors.sandbox.world import STORES, Sandbox
from orchestrator.inventory import Collection, Inventory

NOW = datetime(2026, 11, 24, tzinfo=UTC)
OTHERS = [p for p in PEOPLE if p != PEOPLE.subject]


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return Inventory.load(Path(__file__).parents[3] / "inventory.yaml").sandboxed()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(now=NOW) as running:
        yield running


@pytest.fixture
def catalogue(sandbox: Sandbox) -> Iterator[psycopg.Cursor[Any]]:
    with psycopg.connect(sandbox.stores["app_db"].url) as connection, connection.cursor() as cursor:
        yield cursor


def tables(catalogue: psycopg.Cursor[Any]) -> set[str]:
    catalogue.execute(
        "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname IN ('public', 'LegacyReports')"
    )
    return {row[0] for row in catalogue.fetchall()}


def described(inventory: Inventory) -> dict[str, Collection]:
    return dict(inventory.systems["app_db"].collections)


def exempted(inventory: Inventory) -> set[str]:
    system = "app_db/"
    return {e.what.removeprefix(system) for e in inventory.exemptions if e.what.startswith(system)}


def test_every_table_is_described_or_exempted(inventory: Inventory, catalogue: psycopg.Cursor[Any]) -> None:
    assert tables(catalogue) == set(described(inventory)) | exempted(inventory)


def test_every_column_is_described(inventory: Inventory, catalogue: psycopg.Cursor[Any]) -> None:
    catalogue.execute(
        "SELECT table_schema || '.' || table_name, column_name FROM information_schema.columns "
        "WHERE table_schema IN ('public', 'LegacyReports')"
    )
    real: dict[str, set[str]] = {}
    for table, column in catalogue.fetchall():
        real.setdefault(table, set()).add(column)
    for name, collection in described(inventory).items():
        assert {f.partition("->")[0] for f in collection.fields} == real[name], name


def test_every_foreign_key_to_a_described_table_is_marked(inventory: Inventory, catalogue: psycopg.Cursor[Any]) -> None:
    catalogue.execute(
        "SELECT cn.nspname || '.' || c.relname, fn.nspname || '.' || f.relname, "
        "ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u(n, i) "
        "      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.n ORDER BY u.i) "
        "FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace "
        "JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace "
        "WHERE k.contype = 'f' AND k.conparentid = 0 AND NOT c.relispartition"
    )
    keys = catalogue.fetchall()
    assert len(keys) > 60
    collections = described(inventory)
    links = {(n, link.to, link.fields) for n, c in collections.items() for link in c.spec.links}
    lacking = [
        (table, to, columns)
        for table, to, columns in keys
        if to in collections and table in collections and (table, to, tuple(columns)) not in links
    ]
    assert lacking == []
    pointing = {table for table, to, _ in keys if to in collections and to != "public.courses"}
    assert pointing & exempted(inventory) == set(), "an exempted table refers to people"


def test_what_the_world_calls_owned_the_inventory_calls_so_too(inventory: Inventory) -> None:
    owned = {
        name.removeprefix("public.")
        for name, collection in described(inventory).items()
        if any(link.kind is LinkKind.OWNS for link in collection.spec.links)
        or any(i.match and i.trust is not Trust.CLAIMED for i in collection.spec.identities)
    }
    assert owned == set(OWNED)


def test_the_subject_has_data_in_every_table_and_store(sandbox: Sandbox) -> None:
    held: Any = sandbox.untouched(sandbox.people.subject)
    assert set(held) == set(STORES)
    assert [table for table, rows in held["app_db"].items() if not rows] == []
    assert 150 < sum(len(rows) for rows in held["app_db"].values()) < 1000
    assert {bucket for bucket, *_ in held["files"]} == {"tt-uploads", "tt-reports", "tt-billing", "tt-certificates"}
    assert "delete marker" in {content for *_, content in held["files"]}
    kinds = {item["object"] for item in held["billing"]}
    assert {"customer", "charge", "payment_intent", "invoice", "subscription", "checkout.session"} <= kinds


def test_everybody_of_the_story_has_data_in_every_store(sandbox: Sandbox) -> None:
    for who in OTHERS:
        held: Any = sandbox.untouched(who)
        assert sum(len(rows) for rows in held["app_db"].values()) > 10, who.name
        assert held["files"], who.name
        assert held["billing"], who.name


def test_the_people_share_what_must_not_confuse(sandbox: Sandbox, catalogue: psycopg.Cursor[Any]) -> None:
    subject, bystander, namesake, administrator, attacker = sandbox.people
    assert subject.name == bystander.name == namesake.name
    assert subject.organisation_id == bystander.organisation_id
    assert str(bystander.user_id).startswith(str(subject.user_id))
    catalogue.execute("SELECT alternate_email FROM users WHERE id = %s", [attacker.user_id])
    assert catalogue.fetchone() == (subject.email,)
    catalogue.execute(
        "SELECT count(*) FROM enrolments e JOIN courses c ON c.id = e.course_id "
        "WHERE c.id = %s AND c.author_id = %s AND e.user_id NOT IN (%s, %s)",
        [AUTHORED, administrator.user_id, administrator.user_id, subject.user_id],
    )
    assert catalogue.fetchone() == (OTHERS_IN_IT,)
    catalogue.execute("SELECT issued_on FROM invoices WHERE user_id = %s ORDER BY 1", [subject.user_id])
    old, young = (row[0] for row in catalogue.fetchall())
    assert (NOW.date() - old).days > 2557 > (NOW.date() - young).days


def test_no_row_of_one_of_them_names_another(sandbox: Sandbox, catalogue: psycopg.Cursor[Any]) -> None:
    """So that erasing one unlinks nothing of the others', and they can be compared whole."""
    catalogue.execute("SELECT id, author_id FROM comments")
    author = dict(catalogue.fetchall())
    ids = {p.user_id for p in PEOPLE}
    columns = ("author_id", "invited_by", "referred_by", "assignee_id", "WrittenBy", "requester_id")
    for who in PEOPLE:
        held: Any = sandbox.stores["app_db"].of(who)
        named = {row.get(c) for rows in held.values() for row in rows for c in columns}
        named |= {author.get(row["parent_id"]) for row in held["comments"]}
        assert (named & ids) - {who.user_id} == set(), who.name


def test_two_thousand_users_and_about_sixty_thousand_rows(catalogue: psycopg.Cursor[Any]) -> None:
    catalogue.execute("SELECT count(*) FROM users")
    assert catalogue.fetchone() == (USERS,)
    assert 50_000 < sum(len(held) for held in rows(NOW).rows.values()) < 80_000


def test_no_address_could_be_anybodys(catalogue: psycopg.Cursor[Any]) -> None:
    catalogue.execute("SELECT count(*) FROM users WHERE lower(email) !~ '@example\\.(com|org|net)$'")
    assert catalogue.fetchone() == (0,)


def test_equal_days_give_equal_rows() -> None:
    assert rows(NOW).rows == rows(NOW).rows
    assert rows(NOW).rows != rows(NOW.replace(month=10)).rows


def test_planting_again_gives_the_same_world(sandbox: Sandbox) -> None:
    before: Any = [sandbox.untouched(p) for p in PEOPLE]
    with psycopg.connect(sandbox.stores["app_db"].url) as connection:
        connection.execute("DELETE FROM notifications")
    sandbox.stores["billing"].fake.objects.clear()
    assert [sandbox.untouched(p) for p in PEOPLE] != before
    sandbox.replant()
    again: Any = [sandbox.untouched(p) for p in PEOPLE]
    for one, other in zip(before, again, strict=True):
        assert one["app_db"] == other["app_db"]
        assert one["billing"] == other["billing"]
        # Versions are numbered by the server.
        unversioned = [sorted((bucket, key, text) for bucket, key, _, text in held["files"]) for held in (one, other)]
        assert unversioned[0] == unversioned[1]


def test_planting_the_database_takes_seconds(sandbox: Sandbox) -> None:
    url = sandbox.stores["app_db"]._server.fresh("planted_for_time")
    begun = time.perf_counter()
    plant_database(url, NOW)
    assert time.perf_counter() - begun < 20, "about one second on an idle machine"
    assert rows_of(url, PEOPLE.subject) == rows_of(sandbox.stores["app_db"].url, PEOPLE.subject)


def test_the_inventory_reaches_the_sandbox_and_nothing_else(sandbox: Sandbox, inventory: Inventory) -> None:
    for name, system in inventory.systems.items():
        if system.connector:
            require_isolated(inventory.spec(name, now=NOW, environ=sandbox.environ))


def test_a_store_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="no store 'fax'"):
        Sandbox(only=["fax"])
