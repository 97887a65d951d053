"""Without an audience: nobody is looked up, and deletion is asked for every identifier."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import AuthError, ChangedError, RefusedError, TransientError
from connectors.google_analytics.connector import DELETED_WITHIN
from connectors.google_analytics.quota import until_reset
from connectors.model import (
    Action,
    CollectionSpec,
    Identifier,
    IdentitySpec,
    Locator,
    ObstacleKind,
    Order,
    Status,
    Subject,
    Trust,
)
from connectors.sandbox.google_analytics import AnalyticsSandbox
from connectors.testing import orders_for

from .conftest import CLIENT, OTHER, Connect, erase, located, subject, submitted

ANN = subject(ga_client_id=CLIENT, user_id="42", ga_app_instance_id="ab" * 16)


def test_every_identifier_is_one_record_that_nobody_saw(connected: Connect) -> None:
    connector = connected()
    found = located(connector, ANN)
    assert [(name, r.count) for (name, _), r in found.items()] == [
        ("event_parameters", 0),
        ("client_ids", 1),
        ("app_instances", 1),
        ("user_ids", 1),
    ]
    assert not connector.capabilities.searchable
    assert not connector.capabilities.verifiable
    assert CLIENT not in repr(list(found.values()))


def test_all_stores_are_found(fake: AnalyticsSandbox, connected: Connect) -> None:
    fake.link()
    fake.takes_provided_data = True
    found = located(connected(), subject(ga_client_id=CLIENT, user_id="42", ga_app_instance_id="a" * 32, email="a@b.c"))
    assert {name for name, _ in found} == {
        "bigquery_links", "event_parameters", "client_ids", "app_instances", "user_ids", "user_provided_data",
    }  # fmt: skip


def test_each_request_bears_exactly_one_identifier(fake: AnalyticsSandbox, connected: Connect) -> None:
    outcomes = erase(connected(text_parameters=False), ANN)
    assert submitted(fake) == [("clientId", CLIENT), ("appInstanceId", "ab" * 16), ("userId", "42")]
    assert {o.status for o in outcomes.values()} == {Status.ACCEPTED}


def test_accepted_is_until_the_two_monthly_run_and_never_done(fake: AnalyticsSandbox, connected: Connect) -> None:
    before = datetime.now(UTC)
    outcome = erase(connected(), subject(user_id="42"))["user_ids", "42"]
    assert outcome.status is Status.ACCEPTED
    assert outcome.until is not None
    assert before + timedelta(days=62) < outcome.until <= datetime.now(UTC) + DELETED_WITHIN
    fake.advance(timedelta(days=70))
    again = erase(connected(), subject(user_id="42"))["user_ids", "42"]
    assert again.status is Status.ACCEPTED, "nothing tells that it is gone"


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({"email": " Ann.Lee @Example.COM "}, "ann.lee@example.com"),
        ({"email": "A.n.n.Lee+x@GMail.com"}, "annlee+x@gmail.com"),
        ({"email": "Ann.Lee@googlemail.com"}, "annlee@googlemail.com"),
        ({"phone": "+1 (608) 555-0042"}, "+16085550042"),
        ({"phone": "0049 30 5550042"}, "+49305550042"),
    ],
)
def test_provided_data_is_asked_for_in_the_vendors_spelling(
    fake: AnalyticsSandbox, connected: Connect, given: dict[str, str], asked: str
) -> None:
    fake.takes_provided_data = True
    erase(connected(text_parameters=False), subject(**given))
    assert submitted(fake) == [("userProvidedData", asked)]


@pytest.mark.parametrize("number", ["(608) 555-0042", "030 555 0042"])
def test_a_number_without_country_code_might_be_anybodys(
    fake: AnalyticsSandbox, connected: Connect, number: str
) -> None:
    fake.takes_provided_data = True
    connector = connected(text_parameters=False)
    (record,) = located(connector, subject(phone=number)).values()
    assert [o.kind for o in record.obstacles] == [ObstacleKind.BY_HAND]
    (outcome,) = connector.delete(subject(phone=number), [Order(record.at, Action.DELETE, 1)])
    assert outcome.status is Status.MANUAL
    assert submitted(fake) == []


def test_what_is_no_address_and_no_number_is_not_asked_for(fake: AnalyticsSandbox, connected: Connect) -> None:
    fake.takes_provided_data = True
    assert located(connected(), subject(email="@", phone="none", user_id=" ")) == {}


@pytest.mark.parametrize(("today", "ever", "asked"), [(False, False, 0), (True, False, 1), (False, True, 1)])
def test_provided_data_is_asked_for_where_it_was_ever_collected(
    fake: AnalyticsSandbox, connected: Connect, today: bool, ever: bool, asked: int
) -> None:
    fake.takes_provided_data = today
    found = located(connected(user_provided_data=ever), subject(email="ann@example.com", user_id="42"))
    assert [name for name, _ in found].count("user_provided_data") == asked


def test_the_whole_cookie_is_read_as_the_client_id_in_it(fake: AnalyticsSandbox, connected: Connect) -> None:
    who = subject(ga_client_id=(f"GA1.1.{CLIENT}", f"GA1.2-2.{CLIENT}", CLIENT, "custom-id"))
    erase(connected(), who)
    assert submitted(fake) == [("clientId", CLIENT), ("clientId", "custom-id")]


def test_the_inventory_says_what_the_site_sends_as_user_id(fake: AnalyticsSandbox, connected: Connect) -> None:
    """Sites send a number of their own, so that the one of the application is nobody's here."""
    sent = CollectionSpec("user_ids", (IdentitySpec("analytics_id", "userId", Trust.ASSIGNED),))
    connector = connected((sent,))
    assert "user_id" not in connector.capabilities.needs
    erase(connector, Subject.of(Identifier("analytics_id", "x-9", Trust.ASSIGNED), *ANN.identifiers))
    assert ("userId", "x-9") in submitted(fake)
    assert ("userId", "42") not in submitted(fake)


def test_a_claimed_client_id_of_a_shared_device_is_not_asked_for(fake: AnalyticsSandbox, connected: Connect) -> None:
    erase(
        connected(), Subject.of(Identifier("ga.client_id", CLIENT, Trust.CLAIMED), *subject(user_id="42").identifiers)
    )
    assert submitted(fake) == [("userId", "42")]


@pytest.mark.parametrize("says", ["details", "message", "reason"])
def test_the_days_quota_leaves_the_rest_for_tomorrow(fake: AnalyticsSandbox, connected: Connect, says: str) -> None:
    fake.per_day, fake.quota_says = 2, says
    connector, who = connected(text_parameters=False), subject(ga_client_id=("1.1", "2.2", "3.3"), user_id="42")
    orders = orders_for(list(connector.locate(who)))
    answers = connector.delete(who, orders)
    answered = [next(answers), next(answers)]
    with pytest.raises(TransientError, match="quota") as raised:
        next(answers)
    assert [o.status for o in answered] == [Status.ACCEPTED, Status.ACCEPTED]
    assert raised.value.retry_after == pytest.approx(until_reset(datetime.now(UTC)), abs=5)
    assert not raised.value.for_all, "searches go on"
    fake.advance(timedelta(days=1))
    done = {o.at for o in answered}
    rest = list(connector.delete(who, [o for o in orders if o.at not in done]))
    assert [o.status for o in rest] == [Status.ACCEPTED, Status.ACCEPTED]
    assert submitted(fake) == [("clientId", "1.1"), ("clientId", "2.2"), ("clientId", "3.3"), ("userId", "42")]


def test_a_refusal_that_names_no_day_is_asked_again_soon(fake: AnalyticsSandbox, connected: Connect) -> None:
    fake.per_day, fake.quota_says = 0, "nothing"
    with pytest.raises(TransientError) as raised:
        erase(connected(), ANN)
    assert raised.value.retry_after is None


@pytest.mark.parametrize(
    ("hour", "minute", "hours"), [(7, 59, 1 / 60), (8, 0, 24), (9, 0, 23), (0, 0, 8), (23, 30, 8.5)]
)
def test_the_day_ends_at_midnight_pacific_standard_time(hour: int, minute: int, hours: float) -> None:
    for month in (1, 7):
        at = datetime(2026, month, 3, hour, minute, tzinfo=UTC)
        assert until_reset(at) == pytest.approx(hours * 3600)


def test_more_than_planned_changes_nothing(fake: AnalyticsSandbox, connected: Connect) -> None:
    connector = connected()
    orders = orders_for(list(connector.locate(ANN)))
    orders[-1] = Order(orders[-1].at, Action.DELETE, 0)
    with pytest.raises(ChangedError):
        list(connector.delete(ANN, orders))
    assert submitted(fake) == []


def test_an_order_for_an_identifier_that_is_not_the_persons_is_never_asked_for(
    fake: AnalyticsSandbox, connected: Connect
) -> None:
    order = Order(Locator("visits", "client_ids", OTHER), Action.DELETE, 1)
    (outcome,) = connected().delete(ANN, [order])
    assert outcome.status is Status.ABSENT
    assert submitted(fake) == []


def test_the_gate_is_asked_before_every_request(fake: AnalyticsSandbox, connected: Connect) -> None:
    passed: list[str] = []

    def gate(collection: str) -> None:
        assert len(fake.deletions) == len(passed)
        passed.append(collection)

    erase(connected(gate=gate), ANN)
    assert passed == ["client_ids", "app_instances", "user_ids"]


@pytest.mark.parametrize("declared", [False, True])
def test_a_bigquery_link_that_no_system_answers_for_is_by_hand(
    fake: AnalyticsSandbox, connected: Connect, declared: bool
) -> None:
    fake.most_listed = 1
    fake.link("projects/1")
    fake.link("projects/2", streaming=True)
    found = list(connected(**({"bigquery_system": "events"} if declared else {})).locate(ANN))
    links = [r for r in found if r.at.collection == "bigquery_links"]
    assert [r.count for r in links] == ([] if declared else [2])
    if links:
        assert found[0] is links[0], "copies outside go first"
        assert [o.kind for o in links[0].obstacles] == [ObstacleKind.BY_HAND]
        (outcome,) = connected().delete(ANN, [Order(links[0].at, Action.DELETE, 2)])
        assert outcome.status is Status.MANUAL


def test_typed_text_is_for_an_editor_unless_there_is_none(connected: Connect) -> None:
    (record,) = [r for r in connected().locate(ANN) if r.at.collection == "event_parameters"]
    assert [o.kind for o in record.obstacles] == [ObstacleKind.BY_HAND]
    assert "Data deletion requests" in record.obstacles[0].reason
    assert not [r for r in connected(text_parameters=False).locate(ANN) if r.at.collection == "event_parameters"]


def test_what_comes_after_the_request_begins_anew(fake: AnalyticsSandbox, connected: Connect) -> None:
    fake.visit(CLIENT)
    connector = connected()
    assert "begins anew" in located(connector, ANN)["client_ids", CLIENT].note
    erase(connector, ANN)
    fake.advance(timedelta(days=10))
    fake.visit(CLIENT, ago=timedelta(0))  # the cookie is still on the device, or a server goes on
    fake.advance(timedelta(days=60))
    assert len(fake.of(CLIENT)[0]) == 1
    erase(connector, ANN)
    fake.advance(timedelta(days=63))
    assert fake.of(CLIENT)[0] == []


def test_nothing_is_exported_and_nobody_is_told_otherwise(connected: Connect) -> None:
    connector = connected()
    assert not connector.capabilities.exports
    assert [list(connector.export(ANN, r.at)) for r in connector.locate(ANN)] == [[]] * 4


def test_redaction_is_not_pretended(fake: AnalyticsSandbox, connected: Connect) -> None:
    connector = connected()
    orders = [Order(r.at, Action.REDACT, r.count) for r in connector.locate(ANN)]
    assert {o.status for o in connector.delete(ANN, orders)} == {Status.FAILED}
    assert submitted(fake) == []


def test_a_reader_may_not_delete(fake: AnalyticsSandbox, connected: Connect) -> None:
    fake.may_edit = False
    connector = connected()
    connector.check()
    with pytest.raises(AuthError, match="not allowed"):
        erase(connector, ANN)


def test_an_answer_without_its_time_is_no_acceptance(fake: AnalyticsSandbox, connected: Connect) -> None:
    fake.names_time = False
    with pytest.raises(TransientError, match="no time"):
        erase(connected(), ANN)


def test_another_property_is_refused(connected: Connect) -> None:
    with pytest.raises((AuthError, RefusedError)):
        erase(connected(property=1002), ANN)
