"""Lines as records: counted by window of age, dated by the group's retention, shown as far as disclosed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connectors.aws.logs.group import Description, Line
from connectors.model import CollectionSpec, Locator, Obstacle, ObstacleKind, Record
from connectors.traces import Traces

FIELDS = ("timestamp", "stream", "message")
_HELD = (
    "CloudWatch Logs deletes no single line: lines go with the group's retention, up to 72 hours later; lower the "
    "retention if lines are not needed for so long, and do not raise it again within 72 hours"
)
_FOR_EVER = (
    "the log group keeps its lines for ever: set a retention (PutRetentionPolicy), and do not raise it within 72 hours "
    "after the lines have become older than it; or delete a stream or group that holds nothing else"
)
_OVERDUE = "lines are there 72 hours after the group's retention: see whether it was raised meanwhile, and set it again"


@dataclass(slots=True)
class Tally:
    """How many lines there are, and the ends of them."""

    count: int = 0
    fields: dict[str, int] = field(default_factory=dict)
    first: Line | None = None
    newest: datetime | None = None
    last: Line | None = None  # the one that goes last: a line may be older than its arrival

    def add(self, line: Line) -> None:
        self.count += 1
        self.newest = max(self.newest or line.at, line.at)
        if self.first is None or line.at < self.first.at:
            self.first = line
        if self.last is None or max(line.at, line.received) > max(self.last.at, self.last.received):
            self.last = line
        for name in FIELDS:
            self.fields[name] = self.fields.get(name, 0) + bool(_value(line, name))


def kept(said: Description, last: Line) -> Obstacle:
    """What stands in the way of lines, of which this is the one that goes last."""
    until = said.gone(last)
    if until is None:
        return Obstacle(ObstacleKind.BY_HAND, _FOR_EVER)
    if until <= datetime.now(UTC):
        return Obstacle(ObstacleKind.BY_HAND, _OVERDUE)
    return Obstacle(ObstacleKind.LOCKED, _HELD, until)


def record(at: Locator, spec: CollectionSpec, tally: Tally, obstacle: Obstacle) -> Record:
    counts = tuple((f.name, tally.fields.get(f.name, 0)) for f in spec.fields if f.redactable)
    oldest = tally.first.at if tally.first else None
    return Record(at, tally.count, oldest, tally.newest, counts, obstacles=(obstacle,))


def inside(age: datetime, since: datetime | None, before: datetime | None) -> bool:
    return (since is None or age >= since) and (before is None or age < before)


def shown(line: Line, names: Sequence[str], proven: Traces) -> bytes:
    """One line of an export; everybody else's addresses are replaced in it."""
    values = {name: _value(line, name) for name in names if name in FIELDS}
    for name in ("message", "stream"):
        if name in values:
            values[name] = proven.without_others(values[name])
    return json.dumps(values, ensure_ascii=False).encode() + b"\n"


def _value(line: Line, name: str) -> str:
    return {"timestamp": line.at.isoformat(), "stream": line.stream, "message": line.message}[name]
