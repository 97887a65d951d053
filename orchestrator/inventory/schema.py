"""The shape of `inventory.yaml`, for validation and as a JSON Schema for editors."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from orchestrator.inventory.correctable import Attribute, AttributeName
from orchestrator.inventory.exceptions import Condition
from orchestrator.inventory.exempt import ExemptEntry
from orchestrator.inventory.keys import Keys
from orchestrator.inventory.letters import Letters
from orchestrator.inventory.organisations import HandOver, Organisation
from orchestrator.inventory.packaging import Packaging
from orchestrator.inventory.points import Point, Sensitive
from orchestrator.inventory.promise import Promise
from orchestrator.inventory.recipients import Recipient, SensitiveName, TellsName
from orchestrator.inventory.restore_test import RestoreTest
from orchestrator.inventory.retention import Retention, RetentionRuns
from orchestrator.inventory.words import (
    PERIOD,
    Category,
    Date,
    Entry,
    KindName,
    LevelName,
    Normalisation,
    Period,
    Power,
    Pseudonym,
    PublicKey,
    Reference,
    RegimeName,
    RoleName,
    SystemName,
    Text,
    Texts,
    TimeZone,
)

_DAYS = {"day": 1.0, "month": 365.25 / 12, "year": 365.25}


class Policy(Entry):
    """The published privacy policy that the requests are answered under."""

    document: Text
    text: Text | None = None  # the file with its words, from the inventory's folder
    revised: Date | None = None
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    url: Text | None = None

    @model_validator(mode="after")
    def _versioned(self) -> Self:
        if not (self.revised or self.sha256):
            raise ValueError("give `revised` or `sha256`: a receipt names the version of the policy")
        return self


class Staff(Entry):
    """A person of the company, by pseudonym."""

    id: Pseudonym
    public_key: PublicKey | None = None
    may: list[Power] = Field(min_length=1)


class Verification(Sensitive):
    """How surely a requester must be verified, by right. The law's levels hold where they are higher."""

    delete: LevelName = "reasonable"
    know: LevelName = "reasonable"
    access: LevelName = "reasonably_high"
    correct: LevelName = "reasonable"


class Limits(Entry):
    """Where a plan stops being plausible and a person must look."""

    records: Annotated[int, Field(gt=0)] = 10_000
    share_of_collection: Annotated[float, Field(gt=0, le=1)] = 0.5
    plan_valid_hours: Annotated[int, Field(gt=0, le=72)] = 72
    late: Annotated[int, Field(ge=0)] = 0
    manual_days: Annotated[int, Field(gt=0, le=45)] = 30
    restorable_days: Annotated[int, Field(gt=0)] = 400


class Kind(Entry):
    """One kind of identifier, and what makes two of its values equal."""

    title: Text
    normalise: list[Normalisation] = Field(default_factory=lambda: list[Normalisation](["trim"]))


class Rule(Entry):
    """A retention exception."""

    id: Pseudonym
    basis: Text
    citation: Text
    role: RoleName = "business"
    covers: Texts = Field(min_length=1)
    fields: Texts = Field(min_length=1)
    use_limit: Text
    keep_for: Period
    counted_from: Text
    exception: Text
    conditions: dict[Condition, Text] = Field(default_factory=dict)
    confirmed_by: Text | None = None
    confirmed_on: Date | None = None
    review_owner: Text
    review_days: Annotated[int, Field(gt=0, le=90)] = 90

    @model_validator(mode="after")
    def _wholly_confirmed(self) -> Self:
        if bool(self.confirmed_by) != bool(self.confirmed_on):
            raise ValueError("confirmed_by and confirmed_on go together")
        return self


class FoundBy(Entry):
    """A field in which an identifier stands. `match: false`: rows are not searched by it. Rows that
    only a claimed field matches are listed and never touched."""

    kind: Text
    field: Text
    trust: Literal["proven", "assigned", "claimed"]
    match: bool = True
    reveal: bool = True


class Link(Entry):
    """A reference to another collection: does the row belong to whom it points at, or only name them?"""

    fields: Texts = Field(min_length=1)
    to: Text
    kind: Literal["owns", "mentions"]
    references: Texts = Field(default_factory=list)


class FieldEntry(Entry):
    """One personal field."""

    category: Category | None = None
    disclose: bool = False
    never: Text | None = None
    type: Text | None = None
    redact: Literal["auto", "null", "empty", "placeholder", "unique", "none"] = "auto"
    sensitive: SensitiveName | None = None
    tells: TellsName | None = None
    holds: Texts = Field(default_factory=list)
    names_others: bool = False  # read, to know the name in texts; never given out

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        if self.disclose and self.never:
            raise ValueError("`disclose` and `never` exclude each other")
        if self.names_others and not self.never:
            raise ValueError("`names_others` goes with `never: another person's name`")
        if self.category is None and self.redact != "none":
            raise ValueError("give the category of the policy (A to K)")
        return self


class Collection(Entry):
    """One table, bucket or vendor object type."""

    title: Text | None = None
    role: RoleName | None = None
    found_by: list[FoundBy] = Field(default_factory=list)
    links: list[Link] = Field(default_factory=list)
    fields: dict[str, FieldEntry] = Field(default_factory=dict)
    plain: Texts = Field(default_factory=list)
    on_deletion: Literal["delete", "redact", "retain", "manual"] = "delete"
    uncorrected: Text | None = None  # why it is not put right: an audit trail, a document as it was issued
    carried_over: Text | None = None  # how the new value of an identifier is entered beside the old one, by hand
    age: Text | None = None
    organisation: Texts = Field(default_factory=list)
    one_per_person: bool = False
    sources: Texts | None = None
    purposes: Texts | None = None
    sensitive_uses: Texts = Field(default_factory=list)  # beyond Cal. Civ. Code 1798.121(a): what a limit ends
    retention: Retention | None = None
    options: dict[str, Any] = Field(default_factory=dict)


class Rate(Entry):
    """At most so many calls in any so many seconds, by all requests of this installation together."""

    calls: Annotated[int, Field(gt=0)]
    seconds: Annotated[float, Field(gt=0)]


class Sandbox(Entry):
    """What replaces settings, secrets and rate when the system runs against its sandbox."""

    rate: Rate | None = None
    settings: dict[str, Any] = Field(default_factory=dict)
    secrets: dict[str, Reference] = Field(default_factory=dict)
    restore_test: RestoreTest | None = None


class System(Entry):
    """One place where the company holds personal data."""

    title: Text
    connector: Text | None = None
    manual: bool = False
    role: RoleName | None = None
    sources: Texts = Field(min_length=1)
    purposes: Texts = Field(min_length=1)
    third_party_category: Text | None = None
    suppression: Literal["marketing", "all_mail"] | None = None  # what an opt-out entered there stops
    owner: Text
    instructions: Text | None = None
    rate: Rate | None = None
    concurrency: Annotated[int, Field(ge=1, le=100)] | None = None
    settings: dict[str, Any] = Field(default_factory=dict)
    secrets: dict[str, Reference] = Field(default_factory=dict)
    restore_test: RestoreTest | None = None
    sandbox: Sandbox | None = None
    collections: dict[str, Collection] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _connected_or_by_hand(self) -> Self:
        if self.manual == bool(self.connector):
            raise ValueError("give either `connector: NAME` or `manual: true`")
        if self.manual and not self.instructions:
            raise ValueError("a system done by hand needs `instructions` for its owner")
        return self


class Document(Entry):
    """The whole file."""

    inventory: Literal[1]
    company: Text
    mode: Literal["live", "sandbox"] = "live"
    regime: RegimeName
    time_zone: TimeZone = "UTC"
    policy: Policy
    promises: list[Promise] = Field(default_factory=list)
    approval: Literal["four_eyes", "single_person"]
    staff: list[Staff] = Field(min_length=1)
    hand_over: HandOver | None = None
    recipients: list[Recipient] = Field(default_factory=list)
    letters: Letters | None = None
    accounts: Texts = Field(default_factory=list)  # SYSTEM/COLLECTION whose rows are accounts that people sign in to
    attributes: dict[AttributeName, Attribute] = Field(default_factory=dict)
    organisations: dict[str, Organisation] = Field(default_factory=dict)
    points: dict[Pseudonym, Point] = Field(default_factory=dict)
    verification: Verification = Field(default_factory=Verification)
    limits: Limits = Field(default_factory=Limits)
    retention: RetentionRuns = Field(default_factory=RetentionRuns)
    package: Packaging = Field(default_factory=Packaging)
    keys: Keys = Field(default_factory=Keys)
    identifiers: dict[KindName, Kind] = Field(min_length=1)
    rules: list[Rule] = Field(default_factory=list)
    exemptions: list[ExemptEntry] = Field(default_factory=list)
    systems: dict[SystemName, System] = Field(min_length=1)


def days(period: str) -> int:
    """How many days a period counts, rounded up: a year has 365.25, a month a twelfth of that."""
    match = PERIOD.fullmatch(period)
    if match is None:
        raise ValueError("not a period")
    return math.ceil(int(match[1]) * _DAYS[match[2]])


def schema_json() -> str:
    """The JSON Schema of an inventory, as text ending in a line feed."""
    return (
        json.dumps(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **Document.model_json_schema()}, indent=2
        )
        + "\n"
    )
