"""Serves a fake over real HTTP on loopback, from a thread of this process."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from werkzeug.serving import WSGIRequestHandler, make_server

from connectors.sandbox.faults import Faults

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class _Quiet(WSGIRequestHandler):
    """Request lines hold identifiers (paths, queries), so none are logged."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 (werkzeug names it)
        logging.getLogger("connectors.sandbox").debug("%s", type)


class Server:
    """One fake, listening on 127.0.0.1 at a port of its own choosing or a given one.

    A context manager; `url` is its address, `faults` the layer that makes it misbehave. `handler`
    reads requests in a way of its own, where a fake needs that.
    """

    def __init__(
        self, app: WSGIApplication, port: int = 0, handler: type[WSGIRequestHandler] = WSGIRequestHandler
    ) -> None:
        self.faults = Faults(app)
        quiet = type("_QuietHandler", (_Quiet, handler) if handler is not WSGIRequestHandler else (_Quiet,), {})
        self._server = make_server("127.0.0.1", port, self.faults, threaded=True, request_handler=quiet)
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
