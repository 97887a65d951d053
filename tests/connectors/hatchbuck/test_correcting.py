"""Corrections at Hatchbuck: items by their ids, a "yes" without effect, opt-outs, other people's contacts."""

from __future__ import annotations

import pytest

from connectors.errors import RefusedError
from connectors.model import Change, Correction, Identifier, Locator, Outcome, Status, Subject, Trust
from connectors.sandbox.hatchbuck import HatchbuckSandbox
from tests.connectors.hatchbuck.conftest import ANN, JO, SUBJECT, Connect, known

NEW = "anne.li@example.com"


def corrected(connected: Connect, *changes: Change, subject: Subject = SUBJECT, key: str = "") -> list[Outcome]:
    at = Locator("crm", "contacts", key)
    return list(connected().correct(subject, [Correction(at, (c,)) for c in changes]))


def test_one_item_of_several_changes_and_keeps_its_id(connected: Connect, fake: HatchbuckSandbox) -> None:
    numbers = [{"number": "555-0100", "type": "Work"}, {"number": "555-0188", "type": "Home"}]
    row = fake.contact(ANN, phones=numbers)
    before = [dict(item) for item in row["phones"]]
    (outcome,) = corrected(connected, Change("phones", "555-0100", "555-0177"))
    assert outcome.status is Status.DONE
    assert row["phones"] == [before[0] | {"number": "555-0177"}, before[1]]
    assert [h.value for h in connected().held(SUBJECT, outcome.at, ["phones"])] == ["555-0177", "555-0188"]


def test_another_address_on_the_same_contact_with_its_opt_out(connected: Connect, fake: HatchbuckSandbox) -> None:
    row = fake.contact(ANN, first="Ann", subscribed=False)
    fake.contact(JO)
    who = known(connected())
    (outcome,) = corrected(connected, Change("emails", ANN, NEW), subject=who)
    assert outcome.status is Status.DONE
    assert [e["address"] for e in row["emails"]] == [NEW]
    assert row["subscribed"] is False
    seen = Subject(who.identifiers | {Identifier("email", NEW, Trust.ASSIGNED)})
    assert corrected(connected, Change("emails", ANN, NEW), subject=seen)[0].status is Status.ABSENT


def test_an_opt_out_that_gets_lost_is_entered_again(connected: Connect, fake: HatchbuckSandbox) -> None:
    row = fake.contact(ANN, subscribed=False)
    fake.subscribes_anew = True
    assert corrected(connected, Change("emails", ANN, NEW), subject=known(connected()))[0].status is Status.DONE
    assert row["subscribed"] is False
    fake.ignores = {"subscribed"}
    (outcome,) = corrected(connected, Change("emails", NEW, ANN), subject=known(connected(), Subject.of(
        Identifier("email", NEW, Trust.PROVEN))))  # fmt: skip
    assert (outcome.status, "unsubscribe it" in outcome.reason) == (Status.FAILED, True)


def test_a_yes_without_effect_is_never_done(connected: Connect, fake: HatchbuckSandbox) -> None:
    fake.contact(ANN, first="Ann")
    fake.ignores = {"firstName"}
    (outcome,) = corrected(connected, Change("firstName", "Ann", "Anne"))
    assert outcome.status is Status.ACCEPTED
    assert outcome.until


def test_a_text_is_emptied_where_that_is_asked(connected: Connect, fake: HatchbuckSandbox) -> None:
    row = fake.contact(ANN, title="Fitter", website=[{"websiteUrl": "www.example.com"}])
    emptied = corrected(connected, Change("title", "Fitter", ""), Change("website", "www.example.com", ""))
    assert [o.status for o in emptied] == [Status.DONE, Status.DONE]
    assert (row["title"], row["website"]) == ("", [])
    (last,) = corrected(connected, Change("emails", ANN, ""))
    assert last.status is Status.MANUAL


def test_a_contact_with_another_address_is_nobodys_to_correct(connected: Connect, fake: HatchbuckSandbox) -> None:
    row = fake.contact(ANN, "other@example.net", first="Ann")
    assert list(connected().held(SUBJECT, Locator("crm", "contacts", "shared"), ["firstName"])) == []
    with pytest.raises(RefusedError, match="never corrected"):
        corrected(connected, Change("firstName", "Ann", "Anne"), key="shared")
    assert row["firstName"] == "Ann"
