"""What locate says of one file: a record for every fate and side of the cut-offs.

Fates go by facts that stay, so that a plan and its execution agree: "locked" is what bears a date of retention,
past or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from connectors.aws.lake.ages import within
from connectors.aws.lake.search import File, Found, Version
from connectors.lake import Verdict
from connectors.model import CollectionSpec, Identifier, Locator, Obstacle, ObstacleKind, Record

ROWS, OLD, HOLD, LOCKED, UNREAD = "rows", "old", "hold", "locked", "unread"
SHARED, CLAIMED = Verdict.SHARED.value, Verdict.CLAIMED.value
SHARED_REASON = "rows that name the person and somebody else too: a person must decide whose they are"
CLAIMED_REASON = "rows in which only something unproven names the person"
HELD_REASON = "file versions under a legal hold in S3, until someone removes it"
LOCKED_REASON = "file versions under retention in S3 (Object Lock)"
EXPIRING = "old versions of the file, which the bucket's lifecycle rule removes"
OVERDUE = "old versions that the bucket's lifecycle rule should have removed: mend the rule, or delete them by hand"


@dataclass(frozen=True, slots=True)
class Share:
    """The rows of one fate in one version."""

    version: Version
    rows: tuple[Found, ...] = field(repr=False)


def address(system: str, collection: str, fate: str, key: str, side: Locator | None = None) -> Locator:
    since, before = (side.since, side.before) if side else (None, None)
    return Locator(system, collection, f"{fate} {key}", since, before)


def fate_of(at: Locator) -> str:
    return at.key.partition(" ")[0]


def file_of(at: Locator) -> str:
    return at.key.partition(" ")[2]


def fate(version: Version, verdict: Verdict, expire_days: int | None) -> str:
    """What is to become of rows of one verdict in one version."""
    if verdict is not Verdict.MINE:
        return verdict.value
    if version.lock.hold:
        return HOLD
    if version.lock.until is not None:
        return LOCKED
    return OLD if version.replaced and expire_days is not None else ROWS


def shares(file: File, at: Locator, expire_days: int | None) -> list[Share]:
    """What an address stands for in the file as it is now."""
    found = []
    for version in file.versions:
        if version.unread:
            if fate_of(at) == UNREAD:
                found.append(Share(version, (Found(Verdict.OTHERS, None),)))
            continue
        rows = tuple(
            r for r in version.rows if fate(version, r.verdict, expire_days) == fate_of(at) and within(r.age, at)
        )
        if rows:
            found.append(Share(version, rows))
    return found


def count(held: Sequence[Share]) -> int:
    return sum(len(share.rows) for share in held)


def records(system: str, spec: CollectionSpec, file: File, expire_days: int | None) -> Iterator[Record]:
    """The records of one file. What was not read is one for each version: nobody knows whether it holds the person."""
    for since, before in pairwise([None, *spec.cutoffs, None]):
        side = Locator(system, spec.name, "", since, before)
        for name in (ROWS, OLD, LOCKED, HOLD, SHARED, CLAIMED):
            at = address(system, spec.name, name, file.key, side)
            if held := shares(file, at, expire_days):
                yield _record(at, held, expire_days)
    at = address(system, spec.name, UNREAD, file.key)
    if held := shares(file, at, expire_days):
        reasons = dict.fromkeys(share.version.unread for share in held)
        obstacles = tuple(Obstacle(ObstacleKind.BY_HAND, reason, opaque=True) for reason in reasons)
        yield Record(at, len(held), obstacles=obstacles, note="file versions that were not read")


def _record(at: Locator, held: Sequence[Share], expire_days: int | None) -> Record:
    ages = sorted(row.age for share in held for row in share.rows if row.age is not None)
    mine = fate_of(at) not in (SHARED, CLAIMED)
    reveals = frozenset[Identifier]().union(*(s.version.reveals for s in held)) if mine else frozenset()
    old = sum(bool(share.version.replaced) for share in held)
    note = "rows in a file that holds others' rows too, which stay"
    if old and fate_of(at) == ROWS:
        note += (
            f"; {old} old versions of the file are deleted whole: their rows are in the current one, or gone from it"
        )
    return Record(
        at, count(held), ages[0] if ages else None, ages[-1] if ages else None,
        reveals=tuple(sorted(reveals, key=lambda i: (i.kind, i.value))),
        obstacles=tuple(_obstacles(fate_of(at), held, expire_days)), note=note if fate_of(at) == ROWS else "",
    )  # fmt: skip


def _obstacles(name: str, held: Sequence[Share], expire_days: int | None) -> Iterator[Obstacle]:
    now = datetime.now(UTC)
    if name == SHARED:
        yield Obstacle(ObstacleKind.SHARED, SHARED_REASON)
    elif name == CLAIMED:
        yield Obstacle(ObstacleKind.CLAIMED, CLAIMED_REASON)
    elif name == HOLD:
        yield Obstacle(ObstacleKind.LOCKED, HELD_REASON)
    elif name == LOCKED:
        until = max(s.version.lock.until for s in held if s.version.lock.until is not None)
        if until > now:
            yield Obstacle(ObstacleKind.LOCKED, LOCKED_REASON, until)
    elif name == OLD:
        until = expires(held, expire_days or 0)
        if until > now:
            yield Obstacle(ObstacleKind.LOCKED, EXPIRING, until)
        else:
            yield Obstacle(ObstacleKind.BY_HAND, OVERDUE)


def expires(held: Sequence[Share], days: int) -> datetime:
    """When the lifecycle rule has removed the last of these: it works at midnight UTC, and may take a day."""
    last = max(share.version.replaced or share.version.entry.at for share in held)
    return last + timedelta(days=days + 2)
