"""CloudWatch Logs obeys the laws of connectors, over pages of two and empty ones."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import connectors
from connectors.model import Identifier, Secret, Subject, SystemSpec, Trust
from connectors.sandbox.aws import AwsSandbox
from connectors.sandbox.faults import Fault
from connectors.testing import conformance
from tests.connectors.aws import logs_world as world

_NO_WRITE = "the API can neither delete nor change a single line: nothing is ever written, every record has an obstacle"


class LogsHarness:
    exempt: ClassVar[Mapping[str, str]] = {
        "a_closed_gate_lets_no_write_through": _NO_WRITE,
        "a_vendor_that_lies_is_caught": _NO_WRITE,
    }
    subject = Subject.of(
        Identifier("email", "ann.lee@example.com", Trust.PROVEN), Identifier("user_id", "42", Trust.ASSIGNED)
    )
    bystander = Subject.of(
        Identifier("email", "joann.lee@example.com", Trust.PROVEN), Identifier("user_id", "420", Trust.ASSIGNED)
    )
    canaries = ("ann.lee@example.com", "ann.lee%40example.com", "user_id=42", "[aA][nN][nN]")
    never = ("ip-192-0-2-1", "joann.lee")
    disclosed = ("ann.lee@example.com", "user_id=42", "Ann.Lee@Example.com")

    def start(self) -> None:
        self.aws = AwsSandbox().__enter__()

    def stop(self) -> None:
        self.aws.__exit__(None, None, None)

    def settle(self) -> None:
        """Nothing that was accepted takes effect by waiting: nothing is accepted."""

    def plant(self) -> Mapping[str, int]:
        self.aws.reset()
        self.aws.logs.empty_pages = True
        world.group(self.aws)
        world.group(self.aws, "/tt/audit", None)
        for days in (9, 8, 7, 2, 1):
            for text in ("login {}ann.lee@example.com ok", "GET /t?email={}ann.lee%40example.com", "user_id=42{} in"):
                self.aws.logs.log(world.GROUP, text.format(""), days, "ip-192-0-2-1")
                self.aws.logs.log(world.GROUP, text.format("jo" if "{}ann" in text else "0"), days)
        self.aws.logs.log(world.GROUP, "mail from Ann.Lee@Example.com to joann.lee@example.com", 3)
        self.aws.logs.log("/tt/audit", '{"user_id":42}', 400)
        self.aws.logs.log("/tt/audit", '{"user_id":420}', 400)
        self.aws.logs.policies.append("to the archive")
        return {"app": 16, "audit": 1, "copies": 1}

    def spec(self) -> SystemSpec:
        audit = world.lines(
            world.BY_USER, name="audit", patterns=['"user_id":{user_id}'], options={"group": "/tt/audit"}
        )
        return world.spec(self.aws, world.lines(), audit, page_size=2, timeout=2.5)

    def spec_refused(self) -> SystemSpec:
        secrets = {"access_key_id": Secret("sandbox-revoked"), "secret_access_key": Secret("sandbox")}
        return replace(self.spec(), secrets=secrets)

    def untouched(self) -> object:
        client = self.aws.client("logs")
        pages = client.get_paginator("filter_log_events").paginate(logGroupName=world.GROUP)
        return [e for page in pages for e in page["events"] if "joann" in e["message"] or "=420" in e["message"]]

    def fault(self, fault: Fault, after: int = 0, times: int = 1_000_000) -> AbstractContextManager[None]:
        return self.aws.faults.inject(fault, after=after, times=times)


TestLogs = conformance(LogsHarness)


def test_time_alone_removes_every_line_of_a_group_with_retention() -> None:
    """What LOCKED promises: 72 hours after the retention a search proves that all is gone."""
    harness = LogsHarness()
    harness.start()
    try:
        harness.plant()
        made = connectors.build(harness.spec())
        until = next(r.obstacles[0].until for r in made.locate(harness.subject) if r.at.collection == "app")
        harness.aws.logs.advance(timedelta(days=30 + 3 - 1, minutes=5))
        assert until is not None
        assert {r.at.collection for r in made.locate(harness.subject)} == {"audit", "copies"}
    finally:
        harness.stop()
