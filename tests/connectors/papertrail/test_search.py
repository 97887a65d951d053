"""The search: paging that stops early, ids of two kinds, and what a line is worth."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from connectors.errors import ConfigError, TransientError
from connectors.model import (
    CollectionSpec,
    Identifier,
    IdentitySpec,
    ObstacleKind,
    Subject,
    Trust,
)
from connectors.sandbox.faults import Fault
from connectors.sandbox.papertrail import PapertrailSandbox
from connectors.sandbox.serve import Server
from tests.connectors.papertrail.conftest import ANN, EVENTS, counts

from .conftest import FIELDS, FOUND_BY, Connect


def test_an_empty_answer_whose_time_was_up_is_not_the_end(fake: PapertrailSandbox, connected: Connect) -> None:
    fake.log("ann@example.com", 2)
    for _ in range(30):
        fake.log("nobody at all", 1)
    fake.scan_limit = 7
    assert counts(connected(archive_days=0)) == {"events": 1}
    assert fake.answers > 4


def test_a_search_that_gets_nowhere_is_never_an_empty_result(fake: PapertrailSandbox, connected: Connect) -> None:
    fake.stuck = True
    with pytest.raises(TransientError, match="cut short"):
        counts(connected(archive_days=0))


@pytest.mark.parametrize("inclusive", [False, True])
@pytest.mark.parametrize("numbers", [False, True])
def test_the_boundary_event_counts_once(
    fake: PapertrailSandbox, connected: Connect, inclusive: bool, numbers: bool
) -> None:
    for _ in range(9):
        fake.log("ann@example.com", 1)
    fake.max_id_inclusive, fake.ids_as_numbers = inclusive, numbers
    assert counts(connected(archive_days=0, page_size=4)) == {"events": 9}


def test_long_ids_keep_their_last_digits(fake: PapertrailSandbox, connected: Connect) -> None:
    fake.ids_as_numbers = True
    numbers = {fake.log("ann@example.com", 1) for _ in range(5)}
    connector = connected(archive_days=0, page_size=2)
    found = {int(event.id) for event in connector._source.events(['"ann@example.com"'])}
    assert found == numbers
    assert len({float(n) for n in numbers}) < 5, "ids that a float can hold would prove nothing"


def test_tail_is_always_off(server: Server, fake: PapertrailSandbox, connected: Connect) -> None:
    """With `tail` the vendor skips events: eleven would become four."""
    for _ in range(11):
        fake.log("ann@example.com", 1)
    seen: list[str] = []
    app = server.faults.app

    def spy(environ, start_response):  # type: ignore[no-untyped-def]
        seen.append(environ.get("QUERY_STRING", ""))
        return app(environ, start_response)

    server.faults.app = spy
    try:
        assert counts(connected(archive_days=0, page_size=4)) == {"events": 11}
    finally:
        server.faults.app = app
    searches = [q for q in seen if "q=" in q]
    assert searches
    assert all("tail=false" in q for q in searches)


def test_lines_of_others_are_not_counted(fake: PapertrailSandbox, connected: Connect) -> None:
    fake.log("joann@example.com", 1)
    fake.log("user_id=420", 1)
    fake.log("retry 42", 1)
    fake.log("user_id=42", 1)
    assert counts(connected(archive_days=0)) == {"events": 1}


def test_a_page_of_another_search_is_caught(server: Server, fake: PapertrailSandbox, connected: Connect) -> None:
    """The first page comes from an earlier search and says that it is the last."""
    for _ in range(9):
        fake.log("ann@example.com", 1)
    connector = connected(archive_days=0, page_size=4)
    old = Subject.of(Identifier("email", "nobody@example.com", Trust.PROVEN))
    assert counts(connector, old) == {}
    with server.faults.inject(Fault.DUPLICATE, times=1, match=lambda method, path: "search.json" in path):
        assert counts(connector) == {"events": 9}


def test_a_page_that_was_not_asked_for_is_no_end(server: Server, fake: PapertrailSandbox, connected: Connect) -> None:
    """The second page comes from the top again, and says that it is the last."""
    for _ in range(9):
        fake.log("ann@example.com", 1)
    app = server.faults.app

    def forgetful(environ, start_response):  # type: ignore[no-untyped-def]
        if "max_id" in environ.get("QUERY_STRING", ""):
            environ["QUERY_STRING"] = "q=%22ann%40example.com%22&limit=1000&tail=false"
        return app(environ, start_response)

    server.faults.app = forgetful
    try:
        with pytest.raises(TransientError, match="cut short"):
            counts(connected(archive_days=0, page_size=4))
    finally:
        server.faults.app = app


def test_a_line_that_arrives_meanwhile_is_found(server: Server, fake: PapertrailSandbox, connected: Connect) -> None:
    for _ in range(5):
        fake.log("ann@example.com", 1)
    connector = connected(archive_days=0, page_size=4)
    found = connector._source.events(['"ann@example.com"'])
    first = next(found)
    fake.log("ann@example.com", 0)
    assert len({first.id, *(e.id for e in found)}) == 6


def test_what_only_hints_is_listed_and_not_exported(fake: PapertrailSandbox, connected: Connect) -> None:
    hint = IdentitySpec("user_id", "user_id={value}", Trust.CLAIMED, match=False)
    fake.log("user_id=42", 1)
    fake.log("user_id=42 ann@example.com", 1)
    connector = connected((CollectionSpec("events", (FOUND_BY[0], hint), (), FIELDS),), archive_days=0)
    mine, claimed = list(connector.locate(ANN))
    assert (mine.count, claimed.count) == (1, 1)
    assert [o.kind for o in claimed.obstacles] == [ObstacleKind.CLAIMED]
    assert list(connector.export(ANN, claimed.at)) == []


def test_export_masks_others_and_says_what_is_withheld(fake: PapertrailSandbox, connected: Connect) -> None:
    fake.log("ann@example.com asked bob@example.org", 1)
    (artifact,) = connected(archive_days=0).export(ANN, EVENTS)
    (line,) = [json.loads(text) for text in b"".join(artifact.chunks).splitlines()]
    assert set(line) == {"received_at", "message"}
    assert line["message"] == "ann@example.com asked [another person's address]"
    assert "server address" in artifact.withheld


def test_a_collection_the_inventory_forgets_is_searched_all_the_same(
    fake: PapertrailSandbox, connected: Connect
) -> None:
    fake.log("ann@example.com", 1)
    fake.member("ann@example.com")
    connector = connected(())
    assert counts(connector) == {"members": 1, "events": 1, "archives": 1}
    (artifact,) = connector.export(ANN, EVENTS)
    assert b"ann@example.com" not in b"".join(artifact.chunks), "what is not described is withheld"


def test_the_vendors_own_limit_is_heeded(fake: PapertrailSandbox, connected: Connect) -> None:
    fake.rate_limit = 2
    with pytest.raises(TransientError) as raised:
        counts(connected(archive_days=0))
    assert raised.value.retry_after == 5


def test_ids_are_searched_for_by_the_patterns_of_the_inventory(fake: PapertrailSandbox, connected: Connect) -> None:
    found_by = (IdentitySpec("email", "message", Trust.PROVEN), IdentitySpec("user_id", "message", Trust.ASSIGNED))
    spec = CollectionSpec("events", found_by, (), FIELDS, options={"patterns": ["uid={user_id}", "user {user_id}:"]})
    for line in ("uid=42", "user 42: hello", "uid=421", "user 7: 42", "ann@example.com"):
        fake.log(line, 1)
    assert counts(connected((spec,), archive_days=0)) == {"events": 3}
    with pytest.raises(ConfigError, match="patterns"):
        connected((replace(spec, options={}),))
    with pytest.raises(ConfigError, match="patterns"):
        connected((replace(spec, options={"patterns": "uid={user_id}"}),))
