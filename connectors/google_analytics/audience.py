"""Whether an audience is a list of everybody: only then does an absence show anything.

Source: https://developers.google.com/analytics/devguides/reporting/data/v1/audience-export-expectations.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.errors import ConfigError
from connectors.google_analytics.admin import Admin
from connectors.google_analytics.settings import MONTHS

# An export of as many users as this is a sample: of standard properties, and of Analytics 360.
_SAMPLED, _SAMPLED_360 = 2_000_000, 200_000_000
_WRONG = "setting 'audience': an absence would show nothing, for"


def require_everybody(system: str, admin: Admin) -> int:
    """Raise ConfigError unless who is missing among the members has left the property too.

    Returns the number of users from which an export is a sample. Whether the conditions of the audience let
    everybody in cannot be told from them: that is the inventory's word.
    """
    about, audience = admin.property(), admin.audience()
    kept, now = days_kept(admin.retention()), datetime.now(UTC)
    if audience.membership_duration_days < kept:
        raise ConfigError(
            system,
            f"{_WRONG} members leave after {audience.membership_duration_days} days and the property keeps data for "
            f"{kept}; name an audience of everybody with a membership of 540 days, or leave the setting out",
        )
    if any(_named(clause.clause_type) == "EXCLUDE" for clause in audience.filter_clauses):
        raise ConfigError(system, f"{_WRONG} the audience excludes some people")
    made, began = _instant(audience.create_time), _instant(about.create_time)
    # Members are those who were seen since the audience was made: exports are not filled backwards.
    if made > max(began + timedelta(days=1), now - timedelta(days=kept)):
        complete = (made + timedelta(days=kept)).date()
        raise ConfigError(system, f"{_WRONG} the audience is younger than the data; leave it out until {complete}")
    return _SAMPLED_360 if _named(about.service_level) == "GOOGLE_ANALYTICS_360" else _SAMPLED


def days_kept(retention: Any) -> int:
    """The longer of the two periods of a DataRetentionSettings in days, rounded up."""
    months = max(months_of(retention.event_data_retention), months_of(retention.user_data_retention))
    return math.ceil(30.5 * months) + 1


def months_of(retention: Any) -> int:
    """A RetentionDuration of the Admin API in months; one that is not known counts as the longest."""
    names = ("TWO_MONTHS", "FOURTEEN_MONTHS", "TWENTY_SIX_MONTHS", "THIRTY_EIGHT_MONTHS", "FIFTY_MONTHS")
    return dict(zip(names, MONTHS, strict=True)).get(_named(retention), MONTHS[-1])


def _named(member: Any) -> str:
    """The name of an enumeration's member; what this SDK does not know yet is a bare number."""
    return str(getattr(member, "name", ""))


def _instant(at: Any) -> datetime:
    return datetime.fromtimestamp(at.timestamp(), UTC)
