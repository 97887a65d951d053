"""DynamoDB obeys the laws of connectors: by key, by index and by scan, over pages of two and empty ones."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import ClassVar

from connectors.model import (
    CollectionSpec,
    Disclosure,
    FieldSpec,
    Identifier,
    IdentitySpec,
    Secret,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.sandbox.aws import AwsSandbox
from connectors.sandbox.faults import Fault
from connectors.testing import conformance
from tests.connectors.aws import dynamodb_world as world

_PREFERENCES = (FieldSpec("email", "A", Disclosure.DISCLOSE), FieldSpec("theme", "F", Disclosure.DISCLOSE))


class DynamoDbHarness:
    exempt: ClassVar[Mapping[str, str]] = {}
    subject = Subject.of(
        Identifier("user_id", "1", Trust.ASSIGNED), Identifier("email", "ann.lee@example.com", Trust.PROVEN)
    )
    bystander = Subject.of(
        Identifier("user_id", "10", Trust.ASSIGNED), Identifier("email", "joann.lee@example.com", Trust.PROVEN)
    )
    canaries = ("ann.lee@example.com", "USER#1", "secret-of-ann", "city of ann")
    never = ("secret-of-ann", "joann")
    disclosed = ("city of ann 0", "city of ann 4", "theme of ann", "ticket of ann", "Ann Lee")

    def start(self) -> None:
        self.aws = AwsSandbox().__enter__()

    def stop(self) -> None:
        self.aws.__exit__(None, None, None)

    def settle(self) -> None:
        """The table is read consistently; what the index shows is looked up in it."""

    def plant(self) -> Mapping[str, int]:
        self.aws.reset()
        self.aws.dynamodb.empty_pages = True
        self.aws.dynamodb.batch = 3
        client = world.table(self.aws)
        world.table(self.aws, "tt-preferences", sort="", email="KEYS_ONLY")
        world.table(self.aws, "tt-tickets", sort="")
        for user, who in (("1", "ann"), ("10", "joann")):
            for n in range(5):
                profile = {"M": {"name": {"S": "Ann Lee"}}}
                item = {"city": f"city of {who} {n}", "token": f"secret-of-{who}", "profile": profile}
                world.put(self.aws, {"pk": f"USER#{user}", "sk": f"VISIT#{n}", **item})
                preference = {"pk": f"{who}-{n}", "email": f"{who}.lee@example.com", "theme": f"theme of {who}"}
                world.put(self.aws, preference, "tt-preferences")
                ticket = {"pk": f"t-{who}-{n}", "from": f"{who.title()}.Lee@example.com", "text": f"ticket of {who}"}
                world.put(self.aws, ticket, "tt-tickets")
        both = {"pk": "t-both", "from": {"SS": ["ann.lee@example.com", "joann.lee@example.com"]}, "text": "joann"}
        world.put(self.aws, both, "tt-tickets")
        recovery = {"PointInTimeRecoveryEnabled": True}
        client.update_continuous_backups(TableName=world.TABLE, PointInTimeRecoverySpecification=recovery)
        client.create_backup(TableName=world.TABLE, BackupName="monthly")
        return {"activity": 5, "preferences": 5, "tickets": 6, "backups": 2}

    def spec(self) -> SystemSpec:
        by_index = {"table": "tt-preferences", "indexes": {"email": "by-email"}}
        by_scan = {"table": "tt-tickets", "scan": ["from"]}
        sender = IdentitySpec("email", "from", Trust.PROVEN)
        seen = (FieldSpec("from", "A", Disclosure.DISCLOSE), FieldSpec("text", "F", Disclosure.DISCLOSE))
        return world.spec(
            self.aws,
            world.activity(),
            CollectionSpec("preferences", (world.BY_EMAIL,), fields=_PREFERENCES, options=by_index),
            CollectionSpec("tickets", (sender,), fields=seen, options=by_scan),
            page_size=2,
            timeout=2.5,
        )

    def spec_refused(self) -> SystemSpec:
        secrets = {"access_key_id": Secret("sandbox-revoked"), "secret_access_key": Secret("sandbox")}
        return replace(self.spec(), secrets=secrets)

    def untouched(self) -> object:
        held = [i for t in (world.TABLE, "tt-preferences", "tt-tickets") for i in world.stored(self.aws, t)]
        backups = self.aws.client("dynamodb").list_backups(TableName=world.TABLE)["BackupSummaries"]
        return [i for i in held if "joann" in str(i) or "USER#10" in str(i)], [b["BackupArn"] for b in backups]

    def fault(self, fault: Fault, after: int = 0, times: int = 1_000_000) -> AbstractContextManager[None]:
        return self.aws.faults.inject(fault, after=after, times=times)


TestDynamoDb = conformance(DynamoDbHarness)
