"""The inventory of Training Tracker: it loads, it says what it must, and editors know its shape."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.model import Action, Disclosure, LinkKind, Redaction, Trust
from orchestrator.errors import InventoryError
from orchestrator.inventory import Inventory
from orchestrator.inventory.schema import schema_json
from orchestrator.model import Level, Right, Role

ROOT = Path(__file__).parent.parent
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return Inventory.load(ROOT / "inventory.yaml")


def test_the_schema_beside_it_is_the_one_in_the_code() -> None:
    assert (ROOT / "inventory.schema.json").read_text() == schema_json(), "run: python -m orchestrator.inventory"


def test_every_vendor_of_the_policy_is_a_system(inventory: Inventory) -> None:
    titles = " ".join(s.title for s in inventory.systems.values())
    vendors = ["SendGrid", "Heroku", "Analytics", "Hatchbuck", "Gmail", "Calendly", "Papertrail", "Amazon", "Stripe"]
    assert [v for v in vendors if v not in titles] == []


def test_what_is_done_by_hand_has_an_owner_and_says_how(inventory: Inventory) -> None:
    by_hand = [s for s in inventory.systems.values() if s.manual]
    assert by_hand
    assert [s.name for s in by_hand if not s.owner or len(s.instructions) < 200] == []


def test_training_records_are_held_for_the_organisations(inventory: Inventory) -> None:
    app = inventory.systems["app_db"].collections
    learning = ("enrolments", "attempts", "answers", "completions", "certificates", "certificate_files", "import_rows")
    assert {app[f"public.{name}"].role for name in learning} == {Role.SERVICE_PROVIDER}
    assert {app[f"public.{name}"].on_deletion for name in learning} == {Action.MANUAL}
    assert app["public.users"].role is Role.BUSINESS
    assert inventory.hand_over.owner
    assert inventory.hand_over.how


def test_secrets_of_people_are_never_disclosed(inventory: Inventory) -> None:
    words = ("password", "token", "digest", "secret", "tax_number", "fingerprint", "security_answer")
    disclosed = [
        f"{system.name}/{collection.name}.{name}"
        for system in inventory.systems.values()
        for collection in system.collections.values()
        for name, field in collection.fields.items()
        if any(w in name for w in words) and field.disclosure is not Disclosure.NEVER
    ]
    assert disclosed == []


def test_only_users_have_an_address_of_their_own(inventory: Inventory) -> None:
    assert inventory.authorities("email") == (("app_db", "public.users"),)
    users = inventory.systems["app_db"].collections["public.users"].spec
    trusts = {i.field: i.trust for i in users.identities if i.kind == "email"}
    assert trusts == {"email": Trust.PROVEN, "alternate_email": Trust.CLAIMED}


def test_a_course_is_only_unlinked_from_its_author(inventory: Inventory) -> None:
    course = inventory.systems["app_db"].collections["public.courses"]
    assert {link.kind for link in course.spec.links} == {LinkKind.MENTIONS}


def test_keys_and_dates_are_disclosed_and_not_redacted(inventory: Inventory) -> None:
    at = inventory.systems["app_db"].collections["public.users"].fields["created_at"]
    assert (at.disclosure, at.redaction) == (Disclosure.DISCLOSE, Redaction.NONE)


def test_rules_are_cited_confirmed_and_end(inventory: Inventory) -> None:
    for rule in inventory.rules:
        assert rule.citation
        assert rule.confirmed
        assert timedelta(0) < rule.keep_for <= timedelta(days=3653)
    assert [r.id for r in inventory.rules_for("app_db", "public.invoices")] == ["tax-books"]
    assert inventory.cutoffs("app_db", "public.invoices", NOW) == (NOW - timedelta(days=2557),)


def test_rights_and_limits(inventory: Inventory) -> None:
    high = {r for r, level in inventory.verification.items() if level is Level.REASONABLY_HIGH}
    reasonable = {Right.DELETE, Right.KNOW, Right.CORRECT}
    assert (set(inventory.verification) - high, high) == (reasonable, {Right.ACCESS})
    assert inventory.limits.plan_valid == timedelta(hours=72)
    assert not inventory.sandbox


def test_the_sandbox_takes_nothing_from_the_live_environment(inventory: Inventory) -> None:
    live = dict.fromkeys(
        (
            "DSR_APP_DB_DSN",
            "DSR_AWS_ACCESS_KEY_ID",
            "DSR_AWS_SECRET_ACCESS_KEY",
            "DSR_HEROKU_TOKEN",
            "DSR_STRIPE_API_KEY",
        ),
        "live value",
    )
    box = inventory.sandboxed()
    for name, system in box.systems.items():
        if system.connector:
            with pytest.raises(InventoryError, match="DSR_SANDBOX_"):
                box.spec(name, now=NOW, environ=live)
    assert box.digest != inventory.digest
