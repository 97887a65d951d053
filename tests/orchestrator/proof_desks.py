"""A privacy desk on any day, over a small inventory whose systems nobody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.inventory import Inventory
from orchestrator.model import Level, Right
from orchestrator.service import Service
from orchestrator.staff import identify
from orchestrator.workspace import Workspace
from tests.orchestrator.inventories import MINIMAL

POINTS = """\
points:
  phone: {title: Telephone, held: [shop/users.email], compare: digits}
  name: {title: Name, held: [shop/orders.name], weak: true}
"""
Desk = Callable[[datetime], Service]
RECEIVED = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


@contextmanager
def desk_at(folder: Path, regime: str = "ccpa", more: str = "") -> Iterator[Desk]:
    """The desk, under a law."""
    text = MINIMAL.replace("regime: ccpa", f"regime: {regime}").replace(
        "exception: D8", "exception: " + ("GDPR-17-3-b" if regime == "gdpr" else "D8")
    )
    (folder / "inventory.yaml").write_text(text + POINTS + more)
    inventory = Inventory.load(folder / "inventory.yaml")
    with Workspace.open(folder / "state", inventory) as workspace:

        def on(now: datetime) -> Service:
            workspace.journal.now = lambda: now
            return Service(workspace, identify(inventory, "", None), lambda: now)

        yield on


def asked(desk: Desk, right: Right = Right.DELETE, received: datetime = RECEIVED, email: str = "a@example.com") -> str:
    return desk(received).new_request(right, [("email", email)], "email", received)


def on(month: int, day: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, 18, 0, tzinfo=UTC)


def matched(desk: Desk, request: str, **points: str) -> None:
    """As if the program had compared these points, with these answers."""
    told = {"points": [[name, answer] for name, answer in points.items()]}
    desk(RECEIVED).journal.append(request, "compared", "desk", told)


def verified(
    desk: Desk, request: str, now: datetime = RECEIVED, level: Level = Level.REASONABLE, basis: str = ""
) -> None:
    desk(now).verify(request, level, "points", ["face"] if basis else [], ["email"], basis)
