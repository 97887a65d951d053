"""Rows inside files obey the laws of connectors: every format, packed and not, in a versioned bucket."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, ClassVar

from connectors.model import Identifier, Secret, Subject, SystemSpec, Trust
from connectors.sandbox.aws import AwsSandbox
from connectors.sandbox.faults import Fault
from connectors.testing import conformance
from tests.connectors.aws import lake_world as world

_MESSAGES = (
    "user_id=1 signed in", "user_id=10 signed in", "mail to ann.lee@example.com", "mail to joann.lee@example.com",
    "ann.lee@example.com wrote to joann.lee@example.com",
)  # fmt: skip


def _rows(day: int) -> list[dict[str, Any]]:
    people = (("1", "Ann.Lee@example.com", "ann"), ("10", "joann.lee@example.com", "joann"), ("1", "", "ann too"),
              ("1", "joann.lee@example.com", "both"))  # fmt: skip
    return [
        {"user_id": u, "email": e, "page": f"page of {who} {day}", "token": f"secret-of-{who}"} for u, e, who in people
    ]


class LakeHarness:
    exempt: ClassVar[Mapping[str, str]] = {}
    subject = world.ANN
    bystander = Subject.of(
        Identifier("user_id", "10", Trust.ASSIGNED), Identifier("email", "joann.lee@example.com", Trust.PROVEN)
    )
    canaries = ("ann.lee", "secret-of", "page of ann")
    never = ("secret-of-ann", "joann", "page of both")
    disclosed = ("page of ann 0", "page of ann too 1", "user_id=1 signed in")

    def start(self) -> None:
        self.aws = AwsSandbox().__enter__()

    def stop(self) -> None:
        self.aws.__exit__(None, None, None)

    def settle(self) -> None:
        """S3 is strongly consistent: https://aws.amazon.com/s3/consistency/."""

    def plant(self) -> Mapping[str, int]:
        self.aws.reset()
        client = self.aws.client("s3")
        client.create_bucket(Bucket=world.BUCKET)
        client.put_bucket_versioning(Bucket=world.BUCKET, VersioningConfiguration={"Status": "Enabled"})
        for day in range(2):
            rows = _rows(day)
            world.put(
                self.aws, f"tables/{day}.parquet", world.as_parquet([r | {"user_id": int(r["user_id"])} for r in rows])
            )
            world.put(self.aws, f"sheets/{day}.csv.gz", world.wrapped(world.as_csv(rows), "gzip"))
        world.put(self.aws, "events/0.jsonl", world.as_jsonl([r for r in _rows(0) if "ann" in r["page"].split()]))
        world.put(self.aws, "events/0.jsonl", world.as_jsonl(_rows(1)))
        world.put(self.aws, "logs/0.tsv.gz", world.as_archive(_MESSAGES))
        return {"tables": 6, "sheets": 6, "events": 5, "logs": 3}

    def spec(self) -> SystemSpec:
        ids = (replace(world.BY_ID, field="message"), replace(world.BY_EMAIL, field="message"))
        logs = world.collection("logs", ids, format="papertrail", texts={"message": ["user_id={user_id}"]})
        return world.spec(
            self.aws,
            world.collection("tables", format="parquet"),
            world.collection("sheets", format="csv", packing="gzip"),
            world.collection("events", format="jsonl"),
            logs,
            page_size=1,
            timeout=2.5,
        )

    def spec_refused(self) -> SystemSpec:
        secrets = {**self.spec().secrets, "access_key_id": Secret("sandbox-revoked")}
        return replace(self.spec(), secrets=secrets)

    def untouched(self) -> object:
        """All current rows of others, and of both."""
        held: list[object] = []
        for day in range(2):
            held.append(
                [r for r in world.parquet_rows(world.body(self.aws, f"tables/{day}.parquet")) if "joann" in str(r)]
            )
            sheet = world.bare(world.body(self.aws, f"sheets/{day}.csv.gz"), "gzip")
            held.append([line for line in sheet.splitlines() if b"joann" in line])
        held.append([r for r in world.body(self.aws, "events/0.jsonl").splitlines() if b"joann" in r])
        logs = world.bare(world.body(self.aws, "logs/0.tsv.gz"), "gzip")
        held.append([r for r in logs.splitlines() if b"joann" in r or b"=10 " in r])
        return held

    def fault(self, fault: Fault, after: int = 0, times: int = 1_000_000) -> AbstractContextManager[None]:
        return self.aws.faults.inject(fault, after=after, times=times)


TestLake = conformance(LakeHarness)
