"""From a receipt to what became of each class of data. Pure.

A letter says what the signed receipt says, in the inventory's titles: there is no second notion of "deleted".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, tzinfo
from typing import Any

from connectors.model import Action
from orchestrator.inventory import Inventory
from orchestrator.letters.facts import Item, Outcome
from orchestrator.letters.kinds import State
from orchestrator.model import Coverage, Right, Role
from orchestrator.receipt import Fulfilment, Standing

_ORDER = list(State)
_STATES: Mapping[Standing, State] = {
    Standing.NOT_PROVABLE: State.UNPROVEN,
    Standing.ATTESTED: State.BY_STAFF,
    Standing.CORRECTED: State.CORRECTED,
    Standing.IN_PLACE: State.CORRECTED,
    Standing.UNCORRECTED: State.UNCORRECTED,
    Standing.DISCLOSED: State.DISCLOSED,
    Standing.UNCONFIRMED: State.UNCONFIRMED,
    Standing.ACCEPTED: State.VENDOR_ACCEPTED,
    Standing.STILL_THERE: State.FAILED,
    Standing.BY_HAND: State.BY_HAND,
    Standing.FAILED: State.FAILED,
    Standing.NOT_ATTEMPTED: State.BY_HAND,
    Standing.NO_END: State.BY_HAND,  # somebody has to say until when
    Standing.RETAINED: State.RETAINED,
    Standing.LEFT: State.LEFT,
    Standing.HONOURED: State.HONOURED,
}
_GROUNDS = {  # of a correction that is refused: 11 CCR 7023(b), (f)
    "more_likely_accurate": "What we hold is more likely than not accurate",
    "impossible_or_disproportionate": "To change it is impossible, or would take effort out of all proportion",
}
_VENDOR = "vendor"  # the exception of what a vendor locks: its own backups and periods
_HOLD = "hold"
_HOLD_BASIS = "A legal hold: to comply with the law, or to make or defend legal claims"  # each law cites its own


def outcome(payload: Mapping[str, Any], inventory: Inventory) -> Outcome:
    """What the latest receipt says, by class of data."""
    zone = inventory.zone
    items = [*_steps(payload, inventory, zone), *_refused(payload), *_elsewhere(payload, inventory)]
    places: dict[tuple[str, str], set[State]] = {}
    for item in items:
        places.setdefault((item.system, item.what), set()).add(item.state)
    return Outcome(
        Fulfilment(payload["outcome"]),
        _gathered(items),
        tuple(payload["withheld"]),
        (payload["disclosed"] or {}).get("files", 0),
        sum(_searched(system) for system in payload["systems"]),
        frozenset(Role(s["role"]) for s in payload["steps"]),
        bool(payload["opt_outs"]) and all(row["kept"] for row in payload["opt_outs"]),
        any(len(states) > 1 for (_, what), states in places.items() if what),
    )


def _steps(payload: Mapping[str, Any], inventory: Inventory, zone: tzinfo) -> Iterator[Item]:
    kept = list(payload["retained"])
    emptied = {c["attribute"] for c in payload.get("contested", ()) if c["decision"] == "deleted_instead"}
    for step in payload["steps"]:
        system, what = _titles(inventory, step["system"], step["collection"])
        if attribute := step.get("attribute"):
            known = inventory.attributes.get(attribute)
            what = f"{what}: {known.title if known else attribute}" if what else known.title if known else attribute
        state = _state(step, inventory)
        if state is State.CORRECTED and step["attribute"] in emptied:
            state = State.EMPTIED
        if state is State.UNCORRECTED:
            yield Item(state, system, what, basis=step["note"])
            continue
        until = _day(step["until"], zone)
        if (row := _row_of(step, kept)) is not None:
            kept.remove(row)
            yield _kept(row, step, inventory, zone)
        if row is None or Standing(step["standing"]) not in (Standing.RETAINED, Standing.NO_END):
            # What is kept and does not say why is not kept under an exception.
            yield Item(State.BY_HAND if state is State.RETAINED else state, system, what, until)


def _refused(payload: Mapping[str, Any]) -> Iterator[Item]:
    """What was contested and stays, wherever it stands."""
    for row in payload.get("contested", ()):
        if row["decision"] == "refused":
            ground = _GROUNDS.get(row["ground"], row["ground"])
            basis = f"{ground}: {row['reason']}" if row["reason"] else ground
            yield Item(State.UNCORRECTED, row["title"], "", basis=basis)


def _row_of(step: Mapping[str, Any], kept: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """What the receipt says of why a step's rows, or some of their fields, are kept; both are in the same order."""
    if step["standing"] not in (Standing.RETAINED, Standing.NO_END) and step["action"] != Action.REDACT:
        return None
    what = [step[name] for name in ("system", "collection", "planned", "until")]
    return next((r for r in kept if [r["system"], r["collection"], r["count"], r["until"]] == what), None)


def _state(step: Mapping[str, Any], inventory: Inventory) -> State:
    standing = Standing(step["standing"])
    if step["role"] == Role.SERVICE_PROVIDER and step["action"] == Action.MANUAL:
        return State.HANDED_OVER if standing in (Standing.ATTESTED, Standing.GONE) else State.TO_HAND_OVER
    if standing is not Standing.GONE:
        return _STATES[standing]
    if step["action"] == Action.REDACT:
        return State.EMPTIED
    return State.VENDOR_DELETED if _third_party(inventory, step["system"]) else State.DELETED


def _kept(row: Mapping[str, Any], step: Mapping[str, Any], inventory: Inventory, zone: tzinfo) -> Item:
    system, what = _titles(inventory, row["system"], row["collection"])
    until = _day(row["until"], zone)
    if row["exception"] == _VENDOR:
        state = State.BACKUP if _is_a_copy(inventory, row["system"]) else State.VENDOR_KEEPS
        return Item(state if until else State.BY_HAND, system, what, until)
    if not (until and row["basis"] and row["use_limit"]):
        return Item(State.BY_HAND, system, what, until)
    if step["action"] == Action.REDACT:
        what = f"{what} ({', '.join(row['fields'])})".replace("_", " ")
    basis, citation = (_HOLD_BASIS, "") if row["exception"] == _HOLD else (row["basis"], row["citation"])
    return Item(State.RETAINED, system, what, until, basis, citation, row["use_limit"])


def _elsewhere(payload: Mapping[str, Any], inventory: Inventory) -> Iterator[Item]:
    """Systems without a step, and what a later reading found."""
    with_steps = {s["system"] for s in payload["steps"]}
    for row in payload["systems"]:
        if row["system"] in with_steps and row["system"] not in {n["system"] for n in payload["not_searched"]}:
            continue
        title, _ = _titles(inventory, row["system"], "*")
        if _searched(row):
            if row["system"] not in with_steps:
                yield Item(State.NOT_FOUND, title)
        elif row["coverage"] == Coverage.NOT_SEARCHABLE:
            yield Item(State.NOT_SEARCHED, title)
        elif row["system"] not in with_steps or not row["settled"]:
            yield Item(State.BY_HAND if row["coverage"] == Coverage.MANUAL_OPEN else State.FAILED, title)
    for row in payload["late"]:
        yield Item(State.LATE, *_titles(inventory, row["system"], row["collection"]))
    for row in payload["opt_outs"]:
        if not row["kept"] and payload["right"] == Right.DELETE:
            title, _ = _titles(inventory, row["system"], "*")
            yield Item(State.FAILED, title, "the entry that keeps you from being written to")


def _searched(row: Mapping[str, Any]) -> bool:
    again = row["again"]
    return bool(row["coverage"] == Coverage.SEARCHED or (again and again["coverage"] == Coverage.SEARCHED))


def _gathered(items: Sequence[Item]) -> tuple[Item, ...]:
    """One item for what shares state, system and reason; until the latest of its days."""
    groups: dict[tuple[State, str, str, str, str], list[Item]] = {}
    for item in items:
        groups.setdefault((item.state, item.system, item.basis, item.citation, item.use), []).append(item)
    gathered = [
        replace(
            group[0],
            what=", ".join(dict.fromkeys(i.what for i in group if i.what)),
            # Without a day of one of them there is none for all.
            until=max((i.until for i in group if i.until), default=None) if all(i.until for i in group) else None,
        )
        for group in groups.values()
    ]
    return tuple(sorted(gathered, key=lambda i: (_ORDER.index(i.state), i.system, i.what, i.basis)))


def _titles(inventory: Inventory, system: str, collection: str) -> tuple[str, str]:
    """The inventory's titles, or the names where a place is gone from it."""
    entry = inventory.systems.get(system)
    if entry is None:
        return system, "" if collection == "*" else collection
    held = entry.collections.get(collection)
    return entry.title, "" if collection == "*" else (held.title if held and held.title else collection)


def _third_party(inventory: Inventory, system: str) -> bool:
    entry = inventory.systems.get(system)
    return bool(entry and entry.third_party)


def _is_a_copy(inventory: Inventory, system: str) -> bool:
    entry = inventory.systems.get(system)
    return bool(entry and entry.copies_of)


def _day(instant: str | None, zone: tzinfo) -> date | None:
    return datetime.fromisoformat(instant).astimezone(zone).date() if instant else None
