"""What every format offers, and which one a file has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from connectors.lake.people import People, Verdict

FORMATS = ("parquet", "csv", "jsonl", "papertrail")
PACKINGS = ("", "gzip", "zstd")


class DamagedError(Exception):
    """The file is not what it should be. Constant words, without anything out of the file."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file is. `columns`: names of a CSV file without a header. `age`: the column that dates a row.

    `limit`: the most bytes it may unpack to.
    """

    format: str
    packing: str = ""
    age: str = ""
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    columns: tuple[str, ...] = ()
    limit: int = 64 * 1024**3


@dataclass(frozen=True, slots=True)
class Row:
    """A row that names somebody asked for."""

    verdict: Verdict
    held: tuple[object, ...] = field(repr=False)  # by column of identity
    age: object = field(default=None, repr=False)
    content: Mapping[str, object] = field(default_factory=dict, repr=False)  # where it was asked for


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows of a file before, and how many of them were left out."""

    before: int
    removed: int

    @property
    def kept(self) -> int:
        return self.before - self.removed


Drop = Callable[[Row], bool]


class RowFile(Protocol):
    """A file of rows. Raises DamagedError for what cannot be read to its end."""

    def count(self) -> int:
        """How many rows there are."""

    def columns(self) -> tuple[str, ...]:
        """The names that header or schema tell, with those inside nested ones as paths; none where neither does."""

    def first(self, most: int) -> Iterator[Mapping[str, object]]:
        """At most so many rows from the beginning, whosever they are."""

    def rows(self, people: People, whole: bool = False) -> Iterator[Row]:
        """Every row that names somebody asked for; `whole`: with all that it holds."""

    def rewrite(self, people: People, drop: Drop, target: BinaryIO) -> Tally:
        """Write the file anew, without the rows that `drop` says of those that `rows` would yield."""


def open_file(layout: Layout, source: BinaryIO) -> RowFile:
    """The file that starts at `source`, which must be seekable. Raises ModuleNotFoundError without its library."""
    if layout.format == "parquet":
        from connectors.lake.parquet import ParquetRows

        return ParquetRows(layout, source)
    from connectors.lake.texts import TextRows

    return TextRows(layout, source)
