"""The nouns a connector speaks: frozen values, no behaviour beyond reading themselves.

Only `Identifier`, `Locator.key`, `Held` and `Change` carry personal data, and all hide it from repr.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.spec import (
    CollectionSpec,
    FieldSpec,
    Gate,
    IdentitySpec,
    LinkSpec,
    Pace,
    Secret,
    SystemSpec,
)
from connectors.vocabulary import Action, Aspect, Disclosure, LinkKind, ObstacleKind, Redaction, Status, Trust

__all__ = [
    "Action",
    "Aged",
    "Artifact",
    "Aspect",
    "Capabilities",
    "Change",
    "CollectionSpec",
    "Correction",
    "Disclosure",
    "FieldSpec",
    "Gate",
    "Held",
    "Identifier",
    "IdentitySpec",
    "LinkKind",
    "LinkSpec",
    "Locator",
    "Obstacle",
    "ObstacleKind",
    "Order",
    "Outcome",
    "Pace",
    "Probe",
    "Record",
    "Redaction",
    "Secret",
    "Status",
    "Subject",
    "SystemSpec",
    "Trust",
]


@dataclass(frozen=True, slots=True)
class Identifier:
    """Something that names a person. Equal when kind and value are; provenance does not count."""

    kind: str  # "email", "user_id", "stripe.customer", "ga.client_id", "organisation_id"
    value: str = field(repr=False)
    trust: Trust = field(default=Trust.CLAIMED, compare=False)
    origin: str = field(default="request", compare=False)  # "system/collection.field"

    @property
    def opens(self) -> bool:
        """Whether it may be used to look into further systems."""
        return self.trust is not Trust.CLAIMED


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything that names one person. A connector is only given identifiers that open."""

    identifiers: frozenset[Identifier]

    @classmethod
    def of(cls, *identifiers: Identifier) -> Subject:
        return cls(frozenset(identifiers))

    def values(self, kind: str) -> tuple[str, ...]:
        """The opening values of one kind, sorted so that every run asks in the same order."""
        return tuple(sorted(i.value for i in self.identifiers if i.kind == kind and i.opens))

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(i.kind for i in self.identifiers if i.opens)


@dataclass(frozen=True, slots=True)
class Locator:
    """The address of a record: all rows or objects of one collection that share one fate.

    `since` (inclusive) and `before` (exclusive) are absolute instants, fixed at discovery, so
    execution selects the rows the plan counted. `key` is the connector's own and often personal:
    it lives in the vault only.
    """

    system: str
    collection: str
    key: str = field(default="", repr=False)
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A fact about a record that decide must take into account. Reasons hold no personal data.

    `opaque`: the search sees that the place is there and not whether the person is still in it, so
    a person's word that it was seen to stands against what a search still finds.
    """

    kind: ObstacleKind
    reason: str
    until: datetime | None = None
    opaque: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """A pointer to data, never the data: one per collection and side of each cut-off."""

    at: Locator
    count: int  # rows or objects, exact
    oldest: datetime | None = None
    newest: datetime | None = None
    # field name -> how many of the rows bear a personal value there (blank or a placeholder: not
    # counted). After a redaction the redacted fields must count 0: that is how confirm proves it.
    # Fields that are not redactable (Redaction.NONE) are left out.
    fields: tuple[tuple[str, int], ...] = ()
    reveals: tuple[Identifier, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    # What of this system vanishes if this is deleted: collections, or windows of them as locators.
    takes: tuple[str | Locator, ...] = ()
    people: int = 1  # distinct persons behind the match, where the collection holds one row each
    total: int | None = None  # rows in the whole collection, exact or estimated
    note: str = ""  # what acting on it means, for people: "cancels the subscription"
    mentions: bool = False  # the rows are not the subject's and only name them: unlinked, never deleted
    organisation: str = ""  # whose rows alone these are, where `SystemSpec.organisation` asked for one's


@dataclass(frozen=True, slots=True)
class Aged:
    """What one row says of a person's age: (what the field tells, its value as text), and who that is."""

    collection: str
    says: tuple[tuple[str, str], ...] = field(repr=False)
    identifiers: tuple[Identifier, ...]


@dataclass(frozen=True, slots=True)
class Artifact:
    """One exported file, streamed. `name` is safe as a file name and holds no personal data."""

    name: str
    media_type: str
    chunks: Iterator[bytes] = field(repr=False)
    withheld: tuple[str, ...] = ()  # types present and held back ("password hash"), sorted
    file: bool = False  # one file or message as it is kept, and not the collection's rows
    at: datetime | None = None  # of a file: how old it is, where that is known


@dataclass(frozen=True, slots=True)
class Order:
    """One instruction to a connector, out of an approved plan."""

    at: Locator
    action: Action
    count: int = 0  # what the plan counted
    late: int = 0  # how many more rows than that are acceptable
    keep: frozenset[str] = frozenset()  # REDACT leaves these fields as they are

    def spared(self) -> Outcome | None:
        """The answer to an order that nothing is done about (RETAIN, MANUAL); None if there is something to do.

        An order has no values to correct anything with: whoever only deletes leaves CORRECT to people.
        """
        status = {
            Action.RETAIN: Status.RETAINED, Action.MANUAL: Status.MANUAL, Action.CORRECT: Status.MANUAL,
        }.get(self.action)  # fmt: skip
        return Outcome(self.at, status, self.count) if status else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one order. `reason` and `how` hold no personal data."""

    at: Locator
    status: Status
    count: int = 0
    until: datetime | None = None  # ACCEPTED: when a read can prove it; RETAINED: until when
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """A value that stands in one field of a record, and in how many of its rows. Blank ones are not told.

    `fixed`: why no call changes it, as an instruction for people; without personal data. `beside`: the new
    value is entered beside it, and it stays: an address that opted out.
    """

    field: str
    value: str = dataclasses.field(repr=False)
    count: int = 1
    fixed: str = ""
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """In one field, wherever the old value stands: the new one. An empty new value empties the field."""

    field: str
    old: str = dataclasses.field(repr=False)
    new: str = dataclasses.field(repr=False)
    count: int = 1  # rows that bore the old value when it was planned


@dataclass(frozen=True, slots=True)
class Correction:
    """What is to be put right in one record."""

    at: Locator
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a system can do, as data."""

    needs: frozenset[str]  # identifier kinds it can be searched by
    actions: frozenset[Action] = frozenset({Action.DELETE, Action.REDACT})
    exports: bool = True
    unexported: frozenset[str] = frozenset()  # collections that no call reads out: people gather them
    verifiable: bool = True  # whether locate can prove absence afterwards
    searchable: bool = True  # False: no search exists; locate yields, unseen, what deletion is asked for
    settles_within: timedelta = timedelta(0)  # how long until a read can prove it
    organisations: bool = False  # whether it can be told to reach the rows of one customer organisation only


@dataclass(frozen=True, slots=True)
class Probe:
    """What `inspect` found of one aspect. `says` holds no personal data and names the way out."""

    aspect: Aspect
    ok: bool | None  # None: cannot be told without writing
    says: str = ""
