"""One record's accounts as JSON lines: what the inventory discloses, and the names of what it holds back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from connectors.aws.cognito.pool import OpenPool, Row
from connectors.aws.cognito.search import whole
from connectors.model import Artifact, CollectionSpec, Disclosure


def artifact(pool: OpenPool, spec: CollectionSpec, accounts: Sequence[Row]) -> Iterator[Artifact]:
    """One file, or none where there is no account."""
    if not accounts:
        return
    full = [whole(pool, row) for row in accounts]
    shown = [f.name for f in spec.fields if f.disclosure is Disclosure.DISCLOSE]
    types = {f.name: f.type or f.name for f in spec.fields}
    present = {name for row in full for name, value in row.items() if value not in (None, "", [], {})}
    withheld = tuple(sorted({types.get(name, "unmarked attribute") for name in present.difference(shown)}))
    lines = (_line({name: row[name] for name in shown if name in row}) for row in full)
    name = "".join(c if c.isalnum() else "-" for c in spec.name)
    yield Artifact(f"{name}.jsonl", "application/jsonl", lines, withheld)


def _line(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False, default=_plain).encode() + b"\n"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)
