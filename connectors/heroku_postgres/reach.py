"""Which rows are the person's: rows that bear an identifier, and rows that belong to those.

Row addresses are gathered in a temporary table of the caller's transaction, level by level with
owners before what they own, so that a person with a million rows costs a few statements and no
memory here. Cycles and self references are followed generation by generation. Under REPEATABLE
READ a row that another client changes meanwhile makes the transaction fail instead of being missed.

The identifiers themselves are a setting of the transaction, given as a parameter: no statement
bears a personal value, whatever the server logs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.sql import SQL, Composable, Identifier, Literal

from connectors.heroku_postgres.catalogue import Table
from connectors.heroku_postgres.fields import bears_one_of, place, wanted
from connectors.heroku_postgres.links import Link, Map
from connectors.heroku_postgres.windows import side
from connectors.model import CollectionSpec, IdentitySpec, LinkKind, Subject, Trust

# Collection, generation, side of its cut-offs, relation: and the addresses of the rows there. As one
# array they are read without passing over the rows of others; to compress it would cost more than it saves.
_MAKE = (
    "CREATE TEMP TABLE dsr_reach (k int, g int, s int, o oid, r tid[]) ON COMMIT DROP; "
    "ALTER TABLE dsr_reach ALTER r SET STORAGE EXTERNAL"
)
_KNOW = "SELECT set_config('dsr.known', %s, true)"
_KNOWN = SQL("SELECT jsonb_array_elements_text(current_setting('dsr.known')::jsonb -> {})")
_ADD = SQL(
    "WITH added AS (INSERT INTO dsr_reach {} RETURNING k, s, cardinality(r) n) "
    "SELECT k, s, sum(n)::bigint FROM added GROUP BY 1, 2"
)
_UNKNOWN = SQL(
    " WHERE NOT EXISTS (SELECT FROM (SELECT o, unnest(r) r FROM dsr_reach WHERE k = {}) x "
    "WHERE x.o = n.o AND x.r = n.r)"
)


class Reach:
    """The rows of one person, in one transaction.

    `cutoffs` divides the rows of a collection into sides, numbered from the oldest. `sides`:
    (collection, side) -> rows; `counts`: collection -> rows.
    """

    def __init__(
        self, connection: Any, laid: Map, subject: Subject, cutoffs: Mapping[str, Sequence[datetime]] | None = None
    ) -> None:
        self.connection, self.map, self.subject = connection, laid, subject
        self._cutoffs = cutoffs or {}
        self.counts: dict[str, int] = {}
        self.sides: dict[tuple[str, int], int] = {}
        self._known: dict[tuple[str, ...], int] = {}
        self._conditions: dict[tuple[str, IdentitySpec], Composable] = {}
        for spec in laid.collections.values():
            self._prepare(spec)
        connection.execute(_MAKE)
        if self._known:
            connection.execute(_KNOW, [json.dumps(list(self._known))])
            for level in laid.owners_first:
                self._gather(level)

    def rows(self, name: str, sides: Iterable[int] | None = None) -> Composable:
        """A condition on `t`, a row of that collection: it is the person's (and on one of those sides)."""
        return self._among(name, SQL("true") if sides is None else SQL("s = ANY ({})").format(Literal(list(sides))))

    def claimed(self, name: str) -> Composable | None:
        """A condition on `t`: only something unproven says that the row is the person's."""
        hints = self._bearing(name, claimed=True)
        if not hints:
            return None
        return SQL("({}) AND NOT ({})").format(SQL(" OR ").join(hints), self.rows(name))

    def mentioning(self, link: Link) -> Composable:
        """A condition on `t`, a row of the link's table: it points at the person's rows and is not theirs."""
        if not self.counts.get(link.table):
            return self._points(link)
        return SQL("{} AND NOT ({})").format(self._points(link), self.rows(link.table))

    def _prepare(self, spec: CollectionSpec) -> None:
        table = self.map.table(spec.name)
        for identity in spec.identities:
            at = place(self.map.spec.system, table, identity.field)
            values = wanted(at, identity.kind, self.subject.values(identity.kind)) if identity.match else ()
            if values:
                number = self._known.setdefault(values, len(self._known))
                self._conditions[(spec.name, identity)] = bears_one_of(
                    at, identity.kind, _KNOWN.format(Literal(number))
                )

    def _bearing(self, name: str, *, claimed: bool) -> list[Composable]:
        identities = self.map.collections[name].identities
        return [
            self._conditions[(name, i)]
            for i in identities
            if (name, i) in self._conditions and (i.trust is Trust.CLAIMED) is claimed
        ]

    def _gather(self, level: Sequence[Sequence[str]]) -> None:
        """Add the rows of one level: all groups in one statement, then each cycle until nothing is added."""
        owning = [k for k in self.map.links if k.kind is LinkKind.OWNS and k.to in self.map.numbers]
        within = {name: group for group in level for name in group}
        found = []
        for name, group in within.items():
            links = [k for k in owning if k.table == name and k.to not in group and self.counts.get(k.to)]
            ways = self._bearing(name, claimed=False) + [self._points(k) for k in links]
            found += [self._select(name, 0, ways)] if ways else []
        first = self._add(found)
        for group in level:
            grown, generation = first, 0
            inward = [k for k in owning if k.table in group and k.to in group]
            while links := [k for k in inward if grown.get(k.to)]:
                generation += 1
                found = []
                for name in group:
                    ways = [self._points(k, generation - 1) for k in links if k.table == name]
                    found += [self._select(name, generation, ways)] if ways else []
                grown = self._add(found)

    def _select(self, name: str, generation: int, ways: Sequence[Composable]) -> Composable:
        table = self.map.table(name)
        cutoffs = self._cutoffs.get(name, ())
        number = side(self.map.spec.system, table, self.map.collections[name], cutoffs)
        what = SQL("SELECT {}, t.tableoid, t.ctid FROM {} t WHERE ").format(number, table.sql)
        own = Literal(self.map.numbers[name])
        return SQL("SELECT {}, {}, s, o, array_agg(r) FROM ({}) n (s, o, r){} GROUP BY s, o").format(
            own,
            Literal(generation),
            SQL(" UNION ").join(what + way for way in ways),
            _UNKNOWN.format(own) if generation else SQL(""),
        )

    def _add(self, found: Sequence[Composable]) -> dict[str, int]:
        """Collection -> rows added."""
        grown: dict[str, int] = {}
        if not found:
            return grown
        names = list(self.map.numbers)
        for number, on, rows in self.connection.execute(_ADD.format(SQL(" UNION ALL ").join(found))).fetchall():
            name = names[number]
            grown[name] = grown.get(name, 0) + rows
            self.counts[name] = self.counts.get(name, 0) + rows
            self.sides[(name, on)] = self.sides.get((name, on), 0) + rows
        return grown

    def _among(self, name: str, further: Composable) -> Composable:
        which = SQL("FROM dsr_reach WHERE k = {} AND {}").format(Literal(self.map.numbers[name]), further)
        mine = SQL("t.ctid = ANY (ARRAY(SELECT unnest(r) {}))").format(which)
        if not self.map.table(name).spread:
            return mine
        return SQL("({} AND (t.tableoid, t.ctid) IN (SELECT o, unnest(r) {}))").format(mine, which)

    def _points(self, link: Link, generation: int | None = None) -> Composable:
        """Inside the sub-select the row pointed at is `t` too: SQL's scopes keep the two apart."""
        to = self.map.table(link.to)
        further = SQL("true") if generation is None else SQL("g = {}").format(Literal(generation))
        target = SQL("FROM {} t WHERE {}").format(to.sql, self._among(link.to, further))
        near, far = _ends(link, self.map.table(link.table), to)
        if len(near) == 1:
            return SQL("{} = ANY (ARRAY(SELECT {} {}))").format(near[0], far[0], target)
        return SQL("({}) IN (SELECT {} {})").format(SQL(", ").join(near), SQL(", ").join(far), target)


def _ends(link: Link, table: Table, to: Table) -> tuple[list[Composable], list[Composable]]:
    """The columns at both ends. Only a link that the database does not enforce can join, say, a number
    with a text; these are compared as text."""
    near: list[Composable] = []
    far: list[Composable] = []
    for column, reference in zip(link.columns, link.references, strict=True):
        alike = table.columns[column].category == to.columns[reference].category
        cast = SQL("") if alike else SQL("::text")
        near.append(SQL("{}{}").format(Identifier("t", column), cast))
        far.append(SQL("{}{}").format(Identifier("t", reference), cast))
    return near, far
