"""The nouns a connector speaks: frozen values, no behaviour beyond reading themselves.

Only `Identifier` and `Locator.key` carry personal data, and both hide it from repr.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from connectors.vocabulary import Action, Aspect, Disclosure, LinkKind, ObstacleKind, Redaction, Status, Trust

__all__ = [
    "Action",
    "Artifact",
    "Aspect",
    "Capabilities",
    "CollectionSpec",
    "Disclosure",
    "FieldSpec",
    "Gate",
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

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def _nothing() -> Mapping[str, Any]:
    return _NOTHING


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


@dataclass(frozen=True, slots=True)
class Artifact:
    """One exported file, streamed. `name` is safe as a file name and holds no personal data."""

    name: str
    media_type: str
    chunks: Iterator[bytes] = field(repr=False)
    withheld: tuple[str, ...] = ()  # types present and held back ("password hash"), sorted


@dataclass(frozen=True, slots=True)
class Order:
    """One instruction to a connector, out of an approved plan."""

    at: Locator
    action: Action
    count: int = 0  # what the plan counted
    late: int = 0  # how many more rows than that are acceptable
    keep: frozenset[str] = frozenset()  # REDACT leaves these fields as they are


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one order. `reason` and `how` hold no personal data."""

    at: Locator
    status: Status
    count: int = 0
    until: datetime | None = None  # ACCEPTED: when a read can prove it; RETAINED: until when
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a system can do, as data."""

    needs: frozenset[str]  # identifier kinds it can be searched by
    actions: frozenset[Action] = frozenset({Action.DELETE, Action.REDACT})
    exports: bool = True
    verifiable: bool = True  # whether locate can prove absence afterwards
    searchable: bool = True  # False: no search exists; locate yields, unseen, what deletion is asked for
    settles_within: timedelta = timedelta(0)  # how long until a read can prove it


@dataclass(frozen=True, slots=True)
class Probe:
    """What `inspect` found of one aspect. `says` holds no personal data and names the way out."""

    aspect: Aspect
    ok: bool | None  # None: cannot be told without writing
    says: str = ""


class Secret:
    """A credential. It has no repr, no str and no pickle; `reveal()` is the only way in."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not serialised")


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a collection, as the inventory describes it."""

    name: str  # column, "column->path.to.key" inside JSON, object attribute; "content" = whole object
    category: str = ""  # policy category A..K
    disclosure: Disclosure = Disclosure.UNMARKED
    type: str = ""  # what to call it when withheld: "password hash"
    redaction: Redaction = Redaction.AUTO

    @property
    def redactable(self) -> bool:
        """Whether a redaction empties it; only such fields are counted in `Record.fields`."""
        return self.redaction is not Redaction.NONE


@dataclass(frozen=True, slots=True)
class IdentitySpec:
    """A field in which an identifier stands.

    `match`: rows bearing the subject's value are the subject's. Never for CLAIMED: such rows are
    reported with an obstacle and not touched. `reveal`: its values become identifiers of `trust`.
    """

    kind: str
    field: str
    trust: Trust
    match: bool = True
    reveal: bool = True


@dataclass(frozen=True, slots=True)
class LinkSpec:
    """A reference from this collection to another (a foreign key, declared in the store or not)."""

    fields: tuple[str, ...]
    to: str
    kind: LinkKind
    references: tuple[str, ...] = ()  # columns at the other end; empty: its primary key


@dataclass(frozen=True, slots=True)
class CollectionSpec:
    """One table, bucket or vendor object type, as the inventory describes it."""

    name: str
    identities: tuple[IdentitySpec, ...] = ()
    links: tuple[LinkSpec, ...] = ()
    fields: tuple[FieldSpec, ...] = ()
    intended: Action = Action.DELETE  # what the inventory means to do here; to foresee side effects
    age_field: str = ""  # the field that cut-offs are compared with
    cutoffs: tuple[datetime, ...] = ()  # ascending instants whose sides must not be mixed
    one_per_person: bool = False  # more than one match means more than one person
    options: Mapping[str, Any] = field(default_factory=_nothing)  # the connector's own


def _open_gate(collection: str) -> None:
    """The gate that stops nothing."""


def _no_hurry() -> None:
    """The pace of a system without a rate limit."""


Gate = Callable[[str], None]
Pace = Callable[[], None]


@dataclass(frozen=True, slots=True)
class SystemSpec:
    """One entry of the inventory, with its references resolved: what a connector is built from.

    `gate(collection)` is called immediately before every write and raises to stop it (a legal
    hold placed meanwhile, a cancelled request). `pace()` is called before every call to the vendor
    and waits until it may go, or raises TransientError. Connectors let what both raise pass through.
    """

    system: str
    connector: str
    settings: Mapping[str, Any] = field(default_factory=_nothing, repr=False)
    secrets: Mapping[str, Secret] = field(default_factory=_nothing, repr=False)
    collections: tuple[CollectionSpec, ...] = ()
    sandbox: bool = False
    gate: Gate = field(default=_open_gate, repr=False, compare=False)
    pace: Pace = field(default=_no_hurry, repr=False, compare=False)

    def collection(self, name: str) -> CollectionSpec:
        """The collection of that name; KeyError if the inventory has none."""
        for spec in self.collections:
            if spec.name == name:
                return spec
        raise KeyError(name)
