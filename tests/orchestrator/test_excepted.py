"""Exceptions to deletion: which are grounds, which are repealed, and what stands on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.model import Action, Identifier, Locator, Obstacle, ObstacleKind, Record, Subject, Trust
from orchestrator.decide import Given, decide
from orchestrator.denial import Because
from orchestrator.errors import InventoryError, NotAllowedError
from orchestrator.inventory import Inventory
from orchestrator.inventory.exceptions import exceptions
from orchestrator.model import Discovery, Ground, Hold, Right
from orchestrator.service import Service
from orchestrator.staff import identify
from orchestrator.workspace import Workspace
from tests.orchestrator.cases import NOW, VERIFICATION, searched
from tests.orchestrator.inventories import MINIMAL, changed, written

ROOT = Path(__file__).parent.parent.parent
REPEALED = [
    "Make other internal and lawful uses of that information that are compatible with the context",
    "for internal and  LAWFUL use",
    "we otherwise use the data internally",
    "used in a lawful manner that is compatible with the context in which it was given",
]
CONDITIONS = ("necessary", "proportionate", "expected", "compatible", "consent", "obligation")
RULE = "    exception: D8\n    conditions: {obligation: Tax law}\n"


def test_the_list_is_todays_statute_beside_the_policy() -> None:
    known = exceptions().known
    assert all(e.citation and e.says for e in known.values())
    assert [e.id for e in known.values() if not e.in_force] == ["D9"]
    assert {e.id for e in exceptions().of("ccpa")} >= {f"D{n}" for n in range(1, 9)} | {"X1", "X2", "S1"}
    assert known["D2"].conditions == ("necessary", "proportionate")
    assert known["D7"].conditions == ("expected", "compatible"), "the policy leaves the second out"
    assert {e.id for e in exceptions().of("va")} == {e.id for e in exceptions().of("ccpa")}
    assert {e.regime for e in exceptions().of("gdpr")} == {"gdpr"}


@pytest.mark.parametrize(
    ("id_", "regime", "met", "says"),
    [
        ("D9", "ccpa", set(CONDITIONS), "D9 is repealed .*Proposition 24"),
        ("D9", "va", set(CONDITIONS), "D9 is repealed"),
        ("D10", "ccpa", set(), "'D10' is no exception under ccpa: it has D1"),
        ("D8", "gdpr", {"obligation"}, "'D8' is no exception under gdpr"),
        ("D2", "ccpa", {"necessary"}, "how it is proportionate"),
        ("D7", "ccpa", {"expected"}, "how it is compatible"),
        ("D8", "ccpa", {"obligation"}, ""),
        ("D7", "ccpa", {"expected", "compatible"}, ""),
        ("GDPR-17-3-b", "gdpr", {"obligation"}, ""),
    ],
)  # fmt: skip
def test_what_is_a_ground(id_: str, regime: str, met: set[str], says: str) -> None:
    why = exceptions().refusal(id_, regime, "", met)
    assert bool(why) == bool(says)
    if says:
        with pytest.raises(AssertionError, match=says):
            raise AssertionError(why)


@given(
    st.sampled_from(sorted(exceptions().known)), st.sampled_from(["ccpa", "gdpr", "va", "co", "ct", "tx"]),
    st.sampled_from(REPEALED), st.text(max_size=20), st.frozensets(st.sampled_from(CONDITIONS)),
)  # fmt: skip
def test_no_repealed_reason_is_ever_accepted(
    id_: str, regime: str, words: str, around: str, met: frozenset[str]
) -> None:
    assert exceptions().refusal("D9", regime, around, met)
    assert exceptions().refusal(id_, regime, f"{around} {words} {around}", met)
    assert "D9" in exceptions().closed(regime, promised=False) | exceptions().closed(regime, promised=True)


def test_what_the_policy_does_not_name_is_no_ground_where_only_it_gives_the_right() -> None:
    assert "D6" in exceptions().closed("ccpa", promised=True)
    assert "D6" not in exceptions().closed("ccpa", promised=False)
    assert not {"S1", "X2", "D8"} & exceptions().closed("ccpa", promised=True)


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ("", "exception: is missing"),
        ("    exception: D9\n", "D9 is repealed and no ground, whatever the policy says"),
        ("    exception: D2\n    conditions: {necessary: yes it is}\n", "how it is proportionate"),
        ("    exception: D8\n", "how it is obligation"),
        ("    exception: whim\n", "'whim' is no exception under ccpa"),
        ("    exception: D8\n    conditions: {obligation: internal and lawful uses}\n", "in the words of D9"),
        ("    exception: D8\n    conditions: {fancy: x}\n", "rules.0.conditions.fancy"),
    ],
)
def test_a_retention_rule_without_a_ground_is_refused(tmp_path: Path, new: str, says: str) -> None:
    with pytest.raises(InventoryError, match=says) as refused:
        Inventory.load(changed(tmp_path, RULE, new))
    assert "rules.0" in str(refused.value)


def test_the_published_inventory_stands_on_the_statute() -> None:
    inventory = Inventory.load(ROOT / "inventory.yaml")
    assert {r.exception for r in inventory.rules} == {"D2", "D8", "S1"}
    assert all(r.use_limit for r in inventory.rules)


# Deciding

AT = Locator("shop", "orders")
ANN = Identifier("email", "ann@example.com", Trust.PROVEN)
RECORDS = st.builds(
    Record, st.sampled_from([AT, Locator("shop", "users"), Locator("shop", "grades")]), st.integers(0, 5),
    newest=st.sampled_from([None, NOW, NOW - timedelta(days=4000)]),
    obstacles=st.sampled_from([(), (Obstacle(ObstacleKind.LOCKED, "k", NOW),), (Obstacle(ObstacleKind.BY_HAND, "x"),)]),
    mentions=st.booleans(), organisation=st.sampled_from(["", "5", "6"]),
)  # fmt: skip
HOLDS = st.sampled_from(
    [
        {"person": "tag"},
        {"collection": "shop"},
        {"collection": "shop/orders"},
        {"organisation": "5"},
        {"person": "other"},
    ]
)


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    return Inventory.load(written(tmp_path_factory.mktemp("held")))


def given_for(hold: dict[str, str], organisation: str = "", closed: frozenset[str] = frozenset()) -> Given:
    held = replace(Hold("h", "a claim", "s1", NOW, NOW + timedelta(days=90)), **hold)  # type: ignore[arg-type]
    return Given(
        "r-1", Right.DELETE, "s1", VERIFICATION, [held], frozenset({"tag"}), repr, NOW, organisation=organisation,
        closed=closed,
    )  # fmt: skip


def decided(inventory: Inventory, records: list[Record], given_: Given) -> Iterator[tuple[str, Action]]:
    belongs = Identifier("organisation_id", "5", Trust.CLAIMED)
    found = Discovery(
        Subject.of(ANN), frozenset({belongs}), tuple((0, r) for r in records), (searched(),), (), NOW
    )  # fmt: skip
    return ((f"{s.system}/{s.collection}", s.action) for s in decide(found, inventory, given_).steps)


@given(st.lists(RECORDS, max_size=4), HOLDS, st.sampled_from(["", "5", "6"]), st.booleans())
def test_no_held_record_is_ever_deleted(
    inventory: Inventory, records: list[Record], hold: dict[str, str], instructs: str, everything_closed: bool
) -> None:
    """Whatever is asked, by a person or an organisation, and whichever grounds are closed."""
    closed = frozenset(exceptions().known) if everything_closed else frozenset()
    scope = next(iter(hold.values()))
    for place, action in decided(inventory, records, given_for(hold, instructs, closed)):
        if scope in ("tag", "5", place, place.partition("/")[0]):
            assert action not in (Action.DELETE, Action.REDACT)


def test_a_closed_ground_keeps_nothing(inventory: Inventory) -> None:
    young = [Record(AT, 2, newest=NOW, fields=(("name", 2),))]
    nobody = {"person": "other"}
    assert list(decided(inventory, young, given_for(nobody))) == [("shop/orders", Action.RETAIN)]
    closed = given_for(nobody, closed=frozenset({"D8"}))
    assert list(decided(inventory, young, closed)) == [("shop/orders", Action.DELETE)]


# Denying


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    text = MINIMAL.replace("inventory: 1", "inventory: 1\ntime_zone: America/Chicago")
    with Workspace.open(tmp_path / "state", Inventory.load(written(tmp_path, text))) as workspace:
        yield Service(workspace, identify(workspace.inventory, "", None))


def test_a_denial_has_a_reason_a_letter_and_no_repealed_ground(service: Service, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Ann")
    request = service.new_request(Right.DELETE, [("email", "ann@example.com")], "email")
    promised = service.new_request(Right.DELETE, [("email", "b@example.com")], "email", None, Ground.POLICY_PROMISE)
    access = service.new_request(Right.ACCESS, [("email", "c@example.com")], "email")
    for asked, because, reason, exception, says in [
        (request, Because.OTHER, " ", "", "says why"),
        (request, Because.OTHER, REPEALED[0], "", "in the words of D9"),
        (request, Because.OTHER, REPEALED[1], "D8", "in the words of D9"),
        (request, Because.OTHER, "kept", "D9", "D9 is repealed"),
        (request, Because.FRAUD, "kept", "D8", "as `other` or"),
        (access, Because.OTHER, "kept", "D8", "a ground against deletion"),
        (promised, Because.OTHER, "research", "D6", "only the policy"),
    ]:
        with pytest.raises(NotAllowedError, match=says):
            service.deny(asked, because, reason, letter, exception)
    with pytest.raises(NotAllowedError, match="cannot read the letter"):
        service.deny(request, Because.OTHER, "tax", tmp_path / "none", "D8")
    assert not any(service.journal.entries(kind="denied"))
    service.deny(request, Because.OTHER, "books for tax", letter, "D8")
    (entry,) = service.journal.entries(request, "denied")
    assert (entry.payload["exception"], entry.payload["outcome"]) == ("D8", "deletion_denied")
    assert [sent.kind for sent in service.letters(request)] == ["denial"]


def test_a_rule_of_an_exception_that_the_policy_lacks_does_not_hold_against_its_promise(service: Service) -> None:
    rules = tuple(replace(r, exception="D6") for r in service.inventory.rules)
    promised = service.new_request(Right.DELETE, [("email", "b@example.com")], "email", None, Ground.POLICY_PROMISE)
    statutory = service.new_request(Right.DELETE, [("email", "a@example.com")], "email")
    assert {r.exception for r in rules} <= service.closed(service.request(promised))
    assert not {r.exception for r in rules} & service.closed(service.request(statutory))
