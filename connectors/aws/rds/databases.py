"""The copies of one database in one region: automated backups, snapshots, exports, recovery points.

Sources: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.html (1-35 days),
.../USER_WorkingWithAutomatedBackups.Retaining.html (those of a deleted database expire as they would have),
.../USER_ManagingManualBackups.html (manual snapshots do not expire), .../USER_ShareSnapshot.html,
.../USER_ExportSnapshot.html, https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Managing.Backtrack.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.aws.answers import call, rows
from connectors.aws.backups import Copy
from connectors.aws.rds.shapes import Shape
from connectors.aws.recovery_points import recovery_points
from connectors.aws.session import member

# The beginning of the window is restored from the daily snapshot before it, which stays for that.
_DAILY = timedelta(days=1)
_AUTOMATED = (
    "automated backups hold everybody and expire with the retention period; they are never deleted for one person; "
    "after any restore run the erasures again before the database is used"
)
_MANUAL = (
    "manual snapshots never expire and hold everybody: delete each that is not needed any more, or note until when it "
    "is; after any restore run the erasures again before the database is used"
)
_SHARED = (
    "snapshots are shared with other accounts, which may have copied them: stop the sharing, and have those accounts "
    "delete their copies or say until when they keep them"
)
_PUBLIC = "a snapshot is public: anybody may have copied it. Stop that at once, and treat it as a disclosure"
_EXPORTED = "snapshots were exported into S3 buckets: delete the files, or note when the buckets' lifecycle ends them"
_BACKTRACK = "the cluster can be set back within its backtrack window; after that run the erasures again"


@dataclass(frozen=True, slots=True)
class Database:
    """One DB instance or cluster, by its identifier, in one region."""

    system: str
    shape: Shape
    name: str
    region: str
    rds: Any = field(repr=False)
    backup: Any = field(repr=False)
    page_size: int

    def described(self) -> dict[str, Any] | None:
        """None if there is no such database (any more)."""
        doing, verb = f"rds:{self.shape.described} {self.name}", getattr(self.rds, self.shape.describe)
        answer = call(self.system, doing, verb, self.shape.missing, **{self.shape.identifier: self.name})
        if answer is None:
            return None
        found: list[dict[str, Any]] = member(self.system, answer, self.shape.described, doing)
        return found[0] if found else None

    def copies(self, held: datetime) -> tuple[bool, list[Copy]]:
        """Whether the name is known here at all, and the copies that hold a state from before `held`."""
        said = self.described()
        snapshots = list(self._listed(self.shape.snapshots, self.shape.listed, {self.shape.identifier: self.name}))
        automated = list(self._listed(self.shape.automated, self.shape.retained, {self.shape.identifier: self.name}))
        manual = [s for s in snapshots if s.get("SnapshotType") == "manual" and _made(s) <= held]
        found = [
            *self._automated(said, automated, held),
            *(Copy("manual snapshots", _MANUAL, None, _made(s)) for s in manual),
            *(copy for s in manual for copy in self._shared(s)),
            *self._exports(said, snapshots, held),
        ]
        if arn := self._arn(said, snapshots, automated):
            found += recovery_points(self.system, self.backup, arn, held)
        return bool(said or snapshots or automated), found

    def _automated(
        self, said: dict[str, Any] | None, automated: list[dict[str, Any]], held: datetime
    ) -> Iterator[Copy]:
        now = datetime.now(UTC)
        for backup in automated:
            window = backup.get("RestoreWindow", {})
            last = held if backup.get("Status") != "retained" else min(held, window.get("LatestTime", held))
            until = last + timedelta(days=backup.get("BackupRetentionPeriod", 35)) + _DAILY
            if until > now and window.get("EarliestTime", last) - _DAILY <= last:
                yield Copy("automated backups", _AUTOMATED, until, window.get("EarliestTime"))
        seconds = (said or {}).get("BacktrackWindow") or 0
        if seconds and held + timedelta(seconds=seconds) > now:
            yield Copy("backtrack", _BACKTRACK, held + timedelta(seconds=seconds))

    def _shared(self, snapshot: dict[str, Any]) -> Iterator[Copy]:
        doing = "rds: reading with whom a snapshot is shared"
        outer, inner = self.shape.attribute_list
        asked = {self.shape.snapshot: snapshot[self.shape.snapshot]}
        answer = call(self.system, doing, getattr(self.rds, self.shape.attributes), **asked)
        for attribute in member(self.system, member(self.system, answer, outer, doing), inner, doing):
            accounts = attribute.get("AttributeValues", []) if attribute["AttributeName"] == "restore" else []
            if "all" in accounts:
                yield Copy("public snapshots", _PUBLIC, None, _made(snapshot))
            elif accounts:
                yield Copy("shared snapshots", _SHARED, None, _made(snapshot))

    def _exports(self, said: dict[str, Any] | None, snapshots: list[dict[str, Any]], held: datetime) -> Iterator[Copy]:
        """Exports of this database or its snapshots; also of a snapshot that is gone and could have been its."""
        own = {s[self.shape.snapshot_arn] for s in snapshots} | {(said or {}).get(self.shape.arn)}
        for task in self._listed("describe_export_tasks", "ExportTasks", {}):
            made = task.get("SnapshotTime") or task.get("TaskStartTime")
            failed = str(task.get("Status", "")).upper() in ("FAILED", "CANCELED")
            if not failed and (made is None or made <= held) and self._could_be(task["SourceArn"], own):
                yield Copy("exports", _EXPORTED, None, made)

    def _could_be(self, arn: str, own: set[Any]) -> bool:
        """Whether an export is of this database, or nobody can say any more."""
        if arn in own:
            return True
        kind, name = arn.split(":", 6)[5:7]
        if kind != ("snapshot" if self.shape.kind == "db" else "cluster-snapshot"):
            return False
        doing, verb = "rds: looking for an exported snapshot", getattr(self.rds, self.shape.snapshots)
        return call(self.system, doing, verb, self.shape.snapshot_missing, **{self.shape.snapshot: name}) is None

    def _arn(
        self, said: dict[str, Any] | None, snapshots: list[dict[str, Any]], automated: list[dict[str, Any]]
    ) -> str:
        """The database's own ARN, also where only its backups are left."""
        for there in (said or {}, *automated):
            if there.get(self.shape.arn):
                return str(there[self.shape.arn])
        for snapshot in snapshots:
            return ":".join([*snapshot[self.shape.snapshot_arn].split(":")[:5], self.shape.kind, self.name])
        return ""

    def _listed(self, verb: str, what: str, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """All pages of a listing."""
        asked = {**asked, "MaxRecords": self.page_size}
        return rows(self.system, f"rds: listing {what}", getattr(self.rds, verb), what, "Marker", **asked)


def _made(snapshot: dict[str, Any]) -> datetime:
    """When the state was taken; a copy bears the time of its original, and that of copying."""
    found = snapshot.get("OriginalSnapshotCreateTime") or snapshot.get("SnapshotCreateTime")
    return found if isinstance(found, datetime) else datetime.min.replace(tzinfo=UTC)  # not finished yet
