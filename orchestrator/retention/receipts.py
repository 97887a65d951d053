"""The receipt of a retention run: planned, removed and left, side by side; nobody is named and no case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator import canonical
from orchestrator.receipt import RETENTION as TYPE
from orchestrator.receipt import hash_of
from orchestrator.retention.model import RETENTION, RetentionPlan, RetentionStep
from orchestrator.retention.running import removed
from orchestrator.signing import envelope_bytes
from orchestrator.workspace import Workspace, private_file

HELD = "legal hold: kept to comply with law or to exercise or defend legal claims (Civ. Code 1798.145(a))"


def build(
    workspace: Workspace, made: RetentionPlan, digest: str, approved: Mapping[str, str], left: Mapping[str, int | None],
    troubles: Mapping[str, str], issued: Any, approvals: Sequence[Any],
) -> dict[str, Any]:  # fmt: skip
    """`approved`: step -> "plan" or the standing approval's id; `left`: what a new count finds, None if it failed."""
    counts = removed(workspace, digest)
    journal, pseudonym = workspace.journal, workspace.vault.pseudonym
    runs = sum(e.payload["plan"] == digest for e in journal.entries(RETENTION, "retention_begun"))
    before = [e.payload["hash"] for e in journal.entries(RETENTION, "retention_receipt")]

    def told(step: RetentionStep) -> dict[str, Any]:
        gone = counts[step.ref, step.collection]
        return {
            "system": step.system, "collection": step.collection, "action": step.action, "role": step.role,
            "counted_from": step.counted_from, "before": step.before, "basis": step.basis,
            "instruction": step.instruction, "rule": step.rule, "approval": approved.get(step.ref, ""),
            "planned": step.count, "removed": gone, "left": left.get(step.ref),
            # The one batch whose entry a crash kept from the journal shows here.
            "unaccounted": None if left.get(step.ref) is None else step.count - gone - (left[step.ref] or 0),
            "along": [{"collection": name, "planned": n, "removed": counts[step.ref, name]} for name, n in step.along],
            "held": step.held, "held_basis": HELD if step.held else "", "tied": step.tied,
            "partitions": step.partitions, "standing": _standing(step, left.get(step.ref), troubles, approved),
        }  # fmt: skip

    steps = [told(s) for s in made.steps]
    done = all(s["standing"] in ("done", "nothing_due") for s in steps if s["approval"])
    return dict(canonical.plain({
        "type": TYPE, "company": workspace.inventory.company, "issued": issued,
        "outcome": "complete" if done else "partial", "mode": workspace.inventory.approval,
        "plan": {"digest": digest, "made_at": made.made_at, "made_by": pseudonym(made.made_by), "runs": runs},
        "approvals": [
            {"by": pseudonym(a.by), "at": a.at, "purpose": a.purpose, "signed": bool(a.signature)} for a in approvals
        ],
        "steps": steps, "elsewhere": [{"what": what, "who": who} for what, who in made.elsewhere],
        "versions": {"inventory": made.inventory, "code": made.code},
        "previous": before[-1] if before else "", "journal": journal.head(),
    }))  # fmt: skip


def _standing(
    step: RetentionStep, left: int | None, troubles: Mapping[str, str], approved: Mapping[str, str]
) -> str:  # fmt: skip
    if step.stops:
        return "stopped"
    if not step.count:
        return "nothing_due"
    if step.ref not in approved:
        return "not_approved"
    if step.ref in troubles:
        return "cut_short"
    return "not_confirmed" if left is None else "done" if left == 0 else "left"


def sign(workspace: Workspace, payload: Mapping[str, Any], digest: str, by: str) -> str:
    """Keep and write it; the file's path."""
    envelope = envelope_bytes(workspace.signing_key.sign(payload))
    told = {"plan": digest, "hash": hash_of(envelope), "envelope": envelope.decode()}
    workspace.journal.append(RETENTION, "retention_receipt", by, told, told["hash"])
    number = len(list(workspace.journal.entries(RETENTION, "retention_receipt")))
    file = workspace.root / "receipts" / f"retention-{number}.json"
    private_file(file, envelope)
    private_file(file.parent / "receipt.pub.pem", workspace.public_pem())
    return str(file)
