"""A description that is wrong says where and what is expected; a dangerous one is refused when built."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import connectors
from connectors.errors import ConfigError, TransientError
from connectors.model import Action, FieldSpec, IdentitySpec, LinkKind, LinkSpec, Secret, SystemSpec, Trust
from orchestrator.inventory import Inventory
from tests.connectors.rest.described import HERE, environ, spec_of, with_collection, with_options

URL = "http://127.0.0.1:9"
SPEC = spec_of("help_desk", URL)
GET = {"get": "/tickets/<id>", "row": "ticket"}
FIND = {"get": "/tickets", "query": {"requester": "<help_desk.contact>"}, "rows": "tickets"}


def refusal(spec: SystemSpec) -> str:
    with pytest.raises(ConfigError) as raised:
        connectors.build(spec)
    return str(raised.value)


@pytest.mark.parametrize("name", ["help_desk", "newsletter"])
def test_a_system_is_described_in_under_40_lines(name: str) -> None:
    lines = (HERE / f"{name}.yaml").read_text().splitlines()
    assert len(lines) < 40
    assert max(map(len, lines)) <= 120
    connectors.build(spec_of(name, URL))


# Dangerous


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"delete": {"delete": "/tickets"}}, "options.delete does not say which record: put <id> into it"),
        ({"delete": {"delete": "/tickets", "query": {"id": "<id>"}}}, "delete must end with <id>: a path without it"),
        ({"delete": {"delete": "/tickets/<id>/messages"}}, "delete must end with <id>"),
        ({"delete": {"post": "/tickets/erase", "query": {"id": "<id>"}}}, "must have <id> in its path or body"),
        ({"delete": {"delete": "/tickets/<id>", "body": {"ids": ["<id>"]}}}, "delete.body cannot go with delete"),
        ({"delete": {"delete": "/tickets/<help_desk.contact>"}}, "has <help_desk.contact>, which is not put in here"),
        ({"delete": {"delete": "/tickets/t-<id>"}}, "delete must be made of plain segments and placeholders"),
        ({"delete": {"get": "/tickets/<id>"}}, "options.delete.get is unknown; expected one of"),
        ({"delete": {"trace": "/tickets/<id>"}}, "options.delete.trace is unknown"),
        ({"locate": {**FIND, "delete": "/tickets"}}, "options.locate.delete is unknown"),
        (
            {"locate": {**FIND, "query": {"_method": "delete", "q": "<help_desk.contact>"}}},
            "must not change the method",
        ),
        ({"delete": {"delete": "https://elsewhere.example/tickets/<id>"}}, "must be a path below base_url"),
        ({"delete": {"delete": "//elsewhere.example/<id>"}}, "must be a path below base_url"),
        ({"confirm": {**GET, "get": "/../admin/<id>"}}, "confirm.get must be made of plain segments"),
        ({"confirm": {**GET, "get": "/tickets/<id>?all=1"}}, "confirm.get must be made of plain segments"),
        ({"confirm": {**GET, "get": "/tickets/%2e%2e/<id>"}}, "confirm.get must be made of plain segments"),
        ({"confirm": None}, "options.confirm is missing: the call that reads one record"),
        ({"confirm": {**GET, "absent": {"status": 403}}}, "none that refuse the call"),
        ({"confirm": {**GET, "absent": {"status": [404, 503]}}}, "none that refuse the call"),
        ({"confirm": {**GET, "absent": {"status": []}}}, "must be statuses that say a record is absent"),
        ({"confirm": {**GET, "absent": {"status": 200}}}, "of success needs `field` and `is`"),
        ({"confirm": {**GET, "absent": {"field": "state"}}}, "and `is` go together"),
        ({"redact": {"put": "/tickets/<id>"}}, "redact.put may replace the whole record"),
        ({"redact": {"patch": "/tickets", "query": {"id": "<id>"}}}, "must have <id> in its path or body"),
    ],
)
def test_what_could_reach_too_far_is_refused(options: dict[str, Any], said: str) -> None:
    found = refusal(with_options(SPEC, "tickets", **options))
    assert found.startswith("help_desk: collections.tickets.options")
    assert said in found


def test_a_collection_without_a_field_to_match_is_refused() -> None:
    said = "collections.tickets.found_by names no field that must equal an identifier"
    assert said in refusal(with_collection(SPEC, "tickets", identities=()))
    revealing = IdentitySpec("email", "requester_id", Trust.ASSIGNED, match=False)
    assert said in refusal(with_collection(SPEC, "tickets", identities=(revealing,)))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"base_url": "http://api.helpdesk.example"}, "setting 'base_url' must be https"),
        (
            {"base_url": "https://user:word@api.helpdesk.example"},
            "setting 'base_url' must be the address of the API, and nothing but that",
        ),
        ({"base_url": "https://api.helpdesk.example?key=1"}, "setting 'base_url' must be the address of the API"),
        ({"headers": {"Host": "elsewhere.example"}}, "settings.headers.Host cannot be set here"),
        ({"headers": {"authorization": "x"}}, "settings.headers.authorization cannot be set here"),
        ({"headers": {"X-HTTP-Method-Override": "DELETE"}}, "cannot be set here"),
        ({"headers": {"Accept-Language": "en\r\nHost: x"}}, "must be one line of text"),
        (
            {"auth": {"by": "header", "name": "Host", "secret": "token"}},
            "settings.auth.name must be the name of a header",
        ),
        ({"check": "/contacts/<email>"}, "settings.check must name nobody"),
    ],
)
def test_credentials_stay_with_one_host(settings: dict[str, Any], said: str) -> None:
    assert said in refusal(replace(SPEC, settings={**SPEC.settings, **settings}, sandbox=False))


def test_what_would_find_too_little_is_refused() -> None:
    both = (*SPEC.collection("tickets").identities, IdentitySpec("email", "requester_email", Trust.ASSIGNED))
    assert "never searches by 'email'" in refusal(with_collection(SPEC, "tickets", identities=both))
    links = (LinkSpec(("requester_id",), "contacts", LinkKind.OWNS),)
    assert "collections.tickets.links are not followed here" in refusal(with_collection(SPEC, "tickets", links=links))
    for option, said in (
        ({**FIND, "rows": None}, "must have either `rows`"),
        ({**FIND, "row": "ticket"}, "must have either `rows`"),
        ({**FIND, "rows": None, "row": "ticket"}, "locate.absent is missing: what the answer for nobody looks like"),
        ({**FIND, "query": {}}, "searches for nobody"),
        ({**FIND, "query": {"q": "requester:<help_desk.contact>"}}, "has a placeholder inside a text"),
        ({**FIND, "query": {"open": True, "r": "<help_desk.contact>"}}, "quote true and false"),
        ({**FIND, "query": {"email": {"email": None}}}, "quote true and false, and placeholders"),
        ({**FIND, "pages": {"by": "cursor", "send": "cursor"}}, "locate.pages.next is missing"),
        ({**FIND, "pages": {"by": "curser"}}, "locate.pages.by is not known; did you mean 'cursor'?"),
        ({**FIND, "pages": {"by": "page", "send": "page", "next": "x"}}, "locate.pages.next is unknown"),
        (None, "options.locate is missing"),
    ):
        assert said in refusal(with_options(SPEC, "tickets", locate=option))
    unpaged = replace(SPEC, settings={k: v for k, v in SPEC.settings.items() if k != "pages"})
    assert "`pages: none` if the vendor has no pages" in refusal(unpaged)


def test_calls_and_intentions_fit_together() -> None:
    assert "goes with neither delete nor redact" in refusal(with_options(SPEC, "tickets", by_hand="Ask the vendor"))
    assert "say under `by_hand` what a person must do" in refusal(with_options(SPEC, "tickets", delete=None))
    redacted = with_collection(SPEC, "tickets", intended=Action.REDACT)
    assert "options.redact is missing, and on_deletion asks for it" in refusal(redacted)
    for changes, said in (
        ({"fields": (FieldSpec("messages[", "A"),)}, "'messages[' is none"),
        ({"age_field": "messages[].at"}, "need an age that is one value in a row"),
    ):
        assert said in refusal(with_collection(SPEC, "tickets", **changes))
    assert "options.id must be a path such as id" in refusal(with_options(SPEC, "tickets", id="ids[]"))


# Misspelt


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"base_ur": "x"}, "settings.base_ur is unknown; did you mean 'base_url'?"),
        ({"auth": {"by": "baerer", "secret": "token"}}, "settings.auth.by is not known; did you mean 'bearer'?"),
        ({"auth": {"by": "bearer", "secert": "token"}}, "settings.auth.secert is unknown; did you mean 'secret'?"),
        ({"auth": None}, "settings.auth must be a mapping with by, name, secret, user"),
        ({"auth": {"by": "header", "secret": "token"}}, "settings.auth.name is missing: the name of the header"),
        ({"check": None}, "settings.check is missing: a path such as"),
        ({"pages": "some"}, "settings.pages must be a mapping with by, first"),
        ({"timeout": 0}, "setting 'timeout' must be a number"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_expected(settings: dict[str, Any], said: str) -> None:
    assert said in refusal(replace(SPEC, settings={**SPEC.settings, **settings}))


def test_a_wrong_option_is_named_with_what_is_expected() -> None:
    assert "options.lokate is unknown; did you mean 'locate'?" in refusal(with_options(SPEC, "tickets", lokate=FIND))
    assert "confirm.rwo is unknown; did you mean 'row'?" in refusal(
        with_options(SPEC, "tickets", confirm={"get": "/tickets/<id>", "rwo": "ticket"})
    )
    form = with_options(SPEC, "tickets", age_format="unixms")
    assert "options.age_format is not known; did you mean 'unix_ms'?" in refusal(form)


def test_a_secret_in_the_wrong_place_is_not_repeated() -> None:
    pasted = "sk-live-0123456789-sandbox"
    for spec in (
        replace(SPEC, settings={**SPEC.settings, "auth": {"by": "bearer", "secret": pasted}}),
        replace(SPEC, settings={**SPEC.settings, "auth": pasted}),
        replace(SPEC, settings={**SPEC.settings, "auth": {"by": pasted, "secret": "token"}}),
        replace(SPEC, secrets={"token": Secret(pasted + "\n")}),
    ):
        assert pasted not in refusal(spec)


def test_the_rate_is_data_and_every_call_takes_its_turn() -> None:
    """Whoever calls gives the pace; what it raises passes through."""
    assert Inventory.load(HERE / "help_desk.yaml").system("help_desk").rate == (300, 60.0)

    def later() -> None:
        raise TransientError("help_desk", "its rate limit is used up for now", 9.0)

    with pytest.raises(TransientError, match="used up"):
        connectors.build(replace(SPEC, pace=later)).check()


def test_a_sandbox_run_stays_on_this_machine() -> None:
    away = replace(SPEC, settings={**SPEC.settings, "base_url": "https://api.helpdesk.example/v2"})
    assert "loopback" in refusal(away)
    assert "the sandbox's own" in refusal(replace(SPEC, secrets={"token": Secret("live")}))
    assert environ("help_desk", URL)["DSR_SANDBOX_HELP_DESK_URL"].endswith("/v2")
