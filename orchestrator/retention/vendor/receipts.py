"""The receipt of changed settings: planned, applied and read back, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from orchestrator import canonical
from orchestrator.model import Signed
from orchestrator.receipt import SETTINGS as TYPE
from orchestrator.retention.model import RETENTION
from orchestrator.retention.vendor.model import VendorPlan, VendorStep
from orchestrator.workspace import Workspace


def build(
    workspace: Workspace, made: VendorPlan, digest: str, after: Mapping[str, str], troubles: Mapping[str, str],
    issued: datetime, approvals: Sequence[Signed],
) -> dict[str, Any]:  # fmt: skip
    """`after`: what was read back of every step that was applied."""
    journal, pseudonym = workspace.journal, workspace.vault.pseudonym
    before = [e.payload["hash"] for e in journal.entries(RETENTION, "retention_receipt")]

    def told(step: VendorStep) -> dict[str, Any]:
        setting = step.setting
        return {
            "system": step.system, "collection": step.collection, "days": step.days, "basis": step.basis,
            "rule": step.rule, "setting": setting.what if setting else "", "was": setting.now if setting else "",
            "wanted": setting.wanted if setting else "", "is": after.get(step.ref, ""),
            "also": setting.also if setting else (), "standing": _standing(step, after, troubles),
        }  # fmt: skip

    return dict(canonical.plain({
        "type": TYPE, "company": workspace.inventory.company, "issued": issued,
        "outcome": "complete" if all(s.ref in after for s in made.to_do) else "partial",
        "mode": workspace.inventory.approval,
        "plan": {"digest": digest, "made_at": made.made_at, "made_by": pseudonym(made.made_by)},
        "approvals": [
            {"by": pseudonym(a.by), "at": a.at, "purpose": a.purpose, "signed": bool(a.signature)} for a in approvals
        ],
        "steps": [told(s) for s in made.steps],
        "versions": {"inventory": made.inventory, "code": made.code},
        "previous": before[-1] if before else "", "journal": journal.head(),
    }))  # fmt: skip


def _standing(step: VendorStep, after: Mapping[str, str], troubles: Mapping[str, str]) -> str:
    if step.setting is None:
        return "by_hand"
    if step.ref in after:
        return "applied"
    if step.ref in troubles:
        return "failed"
    return "fits" if step.setting.fits else "by_hand" if step.setting.by_hand else "stopped"
