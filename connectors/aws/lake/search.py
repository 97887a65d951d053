"""Which versions of which files hold rows of the person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from connectors.aws.lake.ages import instant
from connectors.aws.lake.objects import GoneError, Pinned, Ranges, fetched
from connectors.aws.lake.rules import Rules
from connectors.aws.s3.bucket import Bucket, Entry, Kind, Lock
from connectors.errors import ConfigError, RefusedError
from connectors.lake import DamagedError, People, Row, RowFile, Verdict, open_file
from connectors.model import Identifier, Subject

ARCHIVED = "lies in an archive: restore it first (RestoreObject), then plan anew"
DAMAGED = "cannot be read as the inventory says, or is damaged: look at it, put it right or away, then plan anew"
ENCRYPTED = "cannot be read with these credentials (a key of the customer's own encrypts it): look at it by hand"
_GLACIER = {"GLACIER", "DEEP_ARCHIVE"}


@dataclass(frozen=True, slots=True)
class Found:
    """A row of the person's, or one that names them."""

    verdict: Verdict
    age: datetime | None


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a file. `replaced`: since when it is not the current one. `unread`: why it was not read."""

    entry: Entry
    etag: str = ""
    lock: Lock = field(default=Lock(hold=False, until=None))
    rows: tuple[Found, ...] = ()
    reveals: frozenset[Identifier] = frozenset()
    replaced: datetime | None = None
    unread: str = ""

    @property
    def free(self) -> bool:
        return not self.lock.hold and self.lock.until is None

    def pinned(self) -> Pinned:
        return Pinned(self.entry.key, self.entry.version, self.etag, self.entry.size)


@dataclass(frozen=True, slots=True)
class File:
    """All versions of one key that hold something of the person's or could not be read, the newest first."""

    key: str = field(repr=False)
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Searcher:
    """Searches the files of one collection for one person."""

    bucket: Bucket
    rules: Rules
    people: People
    collection: str
    subject: Subject = field(repr=False)

    def files(self, prefix: str) -> Iterator[File]:
        """Every file below a prefix that may concern the person. Raises `connectors.errors`."""
        entries = (entry for page in self.bucket.pages(prefix) for entry in page)
        for key, group in groupby(entries, key=lambda e: e.key):
            if self.rules.is_file(key) and self.rules.may_hold(key, self.subject):
                found = self._versions(list(dict.fromkeys(group)))
                if found:
                    yield File(key, found)

    def file(self, key: str) -> File:
        """One file, which may have nothing of the person's any more."""
        return next((f for f in self.files(key) if f.key == key), File(key, ()))

    def _versions(self, entries: list[Entry]) -> tuple[Version, ...]:
        found = []
        replaced: datetime | None = None
        for entry in entries:  # the newest first, as S3 lists them
            if entry.kind is Kind.VERSION and (version := self._version(entry, replaced)) is not None:
                found.append(version)
            replaced = entry.at
        return tuple(found)

    def _version(self, entry: Entry, replaced: datetime | None) -> Version | None:
        try:
            head = self.bucket.head(entry)
        except RefusedError:  # S3 answers 400 to who does not send the key
            return Version(entry, unread=ENCRYPTED)
        if head is None:
            return None  # deleted by someone else since it was listed
        asleep = entry.storage in _GLACIER or head.get("ArchiveStatus")
        if asleep and 'ongoing-request="false"' not in head.get("Restore", ""):
            return Version(entry, unread=ARCHIVED)
        state = Pinned(entry.key, entry.version, str(head.get("ETag", "")), entry.size)
        try:
            rows = list(self.rows(state))
        except GoneError:
            return None
        except DamagedError:
            return Version(entry, unread=DAMAGED)
        if not rows:
            return None
        if self.bucket.may_lock():
            lock = Lock(head.get("ObjectLockLegalHoldStatus") == "ON", head.get("ObjectLockRetainUntilDate"))
        else:
            lock = Lock(hold=False, until=None)
        found = tuple(Found(row.verdict, instant(row.age)) for row in rows)
        return Version(entry, state.etag, lock, found, frozenset(self._revealed(rows)), replaced)

    def rows(self, state: Pinned, whole: bool = False) -> Iterator[Row]:
        """The rows of one version. Of Parquet only the columns that are needed are fetched."""
        with ExitStack() as stack:
            if self.rules.layout.format != "parquet":
                source = stack.enter_context(fetched(self.bucket, state))
                yield from self._opened(source).rows(self.people, whole)
                return
            ranges = stack.enter_context(Ranges(self.bucket, state))
            try:
                yield from self._opened(ranges).rows(self.people, whole)
            except DamagedError:
                if ranges.fault is not None:
                    raise ranges.fault from None
                raise

    def _opened(self, source: object) -> RowFile:
        try:
            return open_file(self.rules.layout, source)  # type: ignore[arg-type]
        except ModuleNotFoundError as missing:
            raise ConfigError(self.bucket.system, _missing(str(missing.name))) from None

    def _revealed(self, rows: list[Row]) -> Iterator[Identifier]:
        for row in rows:
            if row.verdict is not Verdict.MINE:
                continue
            for column, identity, held in zip(self.rules.columns, self.rules.revealing, row.held, strict=True):
                if identity is not None:
                    origin = f"{self.bucket.system}/{self.collection}.{identity.field}"
                    for value in column.values(held):
                        yield Identifier(identity.kind, value, identity.trust, origin)


def _missing(package: str) -> str:
    return f"the package {package!r} is not installed; install the extra: pip install 'dsr-orchestrator[lake]'"
