"""Deleting accounts under lies, aliases, other writers and changed plans."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.errors import ChangedError
from connectors.model import Action, CollectionSpec, ObstacleKind, Order, Status
from connectors.sandbox.aws import AwsSandbox
from connectors.sandbox.faults import Fault
from tests.connectors.aws.cognito_world import (
    ANN,
    JO,
    SUBJECT,
    collection,
    connector,
    erase,
    located,
    pool,
    user,
    users,
)
from tests.connectors.aws.world import orders


def test_a_user_is_disabled_and_signed_out_before_it_is_deleted(aws: AwsSandbox) -> None:
    customers = pool(aws)
    user(aws, customers, "a", ANN)
    seen: list[object] = []

    def watched(name: str) -> None:
        held = users(aws, customers).get("a")
        seen.append((held and held["enabled"], list(aws.cognito.signed_out)))

    (outcome,) = erase(connector(aws, gate=watched))
    assert (outcome.status, outcome.count) == (Status.DONE, 1)
    assert seen == [(True, []), (False, []), (False, ["a"])]
    assert users(aws, customers) == {}


def test_success_without_effect_is_a_failure(aws: AwsSandbox) -> None:
    user(aws, pool(aws), "a", ANN)
    made = connector(aws)
    planned = orders(list(made.locate(SUBJECT)))
    with aws.faults.inject(Fault.LYING):
        (outcome,) = made.delete(SUBJECT, planned)
    assert (outcome.status, outcome.count) == (Status.FAILED, 0)
    assert "still there" in outcome.reason


def test_a_name_that_is_somebody_elses_alias_by_now_is_left_alone(aws: AwsSandbox) -> None:
    """The person's own name is free after the deletion, and the pool then takes it for the alias."""
    customers = pool(aws)
    aws.cognito.aliases.add(customers)
    user(aws, customers, "ann", ANN)
    user(aws, customers, "joann", JO, preferred_username="ann")
    made = connector(aws)
    planned = orders(list(made.locate(SUBJECT)))
    assert [o.status for o in made.delete(SUBJECT, planned)] == [Status.DONE]
    assert [o.status for o in made.delete(SUBJECT, planned)] == [Status.ABSENT]
    assert users(aws, customers)["joann"]["enabled"]


def test_a_name_given_anew_in_the_middle_is_left_alone(aws: AwsSandbox) -> None:
    """She deletes her account herself during the run, and somebody else takes the name."""
    customers = pool(aws)
    user(aws, customers, "ann", ANN)
    idp = aws.client("cognito-idp")

    def meanwhile(name: str) -> None:
        if users(aws, customers)["ann"].get("email") == ANN:
            idp.admin_delete_user(UserPoolId=customers, Username="ann")
            user(aws, customers, "ann", JO)

    made = connector(aws)
    planned = orders(list(made.locate(SUBJECT)))
    spec = replace(made._spec, gate=meanwhile)  # type: ignore[attr-defined]
    list(type(made)(spec).delete(SUBJECT, planned))  # type: ignore[call-arg]
    assert users(aws, customers)["ann"]["email"] == JO
    assert users(aws, customers)["ann"]["enabled"]


def test_more_than_planned_changes_nothing_in_any_pool(aws: AwsSandbox) -> None:
    customers, staff = pool(aws), pool(aws, "staff")
    user(aws, customers, "a", ANN)
    user(aws, staff, "a", ANN)
    made = connector(aws, collection(), collection("staff"))
    planned = orders(list(made.locate(SUBJECT)))
    user(aws, staff, "again", ANN)
    with pytest.raises(ChangedError, match="staff: 2 accounts, the plan has 1"):
        list(made.delete(SUBJECT, planned))
    assert users(aws, customers)["a"]["enabled"]
    assert {o.status for o in made.delete(SUBJECT, [replace(o, late=1) for o in planned])} == {Status.DONE}


def test_an_account_that_is_no_longer_hers_is_left(aws: AwsSandbox) -> None:
    customers = pool(aws)
    user(aws, customers, "a", ANN)
    made = connector(aws)
    planned = orders(list(made.locate(SUBJECT)))
    aws.client("cognito-idp").admin_update_user_attributes(
        UserPoolId=customers, Username="a", UserAttributes=[{"Name": "email", "Value": JO}]
    )
    assert [o.status for o in made.delete(SUBJECT, planned)] == [Status.ABSENT]
    assert users(aws, customers)["a"]["enabled"]


def test_an_account_is_not_redacted(aws: AwsSandbox) -> None:
    customers = pool(aws)
    user(aws, customers, "a", ANN)
    made = connector(aws)
    planned = [replace(o, action=Action.REDACT) for o in orders(list(made.locate(SUBJECT)))]
    assert [o.status for o in made.delete(SUBJECT, planned)] == [Status.FAILED]
    assert users(aws, customers)["a"]["enabled"]


def test_an_identity_pool_is_by_hand_while_there_is_an_account(aws: AwsSandbox) -> None:
    customers = pool(aws)
    identities = CollectionSpec(
        "identities", options={"identity_pool": "us-east-1:00000000-0000-0000-0000-000000000000"}
    )
    made = connector(aws, collection(), identities)
    assert located(made) == {}
    user(aws, customers, "a", ANN)
    record = located(made)["identities", ""]
    assert (record.count, [o.kind for o in record.obstacles]) == (0, [ObstacleKind.BY_HAND])
    assert list(made.export(SUBJECT, record.at)) == []
    (outcome,) = made.delete(SUBJECT, [Order(record.at, Action.DELETE)])
    assert outcome.status is Status.MANUAL
    assert "DeleteIdentities" in outcome.reason
    erase(made)
    assert located(made) == {}


def test_a_collection_that_left_the_inventory_is_a_changed_plan(aws: AwsSandbox) -> None:
    user(aws, pool(aws), "a", ANN)
    pool(aws, "staff")
    planned = orders(list(connector(aws).locate(SUBJECT)))
    with pytest.raises(ChangedError, match="no such collection"):
        list(connector(aws, collection("staff")).delete(SUBJECT, planned))
