from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.sandbox.rest import HelpDesk, Newsletter
from connectors.sandbox.serve import Server


@pytest.fixture(scope="module")
def help_desk_server() -> Iterator[Server]:
    with Server(HelpDesk()) as running:
        yield running


@pytest.fixture(scope="module")
def newsletter_server() -> Iterator[Server]:
    with Server(Newsletter()) as running:
        yield running


@pytest.fixture
def help_desk(help_desk_server: Server) -> HelpDesk:
    app = help_desk_server.faults.app
    assert isinstance(app, HelpDesk)
    app.clear()
    help_desk_server.faults.calls.clear()
    return app


@pytest.fixture
def newsletter(newsletter_server: Server) -> Newsletter:
    app = newsletter_server.faults.app
    assert isinstance(app, Newsletter)
    app.clear()
    newsletter_server.faults.calls.clear()
    return app
