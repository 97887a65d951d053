"""The one deletion: never twice, never called done before it is, stopped by what comes at the last moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.backups import State
from connectors.errors import AuthError, TransientError
from connectors.model import Status
from connectors.sandbox.faults import Fault
from orchestrator.errors import HeldError, IncompleteError, PausedError
from orchestrator.pause import pause, resume
from orchestrator.service import Service
from tests.backups.desk import DATABASE, KEEPER, OLD, THE_ONE, WHY, Desk, at_the_call, deleting


@pytest.mark.parametrize("again", [404, 500])
@pytest.mark.parametrize("shown", ["listed", "alone", "nowhere"])
@pytest.mark.parametrize("purging", ["at once", "later", "never"])
def test_whatever_the_vendor_leaves_unsaid(desk: Desk, purging: str, shown: str, again: int) -> None:
    """Done is what is shown as purged, or is listed no more after a day; and it is asked for once."""
    data = desk.fake.data
    data.purging, data.deleted_shown, data.deleted_again = purging, shown, again
    desk.approved()
    runs = [desk.prover.delete_backup(OLD) for _ in range(2)]
    at_once = purging == "at once" and shown != "nowhere"
    assert [(r.status, r.final) for r in runs] == [(Status.DONE if at_once else Status.ACCEPTED, at_once)] * 2
    desk.fake.advance(timedelta(hours=23))
    early = desk.of("prover", datetime.now(UTC) + timedelta(hours=23)).delete_backup(OLD)
    assert early.final == (at_once or (purging == "later" and shown != "nowhere"))
    desk.fake.advance(timedelta(days=3))
    late = desk.of("prover", datetime.now(UTC) + timedelta(days=4)).delete_backup(OLD)
    assert late.final == (purging != "never" or shown == "nowhere")
    assert desk.deletions == [THE_ONE]


def test_a_vendor_that_says_yes_and_does_nothing_is_caught(desk: Desk) -> None:
    desk.approved()
    with desk.faults.inject(Fault.LYING, match=deleting), pytest.raises(IncompleteError, match="still has"):
        desk.prover.delete_backup(OLD)
    assert "backup_outcome" not in desk.kinds()
    assert "backup_receipt" not in desk.kinds()
    desk.fake.writes.clear()
    assert desk.prover.delete_backup(OLD).state is State.DELETED, "and is asked again"


def test_a_fault_before_the_effect_is_tried_again(desk: Desk) -> None:
    desk.approved()
    with desk.faults.inject(Fault.SERVER_ERROR, times=1, match=deleting):
        assert desk.prover.delete_backup(OLD).status is Status.ACCEPTED
    assert desk.deletions == [THE_ONE]


def test_an_answer_that_is_lost_is_not_asked_for_by_a_second_deletion(desk: Desk) -> None:
    desk.approved()
    with desk.faults.inject(Fault.CUT, times=1, match=deleting):
        done = desk.prover.delete_backup(OLD)
    assert (done.status, desk.deletions) == (Status.ACCEPTED, [THE_ONE])


def test_an_account_that_cannot_be_read_shows_nothing_to_be_gone(desk: Desk) -> None:
    desk.approved()
    desk.prover.delete_backup(OLD)
    before = desk.kinds()
    for fault in (Fault.SERVER_ERROR, Fault.TRUNCATED):
        with desk.faults.inject(fault), pytest.raises(TransientError):
            Service(desk.workspace, desk.prover.actor).delete_backup(OLD)
    assert desk.kinds() == before


def test_a_number_that_names_another_backup_by_now_is_not_deleted(desk: Desk) -> None:
    desk.approved()
    row = desk.row(OLD)
    row["uuid"] = "transfer-of-somebody-else"
    done = desk.prover.delete_backup(OLD)
    assert (done.status, desk.deletions) == (Status.ABSENT, [])


def test_what_somebody_else_deleted_is_not_said_to_be_ours(desk: Desk) -> None:
    desk.approved()
    row = desk.row(OLD)
    row["deleted_at"] = desk.fake.data.stamp(desk.fake.now)
    going = desk.prover.delete_backup(OLD)
    assert (going.status, going.final, going.receipt, desk.deletions) == (Status.ABSENT, False, None, [])
    desk.fake.data.transfers["training-tracker"].remove(row)
    gone = desk.prover.delete_backup(OLD)
    assert (gone.status, gone.final, gone.receipt) == (Status.ABSENT, True, None)
    assert "without us" in gone.reason


# The last moment


def looked_at(method: str, path: str) -> bool:
    return method == "GET" and path.endswith("/transfers/transfer-training-tracker-8")


@pytest.mark.parametrize("scope", [{"email": "x@example.net"}, {"organisation": "1"}, {"collection": KEEPER}], ids=str)
def test_a_hold_of_the_last_moment_stops_the_write(desk: Desk, scope: dict[str, str]) -> None:
    desk.approved()
    review = datetime.now(UTC) + timedelta(days=30)
    at_the_call(desk, looked_at, 2, lambda: desk.planner.place_hold("case 7", review, scope))
    with pytest.raises(HeldError, match="legal hold"):
        desk.prover.delete_backup(OLD)
    assert desk.deletions == []
    assert "backup_receipt" not in desk.kinds()


def test_a_restore_or_a_plan_of_the_last_moment_stops_the_write(desk: Desk) -> None:
    desk.approved()
    at_the_call(desk, looked_at, 2, lambda: desk.planner.plan_backup(OLD, "for another reason"))
    with pytest.raises(HeldError, match="newer plan"):
        desk.prover.delete_backup(OLD)
    digest = desk.planner.plan_backup(OLD, WHY).digest
    desk.approver.approve_backup(OLD, digest)
    at_the_call(desk, looked_at, 2, lambda: desk.planner.restored(DATABASE, datetime.now(UTC)))
    with pytest.raises(HeldError, match="dsr replay"):
        desk.prover.delete_backup(OLD)
    assert desk.deletions == []


def set_aside(desk: Desk, system: str) -> None:
    pause(desk.workspace.journal, "planner", "", frozenset({system}), system, "maintenance")


def test_a_system_that_is_set_aside_is_not_called(desk: Desk) -> None:
    desk.approved()
    set_aside(desk, DATABASE)
    with pytest.raises(PausedError):
        desk.prover.prove_backup()
    resume(desk.workspace.journal, "planner", "", frozenset({DATABASE}), DATABASE)
    at_the_call(desk, looked_at, 2, lambda: set_aside(desk, KEEPER))
    with pytest.raises(PausedError):
        desk.prover.delete_backup(OLD)
    for act in (desk.planner.backups, desk.prover.prove_backup, lambda: desk.prover.delete_backup(OLD)):
        with pytest.raises(PausedError, match="dsr resume --system app_db_backups"):
            act()
    assert desk.deletions == []


def test_what_was_stopped_and_then_went_without_us_is_not_said_to_be_ours(desk: Desk) -> None:
    desk.approved()
    review = datetime.now(UTC) + timedelta(days=30)
    at_the_call(desk, looked_at, 2, lambda: desk.planner.place_hold("case 7", review, {"organisation": "1"}))
    with pytest.raises(HeldError):
        desk.prover.delete_backup(OLD)
    desk.fake.data.transfers["training-tracker"].remove(desk.row(OLD))
    assert desk.prover.delete_backup(OLD).status is Status.ABSENT


def test_a_token_that_may_only_read_says_so(desk: Desk) -> None:
    desk.approved()
    inner = desk.faults.app

    def reading_only(environ: Any, start: Any) -> Any:
        if environ["REQUEST_METHOD"] == "DELETE":
            start("403 Forbidden", [("Content-Type", "application/json")])
            return [b"{}"]
        return inner(environ, start)

    desk.faults.app = reading_only
    try:
        with pytest.raises(AuthError, match="deleting a backup: not allowed"):
            desk.prover.delete_backup(OLD)
    finally:
        desk.faults.app = inner
    assert desk.deletions == []
