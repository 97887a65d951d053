"""What a file is, told from its first bytes: its name and its media type only say what somebody thought."""

from __future__ import annotations

import codecs
import re
from enum import StrEnum
from pathlib import PurePosixPath

HEAD = 4096  # bytes that are looked at


class FileKind(StrEnum):
    """How a file is looked through. What is none of these is held for a person."""

    TEXT = "text"
    TABLE = "table"
    JSON = "JSON"
    MARKUP = "page"
    MAIL = "e-mail"
    PDF = "PDF"
    ZIP = "ZIP archive"  # or an office document, which is one
    GZIP = "compressed file"
    PICTURE = "picture"
    SOUND = "recording"
    ARCHIVE = "archive of a kind that is not opened"
    OFFICE = "document of a kind that is not opened"
    UNKNOWN = "file of an unknown kind"


_MAGIC = (
    (b"\x1f\x8b", FileKind.GZIP),
    (b"PK\x03\x04", FileKind.ZIP),
    (b"PK\x05\x06", FileKind.ZIP),
    (b"\x89PNG", FileKind.PICTURE),
    (b"\xff\xd8\xff", FileKind.PICTURE),
    (b"GIF8", FileKind.PICTURE),
    (b"BM", FileKind.PICTURE),
    (b"II*\x00", FileKind.PICTURE),
    (b"MM\x00*", FileKind.PICTURE),
    (b"\x00\x00\x01\x00", FileKind.PICTURE),
    (b"RIFF", FileKind.SOUND),
    (b"ID3", FileKind.SOUND),
    (b"OggS", FileKind.SOUND),
    (b"fLaC", FileKind.SOUND),
    (b"7z\xbc\xaf", FileKind.ARCHIVE),
    (b"Rar!", FileKind.ARCHIVE),
    (b"BZh", FileKind.ARCHIVE),
    (b"\xfd7zXZ", FileKind.ARCHIVE),
    (b"\x28\xb5\x2f\xfd", FileKind.ARCHIVE),
    (b"\xd0\xcf\x11\xe0", FileKind.OFFICE),
    (b"{\\rtf", FileKind.OFFICE),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MARKUP = re.compile(rb"\s*<(?:!doctype|\?xml|html|head|body|svg|[a-z][a-z0-9:]*[\s>/])", re.IGNORECASE)
_HEADERS = re.compile(
    rb"(?:(?:from|to|cc|date|subject|received|return-path|delivered-to|message-id|mime-version|content-type|"
    rb"reply-to|sender|dkim-signature|x-[\w-]+|arc-[\w-]+|authentication-results):[^\n]*\n(?:[ \t][^\n]*\n)*){3}",
    re.IGNORECASE,
)
_SUFFIXES = {
    ".csv": FileKind.TABLE, ".tsv": FileKind.TABLE, ".json": FileKind.JSON, ".jsonl": FileKind.JSON,
    ".ndjson": FileKind.JSON, ".geojson": FileKind.JSON, ".eml": FileKind.MAIL, ".html": FileKind.MARKUP,
    ".htm": FileKind.MARKUP, ".xhtml": FileKind.MARKUP, ".xml": FileKind.MARKUP, ".svg": FileKind.MARKUP,
}  # fmt: skip
_TYPES = {
    "text/csv": FileKind.TABLE, "text/tab-separated-values": FileKind.TABLE, "application/json": FileKind.JSON,
    "application/jsonl": FileKind.JSON, "application/x-ndjson": FileKind.JSON, "message/rfc822": FileKind.MAIL,
    "text/html": FileKind.MARKUP, "application/xhtml+xml": FileKind.MARKUP, "text/xml": FileKind.MARKUP,
    "application/xml": FileKind.MARKUP, "image/svg+xml": FileKind.MARKUP,
}  # fmt: skip


def kind_of(head: bytes, name: str, media_type: str) -> FileKind:
    """The kind of a file by its first HEAD bytes; of texts, which look all alike, also by name and media type."""
    if b"%PDF-" in head[:1024]:
        return FileKind.PDF
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[257:262] == b"ustar":
        return FileKind.ARCHIVE
    if head[4:8] == b"ftyp":
        return FileKind.SOUND
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not wide and _CONTROL.search(head):
        return FileKind.UNKNOWN
    said = _SUFFIXES.get(PurePosixPath(name).suffix.lower()) or _TYPES.get(media_type.partition(";")[0].strip().lower())
    if _HEADERS.match(head):
        return FileKind.MAIL
    if said is not None:
        return said
    return FileKind.MARKUP if _MARKUP.match(head) else FileKind.TEXT
