"""A desk that writes letters: its inventory, the server that takes them, and a request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.inventory import Inventory
from orchestrator.model import Right
from orchestrator.service import Service
from orchestrator.staff import identify
from orchestrator.workspace import Workspace
from tests.orchestrator.inventories import MINIMAL, written
from tests.postbox import Postbox, postbox

RECEIVED = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ANN = "ann@example.com"
LETTERS = """\
recipients:
  - id: host
    title: Shop Hosting Inc
    category: Hosting provider
    capacity: service_provider
    contract: "yes"
    owner: engineering
    notice: A ticket in the host's console
    gets: [{what: [shop], purposes: [Hosting], sold: "no", shared: "no", direct_marketing: "no"}]
letters:
  address: [1 Office Road]
  reply_to: privacy@office.example
  signed_by: Privacy desk
  message_ids: letters.office.example
  channel: {kind: smtp, sender: desk@office.example, host: 127.0.0.1, port: "env:MAIL_PORT", security: none}
"""
Desk = Callable[[datetime], Service]


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Postbox]:
    with postbox() as box:
        monkeypatch.setenv("MAIL_PORT", str(box.port))
        yield box


@pytest.fixture
def desk(tmp_path: Path, box: Postbox) -> Iterator[Desk]:
    yield from desk_of(tmp_path, MINIMAL + LETTERS)


def desk_of(folder: Path, text: str) -> Iterator[Desk]:
    inventory = Inventory.load(written(folder, text))
    actor = identify(inventory, "", None)
    with Workspace.open(folder / "state", inventory) as workspace:

        def on(now: datetime) -> Service:
            workspace.journal.now = lambda: now
            return Service(workspace, actor, lambda: now)

        yield on


@pytest.fixture
def today(desk: Desk) -> Service:
    return desk(RECEIVED + timedelta(days=3))


@pytest.fixture
def request_(today: Service) -> str:
    return today.new_request(Right.DELETE, [("email", ANN)], "email", RECEIVED)
