"""To whom data goes, for what, and whether that is a sale: what know, opt-out and Shine the Light are answered from.

A disclosure is a sale for money or another benefit, and sharing for advertising across contexts (Cal. Civ.
Code 1798.140(ad), (ah)). Whoever receives data without the contract of 1798.140(ag) is a third party.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Whether(StrEnum):
    """An answer, or that nobody has given one: which is never taken for a no."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Capacity(StrEnum):
    """In what capacity somebody receives data (Cal. Civ. Code 1798.140(ag), (j), (ai))."""

    SERVICE_PROVIDER = "service_provider"
    CONTRACTOR = "contractor"
    THIRD_PARTY = "third_party"


class Sensitive(StrEnum):
    """What makes a field sensitive, in the terms of Cal. Civ. Code 1798.140(ae)."""

    GOVERNMENT_ID = "government_id"
    ACCOUNT_ACCESS = "account_access"  # log-in, account or card together with what gives access
    PRECISE_LOCATION = "precise_location"
    ORIGIN_OR_BELIEF = "origin_or_belief"  # race, ethnic origin, citizenship, religion, union membership
    MESSAGES = "messages"  # mail and texts that are not meant for the business
    GENETIC = "genetic"
    NEURAL = "neural"
    BIOMETRIC = "biometric"
    HEALTH = "health"
    SEX_LIFE = "sex_life"


class Tells(StrEnum):
    """What a field says about a person's age."""

    BIRTH_DATE = "birth_date"
    AGE = "age"
    MINOR = "minor"  # true: under 13
    GUESSED_AGE = "guessed_age"  # somebody's or a machine's estimate
    PARENTAL_CONSENT = "parental_consent"  # a parent's verified consent is recorded here


@dataclass(frozen=True, slots=True)
class Flow:
    """Some of our data that a recipient gets. `what` is "system" or "system/collection"."""

    what: tuple[str, ...]
    category: str  # of the recipient, as the policy lists them: "Payment processor"
    purposes: tuple[str, ...]
    sold: Whether = Whether.UNKNOWN
    shared: Whether = Whether.UNKNOWN
    direct_marketing: Whether = Whether.UNKNOWN  # given to them for their own direct marketing (Civ. Code 1798.83)
    since: date | None = None
    until: date | None = None  # the last day on which anything was given

    def covers(self, system: str, collection: str) -> bool:
        return system in self.what or f"{system}/{collection}" in self.what

    def ran(self, first: date, last: date) -> bool:
        """Whether anything was given in the period; both days are in it."""
        return (self.since is None or self.since <= last) and (self.until is None or self.until >= first)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody outside who gets data of ours."""

    id: str
    title: str
    capacity: Capacity
    contract: Whether  # with the terms of Cal. Civ. Code 1798.140(ag) and 11 CCR 7051
    owner: str  # who of us writes to them
    notice: str  # how a notice reaches them
    flows: tuple[Flow, ...]
    url: str = ""

    @property
    def counts_as(self) -> Capacity:
        """Without the contract nobody is a service provider or contractor (1798.140(ag); 11 CCR 7053)."""
        return Capacity.THIRD_PARTY if self.contract is Whether.NO else self.capacity


def recipients_of(
    recipients: tuple[Recipient, ...], system: str, collection: str
) -> tuple[tuple[Recipient, Flow], ...]:
    """Everybody who gets data of a collection, with the flow in which they do, in the inventory's order."""
    return tuple((r, f) for r in recipients for f in r.flows if f.covers(system, collection))
