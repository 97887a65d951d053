"""The journal's chain: no byte changes, no entry goes, and no tail is cut off unseen."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from orchestrator.errors import IntegrityError
from orchestrator.journal import Head, Journal
from orchestrator.model import Right
from orchestrator.storage import schema
from tests.orchestrator.cases import NOW


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Journal]:
    """Four entries in SQLite, one of them with a key."""
    with Journal.open(tmp_path / "journal.sqlite", now=lambda: NOW) as opened:
        opened.create_request("r-1", right=Right.DELETE, channel="email", received=NOW, by="s1")
        for n in range(3):
            opened.append("r-1", "identifier_confirmed", "s1", {"kind": "email", "tag": f"t{n}", "reason": "seen"})
        yield opened


def test_every_changed_byte_of_every_column_shows(small: Journal) -> None:
    assert small.verify().seq == 4
    columns = [c.name for c in schema.entries.columns]
    with sqlite3.connect(str(small.store.path)) as raw:
        rows = raw.execute(f"SELECT {', '.join(columns)} FROM dsr_entries ORDER BY seq").fetchall()
    tried = 0
    for row in rows:
        for name, value in zip(columns, row, strict=True):
            for other in _altered(value):
                _set(small, row[0], name, other)
                with pytest.raises(IntegrityError, match=r"journal entry \d+ (was changed|is missing)"):
                    small.verify()
                _set(small, other if name == "seq" else row[0], name, value)
                tried += 1
    assert tried > 1000
    assert small.verify().seq == 4


def _altered(value: object) -> Iterator[object]:
    if isinstance(value, int):
        yield value + 100
    elif value is None:
        yield "x"
    else:
        for i, letter in enumerate(str(value)):
            yield f"{str(value)[:i]}{chr(ord(letter) ^ 1)}{str(value)[i + 1 :]}"
        yield str(value) + " "


def _set(journal: Journal, seq: object, column: str, value: object) -> None:
    with journal.store.write() as connection:
        connection.execute(update(schema.entries).where(schema.entries.c.seq == seq).values({column: value}))


@pytest.mark.parametrize(("gone", "first"), [([1], 1), ([2], 2), ([2, 3], 2), ([4], 4), ([1, 2, 3, 4], 1)])
def test_removed_entries_show(small: Journal, gone: list[int], first: int) -> None:
    with small.store.write() as connection:
        connection.execute(delete(schema.entries).where(schema.entries.c.seq.in_(gone)))
    with pytest.raises(IntegrityError, match=f"journal entry {first} is missing"):
        small.verify()


def test_a_cut_off_tail_shows_against_a_remembered_head(small: Journal) -> None:
    remembered = small.head()
    last_but_one = list(small.entries())[2]
    with small.store.write() as connection:
        connection.execute(delete(schema.entries).where(schema.entries.c.seq == 4))
        connection.execute(update(schema.head).values(seq=3, hash=last_but_one.hash))
    assert small.verify() == Head(3, last_but_one.hash)  # cleverly done: the journal alone cannot tell
    with pytest.raises(IntegrityError, match="cut off after entry 3"):
        small.verify([remembered])


def test_a_rewritten_chain_shows_against_a_remembered_head(small: Journal, tmp_path: Path) -> None:
    with Journal.open(tmp_path / "other.sqlite", now=lambda: NOW) as other:
        other.create_request("r-1", right=Right.ACCESS, channel="email", received=NOW, by="s1")
        for entry in list(small.entries())[1:]:
            other.append(entry.request, entry.kind, entry.by, entry.payload)
        assert other.verify().seq == 4
        with pytest.raises(IntegrityError, match="not the one that was remembered"):
            other.verify([small.head()])


def test_a_changed_head_shows(small: Journal) -> None:
    with small.store.write() as connection:
        connection.execute(update(schema.head).values(hash="sha256:" + "0" * 64))
    with pytest.raises(IntegrityError, match="head"):
        small.verify()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=30), min_size=1, max_size=8))
def test_whatever_is_written_verifies_and_comes_back(tmp_path: Path, words: list[str]) -> None:
    path = tmp_path / f"{os.urandom(6).hex()}.sqlite"
    with Journal.open(path) as journal:
        for word in words:
            journal.append("r-1", "closed", "s1", {"outcome": word})
        assert journal.verify().seq == len(words)
        assert [e.payload["outcome"] for e in journal.entries()] == words
