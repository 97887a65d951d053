"""Opt-out, opt-in and limit from intake to receipt: unverified, at once, in our own list, and told on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from connectors.sandbox.world import Sandbox
from orchestrator.choices import Age, By
from orchestrator.denial import Because
from orchestrator.errors import NotAllowedError, UnknownError
from orchestrator.inventory import Inventory
from orchestrator.inventory.flows import Capacity, Flow, Recipient, Whether
from orchestrator.law import Purpose
from orchestrator.letter_notices import Given
from orchestrator.letters.kinds import Kind
from orchestrator.model import Right
from orchestrator.receipt import Answer, verify_file
from tests.office import Office, dsr, inventory

STORES = ("hatchbuck", "sendgrid")
BUYER = Recipient(
    "buyer", "List Buyer Inc", Capacity.THIRD_PARTY, Whether.NO, "marketing", "mail to its privacy desk",
    (Flow(("hatchbuck/contacts",), "Data broker", ("Their advertising",), Whether.YES, Whether.NO, Whether.YES),),
)  # fmt: skip
SOMEONE = "someone@example.com"


def opened(running: Sandbox, state: Path, *more: Recipient) -> Office:
    held = inventory()
    some = {n: s for n, s in held.systems.items() if n in STORES}
    return Office(running, state, replace(held, systems=some, recipients=(*held.recipients, *more)))


@pytest.fixture
def office(running: Sandbox, tmp_path: Path) -> Iterator[Office]:
    running.replant()
    with_nobody = opened(running, tmp_path / "state")
    yield with_nobody
    with_nobody.close()


@pytest.fixture
def selling(running: Sandbox, tmp_path: Path) -> Iterator[Office]:
    office = opened(running, tmp_path / "state", BUYER)
    yield office
    office.close()


@pytest.fixture
def proof(tmp_path: Path) -> Path:
    file = tmp_path / "proof.txt"
    file.write_text("Sent to the privacy desk; they said yes.")
    return file


def asked(office: Office, right: Right, *only: str, email: str = SOMEONE, received: datetime | None = None) -> str:
    return office.service.new_request(right, [("email", email)], "email", received, only=only)


def listed(office: Office, email: str = SOMEONE) -> set[Purpose]:
    return {h.purpose for h in office.service.honoured([("email", email)])}


def test_an_opt_out_is_done_at_once_by_one_person_and_nobody_verifies_it(office: Office) -> None:
    request = asked(office, Right.OPT_OUT)
    with pytest.raises(NotAllowedError, match="never verified"):
        office.verified(request)
    with pytest.raises(NotAllowedError, match="nobody may be asked to prove"):
        office.service.deny(request, Because.UNVERIFIED, "no proof came", Path(__file__))
    done = office.service.run(request)
    assert listed(office) == {Purpose.SALE, Purpose.SHARING}
    assert (done.payload["right"], done.payload["outcome"], done.payload["final"]) == ("opt_out", "complete", True)
    assert done.payload["verification"]["level"] == "none"
    assert done.payload["systems"] == [], "nothing was searched"
    assert [(s["collection"], s["standing"]) for s in done.payload["steps"]] == [
        ("sale", "honoured"), ("sharing", "honoured"),
    ]  # fmt: skip
    page = done.page.read_text()
    assert "Opt-out of sale and sharing" in page
    assert "not verified: for such a request nobody may be asked" in page
    assert "waits for no approval" in page
    assert verify_file(done.envelope, [office.workspace.signing_key.public])["request"] == request
    (clocked,) = office.service.clock(request)
    assert not clocked.open, "complied: an opt-out needs no letter"
    assert SOMEONE.encode() not in b"".join(office.files().values())


def test_a_letter_may_say_so_though_none_is_owed(office: Office, tmp_path: Path) -> None:
    request = asked(office, Right.OPT_OUT)
    office.service.letter_address(request, "Someone", (), "")
    office.service.run(request)
    since = office.service.day(office.service.honoured([("email", SOMEONE)])[0].since)
    text = office.letter(request, Kind.COMPLETION, Given(see_at="the privacy page"))
    assert f"Since {since:%B} {since.day}, {since.year} we do not sell or share your personal information" in text
    with pytest.raises(NotAllowedError, match="by our list it holds since"):
        office.service.draft_letter(request, Kind.COMPLETION, Given(since=since - timedelta(days=1)), tmp_path)
    assert "verified" not in text


def test_marketing_is_opted_out_by_machine_only_where_nothing_else_stops(office: Office, proof: Path) -> None:
    email = office.sandbox.people.subject.email
    request = asked(office, Right.OPT_OUT, "marketing", email=email)
    done = office.service.run(request)
    assert listed(office, email) == {Purpose.MARKETING}
    assert done.payload["opt_outs"] == [{"system": "hatchbuck", "kept": True}]
    (by_hand,) = office.service.manual_steps(request)
    assert (by_hand.system, by_hand.collection, by_hand.owner) == ("sendgrid", "marketing", "marketing")
    assert "would stop receipts" in by_hand.note
    assert done.payload["outcome"] == "open"
    assert office.service.clock(request)[0].open
    office.service.manual_done(by_hand.ref, "", proof)
    assert office.service.run(request).payload["final"]
    assert office.service.opted_out([email, SOMEONE]) == (1,)
    assert office.service.opted_out([email], Purpose.SALE) == ()


def test_who_bought_is_told_with_owner_day_and_proof(selling: Office, proof: Path) -> None:
    request = asked(selling, Right.OPT_OUT, received=datetime(2026, 11, 2, 9, tzinfo=UTC))
    first = selling.service.run(request).payload
    assert (first["outcome"], first["final"]) == ("open", False)
    assert listed(selling) == {Purpose.SALE, Purpose.SHARING}, "in force before anybody was told"
    (notice,) = selling.service.manual_steps(request)
    assert (notice.system, notice.owner) == ("buyer", "marketing")
    assert notice.due is not None
    assert selling.service.day(notice.due) == date(2026, 11, 20)
    with pytest.raises(UnknownError, match="no notice to 'stripe'"):
        selling.service.notified(request, "stripe", proof)
    selling.service.notified(request, "buyer", proof)
    told = selling.service.run(request).payload
    assert told["final"]
    assert [(v["name"], v["answer"]) for v in told["vendors"]] == [("buyer", "none")]
    assert selling.service.clock(request)[0].deadlines[0].met


def test_an_answer_of_who_was_told_is_news_for_a_receipt(selling: Office, proof: Path) -> None:
    other = replace(BUYER, id="second", title="Second Buyer Inc")
    office = opened(selling.sandbox, selling.state, BUYER, other)
    request = asked(office, Right.OPT_OUT)
    office.service.run(request)
    office.service.notified(request, "buyer", proof)
    one = office.service.run(request)
    assert not one.payload["final"]
    office.service.recipient_answered(request, "buyer", Answer.ACCEPTED, proof)
    two = office.service.run(request)
    assert two.envelope != one.envelope
    assert [(v["name"], v["answer"]) for v in two.payload["vendors"]] == [("buyer", "accepted")]
    assert "has accepted" in two.page.read_text()
    office.close()


def test_an_opt_in_needs_its_second_step_by_whom_the_law_names(office: Office) -> None:
    office.service.run(asked(office, Right.OPT_OUT))
    request = asked(office, Right.OPT_IN, "sale")
    with pytest.raises(NotAllowedError, match="changes nothing before its second step"):
        office.service.run(request)
    for by, age in ((By.PERSON, Age.CHILD), (By.PARENT, Age.THIRTEEN), (By.PARENT, Age.SIXTEEN)):
        with pytest.raises(NotAllowedError, match=r"1798\.120"):
            office.service.confirm_opt_in(request, by, age, "link")
    with pytest.raises(NotAllowedError, match="say how"):
        office.service.confirm_opt_in(request, By.PERSON, Age.SIXTEEN, " ")
    assert listed(office) == {Purpose.SALE, Purpose.SHARING}
    office.service.confirm_opt_in(request, By.PERSON, Age.SIXTEEN, "the link in our reply was followed")
    done = office.service.run(request)
    assert (done.payload["right"], done.payload["outcome"]) == ("opt_in", "complete")
    assert listed(office) == {Purpose.SHARING}, "what was not asked for stays"
    said = office.letter(request, Kind.COMPLETION, Given(name="Someone"))
    assert "we may sell your personal information" in said
    kinds = [e.kind for e in office.service.journal.entries(request)]
    assert kinds.index("requested") < kinds.index("opt_in_confirmed") < kinds.index("complied")
    with pytest.raises(NotAllowedError, match="only an opt-in is confirmed"):
        office.service.confirm_opt_in(asked(office, Right.OPT_OUT), By.PERSON, Age.SIXTEEN, "link")


def test_an_opt_in_lifts_nothing_at_a_vendor_by_machine(office: Office, proof: Path) -> None:
    email = office.sandbox.people.subject.email
    out = asked(office, Right.OPT_OUT, "marketing", email=email)
    office.service.run(out)
    back = asked(office, Right.OPT_IN, "marketing", email=email)
    office.service.confirm_opt_in(back, By.PERSON, Age.SIXTEEN, "a call back to the number on file")
    assert not office.service.run(back).payload["final"]
    (step,) = office.service.manual_steps(back)
    assert (step.system, step.owner) == ("hatchbuck", "marketing")
    assert "unless the person unsubscribed there" in step.note
    assert listed(office, email) == set()
    # The older opt-out is still open for its step by hand: running it again does not undo what was said since.
    assert office.service.run(out).payload["steps"][0]["standing"] == "honoured"
    assert listed(office, email) == set()
    other = asked(office, Right.OPT_IN, "marketing")
    office.service.confirm_opt_in(other, By.PERSON, Age.SIXTEEN, "a link")
    assert office.service.run(other).payload["final"], "nobody entered anything for them: nothing to lift"
    office.service.run(asked(office, Right.OPT_OUT, "marketing", email=email))
    assert listed(office, email) == {Purpose.MARKETING}, "opted out once more"


def test_a_signal_is_in_force_at_once_for_device_and_account_and_repeating_it_is_nothing(office: Office) -> None:
    device, account = ("ga.client_id", "104200001.1690000042"), ("user_id", "42")
    assert office.service.signal([device, account]) == ""
    count = len(list(office.service.journal.entries(kind="opted_out")))
    assert office.service.signal([device, account]) == ""
    assert len(list(office.service.journal.entries(kind="opted_out"))) == count == 4
    for known in (device, account):
        assert {h.purpose for h in office.service.honoured([known])} == {Purpose.SALE, Purpose.SHARING}
    assert list(office.service.requests()) == [], "nothing to answer"


def test_a_signal_that_somebody_has_to_hear_of_is_a_request(selling: Office) -> None:
    request = selling.service.signal([("ga.client_id", "1.2")])
    assert selling.service.request(request).channel == "signal"
    assert selling.service.run(request).payload["outcome"] == "open"
    assert selling.service.signal([("ga.client_id", "1.2")]) == ""


def test_nobody_who_opted_out_is_invited_for_twelve_months(office: Office) -> None:
    office.service.run(asked(office, Right.OPT_OUT))
    office.service.run(asked(office, Right.OPT_OUT, "marketing", email="other@example.com"))
    lines = ["other@example.com", "", SOMEONE.upper(), "third@example.com"]
    assert office.service.not_to_invite(lines) == (3,), "no newsletter is no opt-out of sale"
    actor, now = office.service.actor, datetime.now(UTC)
    assert office.as_(actor, now + timedelta(days=363)).not_to_invite(lines) == (3,)
    assert office.as_(actor, now + timedelta(days=368)).not_to_invite(lines) == ()


def test_a_limit_ends_the_uses_that_the_inventory_names(running: Sandbox, tmp_path: Path, proof: Path) -> None:
    held = inventory()
    system = held.systems["hatchbuck"]
    contacts = replace(system.collections["contacts"], sensitive_uses=("Choosing whom to advertise to",))
    system = replace(system, collections={**system.collections, "contacts": contacts})
    office = Office(running, tmp_path / "state", replace(held, systems={"hatchbuck": system}))
    request = asked(office, Right.LIMIT)
    assert office.service.run(request).payload["outcome"] == "open"
    steps = {(s.system, s.collection): s for s in office.service.manual_steps(request)}
    assert set(steps) == {("hatchbuck", "contacts"), ("hatchbuck", "notice")}
    assert "Choosing whom to advertise to" in steps["hatchbuck", "contacts"].note
    office.service.manual_done(steps["hatchbuck", "contacts"].ref, "", proof)
    office.service.notified(request, "hatchbuck", proof)
    assert office.service.run(request).payload["final"]
    assert listed(office) == {Purpose.SENSITIVE}
    office.close()


def test_where_no_such_use_is_made_a_limit_is_an_entry(office: Office) -> None:
    request = asked(office, Right.LIMIT)
    done = office.service.run(request).payload
    said = office.letter(request, Kind.COMPLETION, Given(name="Someone"))
    assert "You can see that it holds here: our answer to a question by e-mail" in said
    assert "sensitive" in said
    assert [(s["system"], s["collection"]) for s in done["steps"]] == [("our_list", "sensitive")]
    assert done["final"]


def test_the_command_line_from_intake_to_status(office: Office, tmp_path: Path) -> None:
    made = dsr(office, "request", "new", "--right", "opt_out", "--email", SOMEONE)
    assert "next: dsr run" in made.stdout, made.stderr
    request = made.stdout.split()[0]
    assert (
        dsr(office, "opt-out", "status", "--email", SOMEONE, "--json").stdout.strip().startswith('{\n  "honoured": f')
    )
    ran = dsr(office, "run", request)
    assert "opted out" not in ran.stderr
    shown = json.loads(dsr(office, "opt-out", "status", "--email", SOMEONE, "--json").stdout)
    assert shown["honoured"] is True
    assert {tuple(o) for o in shown["opt_outs"]} == {("purpose", "since")}, "and nothing else of them"
    lines = tmp_path / "lines.txt"
    lines.write_text(f"a@example.com\n{SOMEONE}\n")
    assert dsr(office, "opt-out", "check", "--from", str(lines), "--purpose=sale").returncode == 5
    assert dsr(office, "opt-out", "check", "--from", str(lines)).returncode == 0, "mail they still want"
    assert dsr(office, "opt-out", "signal", "--id", "ga.client_id=9.9", "--json").returncode == 0
    back = dsr(office, "request", "new", "--right", "opt_in", "--email", SOMEONE, "--json")
    wanted = json.loads(back.stdout)["request"]
    assert dsr(office, "opt-in", "confirm", wanted, "--method", "link", "--age", "under_13").returncode == 5
    assert dsr(office, "opt-in", "confirm", wanted, "--method", "link").returncode == 0


def test_an_inventory_that_says_nothing_tells_nobody_off(tmp_path: Path) -> None:
    from tests.orchestrator.inventories import written

    assert Inventory.load(written(tmp_path)).recipients == ()
