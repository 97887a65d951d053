"""What the inventory says about one SES account, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from connectors.errors import ConfigError
from connectors.model import CollectionSpec, SystemSpec, Trust
from connectors.settings import collections_of, names, whole

CONTACTS, OPT_OUTS, IDENTITIES = "contacts", "contact_opt_outs", "identities"
SUPPRESSED, ARCHIVES = "suppressed", "mail_archives"
COLLECTIONS = (CONTACTS, OPT_OUTS, IDENTITIES, SUPPRESSED, ARCHIVES)
KEPT = (OPT_OUTS, SUPPRESSED)  # what deleting would let the person be written to again
AGES: Mapping[str, str] = {
    CONTACTS: "CreatedTimestamp",
    OPT_OUTS: "LastUpdatedTimestamp",
    SUPPRESSED: "LastUpdateTime",
}
KEYS: Mapping[str, str] = {
    CONTACTS: "EmailAddress",
    OPT_OUTS: "EmailAddress",
    IDENTITIES: "IdentityName",
    SUPPRESSED: "EmailAddress",
}
KNOWN = frozenset({"page_size", "tenants", "mail_archives"})


@dataclass(frozen=True, slots=True)
class Settings:
    page_size: int | None  # None: as many as SES gives
    tenants: tuple[str, ...] | None  # None: all of them
    archives: tuple[str, ...]
    kinds: frozenset[str]
    erase: frozenset[str]  # collections of opt-outs that may be deleted
    collections: Mapping[str, CollectionSpec]

    @classmethod
    def of(cls, spec: SystemSpec) -> Self:
        """The settings of an entry; raises ConfigError naming the setting or option that is wrong."""
        collections = collections_of(spec, COLLECTIONS)
        for collection in collections.values():
            _check(spec.system, collection)
        erase = frozenset(name for name, c in collections.items() if c.options.get("erase", False))
        every = spec.settings.get("tenants", "all") == "all"
        return cls(
            whole(spec, "page_size", 0, 1, 1000) if "page_size" in spec.settings else None,
            None if every else names(spec, "tenants"),
            names(spec, "mail_archives"),
            frozenset(i.kind for c in spec.collections for i in c.identities if i.match) or frozenset({"email"}),
            erase,
            collections,
        )


def _check(system: str, spec: CollectionSpec) -> None:
    where = f"collections.{spec.name}"
    possible = {"erase"} if spec.name in KEPT else set()
    if unknown := sorted(set(spec.options) - possible):
        raise ConfigError(system, f"{where}.options.{unknown[0]}: unknown")
    if not isinstance(spec.options.get("erase", False), bool):
        raise ConfigError(system, f"{where}.options.erase: true or false")
    if spec.age_field and spec.age_field != AGES.get(spec.name):
        raise ConfigError(system, f"{where}.age: {AGES.get(spec.name) or 'it has none'}")
    for identity in spec.identities:
        if identity.field != KEYS.get(spec.name) or (identity.match and identity.trust is Trust.CLAIMED):
            raise ConfigError(system, f"{where}.found_by: by {KEYS.get(spec.name, 'nothing')}, proven or assigned")
