"""Single values of the person's contacts set to others: a text by its field, an item of a list by its id.

A change names what it changes and leaves the rest (https://github.com/jakesen/pyhatchbuck, the vendor's
description); its "yes" proves nothing, so that each contact is read again. An address that another contact
bears is refused by the vendor. The opt-out stands on the contact and is looked at after its address changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime

from connectors.corrections import pending, tally
from connectors.errors import RefusedError
from connectors.hatchbuck.api import HatchbuckApi, Row
from connectors.hatchbuck.profile import CUSTOM, LISTS, TEXTS, items, personal
from connectors.hatchbuck.search import OWN, Search
from connectors.hatchbuck.settings import ADDRESSES, CONTACTS, Settings
from connectors.model import Change, Correction, Held, Locator, Outcome, Status, SystemSpec

_PARTS = ("street", "city", "state", "zip", "country")  # of an address: `addresses->city`
_FIXED = "no call changes it: correct it on the contact's page"
_REFUSED = "the vendor refuses the value, or another contact bears it: see on the contact's page"
_NOT_SEEN = "the vendor said yes, and reading again does not show it yet"
_OPT_OUT = "the contact was unsubscribed and is subscribed now, whatever was sent: unsubscribe it on its page at once"
_NOT_THEIRS = "a contact that is not surely the person's alone is never corrected"


class Corrector:
    """One run of `correct`. `search` looks afresh, at these ids too."""

    def __init__(
        self, spec: SystemSpec, api: HatchbuckApi, settings: Settings, search: Callable[[Collection[str]], Search]
    ) -> None:
        self._spec = spec
        self._api = api
        self._settings = settings
        self._afresh = search
        self._search = search(())

    def run(self, corrections: Sequence[Correction]) -> Iterator[Outcome]:
        """Nothing is written before all of them fit what is there."""
        if any(c.at.key != OWN for c in corrections):
            raise RefusedError(self._spec.system, _NOT_THEIRS)
        todo = [
            pending(self._spec.system, c, held(self._search, c.at, {h.field for h in c.changes})) for c in corrections
        ]
        for correction, changes in zip(corrections, todo, strict=True):
            yield self._one(correction, changes)

    def _one(self, correction: Correction, changes: Sequence[Change]) -> Outcome:
        at, count = correction.at, sum(c.count for c in changes)
        if not changes:
            return Outcome(at, Status.ABSENT)
        if at.collection != CONTACTS or not all(_taken(c.field) for c in changes):
            return Outcome(at, Status.MANUAL, count, reason=_FIXED)
        rows = {row["contactId"]: row for row in self._search.rows(CONTACTS, OWN)}
        now = self._again(rows)
        for row in now:
            if refused := self._put(row, changes):
                return Outcome(at, Status.MANUAL, count, reason=refused)
        after = self._again(rows)
        if not all(self._kept_out(row) for row in after if rows[row["contactId"]].get("subscribed") is False):
            return Outcome(at, Status.FAILED, reason=_OPT_OUT)
        if any(c.old in _values(row, c.field) for row in after for c in changes):
            until = datetime.now(UTC) + self._settings.settles_within
            return Outcome(at, Status.ACCEPTED, count, until, _NOT_SEEN)
        return Outcome(at, Status.DONE, count)

    def _put(self, row: Row, changes: Sequence[Change]) -> str:
        """Send a contact's changes, each for itself: one that is refused is known; why it was, or nothing."""
        for change in changes:
            fields = _sent(row, change)
            if fields is None:
                return _FIXED
            if not fields:
                continue
            self._spec.gate(CONTACTS)
            if not self._api.change(row["contactId"], fields):
                return _REFUSED
        return ""

    def _kept_out(self, row: Row) -> bool:
        """Whether a contact that opted out still is; entered again if not."""
        if row.get("subscribed") is False:
            return True
        self._spec.gate(CONTACTS)
        self._api.change(row["contactId"], {"subscribed": False})
        return all(again.get("subscribed") is False for again in self._again([row["contactId"]]))

    def _again(self, ids: Collection[str]) -> list[Row]:
        """These contacts, read afresh: a correct answer of a moment ago may be one no more."""
        return [row for row in self._afresh(ids).contacts if row["contactId"] in ids]


def held(search: Search, at: Locator, fields: Collection[str]) -> Iterator[Held]:
    """What stands in these fields of the person's own contacts, item by item."""
    if at.collection != CONTACTS or at.key != OWN:
        return
    rows = search.rows(CONTACTS, OWN)
    for name in fields:
        values = ((name, value) for row in rows for value in _values(row, name))
        yield from tally(values, "" if _taken(name) else _FIXED)


def _taken(name: str) -> bool:
    field, _, part = name.partition("->")
    if field == "addresses":
        return part in _PARTS
    return field in (*TEXTS, *LISTS) and (not part or field == CUSTOM)


def _values(row: Row, name: str) -> list[str]:
    """The single values of a field that say something about a person."""
    field, _, part = name.partition("->")
    if field == "addresses":
        found = [item.get(part) for item in items(row, field)] if part in _PARTS else []
    elif field in LISTS:
        found = [item.get(LISTS[field][0]) for item in items(row, name)]
    else:
        found = [] if isinstance(row.get(name), list | dict) else [row.get(name)]
    return [str(value) for value in found if personal(value)]


def _sent(row: Row, change: Change) -> Row | None:
    """What to send so that a field gets the value; None if an item cannot be named: it would be added as new."""
    field, _, part = change.field.partition("->")
    if field in TEXTS:
        return {field: change.new} if row.get(field) == change.old else {}
    part = part if field == "addresses" else LISTS[field][0]
    name = change.field if field == CUSTOM else field
    meant = [item for item in items(row, name) if str(item.get(part) or "") == change.old]
    keys = ("name",) if field == CUSTOM else ("id", "type")
    if any(not item.get(keys[0]) for item in meant):
        return None
    sent = [{k: item[k] for k in keys if item.get(k)} | {part: change.new} for item in meant]
    if field == ADDRESSES and not change.new:
        return None  # whether a contact may lose its last address is not documented
    return {field: sent} if sent else {}
