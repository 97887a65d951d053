"""Deleting, keeping and redacting in SES, and keeping a person from being written to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from connectors.errors import ChangedError
from connectors.model import Action, Aspect, Order, Status, Subject
from connectors.protocol import Suppresses
from connectors.sandbox.aws import AwsSandbox
from connectors.sandbox.aws.ses import contacts
from connectors.sandbox.faults import Fault
from tests.connectors.aws.ses_world import ANN, IN, JO, OUT, SUBJECT, connector, contact, erase, held, located
from tests.connectors.aws.world import orders


def test_opt_outs_stay_unless_the_inventory_lets_them_go(aws: AwsSandbox) -> None:
    contact(aws, ANN)
    contact(aws, ANN, "offers", TopicPreferences=OUT)
    aws.ses.suppress(ANN)
    outcomes = erase(connector(aws, erase=False))
    assert outcomes["contacts", ""].status is Status.DONE
    for name in ("contact_opt_outs", "suppressed"):
        assert outcomes[name, ""].status is Status.FAILED
        assert "erase: true" in outcomes[name, ""].reason
    assert [name for name, _ in contacts()] == ["offers"]
    assert len(aws.ses.suppressed) == 1
    assert {o.status for o in erase(connector(aws)).values()} == {Status.DONE}
    assert held(aws)[:2] == ([], {})


def test_an_address_that_is_there_for_two_reasons_goes_at_once(aws: AwsSandbox) -> None:
    for reason in ("BOUNCE", "COMPLAINT"):
        aws.ses.suppress("Ann.Lee@Example.com", reason)
    asked: list[str] = []
    outcomes = erase(connector(aws, gate=asked.append))
    assert (outcomes["suppressed", ""].status, outcomes["suppressed", ""].count) == (Status.DONE, 2)
    assert asked == ["suppressed"]


@pytest.mark.parametrize("plant", [
    lambda aws: contact(aws, ANN),
    lambda aws: aws.ses.suppress(ANN),
    lambda aws: aws.client("sesv2").create_email_identity(EmailIdentity=ANN),
])  # fmt: skip
def test_success_without_effect_is_a_failure(aws: AwsSandbox, plant: Callable[[AwsSandbox], object]) -> None:
    plant(aws)
    with aws.faults.inject(Fault.LYING):
        (outcome,) = erase(connector(aws)).values()
    assert (outcome.status, outcome.count) == (Status.FAILED, 0)


def test_more_than_planned_changes_nothing(aws: AwsSandbox) -> None:
    contact(aws, ANN)
    aws.ses.suppress(ANN)
    made = connector(aws)
    planned = orders(list(made.locate(SUBJECT)))
    aws.ses.suppress("ANN.LEE@example.com")
    before = held(aws)
    with pytest.raises(ChangedError, match="suppressed: 2 found, the plan has 1"):
        list(made.delete(SUBJECT, planned))
    assert held(aws) == before
    assert {o.status for o in made.delete(SUBJECT, [replace(o, late=1) for o in planned])} == {Status.DONE}


def test_who_opts_out_after_the_plan_is_kept(aws: AwsSandbox) -> None:
    contact(aws, ANN)
    made = connector(aws)
    planned = orders(list(made.locate(SUBJECT)))
    aws.client("sesv2").update_contact(ContactListName="newsletter", EmailAddress=ANN, UnsubscribeAll=True)
    assert [o.status for o in made.delete(SUBJECT, planned)] == [Status.ABSENT]
    assert set(located(made)) == {("contact_opt_outs", "")}


def _redact(aws: AwsSandbox, keep: frozenset[str] = frozenset()) -> Order:
    record = located(connector(aws))["contact_opt_outs", ""]
    return Order(record.at, Action.REDACT, record.count, keep=keep)


def test_who_opted_out_loses_attributes_and_keeps_every_preference(aws: AwsSandbox) -> None:
    contact(
        aws, ANN, TopicPreferences=[*OUT, {"TopicName": "tips", "SubscriptionStatus": "OPT_IN"}], AttributesData="x"
    )
    contact(aws, JO, TopicPreferences=OUT, AttributesData="hers")
    made = connector(aws, erase=False)
    assert dict(located(made)["contact_opt_outs", ""].fields) == {"AttributesData": 1}
    assert [o.status for o in made.delete(SUBJECT, [_redact(aws)])] == [Status.DONE]
    rows = {row["EmailAddress"]: row for _, row in contacts()}
    assert len(rows[ANN]["TopicPreferences"]) == 2
    assert (rows[ANN]["AttributesData"], rows[JO]["AttributesData"]) == ("", "hers")
    assert dict(located(made)["contact_opt_outs", ""].fields) == {"AttributesData": 0}


def test_where_an_empty_value_is_ignored_the_redaction_failed(aws: AwsSandbox) -> None:
    aws.ses.empty_attributes_are_ignored = True
    contact(aws, ANN, TopicPreferences=OUT, AttributesData="x")
    (outcome,) = connector(aws).delete(SUBJECT, [_redact(aws)])
    assert (outcome.status, outcome.count) == (Status.FAILED, 0)
    assert [row["TopicPreferences"] for _, row in contacts()] == [list(OUT)]


def test_what_cannot_be_redacted_is_not(aws: AwsSandbox) -> None:
    contact(aws, ANN, TopicPreferences=IN, AttributesData="x")
    contact(aws, ANN, "offers", TopicPreferences=OUT, AttributesData="y")
    made = connector(aws)
    record = located(made)["contacts", ""]
    given = [Order(record.at, Action.REDACT, 1), _redact(aws, frozenset({"AttributesData"}))]
    assert [o.status for o in made.delete(SUBJECT, given)] == [Status.FAILED, Status.FAILED]
    assert [row["AttributesData"] for _, row in contacts()] == ["x", "y"]


def test_suppressing_enters_every_list_in_use_and_reads_back(aws: AwsSandbox) -> None:
    aws.ses.tenants |= {"acme": ("TENANT", ("BOUNCE",)), "idle": ("ACCOUNT", ())}
    made = connector(aws)
    assert isinstance(made, Suppresses)
    assert not made.suppressed(SUBJECT)
    assert {(o.at.key, o.status, o.count) for o in made.suppress(SUBJECT)} == {
        ("acme", Status.DONE, 1), ("", Status.DONE, 1),
    }  # fmt: skip
    assert set(aws.ses.suppressed) == {("acme", ANN, "BOUNCE"), ("", ANN, "COMPLAINT")}
    assert made.suppressed(SUBJECT)
    assert {o.status for o in made.suppress(SUBJECT)} == {Status.ABSENT}
    assert not made.suppressed(Subject.of())
    assert list(made.suppress(Subject.of())) == []


@pytest.mark.parametrize(("reasons", "entered"), [(("BOUNCE",), "BOUNCE"), (("COMPLAINT",), "COMPLAINT")])
def test_an_entry_under_a_reason_that_does_not_count_is_none(
    aws: AwsSandbox, reasons: tuple[str, ...], entered: str
) -> None:
    aws.ses.reasons = reasons
    other = {"BOUNCE": "COMPLAINT", "COMPLAINT": "BOUNCE"}[entered]
    aws.ses.suppress("ANN.LEE@EXAMPLE.COM", other)
    made = connector(aws)
    assert not made.suppressed(SUBJECT)
    assert [o.status for o in made.suppress(SUBJECT)] == [Status.DONE]
    assert ("", ANN, entered) in aws.ses.suppressed


def test_an_account_that_suppresses_for_nothing_says_so(aws: AwsSandbox) -> None:
    aws.ses.reasons = ()
    made = connector(aws)
    (outcome,) = made.suppress(SUBJECT)
    assert outcome.status is Status.FAILED
    assert "no reason" in outcome.reason
    assert [p.aspect for p in made.inspect() if p.ok is False] == [Aspect.PLAN]
    assert aws.ses.suppressed == {}


def test_a_suppression_that_is_not_seen_afterwards_failed(aws: AwsSandbox) -> None:
    made = connector(aws)
    with aws.faults.inject(Fault.LYING):
        (outcome,) = made.suppress(SUBJECT)
    assert (outcome.status, outcome.count) == (Status.FAILED, 0)
    assert not made.suppressed(SUBJECT)


def test_a_closed_gate_enters_nothing(aws: AwsSandbox) -> None:
    class HeldError(Exception):
        pass

    def closed(collection: str) -> None:
        raise HeldError(collection)

    with pytest.raises(HeldError):
        list(connector(aws, gate=closed).suppress(SUBJECT))
    assert aws.ses.suppressed == {}
