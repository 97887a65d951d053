"""How long a property keeps what it collected, and the change of one of its two periods.

Periods are months of a fixed set; more than 14 are for Analytics 360, and for events only.
Sources: https://support.google.com/analytics/answer/7667196 (a change takes 24 hours to apply),
https://developers.google.com/analytics/devguides/config/admin/v1/rest/v1alpha/properties/updateDataRetentionSettings.
"""

from __future__ import annotations

import math
from datetime import timedelta

from connectors.errors import ChangedError, UntoldError
from connectors.google_analytics.admin import Admin
from connectors.google_analytics.audience import months_of
from connectors.google_analytics.identifiers import LINKS, TEXTS
from connectors.google_analytics.settings import MONTHS
from connectors.model import Gate
from connectors.vendor_retention import Setting

_EVENTS, _USERS = "event_data_retention", "user_data_retention"
_NAMES = {
    2: "TWO_MONTHS",
    14: "FOURTEEN_MONTHS",
    26: "TWENTY_SIX_MONTHS",
    38: "THIRTY_EIGHT_MONTHS",
    50: "FIFTY_MONTHS",
}
_OF_USERS = (2, 14)
_NOTE = "takes 24 hours to apply; what is older goes at the end of the month, from explorations and exports of users"


def kept(admin: Admin, collection: str, period: timedelta, collections: tuple[str, ...]) -> Setting:
    """Text in events goes with the events; browsers, users and their identifiers with the data of users."""
    if collection == LINKS:
        raise UntoldError(admin.system, f"{collection}: what is copied into BigQuery is kept by settings there")
    field = _field(collection)
    months = months_of(getattr(admin.retention(), field))
    possible = MONTHS if field == _EVENTS else _OF_USERS
    wanted = next((n for n in possible if math.ceil(n * 365.25 / 12) == period.days), None)
    taken = ", ".join(f"{n} months" for n in possible)
    return Setting(
        collection, f"{field} of the property", f"{months} months",
        f"{wanted} months" if wanted else f"{period.days} days", months == wanted,
        shortens=wanted is None or wanted < months, mark=str(months), note=_NOTE,
        stops="" if wanted else f"the property takes no such period: give one of {taken}",
        also=tuple(name for name in collections if name not in (collection, LINKS) and _field(name) == field),
    )  # fmt: skip


def keep(
    admin: Admin, system: str, planned: Setting, period: timedelta, collections: tuple[str, ...], gate: Gate
) -> Setting:
    found = kept(admin, planned.collection, period, collections)
    if found.fits:
        return found
    if found.stops or found.mark != planned.mark:
        raise ChangedError(system, f"{planned.what}: it is {found.now} by now, and was {planned.now}")
    gate(planned.collection)
    admin.retain(_field(planned.collection), _NAMES[int(found.wanted.partition(" ")[0])])
    return kept(admin, planned.collection, period, collections)


def _field(collection: str) -> str:
    return _EVENTS if collection == TEXTS else _USERS
