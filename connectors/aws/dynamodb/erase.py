"""Deletes and redacts items one by one, each on the condition that it is still what was judged.

A conditional write is what keeps a key that was given to somebody else meanwhile from being
deleted. No answer is believed: every item is read again, consistently, before it is called gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.aws.dynamodb.rules import Verdict
from connectors.aws.dynamodb.search import MINE, Found
from connectors.aws.dynamodb.table import Key, Table
from connectors.aws.dynamodb.values import Item, Value, at, path, personal, redacted
from connectors.errors import ChangedError
from connectors.model import Action, FieldSpec, Gate, Order, Outcome, Redaction, Status, Subject

_NOT_THEIRS = "not surely this person's: never changed by machine"
_KEY = "the person stands in the item's key, which cannot be changed: the item can be deleted, not redacted"


@dataclass(frozen=True, slots=True)
class _Task:
    """One order and the set it was fixed to."""

    order: Order
    found: Found
    items: Mapping[Key, Item] = field(repr=False)
    forbidden: str = ""


@dataclass(frozen=True, slots=True)
class Eraser:
    """Carries out the orders on items. `look` searches a collection afresh."""

    system: str
    subject: Subject
    tables: Mapping[str, Table]  # by collection
    look: Callable[[str], Found]
    gate: Gate

    def run(self, orders: Sequence[Order]) -> Iterator[Outcome]:
        """One outcome per order. Raises ChangedError before any write if there is more than planned."""
        tasks = {task.order.at: task for task in self._fixed([o for o in orders if not o.spared()])}
        for order in orders:
            if spared := order.spared():
                yield spared
                continue
            task = tasks[order.at]
            if task.forbidden:
                yield Outcome(order.at, Status.FAILED, reason=task.forbidden)
            else:
                yield self._delete(task) if order.action is Action.DELETE else self._redact(task)

    def _fixed(self, orders: Sequence[Order]) -> list[_Task]:
        seen: dict[str, Found] = {}
        tasks: list[_Task] = []
        for order in orders:
            name = order.at.collection
            found = seen[name] if name in seen else seen.setdefault(name, self.look(name))
            items = found.at(order.at)
            if len(items) > order.count + order.late:
                raise ChangedError(self.system, f"{name}: {len(items)} items, the plan has {order.count}")
            tasks.append(_Task(order, found, items, _forbidden(order, found, items)))
        return tasks

    def _delete(self, task: _Task) -> Outcome:
        table, schema = self.tables[task.order.at.collection], task.found.schema
        for key, item in task.items.items():
            self.gate(task.order.at.collection)
            table.delete(key, schema.partition, task.found.rules.condition(item, schema))
        return self._seen(task, lambda item: True)

    def _redact(self, task: _Task) -> Outcome:
        table, schema = self.tables[task.order.at.collection], task.found.schema
        for key, item in task.items.items():
            if changes := _changes(task, item):
                self.gate(task.order.at.collection)
                table.update(key, schema.partition, task.found.rules.condition(item, schema), changes)
        return self._seen(task, lambda item: bool(_changes(task, item)))

    def _seen(self, task: _Task, left: Callable[[Item], bool]) -> Outcome:
        """Read every item again. A key that is another person's by now is none of this order's."""
        where, rules = task.order.at, task.found.rules
        if not task.items:
            return Outcome(where, Status.ABSENT)
        now = self.tables[where.collection].get(task.found.schema, list(task.items))
        mine = {k: i for k, i in now.items() if rules.verdict(self.subject, i) in (Verdict.MINE, Verdict.SHARED)}
        staying = sum(left(item) for item in mine.values())
        done = len(task.items) - staying
        if staying:
            reason = f"{staying} of {len(task.items)} items stay: they changed meanwhile, or the write had no effect"
            return Outcome(where, Status.FAILED, done, reason=reason)
        return Outcome(where, Status.DONE, done)


def _forbidden(order: Order, found: Found, items: Mapping[Key, Item]) -> str:
    if order.at.key != MINE:
        return _NOT_THEIRS
    if order.action is Action.REDACT:
        for spec in _to_redact(order, found):
            if path(spec.name)[0] in found.schema.keys and any(personal(at(i, spec.name)) for i in items.values()):
                return _KEY
    return ""


def _to_redact(order: Order, found: Found) -> list[FieldSpec]:
    """The fields a redaction empties; one within another goes with it."""
    wanted = [f for f in found.rules.spec.fields if f.redactable and f.name not in order.keep]
    paths = {path(f.name) for f in wanted}
    return [f for f in wanted if not any(path(f.name)[:n] in paths for n in range(1, len(path(f.name))))]


def _changes(task: _Task, item: Item) -> dict[str, Value | None]:
    """What to set or remove in one item, so that nobody is in it any more."""
    schema, changes = task.found.schema, {}
    for spec in _to_redact(task.order, task.found):
        value = at(item, spec.name)
        if value is not None and personal(value):
            how = Redaction.NULL if spec.redaction is Redaction.AUTO else spec.redaction
            changes[spec.name] = redacted(value, how, spec.name in schema.indexed)
    return changes
