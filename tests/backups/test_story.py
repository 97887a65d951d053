"""One backup goes before its time, from a request that it keeps open to the receipt that closes it."""

from __future__ import annotations

import copy
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from connectors.backups import State
from connectors.model import Status
from orchestrator.model import Level, Right
from orchestrator.receipt import BACKUP, verify_file
from tests.backups.desk import NEWEST, OLD, WHY, Desk


def test_one_backup_from_the_obligation_to_the_receipt(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    people = desk.sandbox.people
    planner, approver = desk.planner, desk.approver
    request = planner.new_request(Right.DELETE, [("email", people.subject.email)], "email")
    method, why = "reply from the address on file", "the address is confirmed at every sign-in"
    planner.verify(request, Level.REASONABLY_HIGH, method, ["email"], ["email"], why)
    approver.approve(request, planner.plan(request).digest)
    planner.run(request)
    standing = {s["collection"]: s["standing"] for s in planner.run(request).payload["steps"]}
    assert standing["manual_backups"] == "by_hand"

    rows = {r.backup.title: r for r in planner.backups()}
    assert rows[NEWEST].why[0].endswith("it stays")
    assert (rows[OLD].why, rows[OLD].backup.until) == ((), None)
    planned = planner.plan_backup(OLD, WHY)
    assert [(e.request, e.collection, e.left) for e in planned.plan.ends] == [(request, "manual_backups", 0)]
    assert (planned.proof, len(planned.missing)) == (None, 1)
    proof = desk.prover.prove_backup()
    assert (proof.good, proof.backup.title, proof.tables > 40, proof.bytes > 1_000_000) == (True, NEWEST, True, True)
    assert 0.9 < proof.rows / proof.live_rows < 1.1
    others = copy.deepcopy([t for t in desk.fake.data.transfers["training-tracker"] if t["num"] != 8])
    approver.approve_backup(OLD, planned.digest)

    first = desk.prover.delete_backup(OLD)
    assert (first.status, first.state, first.final) == (Status.ACCEPTED, State.DELETED, False), "a yes is no purge"
    assert desk.deletions == ["/client/v11/apps/training-tracker/transfers/8"]
    again = desk.prover.delete_backup(OLD)
    assert (again.receipt, again.status) == (first.receipt, Status.ACCEPTED), "nothing new to sign"
    desk.fake.advance(timedelta(days=1))
    approver.rotate_signing_key()
    last = desk.prover.delete_backup(OLD)
    assert (last.status, last.state, last.final) == (Status.DONE, State.PURGED, True)
    assert len(desk.deletions) == 1
    left = [t for t in desk.fake.data.transfers["training-tracker"] if t["num"] != 8]
    assert {t["uuid"]: t["purged_at"] for t in left} == {t["uuid"]: None for t in others}, "and no other one is touched"

    for done, number in ((first, 1), (last, 2)):
        assert done.receipt is not None
        assert done.receipt.name == f"backup-training-tracker-b008-{number}.json"
        said = verify_file(done.receipt, desk.workspace.public_keys)
        assert (said["final"], said["obligations"]) == (
            number == 2,
            [{"request": request, "collection": "manual_backups", "left": 0}],
        )
        assert len({said[who]["by"] for who in ("planned", "proof", "approved")}) == 3
        assert said["proof"]["sha256"] == proof.sha256
    standing = {s["collection"]: s["standing"] for s in planner.run(request).payload["steps"]}
    assert standing["manual_backups"] == "gone", "its next reading back ends the obligation"
    desk.workspace.journal.verify()
    _nothing_shows(desk, caplog.text)


def test_the_page_for_auditors_knows_such_a_receipt() -> None:
    assert f'"{BACKUP}"' in (files("orchestrator.pages") / "verify.html").read_text()


def _nothing_shows(desk: Desk, log: str) -> None:
    """Neither who is inside, nor the vendor's credentials, nor the address at which the file was."""
    journal = "".join(repr(e.payload) for e in desk.workspace.journal.entries(""))
    kept = b"".join(p.read_bytes() for p in Path(desk.folder / "state" / "receipts").iterdir())
    for canary in (desk.sandbox.people.subject.email, "p5andbox", "Amz-Signature", "sandbox:sandbox", "HRKU"):
        assert canary not in log + journal
        assert canary.encode() not in kept
