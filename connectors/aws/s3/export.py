"""Streams the content of a record's object versions; the names of files are numbers, not keys.

Archived objects must be restored first:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from connectors.aws.s3.bucket import Bucket, Entry, Kind
from connectors.aws.s3.rules import AGE, withheld_content
from connectors.aws.s3.search import SHARED, Held, fate_of
from connectors.aws.session import named_errors
from connectors.errors import ChangedError, RefusedError, TransientError
from connectors.model import Artifact, CollectionSpec, Disclosure, Locator

ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})  # GLACIER_IR is read at once
_CHUNK = 64 * 1024
_DEFAULT = "application/octet-stream"


def export(bucket: Bucket, spec: CollectionSpec, at: Locator, held: Sequence[Held]) -> Iterator[Artifact]:
    """A list of the files, then one file for each version with content, oldest first within a key.

    Raises RefusedError before anything is given out if a version must be restored from the archive.
    """
    oldest_first = [h.entry for h in held if h.entry.kind is Kind.VERSION][::-1]  # S3 lists the newest first
    versions = sorted(oldest_first, key=lambda e: e.key)
    stem = _stem(spec.name, at)
    withheld = withheld_content(spec) if versions else ""
    if fate_of(at) == SHARED and versions:
        withheld = "files that also hold other people's data"
    if withheld:
        yield Artifact(f"{stem}-files.jsonl", "application/jsonl", iter(()), (withheld,))
        return
    _require_readable(bucket, versions)
    named = [(f"{stem}-{number:04d}{_suffix(entry.key)}", entry) for number, entry in enumerate(versions, 1)]
    if named:
        fields = {f.name for f in spec.fields if f.disclosure is Disclosure.DISCLOSE}
        hidden = tuple(sorted({f.type or "name of a stored file" for f in spec.fields if f.name == "key"
                               and f.disclosure is not Disclosure.DISCLOSE}))  # fmt: skip
        lines = (_line(name, entry, fields) for name, entry in named)
        yield Artifact(f"{stem}-files.jsonl", "application/jsonl", lines, hidden)
    for name, entry in named:
        media = mimetypes.types_map.get(_suffix(entry.key), _DEFAULT)
        yield Artifact(name, media, _bytes(bucket, entry), file=True, at=entry.at)


def archived(held: Sequence[Held]) -> int:
    return sum(h.entry.storage in ARCHIVED for h in held)


def _require_readable(bucket: Bucket, entries: Sequence[Entry]) -> None:
    waiting = 0
    for entry in entries:
        if entry.storage in ARCHIVED:
            head = bucket.head(entry)
            waiting += head is not None and 'ongoing-request="false"' not in head.get("Restore", "")
    if waiting:
        message = (
            f"{waiting} object versions of {bucket.name} are archived; restore them (RestoreObject) before an export"
        )
        raise RefusedError(bucket.system, message)


def _line(name: str, entry: Entry, fields: set[str]) -> bytes:
    line: dict[str, object] = {"file": name, "bytes": entry.size, "current": entry.latest}
    if AGE in fields:
        line[AGE] = entry.at.isoformat()
    if "key" in fields:
        line["key"] = entry.key
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"


def _bytes(bucket: Bucket, entry: Entry) -> Iterator[bytes]:
    doing = f"s3:GetObjectVersion on {bucket.name}"
    body = bucket.content(entry)
    if body is None:
        raise ChangedError(bucket.system, f"{doing}: an object version was deleted during the export")
    size = 0
    with named_errors(bucket.system, doing):
        try:
            for chunk in body.iter_chunks(_CHUNK):
                if (size := size + len(chunk)) > entry.size:
                    raise TransientError(bucket.system, f"{doing}: more came than the {entry.size} bytes it has")
                yield chunk
        finally:
            body.close()
    if size != entry.size:
        raise TransientError(bucket.system, f"{doing}: {size} bytes came of {entry.size}")


def _suffix(key: str) -> str:
    """The key's extension if it is a known one; anything else could say more than a type."""
    suffix = PurePosixPath(key).suffix.lower()
    return suffix if suffix in mimetypes.types_map else ".bin"


def _stem(name: str, at: Locator) -> str:
    parts = [name, fate_of(at)] + [f"{word}-{when:%Y-%m-%d}" for word, when in
                                   (("from", at.since), ("before", at.before)) if when]  # fmt: skip
    return "-".join("".join(c if c.isalnum() else "-" for c in p) for p in parts if p)
