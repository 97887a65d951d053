"""What the inventory says about one property, checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from connectors import settings
from connectors.errors import ConfigError
from connectors.model import SystemSpec

MONTHS = (2, 14, 26, 38, 50)  # how long a property can keep data
_DURATIONS = {f"{months} months": months for months in MONTHS}
_MOST_ROWS = 250_000  # of one answer of audienceExports.query
_KNOWN = (
    "property", "audience", "audience_max_age_hours", "event_data_retention", "user_data_retention",
    "reset_user_data_on_new_activity", "user_provided_data", "text_parameters", "bigquery_system", "base_url",
    "data_url", "timeout", "page_size",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    base_url: str
    data_url: str
    timeout: float  # seconds
    property: str  # "properties/123"
    audience: str  # "properties/123/audiences/4"; empty: nobody is looked up
    audience_max_age: timedelta
    page_size: int
    event_retention: int | None  # months; None: the inventory does not say
    user_retention: int | None
    reset_on_activity: bool | None
    user_provided_data: bool  # whether it ever was collected, whatever the property says of today
    text_parameters: bool
    bigquery_system: str

    @classmethod
    def of(cls, spec: SystemSpec) -> Self:
        """The settings of an entry; raises ConfigError naming the setting that is wrong."""
        settings.known(spec, _KNOWN)
        name = _property(spec)
        reset = "reset_user_data_on_new_activity"
        return cls(
            settings.base_url(spec, "https://analyticsadmin.googleapis.com"),
            settings.base_url(spec, "https://analyticsdata.googleapis.com", "data_url"),
            settings.number(spec, "timeout", 30.0, least=0.001),
            name,
            _audience(spec, name),
            timedelta(hours=settings.number(spec, "audience_max_age_hours", 24, least=1, most=72)),
            settings.whole(spec, "page_size", 100_000, 1, _MOST_ROWS),
            _months(spec, "event_data_retention"),
            _months(spec, "user_data_retention"),
            settings.flag(spec, reset, False) if reset in spec.settings else None,
            settings.flag(spec, "user_provided_data", False),
            settings.flag(spec, "text_parameters", True),
            str(spec.settings.get("bigquery_system") or ""),
        )


def _property(spec: SystemSpec) -> str:
    number = str(spec.settings.get("property") or "").removeprefix("properties/")
    if not re.fullmatch(r"[1-9]\d*", number):
        raise ConfigError(spec.system, "setting 'property' must be the number of a Google Analytics 4 property")
    return f"properties/{number}"


def _audience(spec: SystemSpec, of: str) -> str:
    named = str(spec.settings.get("audience") or "")
    number = named.removeprefix(f"{of}/audiences/")
    if named and not re.fullmatch(r"[1-9]\d*", number):
        raise ConfigError(spec.system, "setting 'audience' must be the number of an audience of the same property")
    return f"{of}/audiences/{number}" if named else ""


def _months(spec: SystemSpec, name: str) -> int | None:
    if name not in spec.settings:
        return None
    return _DURATIONS[settings.choice(spec, name, _DURATIONS, "")]
