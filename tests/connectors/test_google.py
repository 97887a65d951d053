"""The credentials that connectors of Google's APIs share, over a token endpoint that checks them."""

from __future__ import annotations

import io
import json
import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from connectors.errors import AuthError, ConfigError, ConnectorError, RefusedError, TransientError
from connectors.google import GoogleClient, ServiceAccount, google_error, reasons_of
from connectors.isolation import require_isolated
from connectors.model import Secret, SystemSpec
from connectors.sandbox.faults import RETRY_AFTER, TIMEOUT, Fault
from connectors.sandbox.google import TokenEndpoint, error
from connectors.sandbox.serve import Server

READ, WRITE = "https://www.googleapis.com/auth/things.read", "https://www.googleapis.com/auth/things"
MAILBOX = "desk@example.com"


class Api:
    """A Google API with one call, which says for whom it was made."""

    def __init__(self) -> None:
        self.tokens = TokenEndpoint(delegated=(READ,), own=(WRITE,), known=lambda user: user == MAILBOX)
        self.answers: list[Response] = []
        self.calls = 0

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        if request.path == "/token":
            return self.tokens.issue(request)(environ, start_response)
        self.calls += 1
        grant = self.tokens.grant(request)
        if grant is None:
            return error(401, "authError")(environ, start_response)
        if self.answers:
            return self.answers.pop(0)(environ, start_response)
        body = json.dumps({"subject": grant.subject, "scopes": sorted(grant.scopes)})
        return Response(body, content_type="application/json")(environ, start_response)


@pytest.fixture
def api() -> Iterator[Api]:
    fake = Api()
    with Server(fake) as server:
        fake.url, fake.faults = server.url, server.faults  # type: ignore[attr-defined]
        yield fake


def spec(api: Any, **changes: Any) -> SystemSpec:
    held = {**json.loads(api.tokens.service_account(api.url)), **changes}
    return SystemSpec(
        "acme", "acme", {"base_url": api.url}, {"service_account": Secret(json.dumps(held))}, sandbox=True
    )


def client(api: Any, *scopes: str, subject: str = MAILBOX, timeout: float = 30.0) -> GoogleClient:
    return GoogleClient(ServiceAccount.of(spec(api), timeout), api.url, scopes or (READ,), subject, timeout)


def call(client: GoogleClient) -> Any:
    return client.request("GET", "things?q=ann.lee@example.com", doing="listing things")[1]


def test_the_account_acts_for_the_user_that_it_names(api: Api) -> None:
    assert call(client(api)) == {"subject": MAILBOX, "scopes": [READ]}
    assert call(client(api, WRITE, subject="")) == {"subject": "", "scopes": [WRITE]}


def test_one_token_serves_many_calls_until_it_runs_out(api: Api) -> None:
    held = client(api)
    call(held), call(held)
    assert api.tokens.asked == 1
    api.tokens.lifetime = 60.0  # less than google-auth's margin: a new one for each call
    short = client(api)
    call(short), call(short)
    assert api.tokens.asked == 3


def test_what_was_not_delegated_is_an_auth_error(api: Api) -> None:
    for held in (client(api, WRITE), client(api, READ, subject="nobody@example.com"), client(api, READ, subject="")):
        with pytest.raises(AuthError) as raised:
            call(held)
        assert "example.com" not in str(raised.value)
    assert api.tokens.asked == 3, "a refusal is asked for once"


def test_another_key_is_an_auth_error(api: Api) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    account = ServiceAccount.of(spec(api, private_key=other.decode()))
    with pytest.raises(AuthError, match="invalid_grant"):
        call(GoogleClient(account, api.url, (READ,), MAILBOX))  # type: ignore[attr-defined]


@pytest.mark.parametrize("refusal", [(503, "internal_failure"), (429, "rate_limit_exceeded"), (500, "server_error")])
def test_a_token_endpoint_that_is_overloaded_is_transient_and_asked_once(api: Api, refusal: tuple[int, str]) -> None:
    api.tokens.refusal = refusal
    with pytest.raises(TransientError):
        call(client(api))
    assert (api.tokens.asked, api.calls) == (1, 0)


@pytest.mark.parametrize("path", ["/token", "/things"])
@pytest.mark.parametrize("fault", [f for f in Fault if f not in (Fault.LYING, Fault.DUPLICATE)], ids=lambda f: f.name)
def test_faults_of_either_address_are_transient(api: Any, fault: Fault, path: str) -> None:
    with api.faults.inject(fault, match=lambda method, asked: asked == path), pytest.raises(TransientError) as raised:
        call(client(api, timeout=TIMEOUT / 3))
    assert "ann.lee" not in str(raised.value)
    if fault is Fault.OVERLOADED_RETRY_AFTER:
        assert raised.value.retry_after == pytest.approx(RETRY_AFTER, abs=1)


def test_a_401_is_not_asked_again(api: Api) -> None:
    api.answers = [error(401, "authError")]
    with pytest.raises(AuthError, match="authError"):
        call(client(api))
    assert (api.tokens.asked, api.calls) == (1, 1)


@pytest.mark.parametrize("path", ["/token", "/things"])
def test_a_redirect_is_not_followed(api: Any, path: str) -> None:
    moved = Response(status=307, headers={"Location": "http://127.0.0.1:9/elsewhere"})
    if path == "/token":
        api.tokens.issue = lambda request: moved
    else:
        api.answers = [moved]
    with pytest.raises(RefusedError, match="redirects"):
        call(client(api))


def test_answers_are_bounded(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.http.MAX_ANSWER", 1000)
    api.tokens.issue = lambda request: Response(b"{" + b" " * 2000 + b"}")
    with pytest.raises(TransientError, match="TooLarge"):
        call(client(api))


def test_the_environment_is_not_asked(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", os.devnull)
    assert call(client(api))["subject"] == MAILBOX


def test_no_further_host_is_asked_about_the_account(api: Api) -> None:
    """google-auth looks up a regional access boundary of an account that acts for itself."""
    from google.auth.exceptions import TransportError

    account = ServiceAccount.of(spec(api))
    with pytest.raises(TransportError):
        account.token_request("https://iamcredentials.googleapis.com/v1/allowedLocations")
    assert call(GoogleClient(account, api.url, (WRITE,)))["subject"] == ""  # type: ignore[attr-defined]


CASES: list[tuple[int, Any, type[ConnectorError], str]] = [
    (403, {"errors": [{"reason": "rateLimitExceeded"}]}, TransientError, "rateLimitExceeded"),
    (403, {"errors": [{"reason": "userRateLimitExceeded"}]}, TransientError, "userRateLimitExceeded"),
    (403, {"errors": [{"reason": "dailyLimitExceeded"}]}, TransientError, "day's quota"),
    (403, {"status": "PERMISSION_DENIED", "details": [{"reason": "RATE_LIMIT_EXCEEDED"}]}, TransientError, "RATE"),
    (403, {"errors": [{"reason": "insufficientPermissions"}]}, AuthError, "insufficientPermissions"),
    (403, {"errors": [{"reason": "domainPolicy"}]}, AuthError, "domainPolicy"),
    (403, {"details": [{"reason": "SERVICE_DISABLED"}], "status": "PERMISSION_DENIED"}, AuthError, "SERVICE_DISABLED"),
    (401, {"status": "UNAUTHENTICATED"}, AuthError, "UNAUTHENTICATED"),
    (429, {"status": "RESOURCE_EXHAUSTED"}, TransientError, "RESOURCE_EXHAUSTED"),
    (400, {"errors": [{"reason": "failedPrecondition"}]}, RefusedError, "failedPrecondition"),
    (404, {"errors": [{"reason": "notFound"}]}, RefusedError, "notFound"),
    (503, None, TransientError, "503"),
    (403, {"errors": [{"reason": "ann.lee@example.com"}], "message": "ann.lee@example.com"}, AuthError, "403"),
    (403, {"errors": "?", "details": [3], "status": ["x"]}, AuthError, "403"),
]


@pytest.mark.parametrize(("status", "body", "kind", "word"), CASES)
def test_the_reason_decides_what_the_caller_does_next(
    status: int, body: Any, kind: type[ConnectorError], word: str
) -> None:
    named = google_error("acme", status, {}, {"error": body}, "listing things")
    assert type(named) is kind
    assert word in str(named)
    assert "ann.lee" not in str(named)


def test_reasons_are_read_in_every_dialect() -> None:
    assert reasons_of({"error": "invalid_grant"}) == ("invalid_grant",)
    assert reasons_of({"error": {"errors": [{"reason": "notFound"}], "status": "NOT_FOUND"}}) == (
        "notFound",
        "NOT_FOUND",
    )
    assert reasons_of(["?"]) == reasons_of({"error": "ann lee"}) == reasons_of(None) == ()


def test_the_time_to_wait_stands_in_the_body_too() -> None:
    def wait(body: Any) -> float | None:
        named = google_error("acme", 429, {}, {"error": body}, "listing things")
        assert isinstance(named, TransientError)
        return named.retry_after

    assert wait({"details": [{"retryDelay": "30s"}]}) == 30
    assert wait({"message": "User-rate limit exceeded.  Retry after 2020-01-01T00:00:00.000Z"}) == 0
    assert (wait({"message": "User-rate limit exceeded.  Retry after 2090-01-01T00:00:00.000Z"}) or 0) > 1e9
    assert wait({"message": "Retry after 2090-99-99T00:00:00Z"}) is None
    assert wait({}) is None


@pytest.mark.parametrize(
    "change",
    [
        {"type": "authorized_user"},
        {"private_key": "-----BEGIN PRIVATE KEY-----\nsandbox\n-----END PRIVATE KEY-----\n"},
        {"private_key": ""},
        {"token_uri": "http://tokens.example.com/token"},
        {"client_email": 7},
    ],
)
def test_a_key_that_is_none_is_a_config_error_that_does_not_quote_it(api: Api, change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as raised:
        ServiceAccount.of(spec(api, **change))
    assert "BEGIN" not in str(raised.value)


@pytest.mark.parametrize("secret", ["", "sandbox", "[]", "[" * 100_000])
def test_what_is_not_json_is_a_config_error(secret: str) -> None:
    with pytest.raises(ConfigError):
        ServiceAccount.of(SystemSpec("acme", "acme", secrets={"service_account": Secret(secret)}))
    with pytest.raises(ConfigError, match="missing"):
        ServiceAccount.of(SystemSpec("acme", "acme"))


def test_a_sandbox_takes_no_live_token_address(api: Api) -> None:
    require_isolated(spec(api))
    for change in (
        {"token_uri": "https://oauth2.googleapis.com/token"},
        {"auth_uri": "https://accounts.google.com/o/oauth2/auth"},
        {"more": [{"deep": "https://example.com"}]},
    ):
        with pytest.raises(ConfigError, match="loopback"):
            require_isolated(spec(api, **change))


def test_nothing_of_key_token_or_address_is_shown(api: Api, capfd: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    handler, root = logging.StreamHandler(stream), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        account = ServiceAccount.of(spec(api))
        call(GoogleClient(account, api.url, (READ,), MAILBOX))  # type: ignore[attr-defined]
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    shown = stream.getvalue() + "".join(capfd.readouterr()) + repr(account)
    for personal in ("ann.lee", MAILBOX, "BEGIN", "sandbox-", "iam.gserviceaccount"):
        assert personal not in shown
