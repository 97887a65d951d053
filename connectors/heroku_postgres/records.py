"""What was reached, as records: counted by the server, never fetched row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from psycopg.sql import SQL, Composable, Literal

from connectors.heroku_postgres.fields import MARK, NOBODY, PLACEHOLDER, age, bears_a_person, place
from connectors.heroku_postgres.links import Link
from connectors.heroku_postgres.reach import Reach
from connectors.heroku_postgres.redact import filler
from connectors.heroku_postgres.windows import CLAIMED, MENTIONS, OWN, UNMARKED, side, windows
from connectors.model import (
    Action,
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
    own = _own(found)
    aside = _counted(found)
    for name in found.map.children_first:
        yield from own.get(name, ())
        yield from (record for at, record in aside if at == name)
    yield from (record for at, record in aside if at not in found.map.collections)


def _own(found: Reach) -> dict[str, list[Record]]:
    """Collection -> the records of its rows, one per side: all counted by one statement."""
    system = found.map.spec.system
    names = [name for name, count in found.counts.items() if count]
    if not names:
        return {}
    reveals, crowded = _reveals(found, names)
    totals = _totals(found, names)
    counts = SQL(" UNION ALL ").join(_count(found, name) for name in names)
    records: dict[str, list[Record]] = {name: [] for name in names}
    for k, number, count, oldest, newest, bearing in found.connection.execute(
        counts + SQL(" ORDER BY 1, 2")
    ).fetchall():
        spec = found.map.collections[list(found.map.numbers)[k]]
        since, before = windows(spec.cutoffs)[number]
        fields = (f.name for f in spec.fields if f.redactable)
        obstacles = tuple(
            Obstacle(ObstacleKind.SEVERAL_PEOPLE, f"more than {_REVEALED} different values in {field}")
            for field in crowded.get(spec.name, ())
        )
        records[spec.name].append(Record(
            Locator(system, spec.name, OWN, since, before), count, oldest, newest,
            tuple(zip(fields, bearing, strict=True)), reveals.get(spec.name, ()), obstacles, _takes(found, spec.name),
            found.counts[spec.name] if spec.one_per_person else 1, totals[spec.name],
        ))  # fmt: skip
    return records


def _count(found: Reach, name: str) -> Composable:
    system, spec, table = found.map.spec.system, found.map.collections[name], found.map.table(name)
    places = [place(system, table, f.name) for f in spec.fields if f.redactable]
    bearing = [SQL("count(*) FILTER (WHERE {})").format(bears_a_person(p, filler(p.column))) for p in places]
    instant: Composable = SQL("NULL::timestamptz")
    if spec.age_field:
        instant = age(system, table, spec.age_field).instant
    return SQL("SELECT {}, {}, count(*), min({}), max({}), ARRAY[{}]::bigint[] FROM {} t WHERE {} GROUP BY 2").format(
        Literal(found.map.numbers[name]), side(system, table, spec, spec.cutoffs), instant, instant,
        SQL(", ").join(bearing), table.sql, found.rows(name),
    )  # fmt: skip


def _takes(found: Reach, name: str) -> tuple[str, ...]:
    """Collections whose rows would vanish, change or stand in the way if these rows were deleted.

    That is every enforced reference: what ON DELETE CASCADE takes along, SET NULL edits and NO
    ACTION refuses; in each case the parent cannot go while those rows are to stay as they are.
    """
    here = (k for k in found.map.links if k.to == name and k.on_delete and k.table != name)
    return tuple(sorted({k.table for k in here if found.counts.get(k.table)}))


def _reveals(
    found: Reach, names: Sequence[str]
) -> tuple[dict[str, tuple[Identifier, ...]], dict[str, list[str]]]:  # fmt: skip
    """Collection -> the identifiers that its rows bear; and -> the fields that bear more than one person can have."""
    system = found.map.spec.system
    asked = [(name, i) for name in names for i in found.map.collections[name].identities if i.reveal]
    if not asked:
        return {}, {}
    parts = []
    for number, (name, identity) in enumerate(asked):
        table = found.map.table(name)
        at = place(system, table, identity.field)
        value: Composable = SQL("unnest({})::text").format(at.name) if at.elements else at.text
        parts.append(
            SQL("(SELECT DISTINCT {}::int, {} v FROM {} t WHERE {} LIMIT {})").format(
                Literal(number), value, table.sql, found.rows(name), Literal(_REVEALED + 1)
            )
        )
    rows = found.connection.execute(SQL(" UNION ALL ").join(parts)).fetchall()
    reveals: dict[str, set[Identifier]] = {}
    for number, text in rows:
        name, i = asked[number]
        if text and text != PLACEHOLDER and not text.startswith((MARK, NOBODY)):
            reveals.setdefault(name, set()).add(Identifier(i.kind, text, i.trust, f"{system}/{name}.{i.field}"))
    crowded: dict[str, list[str]] = {}
    for number, (name, i) in enumerate(asked):
        if sum(n == number for n, _ in rows) > _REVEALED:
            crowded.setdefault(name, []).append(i.field)
    return {n: tuple(sorted(r, key=lambda i: (i.kind, i.value, i.origin))) for n, r in reveals.items()}, crowded


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


def _totals(found: Reach, names: Sequence[str]) -> dict[str, int]:
    """Rows in each table: the server's estimate, or counted where it has none and the table is small."""
    known = {name: int(found.map.table(name).tuples) for name in names}
    unknown = [name for name in names if known[name] <= 0]
    if unknown:
        counts = SQL(", ").join(
            SQL("(SELECT count(*) FROM (SELECT FROM {} LIMIT {}) x)").format(
                found.map.table(name).sql, Literal(_COUNTED_UP_TO)
            )
            for name in unknown
        )
        row = found.connection.execute(SQL("SELECT {}").format(counts)).fetchone()
        known |= dict(zip(unknown, row, strict=True))
    return {name: max(known[name], found.counts[name]) for name in names}
