"""Killed in the middle of forgetting: nothing is half gone, and whoever comes next finishes it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from sqlalchemy import select

from connectors.sandbox.world import Sandbox
from orchestrator.journal import Journal
from orchestrator.service import Service
from orchestrator.storage import schema
from orchestrator.vault import MasterKey, Vault
from tests.office import Office, inventory

MASTER = MasterKey(bytes(range(32)))
SYSTEMS = ("app_db", "logins")

# Forks a process for each moment in turn, which does the work over a copy and is killed (-9) at that moment:
# before a statement, a commit, or the taking of a connection, which are the moments at which anything can differ.
KILLED = """
import os, signal, shutil, sys
from pathlib import Path
from sqlalchemy import event
from tests import test_cut_short as work
before, copies, what, step, most = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
for moment in range(0, most, step):
    state = copies / f"{moment:04}"
    shutil.copytree(before, state)
    child = os.fork()
    if not child:
        left = moment
        def count(*_):
            global left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        engine, act = getattr(work, what)(state, *sys.argv[6:])
        for moment_of in ("before_cursor_execute", "commit", "checkout"):
            event.listen(engine, moment_of, count)
        act()
        os._exit(0)
    if not os.waitpid(child, 0)[1]:
        (copies / "finished").write_text(state.name)
        break
"""


def killed_at_every_moment(
    before: Path, copies: Path, what: str, *words: str, step: int = 1, most: int = 400
) -> Iterator[Path]:
    """What each killed process left, and at last what one left that was not."""
    copies.mkdir()
    command = [sys.executable, "-c", KILLED, str(before), str(copies), what, str(step), str(most), *words]
    subprocess.run(command, check=True, cwd=Path(__file__).parent.parent, capture_output=True)
    assert (copies / "finished").exists(), "there were more moments than were tried"
    yield from sorted(p for p in copies.iterdir() if p.is_dir())


def bytes_of(state: Path) -> bytes:
    return b"\n".join(p.read_bytes() for p in sorted(state.rglob("*")) if p.is_file())


# One vault


def _opened(state: Path) -> tuple[Journal, Vault]:
    journal = Journal.open(state / "journal.sqlite")
    return journal, Vault(journal, MASTER)


def destroying(state: Path) -> tuple[object, Callable[[], None]]:
    journal, vault = _opened(state)
    return journal.store.engine, lambda: vault.destroy("r-1")


def reducing(state: Path) -> tuple[object, Callable[[], None]]:
    journal, vault = _opened(state)
    return journal.store.engine, lambda: vault.reduce("r-1", {"reply": {"email": "kept"}})


def closing(state: Path) -> tuple[object, Callable[[], None]]:
    journal, vault = _opened(state)
    return journal.store.engine, lambda: vault.close(vault.capsules("r-1"))


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """A request with a working vault and a capsule."""
    state = tmp_path / "before"
    journal, vault = _opened(state)
    vault.open("r-1").put("identifiers", b"value")
    vault.open("r-2").put("identifiers", b"another's")
    vault.new_capsule("r-1").put("capsule", b"value")
    journal.close()
    return state


@pytest.mark.parametrize(("what", "kind"), [
    ("destroying", "vault_destroyed"), ("reducing", "vault_reduced"), ("closing", "vault_destroyed"),
])  # fmt: skip
def test_a_key_and_the_entry_that_it_is_gone_go_together(before: Path, tmp_path: Path, what: str, kind: str) -> None:
    journal, vault = _opened(before)
    name = "r-1" if what != "closing" else vault.capsules("r-1")[0].name
    slot = "identifiers" if what != "closing" else "capsule"
    with journal.store.read() as connection:
        keys, blobs = schema.vault_keys.c, schema.vault_blobs.c
        secret = [bytes(w) for w in connection.execute(select(keys.wrapped).where(keys.request == name)).scalars()]
        secret += [bytes(s) for s in connection.execute(select(blobs.sealed).where(blobs.request == name)).scalars()]
    journal.close()
    assert all(one in bytes_of(before) for one in secret), "what is looked for can be found"
    ends, remains = set(), False
    for state in killed_at_every_moment(before, tmp_path / "copies", what):
        found = bytes_of(state)
        journal, vault = _opened(state)
        told = [e for e in journal.entries(name) if e.kind == kind]
        ends.add(bool(told))
        if told:
            remains |= any(one in found for one in secret)
            assert [one for one in secret if one in bytes_of(state)] == [], "whoever opens it next rids the files of it"
        else:
            assert vault.open(name).get(slot) == b"value", "it is whole"
        {
            "destroying": lambda: vault.destroy("r-1"),  # noqa: B023 - called at once
            "reducing": lambda: vault.reduce("r-1", {"reply": {"email": "kept"}}),  # noqa: B023
            "closing": lambda: vault.close(vault.capsules("r-1")),  # noqa: B023
        }[what]()
        assert len([e for e in journal.entries(name) if e.kind == kind]) == 1
        assert [one for one in secret if one in bytes_of(state)] == []
        assert vault.open("r-2").get("identifiers") == b"another's"
        journal.verify()
        journal.close()
        shutil.rmtree(state)
    assert ends == {True, False}
    assert remains, "some were killed when the entry was there, and the bytes still were in the files"


# A whole request


def _over(state: Path) -> Office:
    held = inventory(only_connected=True)
    held = replace(held, systems={n: held.systems[n] for n in SYSTEMS}, letters=None)
    return Office(_Running, state, held)  # type: ignore[arg-type]


class _Running:
    """The sandbox that the environment names."""

    environ: ClassVar[dict[str, str]] = {}


def answering(state: Path, request: str, proof: str) -> tuple[object, Callable[[], None]]:
    office = _over(state)

    def act() -> None:
        office.service.answer(request, Path(proof))

    return office.workspace.journal.store.engine, act


def test_an_answer_that_was_cut_short_leaves_the_capsules_that_it_should(tmp_path: Path) -> None:
    proof = tmp_path / "proof.png"
    proof.write_bytes(b"a picture")
    with Sandbox(only=("app_db", "files", "amazon")) as sandbox:
        held = inventory(only_connected=True)
        held = replace(held, systems={n: held.systems[n] for n in SYSTEMS}, letters=None)
        office = Office(sandbox, tmp_path / "before", held)
        request = office.approved(sandbox.people.subject.email)
        office.service.run(request)
        for step in office.service.manual_steps(request):
            office.service.manual_done(step.ref, "", proof)
        office.service.run(request)
        working = office.workspace.vault.open(request).slots()
        office.close()
        left: list[tuple[str, ...]] = []
        words = (request, str(proof))
        for state in killed_at_every_moment(
            tmp_path / "before", tmp_path / "copies", "answering", *words, step=41, most=4000
        ):
            office = _over(state)
            if not list(office.workspace.journal.entries(request, "answered")):
                assert office.workspace.vault.open(request).slots() == working, "nobody was told, nothing is forgotten"
                office.service.answer(request, proof)
            office.service.tidy()
            left.append(_left(office.service, request))
            office.close()
            shutil.rmtree(state)
        assert len(left) > 3
        assert set(left) == {left[-1]}, "as if nothing had happened"


def _left(service: Service, request: str) -> tuple[str, ...]:
    """What is open, once everything that was cut short is finished."""
    vault, journal = service.workspace.vault, service.journal
    assert vault.open(request).slots() == ()
    held = {c.name: c.get_json("capsule")["what"] for c in vault.capsules(request)}
    told = {e.payload["capsule"]: e.payload["what"] for e in journal.entries(request, "capsule_made")}
    assert held == told, "each capsule is in the journal, once"
    assert service.tidy() == ()
    journal.verify()
    return tuple(sorted(held.values()))
