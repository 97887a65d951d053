from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from connectors.hatchbuck import HatchbuckConnector, connect
from connectors.model import (
    Action,
    CollectionSpec,
    Identifier,
    Order,
    Outcome,
    Record,
    Secret,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.sandbox.hatchbuck import API_KEY, HatchbuckSandbox
from connectors.sandbox.serve import Server
from tests.connectors.emptied import emptied

Connect = Callable[..., HatchbuckConnector]
ANN, JO = "ann.lee@example.com", "ann.lee2@example.com"
SUBJECT = Subject.of(Identifier("email", ANN, Trust.PROVEN))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(HatchbuckSandbox()) as running:
        yield running


@pytest.fixture
def fake(server: Server) -> HatchbuckSandbox:
    return emptied(server, HatchbuckSandbox)


@pytest.fixture
def connected(server: Server, fake: HatchbuckSandbox) -> Connect:
    """Builds a connector to the running sandbox; keywords change its settings."""

    def build(collections: tuple[CollectionSpec, ...] = (), gate: Any = None, **settings: Any) -> HatchbuckConnector:
        given = {"base_url": f"{server.url}/api/v1", "timeout": 30.0} | settings
        spec = SystemSpec("crm", "hatchbuck", given, {"api_key": Secret(API_KEY)}, collections, sandbox=True)
        return connect(spec if gate is None else replace(spec, gate=gate))

    return build


def located(connector: HatchbuckConnector, subject: Subject = SUBJECT) -> dict[str, Record]:
    """Records by collection, and standing where there is one."""
    return {"/".join(filter(None, (r.at.collection, r.at.key))): r for r in connector.locate(subject)}


def known(connector: HatchbuckConnector, subject: Subject = SUBJECT) -> Subject:
    """The person with everything that a search reveals, as a plan knows them."""
    revealed = {i for r in connector.locate(subject) for i in r.reveals}
    return Subject(subject.identifiers | revealed)


def orders(records: Sequence[Record], action: Action = Action.REDACT) -> list[Order]:
    """As a plan would give them: what something stands in the way of is left to a person."""
    return [Order(r.at, Action.MANUAL if r.obstacles else action, r.count) for r in records]


def erased(
    connector: HatchbuckConnector, action: Action = Action.REDACT, subject: Subject = SUBJECT
) -> dict[str, Outcome]:
    """The outcomes of a plan, by collection and standing."""
    given = orders(list(connector.locate(subject)), action)
    outcomes = connector.delete(known(connector, subject), given)
    return {"/".join(filter(None, (o.at.collection, o.at.key))): o for o in outcomes}
