from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.calendly import CalendlyConnector, connect
from connectors.model import (
    CollectionSpec,
    Disclosure,
    FieldSpec,
    Identifier,
    Outcome,
    Record,
    Secret,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.sandbox.calendly import TOKEN, CalendlySandbox
from connectors.sandbox.serve import Server
from connectors.testing import orders_for
from tests.connectors.emptied import emptied

Connect = Callable[..., CalendlyConnector]
ANN, JO = "ann@example.com", "joann@example.com"
SUBJECT = Subject.of(Identifier("email", ANN, Trust.PROVEN))
WEEK = timedelta(days=8)


def located(connector: CalendlyConnector, subject: Subject = SUBJECT) -> dict[tuple[str, str], Record]:
    return {(r.at.collection, r.at.key): r for r in connector.locate(subject)}


def erase(connector: CalendlyConnector, subject: Subject = SUBJECT) -> dict[tuple[str, str], Outcome]:
    orders = orders_for(list(connector.locate(subject)))
    return {(o.at.collection, o.at.key): o for o in connector.delete(subject, orders)}


def seen(name: str) -> FieldSpec:
    return FieldSpec(name, "A", Disclosure.DISCLOSE)


def written(server: Server) -> list[str]:
    return [f"{method} {path}" for method, path in server.faults.calls if method != "GET"]


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
        given = {"base_url": server.url, "timeout": 30.0} | settings
        secrets = {"token": Secret(TOKEN)}
        spec = SystemSpec("calendar", "calendly", given, secrets, collections, sandbox=True)
        return connect(spec if gate is None else replace(spec, gate=gate))

    return build
