"""Which items of a table are one person's: looked up by key, index or scan, and judged as they are now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from connectors.aws.dynamodb.rules import Rules, Verdict, Way, asked, same
from connectors.aws.dynamodb.table import Key, Schema, Table, key_of
from connectors.aws.dynamodb.values import Item, age, at, path, personal, typed
from connectors.model import Identifier, Locator, Obstacle, ObstacleKind, Record, Subject

MINE, SHARED, CLAIMED = "", "shared", "claimed"  # Locator.key
_FATES = {MINE: Verdict.MINE, SHARED: Verdict.SHARED, CLAIMED: Verdict.CLAIMED}
_OBSTACLES = {
    SHARED: Obstacle(
        ObstacleKind.SHARED,
        "items whose fields name different people: a person must see whose they are and take this one's data out",
    ),
    CLAIMED: Obstacle(ObstacleKind.CLAIMED, "found only through a field that proves nothing"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """One collection's items of a person, and whose each is."""

    rules: Rules
    schema: Schema
    items: Mapping[Key, Item] = field(repr=False)
    verdicts: Mapping[Key, Verdict] = field(repr=False)

    def at(self, at: Locator) -> dict[Key, Item]:
        """What an address stands for now."""
        wanted = _FATES.get(at.key)
        return {k: i for k, i in self.items.items() if self.verdicts[k] is wanted and self._inside(i, at)}

    def _inside(self, item: Item, where: Locator) -> bool:
        """An item of unknown age counts as the youngest: it is never deleted for being old."""
        found = self.age(item)
        if found is None:
            return where.before is None
        return (where.since is None or found >= where.since) and (where.before is None or found < where.before)

    def age(self, item: Item) -> datetime | None:
        name = self.rules.spec.age_field
        return age(at(item, name)) if name else None

    def records(self) -> Iterator[Record]:
        spec = self.rules.spec
        for since, before in pairwise([None, *spec.cutoffs, None]):
            for fate in (MINE, SHARED):
                where = Locator(self.rules.system, spec.name, fate, since, before)
                if items := list(self.at(where).values()):
                    yield self._record(where, items)
        where = Locator(self.rules.system, spec.name, CLAIMED)
        if items := list(self.at(where).values()):
            yield Record(where, len(items), obstacles=(_OBSTACLES[CLAIMED],))

    def _record(self, where: Locator, items: list[Item]) -> Record:
        spec = self.rules.spec
        ages = sorted(a for i in items if (a := self.age(i)) is not None)
        counts = ((f.name, sum(personal(at(i, f.name)) for i in items)) for f in spec.fields if f.redactable)
        total = self.schema.items if not self.rules.starts else 0
        mine = where.key == MINE
        return Record(
            where,
            len(items),
            ages[0] if ages else None,
            ages[-1] if ages else None,
            fields=tuple(counts),
            reveals=self._revealed(items) if mine else (),
            obstacles=() if mine else (_OBSTACLES[where.key],),
            people=len(items) if spec.one_per_person and mine else 1,
            total=total if total >= len(self.items) else None,  # the table is counted every six hours only
        )

    def _revealed(self, items: list[Item]) -> tuple[Identifier, ...]:
        found = {
            Identifier(i.kind, v, i.trust, f"{self.rules.system}/{self.rules.spec.name}.{i.field}")
            for i in self.rules.spec.identities
            if i.reveal
            for item in items
            if personal(at(item, i.field))
            for v in self.rules.held(item, i)
            if v is not None
        }
        return tuple(sorted(found, key=lambda i: (i.kind, i.value)))


def search(table: Table, schema: Schema, rules: Rules, subject: Subject) -> Found:
    """Look up the subject's items of one collection. Raises `connectors.errors`; never yields less than there is."""
    ways = rules.ways(schema)
    keys = dict.fromkeys([*_by_key(table, schema, ways, subject), *_by_scan(table, schema, ways, rules, subject)])
    items = table.get(schema, list(keys)) if keys else {}
    verdicts = {key: rules.verdict(subject, item) for key, item in items.items()}
    theirs = {k: i for k, i in items.items() if verdicts[k] in _FATES.values()}
    return Found(rules, schema, theirs, verdicts)


def _by_key(table: Table, schema: Schema, ways: list[Way], subject: Subject) -> Iterator[Key]:
    for way, text in asked(ways, subject):
        if (value := typed(schema.types[way.attribute], text)) is not None:
            for item in table.query(schema, way.attribute, value, way.index):
                yield key_of(schema, item)


def _by_scan(table: Table, schema: Schema, ways: list[Way], rules: Rules, subject: Subject) -> Iterator[Key]:
    """One pass over the whole table for all fields that no key leads to."""
    wanted = [(w.identity, mine) for w in ways if not w.attribute and (mine := rules.mine(subject, w.identity))]
    if not wanted:
        return
    for item in table.scan(schema, (path(identity.field)[0] for identity, _ in wanted)):
        if any(v is not None and same(v, i.kind) in mine for i, mine in wanted for v in rules.held(item, i)):
            yield key_of(schema, item)
