"""What a connector is told: one entry of the inventory, frozen, with its references resolved.

`connectors.model` offers these along with what a connector answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from connectors.vocabulary import Action, Disclosure, LinkKind, Redaction, Trust

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def _nothing() -> Mapping[str, Any]:
    return _NOTHING


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
    tells: str = ""  # what it says of a person's age: "birth_date", "age", "minor", "guessed_age", "parental_consent"

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
    # What leads to the customer organisation whose rows these are: links of the system, then a column; empty: nothing.
    organisation: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=_nothing)  # the connector's own

    @property
    def disclosed(self) -> tuple[str, ...]:
        """Names of the fields that may leave in an export, in the inventory's order."""
        return tuple(f.name for f in self.fields if f.disclosure is Disclosure.DISCLOSE)

    def called(self, name: str, unmarked: str = "unmarked field") -> str:
        """What to call a field that is withheld; `unmarked` if the inventory does not describe it."""
        return next((f.type or f.name for f in self.fields if f.name == name), unmarked)

    def withheld(self, present: Iterable[str], unmarked: str = "unmarked field") -> tuple[str, ...]:
        """What to call those of the present fields that do not leave: whatever is not disclosed, sorted."""
        return tuple(sorted({self.called(name, unmarked) for name in set(present).difference(self.disclosed)}))


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
    # Reach only rows of this customer organisation's, in all verbs. Given to connectors only that say they can.
    organisation: str = field(default="", repr=False)

    def collection(self, name: str) -> CollectionSpec:
        """The collection of that name; KeyError if the inventory has none."""
        for spec in self.collections:
            if spec.name == name:
                return spec
        raise KeyError(name)
