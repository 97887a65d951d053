"""What the connector refuses, and that nothing is changed then."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

import connectors
from connectors.errors import ChangedError, ConfigError, RefusedError, TransientError
from connectors.model import (
    Action,
    CollectionSpec,
    Disclosure,
    FieldSpec,
    Identifier,
    IdentitySpec,
    LinkKind,
    LinkSpec,
    ObstacleKind,
    Order,
    Record,
    Secret,
    Status,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.sandbox.postgres import EmbeddedPostgres
from connectors.testing import live, orders_for
from tests.connectors.heroku_postgres import shop

ANN = Subject.of(Identifier("email", "ann.lee@example.com", Trust.PROVEN))


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres() as server:
        yield server


@pytest.fixture
def url(server: EmbeddedPostgres) -> str:
    url = server.fresh("caution")
    shop.plant(url)
    return url


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as c:
        for statement in statements:
            c.execute(statement)


def everything(url: str) -> Any:
    with psycopg.connect(url) as c:
        tables = [r[0] for r in c.execute("SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = 'public'")]
        return {t: sorted(str(r) for r in c.execute(f"SELECT to_jsonb(t) FROM {t} t")) for t in tables}


def locate(spec: SystemSpec, subject: Subject = ANN) -> list[Record]:
    return list(connectors.build(spec).locate(subject))


def delete(spec: SystemSpec, orders: list[Order]) -> list[Any]:
    return list(connectors.build(spec).delete(ANN, orders))


def test_an_author_is_erased_and_the_200_seats_of_others_survive(url: str) -> None:
    delete(shop.spec(url), orders_for(locate(shop.spec(url))))
    with psycopg.connect(url) as c:
        assert c.execute("SELECT author_id, title FROM courses WHERE id = 1").fetchone() == (None, "knots")
        assert c.execute("SELECT count(*) FROM seats WHERE course_id = 1").fetchone() == (201,)
        assert c.execute("SELECT count(*) FROM people WHERE id = 42").fetchone() == (0,)


def test_a_link_marked_neither_way_stops(url: str) -> None:
    spec = shop.spec(url)
    spec = replace(spec, collections=tuple(c for c in spec.collections if c.name != "public.order_lines"))
    found = [(r.at.collection, o.kind) for r in locate(spec) for o in r.obstacles]
    assert found == [("public.order_lines", ObstacleKind.UNMARKED)]
    before = everything(url)
    with pytest.raises(RefusedError, match="order_lines"):
        delete(spec, orders_for(live(locate(spec))))
    assert everything(url) == before


def test_a_cascade_that_was_not_ordered_rolls_back(url: str) -> None:
    spec, before = shop.spec(url), everything(url)
    orders = [o for o in orders_for(locate(spec)) if o.at.collection not in ("public.events", "public.seats")]
    with pytest.raises(RefusedError, match=r"public\.(events|seats)|seats_person_id_fkey"):
        delete(spec, orders)
    assert everything(url) == before


def test_rows_of_others_that_cannot_be_unlinked_are_named_before_anything_is_touched(url: str) -> None:
    run(
        url,
        "ALTER TABLE courses DROP COLUMN author_id",
        "CREATE TABLE wards (id int, guardian bigint NOT NULL "
        "CONSTRAINT wards_guardian REFERENCES people ON DELETE RESTRICT)",
        "INSERT INTO wards VALUES (1, 42)",
    )
    spec = shop.spec(url)
    courses = next(c for c in spec.collections if c.name == "public.courses")
    wards = replace(courses, name="public.wards", fields=(), links=(replace(courses.links[0], fields=("guardian",)),))
    spec = replace(
        spec, collections=(*tuple(replace(c, links=()) if c is courses else c for c in spec.collections), wards)
    )
    found = [o for r in locate(spec) for o in r.obstacles]
    assert [o.kind for o in found] == [ObstacleKind.RESTRICTED]
    assert "wards_guardian" in found[0].reason
    assert wards.links[0].kind is LinkKind.MENTIONS


def test_a_failing_row_leaves_everything_and_a_second_run_completes(url: str) -> None:
    run(
        url,
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RAISE EXCEPTION ''no: %'', OLD.address; END'",
        "CREATE TRIGGER refuse BEFORE DELETE ON orders FOR EACH ROW WHEN (OLD.number = 422) EXECUTE FUNCTION refuse()",
    )
    spec, before = shop.spec(url), everything(url)
    orders = orders_for(locate(spec))
    with pytest.raises(RefusedError) as refused:
        delete(spec, orders)
    assert "Elm" not in str(refused.value)
    assert everything(url) == before
    run(url, "DROP FUNCTION refuse CASCADE")
    assert {o.status for o in delete(spec, orders)} == {Status.DONE}
    assert live(locate(spec)) == []


def test_a_trigger_that_changes_other_rows_rolls_back(url: str) -> None:
    run(
        url,
        "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN UPDATE people SET alternate = ''told'' WHERE id = 420; RETURN OLD; END'",
        "CREATE TRIGGER tell AFTER DELETE ON seats FOR EACH ROW EXECUTE FUNCTION tell()",
    )
    spec, before = shop.spec(url), everything(url)
    with pytest.raises(RefusedError, match=r"public\.people"):
        delete(spec, orders_for(locate(spec)))
    assert everything(url) == before


def test_late_rows_are_included_only_up_to_what_the_plan_allows(url: str) -> None:
    spec = shop.spec(url)
    orders = orders_for(locate(spec))
    run(url, "INSERT INTO orders VALUES (1, 429, 42, '2026-02-02', 'late')")
    before = everything(url)
    with pytest.raises(ChangedError):
        delete(spec, orders)
    assert everything(url) == before
    allowed = [replace(o, late=1) if o.at.collection == "public.orders" else o for o in orders]
    assert {o.status for o in delete(spec, allowed)} == {Status.DONE}


def test_a_row_locked_by_another_client_is_waited_for_in_bounds(url: str) -> None:
    spec = replace(shop.spec(url), settings={"lock_timeout": 0.3})
    orders, before = orders_for(locate(spec)), everything(url)
    with psycopg.connect(url) as other:
        other.execute("SELECT 1 FROM orders WHERE person_id = 42 FOR UPDATE")
        with pytest.raises(TransientError):
            delete(spec, orders)
    assert everything(url) == before


def test_a_connection_cut_in_the_middle_changes_nothing(url: str) -> None:
    before = everything(url)

    def cut(collection: str) -> None:
        kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dsr-orchestrator'"
        worker = threading.Thread(target=run, args=(url, kill))
        worker.start()
        worker.join()

    spec = replace(shop.spec(url), gate=cut)
    with pytest.raises(TransientError):
        delete(spec, orders_for(locate(spec)))
    assert everything(url) == before
    assert {o.status for o in delete(shop.spec(url), orders_for(locate(shop.spec(url))))} == {Status.DONE}


def test_what_only_an_unproven_field_says_is_listed_and_never_touched(url: str) -> None:
    run(url, "UPDATE people SET alternate = 'ann.lee@example.com' WHERE id = 420")
    spec = shop.spec(url)
    claimed = [r for r in locate(spec) if any(o.kind is ObstacleKind.CLAIMED for o in r.obstacles)]
    assert [(r.at.collection, r.count) for r in claimed] == [("public.people", 1)]
    assert list(connectors.build(spec).export(ANN, claimed[0].at)) == []
    with pytest.raises(RefusedError):
        delete(spec, [Order(claimed[0].at, Action.DELETE, 1)])
    delete(spec, orders_for(locate(spec)))
    with psycopg.connect(url) as c:
        assert c.execute("SELECT email FROM people WHERE id = 420").fetchone() == ("ann.lee2@example.com",)


def test_a_row_under_her_address_that_belongs_to_somebody_else_is_left_to_a_person(url: str) -> None:
    """An address is typed, by him into a form; that the lead became his account is the application's word."""
    run(
        url,
        "CREATE TABLE leads (id int PRIMARY KEY, email text, phone text, converted_to bigint REFERENCES people)",
        "INSERT INTO leads SELECT n, 'ann.lee@example.com', '555', (ARRAY[42, 420, NULL])[n] "
        "FROM generate_series(1, 3) n",
        "INSERT INTO leads VALUES (4, 'old@example.org', '555', 42)",
    )
    leads = CollectionSpec(
        "public.leads", (IdentitySpec("email", "email", Trust.ASSIGNED, reveal=False),),
        (LinkSpec(("converted_to",), "public.people", LinkKind.OWNS),),
        (FieldSpec("phone", "B", Disclosure.DISCLOSE),),
    )  # fmt: skip
    spec = replace(shop.spec(url), collections=(*shop.spec(url).collections, leads))
    found = {r.at.key: r for r in locate(spec) if r.at.collection == "public.leads"}
    assert {key: r.count for key, r in found.items()} == {"": 3, "claimed": 1}
    assert [o.kind for o in found["claimed"].obstacles] == [ObstacleKind.CLAIMED]
    assert list(connectors.build(spec).export(ANN, found["claimed"].at)) == []
    (artifact,) = connectors.build(spec).export(ANN, found[""].at)
    assert b"".join(artifact.chunks).count(b"555") == 3
    delete(spec, orders_for(locate(spec)))
    with psycopg.connect(url) as c:
        assert c.execute("SELECT id, converted_to FROM leads").fetchall() == [(2, 420)]


def test_nothing_but_an_unproven_field_to_look_by(url: str) -> None:
    spec = shop.spec(url)
    people = replace(spec.collections[0], identities=spec.collections[0].identities[2:])
    run(url, "UPDATE people SET alternate = 'ann.lee@example.com' WHERE id = 420")
    found = locate(replace(spec, collections=(people, *spec.collections[1:])))
    assert [(r.at.collection, r.count) for r in found] == [("public.people", 1)]


@pytest.mark.parametrize("value", ["' OR 1=1 --", "42; DROP TABLE people", "%", "\\", '"', "{}", "9" * 40, "٤٢"])
def test_hostile_values_find_nothing(url: str, value: str) -> None:
    subject = Subject.of(Identifier("email", value, Trust.PROVEN), Identifier("user_id", value, Trust.ASSIGNED))
    assert locate(shop.spec(url), subject) == []


def test_a_misspelt_table_or_column_is_named_with_the_nearest(url: str) -> None:
    spec = shop.spec(url)
    wrong = replace(spec.collections[0], name="public.poeple")
    with pytest.raises(ConfigError, match=r"public\.people"):
        connectors.build(replace(spec, collections=(wrong,))).check()


def test_a_server_elsewhere_is_refused_in_the_sandbox(url: str) -> None:
    far = Secret("postgresql://sandbox:sandbox@db.example.com/x")
    with pytest.raises(ConfigError, match="loopback"):
        connectors.build(replace(shop.spec(url), secrets={"dsn": far}))
