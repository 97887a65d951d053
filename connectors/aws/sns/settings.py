"""What the inventory says about one account's SNS, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from connectors.errors import ConfigError
from connectors.model import CollectionSpec, SystemSpec, Trust
from connectors.settings import collections_of, flag

SUBSCRIPTIONS, ENDPOINTS = "subscriptions", "endpoints"
NUMBERS, OPT_OUTS = "sms_sandbox_numbers", "sms_opt_outs"
COLLECTIONS = (SUBSCRIPTIONS, ENDPOINTS, NUMBERS, OPT_OUTS)
OPTED_OUT_AT = "opted_out_at"  # which SNS does not tell: a rule counted from it holds until its review
KNOWN = frozenset({"every_topic", "sms"})
_FIELDS: Mapping[str, tuple[str, ...]] = {
    SUBSCRIPTIONS: ("Endpoint",),
    ENDPOINTS: ("Token", "CustomUserData"),
    NUMBERS: ("PhoneNumber",),
    OPT_OUTS: ("PhoneNumber",),
}


@dataclass(frozen=True, slots=True)
class Settings:
    every_topic: bool
    sms: bool
    reached_at: frozenset[str]  # kinds of identifiers that are addresses or numbers
    needs: frozenset[str]
    collections: Mapping[str, CollectionSpec]

    @classmethod
    def of(cls, spec: SystemSpec) -> Self:
        """The settings of an entry; raises ConfigError naming the setting or option that is wrong."""
        collections = collections_of(spec, COLLECTIONS)
        for collection in collections.values():
            _check(spec.system, collection)
        reached = {i.kind for n, c in collections.items() if n != ENDPOINTS for i in c.identities if i.match}
        reached_at = frozenset(reached or {"email", "phone"})
        devices = {i.kind for i in collections[ENDPOINTS].identities if i.match}
        return cls(
            flag(spec, "every_topic", True), flag(spec, "sms", True), reached_at, reached_at | devices, collections
        )


def _check(system: str, spec: CollectionSpec) -> None:
    where = f"collections.{spec.name}"
    if spec.options or spec.age_field not in ("", OPTED_OUT_AT if spec.name == OPT_OUTS else ""):
        raise ConfigError(system, f"{where}: has no options, and no age but the {OPTED_OUT_AT} of {OPT_OUTS}")
    for identity in spec.identities:
        if identity.field.partition("->")[0] not in _FIELDS[spec.name]:
            raise ConfigError(system, f"{where}.found_by: by {' or '.join(_FIELDS[spec.name])}")
        if spec.name != ENDPOINTS and identity.match and identity.trust is Trust.CLAIMED:
            raise ConfigError(system, f"{where}.found_by: proven or assigned")
