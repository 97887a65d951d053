"""One AWS sandbox for all tests of a module, empty at the start of each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.sandbox.aws import AwsSandbox


@pytest.fixture(scope="module")
def running() -> Iterator[AwsSandbox]:
    with AwsSandbox() as sandbox:
        yield sandbox


@pytest.fixture
def aws(running: AwsSandbox) -> AwsSandbox:
    running.reset()
    running.faults.calls.clear()
    return running
