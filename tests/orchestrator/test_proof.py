"""The rules of verification: what a request needs, what shows it, who may act, and what is never asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.denial import Because
from orchestrator.errors import InventoryError, UnknownError
from orchestrator.law import Asked, Confidence
from orchestrator.model import Level, Right
from orchestrator.proof import Evidence, Kind
from orchestrator.regimes.outcomes import outcomes
from orchestrator.regimes.proofs import RULES, proofs

HIGH, REASONABLE = Level.REASONABLY_HIGH, Level.REASONABLE
ASKED = [
    "phone",
    "street",
    "handle",
    "invoice",
    "date of last order",
    "name",
    "city",
    "job_title",
    "mailbox",
    "callback",
]
NEVER = [
    "ssn", "SSN", "social_security_number", "Social-Security No", "tax number", "drivers license", "driver's licence",
    "passport", "state id number", "national ID card", "account number", "routing_number", "iban", "card",
    "credit card", "debit_card_number", "card last4", "CVV", "pin", "medical record", "health plan", "insurance number",
    "password", "pass phrase", "security question",
    "security_answer", "mother's maiden name", "fingerprint", "api token",
]  # fmt: skip


def shown(*matched: str, declared: bool = False, seen: tuple[str, ...] = ()) -> Evidence:
    return Evidence(frozenset(matched), frozenset(seen), declared)


def test_every_rule_has_a_citation_and_says_how_it_is_known() -> None:
    rules = proofs()
    ways = [rule for _, rule in rules.parenthood]
    lists = (
        rules.rights,
        rules.levels,
        rules.points,
        rules.evidence,
        rules.agents,
        rules.minors,
        rules.unverified,
        ways,
    )
    entries = [*(e for listed in lists for e in listed), rules.account, rules.contested, rules.attempts]
    assert all(e.id and e.citation and e.says and isinstance(e.confidence, Confidence) for e in entries)
    assert len({e.id for e in entries}) == len(entries)
    assert all(rules.after_failure(r) for r in Right if rules.verifies(r)), "every verified right fails somehow"


@pytest.mark.parametrize(
    ("right", "sensitive", "needed"),
    [
        ("know", False, REASONABLE), ("know", True, REASONABLE),
        ("access", False, HIGH), ("access", True, HIGH),
        ("delete", False, REASONABLE), ("delete", True, HIGH),
        ("correct", False, REASONABLE), ("correct", True, HIGH),
        ("something new", False, HIGH),
    ],
)  # fmt: skip
def test_what_a_request_needs(right: str, sensitive: bool, needed: Level) -> None:
    assert proofs().verifies(right)
    assert proofs().needed(right, sensitive=sensitive) is needed
    assert proofs().needed(right, sensitive=sensitive, house=HIGH) is HIGH, "the house may ask for more"
    assert proofs().needed(right, sensitive=sensitive, house=REASONABLE) is needed, "and not for less"


@pytest.mark.parametrize("right", ["opt_out", "opt_in", "limit", "shine_the_light"])
def test_opt_outs_and_limits_are_never_verified(right: str) -> None:
    assert not proofs().verifies(right)


@pytest.mark.parametrize(
    ("evidence", "reaches"),
    [
        (shown(), None),
        (shown("phone"), None),
        (shown("phone", "street"), REASONABLE),
        (shown("phone", "name"), REASONABLE),
        (shown("name", "city"), None),
        (shown("name", "city", "zip", "employer"), None),
        (shown("name", seen=("mailbox",)), REASONABLE),
        (shown("phone", "street", "handle"), REASONABLE),
        (shown("phone", "street", "handle", declared=True), HIGH),
        (shown("phone", "street", declared=True), REASONABLE),
        (shown("name", "city", "zip", declared=True), None),
        (shown("ssn", "phone"), None),
        (shown("phone", seen=("a look",)), None),
        (Evidence(account=True), HIGH),
        (Evidence(attorney=True), HIGH),
    ],
)
def test_what_shows_who_asks(evidence: Evidence, reaches: Level | None) -> None:
    assert proofs().reached(evidence) is reaches
    for level in (REASONABLE, HIGH):
        enough = reaches is HIGH or reaches is level
        assert (proofs().lacking(evidence, level) == "") == enough


def test_a_point_the_house_calls_weak_is_weak() -> None:
    both = shown("handle", "phone")
    assert proofs().reached(both) is REASONABLE
    assert proofs().reached(both, weak={"handle", "phone"}) is None


@pytest.mark.parametrize("name", NEVER)
def test_what_the_law_tells_not_to_ask_for_is_refused(name: str) -> None:
    assert proofs().point(name)[0] is Kind.NEVER
    assert "CCR" in proofs().refusal(name)


@pytest.mark.parametrize("name", ASKED)
def test_what_may_be_asked_is_not_refused(name: str) -> None:
    assert proofs().refusal(name) == ""


@given(st.frozensets(st.sampled_from(ASKED + NEVER)), st.frozensets(st.sampled_from(ASKED)), st.booleans())
def test_more_never_shows_less_and_weak_points_alone_show_nothing(
    matched: frozenset[str], more: frozenset[str], declared: bool
) -> None:
    rules, rank = proofs(), [None, REASONABLE, HIGH]
    less = rules.reached(Evidence(matched, declaration=declared))
    assert rank.index(less) <= rank.index(rules.reached(Evidence(matched | more, declaration=True)))
    if less is not None:
        assert any(rules.point(n)[0] is Kind.STRONG for n in matched)
    if less is HIGH:
        assert declared
        assert len([n for n in matched if not rules.refusal(n)]) >= 3
    assert rules.reached(Evidence(matched, frozenset(), declared)) == rules.reached(
        Evidence(matched | {"ssn", "passport", "card"}, frozenset(), declared)
    ), "what may not be asked counts for nothing"


@pytest.mark.parametrize(
    ("acts", "right", "showed", "enough"),
    [
        ("natural_person", "delete", {"signed_permission"}, False),
        ("natural_person", "delete", {"signed_permission", "person_confirmed"}, True),
        ("business_entity", "access", {"signed_permission", "person_verified"}, True),
        ("business_entity", "access", {"person_confirmed"}, False),
        ("business_entity", "opt_out", {"signed_permission"}, True),
        ("power_of_attorney", "access", {"power_of_attorney"}, True),
        ("power_of_attorney", "delete", set(), False),
        ("parent", "delete", set(), False),
        ("parent", "delete", {"parenthood"}, True),
        ("parent", "opt_out", set(), True),
        ("neighbour", "delete", {"signed_permission"}, False),
    ],
)
def test_who_may_act_and_what_they_show(acts: str, right: str, showed: set[str], enough: bool) -> None:
    assert (proofs().unproven(acts, right, showed) == "") == enough


@pytest.mark.parametrize(
    ("acts", "right", "nothing_else"),
    [
        ("power_of_attorney", "delete", {"power_of_attorney"}),
        ("natural_person", "opt_out", {"signed_permission"}),
        ("natural_person", "delete", {"signed_permission", "person_verified", "person_confirmed"}),
        ("parent", "limit", set()),
        ("neighbour", "delete", set()),
    ],
)
def test_nothing_else_may_be_asked(acts: str, right: str, nothing_else: set[str]) -> None:
    assert proofs().may_ask(acts, right) == nothing_else


@pytest.mark.parametrize(
    ("age", "right", "by"),
    [
        (0, "delete", {"parent"}), (12, "access", {"parent"}), (13, "access", {"person", "parent"}),
        (17, "delete", {"person", "parent"}), (18, "delete", {"person"}),
        (12, "opt_in", {"parent"}), (13, "opt_in", {"person"}), (15, "opt_in", {"person"}), (16, "opt_in", {"person"}),
    ],
)  # fmt: skip
def test_who_decides_for_a_minor(age: int, right: str, by: set[str]) -> None:
    assert proofs().decides(age, right)[0] == by


@given(st.sampled_from(Because), st.sampled_from([*Asked, *Right]))
def test_every_denial_has_an_outcome_and_a_letter(because: Because, right: str) -> None:
    outcome = outcomes().of_denial(because, right)
    assert outcome.letter
    assert outcome.citation


def test_outcomes() -> None:
    table = outcomes()
    assert table.of_denial("insuf_verification", "access").id == "specific_pieces_denied"
    assert table.of("specific_pieces_denied").offers == ("categories",), "which is then looked at"
    assert proofs().after_failure("access").treated_as == "know"  # type: ignore[union-attr]
    assert "opt_out" in table.of_denial("insuf_verification", "delete").offers
    assert "opt_out" in table.of_denial("other", "delete").offers
    assert {proofs().after_failure(r).outcome for r in ("access", "know", "delete", "correct")} <= set(table.known)  # type: ignore[union-attr]
    assert proofs().after_failure("opt_out") is None
    with pytest.raises(UnknownError, match="no outcome"):
        table.of("bliss")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("id: VER-13-points", "id: VER-14-points", "the same id"),
        (
            "    level: reasonable\n    points: 2",
            "    level: reasonably_high\n    points: 2",
            "one rule for each level",
        ),
        ("kind: never", "kind: maybe", "points.0.kind"),
        ("    level: reasonable\n    sensitive: reasonable\n", "", "verified: false"),
        ("confidence: read\n", "confidence: sure\n", "confidence"),
    ],
)
def test_a_file_of_rules_that_cannot_be_kept_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = (RULES / "verification.yaml").read_text()
    assert old in text
    file = tmp_path / "verification.yaml"
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(InventoryError, match=says):
        proofs(file)


def test_a_table_of_outcomes_without_an_end_is_refused(tmp_path: Path) -> None:
    text = (RULES / "outcomes.yaml").read_text()
    for old, new, says in [
        ('  - {because: "*", outcome: denied}\n', "", "for every reason and right"),
        ("outcome: fraud_suspected", "outcome: bliss", "an outcome that is none"),
    ]:
        (tmp_path / f"{says[:3]}.yaml").write_text(text.replace(old, new))
        with pytest.raises(InventoryError, match=says):
            outcomes(tmp_path / f"{says[:3]}.yaml")
