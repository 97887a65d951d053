"""Files of rows: what stays is what a filter by hand would leave, in every format, byte for byte where it is text."""

from __future__ import annotations

import gzip
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.lake import Column, DamagedError, Layout, People, Tally, Verdict, open_file
from connectors.lake.packing import unpacked
from connectors.lake.rewriting import everybodys, rewritten
from tests.connectors.aws import lake_world as world

COLUMNS = (Column("user_id", "user_id"), Column("email", "email", folded=True))
IDS, MAILS = ("1", "2", "10", "001", ""), ("ann.lee@example.com", "Ann.Lee@Example.com", "joann.lee@example.com", "")
WANTED = {"user_id": ["1"], "email": ["ann.lee@example.com"]}
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\r\",'\t"), max_size=8)
ROWS = st.lists(
    st.fixed_dictionaries({"user_id": st.sampled_from(IDS), "email": st.sampled_from(MAILS), "note": TEXT}), min_size=1,
    max_size=12,
)  # fmt: skip


def people(*known: dict[str, list[str]], columns: tuple[Column, ...] = COLUMNS) -> People:
    return People.of(columns, known or [WANTED])


def stays(row: dict[str, Any]) -> bool:
    """By hand: one column says hers, and the other does not say another's."""
    by_id, by_mail = row["user_id"], row["email"].casefold()
    hers = by_id == "1" or by_mail == "ann.lee@example.com"
    return not (hers and by_id in ("1", "") and by_mail in ("ann.lee@example.com", ""))


def without(layout: Layout, body: bytes, whom: People) -> tuple[bytes, Tally]:
    target = io.BytesIO()
    tally = rewritten(layout, io.BytesIO(body), target, whom, everybodys(whom))
    return target.getvalue(), tally


@settings(max_examples=60, deadline=None)
@given(ROWS, st.sampled_from(["", "gzip", "zstd"]))
def test_csv_and_json_lines_keep_what_a_filter_by_hand_keeps(rows: list[dict[str, Any]], packing: str) -> None:
    rows = [dict(sorted(row.items())) for row in rows]  # one order of columns for every row, as a file has it
    for kind, write in (("csv", world.as_csv), ("jsonl", world.as_jsonl)):
        body = world.wrapped(write(rows), packing)
        left, tally = without(Layout(kind, packing), body, people())
        kept = [row for row in rows if stays(row)]
        assert (tally.before, tally.kept) == (len(rows), len(kept))
        wanted = write(kept) if kept else (write(rows).partition(b"\n")[0] + b"\n" if kind == "csv" else b"")
        assert world.bare(left, packing) == wanted


@settings(max_examples=40, deadline=None)
@given(ROWS, st.sampled_from(["snappy", "zstd", "none"]), st.integers(1, 5), st.booleans(), st.booleans())
def test_parquet_keeps_what_a_filter_by_hand_keeps(
    rows: list[dict[str, Any]], codec: str, group: int, dictionary: bool, nested: bool
) -> None:
    import pyarrow.parquet as pq

    held = [r | {"in": {"tags": [r["note"], "x"], "user": r["user_id"]}, "of": [{"n": 1}, None]} for r in rows]
    body = world.as_parquet(held, compression=codec, row_group_size=group, use_dictionary=dictionary)
    columns = (Column("in.user" if nested else "user_id", "user_id"), COLUMNS[1])
    left, tally = without(Layout("parquet"), body, people(columns=columns))
    kept = [row for row in held if stays(row)]
    assert (tally.before, tally.kept, world.parquet_rows(left)) == (len(rows), len(kept), kept)
    before, after = (pq.ParquetFile(io.BytesIO(b)) for b in (body, left))
    assert after.schema.equals(before.schema)
    if kept:
        one, other = before.metadata.row_group(0).column(0), after.metadata.row_group(0).column(0)
        assert (one.compression, one.has_dictionary_page) == (other.compression, other.has_dictionary_page)


def test_a_dictionary_forgets_who_is_gone() -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    who = pa.array(["ann.lee", "joann", "ann.lee"]).dictionary_encode()
    inside = pa.StructArray.from_arrays([pa.array(["call ann.lee", "x", "y"]).dictionary_encode()], ["m"])
    into = io.BytesIO()
    pq.write_table(pa.table({"user_id": [1, 10, 1], "who": who, "in": inside}), into, compression="none")
    left, _ = without(Layout("parquet"), into.getvalue(), people(columns=COLUMNS[:1]))
    assert b"ann.lee" in into.getvalue()
    assert b"ann.lee" not in left
    assert pq.read_table(io.BytesIO(left)).schema.equals(pq.read_table(io.BytesIO(into.getvalue())).schema)


def test_parquet_keeps_metadata_page_index_and_bloom_filters_and_needs_no_row() -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"user_id": [1, 1]}).replace_schema_metadata({"made_by": "a job"})
    into = io.BytesIO()
    blooms = {"user_id": {"ndv": 10, "fpp": 0.05}}
    pq.write_table(table.slice(0, 2), into, write_page_index=True, bloom_filter_options=blooms)
    left, tally = without(Layout("parquet"), into.getvalue(), people(columns=COLUMNS[:1]))
    empty = pq.ParquetFile(io.BytesIO(left))
    assert (tally.kept, empty.metadata.num_rows, empty.schema_arrow.metadata) == (0, 0, {b"made_by": b"a job"})
    other, _ = without(Layout("parquet"), into.getvalue(), people({"user_id": ["2"]}, columns=COLUMNS[:1]))
    chunk = pq.ParquetFile(io.BytesIO(other)).metadata.row_group(0).column(0)
    assert chunk.has_offset_index
    assert chunk.bloom_filter_offset


@pytest.mark.parametrize("kind", ["int64", "uint8", "float64", "string", "large_string", "binary", "dictionary"])
def test_identifiers_are_found_in_columns_of_any_type(kind: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    numbers = pa.array([1, 10, None, 1])
    made = {"dictionary": lambda: numbers.cast(pa.string()).dictionary_encode()}
    values = made.get(kind, lambda: (numbers.cast(pa.string()) if kind == "binary" else numbers).cast(kind))()
    into = io.BytesIO()
    pq.write_table(pa.table({"user_id": values}), into)
    whom = people({"user_id": ["1", "999", "x"]}, columns=COLUMNS[:1])
    assert len(list(open_file(Layout("parquet"), into).rows(whom))) == 2


def test_a_list_of_people_is_shared_and_a_list_of_one_is_hers() -> None:
    rows: list[dict[str, object]] = [
        {"users": [{"id": 1}, {"id": 10}]},
        {"users": [{"id": 1}]},
        {"users": []},
        {"users": [{"id": 10}]},
    ]
    whom = people({"user_id": ["1"]}, columns=(Column("users.id", "user_id"),))
    for layout, body in ((Layout("parquet"), world.as_parquet(rows)), (Layout("jsonl"), world.as_jsonl(rows))):
        found = [row.verdict for row in open_file(layout, io.BytesIO(body)).rows(whom)]
        assert found == [Verdict.SHARED, Verdict.MINE]


def test_a_dialect_a_byte_order_mark_and_quoted_newlines_stay_as_they_are() -> None:
    text = "\ufeffuser_id;email;note\r\n1;;'a\nb'\r\n\r\n2;;'c;\r\n''d'' é'\r\n001;;x"
    for encoding in ("utf-8", "utf-16-le"):
        layout = Layout("csv", encoding=encoding, delimiter=";", quote="'")
        left, tally = without(layout, text.encode(encoding), people())
        assert left.decode(encoding) == text.replace("1;;'a\nb'\r\n", "", 1)
        assert tally == Tally(3, 1)


def test_bytes_that_are_no_text_stay_as_they_are() -> None:
    body = b"user_id,email,note\n2,,\xff\xfe\n1,,\xff\n"
    assert without(Layout("csv"), body, people())[0] == b"user_id,email,note\n2,,\xff\xfe\n"


def test_members_and_frames_are_read_to_the_last() -> None:
    halves = b'{"user_id": "2"}\n', b'{"user_id": "1"}\n{"user_id": "3"}\n'
    for packing in ("gzip", "zstd"):
        body = b"".join(world.wrapped(half, packing) for half in halves)
        left, tally = without(Layout("jsonl", packing), body, people())
        assert (world.bare(left, packing), tally) == (b'{"user_id": "2"}\n{"user_id": "3"}\n', Tally(3, 1))


@pytest.mark.parametrize("layout", [Layout("jsonl", "gzip"), Layout("jsonl", "zstd"), Layout("parquet")])
def test_a_file_cut_short_is_damaged(layout: Layout) -> None:
    rows = [{"user_id": str(n), "note": str(n) * 50} for n in range(500)]
    body = world.as_parquet(rows) if layout.format == "parquet" else world.wrapped(world.as_jsonl(rows), layout.packing)
    for cut in (len(body) - 1, len(body) // 2, 10):
        with pytest.raises(DamagedError):
            without(layout, body[:cut], people())


@pytest.mark.parametrize(
    "body", [b'user_id,email\n1,"a\n', b"user_id,email\n1\n", b"user_id,user_id\n1,2\n", b'user_id,email\n1,"a"b\n']
)
def test_a_csv_file_that_is_not_in_its_dialect_is_damaged(body: bytes) -> None:
    with pytest.raises(DamagedError):
        without(Layout("csv"), body, people())


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    with pytest.raises(DamagedError, match="limit"):
        unpacked(io.BytesIO(bomb), "gzip", 1_000_000).read()
    with pytest.raises(DamagedError, match="longer"):  # one endless row, below the limit
        without(Layout("jsonl", "gzip"), bomb, people())


def test_lines_of_a_log_are_known_by_what_stands_in_them() -> None:
    columns = (Column("message", "user_id", pattern="user_id={value}"), Column("message", "email", True, "{value}"))
    whom = people(columns=columns)
    lines = ("user_id=1.", "user_id=10", "GET /?m=Ann.Lee%40example.com", "to ann.lee@example.com, user_id=2", "uid=1",
             "from <ann.lee@example.com>", "xuser_id=1")  # fmt: skip
    rows = open_file(Layout("papertrail", "gzip"), io.BytesIO(world.as_archive(lines))).rows(whom, whole=True)
    assert [(r.content["id"], r.verdict) for r in rows] == [
        ("0", Verdict.MINE), ("2", Verdict.MINE), ("3", Verdict.SHARED), ("5", Verdict.MINE)
    ]  # fmt: skip
