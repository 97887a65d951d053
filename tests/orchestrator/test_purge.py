"""Purging what the journal says of a request: the content is gone from every file, and the chain verifies."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text, update

from orchestrator import canonical
from orchestrator.errors import IntegrityError, UnknownError
from orchestrator.journal import START, Journal
from orchestrator.law import Purpose
from orchestrator.model import Right
from orchestrator.preferences import Preferences
from orchestrator.storage import chain, schema
from tests.orchestrator.cases import NOW

CANARY = "a-reason-to-be-forgotten"


def told(journal: Journal, *requests: str) -> None:
    for name in requests:
        journal.create_request(name, right=Right.DELETE, channel="email", received=NOW, by="s1", tags=(f"tag-{name}",))
    for name in requests:
        journal.append(name, "denied", "s1", {"code": "other", "reason": f"{CANARY} {name}"})


def test_a_purged_record_is_gone_and_the_chain_verifies(journal: Journal) -> None:
    told(journal, "r-1", "r-2")
    remembered = journal.head()
    done = journal.purge("r-1", "s2", 2026)
    assert done is not None
    assert done.payload == {"year": 2026, "entries": [[1, 1], [3, 3]], "receipts": []}
    assert journal.verify([remembered]).seq == 5
    assert [e.seq for e in journal.entries()] == [2, 4, 5]
    assert [r.id for r in journal.requests()] == ["r-2"]
    with pytest.raises(UnknownError, match="the record of r-1 was destroyed on 2026-03-02"):
        journal.request("r-1")
    assert journal.purge("r-1", "s2", 2026) is None, "a second time there is nothing left"
    assert journal.verify().seq == 5
    journal.append("r-2", "closed", "s1", {"outcome": "complete"})
    assert journal.verify([remembered]).seq == 6


def test_nothing_of_it_is_left_in_the_files(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.sqlite", now=lambda: NOW) as journal:
        told(journal, "r-1", "r-2")
        salt = salts(journal)[0]
        assert salt
        journal.purge("r-1", "s2")
        journal.store.scrub()
        content = b"".join(p.read_bytes() for p in tmp_path.iterdir())
        for gone in (f"{CANARY} r-1", "tag-r-1", salt):
            assert gone.encode() not in content
        for there in (f"{CANARY} r-2", "tag-r-2"):
            assert there.encode() in content, "what is searched for could be found"


def salts(journal: Journal) -> list[str]:
    with journal.store.read() as connection:
        return list(connection.execute(text("SELECT salt FROM dsr_entries ORDER BY seq")).scalars())


def test_equal_entries_have_different_hashes(journal: Journal) -> None:
    """The hash commits to an entry under a salt of its own: nobody can find out by guessing what it said."""
    told(journal, "r-1")
    with Journal(journal.store, now=lambda: NOW) as again, again.store.write() as connection:
        row = connection.execute(text("SELECT * FROM dsr_entries WHERE seq = 1")).mappings().one()
        guessed = {name: value for name, value in row.items() if name not in ("hash", "salt")}
        assert row["hash"] not in {canonical.digest(guessed), canonical.digest({**guessed, "salt": ""})}
    assert len(set(salts(journal))) == 2


@pytest.mark.parametrize("seq", [1, 2, 4])
def test_content_that_no_purge_names_is_missed(journal: Journal, seq: int) -> None:
    told(journal, "r-1", "r-2")
    with journal.store.write() as connection:
        connection.execute(update(schema.entries).where(schema.entries.c.seq == seq).values(chain.BLANK))
    with pytest.raises(IntegrityError, match=f"journal entry {seq} was changed .* no purge says so"):
        journal.verify()


def test_content_that_was_purged_and_is_put_back_shows(journal: Journal) -> None:
    told(journal, "r-1", "r-2")
    with journal.store.read() as connection:
        row = dict(connection.execute(text("SELECT * FROM dsr_entries WHERE seq = 3")).mappings().one())
    journal.purge("r-1", "s2")
    with journal.store.write() as connection:
        connection.execute(update(schema.entries).where(schema.entries.c.seq == 3).values(row))
    with pytest.raises(IntegrityError, match=r"entry 3 was changed .* is there again"):
        journal.verify()


def test_every_changed_byte_of_a_purged_journal_shows(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.sqlite", now=lambda: NOW) as journal:
        told(journal, "r-1", "r-2")
        journal.purge("r-1", "s2", 2026)
        columns = [c.name for c in schema.entries.columns]
        with sqlite3.connect(str(journal.store.path)) as raw:
            rows = raw.execute(f"SELECT {', '.join(columns)} FROM dsr_entries ORDER BY seq").fetchall()
        tried = 0
        for row in rows:
            for name, value in zip(columns, row, strict=True):
                for other in _altered(value):
                    _set(journal, row[0], name, other)
                    with pytest.raises(IntegrityError):
                        journal.verify()
                    _set(journal, other if name == "seq" else row[0], name, value)
                    tried += 1
        assert tried > 1000
        assert journal.verify().seq == 5


def _altered(value: object) -> Iterator[object]:
    if isinstance(value, int):
        yield value + 100
    elif value is None or value == "":
        yield "x"
    else:
        for i, letter in enumerate(str(value)):
            yield f"{str(value)[:i]}{chr(ord(letter) ^ 1)}{str(value)[i + 1 :]}"
        yield str(value) + " "
        yield ""


def _set(journal: Journal, seq: Any, column: str, value: object) -> None:
    with journal.store.write() as connection:
        connection.execute(update(schema.entries).where(schema.entries.c.seq == seq).values({column: value}))


def test_receipts_stay_chained_over_a_purged_one(journal: Journal) -> None:
    told(journal, "r-1", "r-2")
    journal.save_receipt("r-1", "{}", "sha256:01", "", plan="p", final=True)
    journal.purge("r-1", "s2")
    assert not list(journal.receipts("r-1"))
    assert journal.last_receipt_hash() == "sha256:01"
    journal.save_receipt("r-2", "{}", "sha256:02", "sha256:01", plan="p", final=False)
    assert journal.last_receipt_hash() == "sha256:02"
    assert journal.verify()


def test_what_outlives_a_request_stays(journal: Journal) -> None:
    told(journal, "r-1")
    kept = journal.append("r-1", "erased", "s1", {"first": "r-1", "key": "k"})
    journal.append("r-1", "vault_destroyed", "s1", {"slots": 1}, "r-1")
    journal.append("", "opted_out", "s1", {"tag": "t"}, "t")
    journal.purge("r-1", "s2", keep={kept.seq})
    assert [e.kind for e in journal.entries()] == ["erased", "vault_destroyed", "opted_out", "purged"]
    assert Preferences(journal).keeps("t", Purpose.MARKETING)
    assert journal.purge("r-1", "s2") is not None, "the ledger's entry goes when it is no longer to be kept"
    assert not list(journal.entries(kind="erased"))
    assert journal.verify()


def test_a_journal_of_the_first_schema_is_read_verified_and_purged(journal: Journal) -> None:
    """Made by hand as version 1 made it: no column for a salt, hashes over what there is."""
    store = journal.store
    with store.write() as connection:
        connection.execute(text("ALTER TABLE dsr_entries DROP COLUMN salt"))
        connection.execute(update(schema.schema_version).values(version=1))
        last = START
        for seq in (1, 2, 3):
            row = {
                "seq": seq, "at": canonical.plain(NOW), "request": "r-1", "kind": "closed", "key": None, "by": "s1",
                "payload": f'{{"outcome":"{CANARY}"}}', "prev": last,
            }  # fmt: skip
            last = canonical.digest(row)
            columns = ", ".join(f'"{name}"' for name in [*row, "hash"])
            values = ", ".join(f":{name}" for name in [*row, "hash"])
            connection.execute(text(f"INSERT INTO dsr_entries ({columns}) VALUES ({values})"), {**row, "hash": last})
        connection.execute(insert(schema.head).values(id=1, seq=3, hash=last))
    where = store.path or store.engine.url.render_as_string(hide_password=False)
    for _ in range(2):  # the second time there is nothing to bring up to date
        with Journal.open(where, now=lambda: NOW) as opened:
            head = opened.verify()
            assert (head.seq, head.hash) == (3, last)
    with Journal.open(where, now=lambda: NOW) as opened:
        opened.append("r-1", "cancelled", "s1", {"reason": CANARY})
        opened.purge("r-1", "s2")
        assert opened.verify([head]).seq == 5
        assert [e.kind for e in opened.entries()] == ["purged"]


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.sampled_from(["r-1", "r-2", "r-3"]), min_size=1, max_size=9), st.data())
def test_any_purges_in_any_order_leave_a_chain(tmp_path: Path, names: list[str], data: st.DataObject) -> None:
    path = tmp_path / f"{os.urandom(6).hex()}.sqlite"
    with Journal.open(path, now=lambda: NOW) as journal:
        purged = set()
        for name in names:
            journal.append(name, "closed", "s1", {"outcome": "complete"})
            if data.draw(st.booleans()):
                journal.purge(name, "s2")
                purged.add(name)
            elif name in purged:
                purged.remove(name)
        head = journal.verify()
        assert {e.request for e in journal.entries(kind="closed")} == set(names) - purged
        assert journal.verify([head])
