"""Recovery points of AWS Backup, which the services' own lists of backups do not show.

They are only read. A deletion of one without the permission answers 200 and deletes nothing
(https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DeleteRecoveryPoint.html).
Sources: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_ListRecoveryPointsByResource.html,
https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DescribeRecoveryPoint.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.aws.answers import call, rows
from connectors.aws.backups import Copy
from connectors.aws.session import member

_GONE = frozenset({"ResourceNotFoundException"})

_DATED = (
    "recovery points of AWS Backup hold everybody and expire by their lifecycle; they are never deleted for one person"
)
_UNDATED = (
    "recovery points of AWS Backup without an end: give them a lifecycle in their backup plan or vault, or note until "
    "when they are needed; after any restore run the erasures again before the data is used"
)


def recovery_points(system: str, backup: Any, resource: str, held: datetime) -> Iterator[Copy]:
    """The recovery points of a resource (an ARN) that hold a state from before `held`.

    Raises `connectors.errors`; never yields less than there are.
    """
    doing = "backup:ListRecoveryPointsByResource"
    listing = backup.list_recovery_points_by_resource
    for point in rows(system, doing, listing, "RecoveryPoints", ResourceArn=resource):
        if (found := _described(system, backup, point, held)) is not None:
            yield found


def _described(system: str, backup: Any, point: dict[str, Any], held: datetime) -> Copy | None:
    doing = "backup:DescribeRecoveryPoint"
    arn = point["RecoveryPointArn"]
    asked = {"BackupVaultName": point["BackupVaultName"], "RecoveryPointArn": arn}
    said = call(system, doing, backup.describe_recovery_point, _GONE, **asked)
    if said is None:
        return None  # it expired since it was listed
    member(system, said, "RecoveryPointArn", doing)
    made = said.get("CreationDate")
    until = said.get("CalculatedLifecycle", {}).get("DeleteAt")
    days = said.get("Lifecycle", {}).get("DeleteAfterDays")
    if ":continuous:" in arn and days:  # it goes on recording: every state can be restored for so many days
        until, made = held + timedelta(days=days), None
        if until <= datetime.now(UTC):
            return None
    if made is not None and made > held:
        return None
    return Copy("AWS Backup", _DATED, until, made) if until else Copy("AWS Backup without an end", _UNDATED, None, made)
