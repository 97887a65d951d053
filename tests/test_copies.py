"""Copies that hold everybody, over a whole request: dated, never forgotten, raised for nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.memory import MemoryConnector
from connectors.model import CollectionSpec, FieldSpec, Identifier, IdentitySpec, Subject, SystemSpec, Trust
from connectors.sandbox.training_tracker.backups import APP
from connectors.sandbox.world import Sandbox
from orchestrator.discover import discover
from orchestrator.errors import InventoryError
from orchestrator.inventory import Inventory
from orchestrator.ledger import erasures
from orchestrator.model import Coverage, Discovery
from tests.office import ROOT, Office

SYSTEM = "app_db_backups"
STORES = ("app_db", "heroku")


@pytest.fixture
def office(running: Sandbox, tmp_path: Path) -> Iterator[Office]:
    running.replant()
    office = Office.over(running, tmp_path / "state", ("app_db", SYSTEM))
    yield office
    office.close()


def standings(payload: dict[str, Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for step in payload["steps"]:
        if step["system"] == SYSTEM:
            found.setdefault(step["collection"], set()).add(step["standing"])
    return found


DATED = {"scheduled_backups", "followers", "logplex"}


def test_the_receipt_keeps_every_copy_when_the_source_is_clean(office: Office) -> None:
    subject = office.sandbox.people.subject
    state = office.sandbox.stores["heroku"].of(subject)
    payload = office.erase(subject.email).payload
    found = standings(payload)
    assert all(found[name] == {"retained"} for name in DATED)
    assert found["manual_backups"] == found["forks"] == found["dataclips"] == {"by_hand"}
    retained = [r for r in payload["retained"] if r["system"] == SYSTEM]
    assert all(r["until"] and r["exception"] == "vendor" for r in retained)
    again = next(s["again"] for s in payload["systems"] if s["system"] == SYSTEM)
    assert again["records"] > 0, "found by the second search, too, after the person is gone from the source"
    assert office.sandbox.stores["heroku"].of(subject) == state, "and nothing was changed"


def held(office: Office, request: str) -> set[str]:
    """Until when the database held the person, as the latest plan of a request knows it."""
    digest = office.service.show_plan(request).digest
    kept = office.workspace.vault.open(request).get_json(f"plan:{digest}")["subject"]["identifiers"]
    return {i["value"] for i in kept if i["kind"] == "app_db.held_until"}


def test_a_later_plan_still_knows_of_the_copies(office: Office) -> None:
    request = office.approved(office.sandbox.people.subject.email)
    known = held(office, request)
    first = {s.ref for s in office.service.show_plan(request).plan.steps if s.system == SYSTEM}
    office.service.run(request)
    planned = office.service.plan(request)
    assert held(office, request) >= known
    assert {s.ref for s in planned.plan.steps if s.system == SYSTEM} == first


def test_time_and_people_end_what_a_search_then_no_longer_finds(office: Office, tmp_path: Path) -> None:
    subject = office.sandbox.people.subject
    request = office.approved(subject.email)
    office.service.run(request)
    fake = office.sandbox.stores["heroku"].fake
    proof = tmp_path / "proof.png"
    proof.write_bytes(b"a picture")
    for step in office.service.manual_steps(request):
        if step.system == SYSTEM:
            office.service.manual_done(step.ref, "engineering", proof)
    fake.data.transfers[APP] = [t for t in fake.data.transfers[APP] if t["schedule"]]
    found = standings(office.service.run(request).payload)
    assert found["manual_backups"] == {"gone"}, "deleted by hand, and the search shows it"
    assert found["dataclips"] == found["downloads"] == {"attested, not verified"}, "nothing can look into these"
    assert found["scheduled_backups"] == {"retained"}


def test_what_a_rule_keeps_in_the_source_holds_no_obligation_open(office: Office) -> None:
    """Rows that stay are in every new backup; the step is about the backups of before the erasure."""
    request = office.approved(office.sandbox.people.subject.email)
    office.service.run(request)
    later = datetime.now(UTC) + timedelta(days=60)
    fake = office.sandbox.stores["heroku"].fake
    fake.now = later
    fake.data.transfers[APP] = []
    fake.data.schedules.clear()
    for days in range(7):
        fake.data.take(APP, days, scheduled=True)
    payload = office.as_(office.service.actor, later).run(request).payload
    found = standings(payload)
    assert found["scheduled_backups"] == {"gone"}
    assert any(s["system"] == "app_db" and s["standing"] == "retained" for s in payload["steps"])


def test_a_word_does_not_outweigh_a_backup_that_is_still_there(office: Office, tmp_path: Path) -> None:
    request = office.approved(office.sandbox.people.subject.email)
    office.service.run(request)
    proof = tmp_path / "proof.png"
    proof.write_bytes(b"a picture")
    (step,) = (s for s in office.service.manual_steps(request) if s.collection == "manual_backups")
    office.service.manual_done(step.ref, "engineering", proof)
    assert standings(office.service.run(request).payload)["manual_backups"] == {"still_there"}


def test_the_ledger_remembers_as_long_as_a_copy_could_bring_the_person_back(office: Office, tmp_path: Path) -> None:
    """A fork or a manual backup has no end: until somebody has seen to each, nor has the ledger's entry."""
    request = office.approved(office.sandbox.people.subject.email)
    office.service.run(request)

    def until() -> datetime | None:
        return next(e.until for e in erasures(office.service.journal) if e.system == "app_db")

    assert until() is None
    fake = office.sandbox.stores["heroku"].fake
    proof = tmp_path / "proof.png"
    proof.write_bytes(b"a picture")
    for step in office.service.manual_steps(request):
        if step.system == SYSTEM:
            office.service.manual_done(step.ref, "engineering", proof)
    office.service.run(request)
    assert until() is None, "a manual backup is still found, whatever was said"
    fake.data.transfers[APP] = [t for t in fake.data.transfers[APP] if t["schedule"]]
    found = standings(office.service.run(request).payload)
    assert "still_there" not in {one for some in found.values() for one in some}
    ends = until()
    assert ends is not None
    assert ends >= datetime.now(UTC) + timedelta(days=399)


def test_nobody_else_has_copies(office: Office) -> None:
    payload = office.erase("nobody.here@example.net").payload
    assert standings(payload) == {}
    coverage = {s["system"]: s["coverage"] for s in payload["systems"]}
    assert (coverage["app_db"], coverage[SYSTEM]) == ("searched", "not_searchable")


# Discovery

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def memory(name: str, rows: list[dict[str, Any]], *kinds: str) -> MemoryConnector:
    identities = tuple(IdentitySpec(kind, kind, Trust.PROVEN) for kind in kinds)
    spec = CollectionSpec("rows", identities, (), (FieldSpec("note", "A"),))
    return MemoryConnector(SystemSpec(name, "memory", {"rows": {"rows": rows}}, {}, (spec,)))


class Copies(MemoryConnector):
    """Notes for whom it was asked."""

    def locate(self, subject: Subject) -> Any:
        self.asked = subject
        return iter(())


def search(source: MemoryConnector, *given: Identifier) -> tuple[Discovery, Copies]:
    spec = CollectionSpec("rows", (IdentitySpec("shop.held_until", "at", Trust.ASSIGNED),))
    copied = Copies(SystemSpec("copies", "memory", {"rows": {"rows": []}}, {}, (spec,)))
    found = discover(
        given, {"shop": source, "copies": copied}, not_connected={}, authorities={},
        normalise=lambda kind, value: value, now=lambda: NOW,
    )  # fmt: skip
    return found, copied


ANN = Identifier("email", "ann@example.com", Trust.PROVEN)


def test_whoever_is_in_the_source_is_looked_for_in_its_copies() -> None:
    found, copied = search(memory("shop", [{"email": "ann@example.com"}], "email"), ANN)
    assert copied.asked.values("shop.held_until") == ("2026-11-28T00:00:00Z",)
    assert found.conflicts == ()


@pytest.mark.parametrize("rows", [[], [{"email": "bob@example.com"}]])
def test_whoever_is_not_in_the_source_opens_no_copies(rows: list[dict[str, Any]]) -> None:
    found, copied = search(memory("shop", rows, "email"), ANN)
    assert not hasattr(copied, "asked")
    assert {s.system: s.coverage for s in found.coverage}["copies"] is Coverage.NOT_SEARCHABLE


def test_a_claimed_row_is_no_evidence() -> None:
    claimed = IdentitySpec("email", "email", Trust.CLAIMED)
    proven = IdentitySpec("email", "other", Trust.PROVEN)
    spec = CollectionSpec("rows", (proven, claimed), (), (FieldSpec("note", "A"),))
    rows = {"rows": {"rows": [{"email": "ann@example.com"}]}}
    _, copied = search(MemoryConnector(SystemSpec("shop", "memory", rows, {}, (spec,))), ANN)
    assert not hasattr(copied, "asked")


def test_a_system_that_holds_its_own_copies_does_not_chase_itself() -> None:
    found, _ = search(memory("shop", [{"email": "ann@example.com"}], "email", "shop.held_until"), ANN)
    assert found.conflicts == ()


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ("app_bd", "there is no system 'app_bd'; did you mean"),
        ("cupboard", "is done by hand"),
        ("billing", "not declared"),
    ],
)
def test_copies_of_what_is_no_source_are_a_mistake_of_the_inventory(tmp_path: Path, named: str, says: str) -> None:
    text = (ROOT / "inventory.yaml").read_text().replace("copies_of: [app_db]", f"copies_of: [{named}]")
    text += (
        "  cupboard: {title: Paper, manual: true, sources: [Letters], purposes: [Records], owner: office,\n"
        "    instructions: Look through it}\n"
    )
    (tmp_path / "inventory.yaml").write_text(text)
    with pytest.raises(InventoryError, match=says):
        Inventory.load(tmp_path / "inventory.yaml")


def test_the_second_search_is_as_sure_as_the_first_when_time_has_passed(office: Office) -> None:
    """Long after the erasure only what has no end, and what was made before it, is found."""
    long_ago = datetime.now(UTC) - timedelta(days=60)
    held = Identifier("app_db.held_until", long_ago.isoformat(), Trust.ASSIGNED)
    connector = office.workspace.connector(SYSTEM, office.service.now())
    found = {r.at.collection for r in connector.locate(Subject.of(replace(held)))}
    assert found.isdisjoint(DATED)
    assert "manual_backups" in found
