"""Carrying out orders: everything is searched and compared with the plan before the first write,
and read again after it, since the vendor's "yes" was seen to change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime

from connectors.errors import ChangedError
from connectors.hatchbuck.api import HatchbuckApi, Row
from connectors.hatchbuck.profile import bears, emptied
from connectors.hatchbuck.search import EMPTIED, OWN, SEVERAL, SHARED, Search, held_by
from connectors.hatchbuck.settings import CAMPAIGNS, CONTACTS, TAGS, Settings
from connectors.model import Action, Order, Outcome, Redaction, Status, SystemSpec

_PATHS = {TAGS: "Tags", CAMPAIGNS: "Campaign"}
_NOT_SURE = "not surely the person's alone: see whose it is"
_UNSURE = (SHARED, SEVERAL)
NO_CALL = "no call deletes a contact: delete it on its page"
_ONLY_EMPTIED = f"{NO_CALL}, where it is named “erased”; what the API can empty is emptied"
_REFUSED = "the vendor refuses to change some of it: do it on the contact's page"
_NOT_SEEN = "the vendor said yes, and reading again does not show it yet"


class Erasure:
    """One call of delete, with what was there when it began."""

    def __init__(
        self,
        spec: SystemSpec,
        api: HatchbuckApi,
        settings: Settings,
        ways: dict[str, Redaction],
        search: Callable[[Collection[str]], Search],
    ) -> None:
        """`ways`: how the inventory wants a field emptied; `search`: a fresh one, these ids too."""
        self._spec = spec
        self._api = api
        self._settings = settings
        self._ways = ways
        self._afresh = search
        self._search = search(())

    def carry_out(self, orders: Sequence[Order]) -> Iterator[Outcome]:
        """One outcome per order; raises ChangedError, before any write, if there is more than was planned.

        What is left to people is answered last: as long as anything is to be done, all of the plan is here.
        """
        meant = [order for order in orders if order.action in (Action.DELETE, Action.REDACT)]
        if meant:
            self._require_planned(meant, orders)
        for order in meant:
            yield self._do(order)
        for order in orders:
            if spared := order.spared():
                yield spared

    def _require_planned(self, meant: Sequence[Order], orders: Sequence[Order]) -> None:
        planned = {(o.at.collection, o.at.key): o.count + o.late for o in orders}
        places = {(o.at.collection, o.at.key) for o in meant}
        # A contact that is not surely the person's any more is not gone: it asks for a new plan.
        places |= {(CONTACTS, standing) for standing in _UNSURE}
        for collection, key in sorted(places):
            found = len(self._search.rows(collection, key))
            if found > planned.get((collection, key), 0):
                message = f"{collection}: {found} found, the plan has {planned.get((collection, key), 0)}"
                raise ChangedError(self._spec.system, message)

    def _do(self, order: Order) -> Outcome:
        if order.at.key != OWN:
            return Outcome(order.at, Status.MANUAL, order.count, reason=_NOT_SURE)
        if order.at.collection in _PATHS:
            return self._take_off(order)
        if order.at.collection == CONTACTS:
            return self._empty(order)
        return Outcome(order.at, Status.MANUAL, order.count, reason=NO_CALL)

    def _take_off(self, order: Order) -> Outcome:
        """Tags and campaigns are the account's: whether deleted or redacted, the contact leaves them."""
        name = order.at.collection
        holders = [row for row in self._search.alone if held_by(row, name)]
        found, taken = 0, True
        for row in holders:
            held = [str(h["name"]) for h in held_by(row, name)]
            self._spec.gate(name)
            taken &= self._api.take_off(row["contactId"], _PATHS[name], held)
            found += len(held)
        again = self._again(holders)
        left = sum(len(held_by(again.get(row["contactId"], row), name)) for row in holders)
        return self._outcome(order, found, left, taken)

    def _empty(self, order: Order) -> Outcome:
        search = self._search
        rows, taken = search.of(OWN), True
        for row in rows:
            for name in search.fields:
                if name not in order.keep and bears(row, name):
                    taken &= self._send(row, name)
        names = [name for name in search.fields if name not in order.keep]
        again = self._again(rows)
        left = sum(any(bears(again.get(row["contactId"], row), name) for name in names) for row in rows)
        if order.action is Action.DELETE and (rows or search.of(EMPTIED)):
            return Outcome(order.at, Status.MANUAL, len(rows) - left, reason=_REFUSED if left else _ONLY_EMPTIED)
        return self._outcome(order, len(rows), left, taken)

    def _send(self, row: Row, name: str) -> bool:
        """One field at a time, so that one which the vendor refuses keeps no other."""
        fields, whole = emptied(row, name, self._ways.get(name, Redaction.AUTO))
        if not fields:
            return False
        self._spec.gate(CONTACTS)
        return self._api.change(row["contactId"], fields) and whole

    def _again(self, rows: Sequence[Row]) -> dict[str, Row]:
        """The same contacts by id, read afresh. One that is not found again proves nothing by that."""
        ids = {row["contactId"] for row in rows}
        return {row["contactId"]: row for row in self._afresh(ids).contacts} if ids else {}

    def _outcome(self, order: Order, found: int, left: int, taken: bool) -> Outcome:
        if not found:
            return Outcome(order.at, Status.ABSENT)
        if not left:
            return Outcome(order.at, Status.DONE, found)
        if not taken:
            return Outcome(order.at, Status.MANUAL, found - left, reason=_REFUSED)
        until = datetime.now(UTC) + self._settings.settles_within
        return Outcome(order.at, Status.ACCEPTED, found, until, _NOT_SEEN)
