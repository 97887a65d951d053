"""Deleting: nothing in bulk, nothing said to be done that is only accepted, and no opt-out lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import RefusedError, TransientError
from connectors.model import (
    Action,
    ObstacleKind,
    Secret,
    Status,
    SystemSpec,
)
from connectors.sandbox.sendgrid import API_KEY, ERASE, SendGridSandbox
from connectors.sandbox.serve import Server
from connectors.sendgrid.api import Account, Api
from connectors.sendgrid.settings import Settings
from connectors.testing import orders_for
from tests.connectors.sendgrid.conftest import (
    ANN,
    JO,
    SUBJECT,
    WEEK,
    Connect,
    HeldError,
    carried_out,
    closed,
    deleted,
    located,
    planted,
)


class TestNothingInBulk:
    @pytest.fixture
    def api(self, server: Server, fake: SendGridSandbox) -> Api:
        secrets = {"api_key": Secret(API_KEY)}
        spec = SystemSpec("mailer", "sendgrid", {"base_url": server.url}, secrets, sandbox=True)
        return Api(spec, Settings.of(spec))

    def test_no_contacts_no_request(self, server: Server, api: Api) -> None:
        api.delete_contacts([], Account(), lambda: None)
        assert server.faults.calls == []

    @pytest.mark.parametrize("number", ["", "a,b", "x&delete_all_contacts=true", "*", " "])
    def test_what_is_no_id_is_not_sent(self, server: Server, api: Api, number: str) -> None:
        with pytest.raises(RefusedError):
            api.delete_contacts(["good", number], Account(), lambda: None)
        assert server.faults.calls == []

    @pytest.mark.parametrize("path", [("suppression", "bounces", ""), ("contactdb", "recipients", ".."), ("", "x")])
    def test_a_path_without_its_end_is_not_sent(self, server: Server, api: Api, path: tuple[str, ...]) -> None:
        with pytest.raises(RefusedError):
            api.delete(*path, doing="deleting", account=Account())
        assert server.faults.calls == []

    def test_many_contacts_in_several_requests(self, fake: SendGridSandbox, api: Api) -> None:
        gates: list[int] = []
        rows = [fake.contact(f"p{n}@example.com") for n in range(150)]
        api.delete_contacts([row["id"] for row in rows[:120]], Account(), lambda: gates.append(1))
        fake.advance(WEEK)
        assert (len(fake.accounts[""].contacts), len(gates), fake.bulk) == (30, 2, [])

    def test_the_fake_sees_bulk_requests(self, fake: SendGridSandbox, server: Server) -> None:
        import requests

        headers = {"Authorization": f"Bearer {API_KEY}"}
        requests.delete(f"{server.url}/v3/marketing/contacts?delete_all_contacts=true", headers=headers, timeout=5)
        requests.delete(f"{server.url}/v3/suppression/bounces", headers=headers, json={"delete_all": True}, timeout=5)
        assert len(fake.bulk) >= 2


def test_accepted_is_not_done(fake: SendGridSandbox, connected: Connect) -> None:
    planted(fake)
    fake.legacy(ANN)
    fake.advance(timedelta())
    outcomes = deleted(connected())
    assert {name: o.status for name, o in outcomes.items()} == {
        "contacts": Status.ACCEPTED,
        "legacy_contacts": Status.DONE,
        "messages": Status.ACCEPTED,
        "email_logs": Status.ACCEPTED,
        "suppressions.unsubscribes": Status.RETAINED,
    }
    until = outcomes["messages"].until
    assert until
    assert abs(until - datetime.now(UTC) - WEEK) < timedelta(minutes=1)
    assert len(fake.jobs) == 1, "one request for all that one erasure takes"
    fake.advance(WEEK)
    assert set(located(connected())) == {"suppressions.unsubscribes"}
    assert connected().suppressed(SUBJECT)


def test_a_contact_that_is_gone_at_once_is_done(fake: SendGridSandbox, connected: Connect) -> None:
    planted(fake)
    fake.deletion_days = 0
    assert deleted(connected())["contacts"].status is Status.DONE


def test_an_erasure_is_asked_for_in_every_account(fake: SendGridSandbox, connected: Connect) -> None:
    fake.subuser("shop")
    fake.subuser("news")
    planted(fake, "shop")
    outcomes = deleted(connected())
    assert outcomes["contacts/shop"].status is Status.ACCEPTED
    assert sorted(fake.jobs) == [("", [ANN]), ("news", [ANN]), ("shop", [ANN])]
    fake.advance(WEEK)
    assert [c["email"] for c in fake.accounts["shop"].contacts.values()] == [JO]


def test_mail_older_than_any_search_is_erased_with_the_contact(fake: SendGridSandbox, connected: Connect) -> None:
    fake.contact(ANN)
    fake.suppress("unsubscribes", ANN)
    deleted(connected())
    assert fake.jobs == [("", [ANN])]


class TestErasure:
    def test_without_its_scope_it_is_done_by_hand(self, fake: SendGridSandbox, connected: Connect) -> None:
        planted(fake)
        fake.scopes.remove(ERASE)
        connector = connected()
        connector.check()
        records = located(connector)
        assert [o.kind for o in records["email_logs"].obstacles] == [ObstacleKind.BY_HAND]
        assert records["contacts"].obstacles == ()
        outcomes = deleted(connector)
        assert (outcomes["email_logs"].status, outcomes["contacts"].status) == (Status.MANUAL, Status.ACCEPTED)
        assert fake.jobs == []

    def test_a_scope_that_was_taken_since_is_told(self, fake: SendGridSandbox, connected: Connect) -> None:
        planted(fake)
        orders = orders_for(list(connected().locate(SUBJECT)))
        fake.scopes.remove(ERASE)
        assert carried_out(connected(), orders)["messages"].status is Status.MANUAL

    def test_unseen_mail_without_its_scope_is_by_hand_too(self, fake: SendGridSandbox, connected: Connect) -> None:
        fake.contact(ANN)
        fake.scopes.remove(ERASE)
        record = located(connected())["recipient_data"]
        assert [o.kind for o in record.obstacles] == [ObstacleKind.BY_HAND]

    def test_an_address_in_another_contact_stops_it(self, fake: SendGridSandbox, connected: Connect) -> None:
        planted(fake)
        orders = orders_for(list(connected().locate(SUBJECT)))
        fake.erasure_takes_contacts = fake.erasure_at_once = fake.alternate_first = True
        fake.contact("friend@example.org", alternate_emails=[ANN])
        assert [o.kind for o in located(connected())["messages"].obstacles] == [ObstacleKind.BY_HAND]
        assert carried_out(connected(), orders)["messages"].status is Status.MANUAL
        assert fake.jobs == []
        assert len(fake.accounts[""].contacts) == 3

    @pytest.mark.parametrize("taken", [False, True])
    def test_whether_it_takes_contacts_changes_no_promise(
        self, fake: SendGridSandbox, connected: Connect, taken: bool
    ) -> None:
        planted(fake)
        fake.erasure_takes_contacts = taken
        outcomes = deleted(connected())
        assert {outcomes[n].status for n in ("contacts", "messages", "email_logs")} == {Status.ACCEPTED}

    def test_an_address_that_it_calls_invalid_fails(self, fake: SendGridSandbox, connected: Connect) -> None:
        planted(fake)
        fake.invalid = {ANN}
        outcomes = deleted(connected())
        assert {outcomes[n].status for n in ("contacts", "messages")} == {Status.FAILED}
        assert ANN not in str(outcomes)

    @pytest.mark.parametrize("kept", ["messages", "contacts"])
    def test_it_is_not_asked_for_while_part_of_it_is_kept(
        self, fake: SendGridSandbox, connected: Connect, kept: str
    ) -> None:
        planted(fake)
        orders = [
            replace(o, action=Action.RETAIN) if o.at.collection == kept else o
            for o in orders_for(list(connected().locate(SUBJECT)))
        ]
        outcomes = carried_out(connected(), orders)
        assert outcomes["email_logs"].status is Status.FAILED
        assert "to be kept" in outcomes["email_logs"].reason
        assert fake.jobs == []

    @pytest.mark.parametrize("held", ["messages", "suppressions.spam_reports"])
    def test_a_hold_on_anything_it_may_reach_stops_it(
        self, fake: SendGridSandbox, connected: Connect, held: str
    ) -> None:
        planted(fake)
        connector = connected(gate=closed(held))
        with pytest.raises(HeldError):
            deleted(connector)
        assert fake.jobs == []

    def test_its_rate_limit_is_told_in_seconds(self, fake: SendGridSandbox, connected: Connect) -> None:
        planted(fake)
        connector = connected(subusers=[], not_in_plan=["contacts"])
        orders = [o for o in orders_for(list(connector.locate(SUBJECT))) if o.at.collection == "messages"]
        before = len(fake.queries)
        list(connector.delete(SUBJECT, orders))
        calls = len(fake.queries) - before
        for left in range(calls):
            fake.rate_left, fake.jobs = left, []
            with pytest.raises(TransientError) as raised:
                list(connector.delete(SUBJECT, orders))
            assert raised.value.retry_after == pytest.approx(23, abs=3)

    def test_what_no_search_shows_is_accepted_and_not_provable(self, fake: SendGridSandbox, connected: Connect) -> None:
        fake.contact(ANN)
        fake.suppress("unsubscribes", ANN)
        connector = connected(messages=False, email_logs=False)
        assert not connector.capabilities.verifiable
        assert connected().capabilities.verifiable
        assert deleted(connector)["recipient_data"].status is Status.ACCEPTED
