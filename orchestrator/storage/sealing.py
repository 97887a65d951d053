"""AES-256-GCM for the vault: what is sealed opens with its key, in its place, and nowhere else."""

from __future__ import annotations

import base64
import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from orchestrator import canonical
from orchestrator.errors import IntegrityError
from orchestrator.storage.masterkey import MasterKey

_NONCE = 12  # bytes, the size AES-GCM is specified for (NIST SP 800-38D)


def wrap(master: MasterKey, name: str, key: bytes) -> bytes:
    """A vault's key, sealed by the master key and bound to the vault's name."""
    return seal(master.for_purpose("vault wrap"), key, ["key", name, master.key_id])


def unwrap(master: MasterKey, name: str, wrapped: bytes) -> bytes:
    """IntegrityError if it is not what `wrap` made."""
    return open_(master.for_purpose("vault wrap"), wrapped, ["key", name, master.key_id], name)


def seal(key: bytes, value: bytes, bound: list[Any]) -> bytes:
    """AES-256-GCM under a fresh nonce, bound to its place: it opens nowhere else."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, value, canonical.encode(bound))


def open_(key: bytes, sealed: bytes, bound: list[Any], name: str) -> bytes:
    """What `seal` sealed. IntegrityError, naming the vault, if anything about it is different."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], canonical.encode(bound))
    except (InvalidTag, ValueError):
        raise IntegrityError(f"the vault of {name or 'the house'} was changed by something else") from None


def letters(value: bytes) -> str:
    """Bytes as lower-case letters and digits (base32)."""
    return base64.b32encode(value).decode().rstrip("=").lower()
