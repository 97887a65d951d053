"""Versions of an object as files: fetched whole into a file that has no name, or read in ranges.

Every read names the version and the ETag it is meant to have: what another client writes meanwhile is never mixed in.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

from connectors.aws.s3.bucket import GONE, Bucket
from connectors.aws.session import code, named_errors
from connectors.errors import ConnectorError, TransientError

_CHUNK = 1024**2
_ASKED = "s3:GetObjectVersion"
_CHANGED = {"PreconditionFailed", "412"}
_MEMORY = 8 * 1024**2  # bytes of a file that stays in memory


class GoneError(Exception):
    """The object, or the state of it that was asked for, is not there any more."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """One state of one object. `version` is empty for whatever is current, with this ETag."""

    key: str = field(repr=False)
    version: str = field(repr=False)
    etag: str
    size: int

    @property
    def asked(self) -> dict[str, str]:
        return {"Key": self.key, "IfMatch": self.etag} | ({"VersionId": self.version} if self.version else {})


def get(bucket: Bucket, state: Pinned, **more: Any) -> Mapping[str, Any]:
    """The open answer. Raises GoneError where the object has changed, TransientError for another's answer."""
    from botocore.exceptions import ClientError

    with named_errors(bucket.system, f"{_ASKED} on {bucket.name}"):
        try:
            answer: Mapping[str, Any] = bucket.client.get_object(
                Bucket=bucket.name, **state.asked, **more, **bucket.owner
            )
        except ClientError as error:
            if code(error) in GONE | _CHANGED:
                raise GoneError from None
            raise
    if answer.get("ETag") != state.etag:
        raise _strange(bucket)
    return answer


@contextmanager
def fetched(bucket: Bucket, state: Pinned) -> Iterator[BinaryIO]:
    """The content in a file of its own, which nobody else can open and which is gone afterwards."""
    with scratch() as into:
        body = get(bucket, state)["Body"]
        size = 0
        with named_errors(bucket.system, f"{_ASKED} on {bucket.name}"):
            try:
                for chunk in body.iter_chunks(_CHUNK):
                    if (size := size + len(chunk)) > state.size:
                        raise _strange(bucket)
                    into.write(chunk)
            finally:
                body.close()
        if size != state.size:
            raise _strange(bucket)
        into.seek(0)
        yield into


@contextmanager
def scratch() -> Iterator[BinaryIO]:
    """A file for nobody but this process: on disk it has mode 0600 and no name, and ends with the process."""
    with tempfile.SpooledTemporaryFile(max_size=_MEMORY, prefix="dsr-lake-") as file:
        yield cast("BinaryIO", file)


class Ranges(io.RawIOBase):
    """An object read where it is asked for. `fault`: what went wrong, as a reader in between may hide it."""

    def __init__(self, bucket: Bucket, state: Pinned) -> None:
        self._bucket = bucket
        self._state = state
        self._at = 0
        self.fault: ConnectorError | GoneError | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._state.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, into: Any) -> int:
        first, last = self._at, min(self._at + len(into), self._state.size) - 1
        if last < first:
            return 0
        try:
            data = self._read(first, last)
        except (ConnectorError, GoneError) as error:
            self.fault = error
            raise
        into[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _read(self, first: int, last: int) -> bytes:
        answer = get(self._bucket, self._state, Range=f"bytes={first}-{last}")
        with named_errors(self._bucket.system, f"{_ASKED} on {self._bucket.name}"):
            data: bytes = answer["Body"].read(last - first + 2)
            answer["Body"].close()
        if answer.get("ContentRange") != f"bytes {first}-{last}/{self._state.size}" or len(data) != last - first + 1:
            raise _strange(self._bucket)
        return data


def _strange(bucket: Bucket) -> TransientError:
    return TransientError(bucket.system, f"{_ASKED} on {bucket.name}: the answer is not the object asked for")
