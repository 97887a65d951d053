"""What a fault hit is over when the fault is: nothing of it reaches into the next test."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest
import requests

from connectors.sandbox.faults import TIMEOUT, Fault
from connectors.sandbox.serve import Server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Ledger:
    """A vendor that writes down what it was told."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        time.sleep(0.05)
        self.written.append(environ["REQUEST_METHOD"])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"written"]


def test_a_write_that_its_client_gave_up_on_takes_effect_before_the_fault_is_over() -> None:
    ledger = Ledger()
    with Server(ledger) as server:
        began = time.monotonic()
        with server.faults.inject(Fault.TIMEOUT):
            with pytest.raises(requests.ReadTimeout):
                requests.delete(server.url, timeout=0.2)
            assert ledger.written == [], "it is held for as long as the fault lasts"
        assert ledger.written == ["DELETE"]
        assert time.monotonic() - began < TIMEOUT, "and for no longer"


def test_a_fault_that_hit_nothing_is_left_at_once() -> None:
    with Server(Ledger()) as server:
        began = time.monotonic()
        with server.faults.inject(Fault.TIMEOUT, match=lambda method, path: method == "PUT"):
            assert requests.get(server.url, timeout=5).text == "written"
        assert time.monotonic() - began < TIMEOUT
