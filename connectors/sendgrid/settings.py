"""What the inventory says about one SendGrid account, checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from connectors import settings
from connectors.errors import ConfigError
from connectors.model import SystemSpec

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
        without = set(settings.names(spec, "not_in_plan", COLLECTIONS))
        without |= set() if settings.flag(spec, "messages", False) else {MESSAGES}
        without |= set() if settings.flag(spec, "legacy_contacts", False) else {LEGACY}
        without |= set() if settings.flag(spec, "email_logs", True) else {LOGS}
        named = spec.settings.get("subusers", "all")
        subusers = None if named == "all" else settings.names(spec, "subusers")
        days = settings.number(spec, "settle_days", 7, least=1)
        if days > _MOST_DAYS:
            message = f"setting 'settle_days' is {_MOST_DAYS} at most: later, messages are gone whether erased or not"
            raise ConfigError(spec.system, message)
        return cls(
            settings.base_url(spec, "https://api.sendgrid.com"),
            settings.number(spec, "timeout", 30.0, least=0.001),
            subusers,
            frozenset(without),
            settings.flag(spec, "require_suppression", True),
            timedelta(days=days),
            settings.whole(spec, "page_size", _MOST_ROWS, 2, _MOST_ROWS),
            _kinds(spec),
        )

    @property
    def list_size(self) -> int:
        return min(_MOST_LISTED, self.page_size)

    @property
    def verifiable(self) -> bool:
        """Whether a later search can tell that the erasure of e-mail data has taken place."""
        return not {MESSAGES, LOGS} <= self.without


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
