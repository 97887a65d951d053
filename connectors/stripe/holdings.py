"""What Stripe holds of one subject, sorted into collections and fates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from connectors.model import Locator, Obstacle, ObstacleKind
from connectors.stripe.people import SEVERAL, UNKNOWN_USER, Customers
from connectors.stripe.transport import Item
from connectors.stripe.values import bears_any, born, redacted
from connectors.stripe.vocabulary import BY_NAME, Ending

# Fates are the keys of locators: what may be done, or why it may not.
FREE, DISPUTED, REFUNDABLE, YOUNG = "", "disputed", "refundable", "young"
SEVERAL_PEOPLE, CLAIMED, SHARED = "several_people", "claimed", "shared"
LOCKS = (DISPUTED, REFUNDABLE, YOUNG)
NOT_THEIRS = frozenset({SEVERAL_PEOPLE, CLAIMED, SHARED})

_LOCKED = {
    DISPUTED: "an open dispute: redacting a disputed payment loses the dispute",
    REFUNDABLE: "can still be refunded: a redacted payment cannot be",
    YOUNG: "Stripe redacts payments 90 days after their creation at the earliest",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One object. `owner` is the customer it was listed under, empty for a guest's."""

    collection: str
    item: Item = field(repr=False)
    owner: str = field(default="", repr=False)
    fate: str = FREE
    until: datetime | None = None  # when a lock ends; None: when Stripe or the bank says so

    @property
    def id(self) -> str:
        return str(self.item["id"])


@dataclass(frozen=True, slots=True)
class Holdings:
    """Everything found, and whose customers it hangs on."""

    customers: Customers
    found: tuple[Found, ...]

    def select(self, at: Locator) -> list[Found]:
        """The objects of one locator."""
        return [f for f in self.found if f.collection == at.collection and f.fate == at.key and inside(f.item, at)]

    def of(self, collections: Iterable[str]) -> Iterator[Found]:
        names = set(collections)
        return (f for f in self.found if f.collection in names)


def counts(found: Found, customers: Customers) -> bool:
    """Whether an object is (still) the subject's data.

    What is redacted or deleted is not. What hangs on a customer that names nobody any more counts
    only as long as it names the person itself; the bare link leads to nobody.
    """
    kind = BY_NAME[found.collection]
    if found.item.get("deleted") is True or redacted(found.item, kind.personal):
        return False
    if kind.ending is Ending.REDACT_SESSION and (found.item.get("redaction") or {}).get("status") == "redacted":
        return False
    if found.collection == "customers" or not found.owner:
        return True
    return not customers.faceless(found.owner) or bears_any(found.item, kind.personal)


def obstacle(fate: str, until: datetime | None) -> Obstacle | None:
    """What stands in the way of objects of this fate."""
    if fate in _LOCKED:
        return Obstacle(ObstacleKind.LOCKED, _LOCKED[fate], until)
    if fate == SEVERAL_PEOPLE:
        return SEVERAL
    if fate == SHARED:
        reason = "found by an address, and bears another person's address too"
        return Obstacle(ObstacleKind.SHARED, reason)
    if fate == CLAIMED:
        return UNKNOWN_USER
    return None


def inside(item: Item, at: Locator) -> bool:
    """An object of unknown age counts as the youngest: it is never deleted for being old."""
    age = born(item)
    if age is None:
        return at.before is None
    return (at.since is None or age >= at.since) and (at.before is None or age < at.before)
