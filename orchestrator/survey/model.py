"""The nouns of a survey: frozen values without personal data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is wrong between the inventory and a system."""

    UNMENTIONED = "unmentioned"  # it exists and nothing is said of it
    FIELDS = "fields"  # of what is described, fields that are not
    GONE = "gone"  # the inventory names it and the system has none
    EXPIRED = "expired"  # its exemption has ended


@dataclass(frozen=True, slots=True)
class Guess:
    """What one field may hold, and why that is thought: "38 of 50 look like e-mail addresses"."""

    field: str
    type: str
    category: str  # of the policy, A to K; empty: nothing tells
    called: str = ""  # "e-mail address", "payment card number"
    because: str = ""
    never: str = ""  # what to call it where it is of a kind that is never disclosed
    kind: str = ""  # of identifier, by which a person could be found in it
    plain: bool = False  # a key, a date, an amount: nothing about a person by itself


@dataclass(frozen=True, slots=True)
class Gap:
    """One place where inventory and system differ. `names`: of fields, where it is about fields."""

    kind: Kind
    system: str
    name: str  # as the system calls it
    what: str = ""  # "table", "bucket", …
    collection: str = ""  # of the inventory, where it has one
    names: tuple[str, ...] = ()
    rows: int | None = None
    says: str = ""  # what is wrong and the way out, on one line
    fails: bool = True  # False: worth knowing, such as a view
    guesses: tuple[Guess, ...] = ()
    unsampled: str = ""  # why no values were looked at
    proposal: str = ""  # lines for the inventory, as they stand in it
    exemption: str = ""  # the other way out: a line under `exemptions`

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(sorted({g.category for g in self.guesses} - {""}))


@dataclass(frozen=True, slots=True)
class Surveyed:
    """One system. `listed` is None where it cannot be listed, and `message` says why; or what of it was refused."""

    system: str
    listed: int | None
    gaps: tuple[Gap, ...] = ()
    message: str = ""
    failed: bool = False  # it could be listed, and was not


@dataclass(frozen=True, slots=True)
class Survey:
    """All systems of the inventory."""

    systems: tuple[Surveyed, ...]

    @property
    def failing(self) -> tuple[Gap, ...]:
        return tuple(g for s in self.systems for g in s.gaps if g.fails)
