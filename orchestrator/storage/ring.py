"""Master keys as the lines of one private file: the newest wraps, those below open what is older."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection
from pathlib import Path

from orchestrator.errors import NotAllowedError
from orchestrator.storage import keyfile
from orchestrator.storage.masterkey import SIZE, MasterKey


class Ring:
    """The file. Every process that is given it reads it again when it meets a key that it does not know."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def of(cls, references: str) -> Ring | None:
        """The ring that DSR_MASTER_KEY_REF names; None unless it is one `file:PATH` and nothing else."""
        scheme, _, place = references.strip().partition(":")
        return cls(Path(place).expanduser()) if scheme == "file" and "," not in place else None

    def read(self) -> tuple[MasterKey, ...]:
        """The newest first. Errors as `MasterKey.from_reference`."""
        return MasterKey.every(f"file:{self._path}")

    def begin(self) -> MasterKey:
        """A new key above the others. NotAllowedError if the file cannot be written."""
        made = base64.b64encode(secrets.token_bytes(SIZE)).decode()
        self._write([made, *self._lines()])
        return MasterKey.parse(made, str(self._path))

    def destroy(self, ids: Collection[str]) -> None:
        """Leave the keys of these ids out, and overwrite what the file was. NotAllowedError as `begin`."""
        lines = self._lines()
        kept = [line for line in lines if MasterKey.parse(line, str(self._path)).key_id not in ids]
        if len(kept) < len(lines):
            self._write(kept)

    def _lines(self) -> list[str]:
        return keyfile.read(self._path).decode("ascii").split()

    def _write(self, lines: list[str]) -> None:
        try:
            keyfile.replace(self._path, "".join(f"{line}\n" for line in lines).encode())
        except OSError as error:
            raise NotAllowedError(
                f"the master key's file cannot be replaced ({type(error).__name__}): "
                "let this user write in its folder, or change the key by hand: dsr vault rewrap"
            ) from None
