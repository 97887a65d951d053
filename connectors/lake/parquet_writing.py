"""A Parquet file written as another one was: schema, codecs, dictionaries, statistics, page index, bloom filters.

Dictionaries are kept where they save space. What a file does not say of itself cannot be kept: the level of
compression and the version of data pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from connectors.lake.dictionaries import DICTIONARY, of_no_use

_LEVELS = {"RLE", "BIT_PACKED"}  # encodings of levels, which every column has


@contextmanager
def writer(file: Any, first: Any, target: BinaryIO) -> Iterator[Any]:
    """Where tables are to be written that are to look like this file's row groups; `first`: one of them."""
    import pyarrow.parquet

    with pyarrow.parquet.ParquetWriter(target, first.schema, **_settings(file, first)) as into:
        if file.metadata.metadata:  # with Arrow's own copy of the schema, if there is one
            into.add_key_value_metadata(dict(file.metadata.metadata))
        yield into


def kept_as_it_was(file: Any, other: Any) -> bool:
    """Whether schema, order of columns and key-value metadata are the same."""
    mine, theirs = _described(file), _described(other)
    return bool(mine == theirs and file.schema.equals(other.schema))


def _described(file: Any) -> object:
    paths = [file.schema.column(n).path for n in range(len(file.schema))]
    return paths, dict(file.metadata.metadata or {})


def _settings(file: Any, first: Any) -> dict[str, Any]:
    meta = file.metadata
    given: dict[str, Any] = {"version": "1.0" if meta.format_version == "1.0" else "2.6", "store_schema": False}
    columns = [file.schema.column(n) for n in range(len(file.schema))]
    paths = [column.path for column in columns]
    given["use_compliant_nested_type"] = not any(path.endswith(".list.item") or ".list.item." in path for path in paths)
    given["use_deprecated_int96_timestamps"] = any(c.physical_type == "INT96" for c in columns)
    given["store_decimal_as_integer"] = any(
        c.logical_type.type == "DECIMAL" and c.physical_type in ("INT32", "INT64") for c in columns
    )
    if not meta.num_row_groups:
        return given
    group = meta.row_group(0)
    chunks = {group.column(n).path_in_schema: group.column(n) for n in range(group.num_columns)}
    given["compression"] = {path: _codec(chunk.compression) for path, chunk in chunks.items()}
    in_vain = of_no_use(file, first)
    given["use_dictionary"] = [
        p for p, c in chunks.items() if DICTIONARY & set(c.encodings) and _pays(c) and p not in in_vain
    ] or False
    given["column_encoding"] = {p: e for p, c in chunks.items() if (e := _encoding(c))} or None
    if given["column_encoding"] and given["use_dictionary"]:
        given["column_encoding"] = {p: e for p, e in given["column_encoding"].items() if e != "PLAIN"} or None
    given["write_statistics"] = [path for path, chunk in chunks.items() if chunk.is_stats_set] or False
    given["write_page_index"] = any(chunk.has_offset_index for chunk in chunks.values())
    if group.sorting_columns:
        given["sorting_columns"] = list(group.sorting_columns)
    blooms = {p: {"ndv": max(group.num_rows, 1), "fpp": 0.05} for p, c in chunks.items() if c.bloom_filter_offset}
    if blooms:
        given["bloom_filter_options"] = blooms
    return given


def _pays(chunk: Any) -> bool:
    """Whether a dictionary is smaller than its values: of numbers that never repeat it is an artefact of the writer."""
    width = {"INT32": 4, "INT64": 8, "FLOAT": 4, "DOUBLE": 8}.get(chunk.physical_type)
    return width is None or chunk.total_uncompressed_size < chunk.num_values * width


def _codec(name: str) -> str:
    return "NONE" if name == "UNCOMPRESSED" else name


def _encoding(chunk: Any) -> str:
    """The encoding of a column without a dictionary, where it is another than the plain one."""
    own = set(chunk.encodings) - _LEVELS
    if own & DICTIONARY or len(own) != 1:
        return ""
    name = str(own.pop())
    return "" if name == "PLAIN" else name
