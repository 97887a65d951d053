"""The deletion of one backup: planned, proven by a test restore of a newer one, approved by a second person, read back.

A backup holds everybody, so that this belongs to no request; requests whose obligations it ends see it at their next
reading back. Nothing else that keeps copies is touched: no schedule, no point-in-time recovery, follower or fork.
"""

from __future__ import annotations

from orchestrator.backups.deleting import Backups
from orchestrator.backups.model import BackupPlan, Deletion, Ended, Listed, PlannedBackup, Proof

__all__ = ["BackupPlan", "Backups", "Deletion", "Ended", "Listed", "PlannedBackup", "Proof"]
