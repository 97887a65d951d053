"""Archives: unpacked within bounds, and each file in them looked into by itself. Names in an archive are not used."""

from __future__ import annotations

import gzip
import mimetypes
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING

from orchestrator.package import office
from orchestrator.package.kinds import FileKind
from orchestrator.package.scan import Found
from orchestrator.package.vocabulary import Verdict

if TYPE_CHECKING:
    from orchestrator.package.looker import Looker, Seen

_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)
_LOCKED = 0x1  # the flag of an encrypted member
_MOST_MEMBERS = 20_000


def zipped(looker: Looker, whole: Seen, depth: int = 0) -> Seen:
    """A ZIP archive, or the office document that it is."""
    assert whole.path is not None
    try:
        with zipfile.ZipFile(whole.path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
            if any(m.flag_bits & _LOCKED for m in members):
                return looker.hold(whole, FileKind.ZIP, "the archive is encrypted")
            if len(members) > _MOST_MEMBERS:
                return looker.hold(whole, FileKind.ZIP, "the archive holds too many files")
            if office.is_one(archive):
                return office.document(looker, whole, archive)
            inside = tuple(_member(looker, archive, m, depth) for m in members)
    except _DAMAGED:
        return looker.hold(whole, FileKind.ZIP, "the archive is damaged, or packed in a way that is not known")
    return _together(whole, inside)


def _member(looker: Looker, archive: zipfile.ZipFile, member: zipfile.ZipInfo, depth: int) -> Seen:
    with archive.open(member) as file:
        path = looker.unpack(_read(file), member.compress_size)
    media = mimetypes.types_map.get(PurePosixPath(member.filename).suffix.lower(), "application/octet-stream")
    return looker.inside(path, member.filename, media, depth + 1)


def gzipped(looker: Looker, whole: Seen, depth: int = 0) -> Seen:
    """A compressed file: given out as what is in it."""
    assert whole.path is not None
    try:
        with gzip.open(whole.path) as file:
            path = looker.unpack(_read(file), whole.path.stat().st_size)
    except _DAMAGED:
        return looker.hold(whole, FileKind.GZIP, "the compressed file is damaged")
    inner = looker.inside(path, "", "application/octet-stream", depth + 1)
    suffix = inner.suffix or (".txt" if inner.path else "")
    return _together(whole, (replace(inner, suffix=suffix),))


def _read(file: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    while chunk := file.read(64 * 1024):
        yield chunk


def _together(whole: Seen, inside: tuple[Seen, ...]) -> Seen:
    found = Found()
    for one in inside:
        found.update(one.found)
    held = tuple(h for one in inside for h in one.held)
    return replace(whole, verdict=Verdict.UNPACKED, path=None, inside=inside, found=found, held=held)
