"""Backups one by one: whose each is, how it stands, its file, and that one call deletes one of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.backups import Backup, KeepsBackups, Kind, State
from connectors.errors import RefusedError, TransientError
from connectors.heroku import connect
from connectors.heroku.estate import SCHEDULED, Tier
from connectors.sandbox.faults import Fault
from tests.connectors.heroku.account import SHOP, SOURCE, STAGING, Account, entry


class HeldError(Exception):
    """What a closed gate raises."""


def listed(account: Account, **changed: Any) -> dict[str, Backup]:
    return {b.title: b for b in account.connector(**changed).backups()}


def test_whose_each_is_and_until_when_it_lives(account: Account) -> None:
    found = listed(account)
    daily, manual, old = found[f"{SHOP}/a001"], found[f"{SHOP}/b007"], found[f"{SHOP}/ob001"]
    assert (daily.kind, daily.database, daily.state, daily.obstacle) == (Kind.SCHEDULED, SOURCE, State.FINISHED, "")
    assert daily.until == daily.made + SCHEDULED[Tier.STANDARD]
    assert (manual.kind, manual.until, manual.collection) == (Kind.MANUAL, None, "manual_backups")
    assert (old.kind, old.until) == (Kind.MANUAL, None), "those of the old service have no end"
    assert found[f"{SHOP}/b009"].state is State.DELETED
    assert found[f"{STAGING}/b001"].state is State.FAILED
    assert [b.made for b in found.values()] == sorted(b.made for b in found.values())
    assert not {name for name in found if name.endswith(("010", "011", "012"))}, "purged; a copy; a restore"


def test_the_inventory_may_keep_scheduled_ones_longer(account: Account) -> None:
    daily = listed(account, scheduled_days=500)[f"{SHOP}/a001"]
    assert daily.until == daily.made + timedelta(days=500)


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"from_url": None}, "cannot be told"),
        ({"from_url": "postgres://u:p@elsewhere.example.com:5432/d1"}, "cannot be told"),
        ({"from_url": "postgres://u:p@postgresql-flat-1003.db.example.com:5432/d1"}, "no system of the inventory"),
        ({"from_url": None, "from_name": "heroku_postgresql_5"}, "advanced tier"),
        ({"created_at": None}, "neither when"),
        ({"uuid": None}, "neither when"),
    ],
)
def test_a_backup_of_which_something_is_not_sure_is_not_deleted(account: Account, facts: Any, says: str) -> None:
    account.heroku.attach("postgresql-long-1006", SHOP, "HEROKU_POSTGRESQL_5")
    account.heroku.data.take(SHOP, 50, **facts)
    backup = next(b for b in account.connector().backups() if b.name == "b013")
    assert says in backup.obstacle
    with pytest.raises(RefusedError):
        account.connector().remove(backup)
    assert account.heroku.writes == []


def test_an_attachment_that_moved_does_not_say_whose_an_old_backup_is(account: Account) -> None:
    """DATABASE is another add-on since a fork was promoted; the backup's own address still tells."""
    address = account.heroku.data.address("postgresql-flat-1003")
    account.heroku.data.take(SHOP, 50, from_name="DATABASE", from_url=address)
    assert next(b for b in account.connector().backups() if b.name == "b013").database == "postgresql-flat-1003"


@pytest.mark.parametrize("name", [f"{SHOP}/a003", f"{SHOP}/b007", f"{SHOP}/ob001"])
def test_exactly_one_is_deleted_by_its_number(account: Account, name: str) -> None:
    backup = listed(account)[name]
    before = {t["uuid"]: dict(t) for t in account.heroku.data.transfers[SHOP]}
    assert account.connector().remove(backup) is State.DELETED
    number = before[backup.id]["num"]
    assert account.heroku.writes == [("DELETE", f"/client/v11/apps/{SHOP}/transfers/{number}")]
    after = {t["uuid"]: t for t in account.heroku.data.transfers[SHOP]}
    assert {u for u in before if before[u] != after[u]} == {backup.id}
    assert account.connector().remove(backup) is State.DELETED
    assert len(account.heroku.writes) == 1, "again it looks, and asks for nothing"


def test_a_closed_gate_lets_no_deletion_through(account: Account) -> None:
    asked: list[str] = []

    def gate(collection: str) -> None:
        asked.append(collection)
        raise HeldError

    backup = listed(account)[f"{SHOP}/b007"]
    with pytest.raises(HeldError):
        connect(replace(entry(account.server), gate=gate)).remove(backup)
    assert (asked, account.heroku.writes) == (["manual_backups"], [])


def test_what_changed_its_nature_or_is_still_made_is_not_deleted(account: Account) -> None:
    backup = listed(account)[f"{SHOP}/b007"]
    row = next(t for t in account.heroku.data.transfers[SHOP] if t["uuid"] == backup.id)
    row["to_type"] = "pg_restore"
    with pytest.raises(RefusedError, match="not the one it was"):
        account.connector().remove(backup)
    row.update(to_type="gof3r", finished_at=None, succeeded=None)
    with pytest.raises(RefusedError, match="still being made"):
        account.connector().remove(backup)
    assert account.heroku.writes == []


@pytest.mark.parametrize(
    ("shown", "purging", "state"),
    [
        ("listed", "at once", State.PURGED), ("listed", "later", State.DELETED), ("alone", "at once", State.PURGED),
        ("alone", "later", State.DELETED), ("nowhere", "at once", State.UNLISTED), ("nowhere", "later", State.UNLISTED),
    ],
)  # fmt: skip
def test_how_a_deletion_shows(account: Account, shown: str, purging: str, state: State) -> None:
    data = account.heroku.data
    data.deleted_shown, data.purging = shown, purging
    backup = listed(account)[f"{SHOP}/b007"]
    assert (account.connector().standing(backup), State.FINISHED.there) == (State.FINISHED, True)
    assert account.connector().remove(backup) is state
    assert not state.there


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.OVERLOADED, Fault.TRUNCATED, Fault.CUT])
def test_what_cannot_be_read_is_not_gone(account: Account, fault: Fault) -> None:
    backup = listed(account)[f"{SHOP}/b007"]
    with account.faults.inject(fault), pytest.raises(TransientError):
        account.connector().standing(backup)


@pytest.mark.parametrize("again", [404, 500])
def test_a_second_deletion_at_the_same_moment_is_read_back(account: Account, again: int) -> None:
    """Somebody else was quicker between the look and the call."""
    account.heroku.data.deleted_again = again
    backup = listed(account)[f"{SHOP}/b007"]
    row = next(t for t in account.heroku.data.transfers[SHOP] if t["uuid"] == backup.id)

    def gate(collection: str) -> None:
        row["deleted_at"] = account.heroku.data.stamp(account.heroku.now)

    connector = connect(replace(entry(account.server), gate=gate))
    if again == 500:  # the one retry policy asks again, and then there is nothing to do
        with pytest.raises(TransientError):
            connector.remove(backup)
    assert connector.remove(backup) is State.DELETED


# Files


def test_the_address_of_a_file_is_https_or_on_this_machine(account: Account) -> None:
    backup = listed(account)[f"{SHOP}/b007"]
    data = account.heroku.data
    for data.storage in ("http://storage.example.com/", "https://storage.example.com/", "ftp://127.0.0.2/"):
        with pytest.raises((RefusedError, TransientError)) as told:
            b"".join(account.connector().download(backup))
        assert "Signature" not in str(told.value)
        assert "example" not in str(told.value)


def test_a_file_is_streamed_and_its_address_expires(account: Account) -> None:
    backup, data = listed(account)[f"{SHOP}/b007"], account.heroku.data
    data.files[backup.id] = b"PGDMP" * 50_000
    assert b"".join(account.connector().download(backup)) == data.files[backup.id]
    chunks = account.connector().download(backup)
    account.heroku.advance(timedelta(hours=2))
    with pytest.raises(Exception, match="downloading a backup: not allowed"):
        next(chunks)


def test_the_connector_has_the_ability(account: Account) -> None:
    assert isinstance(account.connector(), KeepsBackups)
