"""What stands in the way, and which proofs count: pure functions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.backups import Backup, Kind, State, TableShape
from orchestrator.backups.compare import differences
from orchestrator.backups.guard import Known, in_force, in_the_way
from orchestrator.backups.model import Proof
from orchestrator.model import Hold

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def backup(name: str, days: float, state: State = State.FINISHED, database: str = "db", obstacle: str = "") -> Backup:
    made = NOW - timedelta(days=days)
    return Backup(f"id-{name}", "shop", name, database, Kind.MANUAL, state, made, made, 10, None, obstacle)


def proof(of: Backup, hours: float = 1, *why: str) -> Proof:
    return Proof("copies", "shop_db", of, "prover", NOW - timedelta(hours=hours), why)


OLD, NEW = backup("b001", 30), backup("b002", 2)


def known(*listed: Backup, proofs: tuple[Proof, ...] = (), **changed: Any) -> Known:
    found = Known("copies", ("shop_db",), listed or (OLD, NEW), proofs, DAY, (), (), NOW)
    return replace(found, **changed)


def why(facts: Known, of: Backup = OLD) -> str:
    return "; ".join(in_the_way(facts, of))


def test_nothing_stands_in_the_way_of_an_old_one() -> None:
    assert why(known()) == ""


@pytest.mark.parametrize(
    ("listed", "of", "says"),
    [
        ((OLD, NEW), NEW, "is the newest"),
        ((OLD,), OLD, "is the newest"),
        ((OLD, backup("b003", 2, State.FAILED)), OLD, "is the newest"),
        ((OLD, backup("b003", 2, State.RUNNING)), OLD, "is the newest"),
        ((OLD, backup("b003", 2, State.DELETED)), OLD, "is the newest"),
        ((OLD, backup("b003", 2, database="another")), OLD, "is the newest"),
        ((OLD, backup("b003", 30)), OLD, "is the newest"),
        ((NEW,), OLD, "not listed any more"),
        ((replace(OLD, state=State.RUNNING), NEW), OLD, "still being made"),
        ((replace(OLD, state=State.DELETED), NEW), OLD, "accepted before"),
        ((replace(OLD, obstacle="not covered"), NEW), OLD, "not covered"),
        ((replace(OLD, name="b009"), NEW), OLD, "not what it was"),
        ((replace(OLD, made=OLD.made + DAY), NEW), OLD, "not what it was"),
        ((replace(OLD, database="another"), NEW), OLD, "not what it was"),
    ],
)
def test_what_stays(listed: tuple[Backup, ...], of: Backup, says: str) -> None:
    assert says in why(known(*listed), of)


@pytest.mark.parametrize("state", [State.FINISHED, State.FAILED])
def test_half_a_backup_may_go_as_well(state: State) -> None:
    assert why(known(replace(OLD, state=state), NEW)) == ""


def hold(**scope: Any) -> Hold:
    return Hold("h-1", "case 7", "legal", NOW - 400 * DAY, NOW - 300 * DAY, **scope)  # its review is long overdue


@pytest.mark.parametrize(
    ("scope", "stays"),
    [
        ({"person": "k:abc"}, True),
        ({"organisation": "7"}, True),
        ({"collection": "shop_db"}, True),
        ({"collection": "shop_db/public.users"}, True),
        ({"collection": "copies"}, True),
        ({"collection": "copies/manual_backups"}, True),
        ({"collection": "mailings/contacts"}, False),
        ({"collection": "shop_db_of_tests"}, False),
    ],
)
def test_a_hold_that_may_be_about_anything_inside_keeps_everything(scope: dict[str, str], stays: bool) -> None:
    assert ("legal hold h-1" in why(known(holds=(hold(**scope),)))) == stays


@pytest.mark.parametrize(("system", "stays"), [("shop_db", True), ("copies", True), ("mailings", False)])
def test_a_restore_that_is_under_way_keeps_everything(system: str, stays: bool) -> None:
    assert ("dsr replay" in why(known(unserved={system}))) == stays


def test_everything_in_the_way_is_told_at_once() -> None:
    facts = known(replace(OLD, state=State.RUNNING), holds=(hold(person="k:a"),), unserved={"copies"})
    assert len(list(in_the_way(facts, OLD))) == 4


# Proofs


@pytest.mark.parametrize(
    ("listed", "made", "counts"),
    [
        ((OLD, NEW), (proof(NEW),), True),
        ((OLD, NEW), (), False),
        ((OLD, NEW), (proof(NEW, 24),), True),
        ((OLD, NEW), (proof(NEW, 24.1),), False),
        ((OLD, NEW), (proof(NEW, -1),), False),
        ((OLD, NEW), (proof(NEW, 1, "it lacks a table"),), False),
        ((OLD, NEW), (proof(NEW, 2), proof(NEW, 1, "it lacks a table")), False),
        ((OLD, NEW), (proof(NEW, 2, "it lacks a table"), proof(NEW)), True),
        ((OLD, NEW), (proof(OLD),), False),
        ((OLD, NEW, backup("b000", 40)), (proof(backup("b000", 40)),), False),
        ((OLD,), (proof(NEW),), False),
        ((OLD, replace(NEW, state=State.DELETED)), (proof(NEW),), False),
        ((OLD, replace(NEW, made=NEW.made + DAY)), (proof(NEW),), False),
        ((OLD, replace(NEW, database="another")), (proof(replace(NEW, database="another")),), False),
        ((OLD, NEW), (replace(proof(NEW), system="other_copies"),), False),
    ],
)
def test_which_proofs_count(listed: tuple[Backup, ...], made: tuple[Proof, ...], counts: bool) -> None:
    assert bool(in_force(known(*listed, proofs=made), OLD)) == counts


def test_two_backups_of_unknown_databases_prove_nothing_for_each_other() -> None:
    old, new = replace(OLD, database=""), replace(NEW, database="")
    assert in_force(known(old, new, proofs=(proof(new),)), old) == ()


def test_of_several_proofs_the_newest_backups_is_the_last() -> None:
    newer = backup("b003", 1)
    facts = known(OLD, NEW, newer, proofs=(proof(newer, 3), proof(NEW, 1)))
    assert [p.backup.name for p in in_force(facts, OLD)] == ["b002", "b003"]


# Comparing


def table(name: str, rows: int, structure: str = "s") -> TableShape:
    return TableShape(name, structure, rows)


LIVE = (table("users", 1000), table("orders", 5000), table("queue", 3))


@pytest.mark.parametrize(
    ("restored", "says"),
    [
        (LIVE, ""),
        ((table("users", 900), table("orders", 4000), table("queue", 0)), ""),
        ((table("users", 1000), table("orders", 90_000), table("queue", 3)), ""),
        (LIVE[1:], "lacks users"),
        ((*LIVE, table("older", 2)), "no longer has older"),
        ((table("users", 1000, "other"), *LIVE[1:]), "other columns or keys than in the live database: users"),
        ((table("users", 0), *LIVE[1:]), "empty in the restored backup and not in the live database: users"),
        (
            (table("users", 1), table("orders", 2000), table("queue", 3)),
            "2,004 rows, and the live database about 6,003",
        ),
        ((), "lacks orders, queue, users"),
    ],
)
def test_what_is_no_proof(restored: tuple[TableShape, ...], says: str) -> None:
    assert says in "; ".join(differences(restored, LIVE))
    assert bool(says) == bool(differences(restored, LIVE))


def test_nothing_compared_is_no_proof() -> None:
    assert differences((), ())
