"""A journal in each kind of database, a desk that writes letters, and a paper to be kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.journal import Journal
from tests.orchestrator import databases
from tests.orchestrator.cases import NOW
from tests.orchestrator.letter_desk import box, desk, request_, today  # noqa: F401


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with databases.postgres(tmp_path_factory.mktemp("pg")) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "state" / "journal.sqlite")
    return databases.emptied(request.getfixturevalue("server"))


@pytest.fixture
def journal(where: str) -> Iterator[Journal]:
    with Journal.open(where, now=lambda: NOW) as opened:
        yield opened


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    file = tmp_path / "paper.pdf"
    file.write_bytes(b"I declare under penalty of perjury")
    return file
