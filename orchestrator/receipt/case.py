"""Everything a receipt is made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from orchestrator.journal import Head
from orchestrator.model import Attested, Confirmation, Plan, Request, Rule, Signed, StepResult


class Answer(StrEnum):
    """What a service provider, contractor or third party said to a notice of deletion.

    Such notice is due under Cal. Civ. Code 1798.105(c)(1), (3).
    """

    NONE = "none"
    ACCEPTED = "accepted"
    DELETED = "deleted"
    CORRECTED = "corrected"
    NOTHING_HELD = "nothing_held"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Vendor:
    """One notice of deletion to a vendor, and its answer."""

    name: str
    notified: datetime
    answer: Answer = Answer.NONE
    answered: datetime | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to the requester, named by its hash: the letter itself is personal."""

    kind: str  # "acknowledgement", "extension", "answer"
    sha256: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Disclosed:
    """The package of an access request. `left_out` is ("system/collection", why)."""

    files: int
    bytes: int
    manifest: str  # sha256 of the manifest
    left_out: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Contested:
    """One attribute that a person wanted right, and what was decided of it; never a value."""

    attribute: str
    title: str
    decision: str  # "corrected", "deleted_instead" or "refused"
    ground: str = ""  # of a refusal
    reason: str = ""
    statement: str = ""  # hash of the person's statement about what stays


@dataclass(frozen=True, slots=True)
class Versions:
    """Versions that the plan does not name itself."""

    policy: str  # in force on receipt
    calendar: str
    law: str = ""  # digest of the regime's file


@dataclass(frozen=True, slots=True)
class Case:
    """One plan's facts at one moment."""

    company: str
    request: Request
    plan: Plan
    mode: str  # "four_eyes" or "single_person"
    issued: datetime
    versions: Versions
    journal: Head
    previous: str = ""  # hash of the receipt before
    supplements: str = ""  # hash of the request's first receipt, if that was on an earlier plan
    acknowledged: datetime | None = None
    extended: date | None = None  # the new day, if it was extended
    answered: datetime | None = None
    approvals: tuple[Signed, ...] = ()
    overrides: tuple[Signed, ...] = ()
    results: tuple[StepResult, ...] = ()
    confirmation: Confirmation | None = None
    attested: tuple[Attested, ...] = ()
    rules: tuple[Rule, ...] = ()  # the inventory's
    disclosed: Disclosed | None = None
    withheld: tuple[str, ...] = ()  # types of data held back, never values (11 CCR 7024(d))
    vendors: tuple[Vendor, ...] = ()
    letters: tuple[Letter, ...] = ()
    contested: tuple[Contested, ...] = ()
