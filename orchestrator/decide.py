"""From what was found to what shall be done: a pure function, so that a plan can be explained.

The first of these that applies decides a record's fate:

1. held as service provider: handed over to the organisation, never acted on directly unless it instructs us;
2. a legal hold: retained;
3. something in the way (an obstacle): listed, done by hand, or retained as long as the vendor must;
4. a confirmed retention rule: the rule's fields retained until its end, all others redacted;
5. what the inventory says is done on deletion;
6. the person's wish, if they asked for portions only.

Afterwards a deletion that would take retained rows along becomes a redaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from connectors.model import Action, Identifier, Locator, Obstacle, ObstacleKind, Record
from orchestrator.canonical import digest
from orchestrator.disclosures import UNSURE
from orchestrator.instructed import apart, within
from orchestrator.inventory import Collection, Inventory, System
from orchestrator.model import LATER, Coverage, Discovery, Hold, Plan, Right, Role, Rule, Step, Verification
from orchestrator.portion import limited
from orchestrator.sparing import spare_the_retained, without_the_redacted

CODE = "0.2.0"
HAND_OVER = "service_provider"
_UNSURE_DO = {Right.KNOW: "tell its categories", Right.ACCESS: "hand it out"}  # where it is this person's
_BY_HAND = {ObstacleKind.SHARED, ObstacleKind.BY_HAND, ObstacleKind.CLAIMED}
_STOPS = {
    ObstacleKind.UNMARKED,
    ObstacleKind.RESTRICTED,
    ObstacleKind.SEVERAL_PEOPLE,
    ObstacleKind.ORGANISATION,
}


@dataclass(frozen=True, slots=True)
class Given:
    """Everything decide needs besides what was found."""

    request: str
    right: Right
    by: str
    verification: Verification
    holds: Sequence[Hold]
    person_tags: frozenset[str]  # keyed hashes of the subject's identifiers, to match holds on a person
    ref: Callable[[Locator], str]
    received: datetime
    mailing: frozenset[str] = frozenset()  # systems that can keep a person from being written to
    replaces: str = ""
    known: frozenset[str] = frozenset()  # hashes of the identifiers that were searched by
    # Where the person was erased before: system -> when. What came later is a person's to decide, and of
    # what has no age only what is in `undated` is taken to be older.
    existed: Mapping[str, datetime] = field(default_factory=dict)
    undated: frozenset[str] = frozenset()
    only: tuple[str, ...] = ()  # portions, if not everything is to be deleted
    redacts: frozenset[str] = frozenset()  # systems that can empty some fields of a row and keep the others
    organisation: str = ""  # the customer organisation that instructs us
    reached: frozenset[str] = frozenset()  # systems that can be told to reach its rows only
    closed: frozenset[str] = frozenset()  # exceptions that are no ground for this request
    unexported: frozenset[str] = frozenset()  # systems, and places in them, that no call hands out


def decide(found: Discovery, inventory: Inventory, given: Given) -> Plan:
    """The plan for one discovery. Nothing is read, written or asked."""
    found = within(found, inventory, given.organisation)
    steps = [step for hop, record in found.records if (step := _step(hop, record, inventory, given, found)) is not None]
    steps = without_the_redacted(spare_the_retained(steps, found, given.ref), found, given.ref)
    steps += [
        limited(Step(
            ref=given.ref(Locator(s.system, "*")), system=s.system, collection="*", action=Action.MANUAL, count=0,
            hop=0, role=Role.BUSINESS, owner=inventory.systems[s.system].owner,
            note=inventory.systems[s.system].instructions,
        ), None, given.only, redacts=False)
        for s in found.coverage
        if s.coverage is Coverage.MANUAL_OPEN
    ]  # fmt: skip
    steps += apart(inventory, given.reached, given.ref) if given.organisation else ()
    steps = [_dated(step, inventory, given.received) for step in steps]
    applied = {step.rule for step in steps}
    return Plan(
        request=given.request,
        right=given.right,
        made_by=given.by,
        made_at=found.at,
        steps=tuple(steps),
        coverage=found.coverage,
        conflicts=found.conflicts,
        claimed=tuple(sorted((i.kind, i.origin) for i in found.claimed)),
        verification=given.verification,
        rules=tuple(f"{r.id}@{digest(r)}" for r in inventory.rules if r.id in applied),
        inventory=inventory.digest,
        code=CODE,
        sources=tuple(sorted({i.origin.partition("/")[0] for i in found.subject.identifiers} & set(inventory.systems))),
        suppresses=_suppresses(steps, given),
        replaces=given.replaces,
        known=tuple(sorted(given.known)),
    )


def _dated(step: Step, inventory: Inventory, received: datetime) -> Step:
    """A step by hand has an owner and a day; what is handed over has the owner of that."""
    if step.action is not Action.MANUAL:
        return step
    if step.rule == HAND_OVER:
        due = received + timedelta(days=inventory.hand_over.within_days)
        return replace(step, owner=inventory.hand_over.owner or step.owner, due=due)
    return replace(step, due=received + timedelta(days=inventory.limits.manual_days))


def _suppresses(steps: Sequence[Step], given: Given) -> tuple[str, ...]:
    """Mailing systems that know the person, if anything is deleted. One that does not is not told.

    Under a hold, of the whole or of any collection, nothing is entered.
    """
    if given.right is not Right.DELETE or not any(s.action in (Action.DELETE, Action.REDACT) for s in steps):
        return ()
    if given.only:  # they stay, and asked for no opt-out: only where a deleted contact would forget its own
        steps = [s for s in steps if s.action is Action.DELETE]
    held = {s.system for s in steps if s.rule == "hold"} | {h.collection.partition("/")[0] for h in given.holds}
    return tuple(sorted({s.system for s in steps if s.count and s.system in given.mailing} - held))


def _step(hop: int, record: Record, inventory: Inventory, given: Given, found: Discovery) -> Step:
    step = _whole(hop, record, inventory, given, found)
    held = inventory.systems[step.system].collections.get(step.collection)
    return limited(step, held, given.only, redacts=step.system in given.redacts)


def _whole(hop: int, record: Record, inventory: Inventory, given: Given, found: Discovery) -> Step:
    system = inventory.systems[record.at.system]
    collection = system.collections.get(record.at.collection)
    step = _draft(hop, record, system, collection, inventory, given)
    if collection is not None and collection.role is Role.SERVICE_PROVIDER and not given.organisation:
        note = "held for a customer organisation as its service provider: handed over to the organisation"
        return replace(step, action=Action.MANUAL, rule=HAND_OVER, note=note)
    if given.right is not Right.DELETE:
        if given.right in _UNSURE_DO and {o.kind for o in step.obstacles} & UNSURE:
            do = _UNSURE_DO[given.right]
            return replace(step, note=f"see whether it is this person's, and {do}: {step.obstacles[0].reason}")
        if given.right is Right.ACCESS and {step.system, f"{step.system}/{step.collection}"} & given.unexported:
            return replace(step, note="no call of the system's hands it out: gather it by hand, and send it as well")
        basis = f"a request to {given.right} changes nothing here"
        return replace(step, action=Action.RETAIN, basis=basis, rule=str(given.right))
    if collection is None:
        return step
    if hold := held_back(record, given, found.subject.identifiers | found.claimed):
        basis = "legal hold: kept to comply with law or to exercise or defend legal claims (Civ. Code 1798.145(a))"
        if hold.preservation:
            basis = "legal hold: preserved for law enforcement (18 U.S.C. 2703(f); Civ. Code 1798.145(a))"
        return replace(step, action=Action.RETAIN, rule="hold", basis=basis, until=hold.review)
    covering = inventory.rules_for(system.name, collection.name)
    rules = [r for r in covering if r.role is collection.role and r.exception not in given.closed]
    if blocked := _blocked(step, record, rules, found.at):
        return blocked
    if record.mentions:
        return replace(step, action=Action.REDACT, note="the rows only name the person: unlinked, not deleted")
    ruled = (_ruled(step, record, rule, found.at) for rule in rules if rule.holds(record, found.at))
    fate = next(ruled, replace(step, action=_intended(collection, given)))
    if fate.action in (Action.DELETE, Action.REDACT) and (later := _later(record, collection, given)):
        return replace(step, rule=LATER, note=later)
    return fate


def _intended(collection: Collection, given: Given) -> Action:
    """What the inventory says; what is held for an organisation goes when it says so, and nothing else then."""
    if not given.organisation:
        return collection.on_deletion
    return Action.DELETE if collection.role is Role.SERVICE_PROVIDER else Action.MANUAL


def _later(record: Record, collection: Collection, given: Given) -> str:
    """Why the record must not be touched again: it did not surely exist when its person was erased.

    Its age counts where the inventory says what that is: a booking's day, say, is not when it was made.
    """
    erased = given.existed.get(record.at.system)
    newest = record.newest if collection.spec.age_field else None
    if erased is None or (newest is not None and newest <= erased):
        return ""
    if newest is not None:
        return "later than the erasure before"
    return "" if record.at.system in given.undated else "of unknown age: not surely older than the erasure"


def _draft(
    hop: int, record: Record, system: System, collection: Collection | None, inventory: Inventory, given: Given
) -> Step:
    present = tuple(name for name, n in record.fields if n)
    categories: tuple[str, ...] = ()
    if collection is not None:
        marked = {collection.fields[n].category for n in present if n in collection.fields}
        categories = tuple(sorted(marked - {""})) if record.fields else collection.categories
    obstacles = record.obstacles
    if record.people > 1 and not any(o.kind is ObstacleKind.SEVERAL_PEOPLE for o in obstacles):
        obstacles += (Obstacle(ObstacleKind.SEVERAL_PEOPLE, f"{record.people} people behind one identifier"),)
    return Step(
        ref=given.ref(record.at),
        system=record.at.system,
        collection=record.at.collection,
        action=Action.MANUAL,
        count=record.count,
        hop=hop,
        role=collection.role if collection else Role.BUSINESS,
        late=inventory.limits.late,
        oldest=record.oldest,
        newest=record.newest,
        total=record.total,
        categories=categories,
        fields=present,
        owner=system.owner,
        note=record.note,
        obstacles=obstacles,
    )


def held_back(record: Record, given: Given, identifiers: frozenset[Identifier]) -> Hold | None:
    """The legal hold under which the record is kept as it is, if there is one."""
    at = record.at
    organisations = {i.value for i in identifiers if i.kind == "organisation_id"} | {given.organisation}
    for hold in given.holds:
        scopes = (
            hold.person in given.person_tags if hold.person else False,
            hold.organisation in organisations if hold.organisation else False,
            hold.collection in (at.system, f"{at.system}/{at.collection}") if hold.collection else False,
        )
        if any(scopes) and hold.reaches(record.oldest, record.newest):
            return hold
    return None


def _blocked(step: Step, record: Record, rules: Sequence[Rule], now: datetime) -> Step | None:
    """The step under what stands in the record's way; None if nothing does.

    Where several people stand behind one identifier the step keeps its action, and the guard stops
    the plan until a person has looked. What the vendor locks and a rule retains stays until the
    later of the two.
    """
    kinds = {o.kind for o in record.obstacles}
    if kinds & _STOPS:
        return step
    for obstacle in record.obstacles:
        if obstacle.kind in _BY_HAND:
            return replace(step, note=obstacle.reason)
    locks = [o for o in record.obstacles if o.kind is ObstacleKind.LOCKED]
    if not locks:
        return None
    ends = [o.until for o in locks if o.until is not None]
    locked = replace(
        step,
        action=Action.RETAIN,
        rule="vendor",
        basis=locks[0].reason,
        until=max(ends) if len(ends) == len(locks) else None,
    )
    ruled = [_ruled(step, record, rule, now) for rule in rules if rule.holds(record, now)]
    for rule in ruled:
        if locked.until is not None and rule.until is not None and rule.until > locked.until:
            return replace(locked, rule=rule.rule, basis=rule.basis, until=rule.until, keep=step.fields)
    return locked


def _ruled(step: Step, record: Record, rule: Rule, now: datetime) -> Step:
    keep = set(step.fields) if "*" in rule.fields else set(step.fields) & set(rule.fields)
    everything = not record.fields or keep == set(step.fields)
    return replace(
        step,
        action=Action.RETAIN if everything else Action.REDACT,
        rule=rule.id,
        keep=tuple(sorted(keep)),
        basis=f"{rule.basis} ({rule.citation})",
        until=rule.until(record, now),
        owner=rule.review_owner if record.newest is None else step.owner,
    )
