"""What tests of whole requests stand on: the sandbox with a module's `STORES`, and a privacy desk over it. And what no
test leaves to the next."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from connectors.sandbox.world import Sandbox
from tests.office import Office

settings.register_profile("any machine", deadline=None)  # how long a case takes says something of the machine alone
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """The command line narrows the process's own when it is called in it."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


@pytest.fixture(scope="module")
def running(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(only=request.module.STORES) as sandbox:
        yield sandbox


@pytest.fixture
def office(request: pytest.FixtureRequest, running: Sandbox, tmp_path: Path) -> Iterator[Office]:
    """An installation over the stores as they were planted, and all systems that are done by hand."""
    running.replant()
    office = Office.over(running, tmp_path / "state", request.module.STORES)
    yield office
    office.close()
