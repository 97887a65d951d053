"""Shared by the tests of RDS: databases, snapshots and specs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import connectors
from connectors import copies
from connectors.model import CollectionSpec, Subject, SystemSpec
from connectors.protocol import Connector
from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws.world import SECRETS

INSTANCE, CLUSTER = "tt-reports", "tt-ledger"
_LOGIN = {"MasterUsername": "tt", "MasterUserPassword": "sandbox-sandbox"}


def instance(aws: AwsSandbox, name: str = INSTANCE, days: int = 7) -> Any:
    client = aws.client("rds")
    client.create_db_instance(
        DBInstanceIdentifier=name, DBInstanceClass="db.t4g.micro", Engine="postgres", AllocatedStorage=20,
        BackupRetentionPeriod=days, **_LOGIN,
    )  # fmt: skip
    aws.rds.retain("DBInstance", name, days)
    return client


def cluster(aws: AwsSandbox, name: str = CLUSTER, days: int = 14) -> Any:
    client = aws.client("rds")
    client.create_db_cluster(
        DBClusterIdentifier=name, Engine="aurora-mysql", BackupRetentionPeriod=days, **_LOGIN
    )  # fmt: skip
    aws.rds.retain("DBCluster", name, days)
    return client


def found_in_database(days: float = 0.0) -> Subject:
    """Somebody whom discovery found in the database, and who is there until `days` from now at most."""
    return Subject.of(copies.held("app_db", datetime.now(UTC) + timedelta(days=days)))


def spec(aws: AwsSandbox, **settings: Any) -> SystemSpec:
    given = {
        "endpoint_url": aws.url, "region": aws.region, "timeout": 20, "copies_of": ["app_db"], "instances": [INSTANCE],
        "clusters": [CLUSTER], **settings,
    }  # fmt: skip
    return SystemSpec("rds_backups", "aws.rds", given, SECRETS, (CollectionSpec("backups"),), sandbox=True)


def connector(aws: AwsSandbox, **settings: Any) -> Connector:
    return connectors.build(spec(aws, **settings))
