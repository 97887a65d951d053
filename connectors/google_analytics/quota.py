"""The day's quota of user deletions: when a refusal means it, and when the next day begins."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from connectors.google import reasons_of

_DAY = re.compile(r"per[\s_-]?day|daily", re.IGNORECASE)


def of_the_day(answer: object) -> bool:
    """Whether a refusal for a quota means that of the day, and not that of the minute.

    Google's APIs say so as a reason (`dailyLimitExceeded`), in ErrorInfo's `quota_limit`
    ("…PerDay…") or in their text; in which of them this API says it is not documented.
    """
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return False
    details = error.get("details")
    rows = [row for row in details if isinstance(row, dict)] if isinstance(details, list) else []
    limits = [row["metadata"].get("quota_limit") for row in rows if isinstance(row.get("metadata"), dict)]
    return any(_DAY.search(str(said)) for said in [*reasons_of(answer), *limits, error.get("message")])


def until_reset(now: datetime) -> float:
    """Seconds until the quota is new: midnight Pacific Standard Time, UTC-8 all year.

    Should daylight saving time be meant after all, that is an hour late in summer, never early.
    Source: https://developers.google.com/analytics/devguides/limits-and-quotas.
    """
    pacific = now.astimezone(UTC) - timedelta(hours=8)
    midnight = (pacific + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - pacific).total_seconds()
