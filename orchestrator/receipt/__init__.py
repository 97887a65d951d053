"""The fulfilment receipt: what was asked, found, done, kept and is still open, without personal data.

`build` makes the payload, `orchestrator.signing` signs it, `verify_file` checks it anywhere,
offline, and `html` shows it to people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from orchestrator import signing
from orchestrator.errors import InvalidReceiptError, UnknownError
from orchestrator.journal import Head
from orchestrator.receipt.build import TYPE, build
from orchestrator.receipt.case import Answer, Case, Contested, Disclosed, Letter, Vendor, Versions
from orchestrator.receipt.page import html
from orchestrator.receipt.settle import Fulfilment, Standing

__all__ = [
    "BACKUP",
    "REPLAY",
    "RETENTION",
    "SETTINGS",
    "TYPE",
    "Answer",
    "Case",
    "Contested",
    "Disclosed",
    "Fulfilment",
    "Letter",
    "Standing",
    "Vendor",
    "Versions",
    "build",
    "hash_of",
    "head_of",
    "html",
    "of_request",
    "verify_file",
]


BACKUP = "dsr-backup-deletion/1"  # of one backup, which is of no request
SETTINGS = "dsr-retention-settings/1"  # of vendors' settings that were changed
RETENTION = "dsr-retention/1"  # of rows that went because of their age
REPLAY = "dsr-replay/1"  # of a restored system: nobody who was erased is in it any more


def hash_of(envelope: bytes) -> str:
    """What the next receipt calls this one: `sha256:` and the hash of its file."""
    return "sha256:" + hashlib.sha256(envelope).hexdigest()


def head_of(payload: Mapping[str, Any]) -> Head:
    """The journal's head when the receipt was made, for `Journal.verify`."""
    return Head(payload["journal"]["seq"], payload["journal"]["hash"])


def of_request(kept: Mapping[str, Any], request: str, keys: Iterable[Ed25519PublicKey]) -> Mapping[str, Any]:
    """What a receipt says that the journal keeps (`Journal.receipts`) for that request.

    InvalidReceiptError if it was not signed here, or is another request's, or something else that was signed.
    """
    content = str(kept["envelope"]).encode()
    payload = signing.verify(content, keys)
    if (payload.get("type"), payload.get("request"), hash_of(content)) != (TYPE, request, kept["hash"]):
        raise InvalidReceiptError(f"the journal keeps for {request} a receipt that is not its own")
    return payload


def verify_file(
    path: Path, keys: Iterable[Ed25519PublicKey], types: tuple[str, ...] = (TYPE, REPLAY, BACKUP, RETENTION, SETTINGS)
) -> Mapping[str, Any]:
    """The payload of a receipt's file, or of another that this program signs.

    InvalidReceiptError with a plain reason if not one of the keys signed exactly this file, or it
    is not a receipt; UnknownError if there is no file.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnknownError(f"cannot read {path}: {error.strerror}") from None
    payload = signing.verify(content, keys)
    if payload.get("type") not in types:
        raise InvalidReceiptError(f"the file is signed and is not of the form {' or '.join(types)}")
    return payload
