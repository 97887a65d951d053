"""A connector to a dictionary: the reference implementation of the protocol, and the smallest.

Rows are dictionaries; a row is the subject's when a matching identity field bears one of its
values. `SystemSpec.settings["rows"]` is the store itself: {collection: [row, …]}.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from connectors.corrections import pending, tally
from connectors.errors import ChangedError
from connectors.model import (
    Action,
    Artifact,
    Capabilities,
    CollectionSpec,
    Correction,
    Held,
    Identifier,
    Locator,
    Obstacle,
    ObstacleKind,
    Order,
    Outcome,
    Record,
    Status,
    Subject,
    SystemSpec,
    Trust,
)

PLACEHOLDER = "[redacted]"
Row = dict[str, Any]


def connect(spec: SystemSpec) -> MemoryConnector:
    return MemoryConnector(spec)


class MemoryConnector:
    """Holds the laws of `connectors.testing` with nothing else around them."""

    def __init__(self, spec: SystemSpec) -> None:
        self._spec = spec
        self._rows: dict[str, list[Row]] = spec.settings["rows"]
        self.system = spec.system
        self.capabilities = Capabilities(
            needs=frozenset(i.kind for c in spec.collections for i in c.identities if i.match), organisations=True
        )

    def check(self) -> None:
        """The store is always there."""

    def locate(self, subject: Subject) -> Iterator[Record]:
        for spec in self._spec.collections:
            for since, before in _windows(spec.cutoffs):
                at = Locator(self.system, spec.name, "", since, before)
                if rows := self._matching(subject, at):
                    yield self._record(spec, at, rows)
            if (claimed := self._claimed(spec, subject)) and not self._spec.organisation:
                reason = "found only through a field that proves nothing"
                yield Record(
                    Locator(self.system, spec.name, "claimed"),
                    len(claimed),
                    obstacles=(Obstacle(ObstacleKind.CLAIMED, reason),),
                )

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        spec = self._spec.collection(at.collection)
        names = spec.disclosed
        rows = self._matching(subject, at)
        withheld = spec.withheld(n for row in rows for n in row)
        lines = (json.dumps({n: row.get(n) for n in names}, default=str).encode() + b"\n" for row in rows)
        yield Artifact(f"{spec.name}.jsonl", "application/jsonl", lines, withheld)

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        for order in orders:
            if spared := order.spared():
                yield spared
                continue
            rows = self._matching(subject, order.at)
            if len(rows) > order.count + order.late:
                raise ChangedError(self.system, f"{order.at.collection}: {len(rows)} rows, the plan has {order.count}")
            if not rows:
                yield Outcome(order.at, Status.ABSENT)
                continue
            self._spec.gate(order.at.collection)
            self._erase(order, rows)
            yield Outcome(order.at, Status.DONE, len(rows))

    def held(self, subject: Subject, at: Locator, fields: Collection[str]) -> Iterator[Held]:
        rows = self._matching(subject, at)
        yield from tally((name, row.get(name)) for name in fields for row in rows)

    def correct(self, subject: Subject, corrections: Sequence[Correction]) -> Iterator[Outcome]:
        todo = [pending(self.system, c, self.held(subject, c.at, {h.field for h in c.changes})) for c in corrections]
        for correction, changes in zip(corrections, todo, strict=True):
            for change in changes:
                self._spec.gate(correction.at.collection)
                for row in self._matching(subject, correction.at):
                    if str(row.get(change.field)) == change.old:
                        row[change.field] = change.new
            status = Status.DONE if changes else Status.ABSENT
            yield Outcome(correction.at, status, sum(c.count for c in changes))

    def identities(self) -> Iterator[tuple[Identifier, ...]]:
        """Everybody: of each row the identifiers it bears."""
        for spec in self._spec.collections:
            for row in self._rows.get(spec.name, []):
                if found := self._borne(spec, row):
                    yield found

    def _borne(self, spec: CollectionSpec, row: Row) -> tuple[Identifier, ...]:
        return tuple(
            Identifier(i.kind, str(row[i.field]), i.trust, f"{self.system}/{spec.name}.{i.field}")
            for i in spec.identities
            if i.trust is not Trust.CLAIMED and row.get(i.field) not in (None, "", PLACEHOLDER)
        )

    def _erase(self, order: Order, rows: list[Row]) -> None:
        gone = {id(row) for row in rows}
        if order.action is Action.DELETE:
            table = self._rows[order.at.collection]
            table[:] = [row for row in table if id(row) not in gone]
            return
        for row in rows:
            for spec in self._spec.collection(order.at.collection).fields:
                if spec.redactable and spec.name in row and spec.name not in order.keep:
                    row[spec.name] = PLACEHOLDER

    def _matching(self, subject: Subject, at: Locator) -> list[Row]:
        if at.key == "claimed":
            return []
        spec = self._spec.collection(at.collection)
        proofs = [i for i in spec.identities if i.match and i.trust is not Trust.CLAIMED]
        return [
            row
            for row in self._rows.get(at.collection, [])
            if any(_same(row.get(i.field), subject.values(i.kind)) for i in proofs)
            and _inside(row.get(spec.age_field), at)
            and self._asked_for(spec, row)
        ]

    def _asked_for(self, spec: CollectionSpec, row: Row) -> bool:
        """Whether the row is of the organisation that is asked for, where one is."""
        whose = [row.get(column) for column in spec.organisation]
        return not self._spec.organisation or whose == [self._spec.organisation]

    def _claimed(self, spec: CollectionSpec, subject: Subject) -> list[Row]:
        hints = [i for i in spec.identities if i.trust is Trust.CLAIMED]
        mine = {id(row) for row in self._matching(subject, Locator(self.system, spec.name))}
        return [
            row
            for row in self._rows.get(spec.name, [])
            if id(row) not in mine and any(_same(row.get(i.field), subject.values(i.kind)) for i in hints)
        ]

    def _record(self, spec: CollectionSpec, at: Locator, rows: list[Row]) -> Record:
        ages = sorted(row[spec.age_field] for row in rows if row.get(spec.age_field))
        reveals = {
            Identifier(i.kind, str(row[i.field]), i.trust, f"{self.system}/{spec.name}.{i.field}")
            for i in spec.identities
            if i.reveal
            for row in rows
            if row.get(i.field) not in (None, "", PLACEHOLDER)
        }
        redactable = (f.name for f in spec.fields if f.redactable)
        counts = ((name, sum(row.get(name) not in (None, "", PLACEHOLDER) for row in rows)) for name in redactable)
        return Record(
            at,
            len(rows),
            ages[0] if ages else None,
            ages[-1] if ages else None,
            fields=tuple(counts),
            reveals=tuple(sorted(reveals, key=lambda i: (i.kind, i.value))),
            people=len(rows) if spec.one_per_person else 1,
            total=len(self._rows.get(spec.name, [])),
            organisation=self._spec.organisation,
        )


def _same(held: object, wanted: Sequence[str]) -> bool:
    return held is not None and str(held).casefold() in {w.casefold() for w in wanted}


def _inside(age: datetime | None, at: Locator) -> bool:
    """A row of unknown age counts as the youngest: it is never deleted for being old."""
    if age is None:
        return at.before is None
    return (at.since is None or age >= at.since) and (at.before is None or age < at.before)


def _windows(cutoffs: tuple[datetime, ...]) -> list[tuple[datetime | None, datetime | None]]:
    """The windows between ascending cut-offs, oldest first; one open window without any."""
    edges = [None, *cutoffs, None]
    return list(pairwise(edges))
