"""One record's accounts as JSON lines: what the inventory discloses, and the names of what it holds back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from connectors.aws.cognito.pool import OpenPool, Row
from connectors.aws.cognito.search import whole
from connectors.model import Artifact, CollectionSpec


def artifact(pool: OpenPool, spec: CollectionSpec, accounts: Sequence[Row]) -> Iterator[Artifact]:
    """One file, or none where there is no account."""
    if not accounts:
        return
    full = [whole(pool, row) for row in accounts]
    shown = spec.disclosed
    present = {name for row in full for name, value in row.items() if value not in (None, "", [], {})}
    withheld = spec.withheld(present, "unmarked attribute")
    lines = (_line({name: row[name] for name in shown if name in row}) for row in full)
    name = "".join(c if c.isalnum() else "-" for c in spec.name)
    yield Artifact(f"{name}.jsonl", "application/jsonl", lines, withheld)


def _line(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False, default=_plain).encode() + b"\n"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)
