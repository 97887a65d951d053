"""What the inventory says about one account, checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Self
from urllib.parse import urlsplit

from connectors.errors import ConfigError
from connectors.isolation import is_loopback
from connectors.model import CollectionSpec, IdentitySpec, SystemSpec, Trust
from connectors.papertrail.traces import SLOT, is_email, is_phone, require_searchable

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
        api = str(spec.settings.get("api", "papertrail"))
        if api not in _BASE_URLS:
            raise ConfigError(spec.system, "setting 'api' must be 'papertrail' or 'solarwinds'")
        settings = cls(
            api,
            _base_url(spec, _BASE_URLS[api]),
            float(_number(spec, "timeout", 30.0, least=0.001)),
            # Plans differ from 1 to 180 days; a search window set too long only asks for more.
            int(_number(spec, "search_days", 30, least=1)),
            int(_number(spec, "archive_days", 365, least=0)),
            int(_number(spec, "margin_days", 7, least=0)),
            _hosts(spec),
            int(_number(spec, "page_size", 1000, least=2)),
            int(_number(spec, "archive_bytes", 8 * 1024**3, least=1)),
        )
        if settings.page_size > 10_000:
            raise ConfigError(spec.system, "setting 'page_size' is 10000 at most")
        if settings.archive_days and not settings.archive_hosts:
            raise ConfigError(
                spec.system,
                "setting 'archive_hosts' must list the storage hosts archives come from (or set archive_days: 0)",
            )
        return settings

    def kept(self, floor_days: int) -> timedelta:
        """How long after it was received the vendor may still hold an event, with the margin."""
        return timedelta(days=max(self.search_days, self.archive_days, floor_days) + self.margin_days)


def collections_of(spec: SystemSpec) -> Mapping[str, CollectionSpec]:
    """Every collection there is: as the inventory describes it, or searched by address and withheld.

    What the inventory forgets is searched all the same. Raises ConfigError for a collection that
    does not exist and for an identifier that cannot be told from other text.
    """
    for name in (c.name for c in spec.collections if c.name not in COLLECTIONS):
        raise ConfigError(spec.system, f"there is no collection {name!r}; there are {', '.join(COLLECTIONS)}")
    described = {c.name: replace(c, identities=tuple(_identities(spec.system, c))) for c in spec.collections}
    found = {name: described.get(name, CollectionSpec(name, _BY_ADDRESS)) for name in COLLECTIONS}
    for collection in found.values():
        for identity in collection.identities:
            require_searchable(spec.system, identity)
    return found


def _identities(system: str, spec: CollectionSpec) -> Iterator[IdentitySpec]:
    """Each identity, by the patterns that the option `patterns` gives for its kind, if any."""
    patterns = spec.options.get("patterns", ())
    if isinstance(patterns, str) or not all(isinstance(p, str) for p in patterns):
        raise ConfigError(system, f"{spec.name}: option 'patterns' must be a list, such as ['user_id={{user_id}}']")
    for identity in spec.identities:
        slot = f"{{{identity.kind}}}"
        own = [pattern.replace(slot, SLOT) for pattern in patterns if slot in pattern]
        yield from (replace(identity, field=pattern) for pattern in own)
        if not own or is_email(identity.kind) or is_phone(identity.kind):
            yield identity


def _base_url(spec: SystemSpec, default: str) -> str:
    url = str(spec.settings.get("base_url") or default)
    if not urlsplit(url).hostname:
        raise ConfigError(spec.system, "setting 'base_url' must be the address of the API")
    if urlsplit(url).scheme != "https" and not is_loopback(url):
        raise ConfigError(spec.system, "setting 'base_url' must be https: the token travels with every call")
    return url


def _hosts(spec: SystemSpec) -> tuple[str, ...]:
    hosts: Any = spec.settings.get("archive_hosts") or ()
    if not hosts and spec.sandbox:  # the sandbox serves its storage host under another name of this machine
        return (f"localhost:{urlsplit(_base_url(spec, '')).port}",)
    if isinstance(hosts, str) or not all(isinstance(h, str) and h and "/" not in h for h in hosts):
        raise ConfigError(spec.system, "setting 'archive_hosts' must be a list of hosts, such as s3.amazonaws.com")
    if spec.sandbox and not all(is_loopback(h) for h in hosts):
        raise ConfigError(spec.system, "setting 'archive_hosts': a sandbox entry must point at loopback")
    return tuple(hosts)


def _number(spec: SystemSpec, name: str, default: float, least: float) -> float:
    value = spec.settings.get(name, default)
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if isinstance(value, bool) or not number >= least or number == float("inf"):
        raise ConfigError(spec.system, f"setting {name!r} must be a number of {least:g} or more")
    return number
