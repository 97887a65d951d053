"""What a customer organisation's instruction reaches: rows surely its own, held for it, and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from connectors.model import Action, LinkKind, Locator, ObstacleKind, Record
from orchestrator.inventory import Inventory
from orchestrator.model import Discovery, Role, Step

APART = "instruction"  # the rule of steps by hand about what no machine can tell apart by organisation
_KEPT_BY_VENDOR = {ObstacleKind.LOCKED, ObstacleKind.BY_HAND}
_STOPS = {ObstacleKind.RESTRICTED, ObstacleKind.UNMARKED}


def within(found: Discovery, inventory: Inventory, organisation: str) -> Discovery:
    """The discovery without what is not the organisation's, if one instructs us.

    Of other rows only what stands in the way is left, and copies of whole systems, which nobody changes: both
    are told and never written.
    """
    if not organisation:
        return found
    return replace(found, records=tuple((h, r) for h, r in found.records if _told(r, inventory, organisation)))


def _told(record: Record, inventory: Inventory, organisation: str) -> bool:
    system = inventory.systems[record.at.system]
    collection = system.collections.get(record.at.collection)
    kinds = {o.kind for o in record.obstacles}
    if system.copies_of:
        return bool(kinds & _KEPT_BY_VENDOR)
    if record.organisation != organisation or collection is None:
        return False
    return collection.role is Role.SERVICE_PROVIDER or bool(kinds & _STOPS)


def apart(inventory: Inventory, reached: frozenset[str], ref: Callable[[Locator], str]) -> Iterator[Step]:
    """Steps by hand: what is held for organisations where no search tells whose it is.

    `reached`: systems whose connectors can be told to reach one organisation's rows.
    """
    for system in inventory.systems.values():
        for collection in system.collections.values():
            told = system.name in reached and _leads(system.name, collection.name, inventory)
            if collection.role is not Role.SERVICE_PROVIDER or told:
                continue
            yield Step(
                ref=ref(Locator(system.name, collection.name, APART)), system=system.name, collection=collection.name,
                action=Action.MANUAL, count=0, hop=0, role=Role.SERVICE_PROVIDER, rule=APART, owner=system.owner,
                note="no search tells whose organisation's this is: look for it by hand, and touch no other's",
            )  # fmt: skip


def _leads(system: str, name: str, inventory: Inventory, seen: frozenset[str] = frozenset()) -> bool:
    """Whether the collection's rows lead to their organisation, themselves or by every row that owns them."""
    held = inventory.systems[system].collections
    spec = held[name].spec
    if spec.organisation:
        return True
    owners = {link.to for link in spec.links if link.kind is LinkKind.OWNS}
    if not owners or name in seen or any(i.match for i in spec.identities):
        return False
    return all(owner in held and _leads(system, owner, inventory, seen | {name}) for owner in owners)
