"""What the inventory says about one account, checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from connectors import settings
from connectors.errors import ConfigError
from connectors.model import IdentitySpec, SystemSpec, Trust

CAMPAIGNS, TAGS, CONTACTS = "campaigns", "tags", "contacts"
PAGES, LOG = "contact_pages", "api_log"
COLLECTIONS = (CAMPAIGNS, TAGS, CONTACTS, PAGES, LOG)
ADDRESSES, CONTACT_ID = "emails", "contactId"  # the fields of a contact that it is found by
_SETTINGS = ("base_url", "timeout", "settle_hours")
_USUAL = (
    IdentitySpec("email", ADDRESSES, Trust.ASSIGNED),
    IdentitySpec("hatchbuck.contact", CONTACT_ID, Trust.ASSIGNED),
)


@dataclass(frozen=True, slots=True)
class Settings:
    base_url: str
    timeout: float  # seconds
    settles_within: timedelta
    identities: tuple[IdentitySpec, ...]  # of contacts

    @classmethod
    def of(cls, spec: SystemSpec) -> Self:
        """The settings of an entry; raises ConfigError naming the setting that is wrong."""
        settings.known(spec, _SETTINGS)
        return cls(
            settings.base_url(spec, "https://api.hatchbuck.com/api/v1"),
            settings.number(spec, "timeout", 30.0, least=0.001),
            timedelta(hours=settings.number(spec, "settle_hours", 24, least=0)),
            _identities(spec),
        )

    def kinds(self, field: str) -> frozenset[str]:
        """The kinds of identifiers that contacts are searched for by this field."""
        return frozenset(i.kind for i in self.identities if i.field == field and i.match)


def _identities(spec: SystemSpec) -> tuple[IdentitySpec, ...]:
    for collection in spec.collections:
        for identity in collection.identities:
            if collection.name != CONTACTS or identity.field not in (ADDRESSES, CONTACT_ID):
                place = f"{collection.name}.{identity.field}"
                message = f"found_by {place}: only {CONTACTS} are searched, by {ADDRESSES} and {CONTACT_ID}"
                raise ConfigError(spec.system, message)
            if identity.trust is Trust.CLAIMED:
                raise ConfigError(spec.system, f"found_by {identity.field}: claimed, by which nothing is searched")
    found = tuple(i for c in spec.collections for i in c.identities)
    return found or _USUAL
