"""What `dsr check` tells of a described SaaS before a request needs it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

import connectors
from connectors.errors import AuthError
from connectors.model import Aspect, Probe, Secret, SystemSpec
from connectors.protocol import Inspects
from connectors.sandbox.rest import HelpDesk, Newsletter
from connectors.sandbox.serve import Server
from tests.connectors.rest.described import spec_of, with_options

ANN = "ann.lee@example.com"


def told(spec: SystemSpec) -> list[Probe]:
    made: Any = connectors.build(spec)
    assert isinstance(made, Inspects)
    return list(made.inspect())


def of(probes: list[Probe], ok: bool | None) -> list[tuple[Aspect, str]]:
    return [(p.aspect, p.says.partition(":")[0]) for p in probes if p.ok is ok]


@pytest.fixture
def desk(help_desk_server: Server, help_desk: HelpDesk) -> SystemSpec:
    contact = help_desk.contact(ANN, "Ann Lee")
    help_desk.ticket(contact, "Help", "I am Ann", "a note")
    return spec_of("help_desk", help_desk_server.url)


def test_every_call_that_reads_is_answered(help_desk_server: Server, desk: SystemSpec) -> None:
    probes = told(desk)
    assert of(probes, False) == []
    assert of(probes, True) == [
        (Aspect.REACH, "the call under `check` takes the credentials"),
        (Aspect.LOCATE, "tickets"), (Aspect.EXPORT, "tickets"),
        (Aspect.LOCATE, "contacts"), (Aspect.EXPORT, "contacts"),
    ]  # fmt: skip
    assert {aspect for aspect, _ in of(probes, None)} == {Aspect.DELETE}
    assert {method for method, _ in help_desk_server.faults.calls} == {"GET"}


def test_a_search_by_post_and_one_that_says_absent(newsletter_server: Server, newsletter: Newsletter) -> None:
    newsletter.subscriber(ANN, "Ann Lee", "555")
    probes = told(spec_of("newsletter", newsletter_server.url))
    assert of(probes, False) == []
    assert {method for method, _ in newsletter_server.faults.calls} == {"GET", "POST"}
    assert newsletter.due == []


@pytest.mark.parametrize("name", ["tickets", "contacts"])
def test_what_the_credentials_may_not_read_is_named(help_desk: HelpDesk, desk: SystemSpec, name: str) -> None:
    help_desk.denied = frozenset({name})
    assert of(told(desk), False) == [(Aspect.LOCATE, name), (Aspect.DELETE, name)]


def test_a_call_that_is_not_there_is_named(desk: SystemSpec) -> None:
    search = {"get": "/contact", "query": {"email": "<email>"}, "rows": "contacts"}
    assert of(told(with_options(desk, "contacts", locate=search)), False) == [(Aspect.INVENTORY, "contacts")]


def test_an_answer_of_another_form_is_named(desk: SystemSpec) -> None:
    search = {"get": "/contacts", "query": {"email": "<email>"}, "rows": "people"}
    assert of(told(with_options(desk, "contacts", locate=search)), False) == [(Aspect.INVENTORY, "contacts")]


def test_a_filter_that_is_not_heeded_is_named(desk: SystemSpec) -> None:
    search = {"get": "/contacts", "query": {"mail": "<email>"}, "rows": "contacts"}
    probes = told(with_options(desk, "contacts", locate=search))
    assert (Aspect.INVENTORY, "contacts") in of(probes, None)
    assert not any(ANN in p.says or "Ann" in p.says for p in probes)


def test_a_list_without_a_filter_is_left_unread(help_desk_server: Server, desk: SystemSpec) -> None:
    """Told by its length: a pass over it would ask for more than one page."""
    everybody = {"get": "/contacts", "rows": "contacts", "whole_list": True}
    help_desk = cast("HelpDesk", help_desk_server.faults.app)
    for number in range(5):
        help_desk.contact(f"p{number}@example.net", "Other")
    probes = told(with_options(desk, "contacts", locate=everybody))
    assert (Aspect.LOCATE, "contacts") in [(p.aspect, p.says.partition(":")[0]) for p in probes if p.ok is True]
    assert [path for _, path in help_desk_server.faults.calls].count("/v2/contacts") == 1


def test_credentials_that_are_refused_are_raised(desk: SystemSpec) -> None:
    refused = replace(desk, secrets={"token": Secret("sandbox-revoked")})
    with pytest.raises(AuthError):
        told(refused)
