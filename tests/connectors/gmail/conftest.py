from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors.gmail import GmailConnector, connect
from connectors.model import CollectionSpec, Record, Secret, Subject, SystemSpec
from connectors.sandbox.gmail import GmailFake
from connectors.sandbox.serve import Server
from tests.connectors.gmail.office import ADMIN, ANN, BILLING, DESK, OFFICE, SUBJECT

Connect = Callable[..., GmailConnector]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(GmailFake()) as running:
        yield running


@pytest.fixture
def fake(server: Server) -> GmailFake:
    """An account with two mailboxes and an administrator without one."""
    app = server.faults.app
    assert isinstance(app, GmailFake)
    app.clear()
    app.admins = {ADMIN}
    app.user(DESK, aliases=[f"help@{OFFICE}"])
    app.user(BILLING)
    app.user(ADMIN, setup=False)
    server.faults.calls.clear()
    return app


@pytest.fixture
def connected(server: Server, fake: GmailFake) -> Connect:
    """Builds a connector to the running sandbox; keywords change its settings."""

    def build(collections: tuple[CollectionSpec, ...] = (), gate: Any = None, **settings: Any) -> GmailConnector:
        given = {
            "base_url": server.url,
            "directory_url": server.url,
            "timeout": 30.0,
            "domains": [OFFICE],
            "directory_admin": ADMIN,
            "vault": False,
        }
        secrets = {"service_account": Secret(fake.tokens.service_account(server.url))}
        spec = SystemSpec("mail", "gmail", given | settings, secrets, collections, sandbox=True)
        return connect(spec if gate is None else replace(spec, gate=gate))

    return build


@pytest.fixture
def located(connected: Connect) -> Callable[..., dict[tuple[str, str], int]]:
    """What is located of the subject: (collection, key) -> count."""

    def locate(subject: Subject = SUBJECT, **settings: Any) -> dict[tuple[str, str], int]:
        return {(r.at.collection, r.at.key): r.count for r in connected(**settings).locate(subject)}

    return locate


def only(records: list[Record], collection: str) -> Record:
    found = [record for record in records if record.at.collection == collection]
    assert len(found) == 1, f"{len(found)} records of {collection}"
    return found[0]


__all__ = ["ANN", "Connect", "only"]
