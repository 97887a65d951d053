"""What becomes of lines and of the account's objects: obligations with a date, deletions read back, work for people."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import ChangedError
from connectors.model import (
    Action,
    CollectionSpec,
    ObstacleKind,
    Order,
    Status,
)
from connectors.sandbox.faults import Fault
from connectors.sandbox.papertrail import PapertrailSandbox
from connectors.sandbox.serve import Server
from tests.connectors.papertrail.conftest import ANN, EVENTS, counts, only

from .conftest import FIELDS, FOUND_BY, Connect


def test_lines_are_locked_until_archives_expire(fake: PapertrailSandbox, connected: Connect) -> None:
    fake.log("ann@example.com", 6)
    fake.log("ann@example.com", 2)
    record = only(connected(archive_days=365, margin_days=7), "events")
    (obstacle,) = record.obstacles
    assert obstacle.kind is ObstacleKind.LOCKED
    assert obstacle.until is not None
    assert abs(obstacle.until - (fake.now + timedelta(days=370))) < timedelta(seconds=2)
    assert record.newest is not None
    assert record.oldest is not None
    assert record.newest - record.oldest == timedelta(days=4)


def test_lines_older_than_they_may_be_need_a_person(fake: PapertrailSandbox, connected: Connect) -> None:
    """The inventory states a shorter retention than the vendor keeps."""
    fake.log("ann@example.com", 100)
    record = only(connected(archive_days=30, margin_days=1), "archives")
    assert [o.kind for o in record.obstacles] == [ObstacleKind.BY_HAND]


def test_deleting_lines_is_an_obligation_with_a_date(
    server: Server, fake: PapertrailSandbox, connected: Connect
) -> None:
    fake.log("ann@example.com", 2)
    connector = connected()
    order = Order(EVENTS, Action.DELETE, 1)
    (outcome,) = connector.delete(ANN, [order])
    assert outcome.status is Status.ACCEPTED
    assert outcome.until is not None
    assert outcome.until > datetime.now(UTC) + timedelta(days=360)
    assert {method for method, _ in server.faults.calls} == {"GET"}
    assert fake.stored("ann@example.com") == 1
    fake.advance(timedelta(days=400))
    (outcome,) = connector.delete(ANN, [order])
    assert outcome.status is Status.ABSENT


def test_nothing_is_redacted(fake: PapertrailSandbox, connected: Connect) -> None:
    fake.log("ann@example.com", 2)
    (outcome,) = connected().delete(ANN, [Order(EVENTS, Action.REDACT, 1)])
    assert outcome.status is Status.FAILED


def test_a_purge_in_the_console_is_proved_by_reading(fake: PapertrailSandbox, connected: Connect) -> None:
    fake.log("ann@example.com", 2)
    assert counts(connected()) == {"events": 1, "archives": 1}
    fake.purge()
    assert counts(connected()) == {}


def test_cutoffs_are_not_mixed(fake: PapertrailSandbox, connected: Connect) -> None:
    for days in (5, 4, 1):
        fake.log("ann@example.com", days)
    cut = fake.now - timedelta(days=3)
    connector = connected((CollectionSpec("events", FOUND_BY, (), FIELDS, cutoffs=(cut,)),), archive_days=0)
    records = list(connector.locate(ANN))
    assert [(r.at.since, r.at.before, r.count) for r in records] == [(None, cut, 2), (cut, None, 1)]
    exported = [b"".join(a.chunks) for r in records for a in connector.export(ANN, r.at)]
    assert [text.count(b"\n") for text in exported] == [2, 1]


def test_a_saved_search_is_deleted_and_read_back(server: Server, fake: PapertrailSandbox, connected: Connect) -> None:
    fake.search("hers", '"ann@example.com"')
    fake.search("theirs", '"joann@example.com"')
    connector = connected()
    record = only(connector, "saved_searches")
    order = Order(record.at, Action.DELETE, record.count)
    with server.faults.inject(Fault.LYING, match=lambda method, path: method == "DELETE"):
        (lied,) = connector.delete(ANN, [order])
    assert (lied.status, lied.count) == (Status.FAILED, 0)
    (done,) = connector.delete(ANN, [order])
    assert (done.status, done.count) == (Status.DONE, 1)
    assert [row["name"] for row in fake.searches] == ["theirs"]
    fake.search("hers", '"ann@example.com"')
    with pytest.raises(ChangedError):
        list(connector.delete(ANN, [replace(order, count=0)]))


@pytest.mark.parametrize("query", ['"ann@example.com" OR "bob@example.org"', '"ann@example.com" OR user_id=77'])
def test_a_saved_search_that_names_others_is_left_to_a_person(
    fake: PapertrailSandbox, connected: Connect, query: str
) -> None:
    fake.search("both", query)
    connector = connected((CollectionSpec("saved_searches", FOUND_BY),))
    record = only(connector, "saved_searches")
    assert [o.kind for o in record.obstacles] == [ObstacleKind.SHARED]
    (outcome,) = connector.delete(ANN, [Order(record.at, Action.DELETE, 1)])
    assert outcome.status is Status.MANUAL
    assert len(fake.searches) == 1


@pytest.mark.parametrize("erases", [False, True])
def test_a_sender_is_never_removed_for_one_person(
    server: Server, fake: PapertrailSandbox, connected: Connect, erases: bool
) -> None:
    """Whether removing a sender erases its events is undocumented; other people's are among them."""
    fake.sender_removal_erases = erases
    fake.sender("ann@example.com laptop")
    fake.log("joann@example.com", 1, sender="ann@example.com laptop")
    connector = connected()
    record = only(connector, "senders")
    assert [o.kind for o in record.obstacles] == [ObstacleKind.BY_HAND]
    (outcome,) = connector.delete(ANN, [Order(record.at, Action.DELETE, 1)])
    assert outcome.status is Status.MANUAL
    assert "DELETE" not in {method for method, _ in server.faults.calls}
    assert fake.stored("joann@example.com") == 1


def test_a_line_of_a_sender_named_after_the_person_is_hers(fake: PapertrailSandbox, connected: Connect) -> None:
    fake.log("disk full", 1, sender="ann@example.com laptop")
    assert counts(connected(archive_days=0)) == {"events": 1}
