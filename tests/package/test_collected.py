"""The statute's lists are about this person: what was found of theirs, and who got that."""

from __future__ import annotations

from datetime import date

from connectors.model import Action, Obstacle, ObstacleKind
from orchestrator.collected import lists
from orchestrator.model import Role, Step
from tests.office import inventory
from tests.orchestrator.cases import plan

PERIOD = date(2025, 11, 24), date(2026, 11, 24)


def found(system: str, collection: str, categories: tuple[str, ...], *obstacles: Obstacle) -> Step:
    return Step(
        collection, system, collection, Action.RETAIN, 1, 0, Role.BUSINESS,
        categories=categories, fields=("email",), obstacles=obstacles,
    )  # fmt: skip


def test_only_what_was_found_is_listed_with_who_got_it() -> None:
    held = inventory()
    told = lists(held, plan(found("app_db", "public.users", ("A", "B"))), *PERIOD)
    assert [c.code for c in told.collected] == ["A", "B"]
    assert {c.disclosed_to for c in told.collected} == {("Cloud hosting provider",)}
    assert {c.sold_or_shared_to for c in told.collected} == {()}
    assert all(c.name and c.sources and c.purposes for c in told.collected)
    more = lists(
        held, plan(found("app_db", "public.users", ("A",)), found("billing", "customers", ("A", "D"))), *PERIOD
    )
    assert more.collected[0].disclosed_to == ("Cloud hosting provider", "Payment processor")


def test_what_is_not_clearly_theirs_is_not_listed() -> None:
    claimed = found("billing", "customers", ("A",), Obstacle(ObstacleKind.CLAIMED, "only claimed"))
    assert lists(inventory(), plan(claimed), *PERIOD).collected == ()
