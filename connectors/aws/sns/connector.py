"""The connector: what is located, exported and deleted, and what lapses or stays."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.aws.answers import watch
from connectors.aws.session import client
from connectors.aws.sns.api import Api, Row
from connectors.aws.sns.erase import DELETING, LAPSES, LISTED, PENDING_REASON, REMOVED_REASON, STOPPED, UNPROVEN, Eraser
from connectors.aws.sns.search import CLAIMED, FREE, REMOVED, WAITING, Search, value_of
from connectors.aws.sns.settings import COLLECTIONS, KNOWN, OPT_OUTS, SUBSCRIPTIONS, Settings
from connectors.errors import ChangedError
from connectors.model import (
    Action,
    Artifact,
    Aspect,
    Capabilities,
    Identifier,
    Locator,
    Obstacle,
    ObstacleKind,
    Order,
    Outcome,
    Probe,
    Record,
    Subject,
    SystemSpec,
)

_NOTES = {SUBSCRIPTIONS: "unsubscribes; SNS may tell the address so", OPT_OUTS: STOPPED}


class SnsConnector:
    """One account's SNS in one region."""

    def __init__(self, spec: SystemSpec) -> None:
        """Raises ConfigError naming the setting or option that is wrong; makes no call."""
        self.system = spec.system
        self._spec = spec
        self._settings = Settings.of(spec)
        sns: Any = client(spec, "sns", KNOWN)
        watch(sns, spec.system)
        self._api = Api(spec.system, sns)
        self.capabilities = Capabilities(self._settings.needs, frozenset({Action.DELETE}), settles_within=LISTED)

    def check(self) -> None:
        """Prove the permissions that reading needs; reads nobody's address, device or number."""
        self._api.prove(self._settings.every_topic, self._settings.sms)

    def inspect(self) -> Iterator[Probe]:
        """What reading needs, proven; what deleting needs, named."""
        self.check()
        yield Probe(Aspect.REACH, True)
        yield Probe(Aspect.LOCATE, True, "subscriptions, devices and numbers")
        yield Probe(Aspect.DELETE, None, f"needs {DELETING}; shown only by deleting")

    def _search(self, subject: Subject) -> Search:
        return Search(self._api, self._settings, subject)

    def locate(self, subject: Subject) -> Iterator[Record]:
        """Subscriptions before the devices they go to; then numbers."""
        search = self._search(subject)
        for name in COLLECTIONS:
            for key in (FREE, WAITING, REMOVED, CLAIMED):
                # What has no age counts as the youngest: it is never let go for being old.
                since = max(self._settings.collections[name].cutoffs, default=None)
                at = Locator(self.system, name, key, since)
                if rows := search.at(at):
                    yield self._record(at, rows)

    def _record(self, at: Locator, rows: Sequence[Row]) -> Record:
        spec = self._settings.collections[at.collection]
        return Record(
            at,
            len(rows),
            fields=tuple((f.name, sum(bool(value_of(r, f.name)) for r in rows)) for f in spec.fields if f.redactable),
            reveals=self._reveals(at.collection, rows) if at.key != CLAIMED else (),
            obstacles=tuple(_obstacles(at)),
            note=_NOTES.get(at.collection, "") if at.key == FREE else "",
        )

    def _reveals(self, name: str, rows: Sequence[Row]) -> tuple[Identifier, ...]:
        told = {
            Identifier(i.kind, value, i.trust, f"{self.system}/{name}.{i.field}")
            for i in self._settings.collections[name].identities
            for row in rows
            if i.reveal and (value := value_of(row, i.field)) and _of_kind(i.kind, value)
        }
        return tuple(sorted(told, key=lambda i: (i.kind, i.value)))

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        """The disclosed fields of the person's rows; nothing of a device that is only claimed."""
        if at.key == CLAIMED or not (rows := self._search(subject).at(at)):
            return
        spec = self._settings.collections[at.collection]
        shown = spec.disclosed
        present = {name for row in rows for name, value in row.items() if value}
        withheld = spec.withheld(present)
        told = ({n: row.get(n) or value_of(row, n) for n in shown if row.get(n) or value_of(row, n)} for row in rows)
        lines = (json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in told)
        name = "-".join(filter(None, (at.collection, at.key)))
        yield Artifact(f"{name}.jsonl", "application/jsonl", lines, withheld)

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Carry out the orders; see `erase`."""
        for order in orders:
            if order.at.collection not in COLLECTIONS:
                raise ChangedError(self.system, f"{order.at.collection}: there is no such collection")
        yield from Eraser(self.system, self._api, lambda: self._search(subject), self._spec.gate).run(orders)


def _obstacles(at: Locator) -> Iterator[Obstacle]:
    now = datetime.now(UTC)
    if at.key == WAITING:
        yield Obstacle(ObstacleKind.LOCKED, PENDING_REASON, now + LAPSES)
    if at.key == REMOVED:
        yield Obstacle(ObstacleKind.LOCKED, REMOVED_REASON, now + LISTED)
    if at.key == CLAIMED:
        yield Obstacle(ObstacleKind.CLAIMED, UNPROVEN)


def _of_kind(kind: str, value: str) -> bool:
    """An endpoint is an address or a number: one does not reveal the other."""
    if kind.rpartition(".")[2] == "email":
        return "@" in value
    return "@" not in value if "phone" in kind else True
