"""The inventory laid over the catalogue: which references there are, and what each means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

from connectors.errors import ConfigError
from connectors.heroku_postgres.catalogue import Catalogue, ForeignKey, Table, mark, read
from connectors.heroku_postgres.fields import nearest, place
from connectors.model import CollectionSpec, LinkKind, LinkSpec, SystemSpec


@dataclass(frozen=True, slots=True)
class Link:
    """A reference between two tables, and whether it makes the row the person's. `kind` None: unmarked."""

    name: str  # the constraint's; of a link that the database does not enforce: its columns and target
    table: str
    columns: tuple[str, ...]
    to: str
    references: tuple[str, ...]
    kind: LinkKind | None
    on_delete: str  # "" for a link that the database does not enforce


@dataclass(frozen=True)
class Map:
    """Collections, tables and links of one system."""

    spec: SystemSpec
    catalogue: Catalogue

    @cached_property
    def collections(self) -> dict[str, CollectionSpec]:
        """ConfigError naming a table that is not there, and the nearest that is."""
        for c in self.spec.collections:
            if c.name not in self.catalogue.tables:
                hint = nearest(c.name, self.catalogue.tables)
                raise ConfigError(self.spec.system, f"there is no table {c.name!r} in the database{hint}")
        return {c.name: c for c in self.spec.collections}

    @cached_property
    def numbers(self) -> dict[str, int]:
        """What statements call the collections."""
        return {name: number for number, name in enumerate(self.collections)}

    def table(self, name: str) -> Table:
        return self.catalogue.tables[name]

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Every foreign key with its mark, and every link that only the inventory knows."""
        declared = [(c.name, link) for c in self.collections.values() for link in c.links]
        found = []
        for key in self.catalogue.foreign_keys:
            marks = [link for table, link in declared if _same(table, link, key)]
            if len({m.kind for m in marks}) > 1:
                raise ConfigError(self.spec.system, f"{key.table}: {key.name} is marked both owns and mentions")
            kind = marks[0].kind if marks else None
            found.append(Link(key.name, key.table, key.columns, key.to, key.references, kind, key.on_delete))
        enforced = self.catalogue.foreign_keys
        soft = [(table, link) for table, link in declared if not any(_same(table, link, k) for k in enforced)]
        return tuple(found + [self._soft(table, link) for table, link in soft])

    def _soft(self, table: str, link: LinkSpec) -> Link:
        system, here = self.spec.system, f"{table}: the link {', '.join(link.fields)}"
        if link.to not in self.catalogue.tables:
            hint = nearest(link.to, self.catalogue.tables)
            raise ConfigError(system, f"{here} leads to {link.to!r}, which is not in the database{hint}")
        for column in link.fields:
            place(system, self.table(table), column)
        references = link.references or self.table(link.to).key
        for column in references:
            place(system, self.table(link.to), column)
        if len(references) != len(link.fields):
            raise ConfigError(
                system, f"{here} needs `references`: the {len(link.fields)} columns of {link.to} it means"
            )
        name = f"link {', '.join(link.fields)} to {link.to}"
        return Link(name, table, link.fields, link.to, references, link.kind, "")

    @cached_property
    def owning(self) -> tuple[Link, ...]:
        """The links whose rows belong to those they point at, between collections."""
        return tuple(k for k in self.links if k.kind is LinkKind.OWNS and k.to in self.collections)

    @cached_property
    def owners_first(self) -> tuple[tuple[tuple[str, ...], ...], ...]:
        """Levels of groups of collections: each after what it belongs to; a cycle is one group."""
        owners: dict[str, set[str]] = {name: set() for name in self.collections}
        for link in self.owning:
            owners[link.table].add(link.to)
        return levels(owners)

    @cached_property
    def children_first(self) -> tuple[str, ...]:
        """The order in which collections are shown and deleted."""
        children: dict[str, set[str]] = {name: set() for name in self.collections}
        for link in self.links:
            if link.kind is not LinkKind.MENTIONS and link.to in children and link.table in children:
                children[link.to].add(link.table)
        return tuple(name for level in levels(children) for group in level for name in group)

    def freed(self, link: Link) -> tuple[str, ...]:
        """The columns that unlinking sets to NULL; empty if all are NOT NULL.

        One NULL unlinks a composite key, so a column that other keys use too is left alone if possible.
        """
        columns = self.table(link.table).columns
        free = tuple(c for c in link.columns if not columns[c].not_null and not columns[c].computed)
        shared = {c for k in self.links if k.table == link.table and k is not link for c in k.columns}
        return tuple(c for c in free if c not in shared) or free


class Structure:
    """The map of one system, kept as long as the structure of its database is the same."""

    def __init__(self, spec: SystemSpec) -> None:
        self._spec = spec
        self._map: Map | None = None

    def of(self, connection: Any, fresh: bool = False) -> Map:
        """The map at this transaction's beginning; `fresh`: with estimates of this moment."""
        known = self._map
        if known is None or fresh or known.catalogue.mark != mark(connection):
            self._map = known = Map(self._spec, read(connection))
        return known


def _same(table: str, link: LinkSpec, key: ForeignKey) -> bool:
    """Whether a declared link is that foreign key, in whatever order it names the columns."""
    if (table, link.to, set(link.fields)) != (key.table, key.to, set(key.columns)):
        return False
    pairs = set(zip(link.fields, link.references, strict=False))
    return not link.references or pairs == set(zip(key.columns, key.references, strict=True))


def levels(needs: Mapping[str, set[str]]) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """A topological order by levels; what hangs together in a cycle is one group. Equal input, equal output."""
    position = {name: i for i, name in enumerate(needs)}
    merged = {name: {name} for name in needs}
    remaining = {name: others - {name} for name, others in needs.items()}
    while True:
        sorter = TopologicalSorter(remaining)
        try:
            sorter.prepare()
            break
        except CycleError as cycle:
            first, *others = sorted(set(cycle.args[1]), key=position.__getitem__)
        for other in others:
            merged[first] |= merged.pop(other)
            remaining[first] |= remaining.pop(other)
        ring = {first, *others}
        remaining = {n: {first if x in ring else x for x in xs} - {n} for n, xs in remaining.items()}
    found = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=position.__getitem__)
        sorter.done(*ready)
        found.append(tuple(tuple(sorted(merged[name], key=position.__getitem__)) for name in ready))
    return tuple(found)
