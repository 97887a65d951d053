"""What counts as naming a person, on the edges of the token."""

from __future__ import annotations

import pytest

from connectors.errors import ConfigError, RefusedError
from connectors.model import Identifier, IdentitySpec, Subject, Trust
from connectors.papertrail.queries import queries
from connectors.traces import ELSEWHERE, Traces, require_searchable

EMAIL = IdentitySpec("email", "message", Trust.PROVEN)
USER = IdentitySpec("user_id", "user_id={value}", Trust.ASSIGNED)
JSON_USER = IdentitySpec("user_id", '"user_id":{value}', Trust.ASSIGNED)
PHONE = IdentitySpec("phone", "message", Trust.PROVEN)


def traces(identity: IdentitySpec, *values: str) -> Traces:
    return Traces(Subject.of(*(Identifier(identity.kind, v, Trust.PROVEN) for v in values)), (identity,))


@pytest.mark.parametrize(
    "line",
    [
        "ann@example.com",
        "mail to <Ann@Example.com>.",
        "to='ann@example.com'",
        "GET /?email=ann%40example.com&page=2",
        "GET /?next=%2Fprofile%3Fto%3Dann%40example.com",
        "GET /?next=%2F%3Fto%3Dann%2540example.com",
        r'{"text":"dear\nann@example.com"}',
        r"dear\u003cann\u0040example.com\u003e",
        "sent to ann@example.com, done",
        "ann@example.com.",
    ],
)
def test_an_address_is_found_in_every_disguise(line: str) -> None:
    assert traces(EMAIL, "ann@example.com").in_line(line)


@pytest.mark.parametrize(
    "line",
    [
        "joann@example.com",
        "jo.ann@example.com",
        "jo+ann@example.com",
        "jo%2Bann%40example.com",
        "jo_ann@example.com",
        "jo-ann@example.com",
        "o'ann@example.com",
        "ann@example.com.au",
        "ann@example.company",
        "ann@example.com-archive.example.org",
        "ann at example.com",
        "",
    ],
)
def test_another_address_that_contains_it_is_another_person(line: str) -> None:
    assert not traces(EMAIL, "ann@example.com").in_line(line)


def test_a_plus_tag_is_searched_for_in_its_encoded_form() -> None:
    found = traces(EMAIL, "ann+news@example.com")
    assert {"ann+news@example.com", "ann%2Bnews%40example.com"} <= set(found.phrases)
    assert found.in_line("?to=ann%2Bnews%40example.com")
    assert not found.in_line("?to=ann%40example.com")


@pytest.mark.parametrize("line", ["user_id=42", "user_id=42 ok", "(user_id=42)", "?user_id=42&x=1", "user_id%3D42"])
def test_an_id_is_found_by_its_declared_pattern(line: str) -> None:
    assert traces(USER, "42").in_line(line)


@pytest.mark.parametrize(
    "line", ["user_id=420", "user_id=142", "42", "other_user_id=42", "user_id=42-7", "user_id=4", "user_id=42.5"]
)
def test_an_id_inside_another_is_nobody(line: str) -> None:
    assert not traces(USER, "42").in_line(line)


def test_a_pattern_with_quotes_is_quoted_with_the_other_kind() -> None:
    found = traces(JSON_USER, "42")
    assert queries("logs", found.phrases) == ["'\"user_id\":42'"]
    assert found.in_line('{"user_id":42,"ok":true}')
    with pytest.raises(RefusedError, match="by hand"):
        queries("logs", ['"it\'s"'])


@pytest.mark.parametrize(
    "line",
    [
        "call +1 555 010 0199",
        "call +15550100199 now",
        "call (555) 010-0199",
        "12:00:01 555-010-0199",
        "tel=555.010.0199",
        "tel=%2B15550100199",
        "1-555-010-0199",
    ],
)
def test_a_number_is_found_however_it_is_written(line: str) -> None:
    assert traces(PHONE, "+1 (555) 010-0199").in_line(line)


@pytest.mark.parametrize(
    "line", ["5550100199", "order 15550100199", "+44 555 010 0199", "555-010-01990", "1555-010-0199", "+445550100199"]
)
def test_bare_digits_and_other_countries_are_not_the_number(line: str) -> None:
    assert not traces(PHONE, "+1 (555) 010-0199").in_line(line)


def test_other_peoples_addresses_are_masked() -> None:
    mine = traces(EMAIL, "ann@example.com")
    line = "ann@example.com wrote to joann@example.com cc=bob%40example.org and 'ann@example.com'"
    shown = mine.without_others(line)
    assert "joann" not in shown
    assert "bob" not in shown
    assert shown.count("ann@example.com") == 2
    assert ELSEWHERE in shown
    assert mine.others_named(line)
    assert not mine.others_named("to=ann@example.com")


def test_searches_are_few_and_bounded() -> None:
    values = [f"ann{n}@example.com" for n in range(20)]
    found = queries("logs", traces(EMAIL, *values).phrases)
    assert len(found) == 2
    assert all(len(query) < 2000 for query in found)


def test_without_identifiers_there_is_nothing_to_search() -> None:
    nothing = traces(EMAIL)
    assert not nothing
    assert nothing.phrases == ()
    assert not nothing.in_line("ann@example.com")
    assert queries("logs", nothing.phrases) == []


@pytest.mark.parametrize("pattern", ["user_id", "{value}", " {value} ", "={value}"])
def test_a_bare_value_is_no_identifier(pattern: str) -> None:
    with pytest.raises(ConfigError, match="user_id"):
        require_searchable("logs", IdentitySpec("user_id", pattern, Trust.ASSIGNED))
