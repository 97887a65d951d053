"""A file written anew without rows, and looked at again before it replaces the other."""

from __future__ import annotations

from typing import BinaryIO

from connectors.lake.files import DamagedError, Drop, Layout, Tally, open_file
from connectors.lake.people import People, Verdict


def rewritten(layout: Layout, source: BinaryIO, target: BinaryIO, people: People, drop: Drop) -> Tally:
    """Write `source` to `target` without the rows that `drop` says, and read it back.

    Raises DamagedError if the file cannot be read to its end, or if what was written is not the rest of it:
    another number of rows, a row that should be gone, another schema. Then the target is of no use.
    """
    before = open_file(layout, source)
    tally = before.rewrite(people, drop, target)
    target.flush()
    target.seek(0)
    after = open_file(layout, target)
    if after.count() != tally.kept:
        raise DamagedError("what was written has another number of rows than what was kept")
    if any(row.verdict is not Verdict.OTHERS and drop(row) for row in after.rows(people)):
        raise DamagedError("what was written still has rows that were to go")
    if layout.format == "parquet":
        from connectors.lake.parquet import ParquetRows

        if isinstance(before, ParquetRows) and isinstance(after, ParquetRows) and not before.same_kind(after):
            raise DamagedError("the schema of the Parquet file cannot be kept when it is written anew")
    target.seek(0)
    return tally


def everybodys(people: People) -> Drop:
    """What removes every row of the people asked for."""

    def drop(row: object) -> bool:
        return getattr(row, "verdict", None) is Verdict.MINE

    return drop
