from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.model import (
    CollectionSpec,
    Disclosure,
    FieldSpec,
    Identifier,
    IdentitySpec,
    Locator,
    Record,
    Secret,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.papertrail import PapertrailConnector, connect
from connectors.sandbox.papertrail import TOKEN, PapertrailSandbox
from connectors.sandbox.serve import Server
from tests.connectors.emptied import emptied

FOUND_BY = (
    IdentitySpec("email", "message", Trust.PROVEN),
    IdentitySpec("phone", "message", Trust.PROVEN),
    IdentitySpec("user_id", "user_id={value}", Trust.ASSIGNED),
)
FIELDS = (
    FieldSpec("received_at", "A", Disclosure.DISCLOSE),
    FieldSpec("message", "A", Disclosure.DISCLOSE),
    FieldSpec("source_ip", "A", Disclosure.NEVER, "server address"),
)
LINES = tuple(CollectionSpec(name, FOUND_BY, (), FIELDS) for name in ("events", "archives"))

Connect = Callable[..., PapertrailConnector]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(PapertrailSandbox()) as running:
        yield running


@pytest.fixture
def fake(server: Server) -> PapertrailSandbox:
    return emptied(server, PapertrailSandbox)


@pytest.fixture
def connected(server: Server, fake: PapertrailSandbox) -> Connect:
    """Builds a connector to the running sandbox; keywords change its settings."""

    def build(collections: tuple[CollectionSpec, ...] = LINES, **settings: Any) -> PapertrailConnector:
        solarwinds = settings.get("api") == "solarwinds"
        given = {
            "base_url": server.url + ("/v1" if solarwinds else "/api/v1"),
            "timeout": 30.0,
            "search_days": 7,
        } | settings
        return connect(SystemSpec("logs", "papertrail", given, {"token": Secret(TOKEN)}, collections, sandbox=True))

    return build


ANN = Subject.of(Identifier("email", "ann@example.com", Trust.PROVEN), Identifier("user_id", "42", Trust.ASSIGNED))


EVENTS = Locator("logs", "events")


def counts(connector: PapertrailConnector, subject: Subject = ANN) -> dict[str, int]:
    return {r.at.collection: r.count for r in connector.locate(subject)}


def only(connector: PapertrailConnector, collection: str) -> Record:
    (found,) = [r for r in connector.locate(ANN) if r.at.collection == collection]
    return found
