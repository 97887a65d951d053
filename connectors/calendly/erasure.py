"""Carrying out one order: cancel, delete, ask for deletion; and reading back what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from connectors.calendly.api import CalendlyApi, Row, uuid_of
from connectors.calendly.search import Search
from connectors.calendly.selection import SHARED, bookings_at, rows_at
from connectors.calendly.settings import BOOKINGS, CONTACTS, RECAPS, UPCOMING, Settings
from connectors.errors import ChangedError
from connectors.model import Action, Order, Outcome, Status, SystemSpec

_EMAILS_PER_CALL = 100  # what the web console takes; the call's own limit is not documented
_PATHS = {CONTACTS: "contacts", RECAPS: "meeting_recaps"}
_STILL_THERE = "the vendor said yes, and reading again shows it still there"
_REDACTION = "no call takes the person out of a row; delete it or let it stay"
_KEPT = "the deletion of invitee data takes all of the person's bookings at once, and some are to be kept"
NOT_ENTERPRISE = (
    "the plan has no call for it: an owner or administrator deletes the invitee's data in the web console "
    "(available on every plan), or a token with the scope data_compliance:write does under Enterprise"
)


class Erasure:
    """Acts on what a fresh search finds, never on what the plan remembers."""

    def __init__(self, spec: SystemSpec, api: CalendlyApi, settings: Settings, search: Search) -> None:
        self._spec = spec
        self._api = api
        self._settings = settings
        self._search = search

    def carry_out(self, order: Order, orders: Sequence[Order]) -> Outcome:
        """The outcome of one order among all; raises ChangedError if there is more than was planned."""
        if spared := order.spared():
            return spared
        if order.action is Action.REDACT:
            return Outcome(order.at, Status.FAILED, reason=_REDACTION)
        if order.at.collection == BOOKINGS:
            return self._delete_invitee_data(order, orders)
        if order.at.key == SHARED:
            return Outcome(order.at, Status.MANUAL, order.count, reason="other people take part")
        if order.at.collection == UPCOMING:
            return self._cancel(order)
        if order.at.collection in _PATHS:
            return self._remove(order)
        return Outcome(order.at, Status.MANUAL, order.count, reason="the API has no call for it")

    def _require_planned(self, order: Order, found: int) -> None:
        if found > order.count + order.late:
            raise ChangedError(self._spec.system, f"{order.at.collection}: {found} found, the plan has {order.count}")

    def _cancel(self, order: Order) -> Outcome:
        """Cancel bookings that are the person's alone; a cancelled one stays as invitee data."""
        events = [booking.event for booking in bookings_at(self._search, order.at)]
        if not events:
            return Outcome(order.at, Status.ABSENT)
        self._require_planned(order, len(events))
        for event in events:
            path = f"scheduled_events/{uuid_of(event)}/cancellation"
            self._spec.gate(UPCOMING)
            self._api.post(path, {}, (200, 201), "cancelling a booking")
        after = [self._api.resource(f"scheduled_events/{uuid_of(e)}", "reading a booking again") for e in events]
        active = sum(event is not None and event.get("status") == "active" for event in after)
        if active:
            return Outcome(order.at, Status.FAILED, len(events) - active, reason=_STILL_THERE)
        return Outcome(order.at, Status.DONE, len(events))

    def _remove(self, order: Order) -> Outcome:
        rows = rows_at(self._search, order.at)
        if not rows:
            return Outcome(order.at, Status.ABSENT)
        self._require_planned(order, len(rows))
        name = order.at.collection
        for row in rows:
            self._spec.gate(name)
            self._api.delete(f"{_PATHS[name]}/{uuid_of(row)}", f"deleting {name}")
        gone = {row["uri"] for row in rows}
        left = sum(row["uri"] in gone for row in rows_at(self._search, order.at))
        if left:
            return Outcome(order.at, Status.FAILED, len(rows) - left, reason=_STILL_THERE)
        return Outcome(order.at, Status.DONE, len(rows))

    def _delete_invitee_data(self, order: Order, orders: Sequence[Order]) -> Outcome:
        """Ask for it. There is no request to ask about later: a search after the days will tell.

        https://developer.calendly.com/api-docs/calendly-api/data-compliance/delete-invitee-data.md
        """
        mine = [invitee for booking in bookings_at(self._search, order.at) for invitee in booking.mine]
        if not mine:
            return Outcome(order.at, Status.ABSENT)
        self._require_planned(order, len(mine))
        if any(_keeps(other, order) for other in orders):
            return Outcome(order.at, Status.FAILED, reason=_KEPT)
        if not self._search.enterprise:
            return Outcome(order.at, Status.MANUAL, len(mine), reason=NOT_ENTERPRISE)
        for emails in _chunks(mine):
            self._spec.gate(BOOKINGS)
            self._api.post(
                "data_compliance/deletion/invitees",
                {"emails": emails},
                (202,),
                "asking for the deletion of invitee data",
            )
        return Outcome(order.at, Status.ACCEPTED, len(mine), datetime.now(UTC) + self._settings.settles_within)


def _keeps(other: Order, order: Order) -> bool:
    """Whether the deletion of invitee data would reach what another order spares."""
    if other.at.collection == BOOKINGS:
        return other is not order and other.action is not Action.DELETE
    return other.at.collection in (UPCOMING, CONTACTS) and other.action is Action.RETAIN


def _chunks(invitees: Sequence[Row]) -> list[list[str]]:
    """The addresses as the vendor spells them, some to a call."""
    emails = sorted({str(invitee["email"]) for invitee in invitees})
    return [emails[start : start + _EMAILS_PER_CALL] for start in range(0, len(emails), _EMAILS_PER_CALL)]
