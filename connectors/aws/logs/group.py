"""One log group over the wire: its retention, its lines, and where they are copied to.

Sources: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html (pages may be
empty and not the last), .../API_PutRetentionPolicy.html (72 hours more), .../API_DescribeExportTasks.html,
.../API_DescribeSubscriptionFilters.html, .../API_DescribeAccountPolicies.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.aws.answers import rows
from connectors.aws.backups import Copy
from connectors.errors import ConfigError, RefusedError

_SUBSCRIBED = (
    "subscriptions send lines on as they come (Lambda, Kinesis, Firehose, OpenSearch, another account): see who reads "
    "them, and delete there what names the person"
)
_EXPORTED = (
    "export tasks have written lines into S3 buckets: rewrite or delete the files that name the person, or note when "
    "the buckets' lifecycle ends them"
)
_DELETION = timedelta(hours=72)  # how much later than the retention the lines are really deleted


@dataclass(frozen=True, slots=True)
class Line:
    id: str
    at: datetime
    received: datetime
    stream: str = field(repr=False)
    message: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Description:
    days: int | None  # None: lines are kept for ever
    masked: bool  # whether a data protection policy may hide personal data from whoever does not unmask

    def gone(self, newest: Line) -> datetime | None:
        """When the last trace of a line has been deleted; None: never."""
        last = max(newest.at, newest.received)
        return last + timedelta(days=self.days) + _DELETION if self.days else None


@dataclass(frozen=True, slots=True)
class Group:
    system: str
    name: str
    client: Any = field(repr=False)
    page_size: int

    def describe(self) -> Description:
        """Raises ConfigError if there is no such group, RefusedError if its class cannot be searched."""
        asked = {"logGroupNamePrefix": self.name}
        groups = [g for g in self._listed("describe_log_groups", "logGroups", asked) if g["logGroupName"] == self.name]
        if not groups:
            raise ConfigError(self.system, f"logs:DescribeLogGroups: {self.name} does not exist")
        if groups[0].get("logGroupClass", "STANDARD") != "STANDARD":
            message = (
                f"{self.name}: its log class is not Standard, so that events may not be listed; search by Insights"
            )
            raise RefusedError(self.system, message)
        # A policy of the past still masks what came in under it; the account may have one for all groups.
        masked = bool(groups[0].get("dataProtectionStatus") or groups[0].get("inheritedProperties"))
        return Description(groups[0].get("retentionInDays"), masked)

    def lines(self, pattern: str, said: Description) -> Iterator[Line]:
        """The lines that a filter pattern matches, of the whole group. Masked ones are asked for as they are."""
        asked: dict[str, Any] = {"logGroupName": self.name, "limit": self.page_size}
        if pattern:
            asked["filterPattern"] = pattern
        if said.masked:
            asked["unmask"] = True
        for event in self._listed("filter_log_events", "events", asked):
            at = _instant(event["timestamp"])
            received = _instant(event.get("ingestionTime") or event["timestamp"])
            yield Line(event["eventId"], at, received, event.get("logStreamName", ""), event["message"])

    def copies(self, oldest: Line, newest: Line) -> Iterator[Copy]:
        """Where lines between these two were copied to, as far as the account knows."""
        for filtered in self._listed(
            "describe_subscription_filters", "subscriptionFilters", {"logGroupName": self.name}
        ):
            made = _instant(filtered.get("creationTime") or 0)
            if made <= newest.received:
                yield Copy("subscriptions", _SUBSCRIBED, None, made)
        for task in self._listed("describe_export_tasks", "exportTasks", {}):
            span = _instant(task.get("from") or 0), _instant(task["to"])
            running = task.get("status", {}).get("code") not in ("CANCELLED", "FAILED")
            if task["logGroupName"] == self.name and running and span[0] <= newest.at and oldest.at <= span[1]:
                yield Copy("exports", _EXPORTED, None, span[1])

    def listed_copies(self) -> Iterator[Copy]:
        """Where lines of this minute are copied to."""
        now = datetime.now(UTC)
        line = Line("", now, now, "", "")
        yield from self.copies(line, line)
        yield from self.account_copies()

    def account_copies(self) -> Iterator[Copy]:
        """Subscriptions of the account, which hold for every group but those they leave out."""
        asked = {"policyType": "SUBSCRIPTION_FILTER_POLICY"}
        for policy in self._listed("describe_account_policies", "accountPolicies", asked):
            yield Copy("subscriptions", _SUBSCRIBED, None, _instant(policy.get("lastUpdatedTime") or 0))

    def _listed(self, verb: str, what: str, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """All pages of a listing. A page may be empty and not the last."""
        doing = f"logs:{verb.title().replace('_', '')} on {self.name}"
        return rows(self.system, doing, getattr(self.client, verb), what, "nextToken", **asked)


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
