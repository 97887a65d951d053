"""Whether a table lets its items go by themselves, by the instant that stands in an attribute (time to live).

DynamoDB has no period: the application writes until when an item is kept, as seconds of the epoch, and `options.ttl`
of a collection names the attribute. What is past when it is switched on goes at once, up to five years back.
Sources: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html,
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html (one attribute of a table, and
one change an hour).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.aws.answers import call
from connectors.aws.dynamodb.rules import Rules
from connectors.aws.dynamodb.table import Table
from connectors.aws.session import member, named_errors
from connectors.errors import ChangedError, ConfigError
from connectors.model import Gate
from connectors.vendor_retention import FOR_EVER, Setting

_ON = ("ENABLED", "ENABLING")
_ITEMS = 1000  # that are looked at to see what would go at once
_FIVE_YEARS = 5 * 365 * 86_400


def kept(tables: Mapping[str, Table], rules: Mapping[str, Rules], collection: str, period: timedelta) -> Setting:
    """ConfigError for what is no table: its backups have ends of their own."""
    if collection not in rules:
        raise ConfigError(next(iter(tables.values())).system, f"{collection}: no time to live is about it")
    table, attribute = tables[collection], rules[collection].ttl
    status, named = _standing(table)
    on = status in _ON
    now = f"by the attribute {named!r}" if on else FOR_EVER
    stops = ""
    if not attribute:
        stops = "name in options.ttl the attribute in which the application writes until when an item is kept"
    elif status == "DISABLING" or (on and named != attribute):
        stops = f"time to live stands on {named!r}: switch it off by hand, wait an hour, and plan anew"
    fits = on and bool(attribute) and named == attribute
    note = f"items go after the instant that the application writes, which is to be {period.days} days on"
    return Setting(
        collection, f"time to live of the table {table.name}", now, f"by the attribute {attribute!r}", fits,
        mark=f"{status} {named}", stops=stops,
        note=note if fits or stops else f"{note}; {_at_once(table, attribute)}",
        also=tuple(name for name, other in rules.items() if other.table == table.name and name != collection),
    )  # fmt: skip


def keep(
    tables: Mapping[str, Table], rules: Mapping[str, Rules], planned: Setting, period: timedelta, gate: Gate
) -> Setting:
    found = kept(tables, rules, planned.collection, period)
    if found.fits:
        return found
    table = tables[planned.collection]
    if found.stops or found.mark != planned.mark:
        raise ChangedError(table.system, f"{planned.what}: it is another than it was when this was planned")
    gate(planned.collection)
    wanted = {"Enabled": True, "AttributeName": rules[planned.collection].ttl}
    doing, update = f"dynamodb:UpdateTimeToLive on {table.name}", table.client.update_time_to_live
    call(table.system, doing, update, TableName=table.name, TimeToLiveSpecification=wanted)
    return kept(tables, rules, planned.collection, period)


def _standing(table: Table) -> tuple[str, str]:
    doing = f"dynamodb:DescribeTimeToLive on {table.name}"
    answer = call(table.system, doing, table.client.describe_time_to_live, TableName=table.name)
    said = member(table.system, answer, "TimeToLiveDescription", doing)
    return str(said.get("TimeToLiveStatus", "")), str(said.get("AttributeName", ""))


def _at_once(table: Table, attribute: str) -> str:
    """What a first page of the table shows of what would go at once. Its items are counted and forgotten."""
    with named_errors(table.system, f"dynamodb:Scan on {table.name}"):
        page = table.client.scan(
            TableName=table.name, Limit=_ITEMS, ProjectionExpression="#t", ExpressionAttributeNames={"#t": attribute}
        )
    ends = [end for item in page.get("Items", ()) if (end := _seconds(item.get(attribute, {}))) is not None]
    now = time.time()
    past = sum(now - _FIVE_YEARS < end < now for end in ends)
    return f"of {page.get('Count', 0)} items looked at {len(ends)} have such an instant, and {past} go at once"


def _seconds(value: Mapping[str, Any]) -> float | None:
    """Only numbers count: DynamoDB ignores an attribute of another type."""
    return float(value["N"]) if "N" in value else None
