"""A vendor that answers every call with what it is set to."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from werkzeug.serving import make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Vendor:
    """`sent`: how much of its answers' bodies was fetched so far, in bytes."""

    def __init__(self, media_type: str = "application/json", body: Iterable[bytes] = (b"{}",)) -> None:
        self.status, self.headers, self.body = "200 OK", [("Content-Type", media_type)], body
        self.asked: list[str] = []
        self.sent = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.asked.append(environ["PATH_INFO"])
        start_response(self.status, self.headers)
        return map(self._count, self.body)

    def _count(self, piece: bytes) -> bytes:
        self.sent += len(piece)
        return piece


@contextmanager
def serving(vendor: Vendor) -> Iterator[str]:
    """Where it is served, on this machine."""
    server = make_server("127.0.0.1", 0, vendor, threaded=True)
    server.daemon_threads = True  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
