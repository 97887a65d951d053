"""With an audience: who is looked up, what an absence shows, and whose device it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import AuthError, ConfigError, RefusedError, TransientError
from connectors.model import Identifier, ObstacleKind, Status, Trust
from connectors.sandbox.faults import Fault
from connectors.sandbox.google_analytics import READ, AnalyticsSandbox
from connectors.sandbox.serve import Server
from connectors.testing import orders_for

from .conftest import CLIENT, OTHER, Connect, erase, located, subject, submitted

ANN = subject(ga_client_id=CLIENT, user_id="42")
LOOKING: dict[str, Any] = {"audience": 5, "page_size": 2, "text_parameters": False}


def test_only_who_is_a_member_is_found(fake: AnalyticsSandbox, connected: Connect) -> None:
    fake.visit(OTHER, "420")
    fake.visit("104200001.16900000421")
    connector = connected(**LOOKING)
    assert located(connector, ANN) == {}
    assert connector.capabilities.searchable
    assert not connector.capabilities.verifiable, "leaving the list is not leaving the servers"


@pytest.mark.parametrize("once", [False, True])
def test_who_is_seen_by_one_identifier_is_asked_to_go_by_all(
    fake: AnalyticsSandbox, connected: Connect, once: bool
) -> None:
    fake.once_per_user = once
    fake.takes_provided_data = True
    fake.visit(CLIENT, "42")
    fake.visit("7.7", "42")
    who = subject(ga_client_id=(CLIENT, "8.8"), user_id="42", email="ann@example.com")
    erase(connected(**LOOKING), who)
    assert submitted(fake) == [
        ("clientId", CLIENT), ("clientId", "8.8"), ("userId", "42"), ("userProvidedData", "ann@example.com"),
    ]  # fmt: skip


def test_an_address_alone_cannot_be_looked_up(fake: AnalyticsSandbox, connected: Connect) -> None:
    fake.takes_provided_data = True
    fake.visit(CLIENT, "42", "ann@example.com")
    connector = connected(**LOOKING)
    assert "email" not in connector.capabilities.needs
    assert located(connector, subject(email="ann@example.com")) == {}


@pytest.mark.parametrize("number", ["42", "43"])
def test_a_device_on_which_somebody_else_signed_in_is_shared(
    fake: AnalyticsSandbox, connected: Connect, number: str
) -> None:
    """Also where only the other's number is seen: perhaps the person never signed in there."""
    fake.visit(CLIENT, number)
    fake.visit(CLIENT, "77")
    fake.visit(CLIENT)
    connector = connected(**LOOKING)
    record = located(connector, ANN)["client_ids", CLIENT]
    assert [o.kind for o in record.obstacles] == [ObstacleKind.SHARED]
    erase(connector, ANN)
    assert ("clientId", CLIENT) not in submitted(fake)
    assert (("userId", "42") in submitted(fake)) is (number == "42")


def test_a_device_that_became_shared_since_the_plan_is_left_alone(fake: AnalyticsSandbox, connected: Connect) -> None:
    fake.visit(CLIENT)
    connector = connected(**LOOKING)
    orders = orders_for(list(connector.locate(ANN)))
    fake.exports.clear()
    fake.visit(CLIENT, "77")
    outcomes = {o.at.collection: o.status for o in connector.delete(ANN, orders)}
    assert outcomes["client_ids"] is Status.MANUAL
    assert submitted(fake) == []


def test_a_signed_in_device_is_not_the_persons_whose_number_is_unknown(
    fake: AnalyticsSandbox, connected: Connect
) -> None:
    fake.visit(CLIENT, "42")
    (record,) = located(connected(**LOOKING), subject(ga_client_id=CLIENT)).values()
    assert [o.kind for o in record.obstacles] == [ObstacleKind.SHARED]


def test_further_devices_are_named_and_open_nothing(fake: AnalyticsSandbox, connected: Connect) -> None:
    fake.visit("7.7", "42")
    fake.visit("ab" * 16, "42")
    fake.visit("9.9", "42")
    fake.visit("9.9", "77")  # somebody else's too: not named
    record = located(connected(**LOOKING), ANN)["user_ids", "42"]
    assert set(record.reveals) == {
        Identifier("ga.client_id", "7.7"),
        Identifier("ga.app_instance_id", "ab" * 16),
    }
    assert {i.trust for i in record.reveals} == {Trust.CLAIMED}


@pytest.mark.parametrize("long", [False, True])
def test_a_member_who_is_still_listed_is_still_there(fake: AnalyticsSandbox, connected: Connect, long: bool) -> None:
    """When a deleted user leaves an audience is not documented: with user reports, or with the servers."""
    fake.listed_until_purge = long
    fake.visit(CLIENT, "42")
    connector = connected(**LOOKING)
    assert {o.status for o in erase(connector, ANN).values()} == {Status.ACCEPTED}
    assert located(connector, ANN) != {}
    fake.advance(timedelta(days=4))
    assert (located(connector, ANN) != {}) is long
    assert fake.of("42")[0] != [], "the servers still have it, whatever the list says"
    fake.advance(timedelta(days=60))
    assert located(connector, ANN) == {}


def test_an_export_is_made_once_and_waited_for(server: Server, fake: AnalyticsSandbox, connected: Connect) -> None:
    fake.export_takes = timedelta(minutes=15)
    fake.visit(CLIENT)
    connector = connected(**LOOKING)
    for _ in range(2):
        with pytest.raises(TransientError, match="being made") as raised:
            located(connector, ANN)
        assert raised.value.retry_after == pytest.approx(900, abs=10)
    assert len(fake.exports) == 1
    fake.export_takes = timedelta(0)
    assert ("client_ids", CLIENT) in located(connector, ANN)
    assert len(fake.exports) == 1


def test_a_failed_export_is_no_empty_one(fake: AnalyticsSandbox, connected: Connect) -> None:
    fake.export_fails = True
    fake.visit(CLIENT)
    with pytest.raises(TransientError, match="failed"):
        located(connected(**LOOKING), ANN)
    fake.export_fails = False
    assert ("client_ids", CLIENT) in located(connected(**LOOKING), ANN)


def test_old_exports_and_others_are_not_read(fake: AnalyticsSandbox, connected: Connect) -> None:
    fake.visit(OTHER)
    fake.now -= timedelta(hours=30)
    fake.export()
    fake.now += timedelta(hours=30)
    fake.export("properties/1001/audiences/6")
    fake.export(dimensions=["deviceId"])
    fake.visit(CLIENT)
    fake.most_listed = 1
    assert ("client_ids", CLIENT) in located(connected(**LOOKING), ANN)
    assert len(fake.exports) == 4


def test_columns_are_read_by_their_names(fake: AnalyticsSandbox, connected: Connect) -> None:
    fake.visit("42", "elsewhere")
    fake.visit("unsigned", CLIENT)
    fake.export(dimensions=["userId", "deviceId"])
    assert located(connected(**LOOKING), ANN) == {}


@pytest.mark.parametrize(("rows", "level"), [(2_000_000, "STANDARD"), (200_000_000, "360")])
def test_a_sample_shows_no_absence(fake: AnalyticsSandbox, connected: Connect, rows: int, level: str) -> None:
    fake.service_level = f"GOOGLE_ANALYTICS_{level}"
    fake.visit(OTHER)
    fake.pretended_rows = rows
    with pytest.raises(RefusedError, match="sample"):
        located(connected(**LOOKING), ANN)
    fake.pretended_rows = rows - 1
    with pytest.raises(TransientError, match="cut short"):  # and fewer members than were promised are no list
        located(connected(**LOOKING), ANN)


def test_an_empty_audience_is_an_answer(fake: AnalyticsSandbox, connected: Connect) -> None:
    assert located(connected(**LOOKING), ANN) == {}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"membership_days": 30}, "leave after 30 days"),
        ({"kept": {"eventDataRetention": "FIFTY_MONTHS", "userDataRetention": "TWO_MONTHS"}}, "540 days"),
        ({"kept": {"eventDataRetention": "TEN_YEARS", "userDataRetention": "TWO_MONTHS"}}, "540 days"),
        ({"excludes": True}, "excludes some"),
        ({"audience_created": datetime.now(UTC) - timedelta(days=100)}, "younger than the data"),
    ],
)
def test_an_audience_that_is_not_everybody_is_refused(
    fake: AnalyticsSandbox, connected: Connect, changes: dict[str, Any], says: str
) -> None:
    for name, value in changes.items():
        setattr(fake, name, value)
    with pytest.raises(ConfigError, match=says):
        located(connected(**LOOKING), ANN)


def test_an_audience_as_old_as_the_property_is_complete(fake: AnalyticsSandbox, connected: Connect) -> None:
    fake.created = fake.audience_created = datetime.now(UTC) - timedelta(days=10)
    fake.visit(CLIENT)
    assert ("client_ids", CLIENT) in located(connected(**LOOKING), ANN)


def test_a_token_that_may_not_read_members_finds_nobody_absent(fake: AnalyticsSandbox, connected: Connect) -> None:
    fake.tokens.own = fake.tokens.own - {READ}
    try:
        with pytest.raises(AuthError):
            located(connected(**LOOKING), ANN)
    finally:
        fake.tokens.own = fake.tokens.own | {READ}


def test_no_export_is_made_twice_by_a_lost_answer(server: Server, fake: AnalyticsSandbox, connected: Connect) -> None:
    fake.visit(CLIENT)
    making = lambda method, path: (method, path[-15:]) == ("POST", "audienceExports")  # noqa: E731
    with server.faults.inject(Fault.CUT, match=making), pytest.raises(TransientError):
        located(connected(**LOOKING), ANN)
    assert ("client_ids", CLIENT) in located(connected(**LOOKING), ANN)
    assert len(fake.exports) == 1


def test_every_call_takes_its_turn(server: Server, fake: AnalyticsSandbox, connected: Connect) -> None:
    turns: list[int] = []
    fake.visit(CLIENT)
    erase(connected(pace=lambda: turns.append(1), **LOOKING), ANN)
    assert len(turns) == len([path for _, path in server.faults.calls if path != "/token"])
