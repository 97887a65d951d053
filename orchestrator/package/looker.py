"""Looks into one file after the other: by its kind, and into what is packed in it.

What cannot be looked into is held for a person. A person's decision is about exactly these bytes: it is known
by a keyed hash, and a file that changed is held anew.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from orchestrator.package import archive, mail, pdf, texts
from orchestrator.package.kinds import HEAD, FileKind, kind_of
from orchestrator.package.names import Doubt
from orchestrator.package.scan import Found, Scanner
from orchestrator.package.vocabulary import Type, Verdict

CHUNK = 64 * 1024
Decide = Callable[[str], tuple[str, Verdict | None]]  # sha256 -> (reference, what a person decided)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is looked into before a file is left to a person."""

    depth: int = 3  # archives in archives, mails in mails
    unpacked: int = 2 * 1024**3  # bytes out of one file, all levels together
    ratio: int = 200  # bytes out of one packed byte
    files: int = 2000  # in one file, all levels together
    in_memory: int = 8 * 1024**2  # bytes of a file that must be read as a whole


@dataclass(frozen=True, slots=True)
class Held:
    """A file, or a file in a file, that waits for a person, or that a person withheld."""

    ref: str
    why: str
    kind: str
    verdict: Verdict
    path: Path
    suffix: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of one file, and of those in it. `path` None: nothing of it is given out."""

    verdict: Verdict
    path: Path | None
    suffix: str
    media_type: str
    found: Found = field(default_factory=Found)
    held: tuple[Held, ...] = ()
    inside: tuple[Seen, ...] = ()
    why: str = ""


class TooMuchError(Exception):
    """More came out of a file than is looked into."""


@dataclass
class Spent:
    """What was taken out of one file so far."""

    unpacked: int = 0
    files: int = 0


class Looker:
    """Looks on behalf of one person. `work` is a private folder for copies; whoever made it empties it."""

    def __init__(self, scanner: Scanner, work: Path, decide: Decide, limits: Limits = Limits()) -> None:
        self.scanner, self.work, self.limits = scanner, work, limits
        self._decide = decide
        self._spent = Spent()

    def look(self, path: Path, name: str, media_type: str) -> Seen:
        """What of a file can be given out. The file may be what is given out, or hold it, so keep it."""
        self._spent = Spent()
        return self.inside(path, name, media_type, 0)

    def inside(self, path: Path, name: str, media_type: str, depth: int) -> Seen:
        """The same for a file that stands in another."""
        seen = self.part(path, name, media_type, depth)
        names = self.scanner.names
        if names is None or names.doubt is not Doubt.HOLD or Type.MAYBE_NAME not in seen.found:
            return seen
        whole = Seen(Verdict.WHOLE, path, safe_suffix(name), media_type)
        held = self.hold(whole, FileKind.TEXT, "it may name somebody else")
        return held if held.verdict is Verdict.RELEASED else replace(seen, held=(*seen.held, *held.held))

    def part(self, path: Path, name: str, media_type: str, depth: int) -> Seen:
        """The same for a part of a mail, of which the whole is held if somebody may be named in it."""
        with path.open("rb") as file:
            head = file.read(HEAD)
        kind = kind_of(head, name, media_type)
        suffix = safe_suffix(name)
        whole = Seen(Verdict.WHOLE, path, suffix, media_type)
        if not head:
            return whole
        if depth > self.limits.depth:
            return self.hold(whole, kind, f"it is packed more than {self.limits.depth} times")
        if kind not in _READERS:
            return self.hold(whole, kind, f"a {kind} cannot be looked through by a program")
        try:
            return _READERS[kind](self, whole, depth)
        except TooMuchError:
            return self.hold(whole, kind, "more comes out of it than a program should unpack")
        except RecursionError:
            return self.hold(whole, kind, "it has too many levels")

    def hold(self, whole: Seen, kind: FileKind, why: str) -> Seen:
        """Leave a file to a person, unless one has decided about it already."""
        assert whole.path is not None  # a file is held while it is there
        ref, decided = self._decide(sha256_of(whole.path))
        if decided is Verdict.RELEASED:
            return replace(whole, verdict=decided, why=why)
        verdict = decided or Verdict.HELD
        held = Held(ref, why, kind, verdict, whole.path, whole.suffix)
        return replace(whole, verdict=verdict, path=None, held=(held,), why=why)

    def new(self) -> Path:
        """A path for a copy."""
        return self.work / secrets.token_hex(8)

    def put(self, content: bytes) -> Path:
        path = self.new()
        path.touch(0o600)
        path.write_bytes(content)
        return path

    def unpack(self, chunks: Iterator[bytes], packed: int) -> Path:
        """Write what comes out of a file of `packed` bytes. Raises TooMuchError, also for what comes slowly."""
        self._spent.files += 1
        if self._spent.files > self.limits.files:
            raise TooMuchError
        path, size = self.new(), 0
        with path.open("wb") as out:
            for chunk in chunks:
                size += len(chunk)
                self._spent.unpacked += len(chunk)
                if self._spent.unpacked > self.limits.unpacked or size > max(packed, 4096) * self.limits.ratio:
                    raise TooMuchError
                out.write(chunk)
        return path


_READERS: Mapping[FileKind, Callable[[Looker, Seen, int], Seen]] = {
    FileKind.TEXT: texts.text,
    FileKind.TABLE: texts.table,
    FileKind.JSON: texts.json_file,
    FileKind.MARKUP: texts.markup,
    FileKind.MAIL: mail.mail,
    FileKind.PDF: pdf.pdf,
    FileKind.ZIP: archive.zipped,
    FileKind.GZIP: archive.gzipped,
}


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def safe_suffix(name: str) -> str:
    """What comes after the last point of a name, if that is letters and digits: ".pdf"."""
    suffix = PurePosixPath(name).suffix.lower()
    return suffix if suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) <= 12 else ""


def chunks_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
