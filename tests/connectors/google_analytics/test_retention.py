"""How long a property keeps what it collected: read, changed one period at a time, and read back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.errors import AuthError, ChangedError, ConfigError, RefusedError
from connectors.model import CollectionSpec, IdentitySpec, Trust
from connectors.sandbox.google_analytics import AnalyticsSandbox
from tests.connectors.google_analytics.conftest import Connect

TWO, MANY = timedelta(days=61), timedelta(days=792)
COLLECTIONS = (
    CollectionSpec("event_parameters"),
    CollectionSpec("bigquery_links"),
    CollectionSpec("client_ids", (IdentitySpec("ga.client_id", "clientId", Trust.ASSIGNED),)),
    CollectionSpec("user_ids", (IdentitySpec("user_id", "userId", Trust.ASSIGNED),)),
)


def test_one_period_is_changed_and_the_other_stays(connected: Connect, fake: AnalyticsSandbox) -> None:
    passed: list[str] = []
    property_ = connected(COLLECTIONS, gate=passed.append)
    users = property_.kept("client_ids", TWO)
    assert (users.fits, users.now, users.wanted, users.also) == (False, "14 months", "2 months", ("user_ids",))
    assert property_.keep(users, TWO).fits
    assert fake.kept == {"eventDataRetention": "FOURTEEN_MONTHS", "userDataRetention": "TWO_MONTHS"}
    assert fake.reset_on_activity is False
    assert passed == ["client_ids"]
    fake.kept["userDataRetention"] = "FOURTEEN_MONTHS"
    stale = property_.kept("client_ids", TWO)
    fake.kept["userDataRetention"] = "TWO_MONTHS"
    assert property_.keep(stale, TWO).fits  # somebody else did it
    with pytest.raises(ConfigError, match="settings there"):
        property_.kept("bigquery_links", TWO)


def test_what_the_property_does_not_take(connected: Connect, fake: AnalyticsSandbox) -> None:
    property_ = connected(COLLECTIONS)
    assert "give one of 2 months, 14 months" in property_.kept("user_ids", MANY).stops
    events = property_.kept("event_parameters", MANY)
    with pytest.raises(RefusedError):  # a standard property keeps no 26 months
        property_.keep(events, MANY)
    fake.service_level = "GOOGLE_ANALYTICS_360"
    assert property_.keep(events, MANY).now == "26 months"
    fake.may_edit = False
    with pytest.raises(AuthError):
        property_.keep(property_.kept("event_parameters", TWO), TWO)
    fake.may_edit = True
    with pytest.raises(ChangedError, match="26 months by now"):
        property_.keep(events, TWO)
