"""Which entries of a bucket are one person's, and which of them share one fate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby

from connectors.aws.s3.bucket import Bucket, Entry, Kind, Lock
from connectors.aws.s3.rules import Finder, Verdict, agreed
from connectors.model import Locator

# Fates, as they stand in Locator.key. They go by facts that stay, so that a plan and its execution
# agree: retention by the month of its date, whether past or not, never by "locked now".
UPLOADS, FREE, HOLD, SHARED = "uploads", "", "hold", "shared"
LOCKED = "locked until "
BESIDE = "beside kept "  # the free ones, where so many locked or shared ones are on the same side
_UNLOCKED = Lock(hold=False, until=None)
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Held:
    """An entry of the person's and its fate. `until`: the end of its retention, perhaps past."""

    entry: Entry
    fate: str
    until: datetime | None = field(default=None, compare=False)

    @property
    def kept(self) -> bool:
        return self.fate not in (FREE, UPLOADS)


@dataclass(frozen=True, slots=True)
class Holding:
    """Everything one collection holds of a person: the state of one search."""

    held: tuple[Held, ...]
    scanned: int  # entries looked at
    whole: bool  # whether these were all there are in the bucket

    def at(self, at: Locator) -> tuple[Held, ...]:
        """What an address stands for now."""
        fate = fate_of(at)
        return tuple(h for h in self.within(at) if h.fate == fate)

    def within(self, at: Locator) -> Iterator[Held]:
        """All fates on the same side of the cut-offs."""
        for held in self.held:
            age = held.entry.at
            if (at.since is None or age >= at.since) and (at.before is None or age < at.before):
                yield held

    def kept_beside(self, at: Locator) -> int:
        """How many on the same side are under a lock or shared, but for what the address stands for."""
        return sum(h.kept and h.fate != at.key for h in self.within(at))


def fate_of(at: Locator) -> str:
    return FREE if at.key.startswith(BESIDE) else at.key


def kept_when_planned(at: Locator) -> int:
    return int(at.key.removeprefix(BESIDE)) if at.key.startswith(BESIDE) else 0


def search(bucket: Bucket, finder: Finder, parallel: int) -> Holding:
    """Look through the bucket once. Raises `connectors.errors`; never yields less than there is."""
    found: list[tuple[list[Entry], Verdict]] = []
    held: list[Held] = []
    scanned = 0
    pool = ThreadPoolExecutor(max_workers=parallel)
    try:
        for prefix in finder.prefixes:
            for _, group in groupby(_judged(bucket, finder, prefix, pool), key=lambda pair: pair[0].key):
                pairs = list(group)
                scanned += len(pairs)
                found.extend(_of_key(pairs))
            if finder.matchers or finder.shared_matchers:
                held.extend(_unfinished(bucket, finder, prefix))
        locks = _locks(bucket, found, pool)
    finally:
        pool.shutdown(cancel_futures=True)
    for entries, verdict in found:
        held.extend(_fated(entries, verdict, locks))
    return Holding(tuple(dict.fromkeys(held)), scanned, "" in finder.prefixes)


def _judged(bucket: Bucket, finder: Finder, prefix: str, pool: ThreadPoolExecutor) -> Iterator[tuple[Entry, Verdict]]:
    """Every entry below a prefix and whose it is, with the tags and metadata of each version where asked."""

    def judge(entry: Entry) -> tuple[Entry, Verdict] | None:
        by_key = finder.by_key(entry.key)
        asked = finder.reads_objects and entry.kind is Kind.VERSION
        if not asked or (by_key in (Verdict.UNSAID, Verdict.OTHERS) and not entry.key.startswith(finder.below)):
            return entry, by_key
        tags = bucket.tags(entry) if finder.tags else {}
        head = bucket.head(entry) if finder.metadata else {}
        if tags is None or head is None:
            return None  # deleted by someone else since it was listed
        return entry, agreed([by_key, *finder.by_labels(tags, head.get("Metadata", {}))])

    for page in bucket.pages(prefix):
        yield from (pair for pair in pool.map(judge, page) if pair is not None)


def _of_key(pairs: Sequence[tuple[Entry, Verdict]]) -> Iterator[tuple[list[Entry], Verdict]]:
    """The person's entries of one key, by verdict.

    Where a key also has versions that are not theirs, its delete markers stay, and a current version
    of theirs is SHARED with all below it: without it another's version would be current again.
    """
    data = [(e, v) for e, v in pairs if e.kind is Kind.VERSION]
    theirs = [(e, v) for e, v in data if v in (Verdict.MINE, Verdict.SHARED)]
    if not data:  # only markers are left: whose they are, the key alone can say
        theirs = [(e, v) for e, v in pairs if v in (Verdict.MINE, Verdict.SHARED)]
    elif not theirs:
        return
    elif any(v is not Verdict.MINE for _, v in data) and any(e.latest for e, v in theirs):
        theirs = [(e, Verdict.SHARED) for e, _ in theirs]
    if data and len(theirs) == len(data):
        strictest = min(v for _, v in theirs)
        theirs += [(e, strictest) for e, _ in pairs if e.kind is Kind.MARKER]
    for verdict in (Verdict.MINE, Verdict.SHARED):
        if chosen := [e for e, v in theirs if v is verdict]:
            yield chosen, verdict


def _locks(
    bucket: Bucket, found: Sequence[tuple[list[Entry], Verdict]], pool: ThreadPoolExecutor
) -> Mapping[Entry, Lock]:
    """What keeps each version that would be deleted; nothing where the bucket has no Object Lock."""
    versions = [e for entries, v in found for e in entries if v is Verdict.MINE and e.kind is Kind.VERSION]
    if not versions or not bucket.may_lock():
        return {}
    return dict(zip(versions, pool.map(bucket.lock, versions), strict=True))


def _fated(entries: Sequence[Entry], verdict: Verdict, locks: Mapping[Entry, Lock]) -> list[Held]:
    """The entries of one key with their fates; markers share that of the version kept longest."""
    if verdict is Verdict.SHARED:
        return [Held(e, SHARED) for e in entries]
    held = [_under(e, locks.get(e, _UNLOCKED)) for e in entries if e.kind is Kind.VERSION]
    last = max(held, key=lambda h: (h.fate == HOLD, h.until or _NEVER), default=Held(entries[0], FREE))
    return [*held, *(Held(e, last.fate, last.until) for e in entries if e.kind is Kind.MARKER)]


def _under(entry: Entry, lock: Lock) -> Held:
    if lock.hold:
        return Held(entry, HOLD, lock.until)
    if lock.until is not None:
        return Held(entry, LOCKED + lock.until.astimezone(UTC).strftime("%Y-%m"), lock.until)
    return Held(entry, FREE)


def _unfinished(bucket: Bucket, finder: Finder, prefix: str) -> Iterator[Held]:
    """Uploads never completed or aborted. They have no tags that could be read: their key decides."""
    for entry in bucket.uploads(prefix):
        verdict = finder.by_key(entry.key)
        if verdict in (Verdict.MINE, Verdict.SHARED):
            yield Held(entry, SHARED if verdict is Verdict.SHARED else UPLOADS)
