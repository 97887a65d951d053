"""The key that wraps every vault's keys. It is kept apart from the database: neither opens the other alone."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from orchestrator.errors import NotAllowedError, OrchestratorError, UnknownError
from orchestrator.storage import keyfile

SIZE = 32  # bytes


def derive(key: bytes, purpose: str) -> bytes:
    """A key of its own for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(SHA256(), SIZE, salt=None, info=b"dsr " + purpose.encode()).derive(key)


def _from_keyring(service: str, name: str) -> str:
    """https://keyring.readthedocs.io: macOS Keychain, Windows Credential Locker, Secret Service, KWallet."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ModuleNotFoundError:
        raise OrchestratorError(
            "a master key in the keyring needs keyring: pip install 'dsr-orchestrator[keyring]'"
        ) from None
    try:
        text = keyring.get_password(service, name)
    except KeyringError as error:
        raise OrchestratorError(f"the keyring cannot be read: {type(error).__name__}") from None
    if not text:
        raise UnknownError(f"the keyring has no {service}/{name}: keyring set {service} {name}, base64 of 32 bytes")
    return text


class MasterKey:
    """32 bytes that wrap data keys. Shows nothing but its id."""

    __slots__ = ("_key", "key_id")

    def __init__(self, key: bytes) -> None:
        if len(key) != SIZE:
            raise NotAllowedError(f"a master key has {SIZE} bytes, not {len(key)}")
        self._key = key
        self.key_id = derive(key, "master key id").hex()[:16]

    @classmethod
    def generate(cls) -> MasterKey:
        return cls(secrets.token_bytes(SIZE))

    @classmethod
    def from_reference(cls, reference: str, environ: Mapping[str, str] = os.environ) -> MasterKey:
        """From `env:NAME`, `file:PATH` or `keyring:SERVICE/NAME` (the OS's own): base64 of 32 bytes.

        Of several lines in a file, the first. UnknownError if there is nothing there; NotAllowedError if it is
        not a key, or others can read the file.
        """
        return cls.every(reference, environ)[0]

    @classmethod
    def every(cls, reference: str, environ: Mapping[str, str] = os.environ) -> tuple[MasterKey, ...]:
        """All keys of a reference, the newest first: a file may hold one on each line. Errors as `from_reference`."""
        scheme, _, place = reference.partition(":")
        if scheme == "env":
            if not (text := environ.get(place, "")):
                raise UnknownError(f"the environment has no {place}: set it to the base64 of 32 random bytes")
            return (cls.parse(text, place),)
        if scheme == "file":
            path = Path(place).expanduser()
            lines = keyfile.read(path).decode("ascii", "replace").split() or [""]
            return tuple(cls.parse(line, str(path)) for line in lines)
        if scheme == "keyring":
            service, slash, name = place.rpartition("/")
            if slash and service and name:
                return (cls.parse(_from_keyring(service, name), f"the keyring's {place}"),)
        raise NotAllowedError("a master key is referred to as env:NAME, file:PATH, keyring:SERVICE/NAME or kms:KEY_ID")

    @classmethod
    def ensure(cls, path: Path) -> MasterKey:
        """The key of that file (mode 0600), made if there is none."""
        if not path.exists():
            keyfile.create(path, base64.b64encode(secrets.token_bytes(SIZE)) + b"\n")
        return cls.from_reference(f"file:{path}")

    @classmethod
    def parse(cls, text: str, place: str) -> MasterKey:
        """One key as it is written down. NotAllowedError, naming the place, if it is none."""
        try:
            key = base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != SIZE:
            raise NotAllowedError(f"{place} does not hold a master key: it must be the base64 of {SIZE} bytes")
        return cls(key)

    def for_purpose(self, purpose: str) -> bytes:
        """A key derived from this one; from the derived key the master key cannot be found."""
        return derive(self._key, purpose)

    def __repr__(self) -> str:
        return f"MasterKey({self.key_id})"

    def __reduce__(self) -> str:
        raise TypeError("a key is not serialised")
