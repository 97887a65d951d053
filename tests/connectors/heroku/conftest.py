from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.sandbox.heroku import HerokuSandbox
from connectors.sandbox.serve import Server
from tests.connectors.heroku.account import Account, plant


@pytest.fixture(scope="module")
def running() -> Iterator[Account]:
    heroku = HerokuSandbox()
    with Server(heroku) as server:
        yield Account(heroku, server)


@pytest.fixture
def account(running: Account) -> Account:
    plant(running.heroku)
    return running
