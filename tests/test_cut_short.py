"""Killed in the middle of forgetting: nothing is half gone, and whoever comes next finishes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from sqlalchemy import select

from connectors.sandbox.world import Sandbox
from orchestrator.inventory import Inventory
from orchestrator.journal import Journal
from orchestrator.service import Service
from orchestrator.storage import schema
from orchestrator.vault import MasterKey, Vault
from tests.killed import Place, at_every_moment
from tests.office import Office, inventory
from tests.orchestrator import databases

MASTER = MasterKey(bytes(range(32)))
SYSTEMS = ("app_db", "logins")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with databases.postgres(tmp_path_factory.mktemp("cut")) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Where an installation is to be made."""
    monkeypatch.setenv("DSR_DATABASE_URL", "")  # and back, after `Place.entered`
    url = databases.emptied(request.getfixturevalue("server")) if request.param == "postgresql" else ""
    return Place(tmp_path / "before", url)


# One vault


def _opened(place: Place) -> tuple[Journal, Vault]:
    journal = Journal.open(place.where)
    return journal, Vault(journal, MASTER)


_WORK: dict[str, Callable[[Vault], None]] = {
    "destroying": lambda vault: vault.destroy("r-1"),
    "destroying_file": lambda vault: vault.destroy_file("r-1"),
    "reducing": lambda vault: vault.reduce("r-1", {"reply": {"email": "kept"}}),
    "closing": lambda vault: vault.close(vault.capsules("r-1")),
}


def _working(what: str) -> Callable[[Place], tuple[object, Callable[[], None]]]:
    def work(place: Place) -> tuple[object, Callable[[], None]]:
        journal, vault = _opened(place)
        return journal.store.engine, lambda: _WORK[what](vault)

    return work


destroying, destroying_file, reducing, closing = map(_working, _WORK)


@pytest.fixture
def before(place: Place) -> Place:
    """A request with a working vault, a capsule and an evidence file, beside another request."""
    place.state.mkdir()
    journal, vault = _opened(place)
    vault.open("r-1").put("identifiers", b"value")
    vault.open("r-2").put("identifiers", b"another's")
    vault.new_capsule("r-1").put("capsule", b"value")
    vault.file("r-1").put("letter", b"value")
    journal.close()
    return place


@pytest.mark.parametrize(("what", "kind"), [
    ("destroying", "vault_destroyed"), ("reducing", "vault_reduced"), ("closing", "vault_destroyed"),
    ("destroying_file", "vault_destroyed"),
])  # fmt: skip
def test_a_key_and_the_entry_that_it_is_gone_go_together(before: Place, tmp_path: Path, what: str, kind: str) -> None:
    journal, vault = _opened(before)
    name = {"closing": vault.capsules("r-1")[0].name, "destroying_file": "file:r-1"}.get(what, "r-1")
    (slot,) = vault.open(name).slots()
    with journal.store.read() as connection:
        keys, blobs = schema.vault_keys.c, schema.vault_blobs.c
        secret = [bytes(w) for w in connection.execute(select(keys.wrapped).where(keys.request == name)).scalars()]
        secret += [bytes(s) for s in connection.execute(select(blobs.sealed).where(blobs.request == name)).scalars()]
    journal.close()
    assert all(one in before.bytes() for one in secret), "what is looked for can be found"
    ends, remains = set(), False
    for place in at_every_moment(before, tmp_path / "copies", f"{__name__}:{what}", step=7 if before.url else 1):
        found = place.bytes()
        journal, vault = _opened(place)
        told = [e for e in journal.entries(name) if e.kind == kind]
        ends.add(bool(told))
        if told:
            remains |= any(one in found for one in secret)
            assert _found(place, journal, secret) == [], "whoever opens it next rids the files of it"
            journal, vault = _opened(place)
        else:
            assert vault.open(name).get(slot) == b"value", "it is whole"
        _WORK[what](vault)
        assert len([e for e in journal.entries(name) if e.kind == kind]) == 1
        assert vault.open("r-2").get("identifiers") == b"another's"
        journal.verify()
        assert _found(place, journal, secret) == []
        place.remove()
    assert ends == {True, False}
    assert remains, "some were killed when the entry was there, and the bytes still were in the files"


def _found(place: Place, journal: Journal, secret: list[bytes]) -> list[bytes]:
    journal.close()
    found = place.bytes()
    return [one for one in secret if one in found]


# A whole request


def _held() -> Inventory:
    held = inventory(only_connected=True)
    return replace(held, systems={n: held.systems[n] for n in SYSTEMS}, letters=None)


def _over(place: Place, sandbox: Sandbox | None = None) -> Office:
    place.entered()
    return Office(sandbox or _Running, place.state, _held())  # type: ignore[arg-type]


class _Running:
    """The sandbox that the environment names."""

    environ: ClassVar[dict[str, str]] = {}


def answering(place: Place, request: str, proof: str) -> tuple[object, Callable[[], None]]:
    office = _over(place)

    def act() -> None:
        office.service.answer(request, Path(proof))

    return office.workspace.journal.store.engine, act


def test_an_answer_that_was_cut_short_leaves_the_capsules_that_it_should(place: Place, tmp_path: Path) -> None:
    proof = tmp_path / "proof.png"
    proof.write_bytes(b"a picture")
    with Sandbox(only=("app_db", "files", "amazon")) as sandbox:
        office = _over(place, sandbox)
        request = office.approved(sandbox.people.subject.email)
        office.service.run(request)
        for step in office.service.manual_steps(request):
            office.service.manual_done(step.ref, "", proof)
        office.service.run(request)
        working = office.workspace.vault.open(request).slots()
        office.close()
        left: list[tuple[str, ...]] = []
        moments = at_every_moment(
            place,
            tmp_path / "copies",
            f"{__name__}:answering",
            request,
            str(proof),
            step=211 if place.url else 41,
            most=4000,
        )
        for one in moments:
            office = _over(one)
            if not list(office.workspace.journal.entries(request, "answered")):
                assert office.workspace.vault.open(request).slots() == working, "nobody was told, nothing is forgotten"
                office.service.answer(request, proof)
            office.service.tidy()
            left.append(_left(office.service, request))
            office.close()
            one.remove()
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
