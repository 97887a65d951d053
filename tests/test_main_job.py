"""Whole requests over real parts: PostgreSQL, S3 and Stripe, from intake to a verified receipt."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.sandbox.training_tracker.people import AUTHORED, OTHERS_IN_IT, Person
from connectors.sandbox.world import Sandbox
from orchestrator.errors import InvalidReceiptError
from orchestrator.model import Right
from orchestrator.receipt import verify_file
from tests.office import ROOT, Office, inventory


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.replant()
    return running


@pytest.fixture
def office(sandbox: Sandbox, tmp_path: Path) -> Iterator[Office]:
    office = Office(sandbox, tmp_path / "state")
    yield office
    office.close()


# What may become of a step when all goes well: "accepted" is what vendors do later.
STANDINGS = {"gone", "retained", "by_hand", "accepted"}


LATER = {"sendgrid", "calendly", "google_analytics", "gmail"}


# No address leads to object keys, nor to a browser, and who is not in the database is looked for in no copy of it.
# Copies that hold everybody and lines that only expire: dated or by hand, never changed for one person.
UNTOUCHED = {"app_db_backups", "heroku_account", "report_logs", "standby_backups"}


UNADDRESSED = {"files", "google_analytics", "app_db_backups", "standby_backups"}


def connected(office: Office) -> list[str]:
    return [name for name, system in office.workspace.inventory.systems.items() if not system.manual]


def others(sandbox: Sandbox, person: Person) -> dict[str, object]:
    return {p.name + p.email: sandbox.untouched(p) for p in sandbox.people if p != person}


def test_a_person_is_erased_everywhere_and_nobody_else_is_touched(office: Office) -> None:
    subject = office.sandbox.people.subject
    before = others(office.sandbox, subject)
    done = office.erase(subject.email)
    assert others(office.sandbox, subject) == before
    standings = {(s["system"], s["standing"]) for s in done.payload["steps"]}
    assert {standing for _, standing in standings} == STANDINGS
    touched = [s for s in done.payload["steps"] if s["action"] in ("delete", "redact")]
    assert {s["system"] for s in touched} == set(connected(office)) - UNTOUCHED
    assert all(s["planned"] == s["attempted"] > 0 for s in touched)
    finished = [s for s in touched if s["standing"] == "gone"]
    assert all(s["confirmed"] == s["planned"] and not s["mismatch"] for s in finished)
    assert {s["system"] for s in touched if s["standing"] == "accepted"} == LATER
    assert all(s["until"] for s in touched if s["standing"] == "accepted"), "accepted, and nobody says until when"
    assert all(r["until"] and r["basis"] for r in done.payload["retained"])
    assert done.payload["late"] == [], "the plan knew of everything that is found again"
    assert done.payload["outcome"] == "open", "some is still to be done by hand"


def test_the_receipt_verifies_and_no_byte_of_it_can_change(office: Office, tmp_path: Path) -> None:
    done = office.erase(office.sandbox.people.subject.email)
    key = [office.workspace.signing_key.public]
    assert verify_file(done.envelope, key) == done.payload
    content = done.envelope.read_bytes()
    forged = tmp_path / "forged.json"
    for position in random.Random(20).sample(range(len(content)), 200):
        forged.write_bytes(content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :])
        with pytest.raises(InvalidReceiptError):
            verify_file(forged, key)


def test_nothing_personal_is_left_in_the_open(office: Office) -> None:
    subject = office.sandbox.people.subject
    office.erase(subject.email)
    for name, content in office.files().items():
        for value in (subject.email, subject.name, subject.stripe_customer, *subject.ga_clients):
            assert value.encode() not in content, f"{name} holds a personal value"


def test_an_address_in_another_case_finds_the_person(office: Office) -> None:
    request = office.request(office.sandbox.people.subject.email.swapcase())
    planned = office.service.plan(request)
    assert {s.system for s in planned.plan.steps if s.count} == set(connected(office))


def test_an_unknown_person_is_said_to_be_unknown_where_it_was_searched(office: Office) -> None:
    payload = office.erase("nobody.here@example.net").payload
    assert payload["outcome"] == "nothing_found_in_searched"
    assert payload["final"] is False, "some systems are still to be searched by hand"
    missing = {n["system"]: n["why"] for n in payload["not_searched"]}
    manual = {n for n, s in office.workspace.inventory.systems.items() if s.manual}
    assert set(missing) == manual | UNADDRESSED
    assert all(missing.values())


def test_nothing_found_without_more_words_needs_every_system_searched(sandbox: Sandbox, tmp_path: Path) -> None:
    held = inventory(only_connected=True)
    held = replace(held, systems={n: s for n, s in held.systems.items() if n not in UNADDRESSED})
    office = Office(sandbox, tmp_path / "all", held)
    assert office.erase("nobody.here@example.net").payload["outcome"] == "nothing_found"
    office.close()


def test_an_administrator_is_erased_and_what_200_others_did_survives(office: Office) -> None:
    person = office.sandbox.people.administrator
    before = others(office.sandbox, person)
    office.erase(person.email)
    with psycopg.connect(office.sandbox.stores["app_db"].url) as c:
        count = c.execute(
            "SELECT count(*) FROM enrolments WHERE course_id = %s AND user_id NOT IN (7, 42)", [AUTHORED]
        ).fetchone()
        named = c.execute("SELECT count(*) FROM users WHERE email = %s", [person.email]).fetchone()
    assert count == (OTHERS_IN_IT,)
    assert named == (0,)
    assert others(office.sandbox, person) == before


def test_an_attacker_who_claims_the_victims_address_gets_nothing_of_hers(office: Office, tmp_path: Path) -> None:
    attacker, victim = office.sandbox.people.attacker, office.sandbox.people.subject
    before = office.sandbox.untouched(victim)
    request = office.approved(attacker.email)
    package = office.service.export(request, tmp_path / "package")
    exported = b"".join(p.read_bytes() for p in package.folder.rglob("*") if p.is_file())
    assert victim.name.encode() not in exported
    assert victim.stripe_customer.encode() not in exported
    assert office.service.run(request).payload["plan"]["claimed"] > 0
    assert office.sandbox.untouched(victim) == before


def test_an_export_withholds_and_says_what(office: Office, tmp_path: Path) -> None:
    subject = office.sandbox.people.subject
    request = office.request(subject.email, Right.ACCESS)
    office.service.plan(request)
    before = office.sandbox.untouched(subject)
    package = office.service.export(request, tmp_path / "package")
    exported = b"".join(p.read_bytes() for p in package.folder.rglob("*") if p.is_file())
    with psycopg.connect(office.sandbox.stores["app_db"].url) as c:
        digest = c.execute("SELECT password_digest FROM users WHERE id = %s", [subject.user_id]).fetchone()
        grade = c.execute("SELECT given FROM answers LIMIT 1").fetchone()
    assert digest is not None
    assert grade is not None
    assert subject.email.encode() in exported
    assert digest[0].encode() not in exported
    assert "password hash" in package.withheld
    provider = {place for place, why in package.left_out if "customer organisation" in why}
    assert "app_db/public.completions" in provider
    assert not [f for f in package.files if f"{f.system}/{f.collection}" in provider]
    assert {p.stat().st_mode & 0o777 for p in package.folder.rglob("*") if p.is_file()} == {0o600}
    assert office.sandbox.untouched(subject) == before


def test_what_is_held_for_organisations_is_handed_over_and_stays(office: Office) -> None:
    subject = office.sandbox.people.subject

    def kept() -> Any:
        with psycopg.connect(office.sandbox.stores["app_db"].url) as c:
            return c.execute("SELECT count(*) FROM completions WHERE user_id = %s", [subject.user_id]).fetchone()

    before = kept()
    payload = office.erase(subject.email).payload
    assert before == kept() != (0,)
    steps = [s for s in payload["steps"] if s["role"] == "service_provider"]
    assert steps
    assert {s["action"] for s in steps} == {"manual"}


def test_live_credentials_in_the_environment_are_never_sent(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = {
        "AWS_ACCESS_KEY_ID": "AKIALIVELIVELIVE", "AWS_SECRET_ACCESS_KEY": "live-secret", "AWS_PROFILE": "production",
        "STRIPE_API_KEY": "sk_live_everything", "DATABASE_URL": "postgresql://live@db.example.com/live",
        "PGHOST": "db.example.com", "HTTPS_PROXY": "http://proxy.example.com:3128",
    }  # fmt: skip
    for name, value in live.items():
        monkeypatch.setenv(name, value)
    seen: list[str] = []
    faults = [sandbox.stores["billing"].faults, sandbox.stores["files"].aws.faults]
    inner = [f.app for f in faults]
    for layer in faults:

        def spy(environ: Any, start: Any, app: Any = layer.app) -> Any:
            seen.append(repr(sorted((k, str(v)) for k, v in environ.items() if k.startswith(("HTTP_", "QUERY")))))
            return app(environ, start)

        layer.app = spy
    office = Office(sandbox, tmp_path / "state")
    office.erase(sandbox.people.subject.email)
    office.close()
    for layer, app in zip(faults, inner, strict=True):
        layer.app = app
    assert len(seen) > 20
    assert not [s for s in seen for value in live.values() if value in s]
    assert not [name for name in live if os.environ.get(name) == live[name]]


@pytest.mark.parametrize("stop_after", [1, 2, 3])
def test_killed_while_it_writes_it_goes_on_and_does_nothing_twice(office: Office, stop_after: int) -> None:
    subject = office.sandbox.people.subject
    before = others(office.sandbox, subject)
    request = office.approved(subject.email)
    faults = office.sandbox.stores["files"].aws.faults
    faults.latency = 0.15
    command = [sys.executable, "-m", "orchestrator.cli", "--sandbox", "--state", str(office.state), "run", request]
    worker = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    _until_written(office.state / "journal.sqlite", "intended" if stop_after < 3 else "done", stop_after)
    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    faults.latency = 0.0
    done = office.service.run(request)
    assert others(office.sandbox, subject) == before
    assert {s["standing"] for s in done.payload["steps"]} == STANDINGS
    assert len(list(office.workspace.journal.receipts(request))) == 1
    assert office.service.run(request).envelope == done.envelope, "a second receipt for the same"
    office.workspace.journal.verify()


def _until_written(journal: Path, kind: str, count: int) -> None:
    for _ in range(2000):
        with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as c:
            (found,) = c.execute("SELECT count(*) FROM dsr_entries WHERE kind = ?", [kind]).fetchone()
        if found >= count:
            return
        time.sleep(0.005)
    raise AssertionError(f"the run never wrote {count} × {kind}")
