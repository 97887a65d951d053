"""The settings of a Stripe entry in the inventory, read once and checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from connectors import settings
from connectors.errors import ConfigError
from connectors.model import SystemSpec
from connectors.stripe.vocabulary import BY_NAME

TYPED = ("claimed", "count")
ERASURES = ("redaction_job", "delete_customer")
_KNOWN = {
    "base_url", "timeout", "page_size", "connected_account", "erasure", "guest_scan_days", "refund_window_days",
    "typed_addresses", "user_metadata_key", "preview_version", "search", "redaction_wait", "redaction_poll",
}  # fmt: skip
# Payments are redacted 90 days after their creation at the earliest:
# https://docs.stripe.com/privacy/deletion-requests
MINIMUM_AGE = timedelta(days=90)


GUESTS = ("guest_charges", "guest_payment_intents", "checkout_sessions")


def guest_kinds(spec: SystemSpec, *collections: str) -> frozenset[str]:
    """What the inventory calls the ids of guests' objects, of these collections or of all."""
    some = (c for c in spec.collections if c.name in (collections or GUESTS))
    return frozenset(i.kind for c in some if c.name in GUESTS for i in c.identities if i.field == "id" and i.reveal)


@dataclass(frozen=True, slots=True)
class Settings:
    """How one account is searched and erased.

    Days: `guest_scan` (0 means all), `refund_window`. Seconds: `wait` (how long a deletion waits
    for redaction jobs before it answers ACCEPTED), `poll`.
    """

    jobs: bool  # redaction jobs; otherwise customers are deleted
    guest_scan: timedelta
    refund_window: timedelta
    trusting: bool  # whether an address counts though nothing assigned agrees
    user_key: str
    version: str
    search: bool
    wait: float
    poll: float

    @classmethod
    def of(cls, spec: SystemSpec) -> Settings:
        """Raises ConfigError naming the setting that is wrong, and what is possible."""
        given = spec.settings
        settings.known(spec, _KNOWN)
        erasure = settings.choice(spec, "erasure", ERASURES, "redaction_job")
        names = [c.name for c in spec.collections]
        if foreign := sorted(set(names) - set(BY_NAME)):
            raise ConfigError(spec.system, f"unknown collection {foreign[0]!r}; known: {', '.join(sorted(BY_NAME))}")
        settings.whole(spec, "page_size", 100, 1, 100)  # Stripe's own limit
        settings.number(spec, "timeout", 30, least=0.001)
        return cls(
            jobs=erasure == "redaction_job",
            guest_scan=timedelta(days=settings.number(spec, "guest_scan_days", 0, least=0)),
            refund_window=timedelta(days=settings.number(spec, "refund_window_days", 180, least=0)),
            trusting=settings.choice(spec, "typed_addresses", TYPED, "claimed") == "count",
            user_key=str(given.get("user_metadata_key", "user_id")),
            version=str(given.get("preview_version", "2026-09-30.preview")),
            search=bool(given.get("search", True)),
            wait=settings.number(spec, "redaction_wait", 60, least=0),
            poll=settings.number(spec, "redaction_poll", 2, least=0),
        )
