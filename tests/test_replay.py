"""Erasures run again after a restore: a real dump, taken before an erasure and restored after it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from connectors.sandbox.world import Sandbox
from orchestrator.errors import NotAllowedError, UnsafePlanError
from orchestrator.replay import Came
from tests.office import ROOT, Office, dsr
from tests.restored import SYSTEM, Copy, compared, only, sql


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(only=(SYSTEM,)) as sandbox:
        yield sandbox


@pytest.fixture
def office(running: Sandbox, tmp_path: Path) -> Iterator[Office]:
    running.replant()
    office = Office.over(running, tmp_path / "state", (SYSTEM,))
    yield office
    office.close()


@pytest.fixture
def copy(office: Office, tmp_path: Path) -> Copy:
    return Copy(office, tmp_path / "before.dump")


def test_an_erased_person_who_is_restored_is_erased_again(office: Office, copy: Copy) -> None:
    subject, others = office.sandbox.people.subject, [p for p in office.sandbox.people if p.user_id != 42]
    before = {p.user_id: office.sandbox.untouched(p) for p in others}
    first = office.erase(subject.email).payload
    erased = office.sandbox.untouched(subject)
    copy.restore()
    assert office.sandbox.untouched(subject) != erased, "she is back"
    assert before == {p.user_id: office.sandbox.untouched(p) for p in others}
    office.service.restored(SYSTEM, copy.made)
    assert [m.system for m in office.service.unserved()] == [SYSTEM]
    found = compared(office)
    person = only(found)
    assert (person.first, person.came, found.receipt) == (first["request"], Came.TO_ERASE, "")
    plan = office.service.show_plan(person.request).plan
    assert {s.system for s in plan.coverage} == {SYSTEM}, "a plan of its own: nothing else was restored"
    assert only(compared(office)).request == person.request, "asked again it opens no second request"
    office.service.approve(person.request, person.digest)
    payload = office.service.run(person.request).payload
    assert (payload["replays"], payload["channel"]) == (first["request"], "replay")
    for key in ("system", "collection", "action", "standing", "planned"):
        again = [s[key] for s in payload["steps"]]
        assert again == [s[key] for s in first["steps"] if s["system"] == SYSTEM], "the exceptions were decided anew"
    done = compared(office)
    assert [p.came for p in done.people] == [Came.NOTHING], "what a rule keeps is found and stays"
    assert done.receipt
    assert office.service.unserved() == ()
    assert before == {p.user_id: office.sandbox.untouched(p) for p in others}


def of_one_system(folder: Path) -> Path:
    """Training Tracker's inventory with the database alone."""
    yaml = YAML()
    held = yaml.load(ROOT / "inventory.yaml")
    held["systems"] = {SYSTEM: held["systems"][SYSTEM]}
    for rule in held["rules"]:
        rule["covers"] = [place for place in rule["covers"] if place.startswith(f"{SYSTEM}/")]
    held["rules"] = [rule for rule in held["rules"] if rule["covers"]]
    held["exemptions"] = [e for e in held["exemptions"] if e["what"].startswith(f"{SYSTEM}/")]
    held["recipients"] = []
    held.pop("letters", None)  # their traces lie in systems that are not here
    yaml.dump(held, folder / "inventory.yaml")
    return folder / "inventory.yaml"


def test_the_restore_as_a_command_line_sees_it(office: Office, copy: Copy, tmp_path: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return dsr(office, "--inventory", str(of_one_system(tmp_path)), *words)

    office.erase(office.sandbox.people.subject.email)
    copy.restore()
    start = run("replay", "start", SYSTEM, "--copy", copy.made.isoformat())
    assert start.returncode == 0, start.stderr
    assert run("replay", "status").returncode == 7
    checked = run("check", "--json")
    row, _ = json.loads(checked.stdout)
    assert (checked.returncode, row["ok"]) == (1, False)
    late = run("replay", "--since", (copy.made + timedelta(hours=1)).isoformat(), "--system", SYSTEM)
    assert (late.returncode, "--since is later" in late.stderr) == (5, True)
    found = run("replay", "--since", copy.made.isoformat(), "--json")
    assert found.returncode == 7, found.stderr
    (person,) = json.loads(found.stdout)[0]["people"]
    assert "to erase" in run("replay").stdout
    assert run("approve", person["request"], person["digest"]).returncode == 0
    assert run("run", person["request"]).returncode in (0, 7)
    done = run("replay", "--json")
    assert done.returncode == 0, done.stderr
    file = json.loads(done.stdout)[0]["receipt"]
    assert run("receipt", "verify", file).returncode == 0
    assert run("replay", "status").returncode == 0
    assert run("check").returncode == 0
    everything = found.stdout + done.stdout + Path(file).read_text()
    assert office.sandbox.people.subject.email not in everything


def returned(office: Office, user: int, email: str, at: datetime) -> None:
    """A new account of that address."""
    sql(
        office, "INSERT INTO users (id, organisation_id, email, handle, name, password_digest, role, created_at,"
        " updated_at) VALUES (%s, 5, %s, %s, 'Ann Lee', 'x', 'trainee', %s, %s)", user, email, f"u{user}", at, at,
    )  # fmt: skip


def test_a_returner_is_left_alone(office: Office) -> None:
    """She was erased and came back: the account is younger than the erasure, and another one."""
    subject = office.sandbox.people.subject
    since = datetime.now(UTC)
    office.erase(subject.email)
    returned(office, 5001, subject.email, datetime.now(UTC))
    person = only(compared(office, since))
    assert person.came is Came.STOPPED
    assert {"conflict", "later"} <= set(person.why)
    with pytest.raises(UnsafePlanError):
        office.service.approve(person.request, person.digest)
    assert not office.service.show_plan(person.request).plan.changes, "nothing of hers was selected"
    office.service.cancel(person.request, "the person has a new account")
    with pytest.raises(Exception, match="destroyed"):
        office.workspace.vault.open(person.request)
    assert sql(office, "SELECT email FROM users WHERE id = 5001") == [(subject.email,)]


def test_a_plan_made_again_for_an_erased_person_leaves_what_came_since(office: Office) -> None:
    """Not after a restore: the request is looked at again, and she has come back with what she kept alive."""
    subject = office.sandbox.people.subject
    request = office.erase(subject.email).payload["request"]
    returned(office, 5001, subject.email, datetime.now(UTC))
    planned = office.service.plan(request)
    assert "later" in {f.code for f in planned.open}
    assert not planned.plan.changes
    payload = office.service.run(office.approved(office.sandbox.people.namesake.email)).payload
    assert "later" not in {s["standing"] for s in payload["steps"]}, "nobody else's is held up"


def test_a_new_consent_in_the_restored_account_stops_and_stays(office: Office, copy: Copy) -> None:
    """The same account, restored: what came after the erasure is told apart from what it took."""
    subject = office.sandbox.people.subject
    office.erase(subject.email)
    copy.restore()
    sql(
        office, "INSERT INTO marketing_consents (id, user_id, channel, granted, given_at)"
        " VALUES (900001, 42, 'email', true, now())",
    )  # fmt: skip
    office.service.restored(SYSTEM, copy.made)
    person = only(compared(office))
    assert (person.came, person.why) == (Came.STOPPED, ("later",))
    planned = office.service.override(person.request, "later", "given by mistake; the desk has it")
    office.service.approve(person.request, planned.digest)
    payload = office.service.run(person.request).payload
    consents = {s["standing"]: s["planned"] for s in payload["steps"] if s["collection"] == "public.marketing_consents"}
    assert consents["by_hand"] == 1
    assert sql(office, "SELECT id FROM marketing_consents WHERE user_id = 42") == [(900001,)]
    (email,) = sql(office, "SELECT email FROM users WHERE id = 42")[0]
    assert email != subject.email, "the account on which it hangs is emptied and not deleted"


def test_a_reassigned_address_is_its_new_holders(office: Office) -> None:
    """An organisation gave the address to someone else, long before the copy was made."""
    subject, bystander = office.sandbox.people.subject, office.sandbox.people.bystander
    since = datetime.now(UTC)
    office.erase(subject.email)
    sql(office, "UPDATE users SET email = %s WHERE id = %s", subject.email, bystander.user_id)
    held = office.sandbox.untouched(bystander)
    person = only(compared(office, since))
    assert (person.came, "conflict" in person.why) == (Came.STOPPED, True)
    with pytest.raises(NotAllowedError, match="cannot be overridden"):
        office.service.override(person.request, "conflict", "it looks right")
    assert office.sandbox.untouched(bystander) == held


def test_an_identifier_that_the_erasure_did_not_know_stops(office: Office, copy: Copy) -> None:
    """In the older copy the same account has another address, which may have been somebody else's, too."""
    subject = office.sandbox.people.subject
    office.erase(subject.email)
    copy.restore()
    sql(office, "UPDATE users SET email = 'office@example.com' WHERE id = 42")
    office.service.restored(SYSTEM, copy.made)
    assert only(compared(office)).why == ("not_in_ledger",)


def test_what_a_person_cancelled_after_the_restore_is_settled(office: Office, copy: Copy) -> None:
    office.erase(office.sandbox.people.subject.email)
    copy.restore()
    office.service.restored(SYSTEM, copy.made)
    office.service.cancel(only(compared(office)).request, "kept by order of counsel")
    done = compared(office)
    assert [p.came for p in done.people] == [Came.SETTLED]
    assert done.receipt
    assert json.loads(Path(done.receipt).read_text())["payload"], "signed"
    office.service.restored(SYSTEM, copy.made)
    assert only(compared(office)).came is Came.TO_ERASE, "restored again: decided again"


def test_a_legal_hold_placed_meanwhile_holds(office: Office, copy: Copy) -> None:
    subject = office.sandbox.people.subject
    office.erase(subject.email)
    copy.restore()
    office.service.place_hold("case 7", datetime.now(UTC) + timedelta(days=90), {"email": subject.email})
    restored = office.sandbox.untouched(subject)
    assert only(compared(office, copy.made)).came is Came.NOTHING
    assert office.sandbox.untouched(subject) == restored
