"""How long a log group keeps its lines, and the one call that changes it.

Sources: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html (the values
it takes; lines may stay 72 hours longer).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from connectors.aws.answers import call
from connectors.aws.logs.group import Group
from connectors.errors import ChangedError, ConfigError
from connectors.model import Gate
from connectors.vendor_retention import FOR_EVER, Setting

DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
_NOTE = "lines older than that go within 72 hours; none of them can be had back"


def kept(groups: Mapping[str, Group], collection: str, period: timedelta) -> Setting:
    """ConfigError for the copies of lines, which no retention is about."""
    group = _of(groups, collection)
    days, wanted = group.describe().days, period.days
    fitting = min(DAYS, key=lambda n: abs(n - wanted))
    stops = "" if wanted in DAYS else f"CloudWatch takes no {wanted} days: give {fitting} days, the nearest it takes"
    return Setting(
        collection, f"retention of the log group {group.name}", _days(days), _days(wanted), days == wanted,
        shortens=days is None or wanted < days, mark=str(days), stops=stops, note=_NOTE,
        also=tuple(name for name, other in groups.items() if other.name == group.name and name != collection),
    )  # fmt: skip


def keep(groups: Mapping[str, Group], planned: Setting, period: timedelta, gate: Gate) -> Setting:
    group, found = _of(groups, planned.collection), kept(groups, planned.collection, period)
    if found.fits:
        return found
    if found.stops or found.mark != planned.mark:
        raise ChangedError(group.system, f"{planned.what}: it is {found.now} by now, and was {planned.now}")
    gate(planned.collection)
    put = group.client.put_retention_policy
    doing = f"logs:PutRetentionPolicy on {group.name}"
    call(group.system, doing, put, logGroupName=group.name, retentionInDays=period.days)
    return kept(groups, planned.collection, period)


def _of(groups: Mapping[str, Group], collection: str) -> Group:
    if collection not in groups:
        system = next(iter(groups.values())).system
        raise ConfigError(system, f"{collection}: no retention of a log group is about it")
    return groups[collection]


def _days(days: int | None) -> str:
    return f"{days} days" if days else FOR_EVER
