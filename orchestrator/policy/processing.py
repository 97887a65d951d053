"""The record of processing activities (GDPR, Art. 30), as far as the inventory and the policy's text tell it. Pure.

One activity is one purpose. What Art. 30 asks for and neither of them says is listed as missing: a record with a
blank that nobody sees is worse than one that names its blanks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from orchestrator.inventory import Inventory
from orchestrator.inventory.model import Collection, System
from orchestrator.model import Role
from orchestrator.policy import held
from orchestrator.policy.text import Text

_CONTACT = re.compile(r"Contact Us\s*\n(.*)", re.DOTALL)
_BULLET = "●"
_DAYS_IN_YEAR = 365
_MISSING = (
    ("Art. 30(1)(a)", "the representative in the Union and the data protection officer, where there is one"),
    ("Art. 30(1)(c)", "the categories of data subjects of each activity"),
    ("Art. 30(1)(e)", "transfers to third countries, with the documentation of safeguards"),
    ("Art. 30(1)(g)", "a general description of the technical and organisational security measures"),
)


@dataclass(frozen=True, slots=True)
class Limit:
    """Until when something is kept. Without a rule it is kept until the person has it deleted."""

    where: str
    kept: str
    basis: str
    citation: str


@dataclass(frozen=True, slots=True)
class Activity:
    """One purpose, and what is processed for it."""

    purpose: str
    systems: tuple[str, ...]
    data: tuple[str, ...]  # "A Identifiers"
    sensitive: tuple[str, ...]  # fields
    sources: tuple[str, ...]
    recipients: tuple[str, ...]  # "Stripe: Payment processor, service provider"
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class Processing:
    """The whole record. `missing`: (article, what neither inventory nor policy says)."""

    controller: str
    contact: tuple[str, ...]
    made: date
    inventory: str  # digest
    activities: tuple[Activity, ...]  # Art. 30(1): as controller
    on_behalf: tuple[Activity, ...]  # Art. 30(2): for customer organisations, as processor
    missing: tuple[tuple[str, str], ...]


def processing(inventory: Inventory, text: Text | None, made: date) -> Processing:
    """The record on a day. `text`: the policy, of which the contact is taken."""
    contact = _contact(text) if text else ()
    blank = (*(() if contact else (("Art. 30(1)(a)", "the contact of the controller"),)), *_MISSING)
    return Processing(
        inventory.company, contact, made, inventory.digest,
        tuple(_activities(inventory, Role.BUSINESS)), tuple(_activities(inventory, Role.SERVICE_PROVIDER)), blank,
    )  # fmt: skip


def _activities(inventory: Inventory, role: Role) -> Iterator[Activity]:
    mine = [(s, c) for s, c in held.collections(inventory) if c.role is role and c.categories]
    bare = [s for s in inventory.systems.values() if role is Role.BUSINESS and not s.collections]
    for purpose in sorted({p for _, c in mine for p in c.purposes} | {p for s in bare for p in s.purposes}):
        places = [(s, c) for s, c in mine if purpose in c.purposes]
        yield _activity(inventory, purpose, places, [s for s in bare if purpose in s.purposes])


def _activity(
    inventory: Inventory, purpose: str, places: list[tuple[System, Collection]], bare: list[System]
) -> Activity:
    """`bare`: systems of which the inventory declares no fields."""
    held_in = [*places, *((s, None) for s in bare)]
    recipients = dict.fromkeys(
        f"{recipient.title}: {flow.category}, {recipient.counts_as.replace('_', ' ')}"
        for system, collection in held_in
        for recipient, flow in inventory.recipients_of(system.name, collection.name if collection else "")
    )
    return Activity(
        purpose,
        tuple(dict.fromkeys(s.title + ("" if c else " (no fields declared)") for s, c in held_in)),
        tuple(f"{c} {held.NAMES[c]}" for c in sorted({c for _, held_ in places for c in held_.categories})),
        tuple(f"{s.name}/{c.name}.{field} ({why})" for s, c in places for field, why in c.sensitive.items()),
        tuple(sorted({source for s, c in held_in for source in (c.sources if c else s.sources)})),
        tuple(recipients),
        tuple(_limits(inventory, places)),
    )


def _limits(inventory: Inventory, places: list[tuple[System, Collection]]) -> Iterator[Limit]:
    for system, collection in places:
        for rule in inventory.rules_for(system.name, collection.name):
            kept = f"{_period(rule.keep_for.days)} from {rule.counted_from}"
            yield Limit(f"{system.name}/{collection.name}", kept, rule.basis, rule.citation)


def _period(days: int) -> str:
    """ "7 years" for the days that the inventory made of them, "90 days" where it is no round number of years."""
    years = days // _DAYS_IN_YEAR
    return f"{years} year{'s' if years > 1 else ''}" if years and days - years * 365.25 < 1 else f"{days} days"


def _contact(text: Text) -> tuple[str, ...]:
    """The bullets under "Contact Us", or its lines."""
    found = _CONTACT.search(text.content)
    words = found[1] if found else ""
    parts = words.split(_BULLET)[1:] or words.splitlines()
    return tuple(" ".join(part.split()) for part in parts if part.strip())
