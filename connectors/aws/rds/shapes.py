"""What Amazon RDS calls the same things of a DB instance and of an Aurora or Multi-AZ cluster.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_Operations.html.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """Names of operations, parameters and members; `missing` are the codes for a database that is not there."""

    kind: str  # in ARNs: "db", "cluster"
    describe: str
    described: str
    identifier: str
    arn: str
    missing: frozenset[str]
    snapshots: str
    listed: str
    snapshot: str  # the parameter and the member
    attributes: str
    automated: str
    retained: str
    snapshot_missing: frozenset[str]

    @property
    def snapshot_arn(self) -> str:
        return self.snapshot.replace("Identifier", "Arn")

    @property
    def attribute_list(self) -> tuple[str, str]:
        """The members under which a snapshot's attributes stand."""
        stem = self.snapshot.removesuffix("Identifier")
        return f"{stem}AttributesResult", f"{stem}Attributes"


INSTANCE = Shape(
    "db",
    "describe_db_instances",
    "DBInstances",
    "DBInstanceIdentifier",
    "DBInstanceArn",
    frozenset({"DBInstanceNotFound", "DBInstanceNotFoundFault"}),
    "describe_db_snapshots",
    "DBSnapshots",
    "DBSnapshotIdentifier",
    "describe_db_snapshot_attributes",
    "describe_db_instance_automated_backups",
    "DBInstanceAutomatedBackups",
    frozenset({"DBSnapshotNotFound", "DBSnapshotNotFoundFault"}),
)
CLUSTER = Shape(
    "cluster",
    "describe_db_clusters",
    "DBClusters",
    "DBClusterIdentifier",
    "DBClusterArn",
    frozenset({"DBClusterNotFound", "DBClusterNotFoundFault"}),
    "describe_db_cluster_snapshots",
    "DBClusterSnapshots",
    "DBClusterSnapshotIdentifier",
    "describe_db_cluster_snapshot_attributes",
    "describe_db_cluster_automated_backups",
    "DBClusterAutomatedBackups",
    frozenset({"DBClusterSnapshotNotFound", "DBClusterSnapshotNotFoundFault"}),
)
