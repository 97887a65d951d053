from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors.google_analytics import AnalyticsConnector, connect
from connectors.model import CollectionSpec, Identifier, Outcome, Record, Secret, Subject, SystemSpec, Trust
from connectors.sandbox.google_analytics import AnalyticsSandbox
from connectors.sandbox.serve import Server
from connectors.testing import orders_for
from tests.connectors.emptied import emptied

Connect = Callable[..., AnalyticsConnector]
CLIENT, OTHER = "104200001.1690000042", "104200003.1690000420"
KEPT = {
    "event_data_retention": "14 months",
    "user_data_retention": "14 months",
    "reset_user_data_on_new_activity": False,
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(AnalyticsSandbox()) as running:
        yield running


@pytest.fixture
def fake(server: Server) -> AnalyticsSandbox:
    return emptied(server, AnalyticsSandbox)


@pytest.fixture
def connected(server: Server, fake: AnalyticsSandbox) -> Connect:
    """Builds a connector to the running sandbox that looks nobody up; keywords change its settings."""

    def build(
        collections: tuple[CollectionSpec, ...] = (), gate: Any = None, pace: Any = None, **settings: Any
    ) -> AnalyticsConnector:
        given = {"property": 1001, "base_url": server.url, "data_url": server.url, "timeout": 30.0, **KEPT} | settings
        secrets = {"service_account": Secret(fake.tokens.service_account(server.url))}
        spec = SystemSpec("visits", "google_analytics", given, secrets, collections, sandbox=True)
        called = {name: hook for name, hook in (("gate", gate), ("pace", pace)) if hook}
        return connect(replace(spec, **called))

    return build


def subject(**values: str | tuple[str, ...]) -> Subject:
    """A subject by kind: `user_id="42"`, `ga_client_id=("1.2", "3.4")`."""
    kinds = {"ga_client_id": "ga.client_id", "ga_app_instance_id": "ga.app_instance_id"}
    given = ((kinds.get(kind, kind), (v,) if isinstance(v, str) else v) for kind, v in values.items())
    return Subject.of(*(Identifier(kind, value, Trust.ASSIGNED) for kind, some in given for value in some))


def located(connector: AnalyticsConnector, who: Subject) -> dict[tuple[str, str], Record]:
    return {(r.at.collection, r.at.key): r for r in connector.locate(who)}


def erase(connector: AnalyticsConnector, who: Subject) -> dict[tuple[str, str], Outcome]:
    orders = orders_for(list(connector.locate(who)))
    return {(o.at.collection, o.at.key): o for o in connector.delete(who, orders)}


def submitted(fake: AnalyticsSandbox) -> list[tuple[str, str]]:
    return [(d.field, d.value) for d in fake.deletions]
