"""The vault: opens only with its key, in its place, and leaves nothing when it is destroyed."""

from __future__ import annotations

import base64
import pickle
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from connectors.model import Identifier, Locator, Record, Subject, Trust
from orchestrator import canonical
from orchestrator.errors import IncompleteError, IntegrityError, NotAllowedError, UnknownError
from orchestrator.journal import Journal
from orchestrator.model import Discovery
from orchestrator.storage import schema
from orchestrator.vault import MasterKey, Vault
from tests.orchestrator import databases
from tests.orchestrator.cases import NOW, searched

CANARY = b"canary-ann.lee@example.org"
MASTER = MasterKey(bytes(range(32)))
_blobs, _keys = schema.vault_blobs, schema.vault_keys


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with databases.postgres(tmp_path_factory.mktemp("pg")) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    sqlite = request.param == "sqlite"
    where = str(tmp_path / "journal.sqlite") if sqlite else databases.emptied(request.getfixturevalue("server"))
    with Journal.open(where) as opened:
        yield opened


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.sqlite") as opened:
        yield opened


def test_what_was_put_comes_back(journal: Journal) -> None:
    vault = Vault(journal, MASTER)
    vault.open("r-1").put("a", CANARY)
    vault.open("r-1").put("a", CANARY + b"!")
    vault.open("r-1").put_json("b", [["email", "ann@example.org"]])
    again = Vault(journal, MASTER).open("r-1")
    assert again.get("a") == CANARY + b"!"
    assert again.get_json("b") == [["email", "ann@example.org"]]
    assert again.slots() == ("a", "b")
    with pytest.raises(UnknownError, match="has no 'c'"):
        again.get("c")
    with pytest.raises(UnknownError, match="no JSON form"):
        again.put_json("d", "\ud800")


def test_a_discovery_is_kept_whole(local: Journal) -> None:
    ann = Identifier("email", "ann@example.org", Trust.PROVEN, "request")
    record = Record(Locator("shop", "orders", "cus_1", before=NOW), 2, reveals=(ann,), fields=(("email", 2),))
    found = Discovery(Subject.of(ann), frozenset(), ((1, record),), (searched(),), (), NOW)
    Vault(local, MASTER).open("r-1").put_json("discovery", found)
    assert canonical.decode(Discovery, Vault(local, MASTER).open("r-1").get_json("discovery")) == found


def test_nothing_can_be_read_in_the_file(local: Journal) -> None:
    Vault(local, MASTER).open("r-1").put("a", CANARY)
    assert CANARY not in _files(local)
    assert _wrapped(local) in _files(local)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.tuples(st.sampled_from(["r-1", "r-2"]), st.sampled_from(["a", "b"])),
    st.tuples(st.sampled_from(["r-1", "r-2"]), st.sampled_from(["a", "b"])),
    st.binary(max_size=40),
)
def test_a_blob_opens_nowhere_else(local: Journal, here: tuple[str, str], there: tuple[str, str], value: bytes) -> None:
    assume(here != there)
    vault = Vault(local, MASTER)
    for request in ("r-1", "r-2"):
        for slot in ("a", "b"):
            vault.open(request).put(slot, value)
    _copy_blob(local, here, there)
    with pytest.raises(IntegrityError, match="changed by something else"):
        vault.open(there[0]).get(there[1])
    assert vault.open(here[0]).get(here[1]) == value


def _copy_blob(journal: Journal, here: tuple[str, str], there: tuple[str, str]) -> None:
    def at(place: tuple[str, str]) -> tuple[object, ...]:
        return _blobs.c.request == place[0], _blobs.c.slot == place[1]

    with journal.store.write() as connection:
        row = connection.execute(select(_blobs).where(*at(here))).one()  # type: ignore[arg-type]
        moved = update(_blobs).where(*at(there)).values(sealed=row.sealed, version=row.version)  # type: ignore[arg-type]
        connection.execute(moved)


def test_an_older_version_of_a_slot_does_not_pass_for_the_new(local: Journal) -> None:
    request = Vault(local, MASTER).open("r-1")
    request.put("a", b"old")
    with local.store.read() as connection:
        old = connection.execute(select(_blobs.c.sealed)).scalar()
    request.put("a", b"new")
    with local.store.write() as connection:
        connection.execute(update(_blobs).values(sealed=old))
    with pytest.raises(IntegrityError):
        request.get("a")


def test_wrapped_keys_cannot_change_places(local: Journal) -> None:
    vault = Vault(local, MASTER)
    vault.open("r-1").put("a", b"1")
    vault.open("r-2").put("a", b"2")
    with local.store.write() as connection:
        first = connection.execute(select(_keys.c.wrapped).where(_keys.c.request == "r-1")).scalar()
        connection.execute(update(_keys).where(_keys.c.request == "r-2").values(wrapped=first))
    with pytest.raises(IntegrityError):
        vault.open("r-2")


def test_another_master_key_opens_nothing(local: Journal) -> None:
    Vault(local, MASTER).open("r-1").put("a", CANARY)
    other = MasterKey.generate()
    with pytest.raises(IntegrityError, match=f"master key {MASTER.key_id}, and the one given is {other.key_id}"):
        Vault(local, other).open("r-1")


def test_destroying_leaves_nothing(journal: Journal) -> None:
    vault = Vault(journal, MASTER)
    opened = vault.open("r-1")
    opened.put("a", CANARY * 500)
    vault.open("r-2").put("a", b"kept")
    wrapped, sealed = _wrapped(journal), _sealed(journal)
    vault.destroy("r-1", "s1")
    vault.destroy("r-1", "s1")
    for attempt in (lambda: opened.get("a"), lambda: opened.put("a", b"x"), opened.slots, lambda: vault.open("r-1")):
        with pytest.raises(UnknownError, match="was destroyed"):
            attempt()
    assert vault.open("r-2").get("a") == b"kept"
    assert [e.payload for e in journal.entries("r-1", "vault_destroyed")] == [{"slots": 1}]
    journal.verify()
    if journal.store.path:
        left = _files(journal)
        assert wrapped not in left
        assert sealed[:64] not in left
        assert CANARY not in left
        assert _wrapped(journal, "r-2") in left  # what is searched for could be found


def test_the_files_hold_the_key_until_then(local: Journal) -> None:
    vault = Vault(local, MASTER)
    vault.open("r-1").put("a", CANARY * 500)
    assert _wrapped(local) in _files(local)
    assert _sealed(local)[:64] in _files(local)


def test_a_reader_in_the_way_is_told_of(local: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.storage.store._BUSY", 50)
    monkeypatch.setattr("orchestrator.storage.store._PATIENCE", 0.2)
    local.store.engine.dispose()
    vault = Vault(local, MASTER)
    vault.open("r-1").put("a", CANARY)
    with local.store.read() as reader:
        reader.execute(select(_keys)).all()  # sees the state from before
        with pytest.raises(IncompleteError, match="another process reads it"):
            vault.destroy("r-1")
    with pytest.raises(UnknownError):
        vault.open("r-1")
    vault.destroy("r-1")  # asked again, it finishes


def test_references_tell_nothing_and_repeat_only_here(local: Journal) -> None:
    vault = Vault(local, MASTER)
    at = Locator("files", "uploads", "ann-lee/photo.jpg")
    first = vault.open("r-1").ref(at)
    assert first == Vault(local, MASTER).open("r-1").ref(at)
    assert first != vault.open("r-2").ref(at)
    assert first != vault.open("r-1").ref(Locator("files", "uploads", "ann-lee/photo.jpg", before=NOW))
    assert len(first) == 26
    assert first.isalnum()


def test_tags_match_persons_and_outlive_a_rotation(journal: Journal) -> None:
    vault, other = Vault(journal, MASTER), MasterKey.generate()
    tag = vault.person_tag("email", "ann@example.org")
    assert tag != vault.person_tag("user_id", "ann@example.org")
    assert tag != vault.person_tag("email", "bob@example.org")
    assert vault.pseudonym("s1").startswith("staff-")
    vault.open("r-1").put("a", CANARY)
    old = _wrapped(journal)
    vault.rewrap(other, "s1")
    for rotated in (vault, Vault(journal, other)):
        assert rotated.person_tag("email", "ann@example.org") == tag
        assert rotated.open("r-1").get("a") == CANARY
    with pytest.raises(IntegrityError):
        Vault(journal, MASTER).open("r-1")
    if journal.store.path:
        assert old not in _files(journal)
    journal.verify()


def test_two_that_open_at_once_share_one_key(local: Journal) -> None:
    barrier = threading.Barrier(4)
    refs = set()

    def open_it() -> None:
        barrier.wait()
        refs.add(Vault(local, MASTER).open("r-1").ref(Locator("s", "c")))

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refs) == 1


def test_master_keys_come_from_where_they_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.key"
    made = MasterKey.ensure(path)
    assert MasterKey.ensure(path).key_id == made.key_id
    assert MasterKey.from_reference(f"file:{path}").key_id == made.key_id
    assert MasterKey.from_reference("env:K", {"K": path.read_text()}).key_id == made.key_id
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    path.chmod(0o644)
    with pytest.raises(NotAllowedError, match=f"chmod 600 {path}"):
        MasterKey.ensure(path)
    for reference, error in {
        "env:K": UnknownError,
        f"file:{tmp_path}/none": UnknownError,
        "env:SHORT": NotAllowedError,
        "env:JUNK": NotAllowedError,
        "hunter2": NotAllowedError,
    }.items():
        with pytest.raises(error) as refused:
            MasterKey.from_reference(reference, {"SHORT": base64.b64encode(b"hunter2").decode(), "JUNK": "hunter2!"})
        assert "hunter2" not in str(refused.value)


def test_nothing_shows_itself(local: Journal) -> None:
    vault = Vault(local, MASTER)
    opened = vault.open("r-1")
    shown = f"{MASTER!r} {vault!r} {opened!r}"
    assert shown == f"MasterKey({MASTER.key_id}) Vault({MASTER.key_id}) RequestVault(r-1)"
    for value in (MASTER, opened):
        with pytest.raises(TypeError):
            pickle.dumps(value)


def _files(journal: Journal) -> bytes:
    assert journal.store.path
    return b"".join(f.read_bytes() for f in journal.store.path.parent.glob("journal.sqlite*"))


def _wrapped(journal: Journal, request: str = "r-1") -> bytes:
    with journal.store.read() as connection:
        return bytes(connection.execute(select(_keys.c.wrapped).where(_keys.c.request == request)).scalar_one())


def _sealed(journal: Journal, request: str = "r-1") -> bytes:
    with journal.store.read() as connection:
        return bytes(connection.execute(select(_blobs.c.sealed).where(_blobs.c.request == request)).scalar_one())
