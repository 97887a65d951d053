"""Archives: the hop to another host, bounded unpacking, and formats that are not documented."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from connectors.errors import ConfigError, RefusedError, TransientError
from connectors.model import Action, Identifier, Locator, Order, Secret, Status, Subject, SystemSpec, Trust
from connectors.papertrail import PapertrailConnector, connect
from connectors.papertrail.events import instant
from connectors.sandbox.faults import Fault
from connectors.sandbox.papertrail import PapertrailSandbox
from connectors.sandbox.serve import Server

from .conftest import Connect

ANN = Subject.of(Identifier("email", "ann@example.com", Trust.PROVEN))
ARCHIVES = Locator("logs", "archives")


def archived(connector: PapertrailConnector) -> int:
    return sum(r.count for r in connector.locate(ANN) if r.at.collection == "archives")


def exported(connector: PapertrailConnector) -> list[str]:
    (artifact,) = connector.export(ANN, ARCHIVES)
    return [json.loads(line)["message"] for line in b"".join(artifact.chunks).splitlines()]


def test_the_token_stays_with_the_api(fake: PapertrailSandbox, connected: Connect) -> None:
    fake.log("ann@example.com", 20)
    assert archived(connected()) == 1
    assert not fake.storage_saw_token


@pytest.mark.parametrize("api", ["papertrail", "solarwinds"])
def test_an_archive_on_an_unlisted_host_is_not_fetched(
    server: Server, fake: PapertrailSandbox, connected: Connect, api: str
) -> None:
    fake.log("ann@example.com", 20)
    with pytest.raises(ConfigError, match="archive_hosts"):
        archived(connected(api=api, archive_hosts=["localhost:1"]))
    assert not [path for _, path in server.faults.calls if "storage" in path]


@pytest.mark.parametrize("api", ["papertrail", "solarwinds"])
def test_a_bomb_is_refused_while_it_unpacks(fake: PapertrailSandbox, connected: Connect, api: str) -> None:
    fake.log("ann@example.com", 20)
    fake.bomb = 30_000_000
    with pytest.raises(RefusedError, match="archive_bytes"):
        archived(connected(api=api, archive_bytes=5_000_000))


def test_a_second_member_of_the_file_is_read(fake: PapertrailSandbox, connected: Connect) -> None:
    fake.log("ann@example.com", 20)
    fake.bomb = 10
    assert exported(connected())[0].startswith("ann@example.com\n")


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.TRUNCATED, Fault.OVERLOADED])
def test_half_an_archive_is_no_archive(
    server: Server, fake: PapertrailSandbox, connected: Connect, fault: Fault
) -> None:
    fake.log("ann@example.com", 20)
    with (
        server.faults.inject(fault, match=lambda method, path: "storage" in path),
        pytest.raises(TransientError),
    ):
        archived(connected())


@pytest.mark.parametrize("escapes", [False, True])
def test_tabs_and_line_ends_in_messages(fake: PapertrailSandbox, connected: Connect, escapes: bool) -> None:
    """Whether the vendor escapes them is undocumented; either way the line is whole and hers."""
    fake.tsv_escapes = escapes
    fake.log("trace:\n\tat login\nann@example.com failed", 20)
    fake.log("joann@example.com\tok", 20)
    fake.log("a\tb\tann@example.com\tc", 20)
    connector = connected()
    assert archived(connector) == 2
    assert all("ann@example.com" in message and "joann" not in message for message in exported(connector))
    assert any("at login" in message for message in exported(connector))


@pytest.mark.parametrize("hourly", [False, True])
def test_daily_and_hourly_archives(fake: PapertrailSandbox, connected: Connect, hourly: bool) -> None:
    fake.hourly_archives = hourly
    for days in (20.0, 19.9, 19.0):
        fake.log("ann@example.com", days)
    assert archived(connected()) == 3


@pytest.mark.parametrize("array", [False, True])
def test_archives_of_the_successor_are_json(fake: PapertrailSandbox, connected: Connect, array: bool) -> None:
    fake.archive_as_array = array
    fake.log("ann@example.com", 20)
    fake.log("joann@example.com", 20)
    assert archived(connected(api="solarwinds")) == 1


def test_without_archives_none_are_asked_for(server: Server, fake: PapertrailSandbox, connected: Connect) -> None:
    fake.log("ann@example.com", 20)
    assert archived(connected(archive_days=0, archive_hosts=[])) == 0
    assert not [path for _, path in server.faults.calls if "archives" in path]


@pytest.mark.parametrize("days", [1, 8, 29])
def test_the_successor_hides_before_it_deletes(fake: PapertrailSandbox, connected: Connect, days: int) -> None:
    """Before day 30 the database may hold what the search no longer shows: never ABSENT."""
    fake.search_days = fake.archive_days = 0
    fake.log("ann@example.com", 0)
    fake.advance(timedelta(days=days))
    assert fake.stored("ann@example.com") == 1
    connector = connected(api="solarwinds", search_days=1, archive_days=0, archive_hosts=[])
    assert list(connector.locate(ANN)) == []
    (outcome,) = connector.delete(ANN, [Order(Locator("logs", "events"), Action.DELETE, 1)])
    assert outcome.status is Status.ACCEPTED
    assert outcome.until is not None
    assert connector.capabilities.settles_within >= timedelta(days=30)
    fake.advance(timedelta(days=30))
    assert fake.stored("ann@example.com") == 0


def test_the_successors_lock_lasts_thirty_days_at_least(fake: PapertrailSandbox, connected: Connect) -> None:
    fake.log("ann@example.com", 0)
    connector = connected(api="solarwinds", search_days=1, archive_days=0, archive_hosts=[], margin_days=0)
    (record,) = connector.locate(ANN)
    (obstacle,) = record.obstacles
    assert obstacle.until is not None
    assert obstacle.until - fake.now >= timedelta(days=30) - timedelta(seconds=2)
    assert connector.capabilities.actions == frozenset()


def test_times_of_both_formats() -> None:
    assert instant("2011-02-10 00:19:36 -0800") == instant("2011-02-10T08:19:36Z")
    assert instant("yesterday") is None


def _spec(**settings: object) -> SystemSpec:
    given = {"base_url": "http://127.0.0.1:1", "archive_hosts": ["localhost:1"], **settings}
    sandbox = given["archive_hosts"] != []  # the sandbox has a host of its own
    return SystemSpec("logs", "papertrail", given, {"token": Secret("sandbox")}, sandbox=sandbox)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"api": "loggly"}, "api"),
        ({"base_url": "http://logs.example.com"}, "base_url"),
        ({"base_url": "", "api": "solarwinds"}, "base_url"),
        ({"search_days": "a week"}, "search_days"),
        ({"search_days": 0}, "search_days"),
        ({"archive_days": -1}, "archive_days"),
        ({"archive_days": True}, "archive_days"),
        ({"page_size": 20_000}, "page_size"),
        ({"archive_hosts": []}, "archive_hosts"),
        ({"archive_hosts": "s3.amazonaws.com"}, "archive_hosts"),
        ({"archive_hosts": ["https://s3.amazonaws.com/"]}, "archive_hosts"),
        ({"archive_hosts": ["s3.amazonaws.com"]}, "archive_hosts"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        connect(_spec(**settings))


def test_a_missing_token_is_named() -> None:
    with pytest.raises(ConfigError, match="token"):
        connect(SystemSpec("logs", "papertrail", {"archive_days": 0}))
