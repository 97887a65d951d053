"""What was reached, as records: counted by the server, never fetched row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from psycopg.sql import SQL, Composable, Literal

from connectors.heroku_postgres.catalogue import Table
from connectors.heroku_postgres.fields import MARK, PLACEHOLDER, age, bears_a_person, place
from connectors.heroku_postgres.links import Link
from connectors.heroku_postgres.reach import Reach
from connectors.heroku_postgres.redact import filler
from connectors.heroku_postgres.windows import CLAIMED, MENTIONS, OWN, UNMARKED, side, windows
from connectors.model import (
    Action,
    CollectionSpec,
    Identifier,
    LinkKind,
    Locator,
    Obstacle,
    ObstacleKind,
    Record,
)

_COUNTED_UP_TO = 100_000  # rows; a table that was never analysed is counted so far
_REVEALED = 1_000  # distinct values of one field; more are hardly one person's


def records(found: Reach) -> Iterator[Record]:
    """Everything reached, children before parents; with each collection the rows that only name the person."""
    aside = _counted(found)
    for name in found.map.children_first:
        if found.counts.get(name):
            yield from _own(found, found.map.collections[name], found.map.table(name))
        yield from (record for at, record in aside if at == name)
    yield from (record for at, record in aside if at not in found.map.collections)


def _own(found: Reach, spec: CollectionSpec, table: Table) -> Iterator[Record]:
    system = found.map.spec.system
    counted = [f for f in spec.fields if f.redactable]
    places = [place(system, table, f.name) for f in counted]
    bearing = [bears_a_person(p, filler(p.column)) for p in places]
    instant: Composable = SQL("NULL::timestamptz")
    if spec.age_field:
        instant = age(system, table, spec.age_field).instant
    query = SQL("SELECT {}, count(*), min({}), max({}){} FROM {} t WHERE {} GROUP BY 1 ORDER BY 1").format(
        side(system, table, spec), instant, instant,
        SQL("").join(SQL(", count(*) FILTER (WHERE {})").format(b) for b in bearing),
        table.sql, found.rows(spec.name),
    )  # fmt: skip
    reveals, crowded = _reveals(found, spec, table)
    obstacles = tuple(
        Obstacle(ObstacleKind.SEVERAL_PEOPLE, f"more than {_REVEALED} different values in {field}") for field in crowded
    )
    people = found.counts[spec.name] if spec.one_per_person else 1
    total, takes = _total(found, table), _takes(found, spec.name)
    sides = windows(spec.cutoffs)
    for number, count, oldest, newest, *fields in found.connection.execute(query).fetchall():
        since, before = sides[number]
        at = Locator(system, spec.name, OWN, since, before)
        held = tuple((f.name, n) for f, n in zip(counted, fields, strict=True))
        yield Record(at, count, oldest, newest, held, reveals, obstacles, takes, people, total)


def _takes(found: Reach, name: str) -> tuple[str, ...]:
    """Collections whose rows would vanish, change or stand in the way if these rows were deleted.

    That is every enforced reference: what ON DELETE CASCADE takes along, SET NULL edits and NO
    ACTION refuses; in each case the parent cannot go while those rows are to stay as they are.
    """
    here = (k for k in found.map.links if k.to == name and k.on_delete and k.table != name)
    return tuple(sorted({k.table for k in here if found.counts.get(k.table)}))


def _reveals(found: Reach, spec: CollectionSpec, table: Table) -> tuple[tuple[Identifier, ...], list[str]]:
    """The identifiers that the rows bear, and the fields that bear more than one person can have."""
    system = found.map.spec.system
    asked = [i for i in spec.identities if i.reveal]
    if not asked:
        return (), []
    parts = []
    for number, identity in enumerate(asked):
        at = place(system, table, identity.field)
        value: Composable = SQL("unnest({})::text").format(at.name) if at.elements else at.text
        parts.append(
            SQL("(SELECT DISTINCT {}::int, {} v FROM {} t WHERE {} LIMIT {})").format(
                Literal(number), value, table.sql, found.rows(spec.name), Literal(_REVEALED + 1)
            )
        )
    rows = found.connection.execute(SQL(" UNION ALL ").join(parts)).fetchall()
    revealed = {
        Identifier(i.kind, text, i.trust, f"{system}/{spec.name}.{i.field}")
        for number, text in rows
        for i in [asked[number]]
        if text and text != PLACEHOLDER and not text.startswith(MARK)
    }
    crowded = [i.field for n, i in enumerate(asked) if sum(number == n for number, _ in rows) > _REVEALED]
    return tuple(sorted(revealed, key=lambda i: (i.kind, i.value, i.origin))), crowded


def _counted(found: Reach) -> list[tuple[str, Record]]:
    """Records of rows that are not the person's, with their tables: all counted by one statement."""
    asked = [
        (record, found.mentioning(link))
        for link in found.map.links
        if found.counts.get(link.to) and (record := _aside(found, link))
    ]
    asked += [
        (_claim(found, name), claimed) for name in found.map.collections if (claimed := found.claimed(name)) is not None
    ]
    if not asked:
        return []
    counts = SQL(", ").join(
        SQL("(SELECT count(*) FROM {} t WHERE {})").format(found.map.table(record.at.collection).sql, condition)
        for record, condition in asked
    )
    row: Sequence[Any] = found.connection.execute(SQL("SELECT {}").format(counts)).fetchone()
    return [
        (record.at.collection, Record(record.at, count, obstacles=record.obstacles, mentions=record.mentions))
        for (record, _), count in zip(asked, row, strict=True)
        if count
    ]


def _claim(found: Reach, name: str) -> Record:
    reason = "found only through a field that proves nothing"
    obstacle = Obstacle(ObstacleKind.CLAIMED, reason)
    return Record(Locator(found.map.spec.system, name, CLAIMED), 0, obstacles=(obstacle,))


def _aside(found: Reach, link: Link) -> Record | None:
    """What rows of others that point at the person's are; None if they do not matter."""
    system = found.map.spec.system
    if link.kind is None:
        reason = (
            f"{link.name} on {link.table} points at the person's rows in {link.to}, marked neither owns nor mentions"
        )
        obstacle = Obstacle(ObstacleKind.UNMARKED, reason)
        return Record(Locator(system, link.table, f"{UNMARKED}{link.name}"), 0, obstacles=(obstacle,))
    to = found.map.collections.get(link.to)
    if link.kind is LinkKind.OWNS or to is None or to.intended is not Action.DELETE:
        return None  # a row that stays may go on being named
    obstacles: tuple[Obstacle, ...] = ()
    if not found.map.freed(link):
        reason = f"rows of others depend on {link.to} through {link.name} on {link.table}, which is NOT NULL"
        kind = ObstacleKind.RESTRICTED if link.on_delete else ObstacleKind.BY_HAND
        obstacles = (Obstacle(kind, reason),)
    at = Locator(system, link.table, f"{MENTIONS}{link.name}")
    return Record(at, 0, obstacles=obstacles, mentions=True)


def _total(found: Reach, table: Table) -> int:
    """Rows in the table: the server's estimate, or counted where it has none and the table is small."""
    if table.tuples > 0:
        return max(int(table.tuples), found.counts[table.name])
    query = SQL("SELECT count(*) FROM (SELECT FROM {} LIMIT {}) x").format(table.sql, Literal(_COUNTED_UP_TO))
    return max(int(found.connection.execute(query).fetchone()[0]), found.counts[table.name])
