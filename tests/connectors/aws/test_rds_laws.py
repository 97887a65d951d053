"""Backups of Amazon RDS obey the laws of connectors, over pages of two."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import ClassVar

from connectors.model import Secret, SystemSpec
from connectors.sandbox.aws import AwsSandbox
from connectors.sandbox.faults import Fault
from connectors.testing import conformance
from tests.connectors.aws import rds_world as world

_NO_WRITE = "a backup holds everybody: nothing is ever written, and every record has an obstacle"


class RdsHarness:
    exempt: ClassVar[Mapping[str, str]] = {
        "a_closed_gate_lets_no_write_through": _NO_WRITE,
        "a_vendor_that_lies_is_caught": _NO_WRITE,
    }
    subject = world.found_in_database(4)
    bystander = world.found_in_database(3)
    canaries = tuple(i.value for i in subject.identifiers)
    never = ()
    disclosed = ()

    def start(self) -> None:
        self.aws = AwsSandbox().__enter__()

    def stop(self) -> None:
        self.aws.__exit__(None, None, None)

    def settle(self) -> None:
        """Nothing is asked of the vendor, so nothing takes effect later."""

    def plant(self) -> Mapping[str, int]:
        self.aws.reset()
        self.aws.rds.per_page = self.aws.backup.per_page = 2
        client = world.instance(self.aws)
        world.cluster(self.aws)
        for n in range(5):
            client.create_db_snapshot(DBSnapshotIdentifier=f"monthly-{n}", DBInstanceIdentifier=world.INSTANCE)
            client.create_db_cluster_snapshot(
                DBClusterSnapshotIdentifier=f"yearly-{n}", DBClusterIdentifier=world.CLUSTER
            )
        for _ in range(3):
            self.aws.backup.add(f"arn:aws:rds:us-east-1:123456789012:db:{world.INSTANCE}")
        return {"backups": 2 + 10 + 3}

    def spec(self) -> SystemSpec:
        return world.spec(self.aws, timeout=2.5)

    def spec_refused(self) -> SystemSpec:
        secrets = {"access_key_id": Secret("sandbox-revoked"), "secret_access_key": Secret("sandbox")}
        return replace(self.spec(), secrets=secrets)

    def untouched(self) -> object:
        client = self.aws.client("rds")
        pages = client.get_paginator("describe_db_snapshots").paginate()
        yearly = client.get_paginator("describe_db_cluster_snapshots").paginate()
        return [s for p in pages for s in p["DBSnapshots"]], [s for p in yearly for s in p["DBClusterSnapshots"]]

    def fault(self, fault: Fault, after: int = 0, times: int = 1_000_000) -> AbstractContextManager[None]:
        return self.aws.faults.inject(fault, after=after, times=times)


TestRds = conformance(RdsHarness)
