"""Parquet files, a row group at a time.

Which rows name somebody is first asked of the columns of identity alone, in sets: of statistics, then of values.
Only rows that are hit are looked at one by one. Rewriting reads the next row group while one is written.
Sources: https://parquet.apache.org/docs/file-format/, https://arrow.apache.org/docs/python/parquet.html.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO

from connectors.lake.columns import Leaf, leaf_of
from connectors.lake.dictionaries import forgotten, written_as_numbers
from connectors.lake.files import DamagedError, Drop, Layout, Row, Tally
from connectors.lake.parquet_writing import kept_as_it_was, writer
from connectors.lake.people import People, Verdict
from connectors.lake.texts import reached

_CAREFULLY: dict[str, Any] = {"pre_buffer": True, "page_checksum_verification": True}
LARGEST = 192 * 1024**2  # bytes of a row group as it unpacks; a larger one is cut into several


@dataclass(frozen=True, slots=True)
class _Part:
    """What is left of (a part of) a row group."""

    table: Any
    before: int


class ParquetRows:
    """A Parquet file. Raises DamagedError if it is not one, or has none of the columns asked for."""

    def __init__(self, layout: Layout, source: BinaryIO) -> None:
        import pyarrow.parquet

        _recycle()
        self._layout = layout
        self._source = source
        with _damage():
            self._file = pyarrow.parquet.ParquetFile(source, **_CAREFULLY)
        self._schema = self._file.schema_arrow

    def count(self) -> int:
        return int(self._file.metadata.num_rows)

    def columns(self) -> tuple[str, ...]:
        return tuple(path for field in self._schema for path in _paths(field.name, field.type))

    def first(self, most: int) -> Iterator[Mapping[str, object]]:
        with _damage():
            for batch in self._file.iter_batches(batch_size=max(1, most)):
                yield from _pylist(batch)[:most]
                return

    def rows(self, people: People, whole: bool = False) -> Iterator[Row]:
        leaves = self._leaves(people)
        names = [leaf.path for leaf in leaves.values()]
        age = [self._layout.age] if self._layout.age else []
        with _damage():
            for number in range(self._file.num_row_groups):
                if not self._may_hold(number, leaves, people):
                    continue
                for table in _tables(self._file, number, None if whole else [*names, *age]):
                    for _, row in self._judged(table, leaves, people, whole):
                        if row.verdict is not Verdict.OTHERS:
                            yield row

    def rewrite(self, people: People, drop: Drop, target: BinaryIO) -> Tally:
        """Write every row group anew; one without a row to remove as it was read. An empty one is left out."""
        import pyarrow.parquet

        leaves = self._leaves(people)
        before = removed = 0
        with _damage(), ExitStack() as stack, ThreadPoolExecutor(max_workers=1) as pool:
            read = pyarrow.parquet.ParquetFile(
                self._source, metadata=self._file.metadata, read_dictionary=written_as_numbers(self._file), **_CAREFULLY
            )
            parts = self._parts(read, leaves, people, drop)
            ahead: Future[_Part | None] = pool.submit(next, parts, None)
            into = None
            while (part := ahead.result()) is not None:
                ahead = pool.submit(next, parts, None)
                into = into or stack.enter_context(writer(self._file, part.table, target))
                before += part.before
                removed += part.before - part.table.num_rows
                if part.table.num_rows:
                    into.write_table(part.table, row_group_size=part.table.num_rows)
            if into is None:
                stack.enter_context(writer(self._file, read.schema_arrow.empty_table(), target))
        if before != self.count():
            raise DamagedError("the Parquet file holds another number of rows than it says")
        return Tally(before, removed)

    def same_kind(self, other: ParquetRows) -> bool:
        """Whether another file has this one's schema and metadata."""
        return kept_as_it_was(self._file, other._file)

    def _parts(self, read: Any, leaves: dict[int, Leaf], people: People, drop: Drop) -> Iterator[_Part]:
        for number in range(self._file.num_row_groups):
            looked_at = self._may_hold(number, leaves, people)
            for table in _tables(read, number, None):
                doomed = [
                    at for at, row in (self._judged(table, leaves, people) if looked_at else ())
                    if row.verdict is not Verdict.OTHERS and drop(row)
                ]  # fmt: skip
                yield _Part(forgotten(_without(table, doomed) if doomed else table), table.num_rows)

    def _leaves(self, people: People) -> dict[int, Leaf]:
        """By number of the column of identity, where it is in this file."""
        found = {n: leaf for n, c in enumerate(people.columns) if (leaf := leaf_of(self._schema, c.name)) is not None}
        if not found:
            raise DamagedError("the Parquet file has none of the columns of identity")
        return found

    def _may_hold(self, number: int, leaves: dict[int, Leaf], people: People) -> bool:
        """Whether the statistics of a row group leave room for anybody asked for."""
        group = self._file.metadata.row_group(number)
        paths = {group.column(n).path_in_schema: n for n in range(group.num_columns)}
        for at, leaf in leaves.items():
            column = people.columns[at]
            if not (wanted := people.wanted(column)):
                continue
            if column.pattern or leaf.path not in paths:
                return True
            chunk = group.column(paths[leaf.path])
            if leaf.in_bounds(chunk.statistics if chunk.is_stats_set else None, wanted, column.folded):
                return True
        return False

    def _judged(
        self, table: Any, leaves: dict[int, Leaf], people: People, whole: bool = False
    ) -> Iterator[tuple[int, Row]]:
        """The rows that are hit in any column, by their place in the table."""
        import pyarrow as pa
        import pyarrow.compute as pc

        columns = people.columns
        found = [(n, leaf.found(table, columns[n], people.wanted(columns[n]))) for n, leaf in leaves.items()]
        hits = [places for _, (_, places) in found if places is not None]
        if not hits:
            return
        places = pc.unique(pa.concat_arrays(hits)).sort() if len(hits) > 1 else pc.unique(hits[0])
        if not len(places):
            return
        held: list[Sequence[object]] = [[None] * len(places)] * len(people.columns)
        contents = _pylist(table.take(places)) if whole else []
        for at, (values, _) in found:
            held[at] = values(places)
        ages = self._ages(table, places)
        rows = zip(places.to_pylist(), zip(*held, strict=True), strict=True)
        if ages or contents or any(isinstance(column[0], list) for column in held):
            for number, (at, row) in enumerate(rows):
                age = ages[number] if ages else None
                yield at, Row(people.verdict(row), row, age, contents[number] if whole else {})
            return
        known: dict[tuple[object, ...], Row] = {}  # people have several rows
        for at, row in rows:
            if row not in known:
                known[row] = Row(people.verdict(row), row)
            yield at, known[row]

    def _ages(self, table: Any, places: Any) -> list[object]:
        """What dates the rows; nothing where nothing is to date them, or the file has no such column."""
        root = self._root(self._layout.age)
        if not root or root not in table.column_names:
            return []
        return [reached(content, self._layout.age) for content in _pylist(table.select([root]).take(places))]

    def _root(self, path: str) -> str:
        return path if self._schema.get_field_index(path) >= 0 else path.partition(".")[0]


def _tables(file: Any, number: int, columns: list[str] | None) -> Iterator[Any]:
    import pyarrow as pa

    group = file.metadata.row_group(number)
    if columns is not None or group.total_byte_size <= LARGEST:
        yield file.read_row_group(number, columns)
        return
    rows = max(1, group.num_rows * LARGEST // group.total_byte_size)
    for batch in file.iter_batches(batch_size=rows, row_groups=[number]):
        yield pa.Table.from_batches([batch])


def _paths(name: str, kind: Any) -> Iterator[str]:
    """The paths of a column: of structures, what is in them; lists need no step of their own."""
    import pyarrow.types as at

    while at.is_list(kind) or at.is_large_list(kind) or at.is_fixed_size_list(kind):
        kind = kind.value_type
    if not at.is_struct(kind) or not kind.num_fields:
        yield name
        return
    for field in kind:
        yield from _paths(f"{name}.{field.name}", field.type)


def _pylist(table: Any) -> Sequence[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pylist(maps_as_pydicts="lossy")
    return rows


def _without(table: Any, doomed: Sequence[int]) -> Any:
    import pyarrow as pa

    stays = bytearray(b"\1") * table.num_rows
    for at in doomed:
        stays[at] = 0
    mask = pa.Array.from_buffers(pa.uint8(), table.num_rows, [None, pa.py_buffer(stays)]).cast(pa.bool_())
    return table.filter(mask)


@cache
def _recycle() -> None:
    """Let the C library hand out memory: it keeps what was freed for the next row group.

    Arrow's own pools give it back to the system and ask again, a third of all time where pages are dear.
    """
    import pyarrow as pa

    if "ARROW_DEFAULT_MEMORY_POOL" not in os.environ:
        pa.set_memory_pool(pa.system_memory_pool())


@contextmanager
def _damage() -> Iterator[None]:
    """Arrow's errors hold values of the file: none of them is shown."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, EOFError, UnicodeError):
        raise DamagedError("the Parquet file is damaged, cut short or encrypted, or of a kind unknown here") from None
