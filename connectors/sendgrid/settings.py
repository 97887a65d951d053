"""What the inventory says about one SendGrid account, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self
from urllib.parse import urlsplit

from connectors.errors import ConfigError
from connectors.isolation import is_loopback
from connectors.model import CollectionSpec, SystemSpec

CONTACTS, LEGACY = "contacts", "legacy_contacts"
MESSAGES, LOGS, REST = "messages", "email_logs", "recipient_data"
BOUNCES, BLOCKS, INVALID = "suppressions.bounces", "suppressions.blocks", "suppressions.invalid_emails"
SPAM, UNSUBSCRIBES, GROUPS = "suppressions.spam_reports", "suppressions.unsubscribes", "suppressions.asm_groups"
TEAMMATES, INVITED, SUBUSERS = "teammates", "teammates_pending", "subusers"
SENDERS, VERIFIED, ALERTS = "senders", "verified_senders", "alerts"

SUPPRESSIONS = (BOUNCES, BLOCKS, INVALID, SPAM, UNSUBSCRIBES, GROUPS)
OPT_OUTS = (SPAM, UNSUBSCRIBES, GROUPS)  # what the person said, not what a mail server answered
PEOPLE = (TEAMMATES, INVITED, SUBUSERS, SENDERS, VERIFIED, ALERTS)
COLLECTIONS = (CONTACTS, LEGACY, MESSAGES, LOGS, REST, *SUPPRESSIONS, *PEOPLE)
_CONTACT_FIELDS = ("email", "phone_number_id", "external_id", "anonymous_id")
_MOST_DAYS = 29  # messages leave Email Activity after 30 days by themselves, erased or not
_MOST_ROWS = 1000  # of one answer of messages and logs
_MOST_LISTED = 500  # of one answer of teammates and subusers


@dataclass(frozen=True, slots=True)
class Kinds:
    """Kinds of identifiers, by what they are looked up in."""

    email: frozenset[str]
    phone: frozenset[str]
    external: frozenset[str]
    anonymous: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        return self.email | self.phone | self.external | self.anonymous


@dataclass(frozen=True, slots=True)
class Settings:
    base_url: str
    timeout: float  # seconds
    subusers: tuple[str, ...] | None  # None: all of them
    without: frozenset[str]  # collections that the plan lacks
    require_suppression: bool
    settles_within: timedelta
    page_size: int
    kinds: Kinds

    @classmethod
    def of(cls, spec: SystemSpec) -> Self:
        """The settings of an entry; raises ConfigError naming the setting that is wrong."""
        without = set(_names(spec, "not_in_plan"))
        if not without <= set(COLLECTIONS):
            raise ConfigError(spec.system, f"setting 'not_in_plan' must be a list of {', '.join(COLLECTIONS)}")
        without |= set() if _flag(spec, "messages", False) else {MESSAGES}
        without |= set() if _flag(spec, "legacy_contacts", False) else {LEGACY}
        without |= set() if _flag(spec, "email_logs", True) else {LOGS}
        named = spec.settings.get("subusers", "all")
        subusers = None if named == "all" else _names(spec, "subusers")
        days = _number(spec, "settle_days", 7, least=1)
        if days > _MOST_DAYS:
            message = f"setting 'settle_days' is {_MOST_DAYS} at most: later, messages are gone whether erased or not"
            raise ConfigError(spec.system, message)
        return cls(
            _base_url(spec),
            _number(spec, "timeout", 30.0, least=0.001),
            subusers,
            frozenset(without),
            _flag(spec, "require_suppression", True),
            timedelta(days=days),
            min(_MOST_ROWS, int(_number(spec, "page_size", _MOST_ROWS, least=2))),
            _kinds(spec),
        )

    @property
    def list_size(self) -> int:
        return min(_MOST_LISTED, self.page_size)

    @property
    def verifiable(self) -> bool:
        """Whether a later search can tell that the erasure of e-mail data has taken place."""
        return not {MESSAGES, LOGS} <= self.without


def collections_of(spec: SystemSpec) -> Mapping[str, CollectionSpec]:
    """Every collection there is; what the inventory forgets is searched all the same and withheld."""
    for name in (c.name for c in spec.collections if c.name not in COLLECTIONS):
        raise ConfigError(spec.system, f"there is no collection {name!r}; there are {', '.join(COLLECTIONS)}")
    described = {c.name: c for c in spec.collections}
    return {name: described.get(name, CollectionSpec(name)) for name in COLLECTIONS}


def _kinds(spec: SystemSpec) -> Kinds:
    found: dict[str, set[str]] = {name: set() for name in _CONTACT_FIELDS}
    for collection in spec.collections:
        for identity in collection.identities:
            name = identity.field if identity.field in found else "email" if "email" in identity.field else ""
            if not name or (name != "email" and collection.name != CONTACTS):
                place = f"{collection.name}.{identity.field}"
                message = f"found_by {place}: contacts are found by {', '.join(_CONTACT_FIELDS)}, the rest by email"
                raise ConfigError(spec.system, message)
            # A field that only reveals is not searched by. What proves nothing is searched, and only listed.
            if identity.match or name in ("phone_number_id", "anonymous_id"):
                found[name].add(identity.kind)
    if not any(found.values()):
        found = {
            "email": {"email"},
            "phone_number_id": {"phone"},
            "external_id": {"sendgrid.external_id"},
            "anonymous_id": {"sendgrid.anonymous_id"},
        }
    return Kinds(*(frozenset(found[name]) for name in _CONTACT_FIELDS))


def _names(spec: SystemSpec, name: str) -> tuple[str, ...]:
    value: Any = spec.settings.get(name) or ()
    if isinstance(value, str) or not all(isinstance(v, str) and v for v in value):
        also = " or 'all'" if name == "subusers" else ""
        raise ConfigError(spec.system, f"setting {name!r} must be a list of names{also}")
    return tuple(value)


def _flag(spec: SystemSpec, name: str, default: bool) -> bool:
    value = spec.settings.get(name, default)
    if not isinstance(value, bool):
        raise ConfigError(spec.system, f"setting {name!r} must be true or false")
    return value


def _base_url(spec: SystemSpec) -> str:
    url = str(spec.settings.get("base_url") or "https://api.sendgrid.com").rstrip("/")
    if not urlsplit(url).hostname or (urlsplit(url).scheme != "https" and not is_loopback(url)):
        raise ConfigError(spec.system, "setting 'base_url' must be an https address: the key travels with every call")
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
