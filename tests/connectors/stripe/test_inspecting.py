"""What `dsr check` tells of an account and a key before a request needs them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from connectors.errors import AuthError
from connectors.model import Aspect, Probe, Secret
from connectors.protocol import Inspects
from connectors.sandbox.serve import Server
from connectors.sandbox.stripe import StripeFake
from connectors.stripe.vocabulary import KINDS
from tests.connectors.stripe.account import connect, entry, paid

RESTRICTED = "rk_sandbox_0001"


def told(spec: Any) -> list[Probe]:
    made = connect(spec)
    assert isinstance(made, Inspects)
    return list(made.inspect())


def wrong(probes: list[Probe]) -> list[tuple[Aspect, str]]:
    return [(p.aspect, p.says) for p in probes if p.ok is False]


def test_an_unrestricted_key_is_let_through_everywhere(server: Server, fake: StripeFake) -> None:
    for knows in (True, False):
        fake.switches.knows_customers = knows
        probes = told(entry(server.url))
        assert {p.ok for p in probes} == {True}
        assert {p.aspect for p in probes} == set(Aspect)
    assert fake.writes == []


def test_every_list_is_asked_and_no_object_is_read(server: Server, fake: StripeFake) -> None:
    customer = fake.plant("customer", email="ann.lee@example.com")["id"]
    paid(fake, customer)
    answered: list[dict[str, Any]] = []
    fake.seen = answered.append
    told(entry(server.url))
    asked = {path for _, path in server.faults.calls}
    assert {kind.path.replace("{customer}", "cus_dsrPermissionCheck") for kind in KINDS} <= asked
    assert [a for a in answered if a.get("data")] == []


def test_a_restricted_key_cannot_be_told_to_write(server: Server, fake: StripeFake) -> None:
    probes = told(entry(server.url, key=RESTRICTED))
    assert wrong(probes) == []
    assert [p.ok for p in probes if p.aspect is Aspect.DELETE] == [None]


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("charge", "/v1/charges"),
        ("customer", "/v1/customers"),
        ("subscription", "/v1/subscriptions"),
        ("quote", "/v1/quotes"),
        ("tax_id", "/v1/customers/{customer}/tax_ids"),
        ("issuing.cardholder", "/v1/issuing/cardholders"),
    ],
)
def test_a_permission_that_is_missing_is_named(server: Server, fake: StripeFake, kind: str, path: str) -> None:
    fake.switches.denied = frozenset({kind})
    ((aspect, says),) = wrong(told(entry(server.url, key=RESTRICTED)))
    assert aspect is Aspect.LOCATE
    assert says == f"GET {path}: not allowed; give the key rak_{kind.replace('.', '_')}_read"


@pytest.mark.parametrize(("kind", "knows"), [("tax_id", False), ("quote", True), ("payment_method", True)])
def test_what_cannot_be_told_is_not_called_allowed(server: Server, fake: StripeFake, kind: str, knows: bool) -> None:
    """Whether Stripe looks for the customer before it looks at the permission is not documented."""
    fake.switches.permissions_first, fake.switches.knows_customers = False, knows
    fake.switches.denied = frozenset({kind})
    probes = told(entry(server.url, key=RESTRICTED))
    (path,) = {k.path for k in KINDS if k.name == f"{kind}s"}
    assert wrong(probes) == []
    assert [p.ok for p in probes if p.aspect is Aspect.LOCATE and path in p.says] == [None]


def test_search_and_redaction_jobs(server: Server, fake: StripeFake) -> None:
    fake.switches.denied = frozenset({"search", "privacy.redaction_job"})
    found = wrong(told(entry(server.url, key=RESTRICTED)))
    assert [aspect for aspect, _ in found] == [Aspect.LOCATE, Aspect.DELETE]
    assert "search: false" in found[0][1]
    assert wrong(told(entry(server.url, key=RESTRICTED, search=False, erasure="delete_customer"))) == []


def test_a_preview_that_the_account_does_not_have(server: Server, fake: StripeFake) -> None:
    ((aspect, says),) = wrong(told(entry(server.url, preview_version="2026-10-28.endive")))
    assert (aspect, "delete_customer" in says) == (Aspect.PLAN, True)


@pytest.mark.parametrize(
    ("key", "ok"),
    [("sk_live_sandbox", True), ("rk_test_sandbox", False), ("sk_test_sandbox", False), ("sandbox", None)],
)
def test_the_key_is_of_the_mode_that_the_inventory_is(server: Server, fake: StripeFake, key: str, ok: object) -> None:
    probes = told(replace(entry(server.url), sandbox=False, secrets={"api_key": Secret(key)}))
    assert [p.ok for p in probes if p.aspect is Aspect.INVENTORY] == [ok]
    assert not any(key in p.says for p in probes)


def test_what_the_inventory_names_is_there(server: Server, fake: StripeFake) -> None:
    fake.switches.value_lists = frozenset()
    ((aspect, says),) = wrong(told(entry(server.url)))
    assert (aspect, "rsl_blocked" in says) == (Aspect.INVENTORY, True)
    fake.switches.connected = frozenset({"acct_other"})
    ((aspect, says),) = wrong(told(entry(server.url, connected_account="acct_1")))
    assert (aspect, "connected_account" in says) == (Aspect.INVENTORY, True)


def test_what_the_inventory_leaves_out_is_named(server: Server, fake: StripeFake) -> None:
    probes = told(entry(server.url, without=["quotes"]))
    assert [p.says.rpartition(": ")[2] for p in probes if p.ok is None] == ["quotes"]


def test_a_key_that_stripe_does_not_know_is_raised(server: Server) -> None:
    refused = replace(entry(server.url), secrets={"api_key": Secret("rk_live_revoked")}, sandbox=False)
    with pytest.raises(AuthError):
        list(cast("Inspects", connect(refused)).inspect())
