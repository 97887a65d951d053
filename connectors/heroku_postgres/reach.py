"""Which rows are the person's: rows that bear an identifier, and rows that belong to those.

They are common table expressions, one per collection, that stand before whatever is asked of the
rows: to count, copy or delete them is one statement that gathers them too. So a person with a
million rows costs no memory here, and no table is made for them on the server. Cycles and self
references are followed generation by generation, by a recursive expression.

The identifiers themselves are a setting of the transaction, given as a parameter: no statement
bears a personal value, whatever the server logs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.sql import SQL, Composable, Identifier, Literal

from connectors.heroku_postgres import organisation
from connectors.heroku_postgres.fields import bears_one_of, place, wanted
from connectors.heroku_postgres.links import Link, Map
from connectors.heroku_postgres.windows import side, sides_of
from connectors.model import CollectionSpec, IdentitySpec, Locator, Subject, Trust

_KNOW = "SELECT set_config('dsr.known', %s, true)"
_KNOWN = SQL("SELECT jsonb_array_elements_text(current_setting('dsr.known')::jsonb -> {})")
_STEP = SQL(
    "SELECT {}, t.tableoid, t.ctid FROM w JOIN {} x ON x.tableoid = w.o AND x.ctid = w.r JOIN {} t ON {} WHERE w.k = {}"
)
_NOTHING: Mapping[str, Sequence[Composable]] = {}


class Reach:
    """The rows of one person in one transaction, as SQL over `t`, a row of a collection.

    `cutoffs` divides the rows of a collection into sides, numbered from the oldest. `names`: the
    collections that can have rows of the person's, owners first; all others have none.
    """

    def __init__(
        self, connection: Any, laid: Map, subject: Subject, cutoffs: Mapping[str, Sequence[datetime]]
    ) -> None:  # fmt: skip
        self.connection, self.map, self.subject = connection, laid, subject
        self._cutoffs = cutoffs
        self._known: dict[tuple[str, ...], int] = {}
        self._conditions: dict[tuple[str, IdentitySpec], Composable] = {}
        for spec in laid.collections.values():
            self._prepare(spec)
        self.limited = organisation.limited(laid) if laid.spec.organisation else frozenset(laid.collections)
        self._theirs = {name: self._of_organisation(name) for name in self.limited} if laid.spec.organisation else {}
        self._groups: dict[str, tuple[str, ...]] = {}  # with each collection, what it is in a cycle with
        self._ways: dict[str, list[Composable]] = {}
        for group in (group for level in laid.owners_first for group in level):
            ways = {name: self._from_outside(name, group) for name in group}
            if any(ways.values()):
                self._groups |= dict.fromkeys(group, group)
                self._ways |= ways
        self.names = tuple(self._groups)
        if self._known:
            connection.execute(_KNOW, [json.dumps(list(self._known))])

    def before(
        self, names: Iterable[str], query: Composable, more: Mapping[str, Sequence[Composable]] = _NOTHING,
        then: Sequence[Composable] = (),
    ) -> Composable:  # fmt: skip
        """The query, with the rows of these collections and of all that leads to them gathered before it.

        Of each row: its address (o, r), its side (s), and `more`, expressions over `t`, as m0, m1, ….
        What is referred to once, the server runs in place and keeps nothing of. `then`: expressions that
        follow.
        """
        parts = [*self._gather(names, more), *then]
        return SQL("WITH RECURSIVE {} {}").format(SQL(", ").join(parts), query) if parts else query

    def leading_to(self, names: Iterable[str]) -> frozenset[str]:
        """Of these collections those that can have rows, and those whose rows they belong to, however far."""
        found, new = set[str](), {n for name in names if name in self._groups for n in self._groups[name]}
        while new:
            found |= new
            owners = {k.to for k in self.map.owning if k.table in new and k.to in self._groups}
            new = {n for name in owners for n in self._groups[name]} - found
        return frozenset(found)

    def sides(self, name: str) -> range:
        return range(len(self._cutoffs.get(name, ())) + 1)

    def gathered(self, name: str) -> Composable:
        """The expression that holds the collection's rows."""
        return Identifier(f"r{self.map.numbers[name]}")

    def rows(self, name: str, sides: Iterable[int] | None = None) -> Composable:
        """A condition: the row is the person's (and on one of those sides)."""
        if name not in self._groups:
            return SQL("false")
        rest = set(self.sides(name)) - set(self.sides(name) if sides is None else sides)
        if self._inward(self._groups[name]) or len(self._ways[name]) > 1:
            further = SQL(" WHERE s <> ALL ({}::int[])").format(Literal(sorted(rest))) if rest else SQL("")
            return self._at(name, SQL("{}{}").format(self.gathered(name), further))
        # Found again in the same way: cheaper than to keep addresses for it.
        way = self._ways[name][0]
        return (
            SQL("({} AND {} <> ALL ({}::int[]))").format(way, self._side(name), Literal(sorted(rest))) if rest else way
        )

    def record(self, at: Locator) -> Composable:
        """A condition: the row is one of the person's in a record's window."""
        return self.rows(at.collection, sides_of(at, self._cutoffs.get(at.collection, ())))

    def claimed(self, name: str) -> Composable | None:
        """A condition: only something unproven says that the row is the person's, or a link says it is another's."""
        hints = self._bearing(name, claimed=True)
        hints += self._bearing(name, claimed=False) if self._outward(name) else []
        return SQL("({}) AND {}").format(SQL(" OR ").join(hints), self._not_theirs(name)) if hints else None

    def mentioning(self, link: Link) -> Composable:
        """A condition on a row of the link's table: it points at the person's rows and is not theirs."""
        return SQL("{} AND {}").format(self._points(link), self._not_theirs(link.table))

    def ends(self, link: Link, far: Callable[[str], Composable]) -> list[tuple[Composable, Composable]]:
        """Pairs of a link's columns: of `t`, and what `far` calls the column at the other end. Only a link that
        the database does not enforce can join, say, a number with a text; these are compared as text."""
        table, to = self.map.table(link.table), self.map.table(link.to)
        pairs: list[tuple[Composable, Composable]] = []
        for column, reference in zip(link.columns, link.references, strict=True):
            alike = table.columns[column].category == to.columns[reference].category
            cast = SQL("" if alike else "::text")
            pairs.append((SQL("{}{}").format(Identifier("t", column), cast), SQL("{}{}").format(far(reference), cast)))
        return pairs

    def key(self, name: str, *alias: str) -> Callable[[str], Composable]:
        """What the columns of a collection that links lead to are called among its gathered rows."""
        columns = list(self.map.table(name).columns)
        return lambda column: Identifier(*alias, f"k{columns.index(column)}")

    def _gather(self, names: Iterable[str], more: Mapping[str, Sequence[Composable]]) -> list[Composable]:
        needed = self.leading_to(names)
        parts: list[Composable] = []
        for name in (n for n in self.names if n in needed):
            group = self._groups[name]
            ways = self._ways[name]
            if self._inward(group):
                parts += [self._cycle(group)] if name == group[0] else []
                inside = self._at(name, _addresses_of(self._cycle_of(group), self._number(name)))
                ways = [self._only_theirs(name, inside)]
            elif len(ways) > 1:
                found = Identifier(f"a{self.map.numbers[name]}")
                parts.append(SQL("{} AS ({})").format(found, self._addresses(name, ways)))
                ways = [self._at(name, _addresses_of(found, self._number(name)))]
            parts.append(self._rows(name, ways[0], more.get(name, ())))
        return parts

    def _prepare(self, spec: CollectionSpec) -> None:
        table = self.map.table(spec.name)
        for identity in spec.identities:
            at = place(self.map.spec.system, table, identity.field)
            values = wanted(at, identity.kind, self.subject.values(identity.kind)) if identity.match else ()
            if values:
                number = self._known.setdefault(values, len(self._known))
                known = _KNOWN.format(Literal(number))
                self._conditions[(spec.name, identity)] = bears_one_of(at, identity.kind, known)

    def _bearing(self, name: str, *, claimed: bool) -> list[Composable]:
        return [
            self._conditions[(name, i)]
            for i in self.map.collections[name].identities
            if (name, i) in self._conditions and (i.trust is Trust.CLAIMED) is claimed
        ]

    def _from_outside(self, name: str, group: Sequence[str]) -> list[Composable]:
        """Conditions that each make a row the person's, but for links within its group.

        A row that bears an identifier of theirs and belongs to another person's row is not theirs: an address is
        typed by somebody, and a link is set by the application.
        """
        links = self._outward(name, group)
        own = [SQL(" AND ").join([way, *map(self._not_anothers, links)]) for way in self._bearing(name, claimed=False)]
        ways = [*own, *(self._points(k) for k in links if k.to in self._groups)]
        return [self._only_theirs(name, way) for way in ways]

    def _outward(self, name: str, group: Sequence[str] = ()) -> list[Link]:
        """By which links a row belongs to a row of another collection that is in no cycle with its own."""
        group = group or self._groups.get(name, (name,))
        return [k for k in self.map.owning if k.table == name and k.to not in group]

    def _not_anothers(self, link: Link) -> Composable:
        """A condition: the link leads nowhere, or to a row of the person's."""
        nowhere = [SQL("{} IS NULL").format(Identifier("t", column)) for column in link.columns]
        theirs = [self._points(link)] if link.to in self._groups else []
        return SQL("({})").format(SQL(" OR ").join([*nowhere, *theirs]))

    def _of_organisation(self, name: str) -> Composable | None:
        number = self._known.setdefault((self.map.spec.organisation,), len(self._known))
        return organisation.condition(self.map, name, _KNOWN.format(Literal(number)))

    def _only_theirs(self, name: str, way: Composable) -> Composable:
        """The way, narrowed to rows of the organisation that is asked for, where one is."""
        narrow = self._theirs.get(name)
        return SQL("({} AND {})").format(way, narrow) if narrow is not None else way

    def _inward(self, group: Sequence[str]) -> list[Link]:
        return [k for k in self.map.owning if k.table in group and k.to in group]

    def _rows(self, name: str, way: Composable, more: Sequence[Composable]) -> Composable:
        table, key = self.map.table(name), self.key(name)
        keys = dict.fromkeys(c for k in self.map.links if k.to == name for c in k.references)
        items = [SQL("t.tableoid o, t.ctid r, {} s").format(self._side(name))]
        items += [SQL("{} {}").format(Identifier("t", c), key(c)) for c in keys]
        items += [SQL("{} {}").format(what, Identifier(f"m{n}")) for n, what in enumerate(more)]
        query = SQL("{} AS (SELECT {} FROM {} t WHERE {})")
        return query.format(self.gathered(name), SQL(", ").join(items), table.sql, way)

    def _side(self, name: str) -> Composable:
        table, spec = self.map.table(name), self.map.collections[name]
        return side(self.map.spec.system, table, spec, self._cutoffs.get(name, ()))

    def _addresses(self, name: str, ways: Sequence[Composable]) -> Composable:
        what = SQL("SELECT {} k, t.tableoid o, t.ctid r FROM {} t WHERE {}")
        return SQL(" UNION ALL ").join(what.format(self._number(name), self.map.table(name).sql, way) for way in ways)

    def _cycle(self, group: Sequence[str]) -> Composable:
        """The addresses of all rows of a group: what is found from outside, and generation by generation theirs."""
        seeds = [self._addresses(name, ways) for name in group if (ways := self._ways[name])]
        steps = []
        for link in self._inward(group):
            pairs = self.ends(link, lambda column: Identifier("x", column))
            steps.append(_STEP.format(
                self._number(link.table), self.map.table(link.to).sql, self.map.table(link.table).sql,
                SQL(" AND ").join(SQL("{} = {}").format(*pair) for pair in pairs), self._number(link.to),
            ))  # fmt: skip
        name, union = self._cycle_of(group), SQL(" UNION ALL ")
        return SQL("{0} (k, o, r) AS ({1} UNION (WITH w AS (SELECT * FROM {0}) {2}))").format(
            name, union.join(seeds), union.join(steps)
        )

    def _cycle_of(self, group: Sequence[str]) -> Composable:
        return Identifier(f"c{self.map.numbers[group[0]]}")

    def _number(self, name: str) -> Composable:
        return Literal(self.map.numbers[name])

    def _at(self, name: str, found: Composable) -> Composable:
        """A condition: the row is at one of the addresses found."""
        mine = SQL("t.ctid = ANY (ARRAY(SELECT r FROM {}))").format(found)
        if not self.map.table(name).spread:
            return mine
        return SQL("({} AND (t.tableoid, t.ctid) IN (SELECT o, r FROM {}))").format(mine, found)

    def _not_theirs(self, name: str) -> Composable:
        if name not in self._groups:
            return SQL("true")
        return SQL("NOT EXISTS (SELECT FROM {} x WHERE (x.o, x.r) = (t.tableoid, t.ctid))").format(self.gathered(name))

    def _points(self, link: Link) -> Composable:
        """With an index its keys are looked up, whatever the server guesses; without one they are hashed."""
        pairs = self.ends(link, self.key(link.to))
        near, far = zip(*pairs, strict=True)
        found = SQL("SELECT {} FROM {}").format(SQL(", ").join(far), self.gathered(link.to))
        if len(pairs) == 1 and self.map.table(link.table).columns[link.columns[0]].indexed:
            return SQL("{} = ANY (ARRAY({}))").format(near[0], found)
        return SQL("({}) IN ({})").format(SQL(", ").join(near), found)


def _addresses_of(found: Composable, number: Composable) -> Composable:
    return SQL("{} WHERE k = {}").format(found, number)
