"""The master key is replaced and the one before destroyed: old copies of the database open nothing any more."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from orchestrator.checked import vaults
from orchestrator.engine.attend import key_turned
from orchestrator.errors import IntegrityError, NotAllowedError
from orchestrator.inventory import Inventory
from orchestrator.inventory.periods import KeyTimes
from orchestrator.journal import Journal
from orchestrator.rotation import Opens
from orchestrator.service import Service
from orchestrator.staff import identify
from orchestrator.storage import schema, sealing
from orchestrator.storage.ring import Ring
from orchestrator.vault import MasterKey, Vault
from orchestrator.workspace import Workspace
from tests.killed import Place
from tests.office import inventory
from tests.orchestrator import databases
from tests.orchestrator.cases import NOW

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def held() -> Inventory:
    return inventory()


@pytest.fixture
def workspace(tmp_path: Path, held: Inventory) -> Iterator[Workspace]:
    with Workspace.open(tmp_path / "state", held, {}) as opened:
        opened.journal.now = lambda: NOW
        yield opened


def on(workspace: Workspace, at: datetime) -> Service:
    workspace.journal.now = lambda: at
    return Service(workspace, identify(workspace.inventory, "", None), lambda: at)


def lines(workspace: Workspace) -> list[str]:
    return (workspace.root / "master.key").read_text().split()


def wrapped(journal: Journal, name: str) -> bytes:
    keys = schema.vault_keys.c
    with journal.store.read() as connection:
        return bytes(connection.execute(select(keys.wrapped).where(keys.request == name)).scalar_one())


def test_what_was_forgotten_opens_from_an_old_copy_until_its_key_is_destroyed(
    workspace: Workspace, tmp_path: Path, held: Inventory
) -> None:
    workspace.vault.open("r-1").put("identifiers", b"value")
    workspace.vault.open("r-2").put("identifiers", b"another's")
    (former,) = lines(workspace)
    old = tmp_path / "old.sqlite"
    with workspace.journal.store.read():
        shutil.copy(workspace.journal.store.path or "", old)
        shutil.copy(f"{workspace.journal.store.path}-wal", f"{old}-wal")
    workspace.vault.destroy("r-1")

    def opens() -> list[bytes]:
        """What the copy gives away with the keys that are on the disk now."""
        keys = MasterKey.every(f"file:{workspace.root / 'master.key'}")
        with Journal.open(old, now=lambda: NOW) as copy:
            return [Vault(copy, *keys).open("r-1").get("identifiers")]

    first = on(workspace, NOW + 7 * DAY).turn()
    assert (first.keys, first.destroyed) == (1, ()), "that of r-2"
    assert lines(workspace)[1:] == [former]
    assert opens() == [b"value"], "a backup of these days is to be opened"
    second = on(workspace, NOW + 14 * DAY).turn()
    assert second.destroyed == (MasterKey.parse(former, "").key_id,)
    with pytest.raises(IntegrityError, match="give the right one"):
        opens()
    everything = b"".join(p.read_bytes() for p in workspace.root.rglob("*") if p.is_file())
    assert former.encode() not in everything
    assert (workspace.root / "master.key").stat().st_mode & 0o777 == 0o600
    assert workspace.vault.open("r-2").get("identifiers") == b"another's"
    assert [e.payload["keys"] for e in workspace.journal.entries(kind="master_keys_destroyed")] == [
        list(second.destroyed)
    ]
    workspace.journal.verify()


def test_other_processes_go_on_without_being_told(workspace: Workspace, held: Inventory) -> None:
    workspace.vault.open("r-1").put("a", b"value")
    with Workspace.open(workspace.root, held, {}) as other:
        other.vault.open("r-1")
        for day in (7, 14, 21):
            on(workspace, NOW + day * DAY).turn(timedelta(0))
        assert other.vault.open("r-1").get("a") == b"value"
        other.vault.open("r-2").put("a", b"of the other")
    assert workspace.vault.open("r-2").get("a") == b"of the other"
    assert workspace.vault.wrapping() == workspace.vault.given() == {MasterKey.parse(lines(workspace)[0], "").key_id}


@pytest.mark.parametrize("at", ["begin", "rewrap", "destroy", "append"])
def test_a_turn_that_was_cut_short_is_finished_by_the_next(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    workspace.vault.open("r-1").put("a", b"value")
    former = MasterKey.parse(lines(workspace)[0], "").key_id
    place = {"begin": Ring, "destroy": Ring, "rewrap": Vault, "append": Journal}[at]

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(place, at, killed)
        with pytest.raises(KeyboardInterrupt):
            on(workspace, NOW + DAY).turn(timedelta(0))
    with Workspace.open(workspace.root, workspace.inventory, {}) as again:
        assert again.vault.open("r-1").get("a") == b"value"
        on(again, NOW + 2 * DAY).turn(timedelta(0))
        assert again.vault.open("r-1").get("a") == b"value"
        told = [k for e in again.journal.entries(kind="master_keys_destroyed") for k in e.payload["keys"]]
        assert told.count(former) == 1
        assert len(lines(again)) == 1
        again.journal.verify()


def test_keys_that_are_not_in_a_file_of_ours_are_changed_by_hand(
    tmp_path: Path, held: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=")
    with Workspace.open(tmp_path / "state", held, {"DSR_MASTER_KEY_REF": "env:A_KEY"}) as opened:
        with pytest.raises(NotAllowedError, match="dsr vault rewrap REFERENCE"):
            on(opened, NOW).turn()
        assert on(opened, NOW).turn_due() is None


def test_a_file_that_cannot_be_written_is_told_of(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("orchestrator.storage.keyfile.replace", read_only)
    with pytest.raises(NotAllowedError, match="let this user write"):
        on(workspace, NOW).turn()
    workspace.vault.open("r-1")


def test_workers_replace_the_key_when_the_inventory_says(workspace: Workspace, held: Inventory) -> None:
    workspace.inventory = replace(held, keys=KeyTimes(7 * DAY, 3 * DAY))
    workspace.vault.open("r-1")
    workspace.journal.append("r-1", "closed", "s1", {"outcome": "complete"})
    assert on(workspace, NOW).keys_due() == NOW + 7 * DAY
    told = key_turned(on(workspace, NOW + 8 * DAY))
    assert (told.said, told.at) == ("a new master key; 0 old ones destroyed", NOW + 11 * DAY)
    told = key_turned(on(workspace, NOW + 11 * DAY))
    assert (told.said, told.at) == ("1 old ones destroyed", NOW + 15 * DAY)
    assert len(lines(workspace)) == 1
    workspace.inventory = replace(held, keys=KeyTimes())
    assert key_turned(on(workspace, NOW)).said == "no longer scheduled"


@pytest.mark.parametrize(("opens", "times", "ok"), [
    ([Opens("a", NOW - 90 * DAY, None, 0)], KeyTimes(), True),
    ([Opens("a", NOW - 90 * DAY, None, 3)], KeyTimes(), None),
    ([Opens("a", NOW - 7 * DAY, None, 3)], KeyTimes(7 * DAY, 7 * DAY), True),
    ([Opens("a", NOW - 9 * DAY, None, 3)], KeyTimes(7 * DAY, 7 * DAY), False),
    ([Opens("a", NOW - 9 * DAY, None, 0)], KeyTimes(7 * DAY, 7 * DAY), True),
    ([Opens("b", NOW, None, 0), Opens("a", NOW - 9 * DAY, NOW - 9 * DAY, 1)], KeyTimes(7 * DAY, 7 * DAY), False),
    ([Opens("b", NOW, None, 0), Opens("a", NOW - 9 * DAY, NOW - 2 * DAY, 1)], KeyTimes(7 * DAY, 7 * DAY), True),
])  # fmt: skip
def test_the_check_compares_with_what_the_inventory_promises(
    opens: list[Opens], times: KeyTimes, ok: bool | None
) -> None:
    row = vaults(opens, times, NOW)
    assert [p.ok for p in row.probes] == [ok]
    assert row.ok is (ok is not False)


def test_the_servers_write_ahead_log_opens_nothing_any_more(server: str, tmp_path: Path, held: Inventory) -> None:
    place = Place(tmp_path / "state", databases.emptied(server))
    with Workspace.open(place.state, held, {"DSR_DATABASE_URL": place.url}) as workspace:
        workspace.vault.open("r-1").put("identifiers", b"value")
        key = wrapped(workspace.journal, "r-1")
        (former,) = lines(workspace)
        workspace.vault.destroy("r-1")
        assert key not in place.content(at_rest=False), "not in the tables"
        assert key in place.log(), "it is still in the write-ahead log"
        on(workspace, NOW).turn(timedelta(0))
        left = place.content(at_rest=False) + place.log()
        assert former.encode() not in left
        assert sealing.unwrap(MasterKey.parse(former, ""), "r-1", key), "whoever had kept the old key would open it"
        for one in MasterKey.every(f"file:{place.state / 'master.key'}"):
            with pytest.raises(IntegrityError):
                sealing.unwrap(one, "r-1", key)
