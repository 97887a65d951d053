"""The connector to DynamoDB: puts searching, exporting, erasing and what survives together."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connectors import copies, settings, surveys
from connectors.aws import backups
from connectors.aws.answers import watch
from connectors.aws.backups import BACKUPS, Kept
from connectors.aws.dynamodb import survey, ttl
from connectors.aws.dynamodb.erase import Eraser
from connectors.aws.dynamodb.export import export
from connectors.aws.dynamodb.inspect import inspect
from connectors.aws.dynamodb.rules import Rules, apart
from connectors.aws.dynamodb.search import CLAIMED, Found, search
from connectors.aws.dynamodb.survivors import Clients, survivors
from connectors.aws.dynamodb.table import Schema, Table
from connectors.aws.dynamodb.values import path
from connectors.aws.session import client
from connectors.errors import ChangedError, ConfigError
from connectors.model import (
    Action,
    Artifact,
    Capabilities,
    Identifier,
    Locator,
    Order,
    Outcome,
    Probe,
    Record,
    Subject,
    SystemSpec,
)
from connectors.vendor_retention import Setting

_KNOWN = frozenset({"page_size", "copies_of"})
_LASTING = timedelta(days=4)  # a plan is carried out within 72 hours, and a run may take its time
_INDEX_LAG = timedelta(minutes=1)  # an index follows its table, usually within a second


class DynamoDbConnector:
    """Items of one person in the tables of one account and region."""

    def __init__(self, spec: SystemSpec) -> None:
        """Raises ConfigError naming the setting or option that is wrong; makes no call."""
        self._spec = spec
        self.system = spec.system
        self._backups = backups.described(spec)
        self._rules = {c.name: Rules.of(spec.system, c) for c in spec.collections if c.name != BACKUPS}
        apart(list(self._rules.values()))
        self._remembers = self._names_itself(spec)
        page_size = settings.whole(spec, "page_size", 1000, 1, 1000)
        self._clients = functools.cache(self._connected)
        self._dynamodb = dynamodb = self._clients(str(spec.settings.get("region"))).dynamodb
        self._region = str(spec.settings["region"])
        self._tables = {n: Table(spec.system, r.table, dynamodb, page_size) for n, r in self._rules.items()}
        self.capabilities = Capabilities(
            needs=frozenset(i.kind for r in self._rules.values() for i in r.deciding),
            settles_within=_INDEX_LAG if any(r.indexes for r in self._rules.values()) else timedelta(0),
        )

    def check(self) -> None:
        """Read every table's description and its backups. Raises ConfigError where the inventory does not fit."""
        for name, rules in self._rules.items():
            schema = self._tables[name].describe()
            self._fitting(rules, schema)
            self._kept({rules.table: schema}, datetime.now(UTC))

    def inspect(self) -> Iterator[Probe]:
        """Tables and indexes against the inventory, and what the credentials may read."""

        def kept(table: str, schema: Schema) -> Mapping[str, Kept]:
            return self._kept({table: schema}, datetime.now(UTC))

        yield from inspect(self.system, self._tables, self._rules, self._fitting, kept)

    def locate(self, subject: Subject) -> Iterator[Record]:
        """The person's items, then the backups that hold them."""
        tables: dict[str, Schema] = {}
        theirs = False
        for name in self._rules:
            found = self._search(subject, name)
            tables[found.rules.table] = found.schema
            for record in found.records():
                theirs |= record.at.key != CLAIMED
                yield replace(record, reveals=(*record.reveals, *self._remembered(record)))
        if held := self._held(subject, theirs):
            yield from backups.records(self.system, self._kept(tables, held))

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        """The disclosed attributes. Of backups nothing: they are exported from the live table."""
        if at.collection == BACKUPS:
            yield from backups.export(self._backups, at)
            return
        self._known(at)
        yield from export(self._search(subject, at.collection), at)

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Items first; then the orders on backups, with the dates that hold from now on."""
        items = [o for o in orders if o.at.collection != BACKUPS]
        for order in items:
            self._known(order.at)
        eraser = Eraser(self.system, subject, self._tables, lambda name: self._search(subject, name), self._spec.gate)
        yield from eraser.run(items)
        kept = [o for o in orders if o.at.collection == BACKUPS]
        if kept:
            tables = {r.table: self._tables[n].describe() for n, r in self._rules.items()}
            now = self._kept(tables, self._held(subject, True) or datetime.now(UTC))
            for order in kept:
                yield backups.outcome(order, now)

    def survey(self) -> Iterator[surveys.Found]:
        """The tables of the region."""
        yield from survey.survey(self.system, self._dynamodb, self._rules)

    def mentions(self) -> Mapping[str, str]:
        return survey.mentions(self._rules)

    def sample(self, found: surveys.Found, most: int) -> Iterator[tuple[str, str]]:
        """The first items of a scan."""
        yield from survey.sample(self.system, self._dynamodb, found, most)

    def kept(self, collection: str, period: timedelta) -> Setting:
        """Whether the table lets its items go by an attribute."""
        return ttl.kept(self._tables, self._rules, collection, period)

    def keep(self, planned: Setting, period: timedelta) -> Setting:
        return ttl.keep(self._tables, self._rules, planned, period, self._spec.gate)

    def _search(self, subject: Subject, name: str) -> Found:
        table = self._tables[name]
        return search(table, table.describe(), self._rules[name], subject)

    def _held(self, subject: Subject, now: bool) -> datetime | None:
        """Until when the tables hold the person: as an earlier search knew, or at least now."""
        known = copies.held_until(subject, [self.system])
        return max(known or datetime.now(UTC), datetime.now(UTC)) if now else known

    def _remembered(self, record: Record) -> tuple[Identifier, ...]:
        """That the person is here, and until when at most: it leads to the backups when the items are gone.

        Said by the items' records only. Were the kind one of `needs`, discovery would say it for any record,
        and the backups' own would renew it for ever.
        """
        if not self._remembers or record.at.key == CLAIMED:
            return ()
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)  # the same all day long
        return (copies.held(self.system, midnight + timedelta(days=1) + _LASTING),)

    def _names_itself(self, spec: SystemSpec) -> bool:
        given = settings.names(spec, "copies_of")
        if set(given) - {self.system}:
            raise ConfigError(self.system, f"setting 'copies_of': the tables and their backups are one: {self.system}")
        return bool(given)

    def _kept(self, tables: Mapping[str, Schema], held: datetime) -> dict[str, Kept]:
        found = (
            copy
            for name, schema in tables.items()
            for copy in survivors(self.system, name, schema, self._region, self._clients, held)
        )
        return backups.gathered(found)

    def _connected(self, region: str) -> Clients:
        there = replace(self._spec, settings={**self._spec.settings, "region": region})
        made = Clients(client(there, "dynamodb", _KNOWN), client(there, "backup", _KNOWN))
        for service in (made.dynamodb, made.backup):
            watch(service, self.system)
        return made

    def _fitting(self, rules: Rules, schema: Schema) -> None:
        """Raise ConfigError where the inventory says what the table does not have or cannot do."""
        rules.ways(schema)
        for spec in rules.spec.fields:
            if rules.spec.intended is Action.REDACT and spec.redactable and path(spec.name)[0] in schema.keys:
                where = f"collections.{rules.spec.name}.fields.{spec.name}"
                raise ConfigError(self.system, f"{where}: part of the key, which cannot be redacted; delete the items")

    def _known(self, at: Locator) -> None:
        if at.collection not in self._rules:
            raise ChangedError(self.system, f"{at.collection}: the inventory has no such collection any more")
