"""Carrying out orders: searched afresh and compared with the plan before the first write, each
record read by its id right before it is written to, and read again after.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.errors import ChangedError, RefusedError
from connectors.model import Action, FieldSpec, Order, Outcome, Redaction, Status, SystemSpec
from connectors.rest.api import Api, Row
from connectors.rest.description import Plan
from connectors.rest.paths import MARK, PLACEHOLDER, bears
from connectors.rest.search import OWN, Search

_UNANNOUNCED = timedelta(hours=24)  # for a 202 where the description says no `settles_hours`
_NOT_SURE = "not surely this person's alone: see whose it is"
_STILL_THERE = "the vendor said yes, and reading again shows it still there"
_NO_CALL = "the description has no call for this; let it stay, or do the other"
_UNDESCRIBED = "the record holds what the inventory does not describe, and it would stay: describe it, then redact"
_STILL_BEARS = "the vendor said yes, and reading again shows the person still in it"
_HARMED = "the call changed what was to stay: look at the record by hand before anything more is redacted"
_VANISHED = "the record is gone, though it was to stay"


class Erasure:
    """One call of delete."""

    def __init__(self, spec: SystemSpec, api: Api, plans: Mapping[str, Plan], search: Callable[[], Search]) -> None:
        self._spec = spec
        self._api = api
        self._plans = plans
        self._afresh = search
        self._search = search()

    def carry_out(self, orders: Sequence[Order]) -> Iterator[Outcome]:
        """One outcome per order. Raises ChangedError, before any write, if there is more than was planned."""
        for order in orders:
            if order.action in (Action.DELETE, Action.REDACT):
                found = len(self._search.rows_at(order.at))
                if found > order.count + order.late:
                    message = f"{order.at.collection}: {found} found, the plan has {order.count}"
                    raise ChangedError(self._spec.system, message)
        for order in orders:
            yield self._one(order)

    def _one(self, order: Order) -> Outcome:
        plan = self._plans[order.at.collection]
        if spared := order.spared():
            return spared
        if order.at.key != OWN:
            return Outcome(order.at, Status.MANUAL, order.count, reason=_NOT_SURE)
        if plan.by_hand:
            return Outcome(order.at, Status.MANUAL, order.count, reason=plan.by_hand)
        if order.action not in plan.actions:
            return Outcome(order.at, Status.FAILED, reason=_NO_CALL)
        rows = self._search.rows_at(order.at)
        if not rows:
            return Outcome(order.at, Status.ABSENT)
        return self._delete(order, plan, rows) if order.action is Action.DELETE else self._redact(order, plan, rows)

    def _seen(self, plan: Plan, row: Row) -> Row | None:
        """The record at a row's id, seen to be the same and the person's; None if it is absent.

        An id that is described wrongly is the address of somebody else's record.
        """
        assert plan.confirm is not None
        seen = self._api.record(plan, plan.confirm, row)
        if seen is None:
            return None
        if self._api.id(plan, seen) != self._api.id(plan, row) or self._search.standing(plan, seen) != OWN:
            message = f"{plan.spec.name}: the record at a row's id is not the one that was found; is option 'id' right?"
            raise RefusedError(self._spec.system, message)
        return seen

    # Deletion

    def _delete(self, order: Order, plan: Plan, rows: list[Row]) -> Outcome:
        """One by one, stopping at the first that is still there."""
        assert plan.delete is not None
        assert plan.confirm is not None
        accepted: timedelta | None = plan.delete.settles
        for done, row in enumerate(rows):
            if self._seen(plan, row) is None:  # gone already, and only the list still shows it
                continue
            self._spec.gate(plan.spec.name)
            status = self._api.write(plan, plan.delete, row)
            if status == 202 and accepted is None:
                accepted = _UNANNOUNCED
            if accepted is None and self._api.record(plan, plan.confirm, row) is not None:
                return Outcome(order.at, Status.FAILED, done, reason=_STILL_THERE)
        if accepted is not None:
            return Outcome(order.at, Status.ACCEPTED, len(rows), datetime.now(UTC) + accepted)
        gone = {self._api.id(plan, row) for row in rows}
        left = sum(self._api.id(plan, row) in gone for row in self._afresh().rows_at(order.at))
        if left:
            return Outcome(order.at, Status.FAILED, len(rows) - left, reason=_STILL_THERE)
        return Outcome(order.at, Status.DONE, len(rows))

    # Redaction

    def _redact(self, order: Order, plan: Plan, rows: list[Row]) -> Outcome:
        """The identifier goes last: until all else is seen to be gone, the record can be found by it."""
        for done, row in enumerate(rows):
            for last in (False, True):
                seen = self._seen(plan, row)
                if seen is None:
                    return Outcome(order.at, Status.FAILED, done, reason=_VANISHED)
                if any(mark is None and bears(value) for _, value, mark in plan.marks.parts(seen)):
                    return Outcome(order.at, Status.FAILED, done, reason=_UNDESCRIBED)
                if wrong := self._empty(plan, seen, _chosen(plan, order.keep, last)):
                    return Outcome(order.at, Status.FAILED, done, reason=wrong)
        return Outcome(order.at, Status.DONE, len(rows))

    def _empty(self, plan: Plan, seen: Row, chosen: frozenset[str]) -> str:
        """Empty the chosen fields of one record, and read it back; what is wrong, or nothing.

        Each value at the top of the record that changes is sent whole: an API that merges what is
        sent and one that replaces it come to the same.
        """
        assert plan.redact is not None
        assert plan.confirm is not None
        wanted: Row = plan.marks.rebuilt(seen, lambda mark, value: _emptied(mark, value, chosen))
        changed = {key: value for key, value in wanted.items() if value != seen[key]}
        if not changed:
            return ""
        self._spec.gate(plan.spec.name)
        self._api.write(plan, plan.redact, seen, {plan.redact.under: changed} if plan.redact.under else changed)
        after = self._api.record(plan, plan.confirm, seen)
        if after is None:
            return _VANISHED
        if any(mark and mark.name in chosen and bears(value) for _, value, mark in plan.marks.parts(after)):
            return _STILL_BEARS
        there, left = _bearing(plan, seen), _bearing(plan, after)
        return _HARMED if any(left[name] < n for name, n in there.items() if name not in chosen) else ""


def _chosen(plan: Plan, keep: frozenset[str], last: bool) -> frozenset[str]:
    """The redactable fields of one step: all that do not identify, and in the last those that do."""
    identifying = {i.field for i in plan.matching(claimed=False)}
    return frozenset(f.name for f in plan.spec.fields if f.redactable and (f.name in identifying) is last) - keep


def _bearing(plan: Plan, row: Row) -> Counter[str]:
    """Field -> how many of its parts say anything."""
    return Counter(mark.name for _, value, mark in plan.marks.parts(row) if mark and bears(value))


def _emptied(mark: FieldSpec | None, value: Any, chosen: frozenset[str]) -> Any:
    """A part without the person: as `redact` in the inventory says, by default null."""
    if mark is None or mark.name not in chosen or not bears(value):
        return value
    if mark.redaction is Redaction.EMPTY and isinstance(value, str | list | dict):
        return type(value)()
    if mark.redaction is Redaction.PLACEHOLDER:
        return PLACEHOLDER
    if mark.redaction is Redaction.UNIQUE:
        name = MARK + uuid.uuid4().hex
        return f"{name}@redacted.invalid" if "@" in str(value) else name
    return None
