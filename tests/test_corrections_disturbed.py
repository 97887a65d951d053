"""Requests to correct that are changed, held, refused in part or killed on their way."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from connectors.sandbox.world import Sandbox
from orchestrator.correction.cases import RefusedAs
from orchestrator.denial import Because
from orchestrator.errors import IncompleteError, NotAllowedError
from tests.correcting import NAMES, SYSTEMS, WAS, approved, asked, others, standings, to_the_end, value
from tests.office import ROOT, Office


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(only=SYSTEMS) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.replant()
    return running


@pytest.fixture
def office(sandbox: Sandbox, tmp_path: Path) -> Iterator[Office]:
    office = Office.over(sandbox, tmp_path / "state", SYSTEMS)
    yield office
    office.close()


def test_what_was_approved_is_what_is_done(office: Office) -> None:
    request = approved(office, asked(office, NAMES, WAS))
    office.service.contest(request, {**NAMES, "family_name": "Smith"}, WAS)
    with pytest.raises(NotAllowedError, match="changed since the plan was made"):
        office.service.run(request)
    approved(office, request)
    office.service.place_hold("case 7", datetime.now(UTC) + timedelta(days=30), {"collection": "app_db/public.users"})
    with pytest.raises(IncompleteError, match="legal hold"):
        office.service.run(request)
    assert value(office.sandbox, "SELECT name FROM users WHERE id = 42") == ("Ann Lee",)
    stands = {(s.collection, s.rule) for s in office.service.plan(request).plan.steps if s.system == "app_db"}
    assert ("public.users", "hold") in stands


def test_what_somebody_else_changed_since_is_not_overwritten(office: Office) -> None:
    request = approved(office, asked(office, NAMES, WAS))
    with psycopg.connect(office.sandbox.stores["app_db"].url) as c:
        c.execute("UPDATE users SET name = 'Ann L. Lee' WHERE id = 42")
    with pytest.raises(IncompleteError, match=r"dsr plan"):
        office.service.run(request)
    assert value(office.sandbox, "SELECT name FROM users WHERE id = 42") == ("Ann L. Lee",)


def test_one_value_is_refused_another_deleted_instead(office: Office, tmp_path: Path) -> None:
    request = asked(office, {"job_title": "Engineer", "birth_date": "1990-02-02", "tax_number": "000-00-0001"})
    service = office.service
    with pytest.raises(NotAllowedError, match="does not contest"):
        service.delete_instead(request, "email", "consent")
    service.refuse_attribute(request, "birth_date", RefusedAs.ACCURATE, "the identity document that was shown")
    statement = tmp_path / "statement.txt"
    statement.write_text("word " * 251)
    with pytest.raises(NotAllowedError, match="250 words"):
        service.statement(request, "birth_date", statement)
    statement.write_text("I was born a day later.")
    service.statement(request, "birth_date", statement)
    service.delete_instead(request, "job_title", "the person asked for it")
    shown = {c.attribute: c for c in service.corrections(request, reveal=True)}
    assert (shown["job_title"].new, shown["tax_number"].new) == ("Engineer", None), "11 CCR 7024(d): never shown"
    done = service.run(approved(office, request))
    decisions = {c["attribute"]: (c["decision"], bool(c["statement"])) for c in done.payload["contested"]}
    assert decisions == {
        "job_title": ("deleted_instead", False), "birth_date": ("refused", True), "tax_number": ("corrected", False)
    }  # fmt: skip
    stands = standings(done)
    assert not [p for p in stands if p.endswith("birth_date")], "nothing is done about what was refused"
    assert stands["hatchbuck/contacts/job_title"] == "corrected"
    assert "more likely than not accurate" in done.page.read_text()
    everything = asked(office, {"birth_date": "1990-02-02"})
    service.refuse_attribute(everything, "birth_date", RefusedAs.ACCURATE, "documents")
    with pytest.raises(NotAllowedError, match="everything was refused"):
        service.plan(everything)
    service.deny(everything, Because.OTHER, "more likely than not accurate", statement)


WORKER = """
import pathlib, sys, types
from tests.office import Office
from tests.correcting import SYSTEMS
Office.over(types.SimpleNamespace(environ={}), pathlib.Path(sys.argv[1]), SYSTEMS).service.run(sys.argv[2])
"""


def test_killed_between_an_effect_and_its_entry_it_goes_on(office: Office) -> None:
    subject = office.sandbox.people.subject
    before = others(office.sandbox, subject)
    request = approved(office, asked(office, NAMES, WAS))
    crm = office.sandbox.stores["hatchbuck"]
    hers = next(
        c for c in crm.fake.contacts.values() if any("ann.lee@example.com" in e["address"].lower() for e in c["emails"])
    )
    crm.faults.latency = 0.3
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(office.state), request], cwd=ROOT)
    for _ in range(4000):
        if hers["firstName"] == "Anne":
            break
        time.sleep(0.005)
    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    crm.faults.latency = 0.0
    digest = office.service.show_plan(request).digest
    journal = office.workspace.journal
    done_before = set(journal.outcomes(digest))
    step = next(
        s
        for s in office.service.show_plan(request).plan.steps
        if s.attribute == "given_name" and s.system == "hatchbuck"
    )
    assert hers["firstName"] == "Anne", "the effect is there"
    assert step.ref in journal.intended(digest) - done_before, "and no entry of it"
    done = to_the_end(office, request)
    stands = standings(done)
    assert stands["hatchbuck/contacts/given_name"] == stands["app_db/public.users/name"] == "corrected"
    assert (hers["firstName"], hers["lastName"]) == ("Anne", "Li-Stone")
    assert others(office.sandbox, subject) == before
    assert len(list(journal.receipts(request))) == 1
    journal.verify()
