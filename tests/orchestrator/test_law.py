"""The laws' files and the company's promises: which of two rules is in force, and what a file may not be."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import InventoryError, UnknownError
from orchestrator.inventory import Inventory
from orchestrator.law import COUNTS, EVERYBODY, PERIODS, Asked, Confidence, Law, Rule, Topic, asked_by
from orchestrator.model import Right
from orchestrator.regimes import FOLDER, holidays, law_of, regime
from tests.orchestrator.inventories import MINIMAL

ROOT = Path(__file__).parent.parent.parent
NAMES = sorted(p.stem for p in FOLDER.glob("*.yaml") if p.stem not in ("holidays", "house"))


def promised(topic: Topic, times: int | None = None, among: frozenset[str] = frozenset()) -> Rule:
    return Rule("p", topic, frozenset(Asked), "Policy", Confidence.READ, times=times, among=among, promise=True)


@pytest.mark.parametrize("name", NAMES)
def test_every_law_says_how_it_is_known_and_when_an_answer_is_due(name: str) -> None:
    law = regime(name)
    assert law.name == name
    assert all(r.citation and r.says for r in law.rules)
    for right in Right:
        (answer,) = law_of(name, ()).rules(Topic.ANSWER, asked_by(right))
        assert answer.within is not None
        assert answer.confidence is not Confidence.MEMORY
        assert answer.promise or Law(law).rules(Topic.RESIDENCE, asked_by(right))
    assert all((r.within is not None) == (r.topic in PERIODS) for r in law.rules)
    assert all(r.times is None or r.topic in COUNTS for r in law.rules)


def test_there_are_six_laws_and_only_one_lets_verification_pause() -> None:
    assert NAMES == ["ccpa", "co", "ct", "gdpr", "tx", "va"]
    assert [name for name in NAMES if regime(name).verification_pauses] == ["gdpr"]


def test_the_published_policy_over_the_law() -> None:
    inventory = Inventory.load(ROOT / "inventory.yaml")
    law = law_of(inventory.regime, inventory.promises)
    assert all(r.promise and r.citation.startswith("Policy") for r in inventory.promises)
    agents = law.choice(Topic.ACTS, Asked.DELETE)
    assert "natural_person" in agents.among, "the policy names fewer agents than the law, which holds"
    assert [r.id for r in agents.rules] == ["AGT-4", "agents"]
    assert law.serves_everybody(Asked.DELETE)
    assert not law_of("ccpa", ()).serves_everybody(Asked.DELETE)
    assert law.counted(Topic.TIMES, Asked.ACCESS).times == 2
    assert law.counted(Topic.TIMES, Asked.DELETE).times is None
    assert law.counted(Topic.FREE, Asked.ACCESS).times is None
    assert law.choice(Topic.DELIVERY, Asked.ACCESS).among == {"account", "mail", "electronic"}
    assert [r.id for r in law.rules(Topic.ANSWER, Asked.ACCESS)] == ["CLK-2", "answer"]


@given(st.sampled_from(NAMES), st.sampled_from(Asked), st.sampled_from(COUNTS), st.none() | st.integers(0, 9))
def test_a_promised_number_never_narrows(name: str, asked: Asked, topic: Topic, times: int | None) -> None:
    alone = law_of(name, ()).counted(topic, asked).times
    both = law_of(name, (promised(topic, times),)).counted(topic, asked).times
    assert both is None or (alone is not None and both >= alone)
    if alone is not None and times is not None:
        assert both == max(alone, times)


@given(st.sampled_from(NAMES), st.sampled_from(Asked), st.frozensets(st.sampled_from(["a", "b", EVERYBODY])))
def test_a_promised_choice_never_narrows(name: str, asked: Asked, among: frozenset[str]) -> None:
    for topic in (Topic.ACTS, Topic.DELIVERY, Topic.RESIDENCE):
        alone = law_of(name, ()).choice(topic, asked).among
        assert law_of(name, (promised(topic, among=among),)).choice(topic, asked).among == alone | among


@pytest.mark.parametrize(
    ("promise", "says"),
    [
        ("{id: p, topic: answer, rights: [delete], citation: Policy}", "`within` is given for"),
        ("{id: p, topic: answer, rights: [delete], within: soon, citation: Policy}", "a period such as"),
        ("{id: p, topic: free, rights: [delete], within: 1 day, citation: Policy}", "`within` is given for"),
        ("{id: p, topic: acts, rights: [delete], times: 2, citation: Policy}", "`times` is given for"),
        ("{id: p, topic: acts, rights: [delete], citation: Policy}", "`among` is given for"),
        ("{id: p, topic: acts, rights: [forget], among: [x], citation: Policy}", "rights.0: did you mean"),
        ("{id: p, topic: free, rights: [delete]}", "citation: is missing"),
        ("{id: p, topic: free, rights: [], citation: Policy}", "must not be empty"),
    ],
)
def test_a_promise_without_sense_is_refused_with_its_line(tmp_path: Path, promise: str, says: str) -> None:
    path = tmp_path / "inventory.yaml"
    path.write_text(MINIMAL + f"promises:\n  - {promise}\n")
    with pytest.raises(InventoryError, match=says) as caught:
        Inventory.load(path)
    assert f"{path}:{len(MINIMAL.splitlines()) + 2}: promises.0" in str(caught.value)


def test_promises_are_told_apart_and_a_time_zone_exists(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    one = "  - {id: p, topic: free, rights: [delete], citation: Policy}\n"
    path.write_text(MINIMAL + "promises:\n" + one + one)
    with pytest.raises(InventoryError, match="'p' stands here twice"):
        Inventory.load(path)
    path.write_text(MINIMAL + "time_zone: Middle/Earth\n")
    with pytest.raises(InventoryError, match="time_zone: a time zone such as"):
        Inventory.load(path)


def test_a_law_that_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    text = (FOLDER / "tx.yaml").read_text()
    for wrong, says in [
        (text.replace("regime: tx", "regime: va"), "the name is not the file's"),
        (text.replace("rights: [access, delete, correct, opt_out]\n    within: 45", "rights: [access]\n    within: 45"),
         "a request to delete"),
        (text.replace("confidence: read", "confidence: sure"), "rules.0.confidence"),
        (text.replace("TX-free", "TX-answer"), "the same id"),
    ]:  # fmt: skip
        assert wrong != text
        (tmp_path / "tx.yaml").write_text(wrong)
        with pytest.raises(InventoryError, match=says):
            regime.__wrapped__("tx", tmp_path)
    for name in ("nowhere", "../tx", "holidays/../tx"):
        with pytest.raises(UnknownError, match="no law"):
            regime(name)


def test_a_calendar_keeps_to_its_years(tmp_path: Path) -> None:
    text = (FOLDER / "holidays.yaml").read_text()
    (tmp_path / "holidays.yaml").write_text(text.replace("on: 2026-01-01", "on: 2025-01-01"))
    with pytest.raises(InventoryError, match="2025-01-01 lies outside of 2026-01-01"):
        holidays.__wrapped__(tmp_path)
    assert holidays().version.startswith("us-ca 2026-11-24 sha256:")
    assert holidays().first < date(2027, 1, 1) < holidays().last
