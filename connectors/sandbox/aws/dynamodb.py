"""What moto gets wrong or lacks about DynamoDB, put right before moto sees the call.

Sources: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html (25 requests),
.../API_TransactWriteItems.html (a token with other parameters), .../API_Scan.html (segments),
.../API_ListBackups.html (pages; without those of AWS Backup), .../API_ListExports.html,
.../API_DescribeKinesisStreamingDestination.html,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html (empty pages),
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html (eventual consistency).
"""

from __future__ import annotations

import copy
import json
import time
import zlib
from collections.abc import Mapping
from typing import Any

from connectors.sandbox.aws.json_service import Answer, JsonService, Moto, Refused, paged
from connectors.sandbox.aws.server import ACCOUNT, REGION

_TOKEN = "sandbox page "


class DynamoDbCorrections(JsonService):
    """Switches: `empty_pages`: every page of a query or scan is preceded by an empty one that is not the last.
    `batch`: how many keys BatchGetItem processes. `replicas`: table -> regions. `kinesis`: table -> streams.
    `lag(table)` freezes the table's indexes as they are. `expiring(table, until)` adds a backup with an end."""

    target = "DynamoDB_20120810"
    writes = frozenset({"DeleteItem", "UpdateItem", "PutItem", "BatchWriteItem", "TransactWriteItems"})

    def reset(self) -> None:
        super().reset()
        self.empty_pages = False
        self.batch = 100
        self.backups_per_page = 100
        self.replicas: dict[str, list[str]] = {}
        self.kinesis: dict[str, list[str]] = {}
        self._frozen: dict[str, Any] = {}
        self._begun: dict[str, Any] = {}
        self._transactions: dict[str, str] = {}
        self._exports: list[dict[str, Any]] = []
        self._expiring: list[dict[str, Any]] = []

    def lag(self, table: str) -> None:
        self._frozen[table] = copy.deepcopy(_table(table).items)

    def expiring(self, table: str, until: float) -> None:
        arn = f"{_table(table).table_arn}/backup/0{len(self._expiring)}-sandbox"
        self._expiring.append({
            "TableName": table, "BackupArn": arn, "BackupName": f"{table}$DeletedTableBackup", "BackupType": "SYSTEM",
            "BackupStatus": "AVAILABLE", "BackupCreationDateTime": time.time(), "BackupExpiryDateTime": until,
        })  # fmt: skip

    def Query(self, asked: Answer, moto: Moto) -> Answer:  # noqa: N802 (operations are named as Amazon does)
        frozen = self._frozen.get(asked["TableName"]) if "IndexName" in asked else None
        if frozen is None:
            return self._paging(asked, moto)
        table = _table(asked["TableName"])
        now, table.items = table.items, frozen
        try:
            return self._paging(asked, moto)
        finally:
            table.items = now

    def Scan(self, asked: Answer, moto: Moto) -> Answer:  # noqa: N802
        segment, segments = asked.pop("Segment", None), asked.pop("TotalSegments", 1)
        answer = self._paging(asked, moto)
        if segment is not None:
            answer["Items"] = [i for i in answer["Items"] if _hash(i) % segments == segment]
            answer["Count"] = len(answer["Items"])
        return answer

    def _paging(self, asked: Answer, moto: Moto) -> Answer:
        if not self.empty_pages:
            return moto(asked)
        given = asked.get("ExclusiveStartKey")
        token = next(iter(given.values())).get("S", "") if given else ""
        if not token.startswith(_TOKEN):
            token = f"{_TOKEN}{len(self._begun)}"
            self._begun[token] = given
            return {"Items": [], "Count": 0, "ScannedCount": 7, "LastEvaluatedKey": {"pk": {"S": token}}}
        begun = self._begun[token]
        rest = {k: v for k, v in asked.items() if k != "ExclusiveStartKey"}
        return moto({**rest, "ExclusiveStartKey": begun} if begun else rest)

    def BatchGetItem(self, asked: Answer, moto: Moto) -> Answer:  # noqa: N802
        left = {}
        for name, wanted in asked["RequestItems"].items():
            if rest := wanted["Keys"][self.batch :]:
                left[name] = {**wanted, "Keys": rest}
                asked["RequestItems"][name] = {**wanted, "Keys": wanted["Keys"][: self.batch]}
        answer = moto(asked)
        answer["UnprocessedKeys"] = left or answer.get("UnprocessedKeys", {})
        return answer

    def BatchWriteItem(self, asked: Answer, moto: Moto) -> Answer:  # noqa: N802
        if sum(len(requests) for requests in asked["RequestItems"].values()) > 25:
            raise Refused("ValidationException", "Too many items requested for the BatchWriteItem call")
        return moto(asked)

    def TransactWriteItems(self, asked: Answer, moto: Moto) -> Answer:  # noqa: N802
        token, payload = asked.get("ClientRequestToken", ""), json.dumps(asked, sort_keys=True)
        if token and self._transactions.setdefault(token, payload) != payload:
            raise Refused("IdempotentParameterMismatchException")
        return moto(asked)

    def DescribeTable(self, asked: Answer, moto: Moto) -> Answer:  # noqa: N802
        answer = moto(asked)
        regions = self.replicas.get(asked["TableName"], [])
        answer["Table"]["Replicas"] = [{"RegionName": r, "ReplicaStatus": "ACTIVE"} for r in regions]
        return answer

    def DescribeKinesisStreamingDestination(self, asked: Answer, moto: Moto) -> Answer:  # noqa: N802
        streams = self.kinesis.get(asked["TableName"], [])
        told = [{"StreamArn": arn, "DestinationStatus": "ACTIVE"} for arn in streams]
        return {"TableName": asked["TableName"], "KinesisDataStreamDestinations": told}

    def ListBackups(self, asked: Answer, moto: Moto) -> Answer:  # noqa: N802
        name = asked.get("TableName")
        there = moto({k: v for k, v in asked.items() if k == "TableName"})["BackupSummaries"]
        rows = [*there, *(b for b in self._expiring if name in (None, b["TableName"]))]
        arns = [b["BackupArn"] for b in rows]
        start = arns.index(asked["ExclusiveStartBackupArn"]) + 1 if "ExclusiveStartBackupArn" in asked else 0
        page = rows[start : start + min(asked.get("Limit", 100), self.backups_per_page)]
        more = start + len(page) < len(rows)
        return {"BackupSummaries": page, **({"LastEvaluatedBackupArn": page[-1]["BackupArn"]} if more else {})}

    def ExportTableToPointInTime(self, asked: Answer, moto: Moto) -> Answer:  # noqa: N802
        arn = f"{asked['TableArn']}/export/0{len(self._exports)}-sandbox"
        made = {"ExportArn": arn, "ExportStatus": "COMPLETED", "ExportType": "FULL_EXPORT"}
        self._exports.append({**made, "TableArn": asked["TableArn"], "ExportTime": time.time()})
        return {"ExportDescription": {**made, "TableArn": asked["TableArn"], "S3Bucket": asked["S3Bucket"]}}

    def ListExports(self, asked: Answer, moto: Moto) -> Answer:  # noqa: N802
        rows = [e for e in self._exports if asked.get("TableArn") in (None, e["TableArn"])]
        page, following = paged(rows, asked.get("NextToken", ""), min(asked.get("MaxResults", 25), 25))
        told = [{k: v for k, v in e.items() if k not in ("TableArn", "ExportTime")} for e in page]
        return {"ExportSummaries": told, **({"NextToken": following} if following else {})}

    def DescribeExport(self, asked: Answer, moto: Moto) -> Answer:  # noqa: N802
        return {"ExportDescription": next(e for e in self._exports if e["ExportArn"] == asked["ExportArn"])}


def _table(name: str) -> Any:
    from moto.dynamodb.models import dynamodb_backends

    return dynamodb_backends[ACCOUNT][REGION].tables[name]


def _hash(item: Mapping[str, Any]) -> int:
    """Where a parallel scan puts an item: its partition, whatever it is hashed by."""
    return zlib.crc32(json.dumps(next(iter(item.values()))).encode())
