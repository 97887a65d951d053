"""Amazon DynamoDB: items of one person by partition key, index or scan, and what survives in backups.

`connect(spec)` needs the extra `aws`. Settings and secrets are those of `connectors.aws.session`, and
`page_size` (items per page, 1-1000, 1000) and `copies_of` (below).

A collection is a table, or `options.table`. `found_by` names the attributes that say whose an item is
(`attribute`, or `attribute->key.key` within a map); a set or list in one names several. Options:

- `templates: {pk: "USER#{user_id}"}`: how an identifier is written in an attribute, where not by itself.
- `indexes: {email: by-email}`: the global index by which a field other than the table's partition key
  is looked up. An index is eventually consistent and may project the keys only: it tells where to
  look, and what counts is the item, read consistently.
- `scan: [cc]`: fields that no key leads to; the whole table is read, which is slow and is paid for.
- `starts: {sk: "ORDER#"}`: which items are this collection's, where several share a table.
- `ttl: ends_at`: the attribute in which the application writes, as seconds of the epoch, until when an item is kept.

Keys are compared by DynamoDB exactly as they are written, so addresses must be stored in lower case to
be found by key or index; a scan finds any spelling. Items whose fields name different people are SHARED
and never touched. Age is an ISO 8601 text or an epoch (seconds or milliseconds).

Each write is conditional on every attribute by which the item was judged, so that a key given to
somebody else meanwhile is never deleted; then the items are read again. A redaction removes
attributes; one that is part of the key cannot be redacted.

What survives is reported in the collection `backups`, which the inventory must describe; see
`connectors.aws.backups`. Of a person who has items, or had them until an instant that is known, it has the
copies made until then: point-in-time recovery (LOCKED for its 1-35 days), the table's stream (24 hours),
backups and recovery points of AWS Backup with an end (LOCKED), and without one, exports to S3 and Kinesis
(BY_HAND), for the table and each replica of a global table. Nothing in AWS tells whom a backup holds.
With the setting `copies_of: [THIS SYSTEM]` the items' records reveal the identifier `SYSTEM.held_until`
(`connectors.copies`), which is kept with the plan: a later plan of the request then still finds the backups,
until the last of them is gone. Without it the dates stand in the receipt only. Point-in-time recovery is never
switched off and no backup is deleted for one person.

Not reached: exports older than 90 days, backups in other accounts, tables restored from a backup
before, DAX (its items expire within minutes), what consumers of streams keep. Deletion protection
concerns tables, not items.

Needed permissions: dynamodb:DescribeTable, Query, Scan (only for `scan`), BatchGetItem, DeleteItem, UpdateItem,
DescribeContinuousBackups, DescribeKinesisStreamingDestination, ListBackups, ListExports, DescribeExport;
backup:ListRecoveryPointsByResource, backup:DescribeRecoveryPoint; for `dsr inventory survey` ListTables and Scan; for
`ttl` DescribeTimeToLive, UpdateTimeToLive and Scan.
Sources: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html,
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListBackups.html.
"""

from __future__ import annotations

from connectors.aws.dynamodb.connector import DynamoDbConnector
from connectors.model import SystemSpec

__all__ = ["DynamoDbConnector", "connect"]


def connect(spec: SystemSpec) -> DynamoDbConnector:
    """The connector of one inventory entry. Raises ConfigError naming the setting or option that is wrong."""
    return DynamoDbConnector(spec)
