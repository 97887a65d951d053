"""What the inventory really holds, by the policy's categories: the answers of its table. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from orchestrator.days import months_after
from orchestrator.inventory import Inventory
from orchestrator.inventory.flows import Flow, Recipient, Whether
from orchestrator.inventory.model import Collection, System
from orchestrator.model import Role
from orchestrator.policy.text import CATEGORIES

YES, NO = "YES", "NO"
NAMES: Mapping[str, str] = {  # Cal. Civ. Code 1798.140(v)(1)(A)-(K), in the policy's order
    "A": "Identifiers",
    "B": "Personal information listed in Cal. Civ. Code 1798.80(e)",
    "C": "Characteristics of protected classifications",
    "D": "Commercial information",
    "E": "Biometric information",
    "F": "Internet or other electronic network activity",
    "G": "Geolocation data",
    "H": "Audio, electronic, visual, thermal, olfactory or similar information",
    "I": "Professional or employment-related information",
    "J": "Non-public education information",
    "K": "Inferences",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A collection that holds a category, with the fields that do."""

    system: str
    collection: str
    role: Role
    fields: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.system}/{self.collection}"


@dataclass(frozen=True, slots=True)
class Answer:
    """One row of the table. `undeclared`: systems of which the inventory says no fields, so that NO may be wrong."""

    category: str
    name: str
    answer: str  # YES or NO
    places: tuple[Place, ...]
    only_for_others: bool  # held for customer organisations only
    undeclared: tuple[str, ...] = ()


def answers(inventory: Inventory) -> tuple[Answer, ...]:
    """The table of categories, A to K."""
    found: dict[str, list[Place]] = {category: [] for category in CATEGORIES}
    for system, collection in collections(inventory):
        for category in collection.categories:
            fields = tuple(n for n, f in collection.fields.items() if f.category == category)
            found[category].append(Place(system.name, collection.name, collection.role, fields))
    unsaid = tuple(s.name for s in inventory.systems.values() if not s.collections)
    return tuple(_answer(category, tuple(places), unsaid) for category, places in found.items())


def _answer(category: str, places: tuple[Place, ...], unsaid: tuple[str, ...]) -> Answer:
    others = bool(places) and all(p.role is Role.SERVICE_PROVIDER for p in places)
    return Answer(
        category, NAMES[category], YES if places else NO, places, others, () if places else unsaid
    )  # fmt: skip


def sensitive(inventory: Inventory) -> Mapping[str, tuple[str, ...]]:
    """Kind of sensitive personal information (Cal. Civ. Code 1798.140(ae)) -> the fields that are."""
    found: dict[str, list[str]] = {}
    for system, collection in collections(inventory):
        for field, why in collection.sensitive.items():
            found.setdefault(why, []).append(f"{system.name}/{collection.name}.{field}")
    return {why: tuple(where) for why, where in sorted(found.items())}


def collections(inventory: Inventory) -> Iterator[tuple[System, Collection]]:
    for system in inventory.systems.values():
        for collection in system.collections.values():
            yield system, collection


def flows(inventory: Inventory, today: date) -> Iterator[tuple[Recipient, Flow]]:
    """What was given to whom in the 12 months before."""
    since = months_after(today, -12)
    for recipient in inventory.recipients:
        yield from ((recipient, flow) for flow in recipient.flows if flow.ran(since, today))


def sold(inventory: Inventory, today: date) -> Whether:
    """Whether data was sold in the 12 months before; unknown as long as one flow is."""
    return _any(flow.sold for _, flow in flows(inventory, today))


def shared(inventory: Inventory, today: date) -> Whether:
    """Whether data was shared for advertising across contexts."""
    return _any(flow.shared for _, flow in flows(inventory, today))


def marketed(inventory: Inventory, today: date) -> Whether:
    """Whether data was given to others for their own direct marketing."""
    return _any(flow.direct_marketing for _, flow in flows(inventory, today))


def _any(answers: Iterable[Whether]) -> Whether:
    given = set(answers) or {Whether.UNKNOWN}
    return next(w for w in (Whether.YES, Whether.UNKNOWN, Whether.NO) if w in given)


def categories_of(inventory: Inventory, flow: Flow) -> tuple[str, ...]:
    """The categories of data that go along with a flow."""
    return tuple(
        sorted({c for s, held in collections(inventory) if flow.covers(s.name, held.name) for c in held.categories})
    )
