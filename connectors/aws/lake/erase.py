"""Carries out orders, file by file: writes the current version anew, deletes old ones, and looks again.

Nothing is written before every order is found to be no larger than planned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.aws.lake import records
from connectors.aws.lake.ages import instant, within
from connectors.aws.lake.records import LOCKED, ROWS, Share, count, fate_of, file_of, shares
from connectors.aws.lake.rewriting import rewrite_object
from connectors.aws.lake.search import File, Searcher, Version
from connectors.aws.s3.bucket import GONE, Bucket
from connectors.aws.s3.erase import BY_DEVICE
from connectors.aws.session import code, named_errors
from connectors.errors import ChangedError
from connectors.lake import Row, Tally, Verdict
from connectors.model import Action, Gate, Order, Outcome, Status

_NO_REDACTION = "rows of a file are left out of it, not redacted"
_STAYS = "an old version holds rows that must stay and that the current one has not: look at it by hand"
_NOT_OURS = "not for this connector to delete: look at the plan's reason"
_APPEARED = "rows appeared during the deletion, or are still there after S3 answered success; a new plan is due"


@dataclass(frozen=True, slots=True)
class _Task:
    order: Order
    search: Searcher
    file: File
    held: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Eraser:
    """Carries out the orders of one system. `searchers` by collection."""

    system: str
    searchers: Mapping[str, Searcher]
    gate: Gate
    rewriting: Mapping[str, Any]  # how often to try, and the size of a part

    def run(self, orders: Sequence[Order]) -> Iterator[Outcome]:
        """One outcome per order. Raises ChangedError before any write if there is more than planned."""
        tasks = [self._task(order) for order in orders if order.action is Action.DELETE]
        kept = [order for order in orders if order.action in (Action.RETAIN, Action.MANUAL)]
        for order in orders:
            if spared := order.spared():
                yield spared
            elif order.action is not Action.DELETE:
                yield Outcome(order.at, Status.FAILED, reason=_NO_REDACTION)
        for task in tasks:
            yield self._done(task, [o for o in kept if file_of(o.at) == task.file.key])

    def _task(self, order: Order) -> _Task:
        search = self.searchers[order.at.collection]
        file = search.file(file_of(order.at))
        held = tuple(shares(file, order.at, search.rules.expire_days))
        if count(held) > order.count + order.late:
            message = f"{order.at.collection}: {count(held)} rows in a file, the plan has {order.count}"
            raise ChangedError(self.system, message)
        return _Task(order, search, file, held)

    def _done(self, task: _Task, kept: Sequence[Order]) -> Outcome:
        at = task.order.at
        if not task.held:
            return Outcome(at, Status.ABSENT)
        if fate_of(at) not in (ROWS, LOCKED) or any(_locked(share.version) for share in task.held):
            return Outcome(at, Status.FAILED, reason=_NOT_OURS)
        if any(s.version.replaced for s in task.held) and task.search.bucket.needs_device():
            return Outcome(at, Status.FAILED, reason=BY_DEVICE)
        if any(_needed(task.file, share.version, kept) for share in task.held):
            return Outcome(at, Status.FAILED, reason=_STAYS)
        replaced = ""
        if any(not share.version.replaced for share in task.held):
            replaced = self._rewrite(task)
        days = task.search.rules.expire_days
        old = [share.version.entry.version for share in task.held if share.version.replaced]
        if replaced and days is None and task.search.bucket.versioning().get("Status") == "Enabled":
            old.append(replaced)
        for version in old:
            self.gate(at.collection)
            _delete(task.search.bucket, task.file.key, version)
        return self._seen(task, replaced)

    def _rewrite(self, task: _Task) -> str:
        """The version that was replaced, or nothing."""
        order, search = task.order, task.search

        def drop(row: Row) -> bool:
            return row.verdict is Verdict.MINE and within(instant(row.age), order.at)

        def before_write(tally: Tally) -> None:
            if tally.removed > order.count + order.late:
                raise ChangedError(self.system, f"{order.at.collection}: more rows in a file than the plan has")
            self.gate(order.at.collection)

        done = rewrite_object(
            search.bucket, task.file.key, search.rules.layout, search.people, drop=drop, before_write=before_write,
            **self.rewriting,
        )  # fmt: skip
        return done.replaced if done else ""

    def _seen(self, task: _Task, replaced: str) -> Outcome:
        """What a fresh look at the file says."""
        at, days = task.order.at, task.search.rules.expire_days
        after = task.search.file(task.file.key)
        staying = count(shares(after, at, days))
        gone = count(task.held) - staying
        if staying:
            return Outcome(at, Status.FAILED, max(0, gone), reason=_APPEARED)
        if replaced and days is not None and any(v.entry.version == replaced for v in after.versions):
            until = datetime.now(UTC) + timedelta(days=days + 2)
            return Outcome(at, Status.ACCEPTED, gone, until, records.EXPIRING)
        return Outcome(at, Status.DONE, gone)


def _locked(version: Version) -> bool:
    return version.lock.hold or (version.lock.until is not None and version.lock.until > datetime.now(UTC))


def _needed(file: File, version: Version, kept: Sequence[Order]) -> bool:
    """Whether an old version has more of the rows that are to stay than the current one."""
    if not version.replaced:
        return False
    current = next((v for v in file.versions if not v.replaced), None)

    def staying(one: Version | None, order: Order) -> int:
        return sum(r.verdict is Verdict.MINE and within(r.age, order.at) for r in one.rows) if one else 0

    return any(staying(version, o) > staying(current, o) for o in kept if fate_of(o.at) in (ROWS, LOCKED))


def _delete(bucket: Bucket, key: str, version: str) -> None:
    from botocore.exceptions import ClientError

    with named_errors(bucket.system, f"s3:DeleteObjectVersion on {bucket.name}"):
        try:
            bucket.client.delete_object(Bucket=bucket.name, Key=key, VersionId=version, **bucket.owner)
        except ClientError as error:
            if code(error) not in GONE:
                raise
