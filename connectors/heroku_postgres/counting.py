"""Everything reached, counted by the server in one statement; nothing is fetched row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg.sql import SQL, Composable, Identifier, Literal

from connectors.heroku_postgres.fields import age, bears_a_person, place
from connectors.heroku_postgres.links import Link
from connectors.heroku_postgres.reach import Reach
from connectors.heroku_postgres.redact import filler
from connectors.model import IdentitySpec

REVEALED = 1_000  # distinct values of one field; more are hardly one person's
_OWN, _VALUE, _ASIDE = 0, 1, 2  # what a row of the answer is about: the second column numbers these
_ROWS = SQL("SELECT {}, {}, s, count(*), min(m0), max(m0), ARRAY[{}]::bigint[], NULL::text FROM {} GROUP BY s")
_VALUES = SQL("(SELECT DISTINCT {}, {}, 0, 0::bigint, NULL::timestamptz, NULL::timestamptz, NULL::bigint[], {} "
              "FROM {} LIMIT {})")  # fmt: skip
_OTHERS = SQL("SELECT {}, {}, 0, count(*), NULL::timestamptz, NULL::timestamptz, NULL::bigint[], NULL::text "
              "FROM {} t WHERE {}")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rows:
    """The person's rows on one side of a collection's cut-offs. `bearing`: as `Record.fields`, in that order."""

    name: str
    side: int
    count: int
    oldest: datetime | None
    newest: datetime | None
    bearing: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """`values`: of each revealing identity of a collection what it bears, at most one more than `REVEALED`;
    `others`: number of each condition that was asked."""

    rows: tuple[Rows, ...]
    values: Mapping[tuple[str, IdentitySpec], tuple[str | None, ...]]
    others: tuple[int, ...]


def count(found: Reach, others: Iterable[tuple[str, Composable]]) -> Counted:
    """The person's rows and, of each table and condition in `others`, how many rows satisfy it."""
    more = {name: [_instant(found, name), *_bearing(found, name)] for name in found.names}
    parts = [
        _ROWS.format(Literal(_OWN), Literal(n), _counts(len(more[name]) - 1), found.gathered(name))
        for n, name in enumerate(found.names)
    ]
    revealing = [(name, i) for name in found.names for i in found.map.collections[name].identities if i.reveal]
    for n, (name, identity) in enumerate(revealing):
        at = place(found.map.spec.system, found.map.table(name), identity.field)
        column: Composable = Identifier(f"m{len(more[name])}")
        more[name].append(at.name if at.elements else at.text)
        value = SQL("unnest({})::text").format(column) if at.elements else column
        parts.append(_VALUES.format(Literal(_VALUE), Literal(n), value, found.gathered(name), Literal(REVEALED + 1)))
    asked = list(others)
    for n, (name, condition) in enumerate(asked):
        parts.append(_OTHERS.format(Literal(_ASIDE), Literal(n), found.map.table(name).sql, condition))
    query = found.before(found.names, SQL(" UNION ALL ").join(parts), more)
    told = found.connection.execute(query).fetchall() if parts else []
    rows = [
        Rows(found.names[n], side, number, oldest, newest, tuple(bearing))
        for what, n, side, number, oldest, newest, bearing, _ in told if what == _OWN
    ]  # fmt: skip
    values: dict[tuple[str, IdentitySpec], list[str | None]] = {at: [] for at in revealing}
    numbers = [0] * len(asked)
    for what, n, _, number, *_, value in told:
        if what == _VALUE:
            values[revealing[n]].append(value)
        elif what == _ASIDE:
            numbers[n] = number
    shown = {at: tuple(texts) for at, texts in values.items()}
    return Counted(tuple(sorted(rows, key=lambda r: (r.name, r.side))), shown, tuple(numbers))


def hanging(found: Reach, sides: Mapping[str, set[int]]) -> set[tuple[str, int, str, int]]:
    """(collection, side, other collection, side there): rows there reference rows here by a key that the
    database enforces. Asked only where a collection has rows on several sides; else all hang on all."""
    links = [k for k in found.map.links if k.on_delete and k.to in sides and k.table in sides]
    several = [k for k in links if len(sides[k.to]) + len(sides[k.table]) > 2]
    hang = {
        (k.to, here, k.table, there)
        for k in links if k not in several for here in sides[k.to] for there in sides[k.table]
    }  # fmt: skip
    if several:
        more: dict[str, list[Composable]] = {}
        joined = [_joined(found, n, link, more) for n, link in enumerate(several)]
        names = {name for k in several for name in (k.to, k.table)}
        query = found.before(names, SQL(" UNION ALL ").join(joined), more)
        for n, here, there in found.connection.execute(query).fetchall():
            hang.add((several[n].to, here, several[n].table, there))
    return hang


def _joined(found: Reach, number: int, link: Link, more: dict[str, list[Composable]]) -> Composable:
    equal = []
    for near, far in found.ends(link, found.key(link.to, "x")):
        columns = more.setdefault(link.table, [])
        equal.append(SQL("{} = {}").format(far, Identifier("y", f"m{len(columns)}")))
        columns.append(near)
    return SQL("(SELECT DISTINCT {}, x.s, y.s FROM {} x JOIN {} y ON {})").format(
        Literal(number), found.gathered(link.to), found.gathered(link.table), SQL(" AND ").join(equal)
    )


def _instant(found: Reach, name: str) -> Composable:
    spec = found.map.collections[name]
    if not spec.age_field:
        return SQL("NULL::timestamptz")
    return age(found.map.spec.system, found.map.table(name), spec.age_field).instant


def _bearing(found: Reach, name: str) -> list[Composable]:
    """Conditions: the row bears a person in each of the fields that a redaction would empty."""
    spec, table = found.map.collections[name], found.map.table(name)
    places = (place(found.map.spec.system, table, f.name) for f in spec.fields if f.redactable)
    return [bears_a_person(p, filler(p.column)) for p in places]


def _counts(fields: int) -> Composable:
    return SQL(", ").join(SQL("count(*) FILTER (WHERE {})").format(Identifier(f"m{n + 1}")) for n in range(fields))
