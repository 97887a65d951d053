"""The connector to backups of Amazon RDS: locates and dates them, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from connectors import copies, settings
from connectors.aws import backups
from connectors.aws.answers import watch
from connectors.aws.backups import BACKUPS, Copy, Kept
from connectors.aws.rds.databases import Database
from connectors.aws.rds.shapes import CLUSTER, INSTANCE
from connectors.aws.session import client
from connectors.errors import ConfigError
from connectors.model import Artifact, Capabilities, Locator, Order, Outcome, Record, Subject, SystemSpec

_KNOWN = frozenset({"copies_of", "instances", "clusters", "regions", "page_size"})


class RdsBackupsConnector:
    """Backups of databases, for whoever was found in one of them."""

    def __init__(self, spec: SystemSpec) -> None:
        """Raises ConfigError naming the setting that is wrong; makes no call."""
        self._spec = spec
        self.system = spec.system
        self._backups = backups.described(spec)
        if unknown := sorted(c.name for c in spec.collections if c.name != BACKUPS):
            raise ConfigError(spec.system, f"there is no collection {unknown[0]!r}; there is {BACKUPS}")
        self._sources = settings.names(spec, "copies_of")
        if not self._sources:
            raise ConfigError(spec.system, "setting 'copies_of': the systems that search these databases")
        instances, clusters = settings.names(spec, "instances"), settings.names(spec, "clusters")
        if not instances and not clusters:
            raise ConfigError(
                spec.system, "settings 'instances' and 'clusters': name the databases whose backups these are"
            )
        page_size = settings.whole(spec, "page_size", 100, 20, 100)
        regions = dict.fromkeys([str(spec.settings.get("region")), *settings.names(spec, "regions")])
        self._databases: dict[str, list[Database]] = {}
        for region in regions:
            there = replace(spec, settings={**spec.settings, "region": region})
            rds, backup = client(there, "rds", _KNOWN), client(there, "backup", _KNOWN)
            for service in (rds, backup):
                watch(service, spec.system)
            for shape, names in ((INSTANCE, instances), (CLUSTER, clusters)):
                for name in names:
                    found = Database(self.system, shape, name, rds, backup, page_size)
                    self._databases.setdefault(f"{shape.kind} {name}", []).append(found)
        self.capabilities = Capabilities(frozenset(copies.kind(s) for s in self._sources), frozenset())

    def check(self) -> None:
        """Read what copies there are; nothing in that names anybody. Raises ConfigError for an unknown database."""
        self._kept(datetime.now(UTC))

    def locate(self, subject: Subject) -> Iterator[Record]:
        """The backups made while one of the sources held the person."""
        if (held := copies.held_until(subject, self._sources)) is not None:
            yield from backups.records(self.system, self._kept(held))

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        """Nothing: what a backup holds is exported from the database itself."""
        yield from backups.export(self._backups, at)

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        """No backup is deleted or changed for one person: until when each kind is retained."""
        held = copies.held_until(subject, self._sources)
        kept = self._kept(held) if held is not None and orders else {}
        for order in orders:
            yield backups.outcome(order, kept)

    def _kept(self, held: datetime) -> dict[str, Kept]:
        found: list[Copy] = []
        for name, places in self._databases.items():
            known = False
            for place in places:
                here, there = place.copies(held)
                known |= here
                found += there
            if not known:  # a misspelt name would have no backups for ever
                raise ConfigError(self.system, f"settings: there is no {name}, nor any backup of it")
        return backups.gathered(found)
