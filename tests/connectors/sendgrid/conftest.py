from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.model import CollectionSpec, Identifier, Order, Outcome, Record, Secret, Subject, SystemSpec, Trust
from connectors.sandbox.sendgrid import API_KEY, SendGridSandbox
from connectors.sandbox.serve import Server
from connectors.sendgrid import SendGridConnector, connect
from connectors.testing import orders_for
from tests.connectors.emptied import emptied

Connect = Callable[..., SendGridConnector]
ANN, JO = "ann.lee@example.com", "jo@example.com"
SUBJECT = Subject.of(Identifier("email", ANN, Trust.PROVEN))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(SendGridSandbox()) as running:
        yield running


@pytest.fixture
def fake(server: Server) -> SendGridSandbox:
    return emptied(server, SendGridSandbox)


@pytest.fixture
def connected(server: Server, fake: SendGridSandbox) -> Connect:
    """Builds a connector to the running sandbox; keywords change its settings."""

    def build(collections: tuple[CollectionSpec, ...] = (), gate: Any = None, **settings: Any) -> SendGridConnector:
        given = {"base_url": server.url, "timeout": 30.0, "messages": True, "legacy_contacts": True} | settings
        spec = SystemSpec("mailer", "sendgrid", given, {"api_key": Secret(API_KEY)}, collections, sandbox=True)
        return connect(spec if gate is None else replace(spec, gate=gate))

    return build


def located(connector: SendGridConnector, subject: Subject = SUBJECT) -> dict[str, Record]:
    """Records by collection, and account or standing where there is one."""
    return {"/".join(filter(None, (r.at.collection, r.at.key))): r for r in connector.locate(subject)}


def deleted(connector: SendGridConnector, subject: Subject = SUBJECT) -> dict[str, Outcome]:
    """The outcomes of a plan that deletes what nothing stands in the way of, and keeps suppressions."""
    return carried_out(connector, _keeping(orders_for(list(connector.locate(subject)))), subject)


def carried_out(
    connector: SendGridConnector, orders: Sequence[Order], subject: Subject = SUBJECT
) -> dict[str, Outcome]:
    outcomes = connector.delete(subject, orders)
    return {"/".join(filter(None, (o.at.collection, o.at.key))): o for o in outcomes}


def _keeping(orders: Sequence[Order]) -> list[Order]:
    from connectors.model import Action

    return [replace(o, action=Action.RETAIN) if "suppressions" in o.at.collection else o for o in orders]


WEEK = timedelta(days=7)


def planted(fake: SendGridSandbox, account: str = "", opted_out: bool = True) -> None:
    for email in (ANN, JO):
        fake.contact(email, account)
        fake.message(email, account)
        if opted_out:
            fake.suppress("unsubscribes", email, account)


class HeldError(Exception):
    """Raised by a closed gate."""


def closed(*collections: str) -> Callable[[str], None]:
    def gate(collection: str) -> None:
        if collection in collections:
            raise HeldError

    return gate


def known_by(kind: str, value: str) -> Subject:
    return Subject.of(Identifier(kind, value, Trust.PROVEN))
