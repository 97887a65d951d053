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
from orchestrator.storage.agenda import Agenda
from orchestrator.vault import MasterKey, Vault
from tests.killed import Place, at_every_moment
from tests.office import Office, inventory
from tests.orchestrator import databases
from tests.orchestrator.cases import NOW

MASTER = MasterKey(bytes(range(32)))
TOLD = "what-an-entry-of-the-journal-says"
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


# The vaults of one request


def _opened(place: Place) -> tuple[Journal, Vault]:
    journal = Journal.open(place.where)
    return journal, Vault(journal, MASTER)


def forgetting(place: Place) -> tuple[object, Callable[[], None]]:
    journal, vault = _opened(place)
    return journal.store.engine, lambda: _forget(journal, vault)


def _forget(journal: Journal, vault: Vault) -> None:
    """All that is ever forgotten, in the order of a request's life."""
    vault.reduce("r-1", {"reply": {"email": "kept"}})
    vault.close(vault.capsules("r-1"))
    vault.destroy("r-1")
    vault.destroy_file("r-1")
    Agenda(journal.store).drop("r-1")
    journal.purge("r-1", "s1")
    journal.store.scrub()


def _secrets(journal: Journal, name: str) -> list[bytes]:
    """A vault's wrapped key and sealed slots, as they stand in the database."""
    keys, blobs = schema.vault_keys.c, schema.vault_blobs.c
    with journal.store.read() as connection:
        found = [*connection.execute(select(keys.wrapped).where(keys.request == name)).scalars()]
        found += connection.execute(select(blobs.sealed).where(blobs.request == name)).scalars()
    return [bytes(one) for one in found]


def test_a_key_and_the_entry_that_it_is_gone_go_together(place: Place, tmp_path: Path) -> None:
    place.state.mkdir()
    journal, vault = _opened(place)
    vault.open("r-1").put("identifiers", b"value")
    vault.open("r-2").put("identifiers", b"another's")
    vault.new_capsule("r-1").put("capsule", b"value")
    vault.file("r-1").put("letter", b"value")
    journal.append("r-1", "closed", "s1", {"outcome": TOLD})
    Agenda(journal.store).put("r-1", NOW)
    capsule = vault.capsules("r-1")[0].name
    slots = {"r-1": "identifiers", capsule: "capsule", "file:r-1": "letter"}
    gone = {"r-1": "vault_reduced", capsule: "vault_destroyed", "file:r-1": "vault_destroyed"}
    secrets = {name: _secrets(journal, name) for name in slots} | {"": [TOLD.encode()]}
    journal.close()
    assert [one for every in secrets.values() for one in every if one not in place.content()] == [], "it can be found"

    ends, remains = {name: set[bool]() for name in secrets}, set[str]()
    for one in at_every_moment(place, tmp_path / "copies", f"{__name__}:forgetting", step=9 if place.url else 1):
        found = one.content()
        journal, vault = _opened(one)
        told = {name for name, kind in gone.items() if any(e.kind == kind for e in journal.entries(name))}
        told |= {"r-1", ""} if any(journal.entries(kind="purged")) else set()
        for name, slot in slots.items():
            assert name in told or vault.open(name).get(slot) == b"value", "it is whole"
        journal.close()
        after = one.content()
        for name, secret in secrets.items():
            ends[name].add(name in told)
            if name in told:
                remains |= {name} if any(s in found for s in secret) else set()
                assert [s for s in secret if s in after] == [], "whoever opens it next rids the files of it"
        journal, vault = _opened(one)
        _forget(journal, vault)
        for name, kind in gone.items():
            assert len([e for e in journal.entries(name) if e.kind == kind]) == (name != "r-1"), (
                "once, until it is purged"
            )
        assert vault.open("r-2").get("identifiers") == b"another's"
        assert not Agenda(journal.store).rows()
        journal.verify()
        journal.close()
        after = one.content()
        assert [s for every in secrets.values() for s in every if s in after] == []
        one.remove()
    assert all(end == {True, False} for end in ends.values())
    assert remains, "some were killed when the entry was there, and the bytes still were in the files"


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


def test_an_answer_that_was_cut_short_leaves_the_capsules_that_it_should(tmp_path: Path) -> None:
    place = Place(tmp_path / "before")  # a file: on a server it takes longer, and what differs there is tested above
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
            step=41,
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
