"""Lists, answers and settings that are not what was asked for, or said."""

from __future__ import annotations

import pytest

from connectors.calendly import connect
from connectors.errors import AuthError, ConfigError, TransientError
from connectors.model import (
    Action,
    CollectionSpec,
    Identifier,
    IdentitySpec,
    Locator,
    Order,
    Secret,
    Status,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.sandbox.calendly import CalendlySandbox
from connectors.sandbox.faults import Fault
from connectors.sandbox.serve import Server
from tests.connectors.calendly.conftest import ANN, JO, SUBJECT, Connect, erase, located, written


@pytest.mark.parametrize("loose", [False, True])
def test_a_filter_that_finds_an_address_inside_another_finds_nobody_else(
    server: Server, fake: CalendlySandbox, connected: Connect, loose: bool
) -> None:
    fake.loose_filters = loose
    fake.book(JO, days=-3)
    fake.book(JO, days=3)
    fake.contact(JO)
    fake.recap(JO)
    fake.invitation(JO)
    fake.member(JO)
    connector = connected()
    assert located(connector) == {}
    names = ("bookings_upcoming", "recaps", "contacts", "bookings")
    orders = [Order(Locator("calendar", name), Action.DELETE, 9) for name in names]
    assert {o.status for o in connector.delete(SUBJECT, orders)} == {Status.ABSENT}
    assert written(server) == []


def test_what_the_inventory_says_of_the_plan_counts(server: Server, fake: CalendlySandbox, connected: Connect) -> None:
    fake.book(ANN, days=-3)
    assert located(connected(enterprise=False))["bookings", ""].obstacles
    assert not [path for _, path in server.faults.calls if "activity_log" in path]
    fake.enterprise = False
    with pytest.raises(AuthError, match="enterprise"):
        located(connected(enterprise=True))


def test_a_list_that_is_refused_is_no_empty_list(fake: CalendlySandbox, connected: Connect) -> None:
    fake.paid = False
    fake.book(ANN, days=-3)
    with pytest.raises(AuthError, match="not_in_plan"):
        located(connected())
    assert set(located(connected(not_in_plan=["recaps"]))) == {("bookings", "")}


@pytest.mark.parametrize("collection", ["bookings_upcoming", "contacts", "recaps"])
def test_a_lie_about_one_store_is_a_failure(
    server: Server, fake: CalendlySandbox, connected: Connect, collection: str
) -> None:
    fake.book(ANN, days=3)
    fake.contact(ANN)
    fake.recap(ANN)
    with server.faults.inject(Fault.LYING):
        outcomes = erase(connected())
    assert (outcomes[collection, ""].status, outcomes[collection, ""].count) == (Status.FAILED, 0)


def test_a_page_of_another_list_is_caught(server: Server, fake: CalendlySandbox, connected: Connect) -> None:
    """The answer to an earlier call comes again, and says that it is the last page."""
    for number in range(5):
        fake.contact(ANN)["name"] = str(number)
    connector = connected(page_size=2, not_in_plan=["notes"])
    stranger = Subject.of(Identifier("email", "nobody@example.com", Trust.PROVEN))
    assert located(connector, stranger) == {}
    with server.faults.inject(Fault.DUPLICATE, times=1, match=lambda method, path: path == "/contacts"):
        assert located(connector)["contacts", ""].count == 5


def test_a_page_that_leads_back_to_itself_is_no_end(server: Server, fake: CalendlySandbox, connected: Connect) -> None:
    for _ in range(5):
        fake.contact(ANN)
    with (
        server.faults.inject(Fault.DUPLICATE, after=1, match=lambda method, path: path == "/contacts"),
        pytest.raises(TransientError, match="cut short"),
    ):
        located(connected(page_size=2))


def test_seconds_until_the_limit_is_lifted(fake: CalendlySandbox, connected: Connect) -> None:
    fake.rate_left = 3
    with pytest.raises(TransientError) as raised:
        located(connected())
    assert raised.value.retry_after == 31


def test_check_needs_an_administrator_and_reads_nobody(
    server: Server, fake: CalendlySandbox, connected: Connect
) -> None:
    connected().check()
    assert {path for _, path in server.faults.calls} == {"/users/me", "/routing_forms"}


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"base_url": "http://calendly.example.com"}, "base_url"),
        ({"page_size": 101}, "page_size"),
        ({"page_size": "many"}, "page_size"),
        ({"enterprise": "yes"}, "enterprise"),
        ({"not_in_plan": "recaps"}, "not_in_plan"),
        ({"not_in_plan": ["meetings"]}, "not_in_plan"),
        ({"settle_days": 1}, "settle_days"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        connect(SystemSpec("calendar", "calendly", settings, {"token": Secret("sandbox")}))


def test_what_cannot_be_searched_is_named() -> None:
    phone = CollectionSpec("contacts", (IdentitySpec("phone", "phone_number", Trust.PROVEN),))
    for collections, named in (((phone,), "phone"), ((CollectionSpec("meetings"),), "meetings")):
        with pytest.raises(ConfigError, match=named):
            connect(SystemSpec("calendar", "calendly", {}, {"token": Secret("sandbox")}, collections))
    with pytest.raises(ConfigError, match="token"):
        connect(SystemSpec("calendar", "calendly"))
