"""A package under a passphrase: one AES-256 ZIP file (WinZip AE-2) that holds the package's own ZIP file.

Free programs on every system open it (7-Zip, Keka, The Unarchiver, WinZip); nothing has to be explained but the
passphrase. The passphrase is made here, of 119 random bits, because the format derives its key with 1,000 rounds
of PBKDF2 only, which would not do for one that a person thought of; it is kept nowhere. The names of the files
stand inside, out of sight. https://www.winzip.com/en/support/aes-encryption/
"""

from __future__ import annotations

import json
import secrets
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestrator.errors import NotAllowedError
from orchestrator.package.folder import digests, files_of, pack, private
from orchestrator.package.looker import chunks_of

INNER = "package.zip"
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # no two look alike
_GROUPS, _LENGTH = 6, 4
_CHUNK = 1024 * 1024


def passphrase() -> str:
    """A new one: easy to read out, hard to guess."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(_GROUPS))


def seal(package: Path, to: Path, phrase: str) -> str:
    """Encrypt a package, a folder or a ZIP file, into a new file; returns its sha256. Memory does not grow with it."""
    import pyzipper

    try:
        with private(to) as out, pyzipper.AESZipFile(out, "w", encryption=pyzipper.WZ_AES) as archive:
            archive.setpassword(phrase.encode())
            archive.setencryption(pyzipper.WZ_AES, nbits=256)
            with archive.open(INNER, "w", force_zip64=True) as sealed:
                if package.is_dir():
                    pack(package, sealed)  # straight into the encryption: there is no third copy
                else:
                    with package.open("rb") as file:
                        shutil.copyfileobj(file, sealed, _CHUNK)
    except BaseException:
        to.unlink(missing_ok=True)
        raise
    return digests(chunks_of(to))


def checked(package: Path) -> tuple[dict[str, Any], str]:
    """The manifest of a package and its sha256. NotAllowedError if it is none, or its files are not those it lists."""
    try:
        if package.is_dir():
            names = {p.relative_to(package).as_posix(): p for p in files_of(package)}
            found = {name: digests(chunks_of(path)) for name, path in names.items()}
            raw = (package / "manifest.json").read_bytes()
        else:
            with zipfile.ZipFile(package) as archive:
                found = {name: digests(_inside(archive, name)) for name in archive.namelist()}
                raw = archive.read("manifest.json")
        told: dict[str, Any] = json.loads(raw)
        listed = {f["name"]: f["sha256"] for f in [*told["files"], *told["pages"]]}
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError):
        raise NotAllowedError(f"{package} is no package that dsr export wrote") from None
    own = found.pop("manifest.json")
    if found != listed:
        raise NotAllowedError(f"{package} is not what dsr export wrote: its files changed. Export it again")
    return told, f"sha256:{own}"


def remove(package: Path) -> None:
    """Delete a package that `checked` knows."""
    if package.is_dir():
        shutil.rmtree(package)
    else:
        package.unlink()


def _inside(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(name) as file:
        while chunk := file.read(_CHUNK):
            yield chunk
