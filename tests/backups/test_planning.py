"""Plans and approvals: what may not be planned, and who may not approve."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.sandbox.world import Sandbox
from orchestrator import canonical
from orchestrator.errors import InventoryError, NotAllowedError, UnknownError
from orchestrator.inventory import Inventory
from orchestrator.model import Signed
from tests.backups.desk import DATABASE, KEEPER, NEWEST, OLD, POWERS, WHY, Desk

STAGING = "training-tracker-staging"
REVIEW = datetime(2020, 1, 1, tzinfo=UTC)  # long past: a hold lasts until it is released


def later(hours: float) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)


def test_the_newest_backup_is_not_planned_to_go(desk: Desk) -> None:
    with pytest.raises(NotAllowedError, match="it stays"):
        desk.planner.plan_backup(NEWEST, WHY)
    assert desk.kinds() == []


@pytest.mark.parametrize("name", ["postgresql-oval-20112", "postgresql-round-50432", "c009", "r009", "b001", "fax"])
def test_what_is_no_backup_has_no_plan(desk: Desk, name: str) -> None:
    """A follower, the database itself, a copy, a restore, a scheduled one by another's name."""
    desk.fake.data.take("training-tracker", 1, to="IVORY")
    with pytest.raises(UnknownError, match="Point-in-time recovery, followers, forks"):
        desk.planner.plan_backup(name, WHY)
    assert desk.fake.writes == []


def test_a_backup_of_another_database_has_no_plan(desk: Desk) -> None:
    data = desk.fake.data
    data.take(STAGING, 20)
    data.take(STAGING, 10)
    data.take("training-tracker", 50, from_url="postgres://u:p5andbox@gone.db.example.com:5432/d9")
    data.take("training-tracker", 51, from_url=None)
    desk.fake.addon("training-tracker", "postgresql-wide-1010", "heroku-postgresql:advanced-beta", as_="WIDE")
    data.take("training-tracker", 52, from_name="WIDE", from_url=data.address("postgresql-wide-1010"))
    says = {"b009": "cannot be told", "b010": "cannot be told", "b011": "advanced tier"}
    for name, why in {f"{STAGING}/b002": "no system of the inventory searches", **says}.items():
        with pytest.raises(NotAllowedError, match=why):
            desk.planner.plan_backup(name, WHY)


def test_a_plan_says_why_and_names_nobody(desk: Desk) -> None:
    with pytest.raises(NotAllowedError, match="say why"):
        desk.planner.plan_backup(OLD, " ")
    with pytest.raises(NotAllowedError, match="e-mail address"):
        desk.planner.plan_backup(OLD, "ann.lee@example.com asked for it")
    assert desk.kinds() == []
    made = desk.planner.plan_backup("b008", WHY)
    assert (made.plan.backup.title, made.plan.sources, made.plan.reason) == (OLD, (DATABASE,), WHY)


def test_planning_writes_nothing(desk: Desk) -> None:
    desk.faults.calls.clear()
    desk.planner.plan_backup(OLD, WHY)
    assert {method for method, _ in desk.faults.calls} == {"GET"}


# One person is not enough


def single(held: Inventory) -> Inventory:
    return replace(held, approval="single_person")


def test_in_single_person_mode_it_cannot_be_done(sandbox: Sandbox, tmp_path: Path) -> None:
    desk = Desk(sandbox, tmp_path, single)
    for act in (
        lambda: desk.planner.plan_backup(OLD, WHY),
        lambda: desk.approver.approve_backup(OLD, "sha256:1"),
    ):
        with pytest.raises(NotAllowedError, match=r"takes a second approver.*single_person.*four_eyes") as told:
            act()
        assert told.value.exit_code == 5
    assert desk.prover.prove_backup().good, "that a backup can be restored is good to know in any case"
    assert desk.planner.backups()
    desk.workspace.close()


def test_what_was_approved_by_two_is_not_carried_out_once_one_is_enough(desk: Desk) -> None:
    desk.approved()
    desk.workspace.inventory = single(desk.workspace.inventory)
    with pytest.raises(NotAllowedError, match="second approver"):
        desk.of("prover").delete_backup(OLD)


@pytest.mark.parametrize(("who", "says"), [("planner", "made the plan"), ("prover", "proved the newer backup")])
def test_whoever_planned_or_proved_does_not_approve(desk: Desk, who: str, says: str) -> None:
    digest = desk.planner.plan_backup(OLD, WHY).digest
    desk.as_if_proven()
    with pytest.raises(NotAllowedError, match=says):
        desk.of(who).approve_backup(OLD, digest)
    with pytest.raises(NotAllowedError, match="no valid approval"):
        desk.prover.delete_backup(OLD)


def test_whoever_proved_besides_may_approve_on_somebody_elses_proof(desk: Desk) -> None:
    digest = desk.planner.plan_backup(OLD, WHY).digest
    desk.as_if_proven()
    desk.as_if_proven("approver")
    assert desk.approver.approve_backup(OLD, digest).by == "approver"
    assert desk.planner.delete_backup(OLD).payload["proof"]["by"] == desk.workspace.vault.pseudonym("prover")


def test_nobody_approves_without_a_proof_or_another_plan_than_the_current(desk: Desk) -> None:
    digest = desk.planner.plan_backup(OLD, WHY).digest
    with pytest.raises(NotAllowedError, match="dsr backup prove"):
        desk.approver.approve_backup(OLD, digest)
    desk.as_if_proven()
    newer = desk.planner.plan_backup(OLD, "for another reason").digest
    with pytest.raises(NotAllowedError, match=newer):
        desk.approver.approve_backup(OLD, digest)
    with pytest.raises(UnknownError, match="has no plan"):
        desk.approver.approve_backup("training-tracker/a003", digest)


@pytest.mark.parametrize("forged", ["unsigned", "signed by the planner", "of another purpose", "may not approve"])
def test_an_approval_that_is_none(desk: Desk, forged: str) -> None:
    digest = desk.planner.plan_backup(OLD, WHY).digest
    proof = f"proof {canonical.digest(desk.as_if_proven())}"
    by, now = desk.approver.actor, datetime.now(UTC)
    decision = by.sign("delete_backup", digest, now, proof)
    if forged == "unsigned":
        decision = replace(decision, signature="")
    elif forged == "signed by the planner":
        decision = replace(desk.planner.actor.sign("delete_backup", digest, now, proof), by=by.id)
    elif forged == "of another purpose":
        decision = by.sign("approve", digest, now, proof)
    else:
        held = desk.workspace.inventory
        less = [replace(p, may=POWERS - {"approve"}) if p.id == by.id else p for p in held.staff]
        desk.workspace.inventory = replace(held, staff=tuple(less))
    desk.workspace.journal.append("", "backup_approved", by.id, canonical.plain(decision))
    with pytest.raises(NotAllowedError, match="no valid approval"):
        desk.of("prover").delete_backup(OLD)


def test_an_approval_covers_the_plan_and_the_proof(desk: Desk) -> None:
    digest = desk.approved()
    (entry,) = desk.workspace.journal.entries(kind="backup_approved")
    decision = canonical.decode(Signed, entry.payload)
    (proof,) = desk.workspace.journal.entries(kind="backup_proved")
    assert (decision.digest, decision.reason) == (digest, f"proof {canonical.digest(proof.payload['proof'])}")


@pytest.mark.parametrize("what", ["plan", "prove", "approve", "run"])
def test_everybody_does_what_they_may(sandbox: Sandbox, tmp_path: Path, what: str) -> None:
    powers = {"plan": "plan", "prove": "run", "approve": "approve", "run": "run"}

    def less(held: Inventory) -> Inventory:
        staff = [replace(p, may=POWERS - {powers[what]}) if p.id == "planner" else p for p in held.staff]
        return replace(held, staff=tuple(staff))

    desk = Desk(sandbox, tmp_path, less)
    acts: dict[str, Callable[[], object]] = {
        "plan": lambda: desk.planner.plan_backup(OLD, WHY), "prove": desk.planner.prove_backup,
        "approve": lambda: desk.planner.approve_backup(OLD, ""), "run": lambda: desk.planner.delete_backup(OLD),
    }  # fmt: skip
    with pytest.raises(NotAllowedError, match=f"planner may not {powers[what]}"):
        acts[what]()
    desk.workspace.close()


# Holds and restores


def holds(desk: Desk, scope: dict[str, str]) -> str:
    return desk.planner.place_hold("case 7", REVIEW, scope).id


SCOPES = [
    {"email": "nobody.here@example.net"},
    {"organisation": "1"},
    {"collection": DATABASE},
    {"collection": f"{KEEPER}/rollback"},
]


@pytest.mark.parametrize("scope", SCOPES, ids=lambda s: next(iter(s)))
def test_a_hold_stops_plan_approval_and_run_until_it_is_released(desk: Desk, scope: dict[str, str]) -> None:
    digest = desk.planner.plan_backup(OLD, WHY).digest
    desk.as_if_proven()
    desk.approver.approve_backup(OLD, digest)
    hold = holds(desk, scope)
    for act in (
        lambda: desk.planner.plan_backup(OLD, WHY),
        lambda: desk.approver.approve_backup(OLD, digest),
        lambda: desk.prover.delete_backup(OLD),
    ):
        with pytest.raises(NotAllowedError, match=hold):
            act()
    assert desk.deletions == []
    desk.planner.release_hold(hold)
    desk.prover.delete_backup(OLD)
    assert len(desk.deletions) == 1


def test_a_hold_on_what_is_not_inside_stops_nothing(desk: Desk) -> None:
    holds(desk, {"collection": "files/uploads"})
    assert desk.planner.plan_backup(OLD, WHY)


def test_a_database_that_was_restored_keeps_its_backups(desk: Desk) -> None:
    desk.approved()
    desk.prover.restored(DATABASE, datetime.now(UTC))
    for act in (lambda: desk.planner.plan_backup(OLD, WHY), lambda: desk.prover.delete_backup(OLD)):
        with pytest.raises(NotAllowedError, match="finish its replay first"):
            act()
    assert desk.deletions == []


# What makes an approved plan void


def test_a_newer_plan_voids_the_approval(desk: Desk) -> None:
    desk.approved()
    desk.planner.plan_backup(OLD, "for another reason")
    with pytest.raises(NotAllowedError, match="no valid approval"):
        desk.prover.delete_backup(OLD)


@pytest.mark.parametrize(("hours", "says"), [(25, "no valid approval"), (80, "too old")])
def test_time_voids_the_proof_and_then_the_plan(desk: Desk, hours: float, says: str) -> None:
    desk.approved()
    with pytest.raises(NotAllowedError, match=says):
        desk.of("prover", later(hours)).delete_backup(OLD)
    assert desk.deletions == []


def test_another_inventory_voids_the_plan(desk: Desk) -> None:
    desk.approved()
    desk.workspace.inventory = replace(desk.workspace.inventory, content="another")
    with pytest.raises(NotAllowedError, match="changed since"):
        desk.of("prover").delete_backup(OLD)


def test_a_proven_backup_that_is_gone_by_now_proves_nothing(desk: Desk) -> None:
    desk.approved()
    desk.row(NEWEST)["deleted_at"] = desk.fake.data.stamp(desk.fake.now)
    with pytest.raises(NotAllowedError, match="no valid approval"):
        desk.prover.delete_backup(OLD)


def test_a_proof_is_needed_where_there_is_no_place_to_make_one(sandbox: Sandbox, tmp_path: Path) -> None:
    def without(held: Inventory) -> Inventory:
        bare = replace(held.systems[DATABASE], restore_test=None, sandbox_restore_test=None)
        return replace(held, systems={**held.systems, DATABASE: bare})

    desk = Desk(sandbox, tmp_path, without)
    digest = desk.planner.plan_backup(OLD, WHY).digest
    with pytest.raises(InventoryError, match="app_db has no restore_test: give the server"):
        desk.prover.prove_backup()
    with pytest.raises(NotAllowedError, match="dsr backup prove"):
        desk.approver.approve_backup(OLD, digest)
    desk.workspace.close()
