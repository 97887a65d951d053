"""The connector to backups of Amazon RDS: locates and dates them, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from connectors import copies, settings
from connectors.aws import backups
from connectors.aws.answers import watch
from connectors.aws.backups import BACKUPS, Copy, Kept
from connectors.aws.probes import allowed, fits
from connectors.aws.rds.databases import Database
from connectors.aws.rds.shapes import CLUSTER, INSTANCE
from connectors.aws.session import client
from connectors.errors import ConfigError
from connectors.model import Artifact, Aspect, Capabilities, Locator, Order, Outcome, Probe, Record, Subject, SystemSpec

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
                    found = Database(self.system, shape, name, region, rds, backup, page_size)
                    self._databases.setdefault(f"{shape.kind} {name}", []).append(found)
        self.capabilities = Capabilities(frozenset(copies.kind(s) for s in self._sources), frozenset())

    def check(self) -> None:
        """Read what copies there are; nothing in that names anybody. Raises ConfigError for an unknown database."""
        self._kept(datetime.now(UTC))

    def inspect(self) -> Iterator[Probe]:
        """Whether the databases are there, and whether their copies can be listed."""
        now = datetime.now(UTC)
        for name, places in self._databases.items():
            places[0].described()
            yield Probe(Aspect.REACH, True, f"{name}: Amazon RDS answers and takes the credentials")
            what = f"{name}: snapshots, automated backups, exports and recovery points can be listed"
            listed = [allowed(self.system, f"{what} in {p.region}", p.copies, now) for p in places]
            yield from listed
            if all(probe.ok for probe in listed):
                yield fits(self.system, f"{name} is there, or backups of it", self._of, name, now)
        yield Probe(Aspect.PLAN, None, "no backup is deleted or changed for one person: each goes when it expires")

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
        return backups.gathered(copy for name in self._databases for copy in self._of(name, held))

    def _of(self, name: str, held: datetime) -> list[Copy]:
        """The copies of one database in all regions. A misspelt name would have none for ever: ConfigError."""
        places = [place.copies(held) for place in self._databases[name]]
        if not any(known for known, _ in places):
            raise ConfigError(self.system, f"settings: there is no {name}, nor any backup of it")
        return [copy for _, found in places for copy in found]
