"""Settings, permissions, pages and limits of the account; people and config vars in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import copies
from connectors.errors import ConfigError, TransientError
from connectors.heroku import connect
from connectors.heroku.api import instant
from connectors.model import Aspect, Identifier, Subject, Trust
from tests.connectors.heroku.account import ANN, LASTING, PEOPLE, SHOP, SOURCE, STAGING, Account, entry, person


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"apps": None, "pipelines": None}, "'apps' must be"),
        ({"databases": None}, "'databases' must name"),
        ({"copies_of": None}, "give 'copies_of'"),
        ({"base_url": "http://api.heroku.example.com"}, "must be https"),
        ({"app": ["shop"]}, "unknown setting 'app'"),
        ({"rollback_days": -1}, "'rollback_days' must be"),
        ({"apps": "shop"}, "'apps' must be a list"),
    ],
)
def test_wrong_settings_are_named(account: Account, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        connect(entry(account.server, **changed))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"apps": ["shop", "gone"]}, "is not there, or the token cannot see it"),
        ({"databases": [SOURCE, "postgresql-old-1"]}, "names postgresql-old-1, which no app"),
    ],
)
def test_what_is_not_there_is_no_empty_answer(account: Account, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        account.found(**changed)
    with pytest.raises(ConfigError, match=message):
        account.connector(**changed).check()


@pytest.mark.parametrize(("name", "days"), [("rollback_days", 4), ("scheduled_days", 30)])
def test_check_disagrees_with_a_retention_shorter_than_the_vendors(account: Account, name: str, days: int) -> None:
    with pytest.raises(ConfigError, match=f"'{name}' is {days}, and the vendor keeps copies"):
        account.connector(**{name: days}).check()
    account.connector(rollback_days=7, scheduled_days=373).check()


def test_limits_say_what_is_covered_until_when(account: Account) -> None:
    limits = {limit.database: limit for limit in account.connector().limits()}
    assert len(limits) == 6
    source, advanced = limits[SOURCE], limits["postgresql-long-1006"]
    assert (source.covered, source.schedules, source.rollback.days) == (True, ("02:00 UTC",), 4)
    assert (advanced.covered, advanced.schedules, advanced.rollback) == (False, (), timedelta(0))


def test_the_rate_limit_is_waited_for_and_not_run_into(account: Account) -> None:
    account.heroku.remaining = 3
    with pytest.raises(TransientError) as raised:
        account.found()
    assert raised.value.retry_after == 60, "tokens come back by the minute, and the vendor does not say when"
    assert next(account.connector().inspect()).says == "0 calls left of this hour's", "asking costs none"
    account.heroku.advance(timedelta(minutes=10))
    account.connector().check()


def test_what_check_shows(account: Account) -> None:
    probes = list(account.connector(rollback_days=1).inspect())
    said = {str(aspect): [(p.ok, p.says) for p in probes if p.aspect is aspect] for aspect in Aspect}
    assert (True, f"{SHOP}/{SOURCE} (standard-0): rollback 4 days, backups 02:00 UTC, kept up to 35 days") in said[
        "plan"
    ]
    advanced = (
        f"{STAGING}/postgresql-long-1006 (advanced-beta): the calls for backups do not cover it; looked up by hand"
    )
    assert (None, advanced) in said["plan"]
    assert [ok for ok, _ in said["inventory"]] == [False]
    assert [p.ok for p in account.connector().inspect() if p.aspect is Aspect.INVENTORY] == [True]


def test_a_page_that_leads_back_to_itself_is_cut_short(account: Account) -> None:
    http = account.connector(page_size=1)._api
    assert len(http.listed(f"apps/{SHOP}/collaborators", "listing")) == 6
    account.heroku.looping = True
    with pytest.raises(TransientError, match="leads back to itself"):
        http.listed(f"apps/{SHOP}/collaborators", "listing")


def test_config_vars_name_an_address_and_no_longer_one(account: Account) -> None:
    heroku = account.heroku
    heroku.releases.clear()
    for value in (f"x{ANN}", f"{ANN}.uk", f"mailto:{ANN}", ANN.upper(), f"{ANN};bo@example.org", "none"):
        heroku.release(SHOP, 1, {"OWNER": value})
    (record,) = account.found()["config_vars"]
    assert record.count == 3
    (latest,) = account.found(releases=2)["config_vars"]
    assert latest.count == 1
    assert "config_vars" not in account.found(releases=0)


def test_members_are_searched_without_copies(account: Account) -> None:
    connector = connect(entry(account.server, *PEOPLE, copies_of=None, databases=None))
    assert connector.capabilities.needs == {"email"}
    found = list(connector.locate(person(ANN)))
    assert {r.at.collection for r in found} == {"collaborators", "team_members", "config_vars"}
    (artifact,) = connector.export(person(ANN), next(r.at for r in found if r.at.collection == "collaborators"))
    assert [json.loads(chunk) for chunk in artifact.chunks] == [{"email": ANN}]
    assert artifact.withheld == ("role in the team", "unmarked field")


@pytest.mark.parametrize("value", ["", "soon", "2026-11-24", "2026-11-24T10:00:00"])
def test_only_an_instant_with_a_zone_says_until_when(account: Account, value: str) -> None:
    claim = Identifier("app_db.held_until", value, Trust.ASSIGNED)
    assert list(account.connector().locate(Subject.of(claim))) == []
    assert copies.held_until(Subject.of(claim, *person(ANN).identifiers), ["app_db"]) is not None


def test_the_latest_instant_counts() -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    both = Subject.of(copies.held("a", now), copies.held("b", now + LASTING))
    assert copies.held_until(both, ["a", "b"]) == now + LASTING
    assert copies.held_until(both, ["a"]) == now


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2016-10-01 00:42:54 +0000", 0),
        ("2016-10-01 02:42:54 +0200", 0),
        ("2026-08-19 23:09 UTC", 23),
        ("2026-08-19T22:09:00Z", 22),
        ("soon", None),
        (None, None),
    ],
)
def test_instants_as_heroku_writes_them(text: object, hour: int | None) -> None:
    found = instant(text)
    assert (found.astimezone(UTC).hour if found else None) == hour
