"""What is held for customer organisations: handed over on a person's request, and deleted on the organisation's own."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from orchestrator.due import Owed
from orchestrator.errors import HeldError, IncompleteError, NotAllowedError, UnknownError
from orchestrator.letter_notices import Given
from orchestrator.letters.kinds import Kind
from orchestrator.model import Right, Role
from tests.office import Office, dsr

STORES = ("app_db",)
CONTACT = "Office.5@example.org"
LEARNING = ("enrolments", "attempts", "answers", "completions", "certificates", "certificate_files")


@pytest.fixture
def proof(tmp_path: Path) -> Path:
    file = tmp_path / "order.eml"
    file.write_text("Please delete the records of this trainee.")
    return file


def ask(office: Office, query: str, *values: Any) -> Any:
    with psycopg.connect(office.sandbox.stores["app_db"].url) as c:
        return c.execute(query, values).fetchall()


def in_another_organisation(office: Office) -> tuple[int, int]:
    """Give Ann a training of organisation 6, too: (course, enrolment)."""
    who = office.sandbox.people.subject.user_id
    ((course,),) = ask(office, "SELECT min(id) FROM courses WHERE organisation_id = 6")
    with psycopg.connect(office.sandbox.stores["app_db"].url) as c:
        c.execute("DELETE FROM enrolments WHERE user_id = %s AND course_id = %s", [who, course])
        c.execute("INSERT INTO enrolments VALUES (990001, %s, %s, 'completed', '2026-01-02', NULL)", [who, course])
        c.execute("INSERT INTO completions VALUES (990001, 990001, %s, %s, '2026-01-03', 2, NULL)", [who, course])
    return int(course), 990001


def theirs(office: Office, organisation: int) -> list[Any]:
    who = office.sandbox.people.subject.user_id
    of = "course_id IN (SELECT id FROM courses WHERE organisation_id = %s)"
    found = [ask(office, f"SELECT * FROM {t} WHERE user_id = %s AND {of} ORDER BY id", who, organisation)
             for t in ("enrolments", "completions")]  # fmt: skip
    return [row for rows in found for row in rows]


def own(office: Office) -> list[Any]:
    """What we hold of Ann for ourselves."""
    who = office.sandbox.people.subject.user_id
    return [ask(office, f"SELECT * FROM {t} WHERE user_id = %s", who) for t in ("profiles", "invoices", "sessions")]


def instructed(office: Office, proof: Path, right: Right = Right.DELETE, organisation: str = "5") -> str:
    request = office.service.instruct(organisation, right, [("email", office.sandbox.people.subject.email)], "email")
    office.service.verify_instruction(request, CONTACT, "a signed order", proof)
    return request


def test_an_organisations_instruction_deletes_its_own_rows_and_no_others(office: Office, proof: Path) -> None:
    in_another_organisation(office)
    others = {p.email: office.sandbox.untouched(p) for p in office.sandbox.people if p != office.sandbox.people.subject}
    before, ours = theirs(office, 6), own(office)
    assert before
    assert theirs(office, 5)
    request = instructed(office, proof)
    planned = office.service.plan(request)
    touched = [s for s in planned.plan.steps if s.action in ("delete", "redact")]
    assert {s.role for s in touched} == {Role.SERVICE_PROVIDER}
    assert {s.collection.removeprefix("public.") for s in touched} <= {*LEARNING, "import_rows"}
    by_hand = {f"{s.system}/{s.collection}" for s in planned.plan.steps if s.rule == "instruction"}
    assert by_hand == set(), "the systems of this office that hold organisations' data can all tell them apart"
    assert planned.plan.suppresses == (), "nobody is opted out of our own mailings by an organisation's word"
    office.service.approve(request, planned.digest)
    payload = office.service.run(request).payload
    assert theirs(office, 5) == []
    assert (theirs(office, 6), own(office)) == (before, ours)
    assert {p.email: office.sandbox.untouched(p) for p in office.sandbox.people if p.email in others} == others
    assert payload["outcome"] == "complete"
    assert payload["instructed_by"] == office.service.organisation_tag("5")
    assert payload["verification"]["matched"] == ["authorised contact of the organisation"]
    assert set(payload["roles"]) == {"service_provider"}
    kinds = {e.kind for e in office.workspace.journal.entries(request)}
    assert "erased" not in kinds, "running it again by person would reach what is not the organisation's"


def test_an_instruction_for_access_hands_out_the_organisations_rows_only(
    office: Office, proof: Path, tmp_path: Path
) -> None:
    in_another_organisation(office)
    request = instructed(office, proof, Right.ACCESS)
    office.service.plan(request)
    package = office.service.export(request, tmp_path / "package")
    assert {f.collection.removeprefix("public.") for f in package.files} <= {*LEARNING, "import_rows"}
    (completions,) = [f for f in package.files if f.collection == "public.completions" and f.name.endswith(".csv")]
    text = (package.folder / completions.name).read_text()
    assert "990001" not in text
    of = "course_id IN (SELECT id FROM courses WHERE organisation_id = 5)"
    assert len(text.splitlines()) == 1 + len(ask(office, f"SELECT FROM completions WHERE user_id = 42 AND {of}"))


def test_an_instruction_comes_from_the_authorised_contact(office: Office, proof: Path) -> None:
    email = [("email", office.sandbox.people.subject.email)]
    with pytest.raises(UnknownError, match="no organisation '77'"):
        office.service.instruct("77", Right.DELETE, email, "email")
    request = office.service.instruct("5", Right.DELETE, email, "email")
    with pytest.raises(NotAllowedError, match="not verified"):
        office.service.plan(request)
    with pytest.raises(NotAllowedError, match="comes from a customer organisation"):
        office.verified(request)
    for _ in range(3):
        with pytest.raises(NotAllowedError, match="no authorised contact"):
            office.service.verify_instruction(request, "somebody@example.org", "a mail", proof)
    with pytest.raises(NotAllowedError, match="no attempts are left"):
        office.service.verify_instruction(request, CONTACT, "a mail", proof)
    said = b"".join(office.files().values())
    assert b"office.5@example.org" not in said
    assert b"somebody@example.org" not in said


def test_a_hold_on_the_organisation_stops_its_own_instruction(office: Office, proof: Path) -> None:
    before = theirs(office, 5)
    request = instructed(office, proof)
    planned = office.service.plan(request)
    office.service.approve(request, planned.digest)
    review = datetime.now(UTC) + timedelta(days=30)
    office.service.place_hold("a claim is pending", review, {"organisation": "5"})
    with pytest.raises((IncompleteError, HeldError), match="legal hold"):
        office.service.run(request)
    assert theirs(office, 5) == before
    held = office.service.plan(request).plan
    assert not held.changes
    other = office.service.place_hold("of another", review, {"organisation": "6"})
    assert other.id


def test_what_is_held_for_an_organisation_is_handed_over_to_its_contact(office: Office, proof: Path) -> None:
    before = theirs(office, 5)
    request = office.approved(office.sandbox.people.subject.email)
    (waiting,) = office.service.handovers(request)
    assert (waiting.organisation, waiting.sent, waiting.overdue) == ("5", None, False)
    assert {place for place, _ in waiting.what} >= {"app_db/public.completions", "app_db/public.enrolments"}
    later = office.as_(office.service.actor, datetime.now(UTC) + timedelta(days=8))
    assert [o.overdue for o in later.due(request) if o.owed is Owed.HAND_OVER] == [True]
    with pytest.raises(NotAllowedError, match="no authorised contact of organisation"):
        office.service.handed_over(request, "5", "stranger@example.org", proof)
    with pytest.raises(UnknownError, match="nothing of"):
        office.service.handed_over(request, "6", CONTACT, proof)
    written = office.state.parent / "written"
    drafted = office.service.draft_letter(request, Kind.HAND_OVER, Given(organisation="5"), written)
    (letter,) = [Path(name).read_text() for name in drafted.where if name.endswith(".txt")]
    assert office.sandbox.people.subject.email in letter, "by it the organisation finds its user"
    assert office.service.inventory.system("app_db").collections["public.completions"].title in letter
    with pytest.raises(UnknownError, match="nothing of"):
        office.service.record_letter(request, Kind.HAND_OVER, proof, Given(organisation="6"))
    office.service.record_letter(request, Kind.HAND_OVER, proof, Given(organisation="5"))
    (sent,) = office.service.handovers(request)
    assert (bool(sent.sent), sent.to_contact) == (True, True)
    assert not sent.settled, "the person is still to be told"
    with pytest.raises(NotAllowedError, match=f"has {request} since"):
        office.service.record_letter(request, Kind.HAND_OVER, proof, Given(organisation="5"))
    office.service.draft_letter(request, Kind.PROVIDER_NOTICE, Given(), written)
    (notice,) = [p.read_text() for p in written.glob("*notice.txt")]
    assert sent.title in " ".join(notice.split())
    assert "to the address that the organization gave us" in " ".join(notice.split())
    assert CONTACT.lower() not in notice.lower(), "whose address it is is not the person's business"
    office.service.record_letter(request, Kind.PROVIDER_NOTICE, proof, Given())
    (told,) = office.service.handovers(request)
    assert told.settled
    assert not [o for o in later.due(request) if o.owed is Owed.HAND_OVER]
    payload = office.service.run(request).payload
    standings = {s["standing"] for s in payload["steps"] if s["role"] == "service_provider"}
    assert standings == {"attested, not verified"}
    assert {"service_provider_notice"} <= {sent["kind"] for sent in payload["letters"]}
    assert theirs(office, 5) == before, "nothing of it was deleted on the person's own request"
    entry = next(office.workspace.journal.entries(request, "handed_over"))
    assert "example.org" not in json.dumps(dict(entry.payload))


def test_handing_over_and_instructing_from_the_command_line(office: Office, proof: Path, tmp_path: Path) -> None:
    contact = tmp_path / "contact.txt"
    contact.write_text(CONTACT + "\n")
    request = office.approved(office.sandbox.people.subject.email)
    shown = dsr(office, "handover", "list", "--json")
    assert [h["organisation"] for h in json.loads(shown.stdout)] == ["5"], shown.stderr
    out = tmp_path / "letters"
    drafted = dsr(office, "letter", "draft", request, "hand_over", "--organisation", "5", "--out", str(out), "--json")
    assert drafted.returncode == 0, drafted.stderr
    assert sorted(path.suffix for path in out.iterdir()) == [".html", ".pdf", ".txt"]
    sent = dsr(office, "handover", "sent", request, "--organisation", "5", "--to", str(contact), "--proof", str(proof))
    assert sent.returncode == 0, sent.stderr
    assert dsr(office, "handover", "told", request, "--letter", str(proof)).returncode == 0
    email = office.sandbox.people.subject.email
    made = dsr(office, "instruction", "new", "--organisation", "5", "--email", email, "--json")
    asked = json.loads(made.stdout)["request"]
    verified = dsr(
        office, "instruction", "verify", asked, "--from", str(contact), "--method", "an order", "--proof", str(proof)
    )
    assert verified.returncode == 0, verified.stderr
    assert dsr(office, "vendor", "list").returncode == 0
    (theirs,) = json.loads(dsr(office, "log", "show", "--instructions", "--json").stdout)
    assert theirs["request"] == asked
    assert asked not in dsr(office, "log", "show", "--json").stdout
    assert asked not in dsr(office, "log", "export", "--to", "-").stdout
