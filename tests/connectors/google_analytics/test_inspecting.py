"""What the inventory says of the property is compared with the property."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.errors import AuthError, ConfigError
from connectors.google_analytics import connect
from connectors.model import Aspect, CollectionSpec, Secret, SystemSpec
from connectors.protocol import Inspects
from connectors.sandbox.google_analytics import READ, AnalyticsSandbox
from connectors.sandbox.serve import Server

from .conftest import Connect

LINKED = "bigquery_system"


@pytest.mark.parametrize("audience", ["", "5", "properties/1001/audiences/5"])
def test_all_is_well(server: Server, connected: Connect, audience: str) -> None:
    connector = connected(audience=audience)
    connector.check()
    assert isinstance(connector, Inspects)
    found = {(p.aspect, p.ok) for p in connector.inspect()}
    assert {a for a, ok in found if ok is False} == set()
    assert (Aspect.DELETE, None) in found, "no call tells whether the account may delete"
    assert ((Aspect.LOCATE, None) in found) is (not audience)
    assert {m for m, path in server.faults.calls if path != "/token"} == {"GET"}, "nothing is made by looking"


@pytest.mark.parametrize(
    ("there", "says"),
    [
        (
            {"kept": {"eventDataRetention": "TWO_MONTHS", "userDataRetention": "FOURTEEN_MONTHS"}},
            "event_data_retention",
        ),
        ({"kept": {"eventDataRetention": "FOURTEEN_MONTHS", "userDataRetention": "TWO_MONTHS"}}, "for 2 months"),
        ({"reset_on_activity": True}, "must be true"),
        ({"binned": True}, "in the bin"),
    ],
)
def test_a_property_that_is_not_what_the_inventory_says(
    fake: AnalyticsSandbox, connected: Connect, there: dict[str, Any], says: str
) -> None:
    for name, value in there.items():
        setattr(fake, name, value)
    with pytest.raises(ConfigError, match=says):
        connected().check()


@pytest.mark.parametrize("name", ["event_data_retention", "user_data_retention", "reset_user_data_on_new_activity"])
def test_an_inventory_that_says_nothing_of_retention(server: Server, fake: AnalyticsSandbox, name: str) -> None:
    kept = {"event_data_retention": "14 months", "user_data_retention": "14 months"}
    settings = {"property": 1001, "base_url": server.url, **kept, "reset_user_data_on_new_activity": False}
    del settings[name]
    secret = Secret(fake.tokens.service_account(server.url))
    with pytest.raises(ConfigError, match=name):
        connect(SystemSpec("visits", "google_analytics", settings, {"service_account": secret})).check()


def test_every_finding_is_shown_at_once(fake: AnalyticsSandbox, connected: Connect) -> None:
    fake.reset_on_activity = True
    fake.membership_days = 30
    fake.link()
    fake.tokens.own = fake.tokens.own - {READ}
    try:
        wrong = [(p.aspect, p.says) for p in connected(audience=5).inspect() if p.ok is False]
    finally:
        fake.tokens.own = fake.tokens.own | {READ}
    assert [a for a, _ in wrong] == [Aspect.INVENTORY, Aspect.LOCATE, Aspect.LOCATE, Aspect.INVENTORY]
    assert [said for _, said in wrong if said.startswith("visits")] == []
    assert "BigQuery" in wrong[-1][1]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"property": ""}, "'property'"),
        ({"property": "UA-1234-5"}, "'property'"),
        ({"audience": "properties/2/audiences/5"}, "'audience'"),
        ({"audience": "everybody"}, "'audience'"),
        ({"audience_max_age_hours": 100}, "'audience_max_age_hours'"),
        ({"event_data_retention": "3 months"}, "'event_data_retention'"),
        ({"user_provided_data": "yes"}, "'user_provided_data'"),
        ({"text_parameters": 0}, "'text_parameters'"),
        ({"base_url": "http://analytics.example.com"}, "https"),
        ({"data_url": "http://analytics.example.com"}, "https"),
        ({"page_size": 300_000}, "'page_size'"),
        ({"proprety": 1}, "unknown setting"),
    ],
)
def test_settings_that_are_wrong_are_named(connected: Connect, wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        connected(**wrong)


def test_a_collection_that_the_vendor_does_not_have(connected: Connect) -> None:
    with pytest.raises(ConfigError, match="there is no collection"):
        connected((CollectionSpec("sessions"),))


def test_another_account_is_told_so(server: Server, fake: AnalyticsSandbox, connected: Connect) -> None:
    connector = connected(property=1002)
    with pytest.raises(AuthError):
        list(connector.inspect())
