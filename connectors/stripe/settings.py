"""The settings of a Stripe entry in the inventory, read once and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connectors.errors import ConfigError
from connectors.model import SystemSpec
from connectors.stripe.vocabulary import BY_NAME

ERASURES = ("redaction_job", "delete_customer")
_KNOWN = {
    "base_url", "timeout", "page_size", "connected_account", "erasure", "guest_scan_days", "refund_window_days",
    "user_metadata_key", "preview_version", "search", "redaction_wait", "redaction_poll",
}  # fmt: skip
# Payments are redacted 90 days after their creation at the earliest:
# https://docs.stripe.com/privacy/deletion-requests
MINIMUM_AGE = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Settings:
    """How one account is searched and erased.

    Days: `guest_scan` (0 means all), `refund_window`. Seconds: `wait` (how long a deletion waits
    for redaction jobs before it answers ACCEPTED), `poll`.
    """

    jobs: bool  # redaction jobs; otherwise customers are deleted
    guest_scan: timedelta
    refund_window: timedelta
    user_key: str
    version: str
    search: bool
    wait: float
    poll: float

    @classmethod
    def of(cls, spec: SystemSpec) -> Settings:
        """Raises ConfigError naming the setting that is wrong, and what is possible."""
        given = spec.settings
        if unknown := sorted(set(given) - _KNOWN):
            raise ConfigError(spec.system, f"unknown setting {unknown[0]!r}; known: {', '.join(sorted(_KNOWN))}")
        erasure = given.get("erasure", "redaction_job")
        if erasure not in ERASURES:
            raise ConfigError(spec.system, f"erasure: must be one of {', '.join(ERASURES)}")
        names = [c.name for c in spec.collections]
        if foreign := sorted(set(names) - set(BY_NAME)):
            raise ConfigError(spec.system, f"unknown collection {foreign[0]!r}; known: {', '.join(sorted(BY_NAME))}")
        if not 1 <= _number(spec, given, "page_size", 100) <= 100:
            raise ConfigError(spec.system, "page_size: must be from 1 to 100, which is Stripe's limit")
        _number(spec, given, "timeout", 30)
        return cls(
            jobs=erasure == "redaction_job",
            guest_scan=timedelta(days=_number(spec, given, "guest_scan_days", 0)),
            refund_window=timedelta(days=_number(spec, given, "refund_window_days", 180)),
            user_key=str(given.get("user_metadata_key", "user_id")),
            version=str(given.get("preview_version", "2026-09-30.preview")),
            search=bool(given.get("search", True)),
            wait=_number(spec, given, "redaction_wait", 60),
            poll=_number(spec, given, "redaction_poll", 2),
        )


def _number(spec: SystemSpec, given: Mapping[str, Any], name: str, otherwise: float) -> float:
    value = given.get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ConfigError(spec.system, f"{name}: must be a number, zero or more")
    return value
