"""Vendors that mean harm, or were taken over, and addresses that lead elsewhere: an error, and never more than that."""

from __future__ import annotations

import gzip
import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors import http, settings
from connectors.errors import AuthError, ConfigError, ConnectorError, RefusedError, TransientError
from connectors.google import GoogleClient, ServiceAccount
from connectors.google_analytics.admin import Admin
from connectors.google_analytics.settings import Settings as AnalyticsSettings
from connectors.http import HttpClient
from connectors.model import Secret, SystemSpec
from connectors.sandbox.google import TokenEndpoint
from connectors.sendgrid.api import Account
from connectors.sendgrid.api import Api as SendGrid
from connectors.sendgrid.settings import Settings
from connectors.stripe.transport import Api
from tests.connectors.hostile import Vendor, serving

PERSON = "ann.lee@example.com"
ENDLESS = itertools.repeat(b"[" * 65536)


@pytest.fixture
def vendor() -> Iterator[tuple[Vendor, str]]:
    app = Vendor()
    with serving(app) as url:
        yield app, url


def client(url: str) -> HttpClient:
    return HttpClient("crm", url, {"Authorization": "Bearer sandbox-key"}, timeout=2)


def told(error: pytest.ExceptionInfo[ConnectorError]) -> str:
    return repr(error.value) + str(error.value)


def test_a_body_without_end_is_cut_off(vendor: tuple[Vendor, str], monkeypatch: pytest.MonkeyPatch) -> None:
    app, url = vendor
    app.body = ENDLESS
    with pytest.raises(RefusedError, match="larger than"):
        client(url).request("GET", f"people?email={PERSON}", doing="searching")
    monkeypatch.setattr(http, "PATIENCE", 0)
    with pytest.raises(TransientError, match="for ever"):
        client(url).request("GET", "people", doing="searching")


def test_a_small_body_that_unpacks_without_end_is_cut_off(vendor: tuple[Vendor, str]) -> None:
    app, url = vendor
    app.headers = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")]
    app.body = [gzip.compress(b" " * (http.MAX_ANSWER + 65536))]
    assert len(app.body[0]) < 100_000
    with pytest.raises(RefusedError, match="larger than"):
        client(url).request("GET", "people", doing="searching")


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000, b'{"a":' * 100_000, b"<html>sign in</html>", b'{"data": [', b"\xff\xfe\x00", b"NaN:",
        b'{"data": "' + PERSON.encode(),
    ],
)  # fmt: skip
def test_what_is_not_whole_json_is_a_fault_and_is_not_repeated(vendor: tuple[Vendor, str], body: bytes) -> None:
    app, url = vendor
    app.body = [body]
    with pytest.raises(TransientError, match="not whole JSON") as error:
        client(url).request("GET", "people", doing="searching")
    assert PERSON not in told(error)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
def test_a_redirect_is_not_followed(vendor: tuple[Vendor, str], status: str) -> None:
    app, url = vendor
    app.status, app.headers = status, [("Location", f"{url}/stolen?who={PERSON}")]
    with pytest.raises(RefusedError, match="redirects") as error:
        client(url).request("GET", "people", doing="searching")
    assert app.asked == ["/people"]
    assert PERSON not in told(error)


@pytest.mark.parametrize("length", [None, 10 * 1024**3])
def test_the_body_of_a_redirect_is_not_read(vendor: tuple[Vendor, str], length: int | None) -> None:
    """As it comes, requests reads it whole before it looks whether to follow."""
    app, url = vendor
    app.status, app.body = "302 Found", ENDLESS
    app.headers = [("Location", f"{url}/stolen"), *([("Content-Length", str(length))] if length else [])]
    with pytest.raises(RefusedError, match="redirects"):
        client(url).request("GET", "people", doing="searching")
    assert app.asked == ["/people"]


def test_a_body_that_drips_is_given_up(vendor: tuple[Vendor, str], monkeypatch: pytest.MonkeyPatch) -> None:
    app, url = vendor
    monkeypatch.setattr(http, "PATIENCE", 0.05)  # a tenth of a second
    app.headers, app.body = [("Content-Length", "65536")], dripping()
    begun = time.monotonic()
    with pytest.raises(TransientError, match="for ever"):
        client(url).request("GET", "people", doing="searching")
    assert time.monotonic() - begun < 1.5


def dripping() -> Iterator[bytes]:
    for _ in range(40):
        yield b" "
        time.sleep(0.05)


@pytest.mark.parametrize("link", ["http://127.0.0.2/next", "https://evil.example/next", "//evil.example/next://"])
def test_a_link_to_another_host_is_not_followed(vendor: tuple[Vendor, str], link: str) -> None:
    with pytest.raises(RefusedError, match="another host"):
        client(vendor[1]).request("GET", link, doing="reading the next page")
    assert vendor[0].asked == []


@pytest.mark.parametrize("status", ["400 Bad Request", "403 Forbidden", "500 Internal Server Error", "429 Too Many"])
def test_an_error_that_names_people_is_not_repeated(vendor: tuple[Vendor, str], status: str) -> None:
    app, url = vendor
    app.status, app.body = status, [json.dumps({"error": f"{PERSON} is not welcome", "key": "sandbox-key"}).encode()]
    with pytest.raises((RefusedError, AuthError, TransientError)) as error:
        client(url).request("GET", f"people/{PERSON}", doing="searching")
    assert PERSON not in told(error)
    assert "sandbox-key" not in told(error)


def spec(connector: str = "stripe", **given: Any) -> SystemSpec:
    return SystemSpec("billing", connector, given, {"api_key": Secret("sk_test_sandbox")})


def stripe(url: str) -> object:
    return Api(spec(base_url=url, timeout=2)).get(f"/v1/customers/{PERSON}", "reading a customer")


def sendgrid(url: str) -> object:
    held = SystemSpec("mail", "sendgrid", {"base_url": url, "timeout": 2}, {"api_key": Secret("SG.sandbox.key")})
    api = SendGrid(held, Settings.of(held))
    return api.get("marketing", "contacts", PERSON, doing="reading a contact", account=Account(""))


def account(url: str) -> ServiceAccount:
    key = Secret(TokenEndpoint((), (), lambda user: True).service_account(url))
    return ServiceAccount.of(SystemSpec("mail", "gmail", {}, {"service_account": key}), 2)


def token(url: str) -> object:
    held = account(url)
    return held.credentials(["read"]).refresh(held.token_request)  # type: ignore[no-untyped-call]


def google(url: str) -> object:
    made = GoogleClient(account(url), url, ["read"], PERSON, 2)
    made._session.credentials.token = "sandbox"  # type: ignore[attr-defined]
    return made.request("GET", f"people/{PERSON}", doing="reading a mailbox")


def analytics(url: str) -> object:
    given = {"property": 1001, "base_url": url, "data_url": url, "timeout": 2}
    key = {"service_account": Secret(TokenEndpoint((), (), lambda user: True).service_account(url))}
    held = SystemSpec("visits", "google_analytics", given, key)
    api = Admin(ServiceAccount.of(held, 2), AnalyticsSettings.of(held), lambda: None)
    api._client.transport._session.credentials.token = "sandbox"
    return api.property()


SDKS = [stripe, sendgrid, token, google, analytics]
JSON = [("Content-Type", "application/json")]


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        ("200 OK", JSON, ENDLESS),
        ("500 Internal Server Error", JSON, ENDLESS),
        ("403 Forbidden", JSON, ENDLESS),
        ("200 OK", [("Content-Type", "text/html")], [b"<html>"]),
        ("200 OK", JSON, [b"[" * 200_000]),
        ("400 Bad Request", JSON, [b'{"error":' * 100_000]),
        ("302 Found", [("Location", "http://127.0.0.2/stolen")], [b""]),
        ("307 Temporary Redirect", [("Location", "http://127.0.0.2/stolen")], ENDLESS),
    ],
)
def test_an_sdk_is_bounded_in_the_same_way(
    vendor: tuple[Vendor, str], monkeypatch: pytest.MonkeyPatch, sdk: Callable[[str], object], status: str,
    headers: list[tuple[str, str]], body: Any,
) -> None:  # fmt: skip
    app, url = vendor
    monkeypatch.setattr(http, "MAX_ANSWER", 4 * 1024 * 1024)
    app.status, app.headers, app.body = status, headers, body
    with pytest.raises((TransientError, RefusedError, AuthError)) as error:
        sdk(url)
    assert PERSON not in told(error)
    assert len(app.asked) == 1


@pytest.mark.parametrize("sdk", SDKS)
def test_an_sdk_does_not_wait_for_ever(
    vendor: tuple[Vendor, str], monkeypatch: pytest.MonkeyPatch, sdk: Callable[[str], object]
) -> None:
    app, url = vendor
    monkeypatch.setattr(http, "PATIENCE", 0.05)
    app.headers, app.body = [("Content-Length", "65536")], dripping()
    begun = time.monotonic()
    with pytest.raises(TransientError):
        sdk(url)
    assert time.monotonic() - begun < 1.5


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data", "https://169.254.169.254", "https://[fe80::1]/", "https://metadata.google.internal",
        "https://[::ffff:169.254.169.254]/", "https://[fd00:ec2::254]/", "https://100.100.100.200", "http://api.example.com",
        "ftp://api.example.com", "file:///etc/passwd", "api.example.com", "https://", "https://user:pass@api.example.com",
        "https://api.example.com/?to=https://evil.example", "https://api.example.com:port", "https://[::1", "gopher://x",
    ],
)  # fmt: skip
def test_an_address_in_the_inventory_leads_to_a_vendor_and_nowhere_else(url: str) -> None:
    for read in (lambda: settings.base_url(spec(base_url=url)), lambda: Api(spec(base_url=url))):
        with pytest.raises(ConfigError) as error:
            read()
        assert "user:pass" not in told(error)


@pytest.mark.parametrize("url", ["https://api.example.com", "https://api.example.com/v1/", "http://127.0.0.1:8080"])
def test_a_vendors_address_is_taken(url: str) -> None:
    assert settings.base_url(spec(base_url=url)) == url.rstrip("/")
