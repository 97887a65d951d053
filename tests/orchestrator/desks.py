"""A privacy desk on any day, over a small inventory and an empty journal, and requests that came to an end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestrator.inventory import Inventory
from orchestrator.model import Right
from orchestrator.receipt import hash_of
from orchestrator.service import Service
from orchestrator.signing import envelope_bytes
from orchestrator.staff import identify
from orchestrator.workspace import Workspace
from tests.orchestrator.inventories import MINIMAL

CANARY = "the-reasons-that-the-letter-gave"
Desk = Callable[[datetime], Service]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The desk on a day."""
    (tmp_path / "inventory.yaml").write_text(MINIMAL + "time_zone: America/Chicago\n")
    inventory = Inventory.load(tmp_path / "inventory.yaml")
    actor = identify(inventory, "", None)
    with Workspace.open(tmp_path / "state", inventory) as workspace:

        def on(now: datetime) -> Service:
            workspace.journal.now = lambda: now
            return Service(workspace, actor, lambda: now)

        yield on


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Ann")
    return file


def on(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 18, 0, tzinfo=UTC)


def asked(desk: Desk, at: datetime, right: Right = Right.DELETE, email: str = "ann@example.com") -> str:
    return desk(at).new_request(right, [("email", email)], "email", at)


def signed(service: Service, request: str, outcome: str, *retained: dict[str, Any]) -> None:
    payload = {"request": request, "outcome": outcome, "retained": list(retained)}
    envelope = envelope_bytes(service.workspace.signing_key.sign(payload))
    before = service.journal.last_receipt_hash()
    service.journal.save_receipt(request, envelope.decode(), hash_of(envelope), before, plan="p", final=True)
    (service.workspace.root / "receipts").mkdir(exist_ok=True)
    (service.workspace.root / "receipts" / f"{request}-1.json").write_bytes(envelope)


def closed(desk: Desk, at: datetime, letter: Path, outcome: str = "complete") -> str:
    request = asked(desk, at)
    service = desk(at)
    signed(service, request, outcome)
    service.journal.append(request, "closed", "s1", {"outcome": outcome})
    service.answer(request, letter)
    return request
