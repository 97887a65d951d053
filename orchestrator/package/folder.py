"""A private folder that becomes a package: files written once, hashed as they are written, packed on demand."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from orchestrator.errors import NotAllowedError

_UNSAFE = re.compile(r"[^a-z0-9.]+")
_NAME = re.compile(r"(?:[a-z0-9][a-z0-9.-]{0,120}/)?[a-z0-9][a-z0-9.-]{0,120}")
_CHUNK = 1024 * 1024


@dataclass
class Hashed:
    """A file being written."""

    out: BinaryIO
    size: int = 0
    sha: hashlib._Hash = field(default_factory=hashlib.sha256)

    def write(self, content: bytes) -> int:
        self.sha.update(content)
        self.size += len(content)
        return self.out.write(content)


class Folder:
    """A new folder, readable by its owner only. `work` is for copies on the way and not part of the package."""

    def __init__(self, path: Path) -> None:
        """NotAllowedError if there is something at that path."""
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise NotAllowedError(f"{path} is not a folder; name a new one")
        if path.exists() and any(path.iterdir()):
            raise NotAllowedError(f"{path} is not empty; name a new folder")
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.chmod(0o700)
        self.path, self.work = path, path / ".work"
        self.work.mkdir(mode=0o700)
        self._names: set[str] = set()

    def name(self, *parts: str, under: str, suffix: str) -> str:
        """A path that no other file has: of small letters, digits, points and hyphens."""
        stem = "-".join(_UNSAFE.sub("-", p.lower()).strip("-.") for p in parts)[:80].strip("-.") or "file"
        name, number = f"{under}/{stem}{suffix}", 1
        while name in self._names:
            number += 1
            name = f"{under}/{stem}-{number}{suffix}"
        self._names.add(name)
        return name

    @contextmanager
    def new(self, name: str) -> Iterator[Hashed]:
        """Write a file, once."""
        if not _NAME.fullmatch(name) or ".." in name:
            raise NotAllowedError(f"{name!r} is no name for a file of a package")
        path = self.path / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with private(path) as out:
            yield Hashed(out)

    def empty_work(self) -> None:
        shutil.rmtree(self.work)
        self.work.mkdir(mode=0o700)

    def finish(self) -> None:
        shutil.rmtree(self.work, ignore_errors=True)

    def remove(self) -> None:
        """Leave nothing: half a package must not be handed over."""
        shutil.rmtree(self.path, ignore_errors=True)


def private(path: Path) -> BinaryIO:
    """A new file that only its owner reads."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb")


def pack(folder: Path, out: BinaryIO) -> None:
    """Write the folder's files as one ZIP file (Zip64 where it must be); `out` need not be able to seek."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for path in files_of(folder):
            entry = zipfile.ZipInfo.from_file(path, path.relative_to(folder).as_posix())
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            with path.open("rb") as file, archive.open(entry, "w", force_zip64=True) as packed:
                shutil.copyfileobj(file, packed, _CHUNK)


def files_of(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())


def digests(chunks: Iterable[bytes]) -> str:
    sha = hashlib.sha256()
    for chunk in chunks:
        sha.update(chunk)
    return sha.hexdigest()
