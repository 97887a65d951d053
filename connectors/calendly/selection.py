"""Which rows a locator points at: the same for counting, export and deletion."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.calendly.api import Row
from connectors.calendly.search import Booking, Search
from connectors.calendly.settings import UPCOMING
from connectors.model import Locator

SHARED, COLLEAGUES = "shared", "colleagues"  # keys of locators; an own row's is empty


def bookings_at(search: Search, at: Locator) -> list[Booking]:
    """The bookings of a locator: upcoming ones that are shared or not, or those within its window.

    Upcoming ones that are shared stand under `bookings_upcoming` only: they are not cancelled, and
    whether a deletion of invitee data reaches a booking that is not past is not documented.
    """
    now = datetime.now(UTC)
    if at.collection == UPCOMING:
        return [b for b in search.bookings if b.upcoming(now) and b.shared is (at.key == SHARED)]
    return [b for b in search.bookings if inside(b.start, at) and not (b.shared and b.upcoming(now))]


def rows_at(search: Search, at: Locator) -> list[Row]:
    """The rows of a locator that is not about bookings."""
    if at.key == COLLEAGUES:
        return []
    return [row for row in search.rows(at.collection) if search.is_shared(at.collection, row) is (at.key == SHARED)]


def inside(age: datetime | None, at: Locator) -> bool:
    """A booking of unknown date counts as the youngest."""
    if age is None:
        return at.before is None
    return (at.since is None or age >= at.since) and (at.before is None or age < at.before)
