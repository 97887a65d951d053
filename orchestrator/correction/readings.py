"""Reads what stands where, whose a new address is already, and where the old one opted out. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from connectors.errors import ConnectorError
from connectors.model import Held, Identifier, Locator, ObstacleKind, Record, Subject, Trust
from connectors.protocol import Connector, Suppresses
from orchestrator.abilities import correcting
from orchestrator.correction.contested import Contested, records
from orchestrator.correction.decide import concerned
from orchestrator.inventory import Inventory
from orchestrator.model import Conflict, Discovery
from orchestrator.opt_out import MAILED

TAKEN, KNOWN = "new_value_taken", "new_value_known"


@dataclass(frozen=True, slots=True)
class Read:
    """What stands in each record that a correction is about; systems that could not be read, and why."""

    values: Mapping[Locator, Sequence[Held]] = field(repr=False)
    able: frozenset[str]
    unread: Mapping[str, str]


def read(
    found: Discovery, inventory: Inventory, contested: Sequence[Contested], systems: Mapping[str, Connector],
    progress: Callable[[str, str], None] = lambda system, what: None,
) -> Read:  # fmt: skip
    """Side by side, each system for itself: one that does not answer keeps no other from being read."""
    fields = {
        place: sorted({f for those in held.values() for f in those})
        for place, held in concerned(inventory, contested).items()
    }
    able = frozenset(name for name, connector in systems.items() if correcting(connector))
    mine: dict[str, list[Record]] = {}
    for _, record in records(found):
        aside = record.mentions or any(o.kind is ObstacleKind.CLAIMED for o in record.obstacles)
        if not aside and record.at.system in able and (record.at.system, record.at.collection) in fields:
            mine.setdefault(record.at.system, []).append(record)
    values: dict[Locator, Sequence[Held]] = {}
    unread: dict[str, str] = {}

    def one(name: str) -> None:
        connector = correcting(systems[name])
        assert connector is not None  # it is able
        progress(name, "reading what stands there")
        try:
            for record in mine[name]:
                asked = fields[name, record.at.collection]
                values[record.at] = tuple(connector.held(found.subject, record.at, asked))
        except ConnectorError as error:
            unread[name] = str(error)

    with ThreadPoolExecutor(max_workers=max(1, len(mine))) as pool:
        list(pool.map(one, mine))
    return Read(values, able, unread)


def identifiers(contested: Sequence[Contested], inventory: Inventory, trust: Trust) -> Iterator[Identifier]:
    """The new values that are identifiers."""
    for c in contested:
        if (kind := inventory.attributes[c.attribute].kind) and c.new:
            yield Identifier(kind, inventory.normalise(kind, c.new), trust, "correction")


def conflicts(
    found: Discovery, read_: Read, contested: Sequence[Contested], inventory: Inventory,
    systems: Mapping[str, Connector],
) -> Iterator[Conflict]:  # fmt: skip
    """Where a new identifier stands already, though not as this person's.

    It opens nothing: whoever has an address of another's entered as the right one would be handed that
    other's data. An account that has it as its own stops the plan; elsewhere a person looks first.
    """
    for new in identifiers(contested, inventory, Trust.PROVEN):
        if new in found.subject.identifiers:
            continue
        attribute = next(c for c in contested if inventory.attributes[c.attribute].kind == new.kind)
        own_there, places = set(inventory.authorities(new.kind)), _written(attribute, inventory)
        for name, connector in systems.items():
            if name not in {system for system, _ in places} or new.kind not in connector.capabilities.needs:
                continue
            try:
                held = [r for r in connector.locate(Subject.of(new)) if _lives(r) and (name, r.at.collection) in places]
            except ConnectorError as error:
                yield Conflict(name, new.kind, f"cannot see whose the new {new.kind} is: {error}", True, TAKEN)
                continue
            foreign = [r for r in held if not _ours(r, found, read_, attribute, inventory)]
            for there in sorted({r.at.collection for r in foreign}):
                final = (name, there) in own_there
                said = f"the new {new.kind} stands in {name}/{there} already"
                way = "it is another person's own: correct nothing" if final else "see whose it is; override if theirs"
                yield Conflict(name, new.kind, f"{said}: {way}", final, TAKEN if final else KNOWN)


def _written(c: Contested, inventory: Inventory) -> set[tuple[str, str]]:
    """Where the attribute is put right, and not only listed."""
    held = ((s, inventory.systems[s].collections[name]) for s, name in concerned(inventory, [c]))
    return {(s, collection.name) for s, collection in held if not (collection.uncorrected or collection.carried_over)}


def opted_out(
    contested: Sequence[Contested], found: Discovery, inventory: Inventory, mailing: Mapping[str, Suppresses]
) -> tuple[str, ...]:
    """Mailing systems in which every address of the person's is opted out: the new one is too, before it is used."""
    if not any(inventory.attributes[c.attribute].kind == MAILED and c.new for c in contested):
        return ()
    before = Subject(frozenset(i for i in found.subject.identifiers if i.kind == MAILED))
    known = {record.at.system for _, record in found.records if _lives(record)}
    told = []
    for name, system in mailing.items():
        try:
            if name in known and before.identifiers and system.suppressed(before):
                told.append(name)
        except ConnectorError:
            told.append(name)  # nobody could say that they are not
    return tuple(sorted(told))


def _lives(record: Record) -> bool:
    return (
        record.count > 0 and not record.mentions and not any(o.kind is ObstacleKind.CLAIMED for o in record.obstacles)
    )


def _ours(record: Record, found: Discovery, read_: Read, attribute: Contested, inventory: Inventory) -> bool:
    """Whether the new value stands in a record of the person's, put right before."""
    assigned = {i for i in record.reveals if i.trust is Trust.ASSIGNED}
    if assigned:
        return assigned <= found.subject.identifiers
    values = [h.value for h in read_.values.get(replace(record.at, since=None, before=None), ())]
    return any(inventory.alike(attribute.attribute, value, attribute.new) for value in values)
