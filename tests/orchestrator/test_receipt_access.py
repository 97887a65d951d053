"""Receipts of access requests: what people still have to gather, and what their word settles."""

from __future__ import annotations

from dataclasses import replace

from connectors.model import Action, Obstacle, ObstacleKind
from orchestrator.confirm import confirm
from orchestrator.model import Attested, Coverage, Right
from orchestrator.receipt import Disclosed, Fulfilment
from tests.orchestrator.cases import LATER, NOW, built, case, plan, searched, step


def test_what_is_not_clearly_theirs_alone_is_by_hand_of_itself_and_not_its_whole_collection() -> None:
    doubt = (Obstacle(ObstacleKind.CLAIMED, "typed by somebody"),)
    own = step("a", Action.RETAIN, collection="users")
    other = step("b", Action.MANUAL, collection="users", obstacles=doubt)
    made = plan(own, other, right=Right.ACCESS)
    left_out = (("shop/users", "not clearly this person's alone: typed by somebody"),)
    told = replace(case(made), disclosed=Disclosed(1, 10, "sha256:0", left_out))
    assert {s["ref"]: s["standing"] for s in built(told)["steps"]} == {"a": "disclosed", "b": "by_hand"}
    silent = replace(told, disclosed=Disclosed(1, 10, "sha256:0", (("shop/users", "the API cannot"),)))
    assert {s["standing"] for s in built(silent)["steps"]} == {"by_hand"}


def test_a_word_settles_what_is_by_hand_of_an_access_request() -> None:
    """Nothing is carried out for an access request, so that no step of it has an outcome."""
    by_hand = step("b", Action.MANUAL, count=0, system="web", collection="*")
    manual = searched("web", Coverage.MANUAL_OPEN)
    made = plan(step("a", Action.RETAIN, rule="access"), by_hand, right=Right.ACCESS, coverage=(searched(), manual))
    read = confirm(made, {}, made, {"shop": True}, LATER)
    left_out = (("web/*", "by hand: marketing"),)
    told = replace(case(made, confirmation=read), disclosed=Disclosed(1, 10, "sha256:0", left_out))
    assert built(told)["outcome"] == Fulfilment.OPEN
    payload = built(replace(told, attested=(Attested("b", "s2", NOW, evidence="sha256:1"),)))
    assert {s["ref"]: s["standing"] for s in payload["steps"]} == {"a": "disclosed", "b": "attested, not verified"}
    assert (payload["outcome"], payload["final"]) == (Fulfilment.COMPLETE, True)
