"""A wire between libpq and a PostgreSQL server that breaks when told to."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from connectors.sandbox.faults import Fault

_NEGOTIATION = (80877103, 80877104)  # SSLRequest, GSSENCRequest
_AT_LOGIN = (Fault.OVERLOADED,)


def refusal(state: str) -> bytes:
    """A FATAL ErrorResponse. Source: https://www.postgresql.org/docs/current/protocol-message-formats.html"""
    fields = b"".join(k + v + b"\0" for k, v in ((b"S", b"FATAL"), (b"V", b"FATAL"), (b"C", state.encode())))
    body = fields + b"Msorry\0\0"
    return b"E" + struct.pack("!I", len(body) + 4) + body


@dataclass
class _Injected:
    fault: Fault
    after: int
    times: int
    delay: Callable[[], None]


class Wire:
    """Listens on 127.0.0.1 and passes everything on to the socket at `path`, until a fault is due.

    Faults at login count connections; the others count requests, over all connections.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._injected: list[_Injected] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.close()

    @contextmanager
    def inject(self, fault: Fault, after: int, times: int, delay: Callable[[], None]) -> Iterator[None]:
        injected = _Injected(fault, after, times, delay)
        self._injected.append(injected)
        try:
            yield
        finally:
            self._injected.remove(injected)

    def _due(self, at_login: bool) -> _Injected | None:
        with self._lock:
            for injected in self._injected:
                if (injected.fault in _AT_LOGIN) is not at_login:
                    continue
                if injected.after > 0:
                    injected.after -= 1
                elif injected.times > 0:
                    injected.times -= 1
                    return injected
        return None

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server, contextlib.suppress(OSError):
            first = client.recv(65536)
            while len(first) == 8 and struct.unpack("!II", first)[1] in _NEGOTIATION:
                client.sendall(b"N")
                first = client.recv(65536)
            if self._due(at_login=True):
                client.sendall(refusal("53300"))
                return
            server.connect(self._path)
            server.sendall(first)
            cut = threading.Event()
            back = threading.Thread(target=self._back, args=(server, client, cut), daemon=True)
            back.start()
            while request := client.recv(65536):
                injected = self._due(at_login=False)
                if injected and injected.fault is Fault.SERVER_ERROR:
                    client.sendall(refusal("57P01"))
                    server.shutdown(socket.SHUT_RDWR)  # or the server would go on with the transaction, and its locks
                    return
                if injected and injected.fault is Fault.CUT:
                    cut.set()
                elif injected:
                    injected.delay()
                server.sendall(request)

    def _back(self, server: socket.socket, client: socket.socket, cut: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while answer := server.recv(65536):
                if cut.is_set():
                    client.sendall(answer[: len(answer) // 2])
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(answer)
            client.shutdown(socket.SHUT_RDWR)
