"""What an account's owner may write pulls it into nobody else's request, and nobody else's data into his."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.model import Action, Aspect, Identifier, IdentitySpec, ObstacleKind, Order, Status, Subject, Trust
from connectors.protocol import Inspects
from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws.cognito_world import (
    ANN,
    BY_USER_ID,
    IDENTITIES,
    JO,
    collection,
    connector,
    located,
    pool,
    user,
    users,
)
from tests.connectors.aws.world import person

VICTIM = Subject.of(Identifier("email", ANN, Trust.PROVEN), Identifier("user_id", "42", Trust.ASSIGNED))
FOUND_BY = collection("customers", *IDENTITIES, BY_USER_ID)


@pytest.mark.parametrize("email", [JO, ""])
def test_an_account_that_only_names_her_number_is_left_to_a_person(aws: AwsSandbox, email: str) -> None:
    """His own address is verified, or he has none: either way the number in it is what he wrote."""
    customers = pool(aws)
    user(aws, customers, "attacker", email, custom_user_id="42", name="Rob Marsh")
    made = connector(aws, FOUND_BY)
    found = located(made, VICTIM)
    assert set(found) == {("customers", "written")}
    record = found["customers", "written"]
    assert [o.kind for o in record.obstacles] == [ObstacleKind.CLAIMED]
    assert "confirm its address" in record.obstacles[0].reason
    assert record.reveals == ()
    assert list(made.export(VICTIM, record.at)) == []
    (outcome,) = made.delete(VICTIM, [Order(record.at, Action.DELETE, 1)])
    assert outcome.status is Status.MANUAL
    (forged,) = made.delete(VICTIM, [Order(replace(record.at, key=""), Action.DELETE, 1)])
    assert forged.status is Status.ABSENT
    assert users(aws, customers)["attacker"]["enabled"]


def test_her_unverified_address_beside_her_number_proves_nothing_more(aws: AwsSandbox) -> None:
    customers = pool(aws)
    user(aws, customers, "attacker", ANN, verified=False, custom_user_id="42")
    assert set(located(connector(aws, FOUND_BY), VICTIM)) == {("customers", "written")}


def test_her_own_account_is_found_by_her_number_and_counts_by_her_address(aws: AwsSandbox) -> None:
    """Also where accounts are found by the number alone."""
    customers = pool(aws)
    user(aws, customers, "ann", ANN, custom_user_id="42")
    user(aws, customers, "attacker", JO, custom_user_id="42")
    made = connector(aws, collection("customers", BY_USER_ID))
    assert {key: r.count for key, r in located(made, VICTIM).items()} == {
        ("customers", ""): 1, ("customers", "written"): 1,
    }  # fmt: skip
    number = Subject.of(Identifier("phone", "+12025550142", Trust.PROVEN), Identifier("user_id", "7", Trust.ASSIGNED))
    user(aws, customers, "b", phone_number="+12025550142", phone_number_verified="true", custom_user_id="7")
    assert set(located(made, number)) == {("customers", "")}


@pytest.mark.parametrize("field", ["Username", "preferred_username"])
def test_a_name_chosen_at_sign_up_proves_nothing_either(aws: AwsSandbox, field: str) -> None:
    customers = pool(aws)
    user(aws, customers, "42", JO, preferred_username="42")
    made = connector(aws, collection("customers", IdentitySpec("user_id", field, Trust.ASSIGNED)))
    assert set(located(made, VICTIM)) == {("customers", "written")}


@pytest.mark.parametrize("field", ["custom:user_id", "Username", "preferred_username"])
def test_a_number_that_he_wrote_into_his_own_account_opens_nothing(aws: AwsSandbox, field: str) -> None:
    """The inverse: his own request must not reach her data."""
    customers = pool(aws)
    user(aws, customers, "42", JO, custom_user_id="42", preferred_username="42")
    made = connector(aws, collection("customers", *IDENTITIES, IdentitySpec("user_id", field, Trust.ASSIGNED)))
    (record,) = made.locate(person(email=JO))
    told = {i.value: i for i in record.reveals if i.kind == "user_id"}
    assert told["42"].trust is Trust.CLAIMED
    assert not told["42"].opens


@pytest.mark.parametrize(("written", "ok", "says"), [
    ([["email", "custom:user_id"]], False, "people can write custom:user_id themselves"),
    ([["email"], ["custom:user_id"]], False, "take it out of WriteAttributes"),
    ([["email"], []], True, "no app client lets people write custom:user_id"),
    ([], True, "no app client"),
])  # fmt: skip
def test_what_clients_may_write_is_warned_of(aws: AwsSandbox, written: list[list[str]], ok: bool, says: str) -> None:
    customers = pool(aws)
    for number, attributes in enumerate(written):
        given = {"WriteAttributes": attributes} if attributes else {}
        aws.client("cognito-idp").create_user_pool_client(UserPoolId=customers, ClientName=f"c{number}", **given)
    made = connector(aws, FOUND_BY)
    assert isinstance(made, Inspects)
    (probe,) = (p for p in made.inspect() if p.aspect is Aspect.INVENTORY)
    assert (probe.ok, says in probe.says) == (ok, True)


def test_a_standard_attribute_is_written_by_every_client_that_says_nothing(aws: AwsSandbox) -> None:
    customers = pool(aws)
    aws.client("cognito-idp").create_user_pool_client(UserPoolId=customers, ClientName="app")
    made = connector(aws, collection("customers", IdentitySpec("user_id", "preferred_username", Trust.ASSIGNED)))
    assert isinstance(made, Inspects)
    assert [p.ok for p in made.inspect() if p.aspect is Aspect.INVENTORY] == [False]


def test_clients_that_may_not_be_read_are_said_not_to_be_seen(aws: AwsSandbox) -> None:
    pool(aws)
    made = connector(aws, FOUND_BY)
    assert isinstance(made, Inspects)
    aws.cognito.refused.add("ListUserPoolClients")
    (probe,) = (p for p in made.inspect() if p.aspect is Aspect.INVENTORY)
    assert probe.ok is None
    assert "is not seen; it needs cognito-idp:ListUserPoolClients" in probe.says
