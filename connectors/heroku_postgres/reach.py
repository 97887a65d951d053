"""Which rows are the person's: rows that bear an identifier, and rows that belong to those.

Row addresses are gathered in a temporary table of the caller's transaction, table by table with
owners before what they own, so that a person with a million rows costs a few statements and no
memory here. Cycles and self references are followed generation by generation. Under REPEATABLE
READ a row that another client changes meanwhile makes the transaction fail instead of being missed.

The identifiers themselves go into a second temporary table, as a parameter of one statement: no
other statement bears a personal value, whatever the server logs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg.sql import SQL, Composable, Identifier, Literal

from connectors.heroku_postgres.catalogue import Table
from connectors.heroku_postgres.fields import bears_one_of, place, wanted
from connectors.heroku_postgres.links import Link, Map
from connectors.model import CollectionSpec, IdentitySpec, LinkKind, Subject, Trust

_MAKE = "CREATE TEMP TABLE dsr_known (n int, v text) ON COMMIT DROP"
# One row for a collection's addresses in one relation and generation: they are read without passing over the others'.
_GATHER = "CREATE TEMP TABLE dsr_reach (k int, g int, o oid, r tid[]) ON COMMIT DROP"
_KNOW = "INSERT INTO dsr_known SELECT * FROM unnest(%s::int[], %s::text[])"


class Reach:
    """The rows of one person, in one transaction. `counts`: collection -> how many."""

    def __init__(self, connection: Any, laid: Map, subject: Subject) -> None:
        self.connection, self.map, self.subject = connection, laid, subject
        self.counts: dict[str, int] = {}
        self._known: dict[tuple[str, ...], int] = {}
        self._conditions: dict[tuple[str, IdentitySpec], Composable] = {}
        for spec in laid.collections.values():
            self._prepare(spec)
        connection.execute(f"{_MAKE}; {_GATHER}")
        if self._known:
            pairs = [(n, v) for values, n in self._known.items() for v in values]
            connection.execute(_KNOW, [[n for n, _ in pairs], [v for _, v in pairs]])
            for group in laid.owners_first:
                self._gather(group)

    def rows(self, name: str) -> Composable:
        """A condition on `t`, a row of that collection: it is the person's."""
        return among(self.map.table(name), self.map.numbers[name])

    def claimed(self, name: str) -> Composable | None:
        """A condition on `t`: only something unproven says that the row is the person's."""
        hints = self._bearing(name, claimed=True)
        if not hints:
            return None
        return SQL("({}) AND NOT ({})").format(SQL(" OR ").join(hints), self.rows(name))

    def mentioning(self, link: Link) -> Composable:
        """A condition on `t`, a row of the link's table: it points at the person's rows and is not theirs."""
        points = self._points(link)
        if not self.counts.get(link.table):
            return points
        return SQL("{} AND NOT ({})").format(points, self.rows(link.table))

    def _prepare(self, spec: CollectionSpec) -> None:
        table = self.map.table(spec.name)
        for identity in spec.identities:
            at = place(self.map.spec.system, table, identity.field)
            values = wanted(at, identity.kind, self.subject.values(identity.kind)) if identity.match else ()
            if values:
                number = self._known.setdefault(values, len(self._known))
                known = SQL("SELECT v FROM dsr_known WHERE n = {}").format(Literal(number))
                self._conditions[(spec.name, identity)] = bears_one_of(at, identity.kind, known)

    def _bearing(self, name: str, *, claimed: bool) -> list[Composable]:
        identities = self.map.collections[name].identities
        return [
            self._conditions[(name, i)]
            for i in identities
            if (name, i) in self._conditions and (i.trust is Trust.CLAIMED) is claimed
        ]

    def _gather(self, group: Sequence[str]) -> None:
        owning = [
            k for k in self.map.links if k.kind is LinkKind.OWNS and k.table in group and k.to in self.map.numbers
        ]
        grown = {
            name: self._add(name, 0, self._bearing(name, claimed=False), (k for k in owning if k.to not in group))
            for name in group
        }
        inward = [k for k in owning if k.to in group]
        generation = 0
        while inward and any(grown.values()):
            generation += 1
            grown = {
                name: self._add(name, generation, [], (k for k in inward if k.table == name and grown[k.to]))
                for name in group
            }

    def _add(self, name: str, generation: int, ways: list[Composable], links: Iterable[Link]) -> int:
        for link in links:
            if link.table == name and self.counts.get(link.to):
                earlier = generation - 1 if generation else None
                ways.append(self._points(link, earlier))
        if not ways:
            return 0
        table, number = self.map.table(name), Literal(self.map.numbers[name])
        select = SQL(" UNION ").join(
            SQL("SELECT t.tableoid, t.ctid FROM {} t WHERE {}").format(table.sql, way) for way in ways
        )
        known: Composable = SQL("")
        if generation:
            known = SQL("WHERE (f.o, f.r) NOT IN (SELECT o, unnest(r) FROM dsr_reach WHERE k = {})").format(number)
        insert = SQL(
            "WITH added AS (INSERT INTO dsr_reach SELECT {}, {}, f.o, array_agg(f.r) FROM ({}) f (o, r) {} "
            "GROUP BY f.o RETURNING cardinality(r) n) SELECT coalesce(sum(n), 0)::bigint FROM added"
        ).format(number, Literal(generation), select, known)
        added: int = self.connection.execute(insert).fetchone()[0]
        self.counts[name] = self.counts.get(name, 0) + added
        return added

    def _points(self, link: Link, generation: int | None = None) -> Composable:
        """Inside the sub-select the row pointed at is `t` too: SQL's scopes keep the two apart."""
        near_table, to = self.map.table(link.table), self.map.table(link.to)
        target = SQL("FROM {} t WHERE {}").format(to.sql, among(to, self.map.numbers[link.to], generation))
        near, far = [], []
        for column, reference in zip(link.columns, link.references, strict=True):
            # Only a link that the database does not enforce can join, say, a number with a text.
            cast = SQL("" if near_table.columns[column].category == to.columns[reference].category else "::text")
            near.append(SQL("{}{}").format(Identifier("t", column), cast))
            far.append(SQL("{}{}").format(Identifier("t", reference), cast))
        if len(near) == 1:
            return SQL("{} = ANY (ARRAY(SELECT {} {}))").format(near[0], far[0], target)
        return SQL("({}) IN (SELECT {} {})").format(SQL(", ").join(near), SQL(", ").join(far), target)


def among(table: Table, number: int, generation: int | None = None) -> Composable:
    """A condition on `t`: its address was gathered under that number (in that generation)."""
    which = SQL("FROM dsr_reach WHERE k = {}").format(Literal(number))
    if generation is not None:
        which = SQL("{} AND g = {}").format(which, Literal(generation))
    mine = SQL("t.ctid = ANY (ARRAY(SELECT unnest(r) {}))").format(which)
    if not table.spread:
        return mine
    return SQL("({} AND (t.tableoid, t.ctid) IN (SELECT o, unnest(r) {}))").format(mine, which)
