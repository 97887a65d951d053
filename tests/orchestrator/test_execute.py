"""Execution over connectors in memory: who waits for whom, and what is asked again."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.errors import ChangedError, TransientError
from connectors.model import (
    Action,
    Artifact,
    Capabilities,
    Identifier,
    Locator,
    Order,
    Outcome,
    Record,
    Status,
    Subject,
    Trust,
)
from orchestrator.canonical import digest
from orchestrator.execute import execute
from orchestrator.journal import Journal
from orchestrator.model import Plan, StepResult
from tests.orchestrator.cases import plan, step

NOW = datetime(2026, 3, 2, tzinfo=UTC)
NOBODY = Subject.of()
TOLD = Subject.of(
    Identifier("email", "a@example.com", Trust.PROVEN, "request"),
    Identifier("user_id", "u-1", Trust.ASSIGNED, "accounts/users"),
    Identifier("customer", "c-1", Trust.ASSIGNED, "payments/customers"),
)


class Recording:
    """A connector that says when it deletes, and may be held up or fail."""

    def __init__(self, system: str, log: list[str], error: Exception | None = None, needs: str = "email") -> None:
        self.system, self._log, self._error = system, log, error
        self.capabilities = Capabilities(frozenset({needs}))
        self.may_go = threading.Event()
        self.may_go.set()
        self.orders: list[Order] = []

    def check(self) -> None: ...

    def locate(self, subject: Subject) -> Iterator[Record]:
        return iter(())

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        return iter(())

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        self._log.append(f"{self.system} begins")
        assert self.may_go.wait(10)
        self.orders += orders
        for order in orders:
            if self._error:
                raise self._error
            yield Outcome(order.at, Status.DONE, order.count)
        self._log.append(f"{self.system} ends")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.sqlite", now=lambda: NOW) as opened:
        yield opened


def made(*places: tuple[str, int], sources: tuple[str, ...] = ()) -> Plan:
    steps = [replace(step(f"{system}-{hop}", Action.DELETE), system=system, hop=hop) for system, hop in places]
    return replace(plan(*steps), sources=sources)


def carried_out(wanted: Plan, systems: Sequence[Recording], journal: Journal) -> list[tuple[str, str]]:
    journal.save_plan(wanted)
    locators = {s.ref: Locator(s.system, s.collection) for s in wanted.steps}
    by_name = {s.system: s for s in systems}
    troubles = execute(wanted, digest(wanted), TOLD, locators, by_name, journal, now=lambda: NOW)
    return [(t.system, t.message) for t in troubles]


def test_the_system_that_told_where_to_look_is_the_last_to_forget(journal: Journal) -> None:
    log: list[str] = []
    opened = {"accounts": "email", "payments": "user_id", "files": "customer"}
    accounts, payments, files = (Recording(n, log, needs=kind) for n, kind in opened.items())
    wanted = made(("accounts", 0), ("payments", 1), ("files", 2), sources=("accounts", "payments"))
    assert carried_out(wanted, [accounts, payments, files], journal) == []
    assert log == [f"{n} {what}" for n in ("files", "payments", "accounts") for what in ("begins", "ends")]


@pytest.mark.parametrize("sources", [(), ("payments",)], ids=["to nobody", "to another"])
def test_a_system_waits_for_none_it_did_not_lead_to(journal: Journal, sources: tuple[str, ...]) -> None:
    log: list[str] = []
    mail, files = Recording("payments", log), Recording("files", log, needs="user_id")
    files.may_go.clear()
    wanted = made(("payments", 0), ("files", 1), sources=sources)
    worker = threading.Thread(target=lambda: carried_out(wanted, [mail, files], journal))
    worker.start()
    for _ in range(1000):
        if "payments ends" in log:
            break
        threading.Event().wait(0.005)
    files.may_go.set()
    worker.join()
    assert log.index("payments ends") < log.index("files ends")


def test_a_source_does_not_forget_while_a_farther_system_failed(journal: Journal) -> None:
    log: list[str] = []
    accounts = Recording("accounts", log)
    mail = Recording("mail", log)
    files = Recording("files", log, TransientError("files", "listing: HTTP 500"), needs="user_id")
    wanted = made(("accounts", 0), ("mail", 0), ("files", 1), sources=("accounts",))
    troubles = dict(carried_out(wanted, [accounts, mail, files], journal))
    assert set(troubles) == {"accounts", "files"}
    assert accounts.orders == []
    assert "mail ends" in log, "others are not held up"
    mended = Recording("files", log, needs="user_id")
    assert carried_out(wanted, [accounts, mail, mended], journal) == []
    assert log[-2:] == ["accounts begins", "accounts ends"]
    assert len(mail.orders) == 1, "what has an outcome is not asked again"


def test_changed_data_is_told_apart_from_trouble(journal: Journal) -> None:
    files = Recording("files", [], ChangedError("files", "4 found, the plan has 3"))
    wanted = made(("files", 0))
    journal.save_plan(wanted)
    locators = {s.ref: Locator(s.system, s.collection) for s in wanted.steps}
    (trouble,) = execute(wanted, digest(wanted), NOBODY, locators, {"files": files}, journal)
    assert trouble.changed
    assert journal.outcomes(digest(wanted)) == {}


def test_run_again_a_system_still_sees_what_the_plan_keeps(journal: Journal) -> None:
    """What stays was answered before; the rest may be refused because of it."""
    actions = {"kept": Action.RETAIN, "left": Action.MANUAL, "gone": Action.DELETE, "goes": Action.DELETE}
    wanted = plan(*(replace(step(ref, action), system="files") for ref, action in actions.items()))
    journal.save_plan(wanted)
    for ref, status in (("kept", Status.RETAINED), ("left", Status.MANUAL), ("gone", Status.DONE)):
        journal.outcome(digest(wanted), ref, StepResult(ref, status, 3, NOW))
    files = Recording("files", [])
    assert carried_out(wanted, [files], journal) == []
    assert [(o.at.collection, o.action) for o in files.orders] == [
        ("things_kept", Action.RETAIN), ("things_left", Action.MANUAL), ("things_goes", Action.DELETE),
    ]  # fmt: skip
    assert set(journal.outcomes(digest(wanted))) == set(actions)
    again = Recording("files", [])
    assert carried_out(wanted, [again], journal) == []
    assert again.orders == [], "with nothing left to do nobody is asked"
