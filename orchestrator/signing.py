"""Ed25519 signatures: over receipts (DSSE envelopes) and over what staff decide.

A receipt is a strict profile of DSSE v1.0 (https://github.com/secure-systems-lab/dsse): any DSSE
verifier accepts it, and this one accepts one spelling only, canonical JSON and standard base64,
so that no byte of a receipt's file can change without the file becoming invalid. Private keys are
files that only their owner can read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from orchestrator import canonical
from orchestrator.errors import InvalidReceiptError, InventoryError, NotAllowedError
from orchestrator.model import Signed
from orchestrator.storage import keyfile

PAYLOAD_TYPE = "application/vnd.dsr.receipt+json"
LONGEST = 16 * 1024 * 1024  # bytes of an envelope; a receipt has tens of kilobytes
_DECISION = b"dsr decision v1\n"  # so that no other signed text can be taken for a decision
_STAFF = "ed25519:"


class SigningKey:
    """The key that signs receipts. Shows nothing but its id."""

    __slots__ = ("_key", "key_id")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.key_id = key_id(key.public_key())

    @classmethod
    def ensure(cls, path: Path) -> SigningKey:
        """The key of that file (PEM, PKCS #8, mode 0600), made if there is none.

        NotAllowedError, with the line that mends it, if others can read the file.
        """
        if not path.exists():
            keyfile.create(path, _pem(Ed25519PrivateKey.generate()))
        return cls(_load(path))

    @classmethod
    def replace(cls, path: Path) -> SigningKey:
        """A new key in the place of the one there is, whose bytes are overwritten."""
        keyfile.replace(path, _pem(made := Ed25519PrivateKey.generate()))
        return cls(made)

    @property
    def public(self) -> Ed25519PublicKey:
        return self._key.public_key()

    def public_pem(self) -> bytes:
        """What others need to verify receipts."""
        return self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """The DSSE envelope of a payload; `envelope_bytes` gives the file."""
        body = canonical.encode(payload)
        signature = self._key.sign(pae(PAYLOAD_TYPE, body))
        return {
            "payload": base64.b64encode(body).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"keyid": self.key_id, "sig": base64.b64encode(signature).decode()}],
        }

    def __repr__(self) -> str:
        return f"SigningKey({self.key_id})"

    def __reduce__(self) -> str:
        raise TypeError("a key is not serialised")


def key_id(public: Ed25519PublicKey) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the raw public key."""
    return hashlib.sha256(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def public_keys(pem: bytes) -> list[Ed25519PublicKey]:
    """The public keys of a PEM file, which may hold several. InvalidReceiptError as `public_key`."""
    end = b"-----END PUBLIC KEY-----"
    parts = [part + end for part in pem.split(end)[:-1]]
    return [public_key(part.strip()) for part in parts] or [public_key(pem)]


def public_key(pem: bytes) -> Ed25519PublicKey:
    """The public key of a PEM file. InvalidReceiptError if it is not one of Ed25519."""
    try:
        key = load_pem_public_key(pem)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidReceiptError("the key to verify with is not an Ed25519 public key in PEM")
    return key


def pae(payload_type: str, body: bytes) -> bytes:
    """DSSE's pre-authentication encoding: what the signature covers.

    Source: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(body), body)


def envelope_bytes(envelope: Mapping[str, Any]) -> bytes:
    """The envelope as the one file that verifies."""
    return canonical.encode(envelope)


def verify(envelope: bytes, keys: Iterable[Ed25519PublicKey]) -> Mapping[str, Any]:
    """The payload of a receipt's file that one of the keys signed.

    InvalidReceiptError with a plain reason otherwise. Every byte counts, also of formatting.
    """
    parsed = _canonical_object(envelope, "the file")
    if set(parsed) != {"payload", "payloadType", "signatures"}:
        raise InvalidReceiptError("the file is not a signature envelope: it has not exactly its three fields")
    if parsed["payloadType"] != PAYLOAD_TYPE:
        raise InvalidReceiptError("the envelope does not hold a receipt of this program")
    signatures = parsed["signatures"]
    if not isinstance(signatures, list) or len(signatures) != 1:
        raise InvalidReceiptError("the receipt has not exactly one signature")
    if not isinstance(signatures[0], dict) or set(signatures[0]) != {"keyid", "sig"}:
        raise InvalidReceiptError("the receipt's signature is not made of a key id and a signature")
    body = _base64(parsed["payload"], "payload")
    signature = _base64(signatures[0]["sig"], "signature")
    key = {key_id(k): k for k in keys}.get(str(signatures[0]["keyid"]))
    if key is None:
        raise InvalidReceiptError("the receipt names another key than those given")
    try:
        key.verify(signature, pae(PAYLOAD_TYPE, body))
    except InvalidSignature:
        raise InvalidReceiptError(
            "the signature does not fit: the receipt was changed, or another key made it"
        ) from None
    return _canonical_object(body, "the payload")


class StaffKey:
    """A staff member's key, with which they sign what they decide. Shows nothing but its public half."""

    __slots__ = ("_key",)

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def generate(cls, path: Path) -> StaffKey:
        """Make a key in a new file (mode 0600). NotAllowedError if the file exists."""
        if not keyfile.create(path, _pem(key := Ed25519PrivateKey.generate())):
            raise NotAllowedError(f"{path} exists; a key is never overwritten, name another file")
        return cls(key)

    @classmethod
    def load(cls, path: Path) -> StaffKey:
        """UnknownError if there is no file; NotAllowedError if others can read it or it is no key."""
        return cls(_load(path))

    @property
    def public(self) -> str:
        """`ed25519:` and base64, as the inventory lists it."""
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return _STAFF + base64.b64encode(raw).decode()

    def sign_decision(self, decision: Signed) -> Signed:
        """The decision with its signature; any there was is replaced."""
        return replace(decision, signature=base64.b64encode(self._key.sign(_decided(decision))).decode())

    def __repr__(self) -> str:
        return f"StaffKey({self.public})"

    def __reduce__(self) -> str:
        raise TypeError("a key is not serialised")


def verify_decision(decision: Signed, public: str) -> bool:
    """Whether the key signed exactly this decision. InventoryError if `public` is not a key."""
    key = staff_public_key(public)
    try:
        signature = base64.b64decode(decision.signature, validate=True)
        key.verify(signature, _decided(decision))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def staff_public_key(text: str) -> Ed25519PublicKey:
    """The key written as `ed25519:BASE64`. InventoryError if it is not one."""
    try:
        if not text.startswith(_STAFF):
            raise ValueError
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text.removeprefix(_STAFF), validate=True))
    except (binascii.Error, ValueError):
        raise InventoryError("a staff member's public_key is written ed25519: and the base64 of 32 bytes") from None


def _decided(decision: Signed) -> bytes:
    return _DECISION + canonical.encode(
        {f.name: getattr(decision, f.name) for f in fields(decision) if f.name != "signature"}
    )


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _load(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(keyfile.read(path), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise NotAllowedError(f"{path} does not hold an Ed25519 private key in PEM without a passphrase")
    return key


def _canonical_object(data: bytes, what: str) -> dict[str, Any]:
    if len(data) > LONGEST:
        raise InvalidReceiptError(f"{what} is too long to be a receipt")
    try:
        parsed = json.loads(data)
        spelled = canonical.encode(parsed)
    except (ValueError, RecursionError):
        raise InvalidReceiptError(f"{what} is not JSON") from None
    if not isinstance(parsed, dict):
        raise InvalidReceiptError(f"{what} is not a JSON object")
    if spelled != data:
        raise InvalidReceiptError(f"{what} is not spelled canonically: it was changed, or saved by another program")
    return parsed


def _base64(value: object, what: str) -> bytes:
    if isinstance(value, str):
        try:
            decoded = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            decoded = b""
        if base64.b64encode(decoded).decode() == value:
            return decoded
    raise InvalidReceiptError(f"the receipt's {what} is not base64 as this program writes it")
