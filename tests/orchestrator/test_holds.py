"""Legal holds with a span, a case and an owner; those of former versions are read as ever."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrator import canonical
from orchestrator.model import Hold


def on(year: int, month: int = 1) -> datetime:
    return datetime(year, month, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("oldest", "newest", "held"),
    [
        (on(2023), on(2023, 12), False),
        (on(2023), on(2024), True),
        (on(2024, 5), on(2024, 6), True),
        (on(2024, 7), on(2025), False),
        (on(2023), on(2026), True),
        (None, None, True),
        (None, on(2023), False),
    ],
)
def test_a_span_reaches_what_may_lie_in_it(oldest: datetime | None, newest: datetime | None, held: bool) -> None:
    hold = Hold("h-1", "a claim", "desk", on(2026), on(2027), person="tag", since=on(2024), before=on(2024, 7))
    assert hold.reaches(oldest, newest) is held


def test_what_former_versions_wrote_is_still_read() -> None:
    written = {
        "id": "h-1", "reason": "a claim", "by": "desk", "placed": "2025-01-01T00:00:00.000000Z",
        "review": "2026-01-01T00:00:00.000000Z", "person": "tag", "organisation": "", "collection": "",
        "released": None,
    }  # fmt: skip
    hold = canonical.decode(Hold, written)
    assert (hold.case, hold.since, hold.preservation) == ("", None, False)
    assert hold.reaches(on(1999), on(1999))
