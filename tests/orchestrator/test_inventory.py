"""Loading an inventory: what is right becomes frozen values, what is wrong is said with its line."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.model import Action, Disclosure, LinkKind, Redaction, Trust
from orchestrator.errors import InventoryError, UnknownError
from orchestrator.inventory import Inventory, nearest
from orchestrator.inventory.schema import days, schema_json
from orchestrator.model import Level, Right, Role
from tests.orchestrator.inventories import MINIMAL, changed, problem, problems, written

ROOT = Path(__file__).parents[2]


KEY = "ed25519:" + "A" * 43 + "="


def test_the_values_of_a_right_one(tmp_path: Path) -> None:
    inventory = Inventory.load(written(tmp_path))
    assert (inventory.company, inventory.regime, inventory.approval) == ("Example LLC", "ccpa", "single_person")
    assert inventory.policy.revised == "2026-01-01"
    high = {r for r, level in inventory.verification.items() if level is Level.REASONABLY_HIGH}
    reasonable = {Right.DELETE, Right.KNOW, Right.CORRECT}
    assert (set(inventory.verification) - high, high) == (reasonable, {Right.ACCESS})
    assert (inventory.limits.records, inventory.limits.share, inventory.limits.late) == (10_000, 0.5, 0)
    assert inventory.limits.plan_valid == timedelta(hours=72)
    assert [(s.id, s.may) for s in inventory.staff] == [("desk", frozenset({"verify", "plan", "approve", "run"}))]
    assert list(inventory.systems) == ["shop", "paper"]
    paper = inventory.systems["paper"]
    assert (paper.manual, paper.connector, paper.owner, dict(paper.collections)) == (True, "", "office", {})
    shop = inventory.systems["shop"]
    assert (shop.manual, shop.sources) == (False, ("The person",))
    users, orders, grades = shop.collections.values()
    assert (users.role, orders.role, grades.role) == (Role.BUSINESS, Role.BUSINESS, Role.SERVICE_PROVIDER)
    assert (users.on_deletion, grades.on_deletion, grades.spec.intended) == (
        Action.DELETE,
        Action.MANUAL,
        Action.MANUAL,
    )
    assert users.one_per_person
    assert users.spec.one_per_person
    assert [(i.trust, i.match) for i in users.spec.identities] == [
        (Trust.PROVEN, True),
        (Trust.ASSIGNED, True),
        (Trust.CLAIMED, True),
    ]
    assert users.fields["password"].type == "password hash"
    assert users.fields["password"].disclosure is Disclosure.NEVER
    assert grades.fields["content"].disclosure is Disclosure.UNMARKED
    assert users.fields["email"].redaction is Redaction.UNIQUE
    assert (users.fields["id"].disclosure, users.fields["id"].redactable) == (Disclosure.DISCLOSE, False)
    assert users.categories == ("A",)
    (link,) = orders.spec.links
    assert (link.fields, link.to, link.kind) == (("user",), "users", LinkKind.OWNS)
    assert inventory.authorities("email") == (("shop", "users"),)
    assert inventory.authorities("user_id") == ()
    (rule,) = inventory.rules_for("shop", "orders")
    assert (rule.collections, rule.keep_for, rule.confirmed) == (("shop/orders",), timedelta(days=2557), True)
    assert inventory.rules_for("shop", "users") == ()
    assert [e.what for e in inventory.exemptions] == ["shop/stock"]


def test_normalising(tmp_path: Path) -> None:
    inventory = Inventory.load(
        changed(
            tmp_path, "  user_id: {title: User number}",
            "  user_id: {title: User number}\n  alias: {title: A, normalise: [unicode, trim, case, plus_tag]}",
        )
    )  # fmt: skip
    assert inventory.kinds == ("email", "user_id", "alias")
    assert inventory.normalise("email", " Ann.Lee+Shop@Example.com ") == "ann.lee+shop@example.com"
    assert inventory.normalise("email", "straße@example.com") != inventory.normalise("email", "strasse@example.com")
    assert inventory.normalise("alias", "ＡNN+x@example.com") == "ann@example.com"
    assert inventory.normalise("user_id", " 42 ") == "42"
    with pytest.raises(InventoryError, match="did you mean 'email'"):
        inventory.normalise("emial", "x")


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_normalising_twice_changes_nothing(value: str) -> None:
    from orchestrator.inventory import Kind

    kind = Kind("email", "E-mail", ("trim", "case"))
    once = kind.normalise(value)
    assert kind.normalise(once) == once


def test_the_digest_is_of_the_content_alone(tmp_path: Path) -> None:
    first = Inventory.load(written(tmp_path)).digest
    noisy = "# a comment\n\n" + MINIMAL.replace("company: Example LLC", 'company:   "Example LLC"  # us')
    assert Inventory.load(written(tmp_path, noisy)).digest == first
    assert Inventory.load(changed(tmp_path, "keep_for: 7 years", "keep_for: 6 years")).digest != first
    assert Inventory.load(changed(tmp_path, "{category: J}", "{category: I}")).digest != first
    loaded = Inventory.load(written(tmp_path))
    assert loaded.sandboxed().digest not in (first, "")
    assert loaded.sandboxed().sandbox
    assert not loaded.sandbox


def test_every_problem_is_told_at_once_with_line_path_and_the_nearest_name(tmp_path: Path) -> None:
    text = MINIMAL.replace("field: email,", "field: emial,").replace("to: users", "to: user").replace(
        "[shop/orders]", "[shop/ordres]"
    )  # fmt: skip
    found = problems(written(tmp_path, text))
    assert found == [
        "FILE: 3 problems",
        "FILE:16: rules.0.covers.0: expected SYSTEM/COLLECTION; shop has no 'ordres'; did you mean 'orders'?",
        (
            "FILE:45: systems.shop.collections.users.found_by.0.field: 'emial' is neither under `fields` nor under "
            "`plain`; did you mean 'email'?"
        ),
        "FILE:55: systems.shop.collections.orders.links.0.to: shop has no collection 'user'; did you mean 'users'?",
    ]


WRONG = [
    ("regime: ccpa", "regime: us", "FILE:3: regime: expected one of: ccpa, co, ct, gdpr, tx, va"),
    ("company: Example LLC\n", "", "FILE:1: company: is missing"),
    ("company: Example LLC", "company: 7", "FILE:2: company: expected text, found a number"),
    ("company: Example LLC", "company:", "FILE:2: company: expected text, found nothing"),
    ("company: Example LLC", "compnay: Example LLC", "did you mean 'company'?"),
    ("inventory: 1", "inventory: 2", "FILE:1: inventory: expected one of: 1"),
    ("approval: single_person", "approval: single", "did you mean 'single_person'?"),
    ("{id: desk, may", "{id: ann.lee@example.com, may", "staff are named by pseudonym"),
    ("may: [verify,", "may: [verfy,", "FILE:7: staff.0.may.0: did you mean 'verify'?"),
    ("revised: 2026-01-01", "revised: 2026-13-01", "FILE:4: policy.revised: expected a date, YYYY-MM-DD"),
    (", revised: 2026-01-01", "", "give `revised` or `sha256`"),
    ("keep_for: 7 years", "keep_for: 7 yrs", 'a period such as "7 years"'),
    ("    confirmed_on: 2026-01-02\n", "", "confirmed_by and confirmed_on go together"),
    ("{category: J}", "{category: L}", "systems.shop.collections.grades.fields.content.category: expected one of: A,"),
    ("{category: J}", "{disclose: true}", "give the category of the policy (A to K)"),
    ("never: password hash", "never: password hash, disclose: true", "`disclose` and `never` exclude each other"),
    ("connector: memory", "connector: memory\n    manual: true", "give either `connector: NAME` or `manual: true`"),
    ("    instructions: Look under the name, shred what is there, note the day.\n", "", "needs `instructions`"),
    ("{kind: email, field: email,", "{kind: mail, field: email,", "the kind 'mail' is not declared under identifiers"),
    ("{user_id}", "{user}", "the kind 'user' is not declared under identifiers; did you mean 'user_id'?"),
    ("    role: business\n", "", "say in what `role` it is held"),
    ("        on_deletion: manual", "        on_deletion: retain", "retain needs a rule that covers it"),
    ("fields: [name]", "fields: [nmae]", "FILE:17: rules.0.fields.0: no collection it covers has it"),
    ("covers: [shop/orders]", "covers: [shop/grades]", "is held as service_provider, and the rule is for business"),
    ("        age: at\n", "", "rule tax covers it: name in `age` the field its period is counted from"),
    ("        age: at\n", "        age: on\n", "'on' is neither under `fields` nor under `plain`"),
    ("what: shop/stock", "what: shpo/stock", "there is no system 'shpo'; did you mean 'shop'?"),
    ("what: shop/stock", "what: shop/users", "is exempted here and described under systems"),
    ("hand_over: {owner: success, how: Write to the organisation.}\n", "", "hand_over: is missing"),
    ("plain: [id]", "plain: [id, email]", "stands under `fields` and under `plain`"),
    ("  paper:", "  Paper:", "systems.Paper: expected a name of small letters, digits and _"),
    ("timeout: 3,", "timeout: 3, token: abc,", "looks like a secret: give it under `secrets`"),
    ("timeout: 3,", "timeout: 3, url: 'https://me:abc@example.com',", "looks like a secret"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), WRONG, ids=lambda v: str(v)[:30])
def test_each_mistake_has_its_message(tmp_path: Path, old: str, new: str, said: str) -> None:
    found = problems(changed(tmp_path, old, new))
    assert any(said in line for line in found[1:]), found
    assert all(line.startswith("FILE:") and line.split(":")[1].isdigit() for line in found[1:])


def test_the_same_rule_or_staff_twice(tmp_path: Path) -> None:
    two = "  - {id: desk, may: [verify, plan, approve, run]}\n"
    assert "'desk' stands here twice" in problem(changed(tmp_path, two, two + two))


def test_a_literal_secret_is_refused_and_not_repeated(tmp_path: Path) -> None:
    said = problem(changed(tmp_path, "{api_key: env:SHOP_KEY}", "{api_key: sk_live_51ABCDEF}"))
    assert "systems.shop.secrets.api_key: env:NAME or file:PATH" in said
    assert "sk_live" not in said


def test_a_secret_in_a_wrong_place_is_not_repeated(tmp_path: Path) -> None:
    for old, new in (
        ("role: business\n", "role: sk_live_51ABCDEF\n"),
        ("owner: engineering", "owner: {key: sk_live_51ABCDEF}"),
        ("timeout: 3,", "timeout: 3, api_key: sk_live_51ABCDEF,"),
    ):
        assert "sk_live" not in "".join(problems(changed(tmp_path, old, new)))


def test_four_eyes_needs_two_people_with_keys(tmp_path: Path) -> None:
    text = MINIMAL.replace("approval: single_person", "approval: four_eyes")
    assert len(problems(written(tmp_path, text))) == 3
    one = text.replace("{id: desk,", f'{{id: desk, public_key: "{KEY}",')
    assert "one person who may plan and another who may approve" in problem(written(tmp_path, one))
    same = one.replace("hand_over:", f'  - {{id: lead, public_key: "{KEY}", may: [approve]}}\nhand_over:', 1)
    assert "each with a key of their own" in problem(written(tmp_path, same))
    another = KEY.replace(":A", ":B", 1)
    two = same.replace(f'lead, public_key: "{KEY}', f'lead, public_key: "{another}')
    assert [s.public_key for s in Inventory.load(written(tmp_path, two)).staff] == [KEY, another]
    broken = two.replace("A=", "=", 1)
    assert "an Ed25519 public key" in problem(written(tmp_path, broken))


def test_unknown_systems(tmp_path: Path) -> None:
    with pytest.raises(UnknownError, match="did you mean 'shop'"):
        Inventory.load(written(tmp_path)).system("shpo")


def test_nearest() -> None:
    assert nearest("emial", ["email", "user_id"]) == "; did you mean 'email'?"
    assert nearest("EMAIL", ["email"]) == "; did you mean 'email'?"
    assert nearest("zzz", ["b", "a"]) == "; expected one of: a, b"
    assert nearest("zzz", []) == "; there are none"
    assert nearest("zzz", [f"name{i:02d}" for i in range(20)]).endswith("name11, …")


def test_periods_count_days_rounded_up() -> None:
    assert [days(p) for p in ("1 day", "90 days", "1 month", "18 months", "7 years")] == [1, 90, 31, 548, 2557]


def test_the_schema_accepts_and_refuses_what_the_code_does(tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    from orchestrator.inventory import document

    schema = json.loads(schema_json())
    data, _ = document.read(written(tmp_path))
    jsonschema.validate(data, schema)
    jsonschema.validate(document.read(ROOT / "inventory.yaml")[0], schema)
    for place, value in (("owners", "x"), ("secrets", {"api_key": "sk_live_51ABCDEF"}), ("role", "buisness")):
        wrong = copy.deepcopy(data)
        wrong["systems"]["shop"][place] = value
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def test_importing_it_loads_neither_yaml_nor_pydantic() -> None:
    code = "import sys, orchestrator.inventory; print([m for m in ('pydantic', 'ruamel.yaml') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
