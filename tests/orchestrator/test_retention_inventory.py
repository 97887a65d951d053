"""Retention periods in the inventory: what is read, what is refused, and when runs are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from orchestrator.errors import InventoryError
from orchestrator.inventory import Inventory
from orchestrator.inventory.crontab import Crontab
from tests.orchestrator.inventories import MINIMAL, written

CHICAGO = ZoneInfo("America/Chicago")
RETENTION = "        retention: {{period: {period}, basis: Not needed, owner: engineering{more}}}\n"


def with_period(tmp_path: Path, period: str = "8 years", more: str = "", role: str = "business") -> Inventory:
    text = MINIMAL.replace("        age: at\n", f"        age: at\n{RETENTION.format(period=period, more=more)}", 1)
    text = text.replace("    role: business\n", f"    role: {role}\n", 1)
    if role != "business":
        text = text.replace("  - id: tax\n", f"  - id: tax\n    role: {role}\n", 1)
    return Inventory.load(written(tmp_path, text))


def test_a_period_is_counted_from_the_age_unless_another_field_is_named(tmp_path: Path) -> None:
    schedule = with_period(tmp_path).systems["shop"].collections["orders"].retention
    assert schedule
    assert (schedule.counted_from, schedule.action, schedule.by_machine) == ("at", "delete", True)
    assert schedule.period == timedelta(days=2922)
    event = with_period(tmp_path, more=", event: the end of the contract").systems["shop"].collections["orders"]
    assert event.retention
    assert not event.retention.by_machine


@pytest.mark.parametrize(
    ("period", "more", "role", "said"),
    [
        ("6 years", "", "business", "orders is kept for 7 years under the rule tax: not shorter than that"),
        ("8 years", ", counted_from: atx", "business", "is neither under `fields` nor under `plain`; did you mean"),
        ("8 years", ", along: [lines]", "business", "shop has no collection 'lines'"),
        ("8 years", ", action: redact, along: [users]", "business", "here nothing is deleted"),
        ("8 years", ", counted_from: at, event: the end", "business", "keep one"),
        ("8 years", "", "service_provider", "the term of the contract under which it is purged"),
        ("soon", "", "business", "a period such as"),
    ],
)
def test_what_is_refused(tmp_path: Path, period: str, more: str, role: str, said: str) -> None:
    with pytest.raises(InventoryError, match="retention") as refused:
        with_period(tmp_path, period, more, role)
    assert said in str(refused.value)


def test_data_of_an_organisation_is_purged_under_its_instruction(tmp_path: Path) -> None:
    held = with_period(tmp_path, more=", instruction: Contract of 2026 section 9", role="service_provider")
    schedule = held.systems["shop"].collections["orders"].retention
    assert schedule
    assert schedule.instruction == "Contract of 2026 section 9"


@pytest.mark.parametrize(
    ("expression", "after", "then"),
    [
        ("30 3 * * *", "2026-03-07T12:00", "2026-03-08T08:30"),  # the day on which clocks change there
        ("30 3 * * *", "2026-11-25T09:30", "2026-11-26T09:30"),
        ("*/15 * * * *", "2026-11-25T09:31", "2026-11-25T09:45"),
        ("0 2 * * 0", "2026-11-25T00:00", "2026-11-29T08:00"),
        ("0 2 * * 7", "2026-11-25T00:00", "2026-11-29T08:00"),
        ("0 0 1,15 * 1", "2026-11-25T12:00", "2026-11-30T06:00"),  # either day will do
        ("0 12 29 2 *", "2026-01-01T00:00", "2028-02-29T18:00"),
        ("0 1-23/11 * * *", "2026-11-25T08:00", "2026-11-25T18:00"),
    ],
)
def test_when_a_cron_expression_comes_next(expression: str, after: str, then: str) -> None:
    found = Crontab.of(expression).after(datetime.fromisoformat(after).replace(tzinfo=UTC), CHICAGO)
    assert found == datetime.fromisoformat(then).replace(tzinfo=UTC)


@pytest.mark.parametrize("wrong", ["* * * *", "61 * * * *", "0 0 30 2 *", "x * * * *", "5-1 * * * *", "*/0 * * * *"])
def test_what_is_no_cron_expression(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"cron|outside"):
        Crontab.of(wrong)
