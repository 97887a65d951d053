"""What vendors are told to delete and to keep: in writing where an API cannot say it, with proof and an answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.model import Action, Obstacle, ObstacleKind
from connectors.sandbox.world import Sandbox
from orchestrator.due import Owed
from orchestrator.errors import NotAllowedError, UnknownError
from orchestrator.inventory import Inventory
from orchestrator.model import Right, Role, Step
from orchestrator.notices import instructions
from orchestrator.receipt import Answer
from tests.office import ROOT, Office, dsr
from tests.orchestrator.cases import LATER, plan

STORES = ("app_db", "sendgrid", "calendly")
BY_HAND = (Obstacle(ObstacleKind.BY_HAND, "the API cannot do it"),)


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return Inventory.load(ROOT / "inventory.yaml")


def step(action: Action, system: str = "billing", collection: str = "invoices", **more: object) -> Step:
    return replace(Step("a", system, collection, action, 3, 0, Role.BUSINESS), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "by_api", "delete", "keep"),
    [
        (step(Action.DELETE), 1, 0, 0),
        (step(Action.RETAIN, rule="tax-books-documents"), 0, 0, 1),
        (step(Action.RETAIN, rule="hold"), 0, 0, 1),
        (step(Action.RETAIN, rule="vendor"), 0, 0, 0),
        (step(Action.RETAIN, rule="wish"), 0, 0, 0),
        (step(Action.REDACT, rule="tax-books", keep=("billing_name",)), 1, 0, 1),
        (step(Action.MANUAL, obstacles=BY_HAND), 0, 1, 0),
        (step(Action.MANUAL, role=Role.SERVICE_PROVIDER, rule="service_provider"), 0, 0, 0),
        (step(Action.DELETE, role=Role.SERVICE_PROVIDER), 1, 0, 0),
    ],
)
def test_what_a_vendor_is_told(inventory: Inventory, told: Step, by_api: int, delete: int, keep: int) -> None:
    found = instructions(plan(told), inventory)
    assert len(found) == bool(by_api or delete or keep)
    for one in found:
        assert (len(one.by_api), len(one.delete), len(one.keep)) == (by_api, delete, keep)
        assert one.in_writing == bool(delete or keep)
        assert all(k.use_limit for k in one.keep)
    assert instructions(plan(told, right=Right.ACCESS), inventory) == ()


def test_what_is_kept_is_told_with_its_use_and_its_end(inventory: Inventory) -> None:
    told = step(Action.RETAIN, rule="tax-books-documents", until=LATER)
    ((kept,),) = [i.keep for i in instructions(plan(told), inventory)]
    assert kept.use_limit == "Tax returns, audits and billing disputes only"
    assert kept.until == LATER


def test_vendors_are_told_answer_and_stand_in_the_receipt(tmp_path: Path) -> None:
    proof = tmp_path / "notice.eml"
    proof.write_text("Keep the suppression for that use only.")
    with Sandbox(only=STORES) as sandbox:
        office = Office.over(sandbox, tmp_path / "state", STORES)
        request = office.approved(sandbox.people.subject.email)
        office.service.run(request)
        waiting = {n.instruction.vendor: n for n in office.service.notices(request)}
        assert {"sendgrid", "app_db"} <= set(waiting), "both keep something under an exception"
        assert all(k.until and k.use_limit for n in waiting.values() for k in n.instruction.keep)
        late = office.as_(office.service.actor, datetime.now(UTC) + timedelta(days=31))
        assert {o.system for o in late.due(request) if o.owed is Owed.NOTIFY and o.overdue} == set(waiting)
        with pytest.raises(NotAllowedError, match="was not told yet"):
            office.service.vendor_answered(request, "sendgrid", Answer.DELETED, proof)
        with pytest.raises(UnknownError, match="need not be told"):
            office.service.vendor_notified(request, "nobody", proof)
        for name in waiting:
            office.service.vendor_notified(request, name, proof)
        told = dsr(office, "vendor", "answered", request, "sendgrid", "--answer", "accepted", "--proof", str(proof))
        assert told.returncode == 0, told.stderr
        assert not [o for o in late.due(request) if o.owed is Owed.NOTIFY]
        by_hand = {name for name, n in waiting.items() if n.instruction.delete}
        payload = office.service.run(request).payload
        vendors = {v["name"]: v["answer"] for v in payload["vendors"]}
        assert by_hand <= set(vendors), "who was written to stands in the receipt"
        assert vendors["sendgrid"] != "none"
        statutes = {
            r["exception"]: r["statute"] for r in payload["retained"] if r["exception"] not in ("hold", "vendor")
        }
        assert set(statutes.values()) <= {"D2", "D8", "S1"}
        assert statutes
        kept = b"".join(office.files().values())
        assert b"for that use only" not in kept
        office.close()
