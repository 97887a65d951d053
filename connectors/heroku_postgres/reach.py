"""Which rows are the person's: rows that bear an identifier, and rows that belong to those.

Row addresses are gathered in one temporary table inside the caller's transaction, table by table
with owners before what they own, so that a person with a million rows costs a few statements and
no memory here. Under REPEATABLE READ a row that another client changes meanwhile makes the
transaction fail instead of being missed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

from psycopg.sql import SQL, Composable, Identifier, Literal

from connectors.errors import ConfigError
from connectors.heroku_postgres.catalogue import Catalogue, ForeignKey, Table
from connectors.heroku_postgres.fields import Place, bears_one_of, nearest, place
from connectors.model import CollectionSpec, LinkKind, LinkSpec, Subject, SystemSpec, Trust

_MAKE = SQL("CREATE TEMP TABLE dsr_reach (k int, o oid, r tid) ON COMMIT DROP")


@dataclass(frozen=True, slots=True)
class Link:
    """A reference between two tables, and whether it makes the row the person's. `kind` None: unmarked."""

    name: str
    table: str
    columns: tuple[str, ...]
    to: str
    references: tuple[str, ...]
    kind: LinkKind | None
    on_delete: str  # "" for a link that the database does not enforce


@dataclass(frozen=True)
class Map:
    """The inventory laid over the catalogue."""

    spec: SystemSpec
    catalogue: Catalogue

    @cached_property
    def collections(self) -> dict[str, CollectionSpec]:
        """ConfigError naming a table that is not there."""
        for c in self.spec.collections:
            if c.name not in self.catalogue.tables:
                hint = nearest(c.name, self.catalogue.tables)
                raise ConfigError(self.spec.system, f"there is no table {c.name!r} in the database{hint}")
        return {c.name: c for c in self.spec.collections}

    def table(self, name: str) -> Table:
        return self.catalogue.tables[name]

    def number(self, name: str) -> int:
        """What the temporary table calls a collection."""
        return list(self.collections).index(name)

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Every foreign key with its mark, and every link that only the inventory knows."""
        declared = {
            (c.name, link.fields, link.to): link for c in self.collections.values() for link in c.links
        }  # fmt: skip
        found = []
        for key in self.catalogue.foreign_keys:
            mark = declared.pop((key.table, key.columns, key.to), None) or self._reordered(declared, key)
            kind = mark.kind if mark else None
            found.append(Link(key.name, key.table, key.columns, key.to, key.references, kind, key.on_delete))
        for (table, fields, to), link in declared.items():
            if to not in self.catalogue.tables:
                raise ConfigError(self.spec.system, f"{table}: a link leads to {to!r}, which is not in the database")
            references = link.references or self.table(to).key
            for column in fields:
                place(self.spec.system, self.table(table), column)
            found.append(Link(f"link {', '.join(fields)}", table, fields, to, references, link.kind, ""))
        return tuple(found)

    @staticmethod
    def _reordered(declared: dict[Any, LinkSpec], key: ForeignKey) -> LinkSpec | None:
        for (table, fields, to), _ in list(declared.items()):
            if (table, set(fields), to) == (key.table, set(key.columns), key.to):
                return declared.pop((table, fields, to))
        return None

    @cached_property
    def owners_first(self) -> tuple[tuple[str, ...], ...]:
        """Collections in groups: each after what it belongs to; a cycle is one group."""
        return _groups({
            name: {k.to for k in self.links if k.table == name and k.kind is LinkKind.OWNS and k.to in self.collections}
            for name in self.collections
        })  # fmt: skip

    @cached_property
    def children_first(self) -> tuple[str, ...]:
        """The order in which collections are shown and deleted."""
        needs = {
            name: {k.table for k in self.links if k.to == name and k.table in self.collections and k.table != name}
            for name in self.collections
        }
        return tuple(name for group in _groups(needs) for name in group)


def _groups(needs: Mapping[str, set[str]]) -> tuple[tuple[str, ...], ...]:
    """A topological order; what hangs together in a cycle stands together, in the order given."""
    remaining = {name: set(others) - {name} for name, others in needs.items()}
    merged: dict[str, set[str]] = {name: {name} for name in needs}
    while True:
        try:
            order = list(TopologicalSorter(remaining).static_order())
            break
        except CycleError as cycle:
            first, *others = set(cycle.args[1])
            for other in others:
                merged[first] |= merged.pop(other)
                remaining[first] |= remaining.pop(other)
            ring = {first, *others}
            remaining = {n: ({first if x in ring else x for x in xs} - {n}) for n, xs in remaining.items()}
    position = {name: i for i, name in enumerate(needs)}
    return tuple(tuple(sorted(merged[name], key=position.__getitem__)) for name in order)


class Reach:
    """The rows of one person, in one transaction."""

    def __init__(self, connection: Any, laid: Map, subject: Subject) -> None:
        self.connection, self.map, self.subject = connection, laid, subject
        self.counts: dict[str, int] = {}
        connection.execute(_MAKE)
        for group in laid.owners_first:
            grown = [self._add(name, again=False) for name in group]
            while (len(group) > 1 or self._owns_itself(group[0])) and any(grown):
                grown = [self._add(name, again=True) for name in group]

    def rows(self, name: str) -> Composable:
        """A condition on `t`, a row of that collection: it is the person's."""
        return among(self.map.table(name), self.map.number(name))

    def claimed(self, name: str) -> Composable | None:
        """A condition on `t`: only something unproven says that the row is the person's."""
        hints = [
            bears_one_of(self._place(name, i.field), i.kind, self.subject.values(i.kind))
            for i in self.map.collections[name].identities if i.trust is Trust.CLAIMED
        ]  # fmt: skip
        if not (found := [h for h in hints if h is not None]):
            return None
        return SQL("({}) AND NOT ({})").format(SQL(" OR ").join(found), self.rows(name))

    def pointing(self, link: Link) -> Composable:
        """A condition on `t`, a row of the link's table: it points at the person's rows."""
        return _points(link, self.map.table(link.to), self.map.number(link.to))

    def _place(self, name: str, field: str) -> Place:
        return place(self.map.spec.system, self.map.table(name), field)

    def _owns_itself(self, name: str) -> bool:
        return any(k.table == k.to == name and k.kind is LinkKind.OWNS for k in self.map.links)

    def _add(self, name: str, *, again: bool) -> int:
        ways = list(self._ways(name, again))
        if not ways:
            return 0
        table = self.map.table(name)
        selects = [SQL("SELECT t.tableoid, t.ctid FROM {} t WHERE {}").format(table.sql, way) for way in ways]
        found = SQL(" UNION ").join(selects)
        new: Composable = SQL("")
        if again:
            new = SQL(
                " WHERE NOT EXISTS (SELECT 1 FROM dsr_reach x WHERE x.k = {} AND x.o = f.o AND x.r = f.r)"
            ).format(Literal(self.map.number(name)))
        insert = SQL("INSERT INTO dsr_reach SELECT {}, f.o, f.r FROM ({}) f (o, r){}").format(
            Literal(self.map.number(name)), found, new
        )
        added = self.connection.execute(insert).rowcount
        self.counts[name] = self.counts.get(name, 0) + added
        return int(added)

    def _ways(self, name: str, again: bool) -> Sequence[Composable]:
        spec = self.map.collections[name]
        ways: list[Composable | None] = []
        if not again:
            for identity in spec.identities:
                if identity.match and identity.trust is not Trust.CLAIMED:
                    values = self.subject.values(identity.kind)
                    ways.append(bears_one_of(self._place(name, identity.field), identity.kind, values))
        owners = [k for k in self.map.links if k.table == name and k.kind is LinkKind.OWNS]
        ways += [self.pointing(link) for link in owners if self.counts.get(link.to)]
        return [way for way in ways if way is not None]


def among(table: Table, number: int) -> Composable:
    """A condition on `t`: its address was gathered under that number."""
    mine = SQL("t.ctid = ANY (ARRAY(SELECT r FROM dsr_reach WHERE k = {}))").format(Literal(number))
    if not table.spread:
        return mine
    pairs = SQL("(t.tableoid, t.ctid) IN (SELECT o, r FROM dsr_reach WHERE k = {})").format(Literal(number))
    return SQL("({} AND {})").format(mine, pairs)


def _points(link: Link, to: Table, number: int) -> Composable:
    """Inside the sub-select the row pointed at is `t` too: SQL's scopes keep the two apart."""
    target = SQL("FROM {} t WHERE {}").format(to.sql, among(to, number))
    ends = SQL(", ").join(Identifier("t", c) for c in link.references)
    if len(link.columns) == 1:
        return SQL("{} = ANY (ARRAY(SELECT {} {}))").format(Identifier("t", link.columns[0]), ends, target)
    near = SQL(", ").join(Identifier("t", c) for c in link.columns)
    return SQL("({}) IN (SELECT {} {})").format(near, ends, target)
