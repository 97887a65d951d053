"""One record as JSON lines, without other people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from connectors.calendly.api import Row
from connectors.calendly.search import Search, of_event
from connectors.calendly.selection import SHARED, bookings_at, rows_at
from connectors.calendly.settings import BOOKINGS, RECAPS, UPCOMING
from connectors.model import Artifact, CollectionSpec, Locator

_CONTENT = frozenset({"summary_md", "action_items_md", "discussion_md", "transcript"})  # what others said too
_OTHERS = "content shared with other people"


def artifact(search: Search, spec: CollectionSpec, at: Locator) -> Artifact:
    """The rows of one record; the fields are those that the inventory discloses."""
    rows = list(_rows(search, at))
    shown = spec.disclosed
    present = {name for row in rows for name, value in row.items() if value not in (None, "", [])}
    if at.collection == RECAPS and rows:
        present.add("transcript")  # fetched only where it is disclosed
    withheld: set[str] = set()
    if at.collection == RECAPS and at.key == SHARED:
        shown = tuple(name for name in shown if name not in _CONTENT)
        withheld = {_OTHERS} if present & _CONTENT else set()
        present -= _CONTENT
    withheld |= set(spec.withheld(present))
    chunks = (json.dumps(_line(search, row, shown), default=str).encode() + b"\n" for row in rows)
    return Artifact(f"{at.collection}.jsonl", "application/jsonl", chunks, tuple(sorted(withheld)))


def _line(search: Search, row: Row, shown: Sequence[str]) -> Row:
    line = {name: row[name] for name in shown if name in row}
    if isinstance(people := line.get("attendees"), list):
        line["attendees"] = [p for p in people if search.is_mine(p.get("email") if isinstance(p, dict) else p)]
    if "transcript" in shown and (transcript := search.transcript(row)) is not None:
        line["transcript"] = transcript
    return line


def _rows(search: Search, at: Locator) -> Iterator[Row]:
    if at.collection in (BOOKINGS, UPCOMING):
        for booking in bookings_at(search, at):
            yield from ({**invitee, **of_event(booking.event)} for invitee in booking.mine)
    else:
        yield from rows_at(search, at)
