"""Activity of the mobile app, its logs and a standby's snapshots: what DynamoDB, CloudWatch Logs and RDS hold."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from connectors.sandbox.aws.server import ACCOUNT
from connectors.sandbox.store import AmazonStore
from connectors.sandbox.training_tracker.crowd import person
from connectors.sandbox.training_tracker.people import PEOPLE, USERS, Person

ACTIVITY, DEVICES = "tt-activity", "tt-devices"
GROUP, STANDBY = "/aws/lambda/reports", "training-tracker-standby"
CROWD = range(31, USERS, 150)


class Tables(AmazonStore):
    """The store: DynamoDB, CloudWatch Logs and RDS."""

    def plant(self, now: datetime) -> None:
        self._items(now)
        self._lines()
        self._snapshots()

    def _items(self, now: datetime) -> None:
        dynamodb = self.aws.client("dynamodb")
        for name, sort in ((ACTIVITY, "sk"), (DEVICES, "")):
            dynamodb.create_table(**_table(name, sort))
        days = {"PointInTimeRecoveryEnabled": True}
        dynamodb.update_continuous_backups(TableName=ACTIVITY, PointInTimeRecoverySpecification=days)
        for who in (*PEOPLE, *map(person, CROWD)):
            for number in range(4):
                item = {"pk": f"USER#{who.user_id}", "sk": f"VISIT#{number}", "city": "Madison", "at": now.isoformat()}
                dynamodb.put_item(TableName=ACTIVITY, Item=_typed(item))
            device = {"pk": f"device-{who.user_id}", "email": who.email, "model": "Phone 8", "push": f"p-{who.user_id}"}
            dynamodb.put_item(TableName=DEVICES, Item=_typed(device))

    def _lines(self) -> None:
        logs = self.aws.client("logs")
        logs.create_log_group(logGroupName=GROUP)
        logs.put_retention_policy(logGroupName=GROUP, retentionInDays=30)
        for days in (1, 5, 20):
            for who in (*PEOPLE, *map(person, CROWD)):
                self.aws.logs.log(GROUP, f"report for {who.email} user_id={who.user_id}", days)

    def _snapshots(self) -> None:
        rds = self.aws.client("rds")
        rds.create_db_instance(
            DBInstanceIdentifier=STANDBY, DBInstanceClass="db.t4g.micro", Engine="postgres", AllocatedStorage=20,
            BackupRetentionPeriod=7, MasterUsername="tt", MasterUserPassword="sandbox-sandbox",
        )  # fmt: skip
        self.aws.rds.retain("DBInstance", STANDBY, 7)
        rds.create_db_snapshot(DBSnapshotIdentifier="before-the-move", DBInstanceIdentifier=STANDBY)

    def of(self, person: Person) -> object:
        """Items and lines; a snapshot is everybody's. The server dates lines by its own clock: only texts are told."""
        items = [i for name in (ACTIVITY, DEVICES) for i in self._stored(name) if _is_of(i, person)]
        pages = self.aws.client("logs").get_paginator("filter_log_events").paginate(logGroupName=GROUP)
        texts = [e["message"] for page in pages for e in page["events"]]
        return items, sorted(t for t in texts if t.endswith(f"{person.email} user_id={person.user_id}"))

    def _stored(self, table: str) -> list[dict[str, Any]]:
        from moto.dynamodb.models import dynamodb_backends

        held = dynamodb_backends[ACCOUNT][self.aws.region].tables[table].all_items()
        return sorted((item.to_json()["Attributes"] for item in held), key=str)


def _table(name: str, sort: str) -> dict[str, Any]:
    keys = [("pk", "HASH"), *([(sort, "RANGE")] if sort else [])]
    texts = ["pk", *([sort] if sort else ["email"])]
    made: dict[str, Any] = {
        "TableName": name,
        "KeySchema": [{"AttributeName": n, "KeyType": t} for n, t in keys],
        "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in texts],
        "BillingMode": "PAY_PER_REQUEST",
    }
    if not sort:
        made["GlobalSecondaryIndexes"] = [
            {
                "IndexName": "by-email",
                "KeySchema": [{"AttributeName": "email", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ]
    return made


def _typed(item: dict[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"S": value} for name, value in item.items()}


def _is_of(item: dict[str, Any], person: Person) -> bool:
    return item["pk"]["S"] in (f"USER#{person.user_id}", f"device-{person.user_id}")
