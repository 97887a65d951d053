"""Gives out the person's own rows of a file, as JSON Lines of the disclosed fields."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from connectors.aws.lake.ages import instant, within
from connectors.aws.lake.objects import GoneError
from connectors.aws.lake.records import CLAIMED, SHARED, Share, fate_of
from connectors.aws.lake.search import Searcher
from connectors.errors import ChangedError
from connectors.lake import Verdict
from connectors.model import Artifact, CollectionSpec, Locator

_WITHHELD = "rows that also name other people"
_UNREAD = "files that could not be read"
_UNMARKED = "unmarked field"


def export(
    search: Searcher, spec: CollectionSpec, at: Locator, held: Sequence[Share], number: str
) -> Iterator[Artifact]:
    """One file for one record; the same row of several versions once for each."""
    name = f"{spec.name}-{number}.jsonl"
    if any(share.version.unread for share in held):
        yield Artifact(name, "application/jsonl", iter(()), (_UNREAD,))
        return
    if fate_of(at) in (SHARED, CLAIMED):
        yield Artifact(name, "application/jsonl", iter(()), (_WITHHELD,))
        return
    present: set[str] = set()
    for content in _contents(search, at, held):
        present |= {path for path, value in leaves(content) if value not in (None, "")}
    shown = set(spec.disclosed)
    hidden = {path for path in present if not _disclosed(path, shown)}
    lines = (_line(content, shown) for content in _contents(search, at, held))
    yield Artifact(name, "application/jsonl", lines, tuple(sorted({spec.called(p, _UNMARKED) for p in hidden})))


def _contents(search: Searcher, at: Locator, held: Sequence[Share]) -> Iterator[Mapping[str, object]]:
    for share in held:
        try:
            for row in search.rows(share.version.pinned(), whole=True):
                if row.verdict is Verdict.MINE and within(instant(row.age), at):
                    yield row.content
        except GoneError:
            raise ChangedError(search.bucket.system, "a file was deleted or replaced during the export") from None


def leaves(content: object, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its path; lists are values."""
    if isinstance(content, Mapping) and content:
        for name, value in content.items():
            yield from leaves(value, f"{path}.{name}" if path else str(name))
    else:
        yield path, content


def _disclosed(path: str, shown: set[str]) -> bool:
    parts = path.split(".")
    return any(".".join(parts[:n]) in shown for n in range(1, len(parts) + 1))


def _line(content: Mapping[str, object], shown: set[str]) -> bytes:
    kept = {path: value for path, value in leaves(content) if _disclosed(path, shown)}
    return json.dumps(kept, ensure_ascii=False, default=_plain).encode("utf-8", "backslashreplace") + b"\n"


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)
