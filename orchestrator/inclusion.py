"""For whoever holds one receipt: a proof that a signed head of the journal stands for it, checked offline.

The proof has what the journal says of the receipt's entry, but for the receipt itself, which is in the hands of
whoever checks; the way from its leaf to the root (RFC 6962, section 2.1.1); and the signed head. A receipt that is
proven cannot be taken out of the journal afterwards without breaking the head that others hold.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select

from orchestrator import canonical, merkle, signing
from orchestrator.audit import HEAD, Audits, hexadecimal, leaves_of, read_head, read_proof
from orchestrator.errors import IntegrityError, InvalidReceiptError, UnknownError
from orchestrator.receipt import hash_of, verify_file
from orchestrator.storage import chain, schema

INCLUSION = "dsr-inclusion/1"
_FIELDS = frozenset({"seq", "at", "request", "kind", "key", "by", "payload", "prev", "salt"})
_MEMBERS = frozenset({"type", "entry", "path", "head"})


class Inclusions(Audits):
    """The use case of whoever has to show that a receipt is no loose sheet."""

    def inclusion(self, receipt: str, head: Path | None = None) -> dict[str, Any]:
        """A proof for a receipt, named by its request (its last one) or by its file, in the head given or today's.

        UnknownError if the journal has no such receipt, or the head is older than it; IntegrityError if the journal
        does not have the entries that the head stands for.
        """
        row = self._entry_of(receipt)
        signed = (
            head.read_text() if head and read_head(head, self.workspace.public_keys) else self.signed_head().decode()
        )
        told = signing.verify(signed.encode(), self.workspace.public_keys)
        leaves, index = leaves_of(self.journal)[: told["size"]], row["seq"] - 1
        if hexadecimal(merkle.root(leaves)) != told["root"]:
            raise IntegrityError(f"the journal's first {told['size']} entries are not those of the head given")
        if index >= len(leaves):
            raise UnknownError(f"the head is older than the receipt, which is entry {row['seq']}: give a later one")
        return {
            "type": INCLUSION, "entry": _without_envelope(row), "head": signed,
            "path": [hexadecimal(step) for step in merkle.inclusion(leaves, index)],
        }  # fmt: skip

    def _entry_of(self, receipt: str) -> Mapping[str, Any]:
        """The row of the receipt's entry."""
        columns = schema.entries.c
        query = select(schema.entries).order_by(columns.seq.desc()).limit(1)
        if Path(receipt).is_file():
            query = query.where(columns.key == hash_of(Path(receipt).read_bytes()), columns.kind.endswith("receipt"))
        else:
            query = query.where(columns.request == receipt, columns.kind == "receipt")
        with self.journal.store.read() as connection:
            found = connection.execute(query).one_or_none()
        if found is None:
            raise UnknownError(f"no receipt {receipt}: name a request that has one, or a receipt's file")
        return {name: value for name, value in found._asdict().items() if name != "hash"}


def _without_envelope(row: Mapping[str, Any]) -> dict[str, Any]:
    payload = json.loads(row["payload"])
    del payload["envelope"]
    return {**row, "payload": payload}


def check_inclusion(
    receipt: Path, proof: Path, keys: Iterable[Ed25519PublicKey], head: Path | None = None
) -> Mapping[str, Any]:
    """Offline: whether a proof shows the receipt to be in the journal of a signed head. Returns the head.

    `head`: one that was kept elsewhere, which the proof has to be about. InvalidReceiptError with a plain reason if
    the receipt or the head was not signed by one of the keys, or the proof does not hold.
    """
    known = list(keys)
    verify_file(receipt, known)
    told = read_proof(proof, INCLUSION)
    signed = told.get("head")
    if set(told) != _MEMBERS or not isinstance(signed, str):
        raise InvalidReceiptError("the proof is not one of inclusion")
    if head is not None and read_head(head, known) and head.read_bytes() != signed.encode():
        raise InvalidReceiptError("the proof is about another head than the one given")
    stated = signing.verify(signed.encode(), known)
    if stated.get("type") != HEAD:
        raise InvalidReceiptError("the proof's head is signed and is not a head")
    content = receipt.read_bytes()
    try:
        row = _with_envelope(told["entry"], content)
        path = [bytes.fromhex(step.removeprefix("sha256:")) for step in told["path"]]
        root = bytes.fromhex(stated["root"].removeprefix("sha256:"))
        leaf = merkle.leaf(chain.hash_of_row(row))
        held = merkle.included(leaf, row["seq"] - 1, stated["size"], path, root)
        mine = row["key"] == hash_of(content) and str(row["kind"]).endswith("receipt")
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InvalidReceiptError("the proof is not one of inclusion") from None
    if not mine:
        raise InvalidReceiptError("the proof is about another receipt")
    if not held:
        raise InvalidReceiptError("the proof does not hold: the head does not stand for this receipt")
    return stated


def _with_envelope(entry: Any, content: bytes) -> dict[str, Any]:
    """The journal's row, with the receipt that is at hand in the place that was left out."""
    if not isinstance(entry, dict) or set(entry) != _FIELDS or "envelope" in entry["payload"]:
        raise ValueError
    return {**entry, "payload": canonical.encode({**entry["payload"], "envelope": content.decode()}).decode()}
