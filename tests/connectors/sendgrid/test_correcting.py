"""Corrections at SendGrid: identifiers in steps, opt-outs that go along, and what only people can do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.errors import ChangedError
from connectors.model import (
    Change,
    CollectionSpec,
    Correction,
    FieldSpec,
    Identifier,
    IdentitySpec,
    Locator,
    Outcome,
    Status,
    Subject,
    Trust,
)
from connectors.sandbox.sendgrid import SendGridSandbox
from tests.connectors.sendgrid.conftest import ANN, JO, SUBJECT, Connect

NEW = "anne.li@example.com"
CONTACTS = CollectionSpec(
    "contacts",
    (IdentitySpec("email", "email", Trust.ASSIGNED), IdentitySpec("user_id", "external_id", Trust.ASSIGNED)),
    fields=(FieldSpec("email"), FieldSpec("first_name")),
)
HER = Subject.of(*SUBJECT.identifiers, Identifier("user_id", "u-1", Trust.ASSIGNED))


def corrected(connected: Connect, *changes: Change, subject: Subject = HER, account: str = "") -> list[Outcome]:
    at = Locator("mailer", "contacts", account)
    return list(connected((CONTACTS,)).correct(subject, [Correction(at, (c,)) for c in changes]))


def address(old: str = ANN, new: str = NEW) -> Change:
    return Change("email", old, new)


def statuses(outcomes: list[Outcome]) -> list[Status]:
    return [o.status for o in outcomes]


def opted_out(fake: SendGridSandbox, account: str = "") -> set[str]:
    store = fake.accounts[account]
    groups = {g["name"] for g in store.groups.values() if NEW in g["emails"]}
    return groups | ({"all mail"} if NEW in store.unsubscribes else set())


def test_an_address_is_swapped_in_steps_and_the_contact_stays(connected: Connect, fake: SendGridSandbox) -> None:
    hers = fake.contact(ANN, external_id="u-1", first_name="Ann", list_ids=["l-1"], custom_fields={"pet": "cat"})
    other = dict(fake.contact(JO, external_id="u-2"))
    both = (Change("first_name", "Ann", "Anne"), address())
    for name in ("news", "bounces"):
        fake.suppress(name, ANN)
    assert statuses(corrected(connected, *both)) == [Status.ACCEPTED, Status.FAILED], "first what names the old one"
    assert (hers["email"], opted_out(fake)) == (ANN, set())
    fake.advance(timedelta(hours=2))
    assert statuses(corrected(connected, *both)) == [Status.ABSENT, Status.FAILED]
    assert opted_out(fake) == {"news"}, "before the address stands anywhere"
    fake.advance(timedelta(hours=2))
    assert hers["email"] == "", "half way: nobody is written to"
    assert statuses(corrected(connected, *both)) == [Status.ABSENT, Status.ACCEPTED]
    fake.advance(timedelta(hours=2))
    assert statuses(corrected(connected, *both)) == [Status.ABSENT, Status.ABSENT]
    assert (hers["email"], hers["first_name"], hers["list_ids"], hers["external_id"]) == (NEW, "Anne", ["l-1"], "u-1")
    assert hers["custom_fields"] == {"pet": "cat"}
    assert other == next(c for c in fake.accounts[""].contacts.values() if c["email"] == JO)
    assert not [row for row in fake.accounts[""].lists["bounces"] if row["email"] == NEW], "of the old mailbox"
    assert fake.bulk == []


def test_a_contact_with_nothing_but_its_address_is_made_anew(connected: Connect, fake: SendGridSandbox) -> None:
    old = fake.contact(ANN, first_name="Ann", city="Madison", list_ids=["l-1", "l-2"])
    fake.suppress("spam_reports", ANN)
    assert statuses(corrected(connected, address(), subject=SUBJECT)) == [Status.FAILED], "not there yet"
    assert old["id"] in fake.accounts[""].contacts
    fake.advance(timedelta(hours=2))
    assert statuses(corrected(connected, address(), subject=SUBJECT)) == [Status.ACCEPTED]
    fake.advance(timedelta(days=2))
    (new,) = fake.accounts[""].contacts.values()
    assert (new["email"], new["first_name"], new["city"], new["list_ids"]) == (NEW, "Ann", "Madison", ["l-1", "l-2"])
    assert opted_out(fake) == {"all mail"}, "a complaint cannot be entered; an unsubscription can"
    assert statuses(corrected(connected, address(), subject=SUBJECT)) == [Status.ABSENT]


def test_opt_outs_of_a_subuser_go_along_there(connected: Connect, fake: SendGridSandbox) -> None:
    fake.subuser("shop")
    fake.contact(ANN, "shop", external_id="u-1")
    for account in ("", "shop"):
        fake.suppress("unsubscribes", ANN, account)
    corrected(connected, address(), account="shop")
    assert (opted_out(fake), opted_out(fake, "shop")) == (set(), {"all mail"}), "each account for itself"


def test_an_opt_out_that_does_not_arrive_stops_it(connected: Connect, fake: SendGridSandbox) -> None:
    hers = fake.contact(ANN, external_id="u-1")
    fake.suppress("unsubscribes", ANN)
    fake.accounts[""].unsubscribes = _Deaf(fake.accounts[""].unsubscribes)
    (outcome,) = corrected(connected, address())
    assert (outcome.status, "opt-out" in outcome.reason) == (Status.FAILED, True)
    fake.advance(timedelta(days=9))
    assert hers["email"] == ANN


class _Deaf(dict[str, int]):
    """Takes nothing more."""

    def update(self, *args: Any, **more: Any) -> None: ...


def test_anothers_address_stops_everything(connected: Connect, fake: SendGridSandbox) -> None:
    fake.contact(ANN, external_id="u-1")
    fake.contact(NEW, external_id="u-2")
    with pytest.raises(ChangedError, match="see whose it is") as raised:
        corrected(connected, address())
    assert NEW not in str(raised.value)
    fake.advance(timedelta(days=9))
    assert sorted(c["email"] for c in fake.accounts[""].contacts.values()) == sorted([ANN, NEW])


@pytest.mark.parametrize("more", [{"anonymous_id": "a-1"}, {"external_id": "u-9"}, {"custom_fields": {"pet": "cat"}}])
def test_what_would_be_lost_on_the_way_is_left_to_people(
    connected: Connect, fake: SendGridSandbox, more: dict[str, Any]
) -> None:
    fake.contact(ANN, **more)
    (outcome,) = corrected(connected, address(), subject=SUBJECT)
    assert (outcome.status, "web console" in outcome.reason) == (Status.MANUAL, True)
    fake.advance(timedelta(days=9))
    assert [c["email"] for c in fake.accounts[""].contacts.values()] == [ANN]


def test_where_no_identifier_can_be_put_on_nothing_is_called_done(connected: Connect, fake: SendGridSandbox) -> None:
    fake.adds_identifiers = False
    fake.contact(ANN, external_id="u-1")
    for _ in range(4):
        (outcome,) = corrected(connected, address())
        assert outcome.status in (Status.FAILED, Status.ACCEPTED)
        fake.advance(timedelta(hours=2))
    assert corrected(connected, address())[0].status is Status.ACCEPTED, "asked for again, as it is not there"


def test_a_number_is_swapped_while_the_address_leads_to_the_contact(connected: Connect, fake: SendGridSandbox) -> None:
    hers = fake.contact(ANN, phone_number_id="+16085550100")
    number = Change("phone_number_id", "+16085550100", "+16085550177")
    for expected in (Status.FAILED, Status.ACCEPTED, Status.ABSENT):
        assert statuses(corrected(connected, number, subject=SUBJECT)) == [expected]
        fake.advance(timedelta(hours=2))
    assert (hers["phone_number_id"], hers["email"]) == ("+16085550177", ANN)


def test_what_was_sent_is_history_and_a_former_address_a_key(connected: Connect, fake: SendGridSandbox) -> None:
    fake.legacy(ANN)
    fake.message(ANN)
    fake.suppress("unsubscribes", ANN)
    connector = connected()
    for collection, field in (("legacy_contacts", "email"), ("messages", "to_email")):
        at = Locator("mailer", collection)
        (there,) = connector.held(SUBJECT, at, [field])
        assert there.fixed
        (outcome,) = connector.correct(SUBJECT, [Correction(at, (Change(field, there.value, NEW, there.count),))])
        assert outcome.status is Status.MANUAL


def test_an_opt_out_without_a_contact_is_entered_for_the_new_address_beside_the_old(
    connected: Connect, fake: SendGridSandbox
) -> None:
    for name in ("unsubscribes", "news", "offers"):
        fake.suppress(name, ANN)
    fake.suppress("news", JO)
    connector = connected()
    for collection, count in (("suppressions.unsubscribes", 1), ("suppressions.asm_groups", 2)):
        at = Locator("mailer", collection)
        (there,) = connector.held(SUBJECT, at, ["email", "reason"])
        assert (there.beside, there.fixed, there.count) == (True, "", count)
        asked = [Correction(at, (Change("email", ANN, NEW, count),))]
        expected = Status.DONE if collection == "suppressions.unsubscribes" else Status.ABSENT
        assert statuses(list(connector.correct(SUBJECT, asked))) == [expected], "all of an account's at once"
        assert statuses(list(connector.correct(SUBJECT, asked))) == [Status.ABSENT]
    assert opted_out(fake) == {"all mail", "news", "offers"}
    assert ANN in fake.accounts[""].unsubscribes
    groups = fake.accounts[""].groups.values()
    assert next(g for g in groups if g["name"] == "news")["emails"] == {ANN, JO, NEW}
