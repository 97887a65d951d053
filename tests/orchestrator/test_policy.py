"""The policy beside the inventory: its table, its third parties, the record of processing, and the commands."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from orchestrator.canonical import plain
from orchestrator.cli.app import app
from orchestrator.errors import OrchestratorError, UnknownError
from orchestrator.inventory import Inventory
from orchestrator.inventory.flows import Whether
from orchestrator.policy import held, page
from orchestrator.policy.parties import parties
from orchestrator.policy.processing import processing
from orchestrator.policy.text import CATEGORIES, Text
from tests.orchestrator.inventories import MINIMAL, written
from tests.orchestrator.policy_cases import LIST, inventory, recipient, table, with_

ROOT = Path(__file__).parent.parent.parent
TODAY = date(2026, 11, 25)


@pytest.fixture(scope="module")
def tracker() -> Inventory:
    return Inventory.load(ROOT / "inventory.yaml")


@pytest.fixture(scope="module")
def published(tracker: Inventory) -> Text:
    return Text.read(ROOT / tracker.policy.text)


# The text


def test_the_text_is_the_version_that_the_inventory_names(tracker: Inventory, published: Text) -> None:
    assert published.sha256 == tracker.policy.sha256
    assert len(published.lines) == 357


def test_the_rows_and_the_third_parties_of_the_published_text(published: Text) -> None:
    assert "".join(row.category for row in published.rows) == CATEGORIES == "".join(held.NAMES)
    assert {row.answer for row in published.rows} == {""}
    assert [f.words for f in published.third_parties] == [
        "Sendgrid", "Heroku", "Google Analytics", "Hatchbuck (separate agreement to Hatchbuck terms)", "Gmail",
        "Calendly", "Papertrail (Heroku add-on)", "Amazon Web Services", "Stripe",
    ]  # fmt: skip
    assert published.listing is not None
    assert published.listing.line == 231


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read(content: str) -> None:
    text = Text(content)
    assert text.filled(dict.fromkeys(CATEGORIES, "YES")).count("\n") == content.count("\n")
    assert all(1 <= row.line <= len(text.lines) for row in text.rows)
    assert all(1 <= f.line <= len(text.lines) for f in text.third_parties)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(CATEGORIES), st.sampled_from(["YES", "NO", "[YES / NO]", "-"])))
def test_rows_are_read_as_they_stand(answers: dict[str, str]) -> None:
    rows = {row.category: row.answer for row in Text(table(**answers)).rows}
    first_gap = min((c for c, a in answers.items() if a == "-"), default="Z")
    for category in CATEGORIES:
        if category < first_gap:  # a table that lacks a row is read up to there
            wanted = answers.get(category, "YES" if category in "ABJ" else "NO")
            assert rows[category] == ("" if wanted.startswith("[") else wanted)


def test_only_blank_rows_are_filled(published: Text, tracker: Inventory) -> None:
    answers = {a.category: a.answer for a in held.answers(tracker)}
    filled = Text(published.filled(answers))
    assert {row.category: row.answer for row in filled.rows} == answers
    assert filled.filled(dict.fromkeys(CATEGORIES, "NO")) == filled.content
    assert "[YES / NO]" not in filled.content
    changed = [n for n, (a, b) in enumerate(zip(published.lines, filled.lines, strict=True), 1) if a != b]
    assert changed == [64, 80, 93, 100, 105, 117, 123, 129, 137, 151, 156]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"x" * 2_000_001])
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "policy.txt").write_bytes(content)
    with pytest.raises(UnknownError):
        Text.read(tmp_path / "policy.txt")
    with pytest.raises(UnknownError, match="No such file"):
        Text.read(tmp_path / "other.txt")


# The table


def test_the_table_of_training_tracker(tracker: Inventory) -> None:
    found = {a.category: a for a in held.answers(tracker)}
    assert {c: a.answer for c, a in found.items()} == {
        "A": "YES", "B": "YES", "C": "YES", "D": "YES", "E": "NO", "F": "YES", "G": "YES", "H": "YES", "I": "YES",
        "J": "NO", "K": "YES",
    }  # fmt: skip
    assert found["E"].undeclared == ("aws_other", "analytics_bigquery"), "of which the inventory declares no fields"
    assert "app_db/public.profiles" in {str(p) for p in found["C"].places}
    assert set(held.sensitive(tracker)) == {"account_access", "government_id"}


def test_a_category_held_for_others_only_is_yes_and_says_so() -> None:
    (schooling,) = [a for a in held.answers(inventory()) if a.category == "J"]
    assert (schooling.answer, schooling.only_for_others) == ("YES", True)
    assert [str(p) for p in schooling.places] == ["shop/grades"]


# Third parties


def test_a_sale_is_listed_apart_and_what_nobody_said_is_no_no() -> None:
    buyer, unsaid = recipient("Buyer", "Broker", sold=Whether.YES), recipient("Quiet", "Helper", sold=Whether.UNKNOWN)
    found = parties(with_(buyer, unsaid, recipient("Stripe")), TODAY)
    assert (found.sold, found.shared) == (Whether.YES, Whether.NO)
    (names,) = [c for c in found.categories if c.category == "A"]
    assert (names.sold_or_shared, names.disclosed) == (("Broker",), ("Helper", "Payment processor"))
    assert names.unsaid == ("Helper",)
    assert parties(with_(unsaid), TODAY).sold is Whether.UNKNOWN
    assert parties(with_(), TODAY).sold is Whether.UNKNOWN


@pytest.mark.parametrize(("until", "there"), [(date(2025, 11, 24), False), (date(2025, 11, 25), True), (None, True)])
def test_a_flow_counts_for_twelve_months_after_its_end(until: date | None, there: bool) -> None:
    found = parties(with_(recipient("Stripe", until=until)), TODAY)
    assert bool(found.third_parties) is there


def test_twelve_months_before_a_leap_day() -> None:
    ended = with_(recipient("Stripe", until=date(2027, 2, 28)))
    assert parties(ended, date(2028, 2, 29)).third_parties
    assert not parties(ended, date(2028, 3, 1)).third_parties


def test_every_vendor_of_training_tracker_is_in_a_category(tracker: Inventory) -> None:
    found = parties(tracker, TODAY)
    assert {n.title for t in found.third_parties for n in t.names} == {r.title for r in tracker.recipients}
    assert {p for s in tracker.systems.values() for p in s.purposes} <= {p.purpose for p in found.purposes}
    assert [c.category for c in found.categories] == list("ABCDFGHIK")
    assert all(c.sources and c.purposes and c.disclosed for c in found.categories)


# The record of processing


def test_the_record_of_processing_names_what_it_lacks(tracker: Inventory, published: Text) -> None:
    record = processing(tracker, published, TODAY)
    assert [article for article, _ in record.missing] == [
        "Art. 30(1)(a)", "Art. 30(1)(c)", "Art. 30(1)(e)", "Art. 30(1)(g)",
    ]  # fmt: skip
    assert len(record.contact) == 3
    assert len(processing(tracker, None, TODAY).missing) == 5
    (billing,) = [a for a in record.activities if a.purpose == "Billing"]
    assert "Stripe: Payment processor, service provider" in billing.recipients
    assert any(limit.kept == "7 years from the date the invoice was issued" for limit in billing.limits)
    assert record.on_behalf, "what is held for customer organisations is a record of its own"
    purposes = {p for s in tracker.systems.values() for p in s.purposes}
    assert purposes <= {a.purpose for a in record.activities}
    assert any(s.endswith("(no fields declared)") for a in record.activities for s in a.systems)


def test_the_record_as_a_page_and_as_markdown_is_never_markup_of_the_inventory(published: Text) -> None:
    hostile = replace(inventory(), company="<script>alert(1)</script>", recipients=(recipient("**Bold** <b>"),))
    record = processing(hostile, published, TODAY)
    shown = page.html(record)
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "\\*\\*Bold\\*\\* \\<b>" in page.markdown(record)
    assert "<" not in page.markdown(record).replace("\\<", "")


# The commands


def run(*arguments: str, of: Path = ROOT / "inventory.yaml") -> Result:
    return CliRunner().invoke(app, ["--inventory", str(of), "policy", *arguments])


def test_the_commands_speak_json_and_the_exit_code_says_whether_there_is_an_error(tmp_path: Path) -> None:
    linted = run("lint", "--json")
    assert linted.exit_code == 7
    assert len(json.loads(linted.stdout)) == 73
    only = run("lint", "--rule", "LNT-12")
    assert only.exit_code == 0, "a warning is no error"
    assert "LNT-12 line 311" in only.stdout
    assert len(json.loads(run("table", "--json").stdout)["categories"]) == 11
    assert json.loads(run("parties", "--json").stdout)["sold"] == "no"
    assert json.loads(run("processing", "--json").stdout)["controller"] == "Training Tracker LLC"
    wrong = run("lint", "--rule", "LNT-99")
    assert isinstance(wrong.exception, UnknownError)
    for ending in (".md", ".html", ".json"):
        assert run("processing", "--to", str(tmp_path / f"record{ending}")).exit_code == 0
    assert json.loads((tmp_path / "record.json").read_text())["activities"]
    assert run("processing", "--to", str(tmp_path / "record.doc")).exit_code == 2


def test_a_table_is_filled_into_a_new_file_only(tmp_path: Path) -> None:
    filled = tmp_path / "filled.txt"
    done = run("table", "--fill", str(filled))
    assert done.exit_code == 0
    assert "111" in done.stdout
    assert run("table", "--fill", str(filled)).exit_code == 2
    again = run("lint", "--rule", "LNT-1", "--text", str(filled))
    assert again.exit_code == 0
    assert again.stdout == "errors: 0, warnings: 0\n"


def test_an_inventory_without_a_text_says_what_to_give(tmp_path: Path) -> None:
    bare = written(tmp_path, MINIMAL)
    refused = run("lint", of=bare)
    assert isinstance(refused.exception, OrchestratorError)
    assert "--text" in str(refused.exception)
    draft = tmp_path / "draft.txt"
    draft.write_text(LIST + "● Stripe\n")
    assert run("lint", "--text", str(draft), of=bare).exit_code == 7
    assert run("processing", of=bare).exit_code == 0
    assert plain(processing(Inventory.load(bare), None, TODAY))["contact"] == []
