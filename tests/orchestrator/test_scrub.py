"""What PostgreSQL keeps of deleted rows: for old snapshots, and in its statistics."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text

from orchestrator.errors import IncompleteError
from orchestrator.journal import Journal
from orchestrator.storage import schema
from orchestrator.vault import MasterKey, Vault
from tests.killed import Place
from tests.orchestrator import databases

MASTER = MasterKey(bytes(range(32)))


@pytest.fixture
def place(server: str, tmp_path: Path) -> Place:
    state = tmp_path / "state"
    state.mkdir()
    return Place(state, databases.emptied(server))


def planted(journal: Journal) -> tuple[Vault, list[bytes]]:
    """A vault, and its wrapped key and sealed slot as they stand in the database."""
    vault = Vault(journal, MASTER)
    vault.open("r-1").put("identifiers", b"value")
    with journal.store.read() as connection:
        keys, blobs = schema.vault_keys.c, schema.vault_blobs.c
        found = [*connection.execute(select(keys.wrapped).where(keys.request == "r-1")).scalars()]
        found += connection.execute(select(blobs.sealed)).scalars()
    return vault, [bytes(one) for one in found]


def left(place: Place, secrets: list[bytes]) -> list[bytes]:
    found = place.content(at_rest=False)
    return [one for one in secrets if one in found]


def test_what_an_old_snapshot_still_sees_is_owed_and_not_said_to_be_gone(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.storage.store._PATIENCE", 0.2)
    with Journal.open(place.url) as journal:
        vault, secrets = planted(journal)
        assert left(place, secrets) == secrets, "what is searched for can be found"
        backup = create_engine(journal.store.engine.url, isolation_level="REPEATABLE READ")  # as pg_dump reads
        with backup.connect() as reading:
            reading.execute(text("SELECT count(*) FROM dsr_head"))
            with pytest.raises(IncompleteError, match="another process reads it"):
                vault.destroy("r-1")
            assert not vault.holds("r-1")
        assert left(place, secrets), "the server kept them for the reader"
        backup.dispose()
    with Journal.open(place.url):
        assert left(place, secrets) == [], "whoever opens it next rids the files of it"


def test_a_reader_that_came_later_is_not_waited_for(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.storage.store._PATIENCE", 0.0)
    with Journal.open(place.url) as journal:
        _, secrets = planted(journal)
        with journal.store.write() as connection:
            connection.execute(text("DELETE FROM dsr_vault_keys WHERE request = 'r-1'"))
        later = create_engine(journal.store.engine.url, isolation_level="REPEATABLE READ")
        with later.connect() as reading:
            reading.execute(text("SELECT count(*) FROM dsr_head"))
            journal.store.scrub()
            assert left(place, secrets) == []
        later.dispose()


def test_the_servers_statistics_hold_no_wrapped_key_and_no_entry(place: Place) -> None:
    with Journal.open(place.url) as journal:
        with journal.store.write() as connection:  # as a version that did not see to it left them
            connection.execute(text("ALTER TABLE dsr_vault_keys ALTER COLUMN wrapped SET STATISTICS -1"))
        planted(journal)
        Vault(journal, MASTER).open("r-2")
        with journal.store.write() as connection:
            connection.execute(text("ANALYZE"))
        assert sampled(journal) == {"wrapped"}, "it would"
    with Journal.open(place.url) as journal:
        assert sampled(journal) == set()
        with journal.store.write() as connection:
            connection.execute(text("ANALYZE"))
        assert sampled(journal) == set()


def sampled(journal: Journal) -> set[str]:
    """Columns that are not to be sampled and are."""
    with journal.store.read() as connection:
        found = connection.execute(text("SELECT attname FROM pg_stats WHERE tablename LIKE 'dsr\\_%'")).scalars()
        return set(found) & {"wrapped", "sealed", "payload", "salt"}
