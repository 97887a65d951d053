"""gzip and zstd around a file: read to the very end within bounds, and written.

A gzip file may have several members, a zstd file several frames; both are read as one text and written as one
member. Sources: https://www.rfc-editor.org/rfc/rfc1952, https://www.rfc-editor.org/rfc/rfc8878.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from connectors.lake.files import DamagedError

_PIECE = 256 * 1024
_FED = 1024  # bytes of zstd at a time: what they unpack to is held whole
_WINDOW = 128 * 1024**2  # the most memory that a zstd frame may ask for
MAGIC = {"gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}


class _Pieces(io.RawIOBase):
    """A stream out of pieces, which ends with an error once more came than may."""

    def __init__(self, pieces: Iterator[bytes], limit: int) -> None:
        self._pieces = pieces
        self._left = limit
        self._held = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        while not self._held:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left -= len(piece)
            if self._left < 0:
                raise DamagedError("it unpacks to more bytes than the limit")
            self._held = memoryview(piece)
        size = min(len(into), len(self._held))
        into[:size] = self._held[:size]
        self._held = self._held[size:]
        return size


def unpacked(source: BinaryIO, packing: str, limit: int) -> BinaryIO:
    """The bytes inside. Reading raises DamagedError for what is cut short, damaged, or more than `limit`."""
    source.seek(0)
    pieces = {"": _plain, "gzip": _gunzip, "zstd": _unzstd}[packing]
    return io.BufferedReader(_Pieces(pieces(source), limit), _PIECE)


def _plain(source: BinaryIO) -> Iterator[bytes]:
    while piece := source.read(_PIECE):
        yield piece


def _gunzip(source: BinaryIO) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=source, mode="rb") as packed:
            while piece := packed.read1(_PIECE):
                yield piece
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise DamagedError("the gzip file is damaged or cut short") from None


def _unzstd(source: BinaryIO) -> Iterator[bytes]:
    import zstandard

    def frame() -> Any:
        return zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj()

    current, begun = frame(), False
    try:
        while fed := source.read(_FED):
            while fed:
                begun = True
                if piece := current.decompress(fed):
                    yield piece
                fed = current.unused_data if current.eof else b""
                if current.eof:
                    current, begun = frame(), False
    except zstandard.ZstdError:
        raise DamagedError("the zstd file is damaged") from None
    if begun:
        raise DamagedError("the zstd file is cut short")


@contextmanager
def packed(target: BinaryIO, packing: str) -> Iterator[BinaryIO]:
    """Where to write what is to be packed into the target. The target stays open."""
    if packing == "gzip":
        with gzip.GzipFile(filename="", fileobj=target, mode="wb", compresslevel=6, mtime=0) as into:
            yield into  # type: ignore[misc]
    elif packing == "zstd":
        import zstandard

        with zstandard.ZstdCompressor(write_checksum=True).stream_writer(target, closefd=False) as into:
            yield into
    else:
        yield target
