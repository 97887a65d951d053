"""What an auditor asks: is everything there that was there, and is it what was signed? No byte of it can change."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from sqlalchemy import text

from connectors.sandbox.world import Sandbox
from orchestrator import audit
from orchestrator.errors import IntegrityError, InvalidReceiptError
from orchestrator.receipt import verify_file
from orchestrator.signing import public_keys
from tests.office import Office, inventory

NODE = shutil.which("node")


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(only=("app_db",)) as sandbox:
        yield sandbox


@pytest.fixture
def office(running: Sandbox, tmp_path: Path) -> Iterator[Office]:
    running.replant()
    held = inventory(only_connected=True)
    office = Office(running, tmp_path / "state", replace(held, systems={"app_db": held.systems["app_db"]}))
    yield office
    office.close()


def written(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_an_old_head_is_proven_to_be_the_beginning_of_todays(office: Office, tmp_path: Path) -> None:
    service = office.service
    office.request(office.sandbox.people.subject.email)
    old = written(tmp_path / "old.json", service.signed_head())
    office.request(office.sandbox.people.bystander.email)
    new = written(tmp_path / "new.json", service.signed_head())
    proof = written(tmp_path / "proof.json", json.dumps(service.consistency(old)))
    keys = public_keys(office.workspace.public_pem())
    assert audit.check_consistency(proof, old, new, keys)["size"] == office.workspace.journal.head().seq
    assert service.verify_journal([old, new]).seq == office.workspace.journal.head().seq
    with pytest.raises(InvalidReceiptError, match="other heads"):
        audit.check_consistency(proof, new, new, keys)
    told = json.loads(proof.read_text())
    for number, step in enumerate(told["path"]):
        bent = {**told, "path": [*told["path"]]}
        bent["path"][number] = step[:-1] + ("0" if step[-1] != "0" else "1")
        with pytest.raises(InvalidReceiptError, match="changed or removed"):
            audit.check_consistency(written(tmp_path / "bent.json", json.dumps(bent)), old, new, keys)


def test_a_journal_that_was_rewritten_from_the_beginning_does_not_fit_an_old_head(
    office: Office, running: Sandbox, tmp_path: Path
) -> None:
    office.request(office.sandbox.people.subject.email)
    old = written(tmp_path / "old.json", office.service.signed_head())
    state = tmp_path / "rewritten"
    state.mkdir(mode=0o700)
    shutil.copy(office.state / "receipt.key", state / "receipt.key")
    other = Office(running, state, office.workspace.inventory)
    other.request(office.sandbox.people.bystander.email)
    other.request(office.sandbox.people.bystander.email)
    with pytest.raises(IntegrityError, match="not those of the head"):
        other.service.verify_journal([old])
    other.close()


def test_every_single_byte_of_a_receipt_and_of_a_head_counts(office: Office, tmp_path: Path) -> None:
    """Exhaustive: every byte, changed to another value."""
    done = office.erase(office.sandbox.people.subject.email)
    keys = public_keys(office.workspace.public_pem())
    head = written(tmp_path / "head.json", office.service.signed_head())
    bent = tmp_path / "bent.json"
    for file, types in ((head, (audit.HEAD,)), (done.envelope, ("dsr-receipt/1", "dsr-replay/1"))):
        content = file.read_bytes()
        places = range(len(content))
        step = max(1, len(content) // 1500)  # a receipt of a real request has many thousands
        for position in [*places[:200], *places[200:-200:step], *places[-200:]]:
            bent.write_bytes(content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :])
            with pytest.raises(InvalidReceiptError):
                verify_file(bent, keys, types)


def test_every_column_of_every_row_of_the_journal_counts(office: Office) -> None:
    """One character of one value at a time, in a small journal everywhere and in each direction."""
    office.request(office.sandbox.people.subject.email)
    journal = office.workspace.journal
    journal.verify()
    with journal.store.read() as connection:
        rows = [dict(r._mapping) for r in connection.execute(text("SELECT * FROM dsr_entries ORDER BY seq"))]
    pick = random.Random(3)
    for row in rows:
        for column, value in row.items():
            if value is None:
                continue
            for changed in _bent(value, pick):
                with _changed(office, row["seq"], column, changed), pytest.raises(IntegrityError):
                    journal.verify()
    journal.verify()
    for gone in rows:
        with _without(office, gone["seq"]), pytest.raises(IntegrityError):
            journal.verify()
    for column, value in (("hash", "sha256:" + "0" * 64), ("seq", len(rows) - 1)):
        with journal.store.write() as connection:
            (was,) = connection.execute(text(f"SELECT {column} FROM dsr_head")).one()
            connection.execute(text(f"UPDATE dsr_head SET {column} = :v"), {"v": value})
        with pytest.raises(IntegrityError):
            journal.verify()
        with journal.store.write() as connection:
            connection.execute(text(f"UPDATE dsr_head SET {column} = :v"), {"v": was})
    journal.verify()


def test_a_receipt_verifies_after_its_key_was_replaced(office: Office) -> None:
    done = office.erase(office.sandbox.people.subject.email)
    former = office.workspace.signing_key.key_id
    assert office.service.rotate_signing_key() == former
    keys = public_keys(office.workspace.public_pem())
    assert len(keys) == 2
    assert verify_file(done.envelope, keys) == done.payload
    request = done.payload["request"]
    assert office.service.run(request).envelope == done.envelope, "nothing new to sign"
    office.service.verify_journal()


@pytest.mark.skipif(NODE is None, reason="no Node.js on this machine to run the page's script with")
def test_the_page_verifies_what_the_program_verifies_and_nothing_else(office: Office, tmp_path: Path) -> None:
    done = office.erase(office.sandbox.people.subject.email)
    page = (files("orchestrator.pages") / "verify.html").read_text()
    script = page.split("<script>")[1].split("</script>")[0]
    pem = written(tmp_path / "key.pem", office.workspace.public_pem())
    content = done.envelope.read_bytes()
    pick = random.Random(5)
    candidates = {"good.json": content, "spaced.json": content.replace(b",", b", ", 1)}
    for number in range(40):
        position = pick.randrange(len(content))
        candidates[f"bent{number}.json"] = content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]
    for name, data in candidates.items():
        written(tmp_path / name, data)
    program = written(
        tmp_path / "run.cjs",
        script
        + """
const fs = require("fs");
(async () => {
  const pem = fs.readFileSync(process.argv[2], "utf8");
  for (const file of process.argv.slice(3)) {
    try { const p = await verify(new Uint8Array(fs.readFileSync(file)), pem); console.log("valid " + p.request); }
    catch (error) { console.log("not valid"); }
  }
})();
""",
    )
    assert NODE
    command = [NODE, str(program), str(pem), *(str(tmp_path / name) for name in candidates)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert said == [f"valid {done.payload['request']}"] + ["not valid"] * (len(candidates) - 1)


def _bent(value: object, pick: random.Random) -> Iterator[object]:
    if isinstance(value, int):
        yield value + 1000
        return
    plain = str(value)
    for position in {0, len(plain) - 1, *(pick.randrange(len(plain)) for _ in range(6))} if plain else ():
        yield plain[:position] + chr(ord(plain[position]) ^ 1) + plain[position + 1 :]
    yield plain + " "


class _changed:  # noqa: N801 - used like a function
    """Another value in one column of one row, for a while."""

    def __init__(self, office: Office, seq: int, column: str, value: object) -> None:
        self._store, self._column = office.workspace.journal.store, column
        self._seq, self._new_seq = seq, value if column == "seq" else seq
        with self._store.write() as connection:
            query = text(f"SELECT {column} FROM dsr_entries WHERE seq = :seq")
            (self._was,) = connection.execute(query, {"seq": seq}).one()
            self._set(connection, seq, value)

    def _set(self, connection: object, seq: object, value: object) -> None:
        query = text(f"UPDATE dsr_entries SET {self._column} = :value WHERE seq = :seq")
        connection.execute(query, {"value": value, "seq": seq})  # type: ignore[attr-defined]

    def __enter__(self) -> None: ...

    def __exit__(self, *exc: object) -> None:
        with self._store.write() as connection:
            self._set(connection, self._new_seq, self._was)


class _without:  # noqa: N801 - used like a function
    """A journal that lacks one row, for a while."""

    def __init__(self, office: Office, seq: int) -> None:
        self._store = office.workspace.journal.store
        with self._store.write() as connection:
            found = connection.execute(text("SELECT * FROM dsr_entries WHERE seq = :seq"), {"seq": seq}).one()
            self._row = dict(found._mapping)
            connection.execute(text("DELETE FROM dsr_entries WHERE seq = :seq"), {"seq": seq})

    def __enter__(self) -> None: ...

    def __exit__(self, *exc: object) -> None:
        names = ", ".join(f'"{n}"' for n in self._row)
        values = ", ".join(f":{n}" for n in self._row)
        with self._store.write() as connection:
            connection.execute(text(f"INSERT INTO dsr_entries ({names}) VALUES ({values})"), self._row)
