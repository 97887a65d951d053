from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.sandbox.rest import HelpDesk, Newsletter
from connectors.sandbox.serve import Server
from tests.connectors.emptied import emptied


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
    return emptied(help_desk_server, HelpDesk)


@pytest.fixture
def newsletter(newsletter_server: Server) -> Newsletter:
    return emptied(newsletter_server, Newsletter)
