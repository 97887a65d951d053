"""The clocks over real requests: what is recorded, what is refused, what is listed, and what a receipt says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from orchestrator.clock import Standing
from orchestrator.deadlines import Clocked
from orchestrator.denial import Because
from orchestrator.errors import IntegrityError, NotAllowedError
from orchestrator.inventory import Inventory
from orchestrator.journal import State
from orchestrator.law import Topic
from orchestrator.model import Ground, Right
from orchestrator.service import Service
from orchestrator.staff import identify
from orchestrator.workspace import Workspace
from tests.orchestrator.inventories import MINIMAL

RECEIVED = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)  # 1 March in Chicago: day 45 is 15 April, day 90 is 30 May
PROMISES = """\
time_zone: America/Chicago
promises:
  - {id: answer, topic: answer, rights: [access, delete], within: 45 days, citation: Policy 1}
  - {id: twice, topic: times, rights: [access], times: 2, citation: Policy 2}
  - {id: wherever, topic: residence, rights: [access, delete], among: [everybody], citation: Policy 3}
"""
Desk = Callable[[datetime], Service]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The desk on a day."""
    (tmp_path / "inventory.yaml").write_text(MINIMAL + PROMISES)
    inventory = Inventory.load(tmp_path / "inventory.yaml")
    actor = identify(inventory, "", None)
    with Workspace.open(tmp_path / "state", inventory) as workspace:

        def on(now: datetime) -> Service:
            workspace.journal.now = lambda: now
            return Service(workspace, actor, lambda: now)

        yield on


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Ann")
    return file


def on(month: int, day: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, 18, 0, tzinfo=UTC)


def requested(
    desk: Desk, received: datetime = RECEIVED, right: Right = Right.DELETE, email: str = "ann@example.com"
) -> str:
    return desk(max(received, RECEIVED)).new_request(right, [("email", email)], "email", received)


def standings(found: Clocked) -> dict[Topic, Standing]:
    return {d.what: d.standing for d in found.deadlines}


def test_a_request_records_its_ground_and_the_policy_in_force(desk: Desk) -> None:
    asked = desk(RECEIVED).request(requested(desk))
    assert (asked.ground, asked.policy) == (Ground.STATUTORY, "2026-01-01")
    promised = desk(RECEIVED).new_request(
        Right.DELETE, [("email", "b@example.com")], "email", None, Ground.POLICY_PROMISE
    )
    assert desk(RECEIVED).request(promised).ground is Ground.POLICY_PROMISE


def test_the_day_of_receipt_is_the_companys_and_a_letters_is_given(desk: Desk) -> None:
    (found,) = desk(RECEIVED).clock(requested(desk))
    assert found.received == date(2026, 3, 1)
    with pytest.raises(NotAllowedError, match="the day it is delivered"):
        desk(RECEIVED).new_request(Right.DELETE, [("email", "b@example.com")], "mail")


def test_open_requests_are_listed_by_urgency(desk: Desk, letter: Path) -> None:
    old, answered, cancelled, new = (requested(desk, RECEIVED + timedelta(days=n)) for n in (0, 5, 10, 20))
    desk(on(4, 1)).answer(answered, letter)
    desk(on(4, 1)).cancel(cancelled, "withdrawn")
    found = desk(on(4, 20)).clock()
    assert [c.request for c in found] == [old, new]
    assert [c.overdue for c in found] == [True, True]
    desk(on(4, 20)).acknowledge(new)
    assert [c.overdue for c in desk(on(4, 20)).clock()] == [True, False]
    assert {c.request for c in desk(on(4, 20)).clock(everything=True)} == {old, answered, cancelled, new}
    ended = {c.request: c for c in desk(on(12, 1)).clock(everything=True)}[cancelled]
    assert standings(ended)[Topic.ANSWER] is Standing.ON_TIME, "a clock that was stopped stands still"


def test_carrying_out_a_request_is_no_answer(desk: Desk) -> None:
    request = requested(desk)
    service = desk(on(3, 5))
    service.journal.append(request, "closed", "desk", {"outcome": "complete"})
    assert [c.request for c in service.clock()] == [request]


def test_an_acknowledgement_may_be_spoken_and_meets_its_clock(desk: Desk) -> None:
    request = requested(desk)
    found = desk(on(3, 10)).acknowledge(request)
    assert standings(found) == {Topic.ACKNOWLEDGE: Standing.MET, Topic.ANSWER: Standing.ON_TIME}
    with pytest.raises(NotAllowedError, match="acknowledged on 2026-03-10 already"):
        desk(on(3, 11)).acknowledge(request)


def test_what_went_out_earlier_is_recorded_with_its_day_and_never_in_the_future(desk: Desk, letter: Path) -> None:
    request = requested(desk)
    for wrong in (on(2, 27), on(4, 9)):
        with pytest.raises(NotAllowedError, match="not in the future"):
            desk(on(4, 8)).acknowledge(request, letter, wrong)
    found = {d.what: d for d in desk(on(4, 30)).answer(request, letter, on(4, 15)).deadlines}
    assert found[Topic.ACKNOWLEDGE].late, "an answer after the tenth business day stands in for no acknowledgement"
    answer = found[Topic.ANSWER]
    assert (answer.met, answer.late) == (date(2026, 4, 15), False)


def test_the_answer_stops_the_clock_and_a_late_one_stays_late(desk: Desk, letter: Path) -> None:
    request = requested(desk)
    found = {d.what: d for d in desk(on(4, 16)).answer(request, letter).deadlines}
    assert (found[Topic.ANSWER].standing, found[Topic.ANSWER].late) == (Standing.MET, True)
    assert desk(on(4, 16)).clock() == ()
    assert desk(on(4, 16)).journal.state(request) is State.ANSWERED
    for again in (partial(desk(on(4, 17)).answer, request, letter), partial(desk(on(4, 17)).acknowledge, request)):
        with pytest.raises(NotAllowedError, match="answered on 2026-04-16 already"):
            again()


def test_an_extension_goes_out_by_day_45_with_a_reason_once_and_ends_on_day_90(desk: Desk, letter: Path) -> None:
    request = requested(desk)
    for reason, day, until, says in [
        ("  ", on(4, 10), None, "without a reason"),
        ("two backups to restore", on(4, 16), None, "had to go out by 2026-04-15"),
        ("two backups to restore", on(4, 15), date(2026, 5, 31), "the law ends on 2026-05-30"),
    ]:
        with pytest.raises(NotAllowedError, match=says):
            desk(day).extend(request, reason, letter, until)
    found = desk(on(4, 15)).extend(request, "two backups to restore", letter)
    (answer,) = [d for d in found.deadlines if d.what is Topic.ANSWER]
    assert (answer.due, answer.last, answer.extended) == (date(2026, 5, 29), date(2026, 5, 30), True)
    assert desk(on(4, 15)).extended_until(request) == date(2026, 5, 29)
    with pytest.raises(NotAllowedError, match="extended on 2026-04-15 already"):
        desk(on(4, 15)).extend(request, "again", letter)


def test_the_last_minute_of_day_45_is_the_companys(desk: Desk, letter: Path) -> None:
    last_minute = datetime(2026, 4, 16, 4, 59, tzinfo=UTC)  # 23:59 on 15 April in Chicago
    first, second = requested(desk), requested(desk)
    assert desk(last_minute).extend(first, "two backups to restore", letter)
    with pytest.raises(NotAllowedError, match="had to go out"):
        desk(last_minute + timedelta(minutes=1)).extend(second, "two backups to restore", letter)


def test_letters_are_named_by_their_hash_and_must_be_there(desk: Desk, letter: Path, tmp_path: Path) -> None:
    request = requested(desk)
    service = desk(on(3, 10))
    service.acknowledge(request, letter)
    service.extend(request, "two backups to restore", letter)
    (tmp_path / "empty").touch()
    for missing, says in ((tmp_path / "none", "cannot read"), (tmp_path / "empty", "is empty")):
        with pytest.raises(NotAllowedError, match=says):
            service.answer(request, missing)
    service.answer(request, letter)
    assert [sent.kind for sent in service.letters(request)] == ["acknowledgement", "extension", "answer"]
    assert {sent.sha256[:7] for sent in service.letters(request)} == {"sha256:"}
    with pytest.raises(NotAllowedError, match="e-mail address"):
        desk(on(3, 10)).extend(requested(desk), "ann@example.com has two accounts", letter)


def test_two_desks_record_one_answer(desk: Desk, letter: Path) -> None:
    request = requested(desk)
    service = desk(on(3, 10))
    service.answer(request, letter)
    with pytest.raises(IntegrityError, match="recorded before"):
        service.journal.append(request, "answered", "desk", {"at": on(3, 11), "letter": ""}, request)


def test_residence_is_no_ground_while_the_policy_promises_without_limit(desk: Desk, letter: Path) -> None:
    request = requested(desk)
    service = desk(on(3, 10))
    with pytest.raises(NotAllowedError, match=r"APP-4: Cal\. Civ\. Code 1798\.140\(i\); wherever: Policy 3"):
        service.deny(request, Because.OUTSIDE_JURISDICTION, "lives in Ohio", letter)
    with pytest.raises(NotAllowedError, match="says why"):
        service.deny(request, Because.UNVERIFIED, " ", letter)
    assert not service.deny(request, Because.UNVERIFIED, "no answer to three letters", letter).open
    assert service.journal.state(request) is State.DENIED
    with pytest.raises(NotAllowedError, match="was denied"):
        service.answer(request, letter)


def test_too_many_requests_are_counted_by_person_and_year(desk: Desk, letter: Path) -> None:
    received = [on(1, 10), on(2, 10, 2027), on(3, 10, 2027), on(4, 10, 2027)]
    requests = [requested(desk, day, Right.ACCESS) for day in received[:1]]
    requests += [
        desk(day).new_request(Right.ACCESS, [("email", "ann@example.com")], "email", day) for day in received[1:]
    ]
    stranger = desk(received[1]).new_request(Right.ACCESS, [("email", "bob@example.com")], "email", received[1])
    for request, day in zip([*requests[:2], stranger], [*received[:2], received[1]], strict=True):
        desk(day).answer(request, letter)
    last = desk(on(4, 11, 2027))
    with pytest.raises(NotAllowedError, match="1 were answered in the 12 months before, of 2"):
        last.deny(requests[3], Because.TOO_MANY_REQUESTS, "a third request", letter)
    desk(received[2]).answer(requests[2], letter)
    assert not last.deny(requests[3], Because.TOO_MANY_REQUESTS, "a third request", letter).open
    with pytest.raises(NotAllowedError, match="no limit to requests to delete"):
        last.deny(requested(desk), Because.TOO_MANY_REQUESTS, "again", letter)


def test_what_was_carried_out_is_not_denied(desk: Desk, letter: Path) -> None:
    request = requested(desk)
    service = desk(on(3, 10))
    service.journal.append(request, "run_started", "desk", {"plan": "sha256:00"})
    with pytest.raises(NotAllowedError, match="carried out at least in part"):
        service.deny(request, Because.OTHER, "changed our mind", letter)
    limit = requested(desk, right=Right.LIMIT)
    service.journal.append(limit, "complied", "desk", {})
    with pytest.raises(NotAllowedError, match="carried out at least in part"):
        service.deny(limit, Because.OTHER, "changed our mind", letter)


def test_a_reopened_request_has_its_clock_again(desk: Desk) -> None:
    request = requested(desk)
    service = desk(on(3, 10))
    service.cancel(request, "withdrawn")
    assert service.clock() == ()
    service.journal.append(request, "reopened", "desk", {"reason": "not withdrawn"})
    assert [c.request for c in service.clock()] == [request]
    service.cancel(request, "withdrawn after all")
    assert service.clock() == ()
