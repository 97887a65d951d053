"""What the inventory says about one organisation, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self
from urllib.parse import urlsplit

from connectors.errors import ConfigError
from connectors.isolation import is_loopback
from connectors.model import CollectionSpec, SystemSpec, Trust

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
        without: Any = spec.settings.get("not_in_plan") or ()
        if isinstance(without, str) or not set(without) <= set(COLLECTIONS):
            raise ConfigError(spec.system, f"setting 'not_in_plan' must be a list of {', '.join(COLLECTIONS)}")
        page_size = int(_number(spec, "page_size", _MOST_ROWS, least=1))
        if page_size > _MOST_ROWS:
            raise ConfigError(spec.system, f"setting 'page_size' is {_MOST_ROWS} at most")
        return cls(
            _base_url(spec),
            _number(spec, "timeout", 30.0, least=0.001),
            page_size,
            str(spec.settings.get("organization") or ""),
            enterprise,
            frozenset(without),
            timedelta(days=_number(spec, "settle_days", 8, least=7)),
        )


def collections_of(spec: SystemSpec) -> Mapping[str, CollectionSpec]:
    """Every collection there is; what the inventory forgets is searched all the same and withheld."""
    for name in (c.name for c in spec.collections if c.name not in COLLECTIONS):
        raise ConfigError(spec.system, f"there is no collection {name!r}; there are {', '.join(COLLECTIONS)}")
    described = {c.name: c for c in spec.collections}
    return {name: described.get(name, CollectionSpec(name)) for name in COLLECTIONS}


def kinds_of(spec: SystemSpec) -> frozenset[str]:
    """The kinds of identifiers it is searched by: e-mail addresses, as the inventory calls them."""
    found = {i.kind for c in spec.collections for i in c.identities if i.match and i.trust is not Trust.CLAIMED}
    for kind in (k for k in found if k.rpartition(".")[2] != "email"):
        raise ConfigError(spec.system, f"found_by {kind!r}: Calendly can be searched by e-mail address only")
    return frozenset(found or {"email"})


def _base_url(spec: SystemSpec) -> str:
    url = str(spec.settings.get("base_url") or "https://api.calendly.com")
    if not urlsplit(url).hostname or (urlsplit(url).scheme != "https" and not is_loopback(url)):
        raise ConfigError(spec.system, "setting 'base_url' must be an https address: the token travels with every call")
    return url


def _number(spec: SystemSpec, name: str, default: float, least: float) -> float:
    value = spec.settings.get(name, default)
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if isinstance(value, bool) or not number >= least or number == float("inf"):
        raise ConfigError(spec.system, f"setting {name!r} must be a number of {least:g} or more")
    return number
