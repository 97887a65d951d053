"""A single receipt, proven to be in the journal of a signed head: offline, and no byte of the proof can change."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.world import Sandbox
from orchestrator.errors import IntegrityError, InvalidReceiptError, UnknownError
from orchestrator.inclusion import check_inclusion
from orchestrator.issue import Fulfilled
from orchestrator.signing import SigningKey, public_keys
from tests.office import Office, dsr, inventory


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    held = inventory(only_connected=True)
    with Sandbox(only=("app_db",)) as running:
        state = tmp_path_factory.mktemp("office") / "state"
        office = Office(running, state, replace(held, systems={"app_db": held.systems["app_db"]}))
        yield office
        office.close()


@pytest.fixture(scope="module")
def done(office: Office) -> Fulfilled:
    made = office.erase(office.sandbox.people.subject.email)
    office.request(office.sandbox.people.bystander.email)
    return made


def written(path: Path, content: object) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def test_a_receipt_is_proven_offline_with_the_public_key_alone(office: Office, done: Fulfilled, tmp_path: Path) -> None:
    keys = public_keys(office.workspace.public_pem())
    proof = written(tmp_path / "proof.json", office.service.inclusion(done.payload["request"]))
    told = check_inclusion(done.envelope, proof, keys)
    assert told["size"] == office.workspace.journal.head().seq
    by_file = office.service.inclusion(str(done.envelope))
    assert by_file["entry"] == json.loads(proof.read_text())["entry"]
    assert "envelope" not in by_file["entry"]["payload"], "the receipt is in the hands of whoever checks"


def test_every_part_of_a_proof_counts(office: Office, done: Fulfilled, tmp_path: Path) -> None:
    """Each value of it changed, each step of the path left out, doubled and swapped."""
    keys = public_keys(office.workspace.public_pem())
    told = office.service.inclusion(done.payload["request"])
    bent = tmp_path / "bent.json"
    tried = 0
    for changed in variants(told):
        with pytest.raises(InvalidReceiptError):
            check_inclusion(done.envelope, written(bent, changed), keys)
        tried += 1
    assert tried > 100
    for content in (b"", b"[]", b"null", b"{", b"[" * 100_000, b'{"type":"dsr-inclusion/1"}'):
        with pytest.raises(InvalidReceiptError):
            check_inclusion(done.envelope, written(bent, content), keys)


def variants(told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The proof with one thing changed."""
    others: tuple[Any, ...]
    for name, value in told["entry"].items():
        others = (None, f"{value} ", 7, {}, [])
        for other in others:
            if other != value:
                yield {**told, "entry": {**told["entry"], name: other}}
        yield {**told, "entry": {k: v for k, v in told["entry"].items() if k != name}}
    for name in ("plan", "hash", "previous", "final"):
        changed = deepcopy(dict(told))
        changed["entry"]["payload"][name] = "sha256:" + "0" * 64
        yield changed
    path = told["path"]
    for number, step in enumerate(path):
        for place in range(len("sha256:"), len(step), 13):
            other = "0" if step[place] != "0" else "1"
            yield {**told, "path": [*path[:number], step[:place] + other + step[place + 1 :], *path[number + 1 :]]}
        yield {**told, "path": [*path[:number], *path[number + 1 :]]}
        yield {**told, "path": [*path[:number], step, *path[number:]]}
    yield {**told, "path": path[::-1]}
    yield {**told, "more": 1}
    head = told["head"]
    for place in range(0, len(head), max(1, len(head) // 60)):
        yield {**told, "head": head[:place] + chr(ord(head[place]) ^ 1) + head[place + 1 :]}


def test_a_proof_is_about_one_receipt_one_head_and_one_company(office: Office, done: Fulfilled, tmp_path: Path) -> None:
    service, keys = office.service, public_keys(office.workspace.public_pem())
    kept = written(tmp_path / "kept.json", service.signed_head())
    proof = written(tmp_path / "proof.json", service.inclusion(done.payload["request"], kept))
    assert check_inclusion(done.envelope, proof, keys, kept)["size"]
    office.request(office.sandbox.people.bystander.email)
    later = written(tmp_path / "later.json", service.signed_head())
    with pytest.raises(InvalidReceiptError, match="another head"):
        check_inclusion(done.envelope, proof, keys, later)
    other = office.erase(office.sandbox.people.namesake.email)
    with pytest.raises(InvalidReceiptError, match="another receipt"):
        check_inclusion(other.envelope, proof, keys)
    with pytest.raises(UnknownError, match="older than the receipt"):
        service.inclusion(other.payload["request"], kept)
    stranger = SigningKey.ensure(tmp_path / "stranger.key")
    with pytest.raises(InvalidReceiptError, match="another key"):
        check_inclusion(done.envelope, proof, public_keys(stranger.public_pem()))
    with pytest.raises(UnknownError, match="no receipt"):
        service.inclusion("r-nobody")


def test_a_receipt_is_no_head(office: Office, done: Fulfilled, tmp_path: Path) -> None:
    """What is signed as something else stands for no journal."""
    told = office.service.inclusion(done.payload["request"])
    proof = written(tmp_path / "proof.json", {**told, "head": done.envelope.read_text()})
    with pytest.raises(InvalidReceiptError, match="is not a head"):
        check_inclusion(done.envelope, proof, public_keys(office.workspace.public_pem()))


def test_a_head_of_another_journal_is_refused(office: Office, done: Fulfilled, tmp_path: Path) -> None:
    head = office.workspace.signing_key.sign(
        {"type": "dsr-head/1", "company": "x", "at": "x", "size": 3, "root": "sha256:" + "0" * 64, "hash": "x"}
    )
    from orchestrator.signing import envelope_bytes

    with pytest.raises(IntegrityError, match="not those of the head"):
        office.service.inclusion(done.payload["request"], written(tmp_path / "head.json", envelope_bytes(head)))


def test_on_the_command_line(office: Office, done: Fulfilled, tmp_path: Path) -> None:
    proof = tmp_path / "proof.json"
    made = dsr(office, "receipt", "prove", done.payload["request"], "--to", str(proof), "--json")
    assert made.returncode == 0, made.stderr
    said = dsr(office, "receipt", "verify", str(done.envelope), "--proof", str(proof), "--json")
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout)["head"]["size"] == office.workspace.journal.head().seq
    told = json.loads(proof.read_text())
    told["path"] = told["path"][1:]
    written(proof, told)
    bent = dsr(office, "receipt", "verify", str(done.envelope), "--proof", str(proof))
    assert (bent.returncode, bent.stdout) == (8, "")
    assert dsr(office, "receipt", "verify", str(done.envelope), "--head", str(proof)).returncode == 2
