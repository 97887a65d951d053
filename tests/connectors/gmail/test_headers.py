"""Headers are read strictly: what merely looks like the person's address is not the person."""

from __future__ import annotations

import base64
import time

import pytest

from connectors.gmail.headers import Headers, addresses
from connectors.gmail.text import Words
from tests.connectors.gmail.office import ANN, NEAR


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("Ann Lee <ANN.LEE@Example.COM>", {ANN}),
        ('"Lee, Ann"<ann.lee@example.com>', {ANN}),
        ("=?utf-8?q?Ann=2C?= <ann.lee@example.com>, bob@example.org", {ANN, "bob@example.org"}),
        ('"ann.lee@example.com" <other@example.org>', {"other@example.org"}),
        ("=?utf-8?q?ann=2Elee=40example=2Ecom?= <other@example.org>", {"other@example.org"}),
        ("Other (ann.lee@example.com) <other@example.org>", {"other@example.org"}),
        ("Team: ann.lee@example.com, bob@example.org;", {ANN, "bob@example.org"}),
        ("undisclosed-recipients:;", set()),
        ("", set()),
        ("John Q. Public <jq@example.org>", {"jq@example.org"}),
        ("a@example.org,\r\n ann.lee@example.com", {"a@example.org", ANN}),
    ],
)
def test_addresses_are_what_rfc_5322_says(value: str, found: set[str]) -> None:
    assert addresses(value) == (frozenset(found), True)


@pytest.mark.parametrize(
    "value",
    [
        "ann.lee@example.com <other@example.org>",
        "ann.lee@example.com other@example.org",
        "ann.lee@example.com; other@example.org",
        "<ann.lee@example.com> <other@example.org>",
    ],
)
def test_a_header_that_says_two_things_is_unsure_of_both(value: str) -> None:
    assert addresses(value) == (frozenset({ANN, "other@example.org"}), False)


@pytest.mark.parametrize(
    "value", ["ann.lee@example.com <ann.lee@example.com>", "<ann.lee@example.com", "mailto:ann.lee@example.com"]
)
def test_a_broken_header_with_one_address_means_that_one(value: str) -> None:
    assert {a.removeprefix("mailto:") for a in addresses(value)[0]} == {ANN}
    assert addresses(value)[1]


@pytest.mark.parametrize("value", ["(" * 3000, "a " * 20_000, f"{ANN}, " * 1000, "<" * 3000, "[" * 5000, '"' * 5001])
def test_what_a_sender_writes_to_waste_time_is_not_parsed(value: str) -> None:
    started = time.monotonic()
    found, _ = addresses(value)
    assert found <= {ANN}
    assert time.monotonic() - started < 5


def test_a_list_too_long_for_the_parser_is_unsure_of_everybody() -> None:
    people = frozenset(f"p{number}@example.org" for number in range(1000))
    assert addresses(", ".join(sorted(people))) == (people, False)


def test_headers_are_read_whatever_the_case_of_their_names() -> None:
    rows = [{"name": "FROM", "value": ANN}, {"name": "CC", "value": NEAR}, {"name": "Message-Id", "value": "<1@x>"}]
    found = Headers.of({"payload": {"headers": rows}})
    assert (set(found.people), set(found.senders), found.ids) == ({ANN, NEAR}, {ANN}, ("<1@x>",))


def test_parts_in_parts_without_end_are_not_read() -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(2000))
    assert Words([ANN]).read(deep + b"\r\nhello").unread


def test_what_is_no_message_bears_nobody() -> None:
    for message in ({}, {"payload": None}, {"payload": {"headers": "?"}}, {"payload": {"headers": [3]}}):
        assert not Headers.of(message).bears({ANN})


@pytest.mark.parametrize(
    "text",
    [
        "write to ann.lee@example.com.",
        "<a href='mailto:ANN.LEE@example.com'>",
        "?to=ann.lee%40example.com&x=1",
        "ann.lee&#64;example.com",
    ],
)
def test_a_whole_address_is_found_in_text(text: str) -> None:
    assert Words([ANN]).found_in(text) == (ANN,)


@pytest.mark.parametrize(
    "text",
    [NEAR, "joann.lee@example.com", "ann.lee@example.com.au", "x+ann.lee@example.com", "ann.lee@example.community"],
)
def test_a_longer_address_is_another(text: str) -> None:
    assert Words([ANN]).found_in(f"write to {text} now") == ()


def test_mails_are_read_whatever_their_charset() -> None:
    words = Words([ANN])
    wide = base64.b64encode("ann.lee@example.com".encode("utf-16"))
    for head in (
        b"Content-Type: text/plain; charset=nonsense\r\n\r\nann.lee@example.com",
        b"Content-Type: text/html; charset=utf-16\r\nContent-Transfer-Encoding: base64\r\n\r\n" + wide,
        b"Subject: =?utf-8?q?ann=2Elee=40example=2Ecom?=\r\n\r\nhello",
        b"Subject: =?nonsense?q?x?= ann.lee@example.com\r\n\r\nhello",
    ):
        assert words.read(head).named
