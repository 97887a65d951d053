"""What `dsr check` tells of an account and a key before a request needs them."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.errors import AuthError
from connectors.model import Aspect, CollectionSpec, Probe, Secret, SystemSpec
from connectors.protocol import Inspects
from connectors.sandbox.sendgrid import SendGridSandbox
from connectors.sandbox.serve import Server
from connectors.sendgrid import connect
from tests.connectors.sendgrid.conftest import ANN, Connect


def told(made: Any) -> list[Probe]:
    assert isinstance(made, Inspects)
    return list(made.inspect())


def wrong(probes: list[Probe]) -> list[tuple[Aspect, str]]:
    return [(p.aspect, p.says) for p in probes if p.ok is False]


def test_a_key_with_every_scope(server: Server, fake: SendGridSandbox, connected: Connect) -> None:
    fake.subuser("shop")
    fake.legacy(ANN)
    fake.teammate(ANN)
    probes = told(connected())
    assert wrong(probes) == []
    assert {p.aspect for p in probes} == set(Aspect)
    assert [p.ok for p in probes if p.ok is not True] == [None], "no scope tells whether contacts may be deleted"
    assert {path for method, path in server.faults.calls if method != "GET"} == {"/v3/logs"}, "a search is a POST there"
    lists = {"/v3/teammates", "/v3/teammates/pending", "/v3/alerts", "/v3/marketing/senders"}
    assert lists.isdisjoint(path for _, path in server.faults.calls), "they name people"
    assert not any(ANN in query for query in fake.queries)


@pytest.mark.parametrize(
    ("scope", "aspect"),
    [
        ("suppression.bounces.read", Aspect.LOCATE),
        ("marketing.read", Aspect.LOCATE),
        ("recipients.erasejob.create", Aspect.DELETE),
        ("asm.suppressions.global.create", Aspect.DELETE),
        ("marketing_campaigns.delete", Aspect.DELETE),
    ],
)
def test_a_scope_that_is_missing_is_named(
    fake: SendGridSandbox, connected: Connect, scope: str, aspect: Aspect
) -> None:
    number = fake.subuser("shop").number
    fake.scopes.discard(scope)
    found = wrong(told(connected()))
    assert [(a, scope in says) for a, says in found] == [(aspect, True)] * 2
    assert [says.partition(":")[0] for _, says in found] == [f"subuser {number}", "the account"]


def test_suppressions_that_are_to_be_erased_need_their_scope(fake: SendGridSandbox, connected: Connect) -> None:
    bounces = CollectionSpec("suppressions.bounces", options={"erase": True})
    ((aspect, says),) = wrong(told(connected((bounces,))))
    assert (aspect, "suppression.bounces.delete or suppression.delete" in says) == (Aspect.DELETE, True)


@pytest.mark.parametrize(
    ("path", "aspect", "way"),
    [
        ("messages", Aspect.PLAN, "messages: false"),
        ("contactdb", Aspect.PLAN, "legacy_contacts: false"),
        ("logs", Aspect.PLAN, "email_logs: false"),
        ("verified_senders", Aspect.LOCATE, "not_in_plan"),
    ],
)
def test_what_the_plan_lacks_is_named(
    fake: SendGridSandbox, connected: Connect, path: str, aspect: Aspect, way: str
) -> None:
    fake.not_in_plan = {path}
    ((found, says),) = wrong(told(connected()))
    assert (found, way in says) == (aspect, True)


def test_what_the_inventory_says_is_not_there_and_is(fake: SendGridSandbox, connected: Connect) -> None:
    nothing: dict[str, Any] = {"messages": False, "legacy_contacts": False, "email_logs": False}
    named = [says.partition(":")[0] for a, says in wrong(told(connected(**nothing))) if a is Aspect.INVENTORY]
    assert named == ["messages", "email_logs"], "an empty list of the former product is nobody's"
    fake.legacy(ANN)
    named = [says.partition(":")[0] for _, says in wrong(told(connected(**nothing)))]
    assert named == ["messages", "legacy_contacts", "email_logs"]
    fake.not_in_plan = {"messages", "contactdb", "logs"}
    assert wrong(told(connected(**nothing))) == []


def test_subusers_are_compared_with_the_inventory(fake: SendGridSandbox, connected: Connect) -> None:
    def of(*named: str) -> list[bool | None]:
        return [p.ok for p in told(connected(subusers=list(named))) if p.aspect is Aspect.INVENTORY]

    assert of() == [True]
    fake.subuser("shop")
    fake.subuser("club")
    assert of() == [False]
    assert of("shop") == [None]
    assert of("shop", "club") == [True]
    assert of("shpo") == [False]
    fake.not_in_plan = {"subusers"}
    assert of() == [True]
    ((aspect, says),) = wrong(told(connected()))
    assert (aspect, "subusers: []" in says) == (Aspect.LOCATE, True)


def test_a_key_that_sendgrid_does_not_know_is_raised(server: Server, fake: SendGridSandbox) -> None:
    spec = SystemSpec("mailer", "sendgrid", {"base_url": server.url}, {"api_key": Secret("SG.revoked")})
    with pytest.raises(AuthError):
        list(connect(spec).inspect())
