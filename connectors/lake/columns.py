"""One column of identity in a Parquet file: where it is, and which rows hold a wanted value."""

from __future__ import annotations

import uuid
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.lake.files import DamagedError
from connectors.lake.people import Column, Wanted

_BLANKS = b" ", b"\t", b"\n", b"\v", b"\f", b"\r"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A column, or one within others. `steps`: the names inside `root`; lists on the way need none."""

    root: str
    steps: tuple[str, ...]
    path: str  # as Parquet spells it, down to the first list
    type: Any

    def found(self, table: Any, column: Column, wanted: Wanted) -> tuple[Callable[[Any], list[Any]], Any]:
        """How to read what stands at places, and the places of rows that may hold a wanted value, some twice.

        The places are None if nothing is wanted here.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        values, parents = self._values(table)
        if not wanted:
            return _reader(values, parents), None
        places = pc.indices_nonzero(_member(values, column, wanted)).cast(pa.int64())
        return _reader(values, parents), places if parents is None else parents.cast(pa.int64()).take(places)

    def in_bounds(self, statistics: Any, wanted: Wanted, folded: bool) -> bool:
        """Whether a wanted value may lie between a chunk's least and greatest one."""
        import pyarrow.types as at

        if statistics is None or folded or not statistics.has_min_max:
            return True
        if at.is_integer(self.type):
            ordered: Sequence[Any] = wanted.numbers
        elif at.is_string(self.type) or at.is_large_string(self.type):
            ordered = wanted.encoded
        else:
            return True
        least, most = (v.encode() if isinstance(v, str) else v for v in (statistics.min, statistics.max))
        first = bisect_left(ordered, least)
        return first < len(ordered) and bool(ordered[first] <= most)

    def _values(self, table: Any) -> tuple[Any, Any]:
        """The values, and of each the place of its row; None if there is one for every row."""
        import pyarrow.compute as pc
        import pyarrow.types as at

        held, parents = _one(table.column(self.root)), None
        for step in (*self.steps, None):
            while at.is_list(held.type) or at.is_large_list(held.type) or at.is_fixed_size_list(held.type):
                above = pc.list_parent_indices(held)
                parents = above if parents is None else parents.take(above)
                held = pc.list_flatten(held)
            if step is not None:
                held = pc.struct_field(held, step)
        return held, parents


def leaf_of(schema: Any, path: str) -> Leaf | None:
    """The column at a path; None if the file has none. Raises DamagedError for a type that names nobody."""
    import pyarrow.types as at

    if schema.get_field_index(path) >= 0:
        root, steps = path, []
    else:
        root, *steps = path.split(".")
        if schema.get_field_index(root) < 0:
            return None
    held, spelled, listed = schema.field(root).type, [root], False
    for step in (*steps, None):
        while at.is_list(held) or at.is_large_list(held) or at.is_fixed_size_list(held):
            held, listed = held.value_type, True
        if step is None:
            break
        if not at.is_struct(held) or held.get_field_index(step) < 0:
            return None
        held = held.field(step).type
        if not listed:
            spelled.append(step)
    if at.is_nested(held) or at.is_boolean(held) or at.is_temporal(held):
        raise DamagedError("a column of identity holds neither text nor numbers")
    return Leaf(root, tuple(steps), ".".join(spelled), held)


def _reader(values: Any, parents: Any) -> Callable[[Any], list[Any]]:
    if isinstance(values.type, _extension()):
        values = values.storage
    if parents is None:
        return lambda places: [_read(held) for held in values.take(places).to_pylist()]

    def listed(places: Any) -> list[Any]:
        import pyarrow.compute as pc

        wanted = pc.is_in(parents, value_set=places.cast(parents.type))
        found: dict[int, list[Any]] = {place: [] for place in places.to_pylist()}
        for place, held in zip(parents.filter(wanted).to_pylist(), values.filter(wanted).to_pylist(), strict=True):
            found[place].append(_read(held))
        return list(found.values())

    return listed


def _extension() -> Any:
    import pyarrow as pa

    return pa.BaseExtensionType


def _one(held: Any) -> Any:
    """One array: what has no chunk, or several, cannot be flattened with its parents."""
    import pyarrow as pa

    if isinstance(held, pa.ChunkedArray):
        if held.num_chunks == 1:
            return held.chunk(0)
        return pa.concat_arrays(held.chunks) if held.num_chunks else pa.array([], held.type)
    return held


def _member(values: Any, column: Column, wanted: Wanted) -> Any:
    """Which values may be wanted ones: all that are, and a few more that a closer look tells."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as at

    kind = values.type
    if at.is_dictionary(kind):
        return _member(values.dictionary, column, wanted).take(values.indices)
    if isinstance(kind, pa.BaseExtensionType):
        return _member(values.storage, column, wanted)
    if column.pattern:
        return _texts(values, lambda text: bool(column.values(text) & wanted))
    if at.is_integer(kind):
        return pc.is_in(values, value_set=pa.array(_fitting(wanted, kind), kind))
    if at.is_floating(kind):
        return pc.is_in(values.cast(pa.float64()), value_set=pa.array([float(n) for n in wanted.numbers], pa.float64()))
    if at.is_string(kind) or at.is_large_string(kind) or at.is_string_view(kind):
        values = values.cast(pa.large_string())
        if not column.folded:
            return pc.is_in(values, value_set=pa.array(sorted(wanted), pa.large_string()))
        return _folded(values, wanted)
    return _texts(values, lambda text: bool(column.values(text) & wanted))


def _folded(values: Any, wanted: Wanted) -> Any:
    """Without regard to case and blanks around. Beyond ASCII every value gets a closer look."""
    import pyarrow as pa
    import pyarrow.compute as pc

    written = (values.buffers()[2] or pa.py_buffer(b"")).to_pybytes()  # all texts in one: cheaper to ask than each
    lowered = values
    if any(blank in written for blank in _BLANKS):
        lowered = pc.ascii_trim_whitespace(lowered)
    if written.lower() != written:
        lowered = pc.ascii_lower(lowered)
    known = pc.is_in(lowered, value_set=pa.array(sorted(wanted), pa.large_string()))
    if written.isascii():
        return known
    return pc.or_(known, pc.invert(pc.fill_null(pc.string_is_ascii(values), True)))


def _texts(values: Any, wanted: Any) -> Any:
    """One by one: for texts in which identifiers stand, and types that are rare."""
    import pyarrow as pa

    return pa.array([held is not None and wanted(_read(held)) for held in values.to_pylist()], pa.bool_())


def _read(held: object) -> object:
    return str(uuid.UUID(bytes=held)) if isinstance(held, bytes) and len(held) == 16 else held


def _fitting(wanted: Wanted, kind: Any) -> list[int]:
    import pyarrow.types as at

    signed = at.is_signed_integer(kind)
    least = -(1 << (kind.bit_width - 1)) if signed else 0
    most = (1 << (kind.bit_width - (1 if signed else 0))) - 1
    return [n for n in wanted.numbers if least <= n <= most]
