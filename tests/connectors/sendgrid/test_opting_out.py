"""Opt-outs: entered before a contact goes, kept when it does, lifted only where the inventory says so."""

from __future__ import annotations

import pytest

from connectors.model import (
    CollectionSpec,
    Identifier,
    Status,
    Subject,
    Trust,
)
from connectors.protocol import Suppresses
from connectors.sandbox.faults import Fault
from connectors.sandbox.sendgrid import SendGridSandbox
from connectors.sandbox.serve import Server
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
    planted,
)


class TestOptOuts:
    def test_a_contact_goes_only_while_its_address_is_unsubscribed(
        self, server: Server, fake: SendGridSandbox, connected: Connect
    ) -> None:
        planted(fake, opted_out=False)
        outcome = deleted(connected(email_logs=False, messages=False))["contacts"]
        assert outcome.status is Status.FAILED
        assert "unsubscribe it first" in outcome.reason.lower()
        assert not any(method == "DELETE" for method, _ in server.faults.calls)
        [entered] = connected().suppress(SUBJECT)
        assert (entered.status, entered.count) == (Status.DONE, 1)
        assert deleted(connected())["contacts"].status is Status.ACCEPTED
        assert JO not in fake.accounts[""].unsubscribes

    def test_a_company_that_keeps_none_says_so(self, fake: SendGridSandbox, connected: Connect) -> None:
        planted(fake, opted_out=False)
        assert deleted(connected(require_suppression=False))["contacts"].status is Status.ACCEPTED

    @pytest.mark.parametrize("what", ["unsubscribes", "spam_reports", "news"])
    @pytest.mark.parametrize("how", ["deletion", "erasure"])
    def test_one_that_gets_lost_at_once_fails(
        self, fake: SendGridSandbox, connected: Connect, what: str, how: str
    ) -> None:
        planted(fake)
        fake.suppress(what, ANN)
        fake.deletion_takes_suppressions = how == "deletion"
        fake.erasure_takes_suppressions = fake.erasure_at_once = how == "erasure"
        outcomes = deleted(connected())
        assert outcomes["contacts"].status is Status.FAILED
        assert "opt-out" in outcomes["contacts"].reason
        assert Status.DONE not in {o.status for o in outcomes.values()}

    @pytest.mark.parametrize("taken", [False, True])
    def test_one_that_gets_lost_later_is_seen_later(
        self, fake: SendGridSandbox, connected: Connect, taken: bool
    ) -> None:
        planted(fake)
        fake.erasure_takes_suppressions = taken
        connector = connected()
        orders = [o for o in orders_for(list(connector.locate(SUBJECT))) if "supp" not in o.at.collection]
        assert {o.status for o in connector.delete(SUBJECT, orders)} == {Status.ACCEPTED}
        fake.advance(WEEK)
        assert connector.suppressed(SUBJECT) is not taken
        again = carried_out(connector, orders)["contacts"]
        assert again.status is (Status.FAILED if taken else Status.ABSENT)
        list(connector.suppress(SUBJECT))
        assert carried_out(connector, orders)["contacts"].status is Status.ABSENT

    def test_entering_is_read_back(self, server: Server, fake: SendGridSandbox, connected: Connect) -> None:
        assert isinstance(connected(), Suppresses)
        fake.subuser("shop")
        with server.faults.inject(Fault.LYING):
            assert [o.status for o in connected().suppress(SUBJECT)] == [Status.FAILED, Status.FAILED]
        fake.suppress("unsubscribes", ANN)
        assert not connected().suppressed(SUBJECT)
        assert [o.status for o in connected().suppress(SUBJECT)] == [Status.DONE, Status.ABSENT]
        assert connected().suppressed(SUBJECT)
        nobody = Subject.of(Identifier("phone", "+15550100199", Trust.PROVEN))
        assert list(connected().suppress(nobody)) == []
        assert not connected().suppressed(nobody)

    def test_entering_passes_the_gate(self, fake: SendGridSandbox, connected: Connect) -> None:
        with pytest.raises(HeldError):
            list(connected(gate=closed("suppressions.unsubscribes")).suppress(SUBJECT))
        assert fake.accounts[""].unsubscribes == {}

    def test_they_are_not_lifted_unless_the_inventory_says_so(self, fake: SendGridSandbox, connected: Connect) -> None:
        fake.suppress("unsubscribes", ANN)
        fake.suppress("bounces", ANN)
        orders = orders_for(list(connected().locate(SUBJECT)))
        assert {o.status for o in connected().delete(SUBJECT, orders)} == {Status.FAILED}
        spec = CollectionSpec("suppressions.bounces", options={"erase": True})
        outcomes = carried_out(connected((spec,)), orders)
        assert outcomes["suppressions.bounces"].status is Status.DONE
        assert list(fake.accounts[""].unsubscribes) == [ANN]
