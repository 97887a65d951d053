"""Searching, matching again what the vendor brings, and exporting."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from connectors.errors import AuthError, ConfigError, RefusedError, TransientError
from connectors.hatchbuck import connect
from connectors.model import (
    Aspect,
    CollectionSpec,
    Disclosure,
    FieldSpec,
    Identifier,
    IdentitySpec,
    ObstacleKind,
    Secret,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.sandbox.faults import Fault
from connectors.sandbox.hatchbuck import HatchbuckSandbox
from connectors.sandbox.serve import Server

from .conftest import ANN, JO, SUBJECT, Connect, located
from .test_laws import things


def by_id(contact_id: str, *more: Identifier) -> Subject:
    return Subject.of(Identifier("hatchbuck.contact", contact_id, Trust.ASSIGNED), *more)


def test_every_store_is_found(fake: HatchbuckSandbox, connected: Connect) -> None:
    row = fake.contact(
        ANN, first="Ann", last="Lee", title="Fitter", company="Works", referredBy="a friend", **things("Ann")
    )
    fake.tag(row, "trial-ended")
    fake.campaign(row, "Brochure")
    fake.page(row, notes=["called"], tasks=["call again"], deals=["200 seats"])
    found = located(connected())
    assert {name: r.count for name, r in found.items()} == {
        "campaigns": 1,
        "tags": 1,
        "contacts": 1,
        "contact_pages": 1,
        "api_log": 0,
    }
    assert dict(found["contacts"].fields) == dict.fromkeys(
        (
            "firstName", "lastName", "title", "company", "referredBy", "emails", "phones", "addresses",
            "socialNetworks", "instantMessaging", "website", "customFields",
        ), 1,
    )  # fmt: skip
    by_hand = [[o.kind for o in found[name].obstacles] for name in ("contact_pages", "api_log")]
    assert by_hand == [[ObstacleKind.BY_HAND]] * 2
    (revealed,) = found["contact_pages"].reveals
    assert (revealed.kind, revealed.value, revealed.trust) == ("hatchbuck.contact", row["contactId"], Trust.ASSIGNED)


def test_a_near_match_is_nobodys(fake: HatchbuckSandbox, connected: Connect) -> None:
    fake.near_match = fake.contact(JO, first="Ann", last="Lee")["contactId"]
    assert located(connected()) == {}
    fake.contact(ANN)
    assert located(connected())["contacts"].count == 1


@pytest.mark.parametrize("means", ["or", "and"])
def test_several_addresses_are_searched_one_by_one(fake: HatchbuckSandbox, connected: Connect, means: str) -> None:
    fake.several_addresses_mean = means
    fake.contact(ANN)
    fake.contact("ann@example.net")
    both = Subject.of(*SUBJECT.identifiers, Identifier("email", "ann@example.net", Trust.PROVEN))
    assert located(connected(), both)["contacts"].count == 2
    assert {len(json.loads(body)["emails"]) for _, _, body in fake.log} == {1}


@pytest.mark.parametrize("stored", [ANN, "Ann.Lee@Example.com"])
@pytest.mark.parametrize("given", [ANN, "Ann.Lee@Example.com"])
@pytest.mark.parametrize("minds", [False, True])
def test_addresses_are_compared_without_case(
    fake: HatchbuckSandbox, connected: Connect, stored: str, given: str, minds: bool
) -> None:
    """Whether the vendor's search minds the case is not documented; if it does, an unknown spelling stays unfound."""
    fake.tells_cases_apart = minds
    fake.contact(stored)
    found = located(connected(), Subject.of(Identifier("email", given, Trust.PROVEN)))
    assert ("contacts" in found) is (not minds or stored in (given, given.lower()))


@pytest.mark.parametrize("as_list", [False, True])
def test_absence_is_no_error(fake: HatchbuckSandbox, connected: Connect, as_list: bool) -> None:
    fake.absence_is_a_list = as_list
    fake.contact(JO)
    connected().check()
    assert located(connected()) == {}


@pytest.mark.parametrize("message", ["The request is invalid.", "no contacts here", ""])
def test_another_400_is_a_refusal(fake: HatchbuckSandbox, connected: Connect, message: str) -> None:
    fake.absence = message
    with pytest.raises(RefusedError, match="refused"):
        located(connected())


def test_an_answer_in_another_shape_is_no_absence(server: Server, fake: HatchbuckSandbox, connected: Connect) -> None:
    row = fake.contact(ANN)
    for broken in ("", 5, None):
        row["contactId"] = broken
        with pytest.raises(TransientError, match="not a list of contacts"):
            located(connected())


def test_a_contact_without_an_address_is_found_by_id_only(fake: HatchbuckSandbox, connected: Connect) -> None:
    row = fake.contact(first="Ann", last="Lee")
    assert located(connected()) == {}
    found = located(connected(), by_id(row["contactId"]))
    assert (found["contacts"].count, found["contact_pages"].count) == (1, 1)
    assert located(connected(), by_id("somebody-elses")) == {}


def test_a_contact_with_an_unknown_address_may_be_others(fake: HatchbuckSandbox, connected: Connect) -> None:
    row = fake.contact(ANN, "the.lees@example.org", first="Ann and Bo")
    fake.tag(row, "family")
    for subject in (SUBJECT, by_id(row["contactId"], *SUBJECT.identifiers)):
        found = located(connected(), subject)
        assert set(found) == {"contacts/shared"}
        record = found["contacts/shared"]
        assert [o.kind for o in record.obstacles] == [ObstacleKind.SHARED]
        (claim,) = record.reveals
        assert (claim.value, claim.trust) == ("the.lees@example.org", Trust.CLAIMED)
    confirmed = Subject.of(*SUBJECT.identifiers, Identifier("email", "The.Lees@example.org", Trust.PROVEN))
    assert located(connected(), confirmed)["contacts"].count == 1


def test_a_contact_that_went_to_somebody_else_is_not_theirs(fake: HatchbuckSandbox, connected: Connect) -> None:
    """An id was issued to one person's contact; under another's address it may be a successor's by now."""
    row = fake.contact(JO)
    assert set(located(connected(), by_id(row["contactId"]))) == {"contacts/shared"}


def test_two_contacts_with_one_address_are_several_people(fake: HatchbuckSandbox, connected: Connect) -> None:
    fake.addresses_are_unique = False
    first = fake.contact(ANN, first="Ann")
    fake.contact(ANN, first="Bo")
    for subject in (SUBJECT, by_id(first["contactId"], *SUBJECT.identifiers)):
        (record,) = located(connected(), subject).values()
        assert [o.kind for o in record.obstacles] == [ObstacleKind.SEVERAL_PEOPLE]
        assert (record.count, record.people, record.reveals) == (2, 2, ())


def test_two_contacts_under_two_addresses_may_be_one_person(fake: HatchbuckSandbox, connected: Connect) -> None:
    fake.contact(ANN)
    fake.contact("ann@example.net")
    both = Subject.of(*SUBJECT.identifiers, Identifier("email", "ann@example.net", Trust.PROVEN))
    assert located(connected(), both)["contacts"].people == 1
    strict = CollectionSpec("contacts", one_per_person=True)
    assert located(connected((strict,)), both)["contacts"].people == 2


def test_that_an_opt_out_goes_along_is_said(fake: HatchbuckSandbox, connected: Connect) -> None:
    fake.contact(ANN, subscribed=False)
    assert "opt-out" in located(connected())["contacts"].note


def test_a_collection_with_a_period_is_all_of_unknown_age(fake: HatchbuckSandbox, connected: Connect) -> None:
    cutoff = datetime(2020, 1, 1, tzinfo=UTC)
    fake.contact(ANN)
    record = located(connected((CollectionSpec("contacts", cutoffs=(cutoff,)),)))["contacts"]
    assert (record.at.since, record.at.before, record.newest) == (cutoff, None, None)


# Export


def exported(connected: Connect, name: str, *fields: FieldSpec) -> tuple[str, tuple[str, ...]]:
    connector = connected((CollectionSpec(name, fields=fields),))
    (artifact,) = connector.export(SUBJECT, located(connector)[name].at)
    return b"".join(artifact.chunks).decode(), artifact.withheld


def test_an_export_is_the_disclosed_fields_without_the_vendors_numbers(
    fake: HatchbuckSandbox, connected: Connect
) -> None:
    fake.contact(ANN, first="Ann", **things("Ann"))
    seen = ("emails", "customFields->Birthday", "company")
    text, withheld = exported(
        connected,
        "contacts",
        *(FieldSpec(name, "A", Disclosure.DISCLOSE) for name in seen),
        FieldSpec("customFields->Score", "K", Disclosure.NEVER, "a score of our own"),
    )
    assert json.loads(text) == {
        "emails": [{"address": ANN, "type": "Work"}],
        "customFields->Birthday": [{"name": "Birthday", "type": "Date", "value": "1990-01-01"}],
    }
    assert withheld == ("a score of our own", "unmarked field")


@pytest.mark.parametrize(("name", "what"), [("contact_pages", "e-mail history"), ("api_log", "log of API requests")])
def test_an_export_says_what_no_call_reads(fake: HatchbuckSandbox, connected: Connect, name: str, what: str) -> None:
    fake.page(fake.contact(ANN), notes=["called"])
    text, withheld = exported(connected, name)
    assert what in text
    assert [kind for kind in withheld if what in kind]


def test_what_may_be_others_is_not_exported(fake: HatchbuckSandbox, connected: Connect) -> None:
    fake.contact(ANN, "the.lees@example.org")
    connector = connected()
    at = located(connector)["contacts/shared"].at
    assert list(connector.export(SUBJECT, at)) == []


# Settings and credentials


def test_the_key_is_in_the_query_and_nowhere_else(server: Server, fake: HatchbuckSandbox, connected: Connect) -> None:
    with server.faults.inject(Fault.CUT), pytest.raises(TransientError) as raised:
        connected().check()
    assert "sandbox-key" not in f"{raised.value!r} {connected()!r} {vars(connected()._api)}"
    spec = SystemSpec("crm", "hatchbuck", {"base_url": server.url}, {"api_key": Secret("another")})
    with pytest.raises(AuthError) as refused:
        connect(spec).check()
    assert "another" not in str(refused.value)


def test_what_can_be_told_beforehand_is_told(server: Server, fake: HatchbuckSandbox, connected: Connect) -> None:
    told = {p.aspect: (p.ok, p.says) for p in connected().inspect()}
    assert [told[a][0] for a in (Aspect.REACH, Aspect.LOCATE, Aspect.EXPORT, Aspect.DELETE)] == [True, True, None, None]
    assert "notes" in told[Aspect.EXPORT][1]
    assert "no call deletes" in told[Aspect.DELETE][1]
    assert [m for m, p in server.faults.calls if not p.endswith("/search")] == []
    assert "@invalid.example" in fake.log[-1][2], "an address that is nobody's"


def test_a_busy_vendor_is_asked_again_later(fake: HatchbuckSandbox, connected: Connect) -> None:
    fake.contact(ANN)
    fake.rate_left = 0
    with pytest.raises(TransientError):
        located(connected())


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"base_url": "http://api.example.com"}, "https"),
        ({"timeout": 0}, "timeout"),
        ({"settle_hours": -1}, "settle_hours"),
        ({"page_size": 5}, "unknown setting 'page_size'"),
    ],
)
def test_a_wrong_setting_is_named(connected: Connect, settings: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        connected(**settings)


@pytest.mark.parametrize(
    ("collection", "said"),
    [
        (CollectionSpec("deals"), "no collection 'deals'"),
        (CollectionSpec("tags", (IdentitySpec("email", "emails", Trust.ASSIGNED),)), "only contacts are searched"),
        (CollectionSpec("contacts", (IdentitySpec("phone", "phones", Trust.ASSIGNED),)), "by emails and contactId"),
        (CollectionSpec("contacts", (IdentitySpec("email", "emails", Trust.CLAIMED),)), "claimed"),
        (CollectionSpec("contacts", fields=(FieldSpec("timezone"),)), "no call is known to empty it"),
    ],
)
def test_a_wrong_collection_is_named(connected: Connect, collection: CollectionSpec, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        connected((collection,))


def test_without_a_key_there_is_no_connector() -> None:
    with pytest.raises(ConfigError, match="api_key"):
        connect(SystemSpec("crm", "hatchbuck"))
