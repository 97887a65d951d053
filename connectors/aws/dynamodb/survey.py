"""What exists in an account and region: its tables, with their keys. Other attributes show in samples only.

Sources: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListTables.html (100 names a page),
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.aws.answers import rows
from connectors.aws.dynamodb.rules import Rules
from connectors.aws.dynamodb.table import Table
from connectors.aws.dynamodb.values import texts
from connectors.aws.session import named_errors
from connectors.surveys import Found, Part, described

_ITEMS = 1000  # and 1 MB at most
_TYPES = {"S": "string", "N": "number", "B": "binary"}


def survey(system: str, client: Any, rules: Mapping[str, Rules]) -> Iterator[Found]:
    """Every table. Those that the inventory does not mention are described, one call each."""
    token = ("LastEvaluatedTableName", "ExclusiveStartTableName")
    for name in rows(system, "dynamodb:ListTables", client.list_tables, "TableNames", token):
        mine = [rule for rule in rules.values() if rule.table == name]
        if mine:
            yield Found(name, "table", mine[0].spec.name, described=described(rule.spec for rule in mine))
            continue
        schema = Table(system, name, client).describe()
        parts = tuple(Part(attribute, _TYPES.get(kind, kind)) for attribute, kind in schema.types.items())
        yield Found(name, "table", parts=parts, rows=schema.items, entry={"found_by": schema.partition})


def mentions(rules: Mapping[str, Rules]) -> Mapping[str, str]:
    return {rule.table: name for name, rule in rules.items()}


def sample(system: str, client: Any, found: Found, most: int) -> Iterator[tuple[str, str]]:
    """One page of a scan, eventually consistent: half the price. Attributes differ from item to item, so it is long."""
    with named_errors(system, f"dynamodb:Scan on {found.name}"):
        page = client.scan(TableName=found.name, Limit=_ITEMS)
    seen = Counter[str]()
    for item in page.get("Items", ()):
        for name, value in item.items():
            inner = (text for held in value.get("M", {}).values() for text in texts(held))
            for text in (*texts(value), *inner):
                seen[name] += 1
                if seen[name] <= most:
                    yield name, text
