"""What `dsr check` tells of an account and a token before a request needs them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.errors import AuthError
from connectors.model import Aspect, Probe, Secret, SystemSpec
from connectors.papertrail import connect
from connectors.protocol import Inspects
from connectors.sandbox.papertrail import PapertrailSandbox
from connectors.sandbox.serve import Server
from tests.connectors.papertrail.conftest import Connect

BOTH = pytest.mark.parametrize("api", ["papertrail", "solarwinds"])


@pytest.fixture
def fake(fake: PapertrailSandbox) -> PapertrailSandbox:
    """Lines of some days, so that there are archives."""
    for days in (0.5, 1.5, 40, 200):
        fake.log("at=info email=ann.lee@example.com", days)
    fake.member("ann.lee@example.com")
    return fake


def told(made: Any) -> list[Probe]:
    assert isinstance(made, Inspects)
    return list(made.inspect())


def wrong(probes: list[Probe]) -> list[tuple[Aspect, str]]:
    return [(p.aspect, p.says) for p in probes if p.ok is False]


@BOTH
def test_an_account_that_is_as_the_inventory_says(
    server: Server, fake: PapertrailSandbox, connected: Connect, api: str
) -> None:
    probes = told(connected(api=api))
    assert wrong(probes) == []
    known = set(Aspect) - (set() if api == "papertrail" else {Aspect.DELETE})
    assert {p.aspect for p in probes} == known
    assert [p.ok for p in probes if p.aspect in (Aspect.PLAN, Aspect.DELETE)] == [None] * (len(known) - 4)
    assert {m for m, _ in server.faults.calls} == {"GET"}
    assert not any(path.startswith("/storage") for _, path in server.faults.calls), "no archive is fetched"


@pytest.mark.parametrize(
    ("api", "denied", "says"),
    [
        ("papertrail", "events", "searching events"),
        ("papertrail", "searches", "listing searches"),
        ("papertrail", "systems", "listing systems"),
        ("papertrail", "users", "listing users"),
        ("papertrail", "archives", "reading the account's settings"),
        ("solarwinds", "logs", "searching logs"),
    ],
)
def test_what_the_token_may_not_read_is_named(
    fake: PapertrailSandbox, connected: Connect, api: str, denied: str, says: str
) -> None:
    fake.denied = {denied}
    found = wrong(told(connected(api=api)))
    assert [(a, said.partition(":")[0]) for a, said in found] == [(Aspect.LOCATE, says)]


@BOTH
@pytest.mark.parametrize(("stated", "ok"), [(365, True), (200, True), (180, False), (0, False)])
def test_archives_are_compared_with_what_is_stated(
    fake: PapertrailSandbox, connected: Connect, api: str, stated: int, ok: bool
) -> None:
    """The oldest is 200 days old, and a week more is within the margin."""
    found = [p.ok for p in told(connected(api=api, archive_days=stated)) if p.aspect is Aspect.INVENTORY]
    assert found[0] is ok


def test_what_no_list_shows_is_not_called_right(fake: PapertrailSandbox, connected: Connect) -> None:
    found = [p.ok for p in told(connected(search_days=180, archive_days=0)) if p.aspect is Aspect.INVENTORY]
    assert found == [False, None], "search_days counts, and no call tells it"
    fake.purge()
    assert [p.ok for p in told(connected()) if p.aspect is Aspect.INVENTORY] == [None]
    assert [p.ok for p in told(connected(archive_days=0, search_days=1)) if p.aspect is Aspect.INVENTORY][:1] == [True]


@BOTH
def test_archives_on_another_host_are_named(fake: PapertrailSandbox, connected: Connect, api: str) -> None:
    fake.storage_host = "archives.example.net"
    ((aspect, says),) = wrong(told(connected(api=api)))
    assert (aspect, "archive_hosts" in says) == (Aspect.EXPORT, True)


def test_names_without_a_day_tell_nothing(fake: PapertrailSandbox, connected: Connect) -> None:
    archives = connected()._source.archives()
    assert {a.day is None for a in archives} == {False}
    assert {replace(a, name=name).day for a in archives for name in ("archive.tsv.gz", "2026-99-99.tsv.gz")} == {None}


def test_a_token_that_is_refused_is_raised(server: Server, fake: PapertrailSandbox) -> None:
    given = {"base_url": server.url + "/api/v1", "archive_hosts": ["localhost:1"]}
    spec = SystemSpec("logs", "papertrail", given, {"token": Secret("revoked")})
    with pytest.raises(AuthError):
        list(connect(spec).inspect())
