"""Where SES holds a person, in which spelling, and what only a person can do."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import connectors
from connectors.errors import AuthError, ConfigError, RefusedError, TransientError
from connectors.model import CollectionSpec, IdentitySpec, ObstacleKind, Secret, Status, SystemSpec, Trust
from connectors.sandbox.aws import AwsSandbox
from connectors.sandbox.faults import Fault
from tests.connectors.aws.ses_world import ANN, IN, JO, OUT, SUBJECT, connector, contact, located, spec
from tests.connectors.aws.world import SECRETS, orders, person


def test_every_store_is_searched(aws: AwsSandbox) -> None:
    contact(aws, ANN)
    contact(aws, ANN, "offers", UnsubscribeAll=True)
    aws.client("sesv2").create_email_identity(EmailIdentity=ANN)
    aws.ses.tenants["acme"] = ("TENANT", ("BOUNCE",))
    aws.ses.suppress(ANN)
    aws.ses.suppress(ANN, tenant="acme")
    found = located(connector(aws, mail_archives=["inbound"]))
    assert {key: r.count for key, r in found.items()} == {
        ("contacts", ""): 1, ("contact_opt_outs", ""): 1, ("identities", ""): 1, ("suppressed", "acme"): 1,
        ("suppressed", ""): 1, ("mail_archives", ""): 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "address", ["ann.lee+news@example.com", "a/b@example.com", "o'neil%x@example.com", "ä@example.com"]
)
def test_marks_in_an_address_change_nothing(aws: AwsSandbox, address: str) -> None:
    contact(aws, address.upper())
    aws.ses.suppress(address.upper())
    contact(aws, ANN)
    made = connector(aws)
    found = located(made, person(email=address))
    assert {key: r.count for key, r in found.items()} == {("contacts", ""): 1, ("suppressed", ""): 1}
    outcomes = made.delete(person(email=address), orders(list(found.values())))
    assert {o.status for o in outcomes} == {Status.DONE}
    assert located(made)["contacts", ""].count == 1


@pytest.mark.parametrize(("given", "collection"), [
    ({"TopicPreferences": OUT}, "contact_opt_outs"),
    ({"TopicPreferences": IN, "UnsubscribeAll": True}, "contact_opt_outs"),
    ({"TopicPreferences": IN}, "contacts"),
    ({}, "contacts"),
])  # fmt: skip
def test_who_said_no_is_told_from_who_did_not(aws: AwsSandbox, given: dict[str, Any], collection: str) -> None:
    contact(aws, ANN, **given)
    assert set(located(connector(aws))) == {(collection, "")}


def test_a_domain_is_nobodys(aws: AwsSandbox) -> None:
    aws.client("sesv2").create_email_identity(EmailIdentity="example.com")
    assert located(connector(aws), person(email="example.com")) == {}


@pytest.mark.parametrize("can_be_asked", [True, False])
def test_a_tenants_list_that_is_not_in_use_still_holds_people(aws: AwsSandbox, can_be_asked: bool) -> None:
    """Whether SES lets it be listed is not documented; that its entries stay, is."""
    aws.ses.inactive_lists_can_be_asked = can_be_asked
    aws.ses.tenants["acme"] = ("ACCOUNT", ())
    aws.ses.suppress(ANN, tenant="acme")
    assert ("suppressed", "acme") in located(connector(aws)) or not can_be_asked


def test_a_refusal_of_a_list_in_use_is_no_empty_list(aws: AwsSandbox) -> None:
    aws.ses.tenants["acme"] = ("TENANT", ("BOUNCE",))
    made = connector(aws)
    list(made.locate(SUBJECT))
    with aws.faults.inject(Fault.SERVER_ERROR, after=5, times=1), pytest.raises(TransientError):
        list(made.locate(SUBJECT))
    listed = connector(aws, tenants=["acme", "gone"])
    aws.ses.suppress(ANN, tenant="acme")
    assert set(located(listed)) == {("suppressed", "acme")}
    assert located(connector(aws, tenants=[])) == {}


def test_ages_part_the_suppressions(aws: AwsSandbox) -> None:
    now = datetime.now(UTC)
    aws.ses.suppress(ANN, when=now - timedelta(days=4000))
    aws.ses.suppress(ANN, "COMPLAINT", when=now - timedelta(days=10))
    cut = now - timedelta(days=3650)
    described = [c for c in spec(aws).collections if c.name != "suppressed"]
    parted = CollectionSpec("suppressed", age_field="LastUpdateTime", cutoffs=(cut,))
    settings = spec(aws).settings
    made = connectors.build(SystemSpec("mail", "aws.ses", settings, SECRETS, (*described, parted), sandbox=True))
    old, young = made.locate(SUBJECT)
    assert (old.at.before, young.at.since) == (cut, cut)
    assert (old.count, young.count) == (1, 1)


def test_archives_are_by_hand_for_whoever_is_known_at_all(aws: AwsSandbox) -> None:
    made = connector(aws, mail_archives=["inbound"])
    assert located(made) == {}
    contact(aws, ANN)
    record = located(made)["mail_archives", ""]
    assert [o.kind for o in record.obstacles] == [ObstacleKind.BY_HAND]
    assert list(made.export(SUBJECT, record.at)) == []
    assert located(made, person(email=JO)) == {}


def test_suppressions_are_exported_with_their_message(aws: AwsSandbox) -> None:
    aws.ses.suppress(ANN)
    made = connector(aws)
    (record,) = made.locate(SUBJECT)
    (artifact,) = made.export(SUBJECT, record.at)
    row = json.loads(b"".join(artifact.chunks))
    assert row == {"EmailAddress": ANN, "Reason": "BOUNCE"}
    assert artifact.withheld == ("message id", "unmarked field")


def test_an_answer_that_comes_twice_is_not_taken_for_another(aws: AwsSandbox) -> None:
    """The last page of an earlier listing in place of the first of this one would hide the person."""
    for number in range(3):
        aws.ses.suppress(f"other{number}@example.com")
    aws.ses.suppressed = {("", ANN, "BOUNCE"): datetime.now(UTC), **aws.ses.suppressed}
    made = connector(aws, page_size=2)
    assert len(list(made.locate(SUBJECT))) == 1
    path = "/v2/email/suppression/addresses"
    again = aws.faults.inject(Fault.DUPLICATE, times=1, match=lambda method, asked: asked == path)
    with again, pytest.raises(TransientError, match="a second time"):
        list(made.locate(SUBJECT))


def test_check_proves_permissions_and_reads_nobody(aws: AwsSandbox) -> None:
    contact(aws, ANN)
    aws.ses.tenants["acme"] = ("TENANT", ("BOUNCE",))
    aws.faults.calls.clear()
    connector(aws).check()
    assert not [path for _, path in aws.faults.calls if "ann" in path.casefold()]
    assert {method for method, _ in aws.faults.calls} == {"GET", "POST"}
    with pytest.raises(AuthError):
        connectors.build(_revoked(aws)).check()


def _revoked(aws: AwsSandbox) -> SystemSpec:
    return replace(spec(aws), secrets={**SECRETS, "access_key_id": Secret("sandbox-revoked")})


@pytest.mark.parametrize(("collection", "named"), [
    (CollectionSpec("contact"), "there is no collection 'contact'"),
    (CollectionSpec("contacts", options={"erase": True}), "options.erase: unknown"),
    (CollectionSpec("suppressed", options={"erase": "yes"}), "options.erase: true or false"),
    (CollectionSpec("identities", age_field="LastUpdateTime"), "identities.age"),
    (CollectionSpec("contacts", (IdentitySpec("email", "AttributesData", Trust.PROVEN),)), "by EmailAddress"),
    (CollectionSpec("contacts", (IdentitySpec("email", "EmailAddress", Trust.CLAIMED),)), "proven or assigned"),
])  # fmt: skip
def test_what_is_wrong_in_the_inventory_is_named(collection: CollectionSpec, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        connectors.build(SystemSpec("mail", "aws.ses", {"region": "us-east-1"}, SECRETS, (collection,)))


def test_an_account_whose_tenants_refuse_raises(aws: AwsSandbox) -> None:
    """Only a list that is not in use may refuse to be read."""
    aws.ses.tenants["acme"] = ("TENANT", ("BOUNCE",))
    aws.ses.inactive_lists_can_be_asked = False
    made = connector(aws)
    list(made.locate(SUBJECT))
    api, scope = made._api, type(made._search(SUBJECT).scopes[0])
    aws.ses.tenants["acme"] = ("ACCOUNT", ())
    with pytest.raises(RefusedError):
        list(api.suppressed(scope("acme", (), active=True)))
    assert list(api.suppressed(scope("acme", (), active=False))) == []
