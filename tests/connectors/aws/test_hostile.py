"""Amazon's SDK before a vendor that means harm: an error of ours, in bounded memory and time, and no other host."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

import pytest

from connectors import http
from connectors.aws import session
from connectors.errors import ConnectorError, RefusedError, TransientError
from connectors.model import Secret, SystemSpec
from tests.connectors.hostile import Vendor, serving

PERSON = "ann.lee@example.com"
ENDLESS = b"x" * 65536
MOST = 1024 * 1024
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "s3": ("list_objects_v2", {"Bucket": "files"}),  # XML
    "sns": ("list_topics", {}),  # XML, by queries
    "dynamodb": ("get_item", {"TableName": "t", "Key": {"email": {"S": PERSON}}}),  # JSON
    "logs": ("describe_log_groups", {}),
    "sesv2": ("get_account", {}),  # JSON over REST
}
LAUGHS = "<!DOCTYPE l [<!ENTITY a0 'ha'>" + "".join(
    f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10)
) + "]><ListBucketResult><Name>&a9;</Name></ListBucketResult>"  # fmt: skip


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_ANSWER", MOST)


@pytest.fixture
def vendor() -> Iterator[tuple[Vendor, str]]:
    app = Vendor("text/xml", ())
    with serving(app) as url:
        yield app, url


def asked(url: str, service: str, timeout: int = 5) -> ConnectorError:
    """What one call of a service ends with."""
    keys = {"access_key_id": Secret("sandbox"), "secret_access_key": Secret("sandbox-key")}
    given = {"region": "us-east-1", "endpoint_url": url, "timeout": timeout}
    client = session.client(SystemSpec("files", "s3", given, keys), service)
    verb, parameters = CALLS[service]
    with pytest.raises(ConnectorError) as raised, session.named_errors("files", "listing"):
        getattr(client, verb)(**parameters)
    told = repr(raised.value) + str(raised.value)
    assert PERSON not in told
    assert "sandbox-key" not in told
    return raised.value


@pytest.mark.parametrize("service", CALLS)
@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "503 Slow Down", "301 Moved"])
def test_an_answer_without_end_is_cut_off(vendor: tuple[Vendor, str], service: str, status: str) -> None:
    app, url = vendor
    app.status, app.body = status, itertools.repeat(ENDLESS)
    error = asked(url, service)
    assert isinstance(error, RefusedError)
    assert "larger than" in str(error)
    assert app.sent < 20 * MOST, "what lies in buffers between"
    assert len(app.asked) == 1


def dripping() -> Iterator[bytes]:
    for _ in range(40):
        yield b" "
        time.sleep(0.05)


def test_an_answer_that_drips_is_given_up(vendor: tuple[Vendor, str], monkeypatch: pytest.MonkeyPatch) -> None:
    app, url = vendor
    monkeypatch.setattr(http, "PATIENCE", 0)
    app.headers = [("Content-Length", "65536")]
    app.body = dripping()
    error = asked(url, "logs")
    assert isinstance(error, TransientError)
    assert "for ever" in str(error)


@pytest.mark.parametrize("service", ["dynamodb", "logs", "sesv2"])
@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request"])
def test_json_that_is_nested_too_deep_is_a_fault(vendor: tuple[Vendor, str], service: str, status: str) -> None:
    app, url = vendor
    app.status, app.headers, app.body = status, [("Content-Type", "application/json")], iter([b'{"a":' * 150_000])
    assert isinstance(asked(url, service), TransientError)


@pytest.mark.parametrize("service", ["s3", "sns"])
@pytest.mark.parametrize(
    "body",
    [LAUGHS, "<a>" * 30_000, "<a>" * 50_000 + "</a>" * 50_000, "<", "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"],
)
def test_xml_that_unfolds_or_is_nested_is_a_fault_and_is_not_unfolded(
    vendor: tuple[Vendor, str], service: str, body: str
) -> None:
    app, url = vendor
    app.status, app.body = "403 Forbidden", iter([body.encode()])
    error = asked(url, service)
    assert len(repr(error)) < 300
    if "ENTITY" in body:
        assert "entities" in str(error)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
@pytest.mark.parametrize("service", CALLS)
def test_a_redirect_is_not_followed(vendor: tuple[Vendor, str], service: str, status: str) -> None:
    app, url = vendor
    app.status = status
    app.headers = [("Location", f"{url}/stolen"), ("x-amz-bucket-region", "eu-west-1"), ("Content-Type", "text/xml")]
    app.body = iter([b"<Error><Code>PermanentRedirect</Code><Region>eu-west-1</Region></Error>"])
    asked(url, service)
    assert len(app.asked) == 1
    assert "stolen" not in app.asked[0]


def test_a_client_without_an_address_of_its_own_is_not_led_to_another_region(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {"access_key_id": Secret("sandbox"), "secret_access_key": Secret("sandbox-key")}
    client = session.client(SystemSpec("files", "s3", {"region": "us-east-1"}, keys), "s3")
    went: list[str] = []

    def send(request: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        went.append(request.url)
        body = b"<Error><Code>PermanentRedirect</Code></Error>"
        return AWSResponse(request.url, 301, {"x-amz-bucket-region": "eu-west-1"}, _Raw(body))

    monkeypatch.setattr(client._endpoint.http_session, "send", send)
    with pytest.raises(ConnectorError, match=r"another region than settings\.region"), session.named_errors("f", "x"):
        client.list_objects_v2(Bucket="files")
    assert [u.partition("?")[0] for u in went] == ["https://files.s3.amazonaws.com/"]


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def read1(self, size: int) -> bytes:
        found, self._body = self._body, b""
        return found

    def close(self) -> None: ...
