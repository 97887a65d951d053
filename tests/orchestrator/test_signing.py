"""Signatures: receipts of one spelling, decisions that cannot be passed on, keys that stay private."""

from __future__ import annotations

import base64
import json
import pickle
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import canonical
from orchestrator.errors import InvalidReceiptError, InventoryError, NotAllowedError, UnknownError
from orchestrator.model import Signed
from orchestrator.signing import (
    PAYLOAD_TYPE,
    SigningKey,
    StaffKey,
    envelope_bytes,
    key_id,
    pae,
    public_key,
    verify,
    verify_decision,
)
from tests.orchestrator.cases import NOW

# RFC 8032, section 7.1, test 1: a key that everyone knows.
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(SEED))
OTHER = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(32)))
DECISION = Signed("approve", "sha256:00", "s2", NOW, "counts are right")


def test_the_encoding_is_that_of_the_specification() -> None:
    # The example of https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("é", b"") == b"DSSEv1 2 \xc3\xa9 0 "  # lengths are in bytes


def test_the_key_id_is_the_hash_of_the_public_key() -> None:
    assert KEY.key_id == "21fe31dfa154a261"  # SHA-256 of RFC 8032's public key
    assert key_id(public_key(KEY.public_pem())) == KEY.key_id


def test_another_implementation_accepts_the_envelope() -> None:
    envelope = json.loads(envelope_bytes(KEY.sign({"b": 1, "a": "é"})))
    body = base64.b64decode(envelope["payload"])
    assert body == '{"a":"é","b":1}'.encode()
    signed = b" ".join([b"DSSEv1", b"%d" % len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), b"%d" % len(body), body])
    KEY.public.verify(base64.b64decode(envelope["signatures"][0]["sig"]), signed)


@given(
    st.dictionaries(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")) | st.integers(0, 9))
)
def test_what_was_signed_verifies(payload: dict[str, Any]) -> None:
    assert verify(envelope_bytes(KEY.sign(payload)), [OTHER.public, KEY.public]) == payload


def test_every_flipped_bit_of_every_byte_shows() -> None:
    envelope = envelope_bytes(KEY.sign({"outcome": "complete", "steps": [{"planned": 3}]}))
    for at in range(len(envelope)):
        for bit in range(8):
            changed = bytearray(envelope)
            changed[at] ^= 1 << bit
            with pytest.raises(InvalidReceiptError):
                verify(bytes(changed), [KEY.public])


def test_every_byte_taken_out_or_put_in_shows() -> None:
    envelope = envelope_bytes(KEY.sign({"a": 1}))
    for at in range(len(envelope) + 1):
        for changed in (
            envelope[:at] + envelope[at + 1 :],
            *(envelope[:at] + b + envelope[at:] for b in (b" ", b"\n", b"A")),
        ):
            if changed != envelope:
                with pytest.raises(InvalidReceiptError):
                    verify(changed, [KEY.public])


def _signed(body: bytes) -> bytes:
    """An envelope that this key truly signed, over whatever body."""
    signature = base64.b64encode(KEY._key.sign(pae(PAYLOAD_TYPE, body))).decode()
    payload = base64.b64encode(body).decode()
    return canonical.encode(
        {"payload": payload, "payloadType": PAYLOAD_TYPE, "signatures": [{"keyid": KEY.key_id, "sig": signature}]}
    )


def test_a_payload_must_be_canonical_though_signed() -> None:
    assert verify(_signed(b'{"a":1}'), [KEY.public]) == {"a": 1}
    for body in (b'{"a": 1}', b'{"a":1,"a":1}', b'{"b":1,"a":1}', b"[1]", b"{", b"", b'{"a":' + b"[" * 9999):
        with pytest.raises(InvalidReceiptError, match="payload"):
            verify(_signed(body), [KEY.public])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"signatures": []}, "not exactly one signature"),
        ({"signatures": "x"}, "not exactly one signature"),
        ({"signatures": [{"sig": "AA=="}]}, "not made of"),
        ({"signatures": [{"sig": "AA==", "keyid": OTHER.key_id}]}, "another key"),
        ({"signatures": [{"sig": "AA==", "keyid": KEY.key_id}]}, "does not fit"),
        ({"signatures": [{"sig": 1, "keyid": KEY.key_id}]}, "base64"),
        ({"payload": 1}, "base64"),
        ({"payload": "e30"}, "base64"),
        ({"payload": "e31="}, "base64"),
        ({"payloadType": "application/json"}, "not hold a receipt"),
        ({"more": 1}, "three fields"),
    ],
)
def test_a_bad_envelope_is_told_apart(change: dict[str, Any], reason: str) -> None:
    envelope = KEY.sign({}) | change
    with pytest.raises(InvalidReceiptError, match=reason):
        verify(envelope_bytes(envelope), [KEY.public])


def test_another_key_does_not_verify() -> None:
    with pytest.raises(InvalidReceiptError, match="another key"):
        verify(envelope_bytes(KEY.sign({})), [OTHER.public])
    with pytest.raises(InvalidReceiptError, match="another key"):
        verify(envelope_bytes(KEY.sign({})), [])
    with pytest.raises(InvalidReceiptError, match="not an Ed25519 public key"):
        public_key(b"-----BEGIN CERTIFICATE-----")


def test_a_file_that_is_too_long_is_not_read() -> None:
    with pytest.raises(InvalidReceiptError, match="too long"):
        verify(b" " * (16 * 1024 * 1024 + 1), [KEY.public])


def test_a_signing_key_is_made_once_and_stays_private(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "receipt.key"
    made = SigningKey.ensure(path)
    assert SigningKey.ensure(path).key_id == made.key_id
    assert path.stat().st_mode & 0o777 == 0o600
    assert [f.name for f in path.parent.iterdir()] == ["receipt.key"]
    path.chmod(0o640)
    with pytest.raises(NotAllowedError, match=f"chmod 600 {path}"):
        SigningKey.ensure(path)
    path.chmod(0o600)
    path.write_text("not a key")
    with pytest.raises(NotAllowedError, match="does not hold an Ed25519 private key"):
        SigningKey.ensure(path)
    assert repr(made) == f"SigningKey({made.key_id})"
    with pytest.raises(TypeError):
        pickle.dumps(made)


def test_a_decision_is_signed_as_a_whole(tmp_path: Path) -> None:
    key = StaffKey.generate(tmp_path / "ann.key")
    signed = StaffKey.load(tmp_path / "ann.key").sign_decision(DECISION)
    assert verify_decision(signed, key.public)
    for changed in (
        replace(signed, purpose="override:too_many"),
        replace(signed, digest="sha256:01"),
        replace(signed, by="s3"),
        replace(signed, at=NOW + timedelta(microseconds=1)),
        replace(signed, reason=""),
        replace(signed, os_user="root"),
        replace(signed, signature=""),
        replace(signed, signature="AAAA"),
        replace(signed, signature="*"),
    ):
        assert not verify_decision(changed, key.public)
    assert not verify_decision(signed, StaffKey.generate(tmp_path / "bob.key").public)


def test_a_receipts_key_cannot_be_made_to_sign_a_decision() -> None:
    body = canonical.encode(canonical.plain(DECISION))
    signed = replace(DECISION, signature=base64.b64encode(KEY._key.sign(body)).decode())
    raw = base64.b64encode(KEY.public.public_bytes_raw()).decode()
    assert not verify_decision(signed, f"ed25519:{raw}")


def test_staff_keys_are_never_overwritten_and_must_be_keys(tmp_path: Path) -> None:
    key = StaffKey.generate(tmp_path / "ann.key")
    with pytest.raises(NotAllowedError, match="never overwritten"):
        StaffKey.generate(tmp_path / "ann.key")
    with pytest.raises(UnknownError, match="no key file"):
        StaffKey.load(tmp_path / "none.key")
    for bad in ("", "ed25519:", "ed25519:AAAA", key.public.removeprefix("ed25519:"), key.public + "!"):
        with pytest.raises(InventoryError, match="public_key is written ed25519:"):
            verify_decision(DECISION, bad)
