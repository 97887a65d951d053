"""The connector: what is located, exported and deleted, and what only a person can do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from connectors.aws.answers import watch
from connectors.aws.ses.api import Api, Row, Scope
from connectors.aws.ses.erase import ARCHIVED, DELETING, Eraser
from connectors.aws.ses.opt_out import NO_REASON, OptOut
from connectors.aws.ses.search import Search, age_of
from connectors.aws.ses.settings import ARCHIVES, COLLECTIONS, IDENTITIES, KNOWN, SUPPRESSED, Settings
from connectors.aws.session import client
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

_NOTES = {
    IDENTITIES: "mail can no longer be sent from this address through SES",
    SUPPRESSED: "deleting it lets mail be sent to the address again",
}


class SesConnector:
    """One account's SES in one region."""

    def __init__(self, spec: SystemSpec) -> None:
        """Raises ConfigError naming the setting or option that is wrong; makes no call."""
        self.system = spec.system
        self._spec = spec
        self._settings = Settings.of(spec)
        ses: Any = client(spec, "sesv2", KNOWN)
        watch(ses, spec.system)
        self._api = Api(spec.system, ses, self._settings.page_size)
        self.capabilities = Capabilities(self._settings.kinds, frozenset({Action.DELETE, Action.REDACT}))

    def check(self) -> None:
        """Prove the permissions that reading needs; reads nobody's address."""
        self._api.prove()
        for tenant in self._api.tenants()[:1] if self._settings.tenants is None else self._settings.tenants:
            self._api.tenant(tenant)

    def inspect(self) -> Iterator[Probe]:
        """What reading needs, proven; what writing needs, named; and whether an opt-out would be heeded."""
        self.check()
        yield Probe(Aspect.REACH, True)
        yield Probe(Aspect.LOCATE, True, "contacts, verified addresses and suppression lists")
        yield Probe(Aspect.DELETE, None, f"needs {DELETING}; shown only by deleting")
        heeded = bool(self._api.account().reasons)
        yield Probe(Aspect.PLAN, heeded, "the account suppresses" if heeded else f"the account {NO_REASON}")

    def _search(self, subject: Subject) -> Search:
        return Search(self._api, self._settings, subject)

    def locate(self, subject: Subject) -> Iterator[Record]:
        """Contacts and addresses, then opt-outs; archives by hand if there is anything else."""
        search = self._search(subject)
        if not search.emails:
            return
        ats = (at for name in COLLECTIONS for at in self._locators(search, name))
        found = [record for at in ats for record in self._record(search, at)]
        yield from found
        if found and self._settings.archives:
            yield Record(Locator(self.system, ARCHIVES), 0, obstacles=(Obstacle(ObstacleKind.BY_HAND, ARCHIVED),))

    def _locators(self, search: Search, name: str) -> Iterator[Locator]:
        keys = [scope.tenant for scope in search.scopes] if name == SUPPRESSED else [""]
        for key in keys:
            for since, before in pairwise([None, *self._settings.collections[name].cutoffs, None]):
                yield Locator(self.system, name, key, since, before)

    def _record(self, search: Search, at: Locator) -> Iterator[Record]:
        rows = search.at(at)
        spec = self._settings.collections[at.collection]
        ages = sorted(age for row in rows if (age := age_of(at.collection, row)))
        if rows:
            yield Record(
                at,
                len(rows),
                ages[0] if ages else None,
                ages[-1] if ages else None,
                fields=tuple((f.name, sum(bool(row.get(f.name)) for row in rows)) for f in spec.fields if f.redactable),
                reveals=self._reveals(at.collection, rows),
                note=_NOTES.get(at.collection, ""),
            )

    def _reveals(self, name: str, rows: Sequence[Row]) -> tuple[Identifier, ...]:
        told = {
            Identifier(i.kind, str(row[i.field]), i.trust, f"{self.system}/{name}.{i.field}")
            for i in self._settings.collections[name].identities
            for row in rows
            if i.reveal and row.get(i.field)
        }
        return tuple(sorted(told, key=lambda i: (i.kind, i.value)))

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        """The disclosed fields of the person's rows."""
        if at.collection == ARCHIVES or not (rows := self._search(subject).at(at)):
            return
        if at.collection == SUPPRESSED:
            rows = [{**row, **self._detail(row)} for row in rows]
        spec = self._settings.collections[at.collection]
        shown = spec.disclosed
        present = {n for row in rows for n, v in row.items() if v not in (None, "", [], {}) and n != "ResponseMetadata"}
        withheld = spec.withheld(present)
        lines = (_line({name: row[name] for name in shown if name in row}) for row in rows)
        yield Artifact(f"{at.collection}.jsonl", "application/jsonl", lines, withheld)

    def _detail(self, row: Row) -> Row:
        """What only the single entry tells: the message for which the address was entered."""
        told = self._api.suppression(Scope(str(row.get("TenantName", "")), (), active=True), str(row["EmailAddress"]))
        return {"Attributes": told["Attributes"]} if told and told.get("Attributes") else {}

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Carry out the orders; see `erase`."""
        for order in orders:
            if order.at.collection not in COLLECTIONS:
                raise ChangedError(self.system, f"{order.at.collection}: there is no such collection")
        search = lambda: self._search(subject)  # noqa: E731
        yield from Eraser(self.system, self._api, self._settings, search, self._spec.gate).run(orders)

    def suppress(self, subject: Subject) -> Iterator[Outcome]:
        """Enter the person's addresses into every suppression list in use, and read back."""
        yield from OptOut(self.system, self._api, self._search(subject), self._spec.gate).suppress()

    def suppressed(self, subject: Subject) -> bool:
        """Whether every address of the person's stands on every suppression list in use."""
        return OptOut(self.system, self._api, self._search(subject), self._spec.gate).suppressed()


def _line(row: Row) -> bytes:
    plain = json.dumps(row, ensure_ascii=False, default=lambda v: v.isoformat() if isinstance(v, datetime) else str(v))
    return plain.encode() + b"\n"
