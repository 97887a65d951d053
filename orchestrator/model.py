"""The nouns of a request: frozen values passed from stage to stage. None holds personal data,
but for `Discovery`, which lives in memory and in the vault only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from connectors.model import Action, Identifier, Obstacle, Record, Status, Subject
from orchestrator.holds import Hold as Hold

SCAN = "scan"  # the channel of requests that nobody made: our own search for data of children
IN_PLACE = "in_place"  # the rule of a step where the right value stands already
LATER = "later"  # the rule of a step whose rows did not surely exist at the erasure that is run again


class Right(StrEnum):
    """What the person asks for."""

    DELETE = "delete"
    ACCESS = "access"  # specific pieces, in a package
    KNOW = "know"  # categories only
    CORRECT = "correct"  # what is wrong
    OPT_OUT = "opt_out"  # of sale and sharing
    OPT_IN = "opt_in"  # again, after an opt-out
    LIMIT = "limit"  # the use of sensitive data
    SHINE_THE_LIGHT = "shine_the_light"  # who was given data for direct marketing

    @property
    def reaches_data(self) -> bool:
        """Whether it shows or changes what is held of one person: then who asks is verified, every system
        searched, and a plan approved. The others are done from our own list and the inventory, at once."""
        return self not in (Right.OPT_OUT, Right.OPT_IN, Right.LIMIT, Right.SHINE_THE_LIGHT)


class Role(StrEnum):
    """In what capacity the company holds a collection (Cal. Civ. Code 1798.140(d), (ag))."""

    BUSINESS = "business"
    SERVICE_PROVIDER = "service_provider"


class Ground(StrEnum):
    """Why the request is answered: the law gives the right to this person, or only our policy promises it."""

    STATUTORY = "statutory"
    POLICY_PROMISE = "policy_promise"


class Level(StrEnum):
    """How surely the requester is the person (11 CCR 7060-7062)."""

    NONE = "none"  # not asked: opt-outs must not be verified (11 CCR 7026(d), 7027(e))
    REASONABLE = "reasonable"
    REASONABLY_HIGH = "reasonably_high"


class Coverage(StrEnum):
    """How far one system was searched."""

    SEARCHED = "searched"
    NOT_SEARCHABLE = "not_searchable"
    UNREACHABLE = "unreachable"
    MANUAL_OPEN = "manual_open"


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, when and how. Who asked is in the request's vault only."""

    id: str
    right: Right
    channel: str
    received: datetime
    by: str  # staff id of who recorded it
    regime: str = "ccpa"
    tags: tuple[str, ...] = ()  # keyed hashes of the requester's identifiers, to see repeats
    ground: Ground = Ground.STATUTORY
    policy: str = ""  # hash, or day of revision, of the policy in force on receipt
    replays: str = ""  # the request whose erasure this one runs again after a restore
    only: tuple[str, ...] = ()  # what of it is meant: portions of a deletion, purposes of an opt-out; empty: all
    after: str = ""  # the request for access that is answered before this one deletes anything
    organisation: str = ""  # keyed hash of the customer organisation that instructs us about its own data


@dataclass(frozen=True, slots=True)
class Verification:
    """How the requester was verified. `matched` names the points compared, never their values."""

    level: Level
    method: str
    matched: tuple[str, ...]
    proves: tuple[str, ...]  # identifier kinds that the verification proved
    by: str  # staff id
    at: datetime
    basis: str = ""  # why the method is reliable, where the points alone do not reach the level


@dataclass(frozen=True, slots=True)
class Rule:
    """A retention exception. It names fields, not rows: a row's other fields are redacted."""

    id: str
    basis: str  # the legal basis, in words
    citation: str
    role: Role
    collections: tuple[str, ...]  # "system/collection"
    fields: tuple[str, ...]  # what is kept; ("*",) is every field
    use_limit: str  # the only thing the kept data may be used for
    keep_for: timedelta
    counted_from: str  # in words; the collection's age field gives the instant
    confirmed_by: str = ""  # without it the rule neither retains nor deletes but stops the plan
    confirmed_on: str = ""
    review_owner: str = ""
    review_days: int = 90  # how long a record of unknown age is held before a person decides
    exception: str = ""  # the exception of the law that it stands on, as `orchestrator.excepted` has them

    @property
    def confirmed(self) -> bool:
        return bool(self.confirmed_by and self.confirmed_on)

    def holds(self, record: Record, now: datetime) -> bool:
        """Whether the record lies on the young side of the rule's cut-off, or its age is unknown."""
        cutoff = now - self.keep_for
        if record.at.before is not None and record.at.before <= cutoff:
            return False
        return record.newest is None or record.newest >= cutoff

    def until(self, record: Record, now: datetime) -> datetime:
        """When the last of the record's rows is no longer kept; the review date if age is unknown."""
        if record.newest is None:
            return now + timedelta(days=self.review_days)
        return record.newest + self.keep_for


@dataclass(frozen=True, slots=True)
class Searched:
    """What became of the search in one system."""

    system: str
    coverage: Coverage
    at: datetime
    why: str = ""
    hop: int = 0
    records: int = 0


@dataclass(frozen=True, slots=True)
class Conflict:
    """An identifier that leads to another person, or, if not `final`, may. Says where, not who."""

    system: str
    kind: str
    reason: str
    final: bool = True
    code: str = ""  # what the guard calls it, where that is neither a conflict nor missing from the ledger


@dataclass(frozen=True, slots=True)
class Discovery:
    """What discover found. Personal: it lives in memory and, encrypted, in the vault."""

    subject: Subject
    claimed: frozenset[Identifier]
    records: tuple[tuple[int, Record], ...]  # (hop, record) in the order each system yielded them
    coverage: tuple[Searched, ...]
    conflicts: tuple[Conflict, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a plan. `ref` stands for the locator, whose key may be personal."""

    ref: str
    system: str
    collection: str
    action: Action
    count: int
    hop: int
    role: Role
    late: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    total: int | None = None  # rows in the whole collection
    categories: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()  # field names present
    keep: tuple[str, ...] = ()  # fields kept under `rule`
    rule: str = ""  # rule id, "hold", "vendor" or "service_provider"
    basis: str = ""
    until: datetime | None = None
    owner: str = ""  # who does a MANUAL step
    due: datetime | None = None  # by when a MANUAL step must be done
    note: str = ""
    obstacles: tuple[Obstacle, ...] = ()
    attribute: str = ""  # what of the person is put right, in a plan that corrects


@dataclass(frozen=True, slots=True)
class Plan:
    """Frozen, approved by digest, executed exactly."""

    request: str
    right: Right
    made_by: str
    made_at: datetime
    steps: tuple[Step, ...]
    coverage: tuple[Searched, ...]
    conflicts: tuple[Conflict, ...]
    claimed: tuple[tuple[str, str], ...]  # (kind, origin) of identifiers listed and not used
    verification: Verification
    rules: tuple[str, ...]  # digests of the rules applied, "id@sha256"
    inventory: str  # sha256 of the inventory
    code: str  # version of this program
    sources: tuple[str, ...] = ()  # systems that told us where to look: the last to forget
    suppresses: tuple[str, ...] = ()  # systems in which the person's addresses are opted out first
    replaces: str = ""  # digest of the plan that this one supersedes
    contested: tuple[tuple[str, str], ...] = ()  # (attribute, keyed hash of its values): what was approved is done
    known: tuple[str, ...] = ()  # hashes, under a key of the request's own, of the identifiers it stands on

    @property
    def changes(self) -> bool:
        """Whether it deletes or redacts anything."""
        return any(step.action in (Action.DELETE, Action.REDACT) for step in self.steps)


class Severity(StrEnum):
    """Whether a person may override a finding."""

    OVERRIDABLE = "overridable"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason why the guard stops a plan."""

    code: str  # "too_many", "whole_table", "several_people", "unmarked", …
    severity: Severity
    message: str  # what, and the way out
    ref: str = ""  # the step, if it is one


@dataclass(frozen=True, slots=True)
class Signed:
    """A staff member's signature over what they decided: an approval or an override."""

    purpose: str  # "approve" or "override:CODE"
    digest: str  # plan digest
    by: str
    at: datetime
    reason: str = ""
    signature: str = ""  # base64 Ed25519; empty in single-person mode without a key
    os_user: str = ""  # only in single-person mode


@dataclass(frozen=True, slots=True)
class StepResult:
    """Planned, attempted and confirmed, side by side."""

    ref: str
    status: Status
    attempted: int = 0
    at: datetime | None = None
    until: datetime | None = None
    reason: str = ""
    confirmed: bool | None = None  # None: not yet, or it cannot be read back
    left: int | None = None  # what the fresh search still found


@dataclass(frozen=True, slots=True)
class Attested:
    """A staff member's word that a step left to people is done: it cannot be read back."""

    ref: str
    by: str
    at: datetime
    reason: str = ""  # how it was done, without personal data
    evidence: str = ""  # sha256 of what is kept in the request's evidence file
    recorded_by: str = ""  # staff id of who recorded it, where that is someone else


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What the fresh search after execution found."""

    at: datetime
    results: tuple[StepResult, ...]
    coverage: tuple[Searched, ...]
    late: tuple[tuple[str, str, int], ...] = field(default=())  # (system, collection, count) not in the plan
    opt_outs: tuple[tuple[str, bool], ...] = ()  # (system, whether the person is still opted out there)
