"""The connector: what is located, exported and deleted as the description says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from connectors.errors import ConfigError
from connectors.model import (
    Artifact,
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
from connectors.rest.api import Api, Row
from connectors.rest.description import Plan, Service
from connectors.rest.erasure import Erasure
from connectors.rest.export import artifact
from connectors.rest.inspect import Inspection
from connectors.rest.paths import bears, values
from connectors.rest.search import CLAIMED, OWN, SHARED, Search, ages

_SHARED = "other people stand in the same record: settle it by hand"
_CLAIMED = "found only through a field that proves nothing"


class RestConnector:
    """One SaaS that the inventory describes."""

    def __init__(self, spec: SystemSpec) -> None:
        self.system = spec.system
        self._spec = spec
        service = Service.of(spec)
        if not spec.collections:
            raise ConfigError(spec.system, "collections is empty: describe what the system holds")
        self._plans = {c.name: Plan.of(spec.system, c, service.pages) for c in spec.collections}
        self._api = Api(spec, service)
        plans = self._plans.values()
        writing = [plan.actions for plan in plans if plan.actions]
        self.capabilities = Capabilities(
            needs=frozenset(i.kind for c in spec.collections for i in c.identities if i.match),
            actions=frozenset.intersection(*writing) if writing else frozenset(),
            settles_within=max(plan.settles for plan in plans),
        )

    def check(self) -> None:
        """Prove that the credentials work, by the call under `check`."""
        self._api.check()

    def inspect(self) -> Iterator[Probe]:
        """Whether every described call that reads is answered, and as described."""
        yield from Inspection(self.system, self._api, self._plans).probes()

    def _search(self, subject: Subject) -> Search:
        return Search(self.system, self._api, self._plans, subject)

    def locate(self, subject: Subject) -> Iterator[Record]:
        """The collections in the order of the inventory, which therefore names children first."""
        search = self._search(subject)
        for plan in self._plans.values():
            for since, before in pairwise([None, *plan.spec.cutoffs, None]):
                yield from self._record(search, plan, Locator(self.system, plan.spec.name, OWN, since, before))
            for key in (SHARED, CLAIMED):
                yield from self._record(search, plan, Locator(self.system, plan.spec.name, key))

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        """Nothing of what is shared with others or only claimed."""
        if at.key == OWN:
            yield artifact(self.system, self._api, self._plans[at.collection], self._search(subject), at)

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Raises ChangedError, before any write, if there is more than was planned."""
        yield from Erasure(self._spec, self._api, self._plans, lambda: self._search(subject)).carry_out(orders)

    def _record(self, search: Search, plan: Plan, at: Locator) -> Iterator[Record]:
        rows = search.rows_at(at)
        if not rows:
            return
        spec, when = plan.spec, ages(search, plan, rows)
        yield Record(
            at,
            len(rows),
            when[0] if when else None,
            when[-1] if when else None,
            fields=_counts(plan, rows),
            reveals=self._reveals(plan, rows) if at.key == OWN else (),
            obstacles=_obstacles(plan, at),
            people=len(rows) if spec.one_per_person and at.key == OWN else 1,
            total=search.found(spec.name).read if any(not call.kind for call in plan.locate) else None,
        )

    def _reveals(self, plan: Plan, rows: Sequence[Row]) -> tuple[Identifier, ...]:
        found = {
            Identifier(i.kind, str(value), i.trust, f"{self.system}/{plan.spec.name}.{i.field}")
            for i in plan.spec.identities
            if i.reveal
            for row in rows
            for value in values(row, plan.path(i.field))
            if isinstance(value, str | int) and not isinstance(value, bool) and bears(value)
        }
        return tuple(sorted(found, key=lambda i: (i.kind, i.value)))


def _counts(plan: Plan, rows: Sequence[Row]) -> tuple[tuple[str, int], ...]:
    """Redactable field -> in how many rows it bears a personal value."""
    bearing = [{mark.name for _, value, mark in plan.marks.parts(row) if mark and bears(value)} for row in rows]
    return tuple((f.name, sum(f.name in names for names in bearing)) for f in plan.spec.fields if f.redactable)


def _obstacles(plan: Plan, at: Locator) -> tuple[Obstacle, ...]:
    if at.key == CLAIMED:
        return (Obstacle(ObstacleKind.CLAIMED, _CLAIMED),)
    if at.key == SHARED:
        return (Obstacle(ObstacleKind.SHARED, plan.by_hand or _SHARED),)
    return (Obstacle(ObstacleKind.BY_HAND, plan.by_hand),) if plan.by_hand else ()
