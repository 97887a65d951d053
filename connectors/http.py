"""The one transport of connectors that speak HTTP without a vendor's SDK, and the one place where
a status code becomes a named error.

Answers are bounded in size and time, redirects to another host are refused, the environment's
proxies and netrc are ignored, and no URL, header or body ever enters a message.
"""

from __future__ import annotations

import email.utils
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from connectors.errors import AuthError, ConnectorError, RefusedError, TransientError

MAX_ANSWER = 64 * 1024 * 1024  # bytes of one JSON answer; more is a fault, not data
PATIENCE = 20  # times the timeout, for a whole answer: the timeout itself is between two bytes
_PIECE = 64 * 1024  # bytes, at most, of one read
_EPOCH = 1_000_000_000  # a reset value above this is a unix time, below it seconds left
# urllib3 logs the address of every call at DEBUG (and of some at WARNING), and an address may name
# the person who is searched for. A filter holds whatever level the program sets.
logging.getLogger("urllib3.connectionpool").addFilter(lambda record: False)


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds to wait as the vendor's headers say, or None.

    Understands Retry-After (seconds or date, RFC 9110 §10.2.3) and X-RateLimit-Reset in both
    dialects: seconds left (Calendly, SendGrid's erase job) and unix time (SendGrid elsewhere).
    """
    now = time.time() if now is None else now
    lower = {k.lower(): v for k, v in headers.items()}
    if (value := lower.get("retry-after", "").strip()) != "":
        try:
            return max(0.0, float(value))
        except ValueError:
            parsed = email.utils.parsedate_tz(value)
            return max(0.0, email.utils.mktime_tz(parsed) - now) if parsed else None
    for name in ("x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset"):
        try:
            reset = float(lower[name])
        except (KeyError, ValueError):
            continue
        return max(0.0, reset - now) if reset > _EPOCH else max(0.0, reset)
    return None


def error_for(system: str, status: int, headers: Mapping[str, str], doing: str) -> ConnectorError:
    """The named error for an HTTP status; `doing` is a constant phrase without personal data."""
    if status in (401, 403):
        return AuthError(system, f"{doing}: not allowed (HTTP {status})")
    if status in (408, 409, 425, 429) or status >= 500:
        return TransientError(system, f"{doing}: HTTP {status}", retry_after(headers))
    return RefusedError(system, f"{doing}: refused (HTTP {status})")


class TooLargeError(requests.RequestException):
    """An answer is larger than any honest one."""


class TooSlowError(requests.RequestException):
    """An answer takes longer than any honest one."""


def pieces(raw: Any, timeout: float, limit: int | None = None) -> Iterator[bytes]:
    """What comes of a body (of urllib3's or http.client's), as it comes, however little: so that a clock can be kept.

    TooLargeError beyond `limit` bytes (MAX_ANSWER), unpacked; TooSlowError after PATIENCE times the timeout.
    """
    size, give_up, limit = 0, time.monotonic() + PATIENCE * timeout, MAX_ANSWER if limit is None else limit
    while piece := raw.read1(_PIECE):
        size += len(piece)
        if time.monotonic() > give_up:
            raise TooSlowError
        if size > limit:
            raise TooLargeError
        yield piece


def unpacked(response: requests.Response, timeout: float, limit: int | None = None) -> Iterator[bytes]:
    """The same of an answer of requests, as requests would unpack it, and with its errors."""
    response.raw.decode_content = True
    try:
        yield from pieces(response.raw, timeout, limit)
    except urllib3.exceptions.ProtocolError:
        raise requests.exceptions.ChunkedEncodingError from None
    except urllib3.exceptions.DecodeError:
        raise requests.exceptions.ContentDecodingError from None
    except urllib3.exceptions.HTTPError:
        raise requests.ConnectionError from None


def whole(response: requests.Response, timeout: float) -> None:
    """Read an answer for whoever reads it otherwise. Raises as `unpacked`, and the connection ends."""
    try:
        response._content = b"".join(unpacked(response, timeout))
        response._content_consumed = True  # type: ignore[attr-defined]
    except BaseException:
        response.close()
        raise


class StayingSession(requests.Session):
    """A session that follows nothing: no redirect, no proxy, no netrc."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False  # credentials go to one host only

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None: requests would read the whole body of a redirect before it looks whether to follow."""
        return None


class BoundedSession(StayingSession):
    """A session for a vendor's SDK: it follows nothing, and no answer is larger than `MAX_ANSWER` or takes for ever."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        response = super().send(request, **{**kwargs, "stream": True})
        stay(response)
        whole(response, seconds(kwargs.get("timeout")))
        return response


def stay(response: requests.Response) -> None:
    """TooManyRedirects where an answer leads elsewhere; its body is not read."""
    if 300 <= response.status_code < 400:
        response.close()
        raise requests.TooManyRedirects


def seconds(timeout: Any) -> float:
    """A timeout of requests, (connecting, reading) or one for both, as that between two bytes."""
    found = timeout[-1] if isinstance(timeout, tuple) else timeout
    return float(30.0 if found is None else found)


class HttpClient:
    """A bounded, same-host-only HTTP session for one system."""

    def __init__(
        self,
        system: str,
        base_url: str,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        params: Mapping[str, str] | None = None,
        pace: Callable[[], None] = lambda: None,
    ) -> None:
        self._system = system
        self._pace = pace
        self._base = base_url.rstrip("/")
        self._timeout = timeout
        self._session: requests.Session = StayingSession()
        self._session.headers.update(headers or {})
        self._params = dict(params or {})

    def request(
        self,
        method: str,
        path: str,
        *,
        doing: str,
        params: Mapping[str, Any] | None = None,
        json_body: object = None,
        accept: tuple[int, ...] = (200,),
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """One call: (status, decoded JSON or None). A status outside `accept` raises its error."""
        asked = self.answer(
            method, path, doing=doing, params=params, json_body=json_body, accept=accept, headers=headers
        )
        return asked[0], asked[1]

    def answer(
        self,
        method: str,
        path: str,
        *,
        doing: str,
        params: Mapping[str, Any] | None = None,
        json_body: object = None,
        accept: tuple[int, ...] = (200,),
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any, Mapping[str, str]]:
        """The same with the answer's headers (names in any case), for vendors who page by them."""
        response = self._send(method, path, doing, params, json_body, headers)
        with response:
            if response.status_code not in accept:
                raise self._refusal(response, doing)
            body = b"".join(self._bounded(response, doing))
        if not body.strip():
            return response.status_code, None, response.headers
        try:
            return response.status_code, json.loads(body), response.headers
        except (ValueError, RecursionError):
            raise TransientError(self._system, f"{doing}: the answer is not whole JSON") from None

    def status(
        self, method: str, path: str, *, doing: str, params: Mapping[str, Any] | None = None, json_body: object = None
    ) -> int:
        """The status of a call, its body left unread, where an answer would name people.

        A refusal is an answer, too; AuthError and TransientError are raised.
        """
        with self._send(method, path, doing, params, json_body, None) as response:
            refusal = self._refusal(response, doing)
            if response.status_code < 400 or type(refusal) is RefusedError:
                return response.status_code
            raise refusal

    def stream(
        self,
        path: str,
        *,
        doing: str,
        params: Mapping[str, Any] | None = None,
        accept: tuple[int, ...] = (200,),
        limit: int = MAX_ANSWER,
    ) -> Iterator[bytes]:
        """The body of a GET in pieces, up to `limit` bytes."""
        response = self._send("GET", path, doing, params, None, None)
        with response:
            if response.status_code not in accept:
                raise self._refusal(response, doing)
            yield from self._bounded(response, doing, limit)

    def _send(
        self,
        method: str,
        path: str,
        doing: str,
        params: Mapping[str, Any] | None,
        json_body: object,
        headers: Mapping[str, str] | None,
    ) -> requests.Response:
        url = path if "://" in path else f"{self._base}/{path.lstrip('/')}"
        if urlsplit(url)[:2] != urlsplit(self._base)[:2]:
            raise RefusedError(self._system, f"{doing}: the address leads to another host")
        self._pace()
        try:
            response = self._session.request(
                method,
                url,
                params={**self._params, **(params or {})},
                json=json_body,
                headers=dict(headers or {}),
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            )
        except requests.RequestException as fault:
            # The original names the URL, which may carry a key or a person: it is not chained.
            raise TransientError(self._system, f"{doing}: {type(fault).__name__}") from None
        if response.is_redirect:
            response.close()
            raise RefusedError(self._system, f"{doing}: the system redirects, which is not followed")
        return response

    def _refusal(self, response: requests.Response, doing: str) -> ConnectorError:
        """The named error for an answer that is not accepted."""
        return error_for(self._system, response.status_code, response.headers, doing)

    def _bounded(self, response: requests.Response, doing: str, limit: int = MAX_ANSWER) -> Iterator[bytes]:
        try:
            yield from unpacked(response, self._timeout, limit)
        except TooSlowError:
            raise TransientError(self._system, f"{doing}: the answer takes for ever") from None
        except TooLargeError:
            raise RefusedError(self._system, f"{doing}: the answer is larger than {limit} bytes") from None
        except requests.RequestException as fault:
            raise TransientError(self._system, f"{doing}: {type(fault).__name__}") from None
