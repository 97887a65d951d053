"""Private key files: readable by their owner only, and never half written."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from orchestrator.errors import NotAllowedError, UnknownError


def create(path: Path, content: bytes) -> bool:
    """Write a private file (mode 0600) unless it exists; whether it was written.

    The file appears whole or not at all, so that of two processes starting at once the second
    reads what the first wrote.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
            return True
        return False
    finally:
        draft.unlink()


def replace(path: Path, content: bytes) -> None:
    """Write a private file in place of the one there is, whose bytes are overwritten.

    What a file system, an SSD or a backup keeps of it beside is out of reach. A link is followed, and stays.
    """
    path = path.resolve()
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with path.open("r+b") as former:
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        former.write(bytes(os.fstat(former.fileno()).st_size))
        former.flush()
        os.fsync(former.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(path: Path) -> bytes:
    """The content of a private file.

    UnknownError if there is none; NotAllowedError, with the line that mends it, if others may read it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        raise UnknownError(f"no key file at {path}") from None
    except PermissionError:
        raise NotAllowedError(f"the key file {path} cannot be read by this user") from None
    with os.fdopen(descriptor, "rb") as file:
        if os.fstat(descriptor).st_mode & 0o077:
            raise NotAllowedError(f"others can read the key file {path}. Mend it: chmod 600 {path}")
        return file.read()
