"""Whom a user pool's account belongs to, whatever the filter's rule of case."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import ConfigError, TransientError
from connectors.model import Action, Identifier, IdentitySpec, ObstacleKind, Order, Status, Subject, Trust
from connectors.protocol import Inspects
from connectors.sandbox.aws import AwsSandbox
from connectors.sandbox.faults import Fault
from tests.connectors.aws.cognito_world import (
    ANN,
    BY_USER_ID,
    IDENTITIES,
    SUBJECT,
    collection,
    connector,
    erase,
    located,
    pool,
    user,
    users,
)
from tests.connectors.aws.world import person


@pytest.mark.parametrize("folds", [True, False])
@pytest.mark.parametrize("stored", [ANN, "ANN.LEE@EXAMPLE.COM", "aNN.Lee@Example.com"])
def test_an_address_is_found_in_any_casing(aws: AwsSandbox, folds: bool, stored: str) -> None:
    aws.cognito.filter_folds_case = folds
    customers = pool(aws)
    user(aws, customers, "a", stored)
    user(aws, customers, "b", "anna.lee@example.com")
    user(aws, customers, "c", ANN + ".example.net")
    asked = Subject.of(Identifier("email", "Ann.lee@example.com", Trust.PROVEN))
    assert located(connector(aws), asked)["customers", ""].count == 1


@pytest.mark.parametrize(
    "address", ['"ann lee"@example.com', "a\\b@example.com", 'an"n@example.com', "é.lee@example.com"]
)
def test_an_address_with_marks_in_it_is_still_found(aws: AwsSandbox, address: str) -> None:
    customers = pool(aws)
    user(aws, customers, "a", address)
    user(aws, customers, "b", ANN)
    found = located(connector(aws), person(email=address))
    assert found["customers", ""].count == 1


def test_an_unverified_address_is_a_claim(aws: AwsSandbox) -> None:
    """Anyone can sign up with somebody else's address; the account is theirs who did."""
    customers = pool(aws)
    user(aws, customers, "attacker", ANN, verified=False, name="Rob Marsh")
    made = connector(aws)
    found = located(made)
    assert set(found) == {("customers", "unproven")}
    record = found["customers", "unproven"]
    assert [o.kind for o in record.obstacles] == [ObstacleKind.CLAIMED]
    assert record.reveals == ()
    assert list(made.export(SUBJECT, record.at)) == []
    (outcome,) = made.delete(SUBJECT, [Order(record.at, Action.DELETE, 1)])
    assert outcome.status is Status.MANUAL
    assert users(aws, customers)["attacker"]["enabled"]


def test_an_address_as_a_name_counts_only_as_the_verified_one(aws: AwsSandbox) -> None:
    customers = pool(aws)
    user(aws, customers, ANN, "rob.marsh@example.net")
    by_name = collection("customers", IdentitySpec("email", "Username", Trust.PROVEN))
    assert set(located(connector(aws, by_name))) == {("customers", "unproven")}
    other = pool(aws, "others")
    user(aws, other, ANN, ANN)
    by_name = collection("others", IdentitySpec("email", "Username", Trust.PROVEN))
    assert set(located(connector(aws, by_name))) == {("others", "")}


@pytest.mark.parametrize(("verified", "standing"), [("true", ""), ("false", "unproven")])
def test_a_phone_number_counts_while_it_is_verified(aws: AwsSandbox, verified: str, standing: str) -> None:
    customers = pool(aws)
    user(aws, customers, "a", phone_number="+12025550142", phone_number_verified=verified)
    user(aws, customers, "b", phone_number="+120255501429", phone_number_verified="true")
    found = located(connector(aws), person(phone="+1 (202) 555-0142"))
    assert {key: r.count for key, r in found.items()} == {("customers", standing): 1}


def test_an_account_found_by_its_sub_reveals_what_is_verified(aws: AwsSandbox) -> None:
    customers = pool(aws)
    sub = user(aws, customers, "a", "ann@example.net", custom_user_id="1")
    hers = person(**{"cognito.sub": sub})
    told = located(connector(aws, collection("customers", *IDENTITIES, BY_USER_ID)), hers)["customers", ""].reveals
    assert {(i.kind, i.value, i.trust) for i in told} == {
        ("email", "ann@example.net", Trust.PROVEN),
        ("cognito.sub", sub, Trust.ASSIGNED),
        ("cognito.username", "a", Trust.ASSIGNED),
        ("user_id", "1", Trust.CLAIMED),
    }
    aws.client("cognito-idp").admin_update_user_attributes(
        UserPoolId=customers, Username="a", UserAttributes=[{"Name": "email_verified", "Value": "false"}]
    )
    told = located(connector(aws), hers)["customers", ""].reveals
    assert [i.trust for i in told if i.kind == "email"] == [Trust.CLAIMED]
    assert {i.origin for i in told if i.kind == "email"} == {"logins/customers.email"}


@pytest.mark.parametrize(("sensitive", "found"), [(True, set()), (False, {("customers", "written")})])
def test_names_are_folded_where_the_pool_folds_them(aws: AwsSandbox, sensitive: bool, found: set[object]) -> None:
    customers = pool(aws, UsernameConfiguration={"CaseSensitive": sensitive})
    user(aws, customers, "AnnLee")
    assert set(located(connector(aws), person(**{"cognito.username": "annlee"}))) == found


def test_custom_attributes_are_compared_here(aws: AwsSandbox) -> None:
    customers = pool(aws)
    for number in ("1", "10", "01"):
        user(aws, customers, f"u{number}", custom_user_id=number)
    made = connector(aws, collection("customers", BY_USER_ID), page_size=1)
    assert located(made, person(user_id="1"))["customers", "written"].count == 1


def test_a_user_that_is_deleted_but_still_listed_is_gone(aws: AwsSandbox) -> None:
    aws.cognito.lagging = True
    customers = pool(aws)
    user(aws, customers, "a", ANN)
    made = connector(aws)
    erase(made)
    listed = aws.client("cognito-idp").list_users(UserPoolId=customers)["Users"]
    assert [u["Username"] for u in listed] == ["a"]
    assert located(made) == {}


def test_ages_part_the_accounts(aws: AwsSandbox) -> None:
    customers = pool(aws)
    user(aws, customers, "a", ANN)
    later = datetime.now(UTC) + timedelta(hours=1)
    made = connector(aws, collection(cutoffs=(later,), age_field="UserCreateDate"))
    (record,) = made.locate(SUBJECT)
    assert (record.at.before, record.at.since) == (later, None)
    assert record.oldest == record.newest


def test_several_accounts_of_one_address_are_said_to_be_several(aws: AwsSandbox) -> None:
    customers = pool(aws)
    for name in ("a", "google_1"):
        user(aws, customers, name, ANN)
    made = connector(aws, collection(one_per_person=True))
    assert [r.people for r in made.locate(SUBJECT)] == [2]


def test_everything_of_an_account_is_exported_and_the_rest_is_named(aws: AwsSandbox) -> None:
    customers = pool(aws)
    sub = user(aws, customers, "a", ANN, custom_tier="gold", given_name="Ann")
    aws.cognito.threat_protection.add(customers)
    aws.cognito.auth_events[sub] = [{"EventId": str(n), "EventType": "SignIn"} for n in range(5)]
    aws.cognito.devices[sub] = [{"DeviceKey": f"us-east-1_{n}"} for n in range(5)]
    made = connector(aws, page_size=2)
    (record,) = made.locate(SUBJECT)
    assert dict(record.fields)["devices"] == 1
    (artifact,) = made.export(SUBJECT, record.at)
    row = json.loads(b"".join(artifact.chunks))
    assert [e["EventId"] for e in row["auth_events"]] == ["0", "1", "2", "3", "4"]
    assert len(row["devices"]) == 5
    assert row["UserCreateDate"].startswith("20")
    assert artifact.withheld == ("internal rating", "unmarked attribute")


def test_without_threat_protection_there_are_no_events(aws: AwsSandbox) -> None:
    user(aws, pool(aws), "a", ANN)
    made = connector(aws)
    (record,) = made.locate(SUBJECT)
    (artifact,) = made.export(SUBJECT, record.at)
    assert json.loads(b"".join(artifact.chunks))["auth_events"] == []


def test_a_pool_the_inventory_does_not_know_fails_the_check(aws: AwsSandbox) -> None:
    pool(aws)
    connector(aws).check()
    other = pool(aws, "old customers")
    with pytest.raises(ConfigError, match=f"{other} is in no collection"):
        connector(aws).check()
    made = connector(aws)
    assert isinstance(made, Inspects)
    assert [p.says.partition(";")[0] for p in made.inspect() if p.ok is False] == [
        f"the user pool {other} is in no collection"
    ]
    connector(aws, other_pools=["old customers"]).check()
    connector(aws, other_pools=[other]).check()


def test_a_name_that_two_pools_bear_is_no_name(aws: AwsSandbox) -> None:
    first = pool(aws)
    pool(aws)
    with pytest.raises(ConfigError, match="2 user pools are named 'customers'"):
        list(connector(aws).locate(SUBJECT))
    user(aws, first, "a", ANN)
    assert [r.count for r in connector(aws, collection(first)).locate(SUBJECT)] == [1]
    with pytest.raises(ConfigError, match="does not exist"):
        connector(aws, collection("us-east-1_absent")).check()


@pytest.mark.parametrize(("change", "named"), [
    (lambda: collection(age_field="UserStatus"), "age"),
    (lambda: collection("", IDENTITIES[0], name="customers"), "either pool or identity_pool"),
    (lambda: collection("customers", IdentitySpec("email", "email", Trust.PROVEN, match=False)), "found_by"),
])  # fmt: skip
def test_what_is_wrong_in_the_inventory_is_named(aws: AwsSandbox, change: Callable[[], Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        connector(aws, change())


def test_a_listing_without_its_list_is_a_fault(aws: AwsSandbox) -> None:
    user(aws, pool(aws), "a", ANN)
    made = connector(aws, page_size=1)
    with aws.faults.inject(Fault.TRUNCATED, after=1, times=1), pytest.raises(TransientError):
        list(made.locate(SUBJECT))
