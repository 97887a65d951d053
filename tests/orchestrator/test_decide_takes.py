"""What a deletion would take along decides whether it may be one: by collection, or by window of retention."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from connectors.model import Action, Identifier, Locator, Obstacle, ObstacleKind, Record, Subject, Trust
from orchestrator.decide import Given, decide
from orchestrator.inventory import Inventory
from orchestrator.model import Discovery, Right
from tests.orchestrator.cases import NOW, VERIFICATION
from tests.orchestrator.inventories import MINIMAL, written

CUT = NOW - timedelta(days=365 * 7)
# Orders as in the minimal inventory, whose rule keeps them seven years; their lines are kept as long.
LINES = MINIMAL.replace("covers: [shop/orders]", "covers: [shop/orders, shop/lines]").replace(
    "      grades:",
    """\
      lines:
        age: at
        links: [{fields: order, to: orders, kind: owns}]
        fields: {name: {category: B, disclose: true}}
        plain: [order, at]
      grades:""",
)


def at(name: str, old: bool | None = None) -> Locator:
    since, before = {None: (None, None), True: (None, CUT), False: (CUT, None)}[old]
    return Locator("shop", name, "", since, before)


def record(where: Locator, *takes: str | Locator, **more: object) -> Record:
    age = NOW - timedelta(days=365 * 9) if where.before else NOW - timedelta(days=30)
    return Record(where, 3, age, age, (("name", 3),), takes=takes, **more)  # type: ignore[arg-type]


def actions(folder: Path, *records: Record) -> dict[tuple[str, bool], Action]:
    """(collection, whether it is the old window) -> what is done."""
    inventory = Inventory.load(written(folder, LINES))
    subject = Subject.of(Identifier("email", "ann.lee@example.com", Trust.PROVEN))
    found = Discovery(subject, frozenset(), tuple((0, r) for r in records), (), (), NOW)
    by_ref = {repr(r.at): r.at for r in records}
    plan = decide(found, inventory, Given("r-1", Right.DELETE, "desk", VERIFICATION, (), frozenset(), repr, NOW))
    return {(s.collection, by_ref[s.ref].before is not None): s.action for s in plan.steps}


def test_orders_past_their_time_go_with_their_lines_while_younger_lines_stay(tmp_path: Path) -> None:
    made = actions(
        tmp_path,
        record(at("lines", True)),
        record(at("lines", False)),
        record(at("orders", True), at("lines", True)),
        record(at("orders", False), at("lines", False)),
        record(at("users"), at("orders", True), at("orders", False)),
    )
    assert made == {
        ("lines", True): Action.DELETE,
        ("lines", False): Action.RETAIN,
        ("orders", True): Action.DELETE,
        ("orders", False): Action.RETAIN,
        ("users", False): Action.REDACT,
    }


@pytest.mark.parametrize("taken", ["lines", at("lines"), at("lines", False)])
def test_an_old_order_with_a_young_line_is_redacted(tmp_path: Path, taken: str | Locator) -> None:
    made = actions(
        tmp_path, record(at("lines", True)), record(at("lines", False)), record(at("orders", True), taken)
    )  # fmt: skip
    assert made["orders", True] is Action.REDACT
    assert made["lines", True] is Action.DELETE


def test_what_is_spared_spares_what_takes_it(tmp_path: Path) -> None:
    made = actions(
        tmp_path,
        record(at("lines", False)),
        record(at("orders", True), at("lines", False)),
        record(at("users"), at("orders", True)),
    )
    assert made["orders", True] is made["users", False] is Action.REDACT


def test_rows_that_may_not_be_theirs_spare_nothing(tmp_path: Path) -> None:
    claim = Obstacle(ObstacleKind.CLAIMED, "found only through a field that proves nothing")
    made = actions(tmp_path, record(at("lines"), obstacles=(claim,)), record(at("orders", True), "lines"))
    assert made["orders", True] is Action.DELETE
