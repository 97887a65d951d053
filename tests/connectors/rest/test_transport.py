"""What is put in is always encoded, and no answer leads a call to another host."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pytest

import connectors
from connectors.errors import RefusedError, TransientError
from connectors.model import Identifier, Subject, Trust
from connectors.rest.calls import Absent, Call
from connectors.rest.paths import parse, values
from connectors.sandbox.rest import Newsletter
from connectors.sandbox.rest.service import as_json
from connectors.sandbox.serve import Server
from tests.connectors.rest.described import spec_of, with_options

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def subject(email: str) -> Subject:
    return Subject.of(Identifier("email", email, Trust.PROVEN))


@pytest.mark.parametrize(
    "email",
    [
        "ann+lee&all=1@example.com",
        "ann lee@example.com".replace(" ", "?x#"),
        "änn;p=1@example.com",
        "a:b,c'd@example.com",
    ],
)
def test_an_address_arrives_as_it_is(email: str, newsletter: Newsletter, newsletter_server: Server) -> None:
    newsletter.subscriber(email, "Ann Lee", "555-0100")
    newsletter.subscriber("ann@example.com", "Another", "555-0101")
    newsletter.response(email, "an answer")
    found = connectors.build(spec_of("newsletter", newsletter_server.url)).locate(subject(email))
    assert {r.at.collection: r.count for r in found} == {"subscribers": 1, "responses": 1}


@pytest.mark.parametrize(
    "email", ["../people/2", "..", ".", "a/b@example.com", "a\\b@example.com", "a%2fb@example.com", "a\nb", "a\x00b"]
)
def test_an_identifier_never_leaves_its_segment(email: str, newsletter: Newsletter, newsletter_server: Server) -> None:
    newsletter.subscriber("ann.lee@example.com", "Ann Lee", "555-0100")
    with pytest.raises(RefusedError) as raised:
        list(connectors.build(spec_of("newsletter", newsletter_server.url)).locate(subject(email)))
    assert email not in str(raised.value)
    assert {path for method, path in newsletter_server.faults.calls if method == "GET"} == set()


def test_a_blank_identifier_asks_nothing(newsletter: Newsletter, newsletter_server: Server) -> None:
    newsletter.response("", "nobody's")
    assert list(connectors.build(spec_of("newsletter", newsletter_server.url)).locate(subject(" "))) == []
    assert newsletter_server.faults.calls == []


@pytest.mark.parametrize(
    ("segment", "made"),
    [
        ("plain", "things/plain.json"),
        ("a b", None),
        ("ü@x", "things/%C3%BC%40x.json"),
        ("?#&", "things/%3F%23%26.json"),
        ("", None),
        ("...", None),
        ("..a", "things/..a.json"),
    ],
)
def test_a_segment_is_encoded_or_refused(segment: str, made: str | None) -> None:
    assert Call("get", ("things", "<id>.json"), "id").address(segment) == made


def test_absence_is_a_status_or_a_message() -> None:
    gone = Call("get", ("things",), absent=(Absent((404,)), Absent((200,), ("data",), None)))
    assert gone.is_absent(404, None)
    assert gone.is_absent(200, {"data": None})
    assert not any(gone.is_absent(status, answer) for status, answer in ((200, {}), (200, {"data": {}}), (410, None)))


def test_a_number_stays_a_number_in_a_body() -> None:
    call = Call("post", ("things",), "id", body={"ids": ["<id>"], "deep": {"id": "<id>"}, "hard": True})
    assert call.filled(call.body, 7) == {"ids": [7], "deep": {"id": 7}, "hard": True}


Answering = Callable[[str, "WSGIEnvironment"], object]


def served(answer: Answering) -> Server:
    """A server that answers every call with what `answer` makes of the path."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        made: Any = answer(environ["PATH_INFO"], environ)
        if isinstance(made, str):
            start_response("302 Found", [("Location", made), ("Content-Length", "0")])
            return [b""]
        return as_json(made)(environ, start_response)

    return Server(app)


@pytest.mark.parametrize(
    "link",
    [
        "http://localhost:{port}/elsewhere",
        "https://127.0.0.1:{port}/v2/contacts",
        "//elsewhere.example/contacts",
        "http://127.0.0.1:{port}@elsewhere.example/",
        "http://127.0.0.1:{port}\\@elsewhere.example/",
        "file:///etc/passwd",
    ],
)
def test_a_next_link_to_another_host_is_refused(link: str) -> None:
    asked = []

    def answer(path: str, environ: WSGIEnvironment) -> object:
        asked.append(environ["HTTP_HOST"])
        rows = [{"id": len(asked), "email": "someone@example.net"}]
        return {"contacts": rows, "meta": {"next": link.format(port=environ["SERVER_PORT"])}}

    with served(answer) as server:
        spec = spec_of("help_desk", server.url, pages={"by": "link", "next": "meta.next"})
        with pytest.raises(RefusedError, match="leads to another host"):
            list(connectors.build(spec).locate(subject("ann.lee@example.com")))
    assert len(asked) == 1


def test_a_list_without_end_ends_in_an_error() -> None:
    asked: list[str] = []

    def answer(path: str, environ: WSGIEnvironment) -> object:
        asked.append(environ["QUERY_STRING"])
        return {"contacts": [{"id": len(asked), "email": "someone@example.net"}], "meta": {"next": "again"}}

    with served(answer) as server, pytest.raises(TransientError, match="leads back to itself"):
        list(connectors.build(spec_of("help_desk", server.url)).locate(subject("ann.lee@example.com")))
    assert len(asked) == 2


def test_a_further_page_that_is_absent_is_a_list_cut_short() -> None:
    """A cursor that expired is answered like nobody; only the first page may say that."""

    def answer(path: str, environ: WSGIEnvironment) -> object:
        if "cursor" in environ["QUERY_STRING"]:
            return {"error": "none"}
        return {"contacts": [{"id": 1, "email": "someone@example.net"}], "meta": {"next": "more"}}

    absent = {"status": 200, "field": "error", "is": "none"}
    with served(answer) as server:
        spec = spec_of("help_desk", server.url)
        find = {**spec.collection("contacts").options["locate"], "absent": absent}
        with pytest.raises(TransientError, match="a further page is said to be absent"):
            list(connectors.build(with_options(spec, "contacts", locate=find)).locate(subject("ann.lee@example.com")))


def test_a_redirect_is_not_followed() -> None:
    asked: list[str] = []

    def answer(path: str, environ: WSGIEnvironment) -> object:
        asked.append(path)
        return f"http://localhost:{environ['SERVER_PORT']}/stolen"

    with served(answer) as server, pytest.raises(RefusedError, match="redirects"):
        list(connectors.build(spec_of("help_desk", server.url)).locate(subject("ann.lee@example.com")))
    assert asked == ["/v2/contacts"]


def test_paths_into_json() -> None:
    row = {"a": {"b": [{"c": 1}, {"c": None}, {}]}, "x.y": 2, "list": [1, 2]}
    assert list(values(row, parse("a.b[].c") or ())) == [1, None]
    assert list(values(row, parse("list[]") or ())) == [1, 2]
    assert list(values(row, parse("x.y") or ())) == []
    assert parse(".") == ()
    assert [parse(text) for text in ("", "a..b", ".a", "a.", "[]", "a[0]", "a[].", "a[]b")] == [None] * 8
