from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors.calendly import CalendlyConnector, connect
from connectors.model import CollectionSpec, Secret, SystemSpec
from connectors.sandbox.calendly import TOKEN, CalendlySandbox
from connectors.sandbox.serve import Server
from tests.connectors.emptied import emptied

Connect = Callable[..., CalendlyConnector]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(CalendlySandbox()) as running:
        yield running


@pytest.fixture
def fake(server: Server) -> CalendlySandbox:
    return emptied(server, CalendlySandbox)


@pytest.fixture
def connected(server: Server, fake: CalendlySandbox) -> Connect:
    """Builds a connector to the running sandbox; keywords change its settings."""

    def build(collections: tuple[CollectionSpec, ...] = (), gate: Any = None, **settings: Any) -> CalendlyConnector:
        given = {"base_url": server.url, "timeout": 2.0} | settings
        secrets = {"token": Secret(TOKEN)}
        spec = SystemSpec("calendar", "calendly", given, secrets, collections, sandbox=True)
        return connect(spec if gate is None else replace(spec, gate=gate))

    return build
