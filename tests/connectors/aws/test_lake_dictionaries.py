"""Columns of few texts are rewritten as numbers into their dictionaries: the same rows, and nobody who is gone."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.lake import Column, Layout, People, parquet
from connectors.lake.dictionaries import forgotten, written_as_numbers
from connectors.lake.rewriting import everybodys, rewritten

COLUMNS = (Column("user_id", "user_id"),)
ROWS = 4000
ROW = pa.schema(
    [
        ("user_id", pa.int64()),
        ("who", pa.large_string()),
        ("amount", pa.decimal128(20, 2)),
        ("of", pa.map_(pa.string(), pa.string())),
        ("in", pa.struct([("teams", pa.large_list(pa.string())), ("city", pa.string())])),
    ],
    metadata={"made_by": "a job"},
)


def rows() -> list[dict[str, Any]]:
    """Person 1 has every 50th row, and words in it that nobody else has."""
    made = []
    for n in range(ROWS):
        hers = n % 50 == 0
        teams = [None, [], ["red", None], ["ann's team" if hers else "blue", "red"]][n % 4 if not hers else 3]
        inside = {"teams": teams, "city": "Ann Arbor" if hers else None} if n % 7 or hers else None
        who = "ann.lee" if hers else f"user {n % 5}" if n % 3 else None
        made.append({"user_id": 1 if hers else 10 + n, "who": who, "amount": n, "of": [("k", "v")], "in": inside})
    return made


def written(table: Any, **more: Any) -> bytes:
    into = io.BytesIO()
    pq.write_table(table, into, compression="none", **more)
    return into.getvalue()


def without(body: bytes) -> bytes:
    into, people = io.BytesIO(), People.of(COLUMNS, [{"user_id": ["1"]}])
    rewritten(Layout("parquet"), io.BytesIO(body), into, people, everybodys(people))
    return into.getvalue()


@pytest.mark.parametrize("largest", [parquet.LARGEST, 20_000])
def test_rows_and_metadata_are_the_same_and_no_dictionary_names_who_is_gone(
    largest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "LARGEST", largest)  # row groups are cut
    body = written(pa.Table.from_pylist(rows(), ROW), row_group_size=1500)
    source = pq.ParquetFile(io.BytesIO(body))
    assert written_as_numbers(source) == ["who", "in.teams.list.element", "in.city"]
    left = pq.ParquetFile(io.BytesIO(without(body)))
    assert left.read().to_pylist() == [r for r in source.read().to_pylist() if r["user_id"] != 1]
    assert left.schema.equals(source.schema)
    assert left.schema_arrow.equals(source.schema_arrow, check_metadata=True)
    assert left.metadata.metadata == source.metadata.metadata
    chunks = [[f.metadata.row_group(0).column(n) for n in range(f.metadata.num_columns)] for f in (source, left)]
    texts = [n for n, chunk in enumerate(chunks[0]) if chunk.physical_type == "BYTE_ARRAY"]
    assert [chunks[1][n].has_dictionary_page for n in texts] == [True] * len(texts)
    for word in (b"ann.lee", b"Ann Arbor", b"ann's team"):
        assert word in body
        assert word not in without(body)


def test_a_dictionary_that_was_given_up_and_saved_nothing_is_not_tried_again() -> None:
    texts = [f"a text that stands in one row only: {n:08}" for n in range(40_000)]
    table = pa.table({"user_id": range(40_000), "text": texts, "few": ["a", "b"] * 20_000})
    left = pq.ParquetFile(io.BytesIO(without(written(table))))
    assert left.read().equals(table.filter(pa.array(n != 1 for n in range(40_000))))
    chunks = {left.metadata.row_group(0).column(n).path_in_schema: left.metadata.row_group(0).column(n) for n in (1, 2)}
    assert {path: chunk.has_dictionary_page for path, chunk in chunks.items()} == {"text": False, "few": True}


def test_a_slice_of_a_table_forgets_too() -> None:
    few = pa.array(["gone", None, "b", "c", "b"]).dictionary_encode()
    nested = pa.StructArray.from_arrays([few], ["few"], mask=pa.array([False, False, False, True, False]))
    lists = pa.ListArray.from_arrays([0, 1, 2, 2, 4, 5], few)
    table = pa.table({"few": few, "nested": nested, "lists": lists}).slice(1)
    kept = forgotten(table)
    assert kept.to_pylist() == table.to_pylist()
    assert kept.column("few").chunk(0).dictionary.to_pylist() == ["b", "c"]
    assert "gone" not in kept.column("nested").chunk(0).field(0).dictionary.to_pylist()
    assert "gone" not in kept.column("lists").chunk(0).values.dictionary.to_pylist()
