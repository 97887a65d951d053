"""Amazon RDS and Aurora: what backups of a database hold a person, and until when.

`connect(spec)` needs the extra `aws`. Settings and secrets are those of `connectors.aws.session`, and
`copies_of` (the systems of the inventory that search these databases, required), `instances` and `clusters`
(identifiers of DB instances and of Aurora or Multi-AZ clusters; at least one), `regions` (further
regions to which backups are copied), `page_size` (20-100, 100). The inventory must describe the one collection
`backups`.

Nothing tells whom a backup holds. Whoever was found in a database of `copies_of` is given the identifier
`SOURCE.held_until` by discovery (`connectors.copies`), and is in every backup made until then; nobody else is
found here, and without that identifier the system is not searched. The identifier is kept with the plan, so
that the backups are found after the erasure too, until the last of them is gone.

- automated backups, of deleted databases too, and their copies in `regions`: LOCKED until the retention period
  (1-35 days) and a day have passed; the day, because the window's beginning is restored from the daily
  snapshot before it. Aurora's backtrack window likewise.
- manual snapshots: BY_HAND, for they never expire; those shared with other accounts or the public besides.
- exports of snapshots to S3: BY_HAND. Where the exported snapshot is gone nobody can tell whose it was: it counts.
- recovery points of AWS Backup: LOCKED until their lifecycle ends them, BY_HAND without one.

Backups hold everybody: none is deleted, changed or switched off for one person, whatever is ordered. After
any restore the erasures are run again before the database is used.

Not reached: copies in other accounts, regions that are not named, databases restored or cloned from a
backup before (name them as databases of their own, and search them), read replicas (deletions reach them).

Needed permissions: rds:DescribeDBInstances, DescribeDBSnapshots, DescribeDBSnapshotAttributes,
DescribeDBInstanceAutomatedBackups, DescribeDBClusters, DescribeDBClusterSnapshots, DescribeDBClusterSnapshotAttributes,
DescribeDBClusterAutomatedBackups, DescribeExportTasks; backup:ListRecoveryPointsByResource,
backup:DescribeRecoveryPoint.
Sources: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.html,
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBSnapshots.html,
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeExportTasks.html.
"""

from __future__ import annotations

from connectors.aws.rds.connector import RdsBackupsConnector
from connectors.model import SystemSpec

__all__ = ["RdsBackupsConnector", "connect"]


def connect(spec: SystemSpec) -> RdsBackupsConnector:
    """The connector of one inventory entry. Raises ConfigError naming the setting that is wrong."""
    return RdsBackupsConnector(spec)
