"""Categories, Shine the Light, access before deletion, portions, denials that ask about opt-out: over the sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from connectors.model import Action
from connectors.sandbox.world import Sandbox
from orchestrator.denial import Because
from orchestrator.disclosures import Categories, DirectMarketing
from orchestrator.due import Owed
from orchestrator.errors import NotAllowedError
from orchestrator.inventory.flows import Capacity, Flow, Recipient, Whether
from orchestrator.letter_notices import Given
from orchestrator.letters.kinds import Kind
from orchestrator.model import Level, Right
from orchestrator.telling import categories_text
from tests.office import Office, dsr, inventory

STORES = ("app_db", "hatchbuck")
SUBJECT = "ann.lee@example.com"
PARTNER = Recipient(
    "partner", "Partner Inc", Capacity.THIRD_PARTY, Whether.YES, "marketing", "mail",
    (Flow(("hatchbuck",), "Marketing partner", ("Their promotions",), Whether.NO, Whether.NO, Whether.YES,
          date(2025, 3, 1), date(2025, 12, 30)),),
)  # fmt: skip


def opened(running: Sandbox, state: Path, *more: Recipient) -> Office:
    held = inventory()
    some = {n: s for n, s in held.systems.items() if n in STORES}
    return Office(running, state, replace(held, systems=some, recipients=(*held.recipients, *more)))


@pytest.fixture
def office(running: Sandbox, tmp_path: Path) -> Iterator[Office]:
    running.replant()
    office = opened(running, tmp_path / "state")
    yield office
    office.close()


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Ann Lee, this is what we did.")
    return file


def test_categories_are_told_of_what_is_held_and_need_less_proof_than_values(office: Office, letter: Path) -> None:
    request = office.request(SUBJECT, Right.KNOW, Level.REASONABLE)
    planned = office.service.plan(request)
    assert not planned.plan.changes
    told = office.service.tell(request)
    answer = told.answer
    assert isinstance(answer, Categories)
    assert answer.complete
    held = {c.category: c for c in answer.collected}
    assert set(held) == {"A", "B", "D", "F", "G", "I", "K", "L"}, "H and C only somebody else's profile may hold"
    assert held["L"].kinds == ("account log-in, financial account or card number together with what gives access",)
    assert all(c.third_parties == () and c.sources and c.purposes for c in answer.collected)
    assert answer.sold_or_shared == ()
    given = {g.category: g.to for g in answer.disclosed}
    assert given["A"] == ("Cloud hosting provider", "Customer relationship provider")
    assert given["G"] == ("Cloud hosting provider",), "only where it is held"
    text = categories_text(answer)
    assert "Sold, or shared for advertising across contexts" in text
    assert not any(value in text for value in (SUBJECT, "Ann", "42"))
    office.service.approve(request, planned.digest)
    done = office.service.run(request)
    assert done.payload["right"] == "know"
    assert done.payload["disclosed"] == {
        "files": 1, "bytes": done.payload["disclosed"]["bytes"], "manifest": told.hash,
    }  # fmt: skip
    told_of = {s["standing"] for s in done.payload["steps"] if s["action"] == "retain"}
    assert told_of == {"disclosed"}
    unsure = [s for s in office.service.manual_steps(request) if s.note.startswith("see whether it is this person's")]
    assert len(unsure) == 4, "claims of others: a person looks"
    assert "Categories of personal data" in done.page.read_text()
    said = office.letter(request, Kind.PARTIAL_DENIAL, Given(delivery="with this letter", by=date(2030, 1, 2)))
    assert "reaches you as follows: with this letter" in said
    assert "package" not in said
    office.service.answer(request, letter)
    assert not office.service.clock(request)[0].open
    (row,) = office.service.log()
    assert (row.response, row.basis) == ("complied with in part", "service_provider (11 CCR 7050)")


def test_specific_pieces_go_out_with_a_letter_that_says_what_is_in_them(office: Office, letter: Path) -> None:
    request = office.approved_access(SUBJECT, letter.parent / "package")
    done = office.service.run(request)
    assert done.payload["right"] == "access"
    assert done.payload["disclosed"]["files"] > 1
    wish = Given(delivery="through your account", by=date(2030, 1, 2))
    said = office.letter(request, Kind.PARTIAL_DENIAL, wish)
    assert "reach you as follows: through your account" in said
    assert "password hash" in said
    assert "11 CCR 7024(d)" in said
    assert "back to January 1, 2022" in said, "it covers twelve months"
    assert "only for the organization that gave you access" in said
    office.service.record_letter(request, Kind.PARTIAL_DENIAL, letter, wish)
    assert not office.service.clock(request)[0].open
    (owed,) = [o for o in office.service.due(request) if o.owed is Owed.WRITE]
    assert (owed.when, owed.overdue) == (datetime(2030, 1, 3, tzinfo=office.service.inventory.zone), False)


def test_specific_pieces_are_not_exported_on_the_proof_for_categories(office: Office, tmp_path: Path) -> None:
    request = office.request(SUBJECT, Right.KNOW, Level.REASONABLE)
    office.service.plan(request)
    with pytest.raises(NotAllowedError, match="reasonably_high"):
        office.service.export(request, tmp_path / "package")
    with pytest.raises(NotAllowedError, match="is not answered by categories"):
        office.service.tell(office.service.new_request(Right.DELETE, [("email", SUBJECT)], "email"))


def test_what_nobody_said_of_a_recipient_is_no_answer_yet(running: Sandbox, tmp_path: Path) -> None:
    silent = replace(PARTNER, flows=(replace(PARTNER.flows[0], sold=Whether.UNKNOWN, until=None),))
    office = opened(running, tmp_path / "state", silent)
    request = office.request(SUBJECT, Right.KNOW)
    planned = office.service.plan(request)
    told = office.service.tell(request)
    assert isinstance(told.answer, Categories)
    assert told.answer.unknown == ("Partner Inc: nobody has said whether data is sold",)
    office.service.approve(request, planned.digest)
    steps = office.service.run(request).payload["steps"]
    assert {s["standing"] for s in steps if s["action"] == "retain"} == {"not_attempted"}
    office.close()


def test_shine_the_light_is_answered_from_the_inventory_once_a_calendar_year(
    running: Sandbox, tmp_path: Path, letter: Path
) -> None:
    office = opened(running, tmp_path / "state", PARTNER)
    received = datetime(2026, 2, 3, 15, tzinfo=UTC)
    given = [("email", SUBJECT)]
    request = office.service.new_request(Right.SHINE_THE_LIGHT, given, "email", received)
    office.service.plan(request)
    answer = office.service.tell(request).answer
    assert isinstance(answer, DirectMarketing)
    assert (answer.year, answer.complete) == (2025, True)
    assert {(g.recipient, g.category_of_recipient) for g in answer.given} == {("Partner Inc", "Marketing partner")}
    assert {g.category for g in answer.given} == {"A", "B", "D", "F", "I", "K"}
    done = office.service.run(request)
    assert (done.payload["outcome"], done.payload["final"]) == ("complete", True)
    assert "Disclosures for direct marketing" in done.page.read_text()
    assert office.service.clock(request)[0].open, "it is answered by a letter"
    wish = Given(name="Ann Lee", delivery="with this letter")
    said = office.letter(request, Kind.COMPLETION, wish)
    assert "in the calendar year before, or that it was to nobody, reaches you as follows: with this letter" in said
    office.service.record_letter(request, Kind.COMPLETION, letter, wish, datetime(2026, 2, 20, tzinfo=UTC))
    again = office.service.new_request(Right.SHINE_THE_LIGHT, given, "email", datetime(2026, 11, 1, tzinfo=UTC))
    denied = office.service.deny(again, Because.TOO_MANY_REQUESTS, "answered in February", letter)
    assert not denied.open
    office.close()


def test_a_year_in_which_nothing_went_out_is_said_so(running: Sandbox, tmp_path: Path, letter: Path) -> None:
    office = opened(running, tmp_path / "state", PARTNER)
    first = datetime(2025, 12, 20, 15, tzinfo=UTC)
    given = [("email", SUBJECT)]
    request = office.service.new_request(Right.SHINE_THE_LIGHT, given, "email", first)
    office.service.plan(request)
    answer = office.service.tell(request).answer
    assert isinstance(answer, DirectMarketing)
    assert (answer.given, answer.says[:35]) == ((), "In 2024 no personal information was")
    office.service.answer(request, letter, first)
    next_year = office.service.new_request(Right.SHINE_THE_LIGHT, given, "email", first.replace(2026, 1, 5))
    with pytest.raises(NotAllowedError, match=r"0 were answered .* of 1 \(CLK-16-times"):
        office.service.deny(next_year, Because.TOO_MANY_REQUESTS, "answered two weeks before", letter)
    office.close()


def test_a_deletion_waits_for_the_package_that_was_asked_for_with_it(office: Office, letter: Path) -> None:
    made = dsr(office, "request", "new", "--email", SUBJECT, "--with-access", "--json")
    assert made.returncode == 0, made.stderr
    pair = json.loads(made.stdout)
    access, delete = pair["access"], pair["request"]
    assert office.service.request(delete).received == office.service.request(access).received
    office.verified(access)
    office.verified(delete)
    planned = office.service.plan(delete)
    with pytest.raises(NotAllowedError, match=f"{delete} comes after {access}"):
        office.service.approve(delete, planned.digest)
    office.service.answer(access, letter)
    office.service.approve(delete, planned.digest)


def test_a_deletion_goes_on_when_the_access_is_not_wanted_any_more(office: Office) -> None:
    pair = office.service.new_pair([("email", SUBJECT)], "email")
    office.verified(pair.delete)
    planned = office.service.plan(pair.delete)
    office.service.cancel(pair.access, "withdrawn")
    assert office.service.approve(pair.delete, planned.digest)
    assert dsr(office, "request", "new", "--right", "know", "--email", SUBJECT, "--with-access").returncode == 2


def test_portions_are_deleted_and_everything_else_is_left_at_the_persons_wish(office: Office) -> None:
    subject = office.sandbox.people.subject
    before = office.sandbox.stores["app_db"].of(subject)
    request = office.service.new_request(
        Right.DELETE, [("email", SUBJECT)], "email", only=["K", "app_db/public.page_views"]
    )
    office.verified(request)
    planned = office.service.plan(request)
    steps = {f"{s.system}/{s.collection}": s for s in planned.plan.steps if s.count and s.fields}
    pages = next(s for s in planned.plan.steps if s.collection == "contact_pages")
    assert pages.note.startswith("do not delete the whole: only K")
    assert steps["app_db/public.page_views"].action is Action.DELETE
    profile = steps["app_db/public.profiles"]
    assert profile.action is Action.REDACT
    assert "data->interests" not in profile.keep
    assert "data->contact->mobile" in profile.keep
    assert "at the person's wish" in profile.note
    users = steps["app_db/public.users"]
    assert (users.action, users.rule) == (Action.RETAIN, "wish")
    assert planned.plan.suppresses == (), "who stays a customer is not opted out"
    office.service.approve(request, planned.digest)
    done = office.service.run(request).payload
    left = {
        s["collection"]: s["standing"]
        for s in done["steps"]
        if s["system"] == "app_db" and s["planned"] and s["action"] != "manual"
    }
    assert left["public.users"] == "left"
    assert left["public.page_views"] == "gone"
    assert left["public.profiles"] == "gone"
    assert not any("wish" in r["exception"] for r in done["retained"]), "it is no exception of the company's"
    assert office.service.honoured([("email", SUBJECT)]) == ()
    after = office.sandbox.stores["app_db"].of(subject)
    changed = {table for table in before if before[table] != after[table]}
    assert changed == {"page_views", "profiles", "leads"}
    profile_before, profile_after = (found["profiles"][0]["data"] for found in (before, after))
    assert {k for k in profile_before if profile_before[k] != profile_after.get(k)} == {"interests"}
    assert not [o for o in office.service.due(request) if o.system == "app_db" and o.owed != "by hand"]


def test_parts_that_make_no_sense_are_refused_at_intake(office: Office) -> None:
    for right, part, says in (
        (Right.DELETE, "Z", "neither a category"),
        (Right.DELETE, "app_db/public.userz", "did you mean 'public.users'"),
        (Right.ACCESS, "A", "has no portions"),
        (Right.OPT_OUT, "sales", "did you mean 'sale'"),
    ):
        with pytest.raises(NotAllowedError, match=says):
            office.service.new_request(right, [("email", SUBJECT)], "email", only=[part])


def test_a_denied_deletion_asks_about_opt_out_where_data_is_sold_or_nobody_says_it_is_not(
    running: Sandbox, tmp_path: Path, letter: Path
) -> None:
    def denied(office: Office) -> bool:
        request = office.service.new_request(Right.DELETE, [("email", SUBJECT)], "email")
        found = office.service.deny(request, Because.UNVERIFIED, "nobody could be verified", letter)
        (entry,) = office.service.journal.entries(request, "denied")
        assert entry.payload["ask_opt_out"] is found.ask_opt_out
        return bool(found.ask_opt_out)

    nobody = opened(running, tmp_path / "nobody")
    assert not denied(nobody)
    nobody.close()
    unsaid = replace(PARTNER, capacity=Capacity.SERVICE_PROVIDER, flows=(
        replace(PARTNER.flows[0], shared=Whether.UNKNOWN, until=None),
    ))  # fmt: skip
    office = opened(running, tmp_path / "unsaid", unsaid)
    assert denied(office)
    office.service.run(office.service.new_request(Right.OPT_OUT, [("email", SUBJECT)], "email"))
    assert not denied(office), "who opted out is not asked"
    office.close()
