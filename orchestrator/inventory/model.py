"""The inventory as frozen values: what the stages of a request read."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connectors.model import Action, CollectionSpec, FieldSpec, SystemSpec, Trust
from orchestrator.canonical import digest
from orchestrator.errors import InventoryError, UnknownError
from orchestrator.inventory.attributes import Attribute
from orchestrator.inventory.counterparts import HandOver, Organisation, Point
from orchestrator.inventory.exemption import Exemption
from orchestrator.inventory.flows import Flow, Recipient, Sensitive, Tells, recipients_of
from orchestrator.inventory.kinds import Kind as Kind
from orchestrator.inventory.periods import KeyTimes, Schedule, Timetable
from orchestrator.inventory.problems import nearest
from orchestrator.inventory.stationery import Stationery
from orchestrator.law import Rule as Promise
from orchestrator.model import Level, Right, Role, Rule


def _shut(collection: str) -> None:
    """The gate of whoever only reads: nothing is written through it."""
    raise InventoryError(f"{collection}: this connector was built for reading; writes need a gate")


@dataclass(frozen=True, slots=True)
class Policy:
    """The published policy that requests are answered under."""

    document: str
    revised: str = ""
    sha256: str = ""
    url: str = ""
    text: str = ""  # the file with its words, from the inventory's folder

    @property
    def version(self) -> str:
        """What tells this policy from another: its hash, or the day of its revision."""
        return self.sha256 or self.revised


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A person of the company, by pseudonym; `public_key` is "ed25519:<base64>" or ""."""

    id: str
    public_key: str
    may: frozenset[str]


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a plan stops being plausible."""

    records: int
    share: float
    plan_valid: timedelta
    late: int
    manual_days: int
    restorable: timedelta  # how long after an erasure a copy that nobody lists may still be restored


@dataclass(frozen=True, slots=True)
class Collection:
    """One table, bucket or vendor object type."""

    name: str
    title: str
    role: Role
    on_deletion: Action
    fields: Mapping[str, FieldSpec]
    sources: tuple[str, ...]
    purposes: tuple[str, ...]
    spec: CollectionSpec  # without cut-offs, which depend on the day
    one_per_person: bool = False
    sensitive: Mapping[str, Sensitive] = field(default_factory=dict)  # field -> why it is
    tells: Mapping[str, Tells] = field(default_factory=dict)  # field -> what it says of the person's age
    sensitive_uses: tuple[str, ...] = ()  # what a request to limit ends
    holds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # field -> attributes of the person
    others: tuple[str, ...] = ()  # fields that name somebody else: read, and never given out
    uncorrected: str = ""  # why nothing in it is put right
    carried_over: str = ""  # how a new identifier is entered beside the old one, by hand
    retention: Schedule | None = None  # when its rows have had their time, whoever they are about

    @property
    def categories(self) -> tuple[str, ...]:
        """The policy's categories (A to K) it may hold."""
        return tuple(sorted({f.category for f in self.fields.values()} - {""}))


@dataclass(frozen=True, slots=True)
class RestoreTest:
    """What proves a backup restorable, as settings and secrets of the system; references still."""

    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    valid: timedelta  # how long a proof counts


@dataclass(frozen=True, slots=True)
class System:
    """One place where the company holds personal data. Settings and secrets are references still."""

    name: str
    title: str
    connector: str
    manual: bool
    owner: str
    instructions: str
    third_party: str
    sources: tuple[str, ...]
    purposes: tuple[str, ...]
    collections: Mapping[str, Collection]
    settings: Mapping[str, Any] = field(repr=False, default_factory=dict)
    secrets: Mapping[str, str] = field(repr=False, default_factory=dict)
    sandbox_settings: Mapping[str, Any] = field(repr=False, default_factory=dict)
    sandbox_secrets: Mapping[str, str] = field(repr=False, default_factory=dict)
    has_sandbox: bool = False
    rate: tuple[int, float] | None = None  # calls in seconds
    sandbox_rate: tuple[int, float] | None = None
    concurrency: int | None = None  # how many may search or delete in it at a time, over all processes
    restore_test: RestoreTest | None = None
    sandbox_restore_test: RestoreTest | None = None
    suppression: str = ""  # what an opt-out entered there stops: "marketing", "all_mail" or not said

    @property
    def copies_of(self) -> tuple[str, ...]:
        """The systems whose copies it holds."""
        named = self.settings.get("copies_of") or ()
        return (named,) if isinstance(named, str) else tuple(named)


@dataclass(frozen=True)
class Inventory:
    """What the company holds, where, how a person is found in it, and what is kept why."""

    path: Path
    company: str
    mode: str  # "live" or "sandbox"
    regime: str
    policy: Policy
    approval: str  # "four_eyes" or "single_person"
    staff: tuple[StaffMember, ...]
    hand_over: HandOver
    verification: Mapping[Right, Level]
    limits: Limits
    identifiers: Mapping[str, Kind]
    rules: tuple[Rule, ...]
    exemptions: tuple[Exemption, ...]
    systems: Mapping[str, System]
    content: str  # digest of everything but the mode
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))  # a request's day of receipt is the date there
    promises: tuple[Promise, ...] = ()  # what the policy promises, beside the law
    recipients: tuple[Recipient, ...] = ()  # to whom data goes
    retention: Timetable = field(default_factory=Timetable)  # when retention runs by itself
    keys: KeyTimes = field(default_factory=KeyTimes)  # when the vaults' master key is replaced
    letters: Stationery | None = None  # how the company writes to people who ask
    accounts: tuple[str, ...] = ()  # "system/collection" whose rows are accounts that people sign in to
    attributes: Mapping[str, Attribute] = field(default_factory=dict)  # what a person may have put right
    organisations: Mapping[str, Organisation] = field(default_factory=dict)
    points: Mapping[str, Point] = field(default_factory=dict)
    doubtful_names: str = "black_out"  # what a package does with what may be somebody's name: also "hold", "leave"
    sensitive_categories: frozenset[str] = frozenset()  # those whose deletion needs `sensitive_level`
    sensitive_level: Level = Level.REASONABLY_HIGH

    @classmethod
    def load(cls, path: Path) -> Inventory:
        """Read and check a file. Raises InventoryError with every problem, each with its line."""
        from orchestrator.inventory.load import load  # pydantic and ruamel: only when a file is read

        return load(Path(path))

    @property
    def sandbox(self) -> bool:
        return self.mode == "sandbox"

    @cached_property
    def digest(self) -> str:
        """`sha256:…` of the content; comments, order of keys and formatting do not count."""
        return digest({"content": self.content, "mode": self.mode})

    def sandboxed(self) -> Inventory:
        """The same inventory against the sandbox. Raises InventoryError if a system has none."""
        if lacking := [n for n, s in self.systems.items() if not (s.manual or s.has_sandbox)]:
            raise InventoryError(f"{self.path}: no `sandbox` block: {', '.join(lacking)}")
        return replace(self, mode="sandbox")

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(self.identifiers)

    def normalise(self, kind: str, value: str) -> str:
        """The value as it is compared. Raises InventoryError for an undeclared kind."""
        if kind not in self.identifiers:
            hint = nearest(kind, self.identifiers)
            raise InventoryError(f"{self.path}: the kind {kind!r} is not declared under identifiers{hint}")
        return self.identifiers[kind].normalise(value)

    def alike(self, attribute: str, one: str, other: str) -> bool:
        """Whether two values of an attribute say the same."""
        return self.compared(attribute, one) == self.compared(attribute, other)

    def compared(self, attribute: str, value: str) -> str:
        """An attribute's value as it is compared."""
        known = self.attributes[attribute]
        return known.normal(self.normalise(known.kind, value) if known.kind else value)

    def rules_for(self, system: str, collection: str) -> tuple[Rule, ...]:
        """The rules that cover a collection, in the order of the file."""
        return tuple(r for r in self.rules if f"{system}/{collection}" in r.collections)

    def recipients_of(self, system: str, collection: str) -> tuple[tuple[Recipient, Flow], ...]:
        """Everybody who gets data of a collection, with what is said of that."""
        return recipients_of(self.recipients, system, collection)

    def authorities(self, kind: str) -> tuple[tuple[str, str], ...]:
        """(system, collection) where an identifier of this kind stands as one person's own."""
        return tuple(
            (system.name, collection.name)
            for system in self.systems.values()
            for collection in system.collections.values()
            if any(i.kind == kind and i.match and i.trust is Trust.PROVEN for i in collection.spec.identities)
        )

    def system(self, name: str) -> System:
        """The system of that name. Raises UnknownError."""
        if name not in self.systems:
            raise UnknownError(f"the inventory has no system {name!r}{nearest(name, self.systems)}")
        return self.systems[name]

    def cutoffs(self, system: str, collection: str, now: datetime) -> tuple[datetime, ...]:
        """The instants whose sides have different fates: one for each period of the rules."""
        return tuple(sorted({now - r.keep_for for r in self.rules_for(system, collection)}))

    def spec(
        self,
        system: str,
        *,
        now: datetime,
        gate: Callable[[str], None] = _shut,
        pace: Callable[[], None] = lambda: None,
        existed: datetime | None = None,
        organisation: str = "",
        environ: Mapping[str, str] = os.environ,
    ) -> SystemSpec:
        """What the system's connector is built from, with references resolved.

        `now` is timezone-aware and fixes the cut-offs; the default gate lets no write through.
        `existed`: what was there by then is told apart from what came later, wherever rows have an age.
        `organisation`: only rows of that customer organisation's are reached, and meant to be deleted.
        Raises InventoryError naming each variable or file that is missing (never a value), and
        for a system that has no connector.
        """
        from orchestrator.inventory.resolve import resolved

        entry = self.system(system)
        if entry.manual:
            raise InventoryError(f"{self.path}: {system} is done by hand: it has no connector")
        settings, secrets = resolved(entry, self.path, self.sandbox, environ)
        held = entry.collections.values()
        edges = {existed + timedelta(microseconds=1)} if existed else set()  # a side begins with its edge
        cutoffs = {c.name: {*self.cutoffs(system, c.name, now), *(edges if c.spec.age_field else ())} for c in held}
        collections = tuple(replace(c.spec, cutoffs=tuple(sorted(cutoffs[c.name]))) for c in held)
        if organisation:
            collections = tuple(replace(c, intended=Action.DELETE) if c.organisation else c for c in collections)
        return SystemSpec(
            system, entry.connector, settings, secrets, collections, self.sandbox, gate, pace, organisation
        )
