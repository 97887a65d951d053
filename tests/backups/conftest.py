from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox.world import Sandbox
from tests.backups.desk import Desk

_ADDRESS = re.compile(r"/client/v11/apps/[\w-]+/transfers/\d+/actions/public-url")
_DELETION = re.compile(r"/client/v11/apps/[\w-]+/transfers/\d+")


@pytest.fixture(scope="package")
def running() -> Iterator[Sandbox]:
    with Sandbox(only=("app_db", "heroku")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    """The account anew; the database is left as it is. Whatever a test does, nothing but one deletion was written."""
    store = running.stores["heroku"]
    store.plant(running.now)
    before = copy.deepcopy((store.fake.data.schedules, store.fake.data.facts))
    yield running
    writes = store.fake.writes
    others = [w for w in writes if not (w[0] == "POST" and _ADDRESS.fullmatch(w[1]))]
    assert len(others) <= 1
    assert all(method == "DELETE" and _DELETION.fullmatch(path) for method, path in others)
    schedules, facts = before
    assert schedules == store.fake.data.schedules
    assert facts.items() <= store.fake.data.facts.items(), "continuous protection, followers and forks are as they were"


@pytest.fixture
def desk(sandbox: Sandbox, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(sandbox, tmp_path)
    yield desk
    desk.workspace.close()
