"""What backups of a DynamoDB table still hold stands in every later plan of the request."""

from __future__ import annotations

from pathlib import Path

from connectors.model import Action
from connectors.sandbox.world import Sandbox
from tests.office import Office


def test_backups_are_retained_with_a_date_and_found_again_when_the_items_are_gone(tmp_path: Path) -> None:
    with Sandbox(only=("app_db", "files", "tables")) as sandbox:
        office = Office.over(sandbox, tmp_path / "state", ["app_db", "activity"])
        try:
            request = office.approved(sandbox.people.subject.email)
            first = office.service.show_plan(request).plan
            held = [s for s in first.steps if (s.system, s.collection) == ("activity", "backups")]
            assert [s.action for s in held] == [Action.RETAIN]
            assert held[0].until is not None
            done = office.service.run(request)
            steps = [s for s in done.payload["steps"] if s["system"] == "activity"]
            assert {s["collection"]: s["standing"] for s in steps} == {
                "visits": "gone", "devices": "gone", "backups": "retained",
            }  # fmt: skip
            kept = [r for r in done.payload["retained"] if r["system"] == "activity"]
            assert [(r["collection"], bool(r["until"])) for r in kept] == [("backups", True)]
            later = [s for s in office.service.plan(request).plan.steps if s.system == "activity"]
            assert [(s.collection, s.action, s.until) for s in later] == [("backups", Action.RETAIN, held[0].until)]
        finally:
            office.close()
