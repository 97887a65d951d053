"""The lint: each rule over a text that it is about and one that it is not, and the published policy as it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from orchestrator.errors import InventoryError
from orchestrator.inventory import Inventory
from orchestrator.inventory.flows import Whether
from orchestrator.law import Confidence
from orchestrator.policy.detectors import DETECTORS
from orchestrator.policy.lint import Finding, lint
from orchestrator.policy.rules import Severity, rules
from orchestrator.policy.text import Text
from tests.orchestrator.policy_cases import CASES, SELLS, STRIPE, UNSAID, Held, recipient, with_

ROOT = Path(__file__).parent.parent.parent
TODAY = date(2026, 11, 25)
PUBLISHED = ROOT / "connectors/sandbox/training_tracker/privacy-policy.txt"


def found(rule: str, text: str, held: Inventory | None = None) -> list[Finding]:
    mine = [r for r in rules() if r.id == rule]
    assert mine
    return list(lint(Text(text), held or with_(STRIPE), mine, TODAY))


@pytest.mark.parametrize(
    ("rule", "text", "count", "held"), [(rule, *case) for rule, cases in CASES.items() for case in cases]
)
def test_each_rule_finds_what_it_is_about_and_nothing_else(
    rule: str, text: str, count: int, held: Held | None
) -> None:  # fmt: skip
    hits = found(rule, text, held() if held else None)
    assert len(hits) == count, hits
    lines = text.split("\n")
    assert all(f.line is None or (1 <= f.line <= len(lines) and f.words) for f in hits)
    assert all(f.says and f.mend and f.citation for f in hits)


def test_every_rule_has_a_text_that_triggers_it_and_one_that_does_not() -> None:
    assert set(CASES) == {r.id for r in rules()}
    for rule, cases in CASES.items():
        counts = {bool(count) for _, count, _ in cases}
        assert counts == {True, False}, rule
    assert [r.id for r in rules()][:26] == [f"LNT-{n}" for n in range(1, 27)]
    assert {r.detector for r in rules()} - {""} == set(DETECTORS)


@pytest.mark.parametrize(
    ("held", "severity"), [(None, Severity.WARNING), (SELLS, Severity.ERROR), (UNSAID, Severity.ERROR)]
)
def test_the_way_of_an_opt_out_is_an_error_where_data_is_or_may_be_sold(
    held: Inventory | None, severity: Severity
) -> None:
    assert [f.severity for f in found("LNT-23", "You may opt back in by sending an email", held)] == [severity]


def test_whether_data_goes_to_partners_is_said_in_all_three_ways() -> None:
    text = "our company or partners"
    for answer, says in ((Whether.YES, "1798.83 applies"), (Whether.NO, "leaves it open"), (Whether.UNKNOWN, "nobody")):
        (finding,) = found("LNT-16", text, with_(recipient("Partner", marketing=answer)))
        assert says in finding.says


def test_a_file_of_rules_that_cannot_be_used_is_refused_with_its_line(tmp_path: Path) -> None:
    bad = tmp_path / "rules.yaml"
    bad.write_text(
        "rules:\n"
        "  - {id: LNT-1, title: t, severity: error, citation: c, confidence: read, mend: m, "
        "says: [{words: '(', note: n}]}\n"
        "  - {id: LNT-2, title: t, severity: fatal, citation: c, confidence: read, mend: m}\n"
    )
    with pytest.raises(InventoryError) as refused:
        rules(bad)
    assert "rules.yaml:2" in str(refused.value)
    assert "rules.yaml:3" in str(refused.value)


# The published policy

EXPECTED: Mapping[str, list[int | None]] = {
    "LNT-1": [64, 80, 93, 100, 105, 117, 123, 129, 137, 151, 156],
    "LNT-2": [8, 166, 167, 205],
    "LNT-3": [252],
    "LNT-4": [238, 239, 240, 241, 242, 244, 245, 246, 247],
    "LNT-5": [140, 195, 226, 232, 314, 314],
    "LNT-6": [226],
    "LNT-7": [None] * 8,
    "LNT-8": [302],
    "LNT-9": [268, 268, 272, 273, 279, 282],
    "LNT-10": [288],
    "LNT-11": [300, 300, 300],
    "LNT-12": [311],
    "LNT-13": [220, 222],
    "LNT-14": [167],
    "LNT-15": [200],
    "LNT-16": [175],
    "LNT-17": [241],  # Hatchbuck has another name now
    "LNT-18": [241, 248],
    "LNT-19": [143, 163, 164, 164],
    "LNT-20": [351],
    "LNT-21": [267],
    "LNT-22": [339],
    "LNT-23": [313, 314],
    "LNT-24": [328],
    "LNT-25": [49, 266],
    "LNT-26": [296],
    "POL-1": [],
    "POL-2": [],
}


@pytest.fixture(scope="module")
def published() -> tuple[Finding, ...]:
    return lint(Text.read(PUBLISHED), Inventory.load(ROOT / "inventory.yaml"), rules(), TODAY)


def test_the_published_policy_gives_exactly_the_expected_findings(published: tuple[Finding, ...]) -> None:
    by_rule: dict[str, list[int | None]] = {r.id: [] for r in rules()}
    for finding in published:
        by_rule[finding.rule].append(finding.line)
    assert by_rule == EXPECTED
    assert [f.severity for f in published] == sorted((f.severity for f in published), reverse=False)


def test_findings_quote_their_line(published: tuple[Finding, ...]) -> None:
    lines = Text.read(PUBLISHED).lines
    for finding in published:
        if finding.line and finding.rule != "LNT-1":  # which shows the row's title beside the answer's line
            first = finding.words.split()[0].rstrip(",.;")
            assert first in lines[finding.line - 1], finding


def test_what_rests_on_memory_only_says_so(published: tuple[Finding, ...]) -> None:
    assert {f.rule for f in published if f.confidence is Confidence.MEMORY} == {"LNT-20", "LNT-22"}
