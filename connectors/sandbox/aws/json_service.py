"""A layer around moto for a service of Amazon's JSON protocol: what it does otherwise than moto.

Source: https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html (X-Amz-Target names the operation).
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Answer = dict[str, Any]
Moto = Callable[[Mapping[str, Any]], Answer]  # asks moto with a body; raises Refused as moto refuses


class Refused(Exception):  # noqa: N818 (an answer of the vendor's, not a fault of this code)
    def __init__(self, code: str, message: str = "", **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.body = {"__type": code, "message": message, **more}


class JsonService:
    """A WSGI layer. A subclass has a method for each operation it knows better: `(asked, moto) -> answer`.

    Operations in `writes` answer `{}` and do nothing where the vendor is told to lie; those in `denied` are
    refused for want of a permission.
    """

    target: ClassVar[str]  # "DynamoDB_20120810"
    writes: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._lock = threading.RLock()
        self.asked: list[tuple[str, Answer]] = []  # every operation with its body
        self.reset()

    def reset(self) -> None:
        """Forget every switch."""
        self.asked.clear()
        self.denied: set[str] = set()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        prefix, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
        if prefix != self.target:
            return self._app(environ, start_response)
        asked = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) or b"{}")
        self.asked.append((operation, asked))
        known = getattr(self, operation, None)
        try:
            if operation in self.denied:
                raise Refused("AccessDeniedException")
            if environ.get("sandbox.lie") and operation in self.writes:
                answer: Answer = {}
            else:
                with self._lock:
                    answer = known(asked, self._moto(environ)) if known else self._moto(environ)(asked)
        except Refused as refused:
            return _json(start_response, "400 Bad Request", refused.body)
        return _json(start_response, "200 OK", answer)

    def _moto(self, environ: WSGIEnvironment) -> Moto:
        def ask(asked: Mapping[str, Any]) -> Answer:
            body = json.dumps(asked).encode()
            said: list[str] = []

            def start(status: str, headers: object, exc_info: object = None) -> Callable[[bytes], object]:
                said.append(status)
                return lambda data: None

            inner = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
            answer: Answer = json.loads(b"".join(self._app(inner, start)) or b"{}")
            if not said[0].startswith("200"):
                code = str(answer.pop("__type", "InternalServerError")).rpartition("#")[2]
                raise Refused(code, **{k: v for k, v in answer.items() if k != "message"})
            return answer

        return ask


def paged(rows: list[Any], after: str, limit: int) -> tuple[list[Any], str]:
    """One page and the token of the next; a token is the number of rows before it."""
    start = int(after or 0)
    page = rows[start : start + limit]
    return page, str(start + limit) if start + limit < len(rows) else ""


def _json(start_response: StartResponse, status: str, answer: Mapping[str, Any]) -> Iterable[bytes]:
    body = json.dumps(answer).encode()
    headers = [("Content-Type", "application/x-amz-json-1.0"), ("Content-Length", str(len(body)))]
    if "__type" in answer:
        headers.append(("x-amzn-errortype", str(answer["__type"])))
    start_response(status, headers)
    return [body]
