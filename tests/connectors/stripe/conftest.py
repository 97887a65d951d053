"""One Stripe account per test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.sandbox.serve import Server
from connectors.sandbox.stripe import StripeFake


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(StripeFake()) as running:
        yield running


@pytest.fixture
def fake(server: Server) -> StripeFake:
    account = server.faults.app
    assert isinstance(account, StripeFake)
    account.reset()
    server.faults.calls.clear()
    return account
