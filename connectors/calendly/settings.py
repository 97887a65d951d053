"""What the inventory says about one organisation, checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from connectors import settings
from connectors.errors import ConfigError
from connectors.model import SystemSpec, Trust

UPCOMING, BOOKINGS, GUEST, HOSTED = "bookings_upcoming", "bookings", "guest_bookings", "hosted_bookings"
RECAPS, SUBMISSIONS, NOTES, CONTACTS = "recaps", "routing_form_submissions", "notes", "contacts"
LOG, INVITATIONS, MEMBERS = "activity_log", "invitations", "members"
COLLECTIONS = (UPCOMING, RECAPS, GUEST, HOSTED, SUBMISSIONS, NOTES, CONTACTS, BOOKINGS, LOG, INVITATIONS, MEMBERS)
_MOST_ROWS = 100  # of one answer: https://developer.calendly.com/api-docs/calendly-api, `count`


@dataclass(frozen=True, slots=True)
class Settings:
    base_url: str
    timeout: float  # seconds
    page_size: int
    organization: str  # URI; empty: the token's own
    enterprise: bool | None  # None: found out by reading
    not_in_plan: frozenset[str]
    settles_within: timedelta

    @classmethod
    def of(cls, spec: SystemSpec) -> Self:
        """The settings of an entry; raises ConfigError naming the setting that is wrong."""
        enterprise = spec.settings.get("enterprise")
        if enterprise not in (None, True, False):
            raise ConfigError(spec.system, "setting 'enterprise' must be true or false, or left out")
        return cls(
            settings.base_url(spec, "https://api.calendly.com"),
            settings.number(spec, "timeout", 30.0, least=0.001),
            settings.whole(spec, "page_size", _MOST_ROWS, 1, _MOST_ROWS),
            str(spec.settings.get("organization") or ""),
            enterprise,
            frozenset(settings.names(spec, "not_in_plan", COLLECTIONS)),
            timedelta(days=settings.number(spec, "settle_days", 8, least=7)),
        )


def kinds_of(spec: SystemSpec) -> frozenset[str]:
    """The kinds of identifiers it is searched by: e-mail addresses, as the inventory calls them."""
    found = {i.kind for c in spec.collections for i in c.identities if i.match and i.trust is not Trust.CLAIMED}
    for kind in (k for k in found if k.rpartition(".")[2] != "email"):
        raise ConfigError(spec.system, f"found_by {kind!r}: Calendly can be searched by e-mail address only")
    return frozenset(found or {"email"})
