"""The law's clocks over a whole request: on the command line, for cron, and in the receipt."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.model import Right
from orchestrator.regimes import holidays, regime
from tests.office import Office, dsr

STORES = ("app_db", "sendgrid", "calendly")


def ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


@pytest.fixture
def letter(tmp_path: Path) -> str:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Ann Lee, we received your request.")
    return str(file)


def asked(office: Office, received: datetime) -> str:
    email = office.sandbox.people.subject.email
    return office.service.new_request(Right.DELETE, [("email", email)], "email", received)


def test_cron_learns_from_the_exit_code_whether_anything_is_overdue(office: Office, letter: str) -> None:
    assert dsr(office, "clock").returncode == 0
    late, new = asked(office, ago(47)), asked(office, ago(1))
    shown = dsr(office, "clock", "--json")
    assert shown.returncode == 7
    found = json.loads(shown.stdout)
    assert [c["request"] for c in found] == [late, new]
    assert {d["standing"] for d in found[0]["deadlines"]} == {"overdue"}
    assert {d["standing"] for d in found[1]["deadlines"]} == {"on_time"}
    assert all(len(d["citations"]) == len(d["rules"]) > 0 for c in found for d in c["deadlines"])
    (answer,) = [d for d in found[0]["deadlines"] if d["what"] == "answer"]
    assert answer["rules"] == ["CLK-2", "answer"], "the law and the promise, both cited"
    answered = dsr(office, "request", "answer", late, "--letter", letter)
    assert answered.returncode == 0
    assert "late" in answered.stdout
    assert dsr(office, "clock").returncode == 0
    assert late in dsr(office, "clock", "--all").stdout


def test_letters_are_recorded_from_the_command_line_and_the_law_is_kept(office: Office, letter: str) -> None:
    old, fresh = asked(office, ago(46)), asked(office, ago(3))
    why = ("--reason", "two backups to restore")
    refused = dsr(office, "request", "extend", old, *why, "--letter", letter)
    assert refused.returncode == 5
    assert "no extension is left" in refused.stderr
    assert dsr(office, "request", "extend", fresh, "--reason", " ", "--letter", letter).returncode == 5
    assert dsr(office, "request", "acknowledge", fresh).returncode == 0
    extended = dsr(office, "request", "extend", fresh, *why, "--letter", letter, "--json")
    assert extended.returncode == 0, extended.stderr
    told = json.loads(extended.stdout)
    received = datetime.fromisoformat(told["received"])
    (answer,) = [d for d in told["deadlines"] if d["what"] == "answer"]
    assert answer["last"] == f"{received + timedelta(90):%Y-%m-%d}"
    denied = dsr(office, "request", "deny", fresh, "--because", "outside_jurisdiction", *why, "--letter", letter)
    assert denied.returncode == 5
    assert "residence is no ground" in denied.stderr
    assert dsr(office, "request", "deny", fresh, "--because", "dislike", *why, "--letter", letter).returncode == 2


def test_a_request_is_recorded_with_the_companys_day_and_its_ground(office: Office) -> None:
    made = dsr(
        office, "request", "new", "--email", "someone@example.com", "--channel", "mail",
        "--received", "2026-03-01", "--ground", "policy_promise", "--json",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    (found,) = office.service.clock(json.loads(made.stdout)["request"])
    assert (str(found.received), found.ground) == ("2026-03-01", "policy_promise")
    assert found.policy == office.workspace.inventory.policy.sha256
    assert dsr(office, "request", "new", "--email", "a@example.com", "--channel", "mail").returncode == 5
    assert dsr(office, "request", "new", "--email", "a@example.com", "--ground", "kindness").returncode == 2


def test_the_receipt_says_what_went_out_and_by_which_rules(office: Office, letter: str) -> None:
    done = office.erase(office.sandbox.people.subject.email)
    request = done.payload["request"]
    assert done.payload["dates"]["acknowledged"] is None
    office.service.acknowledge(request)
    found = office.service.extend(request, "a vendor has two months", Path(letter))
    office.service.answer(request, Path(letter))
    payload = office.service.run(request).payload
    assert payload["dates"]["acknowledged"]
    assert payload["dates"]["answered"]
    assert payload["dates"]["extended_until"] == f"{found.received + timedelta(89)}"
    assert [sent["kind"] for sent in payload["letters"]] == ["extension", "answer"], "a spoken one has no hash"
    assert payload["versions"]["calendar"] == holidays().version
    assert payload["versions"]["law"] == regime("ccpa").digest
    assert payload["versions"]["policy"] == office.workspace.inventory.policy.sha256
    assert payload["ground"] == "statutory"
    again = office.service.run(request)
    assert again.payload["dates"]["issued"] == payload["dates"]["issued"], "nothing new, no new receipt"
    assert "Extended to" in again.page.read_text()
    assert not [name for name, content in office.files().items() if b"Dear Ann" in content]
