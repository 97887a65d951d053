"""For an auditor: signed heads of the journal, and proofs that what was there last year is there still.

A head says how many entries the journal had, and the root of the Merkle tree over them. Whoever keeps one can
ask for a proof that the journal of today begins with the same entries, and check it offline with the public key.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select

from orchestrator import canonical, merkle
from orchestrator.errors import IntegrityError, InvalidReceiptError, UnknownError
from orchestrator.intake import Intake
from orchestrator.journal import START, Head, Journal
from orchestrator.receipt import head_of, of_request, verify_file
from orchestrator.signing import envelope_bytes
from orchestrator.storage import schema

HEAD, CONSISTENCY = "dsr-head/1", "dsr-consistency/1"
_LONGEST = 1024 * 1024  # bytes of a proof, which has some kilobytes


class Audits(Intake):
    """The use cases of whoever looks whether the journal is what it was."""

    def signed_head(self) -> bytes:
        """The head of today, as the file of a signed envelope."""
        hashes = _hashes(self.journal)
        root = merkle.root([merkle.leaf(entry) for entry in hashes])
        told = {
            "type": HEAD, "company": self.inventory.company, "at": canonical.plain(self.now()),
            "size": len(hashes), "root": hexadecimal(root), "hash": hashes[-1] if hashes else START,
        }  # fmt: skip
        return envelope_bytes(self.workspace.signing_key.sign(told))

    def rotate_signing_key(self) -> str:
        """Sign receipts with a new key from now on; the id of the former one."""
        self.actor.require("run")
        former = self.workspace.rotate_signing_key()
        told = {"former": former, "key": self.workspace.signing_key.key_id}
        self.journal.append("", "receipt_key", self.actor.id, told)
        return former

    def verify_journal(self, heads: Iterable[Path] = (), anchored: Iterable[Mapping[str, Any]] = ()) -> Head:
        """Walk the whole chain, against every receipt there is and the heads given. IntegrityError if it was changed.

        `anchored`: heads that were read and verified elsewhere. InvalidReceiptError for one that was not signed here,
        or a receipt that is not of the request it is kept for.
        """
        keys = self.workspace.public_keys
        receipts = [of_request(e.payload, e.request, keys) for e in self.journal.entries(kind="receipt")]
        given = [*(read_head(path, keys) for path in heads), *anchored]
        leaves = leaves_of(self.journal)
        for told in given:
            if told["size"] > len(leaves) or hexadecimal(merkle.root(leaves[: told["size"]])) != told["root"]:
                raise IntegrityError(f"the journal's first {told['size']} entries are not those of the head given")
        remembered = [Head(told["size"], told["hash"]) for told in given]
        return self.journal.verify([*remembered, *(head_of(r) for r in receipts)])

    def consistency(self, head: Path) -> dict[str, Any]:
        """A proof that the journal of today begins with the entries of an old head."""
        told = read_head(head, self.workspace.public_keys)
        leaves, first = leaves_of(self.journal), told["size"]
        if not 0 < first <= len(leaves):
            raise IntegrityError(f"the head counts {first} entries, and the journal has {len(leaves)}")
        return {
            "type": CONSISTENCY, "first": {"size": first, "root": told["root"]},
            "second": {"size": len(leaves), "root": hexadecimal(merkle.root(leaves))},
            "path": [hexadecimal(step) for step in merkle.consistency(leaves, first)],
        }  # fmt: skip


def check_consistency(proof: Path, old: Path, new: Path, keys: Iterable[Ed25519PublicKey]) -> Mapping[str, Any]:
    """Offline: whether a proof shows the journal of the new head to begin with that of the old one.

    Returns the new head. InvalidReceiptError with a plain reason if it does not.
    """
    known = list(keys)
    first, second, told = read_head(old, known), read_head(new, known), read_proof(proof, CONSISTENCY)
    try:
        path = [bytes.fromhex(str(step).removeprefix("sha256:")) for step in told["path"]]
        stated = [(told[which]["size"], told[which]["root"]) for which in ("first", "second")]
    except (KeyError, TypeError, ValueError):
        raise InvalidReceiptError("the proof is not one of consistency") from None
    if stated != [(head["size"], head["root"]) for head in (first, second)]:
        raise InvalidReceiptError("the proof is about other heads than these two")
    roots = [bytes.fromhex(root.removeprefix("sha256:")) for _, root in stated]
    if not merkle.consistent(first["size"], roots[0], second["size"], roots[1], path):
        raise InvalidReceiptError("the proof does not hold: entries were changed or removed between the two heads")
    return second


def leaves_of(journal: Journal) -> list[merkle.Hash]:
    """Of all entries, in their order."""
    return [merkle.leaf(entry) for entry in _hashes(journal)]


def _hashes(journal: Journal) -> list[str]:
    with journal.store.read() as connection:
        return list(connection.execute(select(schema.entries.c.hash).order_by(schema.entries.c.seq)).scalars())


def read_head(path: Path, keys: Iterable[Ed25519PublicKey]) -> Mapping[str, Any]:
    """A signed head's file. InvalidReceiptError if none of the keys signed it."""
    return verify_file(path, keys, types=(HEAD,))


def read_proof(path: Path, kind: str) -> Mapping[str, Any]:
    """A proof's file, of that form. InvalidReceiptError if it is another, UnknownError if there is none."""
    try:
        content = path.read_bytes()[: _LONGEST + 1]
        told = json.loads(content) if len(content) <= _LONGEST else None
    except OSError as error:
        raise UnknownError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or told.get("type") != kind:
        raise InvalidReceiptError(f"{path} is not a proof of the form {kind}")
    return told


def hexadecimal(value: bytes) -> str:
    return "sha256:" + value.hex()
