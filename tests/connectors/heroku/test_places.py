"""Where copies are found, and until when: every place, in every state the vendor can leave it in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors import copies
from connectors.heroku.estate import ROLLBACK, SCHEDULED, Tier
from connectors.model import Action, Locator, ObstacleKind, Order, Record, Status
from tests.connectors.heroku.account import LASTING, SHOP, SOURCE, STAGING, Account, person, plant

LONG_AGO = timedelta(days=-60)
DATED = {"scheduled_backups", "followers", "logplex"}


def end(record: Record) -> timedelta:
    """How long from now a locked record lasts."""
    (obstacle,) = record.obstacles
    assert obstacle.kind is ObstacleKind.LOCKED
    assert obstacle.until is not None
    return obstacle.until - datetime.now(UTC)


def by_hand(record: Record) -> bool:
    return [o.kind for o in record.obstacles] == [ObstacleKind.BY_HAND]


def test_every_place_is_found(account: Account) -> None:
    planted = plant(account.heroku)
    found = account.found()
    assert {name: sum(r.count for r in records) for name, records in found.items()} == planted
    assert all(len(r.obstacles) == 1 and len(r.obstacles[0].reason) < 300 for rs in found.values() for r in rs)
    assert all(end(r) > timedelta(0) for name in DATED for r in found[name])
    opaque = {n for n, rs in found.items() if any(r.obstacles[0].opaque for r in rs)}
    assert opaque.isdisjoint({*DATED, "manual_backups", "collaborators", "team_members"}), "a search shows these gone"
    assert all(by_hand(r) for n, rs in found.items() if n not in {*DATED, "rollback"} for r in rs)


def test_who_was_never_found_in_the_source_is_in_no_copy(account: Account) -> None:
    assert set(account.found(None)) == {"collaborators", "team_members", "config_vars"}
    assert account.found(None, "nobody@example.com") == {}
    assert account.found(LASTING, copies_of=["another_db"], databases=[SOURCE], email="nobody@example.com") == {}


def test_copies_are_found_after_the_source_is_clean_until_the_last_of_them_is_gone(account: Account) -> None:
    account.heroku.data.transfers.clear()
    account.heroku.data.take(SHOP, 8, scheduled=True)
    account.heroku.data.take(SHOP, 2, scheduled=True)
    week = account.found(timedelta(days=-7))
    assert [r.count for r in week["scheduled_backups"]] == [1], "only the one made before the erasure"
    assert end(week["scheduled_backups"][0]) == pytest.approx(SCHEDULED[Tier.PREMIUM] - timedelta(days=8), abs=_MINUTE)
    assert {r.at.key for r in week["rollback"]} == {f"{SHOP}/postgresql-flat-1003", f"{STAGING}/postgresql-cubed-1004"}
    assert "followers" not in week
    later = account.found(timedelta(days=-9))
    assert "scheduled_backups" not in later
    assert "logplex" not in later


_MINUTE = timedelta(minutes=1)


def test_a_schedule_goes_on_until_the_erasure(account: Account) -> None:
    (record,) = account.found(apps=[SHOP], pipelines=None)["scheduled_backups"]
    assert end(record) == pytest.approx(LASTING + SCHEDULED[Tier.PREMIUM], abs=_MINUTE)
    account.heroku.data.schedules.clear()
    (record,) = account.found()["scheduled_backups"]
    assert end(record) == pytest.approx(SCHEDULED[Tier.PREMIUM], abs=_MINUTE)


def test_a_schedule_that_has_made_nothing_yet_will(account: Account) -> None:
    account.heroku.data.transfers.clear()
    (record,) = account.found()["scheduled_backups"]
    assert (record.count, record.at.key) == (1, SHOP)


def test_the_inventory_may_state_a_longer_retention_and_no_shorter_one(account: Account) -> None:
    (longer,) = account.found(scheduled_days=500)["scheduled_backups"]
    (shorter,) = account.found(scheduled_days=1)["scheduled_backups"]
    assert end(longer) == pytest.approx(LASTING + timedelta(days=500), abs=_MINUTE)
    assert end(shorter) == pytest.approx(LASTING + SCHEDULED[Tier.PREMIUM], abs=_MINUTE)


def test_backups_that_outlive_their_retention_are_looked_into_by_hand(account: Account) -> None:
    account.heroku.data.take(SHOP, 400, scheduled=True)
    (record,) = account.found()["scheduled_backups"]
    assert by_hand(record)
    assert "not to be relied on" in record.obstacles[0].reason


@pytest.mark.parametrize("purging", ["at once", "later", "never"])
def test_an_accepted_deletion_is_no_purge(account: Account, purging: str) -> None:
    heroku = account.heroku
    heroku.data.transfers.clear()
    heroku.data.take(SHOP, 1)
    heroku.data.purging = purging
    _deleted_by_an_operator(account)
    assert ("manual_backups" in account.found()) == (purging != "at once")
    heroku.advance(timedelta(days=1))
    assert ("manual_backups" in account.found()) == (purging == "never")


def test_backups_that_are_all_deleted_and_not_purged_stand_on_a_word(account: Account) -> None:
    account.heroku.data.transfers.clear()
    gone = account.heroku.data.stamp(datetime.now(UTC) - timedelta(days=8))
    account.heroku.data.take(SHOP, 30, deleted_at=gone)
    (record,) = account.found()["manual_backups"]
    assert (by_hand(record), record.obstacles[0].opaque) == (True, True)
    account.heroku.data.take(SHOP, 20)
    (record,) = account.found()["manual_backups"]
    assert (record.count, record.obstacles[0].opaque) == (2, False)


def test_a_scheduled_backup_that_expired_stays_where_it_was_until_it_is_purged(account: Account) -> None:
    heroku = account.heroku
    heroku.data.transfers.clear()
    heroku.data.purging = "never"
    heroku.data.take(SHOP, 6, scheduled=True)
    heroku.advance(timedelta(days=2))
    assert [r.count for r in account.found()["scheduled_backups"]] == [1]
    heroku.data.purging = "later"
    heroku.advance(timedelta(hours=7))
    heroku.data.schedules.clear()
    assert "scheduled_backups" not in account.found()


def test_a_follower_that_lags_is_not_taken_for_clean(account: Account) -> None:
    facts = account.heroku.data.facts[account.heroku.named("postgresql-oval-1002")["id"]]
    assert "followers" not in account.found(timedelta(days=-3))
    facts["behind"] = 125
    assert [by_hand(r) for r in account.found(timedelta(days=-3))["followers"]] == [True]


def _deleted_by_an_operator(account: Account) -> None:
    import requests

    from connectors.sandbox.heroku import TOKEN

    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/vnd.heroku+json; version=3"}
    url = f"{account.server.url}/client/v11/apps/{SHOP}/transfers/1"
    assert requests.delete(url, headers=headers, timeout=5).json() == {}


def test_the_rollback_window_is_the_live_one_and_not_less_than_the_plan_has(account: Account) -> None:
    records = {r.at.key: r for r in account.found()["rollback"]}
    source = records[f"{SHOP}/{SOURCE}"]
    assert end(source) == pytest.approx(LASTING + ROLLBACK[Tier.STANDARD], abs=2 * _MINUTE)
    account.heroku.data.facts[account.heroku.named(SOURCE)["id"]]["window"] = 9
    longer = next(r for r in account.found()["rollback"] if r.at.key == f"{SHOP}/{SOURCE}")
    assert end(longer) == pytest.approx(LASTING + timedelta(days=9), abs=2 * _MINUTE)


def test_physical_copies_without_a_stated_window_are_asked_for(account: Account) -> None:
    essential = next(r for r in account.found()["rollback"] if r.at.key.startswith(STAGING))
    assert by_hand(essential)
    review = [r for r in account.found()["rollback"] if "1005" in r.at.key]
    assert review == [], "a plan without continuous protection and without a window keeps none"


def test_a_database_that_the_inventory_searches_itself_is_no_fork(account: Account) -> None:
    found = account.found(databases=[SOURCE, "postgresql-cubed-1004"])
    assert {r.at.key for r in found["forks"]} == {f"{SHOP}/postgresql-flat-1003", "shop-pr-7/postgresql-steep-1005"}


def test_a_fork_made_after_the_erasure_holds_nobody(account: Account) -> None:
    account.heroku.addon(SHOP, "postgresql-young-1009", "heroku-postgresql:standard-0", days=1, forked_from=SOURCE)
    assert any("1009" in r.at.key for r in account.found()["forks"])
    assert not any("1009" in r.at.key for r in account.found(timedelta(days=-2))["forks"])


def test_a_follower_that_stopped_following_is_a_database_on_its_own(account: Account) -> None:
    account.heroku.data.facts[account.heroku.named("postgresql-oval-1002")["id"]]["following"] = ""
    found = account.found()
    assert "followers" not in found
    assert f"{SHOP}/postgresql-oval-1002" in {r.at.key for r in found["forks"]}


def test_the_advanced_tier_is_told_apart_by_plan_and_by_an_unknown_plan_or_database(account: Account) -> None:
    heroku = account.heroku
    heroku.addon(SHOP, "postgresql-wide-1010", "heroku-postgresql:performance-l")
    heroku.addon(SHOP, "postgresql-odd-1011", "heroku-postgresql:quantum-1")
    heroku.addon(SHOP, "postgresql-new-1012", "heroku-postgresql:standard-0")
    del heroku.data.facts[heroku.named("postgresql-new-1012")["id"]]  # not provisioned yet
    names = {r.at.key.partition("/")[2] for r in account.found()["uncovered"]}
    assert names == {"postgresql-long-1006", "postgresql-wide-1010", "postgresql-odd-1011", "postgresql-new-1012"}


def test_apps_and_databases_outside_the_inventory_are_counted(account: Account) -> None:
    found = {r.at.key: r for r in account.found()["unseen"]}
    assert set(found) == {"", f"{SHOP}/{SOURCE}"}, "a fork nowhere listed, and the app that only reads"
    assert "unseen" not in account.found(apps=[SHOP, STAGING, "reports"]) or [
        r.at.key for r in account.found(apps=[SHOP, STAGING, "reports"])["unseen"]
    ] == [""]


@pytest.mark.parametrize("status", [200, 404, 422])
def test_an_app_has_the_drains_of_its_generation(account: Account, status: int) -> None:
    account.heroku.other_drains = status
    assert {r.at.key: r.count for r in account.found()["log_drains"]} == {SHOP: 1, "shop-pr-7": 1}
    assert "shop-pr-7" not in {r.at.key for r in account.found()["logplex"]}, "Fir has no Logplex"
    covered = account.found(covered_drains=["logs.example.com", "warehouse.example.net", "traces.example.net"])
    assert "log_drains" not in covered


def test_nothing_is_deleted_whatever_is_ordered(account: Account) -> None:
    connector = account.connector()
    orders = [Order(r.at, action, r.count) for r in connector.locate(person("a@example.com")) for action in Action]
    account.faults.calls.clear()
    outcomes = list(connector.delete(person("a@example.com"), orders))
    assert {(o.action, r.status) for o, r in zip(orders, outcomes, strict=True)} == {
        (Action.DELETE, Status.FAILED),
        (Action.REDACT, Status.FAILED),
        (Action.RETAIN, Status.RETAINED),
        (Action.MANUAL, Status.MANUAL),
        (Action.CORRECT, Status.MANUAL),
    }
    assert account.faults.calls == []
    assert account.heroku.writes == []


def test_what_copies_hold_is_withheld_by_name(account: Account) -> None:
    (artifact,) = account.connector().export(person("a@example.com"), Locator("copies", "rollback", "shop/x"))
    assert (list(artifact.chunks), artifact.withheld) == ([], (copies.WITHHELD,))
