"""What exists in an account and region: its log groups.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.aws.answers import rows
from connectors.aws.logs.group import Group
from connectors.aws.session import named_errors
from connectors.surveys import Found, Part

_PARTS = (Part("message", "text"),)


def survey(system: str, client: Any, groups: Mapping[str, Group]) -> Iterator[Found]:
    named = mentions(groups)
    for row in rows(system, "logs:DescribeLogGroups", client.describe_log_groups, "logGroups", "nextToken"):
        name = row["logGroupName"]
        entry: dict[str, Any] = {"options": {"group": name}, "found_by": "message", "plain": ["timestamp", "stream"]}
        yield Found(name, "log group", named.get(name, ""), _PARTS, None, None, entry)


def mentions(groups: Mapping[str, Group]) -> Mapping[str, str]:
    return {group.name: collection for collection, group in groups.items()}


def sample(system: str, client: Any, found: Found, most: int) -> Iterator[tuple[str, str]]:
    """The first lines that come. A group whose class is not Standard lists none."""
    with named_errors(system, f"logs:FilterLogEvents on {found.name}"):
        page = client.filter_log_events(logGroupName=found.name, limit=most)
    yield from (("message", event["message"]) for event in page.get("events", ()))
