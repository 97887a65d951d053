"""Test restores: what is a proof, what is none, and that nothing of one stays."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from connectors.errors import TransientError
from connectors.sandbox.faults import Fault
from orchestrator.errors import NotAllowedError
from tests.backups.desk import NEWEST, OLD, Desk


@pytest.fixture(autouse=True)
def nothing_stays(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """No scratch database, and no file where temporary ones go."""
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(temporary))
    yield
    assert list(temporary.iterdir()) == []
    assert [n for n in databases(desk) if n.startswith("dsr_scratch_")] == []


def databases(desk: Desk) -> list[str]:
    with psycopg.connect(desk.sandbox.environ["DSR_SANDBOX_SCRATCH_DSN"]) as connection:
        return [row[0] for row in connection.execute("SELECT datname FROM pg_database")]


def full(desk: Desk, name: str = NEWEST) -> bytes:
    return desk.fake.data.keep(desk.row(name)["uuid"])


def spoil(desk: Desk, content: bytes, name: str = NEWEST) -> None:
    desk.fake.data.files[desk.row(name)["uuid"]] = content


def test_any_whole_backup_can_be_proven(desk: Desk) -> None:
    proof = desk.prover.prove_backup(OLD)
    assert (proof.good, proof.backup.title, proof.source) == (True, OLD, "app_db")
    assert {r.backup.title for r in desk.planner.backups() if r.proven} == {OLD}
    assert [m for m, _ in desk.fake.writes] == ["POST"], "it asks for an address, and changes nothing"


@pytest.mark.parametrize("status", [200, 201])
def test_the_address_is_given_by_either_status_and_gets_no_token(desk: Desk, status: int) -> None:
    desk.fake.data.url_status = status  # the file itself refuses a token: see the fake
    assert desk.prover.prove_backup().good


@pytest.mark.parametrize(
    ("kept", "says"),
    [(0.5, "the dump ends too early"), (0.999, "the dump ends too early"), (0.0, "no dump in pg_dump's custom format")],
)
def test_a_dump_that_is_cut_short_is_a_proof_of_the_contrary(desk: Desk, kept: float, says: str) -> None:
    spoil(desk, full(desk)[: int(len(full(desk)) * kept)] or b"<html>")
    proof = desk.prover.prove_backup()
    assert says in proof.why[0]
    assert not proof.good
    assert desk.kinds() == ["backup_proved"], "that is known, too"


def test_damage_in_the_middle_is_noticed_and_told_without_a_row(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    whole = full(desk)
    spoil(desk, whole[: len(whole) // 2] + bytes(2000) + whole[len(whole) // 2 + 2000 :])
    proof = desk.prover.prove_backup()
    assert "pg_restore cannot restore the backup" in proof.why[0]
    assert "example.com" not in proof.why[0] + caplog.text


def test_fewer_bytes_than_the_vendor_says_are_no_proof(desk: Desk) -> None:
    desk.row(NEWEST)["processed_bytes"] = len(full(desk)) + 1
    assert "the vendor says that it has" in desk.prover.prove_backup().why[0]


def test_a_backup_of_an_earlier_schema_is_no_proof(desk: Desk) -> None:
    full(desk)
    with psycopg.connect(desk.sandbox.stores["app_db"].url, autocommit=True) as connection:
        connection.execute("ALTER TABLE devices ADD COLUMN colour text")
        connection.execute("CREATE TABLE tokens_of_today (id int PRIMARY KEY)")
        try:
            proof = desk.prover.prove_backup()
        finally:
            connection.execute("ALTER TABLE devices DROP COLUMN colour")
            connection.execute("DROP TABLE tokens_of_today")
    assert [w.partition(";")[0] for w in proof.why] == [
        "the restored backup lacks public.tokens_of_today",
        "other columns or keys than in the live database: public.devices",
    ]


def test_a_dump_of_another_database_is_no_proof(desk: Desk) -> None:
    server = desk.sandbox.stores["app_db"]._server
    url = server.fresh("another")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE users (id int PRIMARY KEY)")
    spoil(desk, server.dump(url))
    assert "lacks" in desk.prover.prove_backup().why[0]


def test_a_fault_on_the_way_is_no_result(desk: Desk) -> None:
    for fault in (Fault.CUT, Fault.SERVER_ERROR):
        with (
            desk.faults.inject(fault, match=lambda method, path: path.startswith("/files/")),
            pytest.raises(TransientError),
        ):
            desk.prover.prove_backup()
    assert desk.kinds() == []
    assert desk.prover.prove_backup().good


def test_what_is_not_whole_is_not_restored(desk: Desk) -> None:
    desk.fake.data.take("training-tracker", 0.1, succeeded=False)
    with pytest.raises(NotAllowedError, match="it is failed"):
        desk.prover.prove_backup("b009")
    assert desk.prover.prove_backup().backup.title == NEWEST


def test_a_proof_that_failed_afterwards_voids_an_approval(desk: Desk) -> None:
    desk.approved()
    spoil(desk, b"<html>")
    assert not desk.prover.prove_backup().good
    with pytest.raises(NotAllowedError, match="no valid approval"):
        desk.prover.delete_backup(OLD)


def test_the_variables_of_the_scratch_server_are_asked_for_by_nobody_else(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DSR_SANDBOX_SCRATCH_DSN")
    assert all(row.ok for row in desk.planner.check())
    assert desk.planner.backups()
    assert Path(os.environ["DSR_SANDBOX_PG_RESTORE"]).exists()
