"""Dictionaries of columns: read as they are written, and rid of the values that no row has any more.

A column of few different texts is read, filtered and written as numbers into its dictionary, never as texts. What
is left in a dictionary is written with it: without this, it would go on naming who is gone.
A dictionary that filled up and saved nothing is not tried again.
Source: https://arrow.apache.org/docs/python/parquet.html (read_dictionary).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.lake.files import DamagedError

DICTIONARY = {"PLAIN_DICTIONARY", "RLE_DICTIONARY"}
_FULL = 1024**2  # bytes at which Parquet's writers give a dictionary up
_SAVED = 0.9  # what a dictionary must make of a column to be worth its time
_FEW = 4  # bytes for each value, of a column whose texts are in its dictionary: more, and many stand outside of it


def written_as_numbers(file: Any) -> list[str]:
    """The paths of the columns of text that the first row group holds in dictionaries."""
    if not file.metadata.num_row_groups:
        return []
    group = file.metadata.row_group(0)
    leaves = [kind for field in file.schema_arrow for kind in _leaves(field.type)]
    if len(leaves) != group.num_columns:
        return []
    chunks = [group.column(n) for n in range(group.num_columns)]
    return [c.path_in_schema for c, kind in zip(chunks, leaves, strict=True) if _is_text(kind) and _few(c)]


def of_no_use(file: Any, table: Any) -> set[str]:
    """The paths of texts whose dictionary the writer gave up when it was full, and which it did not make smaller.

    `table` is the first that is to be written: how long its texts are tells what they take without a dictionary.
    """
    group = file.metadata.row_group(0)
    texts = [held for column in table.columns for chunk in column.chunks[:1] for held in _texts(chunk)]
    if len(texts) != group.num_columns:
        return set()
    chunks = [group.column(n) for n in range(group.num_columns)]
    return {
        c.path_in_schema for c, held in zip(chunks, texts, strict=True)
        if held is not None and len(held) and c.total_uncompressed_size >= _FULL
        and c.total_uncompressed_size > _SAVED * c.num_values * _plain_size(held)
    }  # fmt: skip


def _plain_size(texts: Any) -> float:
    """Bytes of a text on average, with the four that tell its length."""
    import pyarrow.compute as pc

    return 4 + (pc.sum(pc.binary_length(texts)).as_py() or 0) / len(texts)


def _texts(held: Any) -> Iterator[Any]:
    """The arrays of the columns in a column, in the order of the file; None for what is not plain text."""
    import pyarrow.types as at

    kind = held.type
    if at.is_struct(kind):
        for n in range(kind.num_fields):
            yield from _texts(held.field(n))
    elif at.is_list(kind) or at.is_large_list(kind):
        yield from _texts(held.values)
    else:
        yield from (held if _is_text(leaf) else None for leaf in _leaves(kind))


def forgotten(table: Any) -> Any:
    """The table, with no value in any dictionary that no row has. Raises DamagedError where one is out of reach."""
    import pyarrow as pa

    if not any(_has_dictionary(kind) for kind in table.schema.types):
        return table
    columns = [
        pa.chunked_array([_trimmed(chunk) for chunk in column.chunks], column.type)
        if _has_dictionary(column.type) else column
        for column in table.columns
    ]  # fmt: skip
    return pa.Table.from_arrays(columns, schema=table.schema)


def _trimmed(held: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as at

    kind = held.type
    if not _has_dictionary(kind):
        return held
    if at.is_dictionary(kind):
        used = pc.unique(held.indices).drop_null().sort()
        if len(used) == len(held.dictionary):
            return held
        indices = pc.index_in(held.indices, value_set=used).cast(kind.index_type)
        return pa.DictionaryArray.from_arrays(indices, held.dictionary.take(used), ordered=kind.ordered)
    if held.offset:
        held = pa.concat_arrays([held, held.slice(0, 0)])
    missing = held.is_null() if held.null_count else None
    if at.is_struct(kind):
        inner = [_trimmed(held.field(n)) for n in range(kind.num_fields)]
        return pa.StructArray.from_arrays(inner, fields=list(kind), mask=missing)
    if at.is_list(kind) or at.is_large_list(kind):
        made = pa.ListArray if at.is_list(kind) else pa.LargeListArray
        return made.from_arrays(held.offsets, _trimmed(held.values), type=kind, mask=missing)
    raise DamagedError("a dictionary stands inside a type in which nobody can be removed from it")


def _has_dictionary(kind: Any) -> bool:
    import pyarrow as pa
    import pyarrow.types as at

    if isinstance(kind, pa.BaseExtensionType):
        return _has_dictionary(kind.storage_type)
    if at.is_dictionary(kind):
        return True
    if not at.is_nested(kind):
        return False
    return any(_has_dictionary(kind.field(n).type) for n in range(kind.num_fields))


def _leaves(kind: Any) -> Iterator[Any]:
    """The types of the columns in a column, in the order of the file; None for those that are not to be touched."""
    import pyarrow.types as at

    if at.is_struct(kind):
        for n in range(kind.num_fields):
            yield from _leaves(kind.field(n).type)
    elif at.is_list(kind) or at.is_large_list(kind):
        yield from _leaves(kind.value_type)
    elif at.is_map(kind):
        yield from (None for each in (kind.key_type, kind.item_type) for _ in _leaves(each))
    else:
        yield kind


def _is_text(kind: Any) -> bool:
    import pyarrow.types as at

    return kind is not None and (at.is_string(kind) or at.is_large_string(kind))


def _few(chunk: Any) -> bool:
    return bool(DICTIONARY & set(chunk.encodings)) and chunk.total_uncompressed_size < chunk.num_values * _FEW
