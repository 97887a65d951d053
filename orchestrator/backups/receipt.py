"""The receipt of a backup's deletion: signed like any other, and verified by the same command."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.backups import State
from connectors.model import Status
from orchestrator import canonical, receipt
from orchestrator.backups.model import BackupPlan, Proof
from orchestrator.intake import Intake
from orchestrator.model import Signed
from orchestrator.signing import envelope_bytes, verify
from orchestrator.workspace import private_file

EVIDENCE = {
    State.PURGED: "the vendor shows its file as purged",
    State.UNLISTED: "the vendor lists it no more; it has no word for what became of the file",
    State.DELETED: "the vendor accepted the deletion and does not show the file as purged yet",
}


def sign(
    desk: Intake, plan: BackupPlan, digest: str, approval: Signed, proof: Proof, begun: datetime, status: Status,
    state: State, final: bool,
) -> tuple[Path, Mapping[str, Any]]:  # fmt: skip
    """Sign what a run came to, unless the last receipt says the same. Returns the file and what it says."""
    workspace, journal = desk.workspace, desk.journal
    mine = [e for e in journal.entries(kind="backup_receipt") if e.payload["plan"] == digest]
    if mine:
        said = verify(mine[-1].payload["envelope"].encode(), workspace.public_keys)
        if (said["status"], said["state"], said["final"]) == (str(status), str(state), final):
            return _filed(desk, plan, len(mine), mine[-1].payload["envelope"].encode()), said
    who = workspace.vault.pseudonym
    payload = canonical.plain({
        "type": receipt.BACKUP, "company": desk.inventory.company, "issued": desk.now(),
        "mode": desk.inventory.approval,
        "system": plan.system, "sources": plan.sources, "backup": plan.backup, "plan": digest, "reason": plan.reason,
        "planned": {"by": who(plan.made_by), "at": plan.made_at},
        "proof": {
            "digest": canonical.digest(proof), "by": who(proof.by), "at": proof.at, "backup": proof.backup.title,
            "made": proof.backup.made, "sha256": proof.sha256, "bytes": proof.bytes, "tables": proof.tables,
            "rows": proof.rows, "live_rows": proof.live_rows,
        },
        "approved": {"by": who(approval.by), "at": approval.at, "signed": bool(approval.signature)},
        "begun": begun, "status": status, "state": state, "evidence": EVIDENCE[state], "final": final,
        "obligations": plan.ends, "journal": journal.head(),
    })  # fmt: skip
    envelope = envelope_bytes(workspace.signing_key.sign(payload))
    hashed = receipt.hash_of(envelope)
    told = {"plan": digest, "hash": hashed, "envelope": envelope.decode()}
    journal.append("", "backup_receipt", desk.actor.id, told, hashed)
    return _filed(desk, plan, len(mine) + 1, envelope), payload


def _filed(desk: Intake, plan: BackupPlan, number: int, envelope: bytes) -> Path:
    """The file, which can be written again from the journal at any time."""
    folder = desk.workspace.root / "receipts"
    name = re.sub(r"[^\w.-]", "-", plan.backup.title)
    private_file(folder / f"backup-{name}-{number}.json", envelope)
    private_file(folder / "receipt.pub.pem", desk.workspace.public_pem())
    return folder / f"backup-{name}-{number}.json"
