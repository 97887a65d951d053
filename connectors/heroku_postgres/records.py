"""What was reached, as records: per collection and side of its cut-offs, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from psycopg.sql import SQL, Composable, Literal

from connectors.heroku_postgres.counting import REVEALED, Counted, count, hanging
from connectors.heroku_postgres.fields import MARK, NOBODY, PLACEHOLDER
from connectors.heroku_postgres.links import Link
from connectors.heroku_postgres.reach import Reach
from connectors.heroku_postgres.windows import CLAIMED, MENTIONS, OWN, UNMARKED, windows
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


def records(found: Reach) -> list[Record]:
    """Everything reached, children before parents; with each collection the rows that only name the person."""
    whole = not found.map.spec.organisation  # of one organisation's rows only those that are surely its are said
    aside = [*_aside(found), *(_claims(found) if whole else ())]
    counted = count(found, ((record.at.collection, condition) for record, condition in aside))
    others = [replace(r, count=n) for (r, _), n in zip(aside, counted.others, strict=True) if n]
    order = {name: number for number, name in enumerate(found.map.children_first)}
    # A stable sort: of each collection the person's rows come first; tables that are no collections come last.
    own = [r for r in _own(found, counted) if r.at.collection in found.limited]
    rows = sorted([*own, *others], key=lambda r: order.get(r.at.collection, len(order)))
    return rows if whole else [replace(r, organisation=found.map.spec.organisation) for r in rows]


def _own(found: Reach, counted: Counted) -> list[Record]:
    """One record per collection and side on which the person has rows."""
    sides: dict[str, set[int]] = {}
    sums: dict[str, int] = {}
    for rows in counted.rows:
        sides.setdefault(rows.name, set()).add(rows.side)
        sums[rows.name] = sums.get(rows.name, 0) + rows.count
    hang = hanging(found, sides)
    totals = _totals(found, sums)
    reveals = {name: _reveals(found, name, counted) for name in sums}
    crowded = {name: _crowded(found, name, counted) for name in sums}
    records = []
    for rows in counted.rows:
        spec = found.map.collections[rows.name]
        taken = sorted((c, s) for at, on, c, s in hang if (at, on) == (rows.name, rows.side) and (c, s) != (at, on))
        records.append(Record(
            _at(found, rows.name, rows.side), rows.count, rows.oldest, rows.newest,
            tuple(zip((f.name for f in spec.fields if f.redactable), rows.bearing, strict=True)),
            reveals[rows.name], crowded[rows.name], tuple(_at(found, *at) for at in taken),
            sums[rows.name] if spec.one_per_person else 1, totals[rows.name],
        ))  # fmt: skip
    return records


def _at(found: Reach, name: str, side: int) -> Locator:
    return Locator(found.map.spec.system, name, OWN, *windows(found.map.collections[name].cutoffs)[side])


def _reveals(found: Reach, name: str, counted: Counted) -> tuple[Identifier, ...]:
    """The identifiers that a collection's rows bear."""
    system = found.map.spec.system
    revealed = {
        Identifier(i.kind, text, i.trust, f"{system}/{name}.{i.field}")
        for (at, i), texts in counted.values.items()
        for text in texts
        if at == name and text and text != PLACEHOLDER and not text.startswith((MARK, NOBODY))
    }
    return tuple(sorted(revealed, key=lambda i: (i.kind, i.value, i.origin)))


def _crowded(found: Reach, name: str, counted: Counted) -> tuple[Obstacle, ...]:
    """Fields that bear more values than one person can have."""
    return tuple(
        Obstacle(ObstacleKind.SEVERAL_PEOPLE, f"more than {REVEALED} different values in {i.field}")
        for (at, i), texts in counted.values.items()
        if at == name and len(texts) > REVEALED
    )


def _aside(found: Reach) -> list[tuple[Record, Composable]]:
    """Rows of others that point at the person's: as records to be counted, with conditions that select them."""
    links = (link for link in found.map.links if link.to in found.names and link.to in found.limited)
    return [(record, found.mentioning(link)) for link in links if (record := _named(found, link))]


def _claims(found: Reach) -> Iterable[tuple[Record, Composable]]:
    obstacle = Obstacle(
        ObstacleKind.CLAIMED,
        "found only through a field that proves nothing, or by an identifier in a row that is another person's",
    )
    for name in found.map.collections:
        if (condition := found.claimed(name)) is not None:
            yield Record(Locator(found.map.spec.system, name, CLAIMED), 0, obstacles=(obstacle,)), condition


def _named(found: Reach, link: Link) -> Record | None:
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


def _totals(found: Reach, sums: Mapping[str, int]) -> dict[str, int]:
    """Rows in each table: the server's estimate, or counted where it has none and the table is small."""
    known = {name: int(found.map.table(name).tuples) for name in sums}
    unknown = [name for name in sums if known[name] <= 0]
    if unknown:
        counts = SQL(", ").join(
            SQL("(SELECT count(*) FROM (SELECT FROM {} LIMIT {}) x)").format(
                found.map.table(name).sql, Literal(_COUNTED_UP_TO)
            )
            for name in unknown
        )
        row = found.connection.execute(SQL("SELECT {}").format(counts)).fetchone()
        known |= dict(zip(unknown, row, strict=True))
    return {name: max(known[name], sums[name]) for name in sums}
