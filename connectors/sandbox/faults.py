"""Faults between a connector and a fake vendor, as a WSGI layer that any fake can be wrapped in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TIMEOUT = 3.0  # seconds a TIMEOUT fault holds an answer; connectors under test wait for less
PATIENCE = 1.2  # seconds that connectors under test wait while answers are held
RETRY_AFTER = 7  # seconds that OVERLOADED_RETRY_AFTER asks for


class Fault(StrEnum):
    """What can go wrong on the wire."""

    OVERLOADED = "429"
    OVERLOADED_RETRY_AFTER = "429 with Retry-After"
    SERVER_ERROR = "500"
    TIMEOUT = "no answer in time"
    CUT = "connection cut in the middle of the body"
    TRUNCATED = "half a JSON document with a matching length"
    LYING = "success without effect"
    DUPLICATE = "the previous page again"


@dataclass
class _Injection:
    fault: Fault
    after: int
    times: int
    match: Callable[[str, str], bool]
    over: threading.Event = field(default_factory=threading.Event)
    under_way: int = 0  # calls it hit that the fake has not dealt with yet


class Faults:
    """A WSGI application around another, which misbehaves when told to.

    A LYING vendor sees the request with `environ["sandbox.lie"]` set: the fake answers as if it
    had obeyed and changes nothing.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app
        self.latency = 0.0  # seconds added to every call
        self.calls: list[tuple[str, str]] = []  # (method, path) of everything that arrived
        self._injected: list[_Injection] = []
        self._last_get: dict[str, tuple[str, list[tuple[str, str]], bytes]] = {}
        self._dealt_with = threading.Condition()

    @contextmanager
    def inject(
        self,
        fault: Fault,
        *,
        after: int = 0,
        times: int = 1_000_000,
        match: Callable[[str, str], bool] = lambda method, path: True,
    ) -> Iterator[None]:
        """While inside, calls that match (method, path) misbehave: `times` of them, after `after`.

        Leaving waits for what was hit: a call that its client gave up on takes effect before, not in
        the middle of whatever comes next.
        """
        injection = _Injection(fault, after, times, match)
        self._injected.append(injection)
        try:
            yield
        finally:
            with self._dealt_with:
                self._injected.remove(injection)
                injection.over.set()
                self._dealt_with.wait_for(lambda: not injection.under_way, TIMEOUT)

    @property
    def patience(self) -> float:
        """Seconds for a client to wait: few while answers are held, else many, for a busy machine is slow."""
        held = any(injection.fault is Fault.TIMEOUT for injection in self._injected)
        return PATIENCE if held else 10 * TIMEOUT

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/")
        self.calls.append((method, path))
        if self.latency:
            time.sleep(self.latency)
        injection = self._due(method, path)
        try:
            return self._misbehave(injection, environ, start_response)
        finally:
            if injection:
                with self._dealt_with:
                    injection.under_way -= 1
                    self._dealt_with.notify_all()

    def _misbehave(
        self, injection: _Injection | None, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """The fake's answer, or what the fault makes of it."""
        method, url = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/")
        fault = injection.fault if injection else None
        if fault in (Fault.OVERLOADED, Fault.OVERLOADED_RETRY_AFTER, Fault.SERVER_ERROR):
            return self._refuse(fault, environ, start_response)
        if injection and fault is Fault.TIMEOUT:
            injection.over.wait(TIMEOUT)
        if fault is Fault.LYING:
            environ["sandbox.lie"] = True
        status, headers, body = self._answer(environ)
        if fault is Fault.DUPLICATE and url in self._last_get:
            status, headers, body = self._last_get[url]
        elif method == "GET":
            self._last_get[url] = (status, headers, body)
        if fault is Fault.TRUNCATED:
            body = body[: len(body) // 2]
            headers = [(k, v) for k, v in headers if k.lower() not in ("content-length", "etag")]
            headers.append(("Content-Length", str(len(body))))
        start_response(status, headers)
        # A Content-Length that promises more than arrives is a cut connection to the client.
        return [body[: len(body) // 2]] if fault is Fault.CUT else [body]

    def _due(self, method: str, path: str) -> _Injection | None:
        with self._dealt_with:
            for injection in self._injected:
                if not injection.match(method, path):
                    continue
                if injection.after > 0:
                    injection.after -= 1
                elif injection.times > 0:
                    injection.times -= 1
                    injection.under_way += 1
                    return injection
        return None

    def _answer(self, environ: WSGIEnvironment) -> tuple[str, list[tuple[str, str]], bytes]:
        captured: dict[str, Any] = {}

        def capture(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], object]:
            captured["status"], captured["headers"] = status, headers
            return lambda data: None

        answer = self.app(environ, capture)
        try:
            body = b"".join(answer)
        finally:
            close = getattr(answer, "close", None)
            if close:
                close()
        headers = [(k, v) for k, v in captured["headers"] if k.lower() != "content-length"]
        return captured["status"], [*headers, ("Content-Length", str(len(body)))], body

    def _refuse(self, fault: Fault, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # An unread request body would garble the next request on a kept-alive connection.
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        overloaded = fault is not Fault.SERVER_ERROR
        body = b'{"error":{"message":"too many requests"}}' if overloaded else b'{"error":{"message":"internal"}}'
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        if fault is Fault.OVERLOADED_RETRY_AFTER:
            headers.append(("Retry-After", str(RETRY_AFTER)))
        start_response("429 Too Many Requests" if overloaded else "500 Internal Server Error", headers)
        return [body]
