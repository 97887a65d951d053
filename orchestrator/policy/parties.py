"""Third parties, purposes, sources and disclosures as the inventory has them, in the structure of a policy. Pure.

Cal. Civ. Code 1798.130(a)(5)(B)-(C): sources, purposes and categories of third parties, and two separate lists: what
was sold or shared, and what was disclosed for a business purpose, each by the categories of data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from orchestrator.inventory import Inventory
from orchestrator.inventory.flows import Capacity, Flow, Recipient, Whether
from orchestrator.policy import held


@dataclass(frozen=True, slots=True)
class Named:
    """Who belongs to a category of third parties. `contract`: with the terms of Cal. Civ. Code 1798.140(ag)."""

    title: str
    capacity: Capacity
    contract: Whether


@dataclass(frozen=True, slots=True)
class ThirdParties:
    """One category of third parties: what they get, and for what."""

    category: str
    names: tuple[Named, ...]
    data: tuple[str, ...]  # categories A to K
    purposes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Purpose:
    """What data is used for, with its categories and where it is."""

    purpose: str
    data: tuple[str, ...]
    systems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PerCategory:
    """A category of data, with sources, purposes and to whom it went in the last 12 months."""

    category: str
    name: str
    sources: tuple[str, ...]
    purposes: tuple[str, ...]
    disclosed: tuple[str, ...]  # categories of persons, for a business purpose
    sold_or_shared: tuple[str, ...]  # categories of third parties
    unsaid: tuple[str, ...]  # of whom nobody has said whether it is a sale


@dataclass(frozen=True, slots=True)
class Parties:
    """Everything that the policy says of third parties and purposes."""

    third_parties: tuple[ThirdParties, ...]
    purposes: tuple[Purpose, ...]
    categories: tuple[PerCategory, ...]
    sold: Whether
    shared: Whether


def parties(inventory: Inventory, today: date) -> Parties:
    """What was given to whom in the 12 months before, and what everything is used for."""
    running = tuple(held.flows(inventory, today))
    return Parties(
        tuple(_third_parties(inventory, running)), tuple(_purposes(inventory)),
        tuple(_per_category(inventory, running)), held.sold(inventory, today), held.shared(inventory, today),
    )  # fmt: skip


Running = tuple[tuple[Recipient, Flow], ...]


def _third_parties(inventory: Inventory, running: Running) -> Iterator[ThirdParties]:
    for category in sorted({flow.category for _, flow in running}):
        mine = [(r, f) for r, f in running if f.category == category]
        names = dict.fromkeys(Named(r.title, r.counts_as, r.contract) for r, _ in mine)
        data = sorted({c for _, f in mine for c in held.categories_of(inventory, f)})
        purposes = dict.fromkeys(p for _, f in mine for p in f.purposes)
        yield ThirdParties(category, tuple(names), tuple(data), tuple(purposes))


def _purposes(inventory: Inventory) -> Iterator[Purpose]:
    data: dict[str, set[str]] = {}
    systems: dict[str, dict[str, None]] = {}
    for system in inventory.systems.values():
        for purpose in system.purposes if not system.collections else ():
            data.setdefault(purpose, set())
            systems.setdefault(purpose, {})[system.name] = None
    for system, collection in held.collections(inventory):
        for purpose in collection.purposes:
            data.setdefault(purpose, set()).update(collection.categories)
            systems.setdefault(purpose, {})[system.name] = None
    for purpose in sorted(data):
        yield Purpose(purpose, tuple(sorted(data[purpose])), tuple(systems[purpose]))


def _per_category(inventory: Inventory, running: Running) -> Iterator[PerCategory]:
    for answer in held.answers(inventory):
        if answer.answer == held.NO:
            continue
        mine = [
            c for s, c in held.collections(inventory)
            if any((p.system, p.collection) == (s.name, c.name) for p in answer.places)
        ]  # fmt: skip
        flows = [f for _, f in running if answer.category in held.categories_of(inventory, f)]
        given = [f for f in flows if Whether.YES in (f.sold, f.shared)]
        unsaid = [f for f in flows if f not in given and Whether.UNKNOWN in (f.sold, f.shared)]
        yield PerCategory(
            answer.category, answer.name,
            _sorted(s for c in mine for s in c.sources), _sorted(p for c in mine for p in c.purposes),
            _sorted(f.category for f in flows if f not in given), _sorted(f.category for f in given),
            _sorted(f.category for f in unsaid),
        )  # fmt: skip


def _sorted(words: Iterator[str]) -> tuple[str, ...]:
    return tuple(sorted(set(words)))
