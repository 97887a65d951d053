"""What the inventory says about one account, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Self
from urllib.parse import urlsplit

from connectors import settings
from connectors.errors import ConfigError
from connectors.isolation import is_loopback
from connectors.model import CollectionSpec, IdentitySpec, SystemSpec, Trust
from connectors.traces import identities, require_searchable

EVENTS, ARCHIVES = "events", "archives"
SEARCHES, SENDERS, MEMBERS = "saved_searches", "senders", "members"
COLLECTIONS = (SEARCHES, SENDERS, MEMBERS, EVENTS, ARCHIVES)
_BASE_URLS = {"papertrail": "https://papertrailapp.com/api/v1", "solarwinds": ""}
_BY_ADDRESS = (IdentitySpec("email", "message", Trust.PROVEN),)


@dataclass(frozen=True, slots=True)
class Settings:
    """Times in days unless the name says otherwise."""

    api: str
    base_url: str
    timeout: float  # seconds
    search_days: int
    archive_days: int
    margin_days: int
    archive_hosts: tuple[str, ...]
    page_size: int  # events of one answer
    archive_bytes: int  # the most one archive may unpack to

    @classmethod
    def of(cls, spec: SystemSpec) -> Self:
        """The settings of an entry; raises ConfigError naming the setting that is wrong."""
        api = settings.choice(spec, "api", tuple(_BASE_URLS), "papertrail")
        found = cls(
            api,
            settings.base_url(spec, _BASE_URLS[api]),
            settings.number(spec, "timeout", 30.0, least=0.001),
            # Plans differ from 1 to 180 days; a search window set too long only asks for more.
            settings.whole(spec, "search_days", 30, least=1),
            settings.whole(spec, "archive_days", 365, least=0),
            settings.whole(spec, "margin_days", 7, least=0),
            _hosts(spec),
            settings.whole(spec, "page_size", 1000, 2, 10_000),
            settings.whole(spec, "archive_bytes", 8 * 1024**3, least=1),
        )
        if found.archive_days and not found.archive_hosts:
            raise ConfigError(
                spec.system,
                "setting 'archive_hosts' must list the storage hosts archives come from (or set archive_days: 0)",
            )
        return found

    def kept(self, floor_days: int) -> timedelta:
        """How long after it was received the vendor may still hold an event, with the margin."""
        return timedelta(days=max(self.search_days, self.archive_days, floor_days) + self.margin_days)


def collections_of(spec: SystemSpec) -> Mapping[str, CollectionSpec]:
    """Every collection there is: as the inventory describes it, or searched by address and withheld.

    What the inventory forgets is searched all the same. Raises ConfigError for a collection that
    does not exist and for an identifier that cannot be told from other text.
    """
    described = {c.name for c in spec.collections}
    found = {
        name: replace(c, identities=tuple(identities(spec.system, c)) if name in described else _BY_ADDRESS)
        for name, c in settings.collections_of(spec, COLLECTIONS).items()
    }
    for collection in found.values():
        for identity in collection.identities:
            require_searchable(spec.system, identity)
    return found


def _hosts(spec: SystemSpec) -> tuple[str, ...]:
    hosts: Any = spec.settings.get("archive_hosts") or ()
    if not hosts and spec.sandbox:  # the sandbox serves its storage host under another name of this machine
        return (f"localhost:{urlsplit(settings.base_url(spec, '')).port}",)
    if isinstance(hosts, str) or not all(isinstance(h, str) and h and "/" not in h for h in hosts):
        raise ConfigError(spec.system, "setting 'archive_hosts' must be a list of hosts, such as s3.amazonaws.com")
    if spec.sandbox and not all(is_loopback(h) for h in hosts):
        raise ConfigError(spec.system, "setting 'archive_hosts': a sandbox entry must point at loopback")
    return tuple(hosts)
