"""Amazon CloudWatch Logs: lines that name a person, until they expire.

`connect(spec)` needs the extra `aws`. Settings and secrets are those of `connectors.aws.session`, and
`page_size` (lines per page, 1-10000, 10000).

A collection is a log group, or `options.group`. `found_by` names kinds of identifiers: addresses and
telephone numbers are found as they are, others as `options.patterns` say they are written, such as
["user_id={user_id}", "\\"customer\\":\\"{stripe.customer}\\""]. A search by filter pattern is case-sensitive and
finds substrings: it is asked for any spelling, and each line is checked again on the edges of the token, plain
and encoded as URL or JSON. Personal data that a data protection policy masks is read unmasked. Age
is the event's timestamp.

`options.retention_days` says how long the group is to keep its lines; `dsr check` tells where it does not.

The API deletes no line. Lines are LOCKED until the newest of them has passed the group's retention and 72
hours, which deletion may take; a group without retention keeps them for ever and is BY_HAND, as are lines that
are there after that time. What was copied is reported in the collection `copies`, which the inventory must
describe, as BY_HAND: subscriptions of the group and of the account, and export tasks over the time of the
person's lines.

Not reached: transformed versions of lines, names of streams, groups whose class is not Standard (refused),
stored results of Insights queries, centralised log accounts, what subscribers keep. A data protection policy
masks and deletes nothing.

Needed permissions: logs:DescribeLogGroups, logs:FilterLogEvents, logs:Unmask (masked groups),
logs:DescribeSubscriptionFilters, logs:DescribeAccountPolicies, logs:DescribeExportTasks; logs:PutRetentionPolicy, where
`dsr retention settings` is to change a group's retention.
Sources: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html,
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/mask-sensitive-log-data.html.
"""

from __future__ import annotations

from connectors.aws.logs.connector import CloudWatchLogsConnector
from connectors.model import SystemSpec

__all__ = ["CloudWatchLogsConnector", "connect"]


def connect(spec: SystemSpec) -> CloudWatchLogsConnector:
    """The connector of one inventory entry. Raises ConfigError naming the setting or option that is wrong."""
    return CloudWatchLogsConnector(spec)
