"""From what stands where to what is put right: pure. One step for each attribute in each record.

The first of these that applies decides:

1. held as service provider: handed over to the organisation; a training record is its to correct;
2. a legal hold: kept as it is until the hold is reviewed;
3. the inventory says why it is not rewritten (`uncorrected`), or how a new identifier is entered beside the
   old one (`carried_over`);
4. a confirmed retention rule keeps the field: what was issued is not rewritten;
5. something in the way, or no connector that corrects: done by hand;
6. the values that stand there: the contested one is corrected, the right one is there already, another
   one is neither, and is left and listed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from connectors.model import Action, Change, Correction, Held, Locator, Obstacle, ObstacleKind, Record
from orchestrator.canonical import digest
from orchestrator.correction.contested import Contested, records
from orchestrator.decide import CODE, HAND_OVER, Given, held_back
from orchestrator.inventory import Collection, Inventory
from orchestrator.model import IN_PLACE, Conflict, Coverage, Discovery, Plan, Role, Searched, Step

OTHER, UNCORRECTED = "other_value", "uncorrected"  # rules of steps that change nothing
FIXED = "fixed"  # of a step by hand whose values can be read, and not written
SEVERAL = "several_values"
_BY_HAND = "no call corrects it: set it to the right value there"
_PARTS = "held in parts, and the whole was given: set the parts to the right values there"
_MIXED = "stands among other data in one field: correct it there by hand"
_SHARED = "other people's data is in the same object: see whose the value is, and correct it there by hand"
_ASIDE = {ObstacleKind.CLAIMED, ObstacleKind.UNMARKED, ObstacleKind.RESTRICTED}
_STOPS = {ObstacleKind.SEVERAL_PEOPLE, ObstacleKind.ORGANISATION}

Readings = Mapping[Locator, Sequence[Held]]


@dataclass(frozen=True, slots=True)
class Decided:
    """A plan, and what it does where. Personal, but for the plan: `places` are the steps' addresses."""

    plan: Plan
    places: Mapping[str, Locator] = field(repr=False)  # ref -> an address of its own
    records: Mapping[str, Locator] = field(repr=False)  # ref -> the record it is about
    corrections: Mapping[str, Correction] = field(repr=False)  # ref -> what is put right there


def concerned(inventory: Inventory, contested: Sequence[Contested]) -> dict[tuple[str, str], dict[str, list[str]]]:
    """(system, collection) -> contested attribute -> the fields that hold it, or its parts."""
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    for system in inventory.systems.values():
        for collection in system.collections.values():
            for c in contested:
                named = {c.attribute, *_lacking(c, contested, inventory)}
                if fields := [f for f, held in collection.holds.items() if named & set(held)]:
                    found.setdefault((system.name, collection.name), {})[c.attribute] = fields
    return found


def decide(
    found: Discovery, inventory: Inventory, given: Given, contested: Sequence[Contested], readings: Readings,
    able: frozenset[str], conflicts: Sequence[Conflict] = (), suppresses: Sequence[str] = (),
    unread: Mapping[str, str] = {},
) -> Decided:  # fmt: skip
    """The plan. `readings`: what stands in each record; `able`: systems whose connector corrects; `unread`:
    systems that could not be read, and why."""
    places = concerned(inventory, contested)
    making = _Making(found, inventory, given, contested, readings, able)
    for hop, record in records(found):
        fields = places.get((record.at.system, record.at.collection), {})
        collection = inventory.systems[record.at.system].collections.get(record.at.collection)
        aside = record.mentions or any(o.kind in _ASIDE for o in record.obstacles) or record.at.system in unread
        if collection is not None and not aside:
            for c in contested:
                if c.attribute in fields:
                    making.place(hop, record, collection, c, fields[c.attribute])
    systems = {name for name, _ in places}
    for row in found.coverage:
        if row.coverage is Coverage.MANUAL_OPEN and row.system in systems:
            making.by_hand(row.system, [c.attribute for c in contested if _holds(places, row.system, c.attribute)])
    steps = tuple(making.steps)
    applied = {s.rule for s in steps}
    kept = {s.system for s in steps if s.rule == "hold"} | {h.collection.partition("/")[0] for h in given.holds}
    plan = Plan(
        request=given.request, right=given.right, made_by=given.by, made_at=found.at, steps=steps,
        coverage=tuple(_covered(row, unread) for row in found.coverage if row.system in systems),
        conflicts=(*found.conflicts, *conflicts, *_ambiguous(making, contested)),
        claimed=tuple(sorted((i.kind, i.origin) for i in found.claimed)),
        verification=given.verification,
        rules=tuple(f"{r.id}@{digest(r)}" for r in inventory.rules if r.id in applied),
        inventory=inventory.digest, code=CODE,
        sources=tuple(sorted({i.origin.partition("/")[0] for i in found.subject.identifiers} & set(inventory.systems))),
        suppresses=tuple(n for n in suppresses if n not in kept), replaces=given.replaces,
        known=tuple(sorted(given.known)),
    )  # fmt: skip
    return Decided(plan, making.places, making.records, making.corrections)


def _lacking(c: Contested, contested: Sequence[Contested], inventory: Inventory) -> set[str]:
    """The parts of a whole that was given while they were not."""
    return set(inventory.attributes[c.attribute].joins) - {o.attribute for o in contested}


def _holds(places: Mapping[tuple[str, str], Mapping[str, object]], system: str, attribute: str) -> bool:
    return any(name == system and attribute in held for (name, _), held in places.items())


def _covered(row: Searched, unread: Mapping[str, str]) -> Searched:
    return replace(row, coverage=Coverage.UNREACHABLE, why=unread[row.system]) if row.system in unread else row


def _ambiguous(making: _Making, contested: Sequence[Contested]) -> Iterator[Conflict]:
    """Nobody has said which value is wrong, and several stand there."""
    for c in contested:
        if not c.was and len(values := making.standing.get(c.attribute, {})) > 1:
            where = sorted({system for systems in values.values() for system in systems})
            said = f"{len(values)} different values of {c.attribute} stand in {', '.join(where)}"
            yield Conflict("", "", f"{said}: name the wrong ones (was {c.attribute}=…), and plan again", True, SEVERAL)


class _Making:
    """Steps as they are made, with their addresses and changes."""

    def __init__(
        self, found: Discovery, inventory: Inventory, given: Given, contested: Sequence[Contested], readings: Readings,
        able: frozenset[str],
    ) -> None:  # fmt: skip
        self.steps: list[Step] = []
        self.places: dict[str, Locator] = {}
        self.records: dict[str, Locator] = {}
        self.corrections: dict[str, Correction] = {}
        self.standing: dict[str, dict[str, set[str]]] = {}  # attribute -> value as compared -> systems
        self._found, self._inventory, self._given = found, inventory, given
        self._contested, self._readings, self._able = contested, readings, able

    def place(self, hop: int, record: Record, collection: Collection, c: Contested, fields: Sequence[str]) -> None:
        """The steps of one attribute in one record."""
        at, system = record.at, self._inventory.systems[record.at.system]
        obstacles = record.obstacles
        if record.people > 1 and not any(o.kind is ObstacleKind.SEVERAL_PEOPLE for o in obstacles):
            obstacles += (Obstacle(ObstacleKind.SEVERAL_PEOPLE, f"{record.people} people behind one identifier"),)
        step = Step(
            ref="", system=at.system, collection=at.collection, action=Action.MANUAL, count=record.count, hop=hop,
            role=collection.role, oldest=record.oldest, newest=record.newest, total=record.total,
            categories=tuple(sorted({collection.fields[f].category for f in fields} - {""})),
            fields=tuple(fields), owner=system.owner, obstacles=obstacles, attribute=c.attribute,
        )  # fmt: skip
        settled = self._settled(step, record, collection, c)
        if settled is not None:
            self._add(settled, at)
        else:
            self._by_values(step, at, c)

    def _settled(self, step: Step, record: Record, collection: Collection, c: Contested) -> Step | None:
        """The step where no value needs to be looked at; None otherwise."""
        if collection.role is Role.SERVICE_PROVIDER:
            note = "held for a customer organisation as its service provider: handed over, it decides what is right"
            return replace(step, rule=HAND_OVER, note=note, owner=self._inventory.hand_over.owner)
        if hold := held_back(record, self._given, self._found.subject.identifiers | self._found.claimed):
            basis = "legal hold: kept as it is (Civ. Code 1798.145(a))"
            return replace(step, action=Action.RETAIN, rule="hold", basis=basis, until=hold.review)
        if collection.uncorrected:
            return replace(step, action=Action.RETAIN, rule=UNCORRECTED, basis=collection.uncorrected)
        if collection.carried_over and self._inventory.attributes[c.attribute].kind:
            beside = any(h.beside for h in self._readings.get(record.at, ()))
            return None if beside else replace(step, note=collection.carried_over)
        for rule in self._inventory.rules_for(record.at.system, collection.name):
            kept = "*" in rule.fields or set(step.fields) <= set(rule.fields)
            if kept and rule.confirmed and rule.role is collection.role:
                # Without the rule's citation, which excepts from deletion and not from correction.
                return replace(step, action=Action.RETAIN, rule=rule.id, basis=f"kept as it was issued: {rule.basis}")
        kinds = {o.kind for o in step.obstacles}
        if kinds & _STOPS:
            return replace(step, note=_BY_HAND)
        if any(o.kind is ObstacleKind.SHARED for o in step.obstacles):
            return replace(step, note=_SHARED)
        held = [a for f in step.fields for a in collection.holds[f]]
        if record.at.system not in self._able:
            return replace(step, note=_BY_HAND)
        if any(len(collection.holds[f]) > 1 for f in step.fields):
            return replace(step, note=_MIXED)
        return replace(step, note=_PARTS) if c.attribute not in held else None

    def _by_values(self, step: Step, at: Locator, c: Contested) -> None:
        there = [h for h in self._readings.get(at, ()) if h.field in step.fields]
        right = [h for h in there if c.new and self._alike(c, h.value, c.new)]
        wrong = [h for h in there if h not in right and self._wrong(c, h.value)]
        other = [h for h in there if h not in right and h not in wrong]
        for h in (*wrong, *other):
            normal = self._inventory.compared(c.attribute, h.value)
            self.standing.setdefault(c.attribute, {}).setdefault(normal, set()).add(at.system)
        if _stands_beside(right, wrong):
            wrong = [h for h in wrong if not h.beside]
        changed, fixed = [h for h in wrong if not h.fixed], [h for h in wrong if h.fixed]
        if changed:
            changes = tuple(Change(h.field, h.value, c.new, h.count) for h in changed)
            self._add(self._of(step, changed, action=Action.CORRECT), at, "", changes)
        elif right:
            basis = "the right value stands there already"
            self._add(self._of(step, right, action=Action.RETAIN, rule=IN_PLACE, basis=basis), at)
        if fixed:
            self._add(self._of(step, fixed, rule=FIXED, note=fixed[0].fixed), at, FIXED)
        if other:
            basis = "another value than the contested one stands there: not contested, and left"
            self._add(self._of(step, other, action=Action.RETAIN, rule=OTHER, basis=basis), at, OTHER)

    def _of(self, step: Step, held: Sequence[Held], **more: object) -> Step:
        fields = tuple(dict.fromkeys(h.field for h in held))
        return replace(step, count=sum(h.count for h in held), fields=fields, **more)  # type: ignore[arg-type]

    def _wrong(self, c: Contested, value: str) -> bool:
        return not c.was or any(self._alike(c, value, old) for old in c.was)

    def _alike(self, c: Contested, one: str, other: str) -> bool:
        return self._inventory.alike(c.attribute, one, other)

    def by_hand(self, system: str, attributes: Sequence[str]) -> None:
        """A system without a connector: its owner looks for each attribute there."""
        entry = self._inventory.systems[system]
        for attribute in attributes:
            step = Step(
                ref="", system=system, collection="*", action=Action.MANUAL, count=0, hop=0, role=Role.BUSINESS,
                owner=entry.owner, note=f"look for it there, and set it to the right value: {entry.title}",
                attribute=attribute,
            )  # fmt: skip
            self._add(step, Locator(system, "*"))

    def _add(self, step: Step, at: Locator, part: str = "", changes: tuple[Change, ...] = ()) -> None:
        own = replace(at, key=json.dumps([at.key, step.attribute, part]))
        ref = self._given.ref(own)
        due = None
        if step.action is Action.MANUAL:
            due = self._given.received + timedelta(days=self._inventory.limits.manual_days)
        if step.action is Action.RETAIN and step.rule not in ("hold", IN_PLACE):
            for n, other in enumerate(self.steps):  # what is left for one reason is one line, whatever its age
                if _line(other) == _line(step):
                    self.steps[n] = replace(other, count=other.count + step.count)
                    return
        self.steps.append(replace(step, ref=ref, due=due))
        self.places[ref], self.records[ref] = own, at
        if changes:
            self.corrections[ref] = Correction(at, changes)


def _stands_beside(right: Sequence[Held], wrong: Sequence[Held]) -> bool:
    """Whether what is entered beside an old value, which stays, stands there as often as the old one."""
    return sum(h.count for h in right if h.beside) >= sum(h.count for h in wrong if h.beside)


def _line(step: Step) -> tuple[str, ...]:
    return (step.system, step.collection, step.attribute, step.action, step.rule)
