"""Deletes exact versions in batches and believes only what a new listing shows.

Nothing is written before every order's set is fixed and no larger than planned. An answer of 200
proves nothing: it carries an error per version, and may be untrue.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby, islice
from typing import Any

from connectors.aws.s3.bucket import GONE, Bucket, Entry, Kind
from connectors.aws.s3.search import FREE, HOLD, LOCKED, SHARED, Held, Holding, fate_of, kept_when_planned
from connectors.aws.session import code, named_errors
from connectors.errors import ChangedError, TransientError
from connectors.model import Action, Gate, Locator, Order, Outcome, Status

BATCH = 1000  # the most DeleteObjects takes
_BUSY = {"SlowDown", "InternalError", "ServiceUnavailable", "OperationAborted", "RequestTimeout", "503", "500"}
BY_DEVICE = (
    "versions of this bucket are deleted with the root user's MFA device only: as root, call "
    "DeleteObject with each version id and --mfa 'serial code', or switch MFA Delete off for the deletion"
)
Look = Callable[[str], Holding]  # a collection's name -> a fresh search of it


@dataclass
class _Task:
    """One DELETE order: the set it was fixed to, and what the vendor answered so far."""

    order: Order
    fixed: set[Entry]
    todo: list[Entry]  # of these, what is not asked for yet, as listed
    before: Holding
    refused: Counter[str] = field(default_factory=Counter)
    forbidden: str = ""  # why nothing was tried

    @property
    def budget(self) -> int:
        return self.order.count + self.order.late


@dataclass(frozen=True, slots=True)
class Eraser:
    """Carries out the orders of one system. `buckets` by collection; several may share one."""

    system: str
    buckets: Mapping[str, Bucket]
    look: Look
    gate: Gate

    def run(self, orders: Sequence[Order]) -> Iterator[Outcome]:
        """One outcome per order. Raises ChangedError before any write if there is more than planned."""
        touched = [o for o in orders if o.action is Action.DELETE]
        tasks = self._fix(touched, [o for o in orders if o.action in (Action.RETAIN, Action.MANUAL)])
        for order in orders:
            if spared := order.spared():
                yield spared
            elif order.action is Action.REDACT:
                yield Outcome(order.at, Status.FAILED, reason="an object can be deleted, not redacted")
        for name, mine in groupby(tasks, key=lambda t: t.order.at.collection):
            yield from self._collection(name, list(mine))

    def _fix(self, touched: Sequence[Order], kept: Sequence[Order]) -> list[_Task]:
        names = list(dict.fromkeys(o.at.collection for o in touched))
        seen = {name: self.look(name) for name in names}
        tasks = []
        for name in names:
            device = self.buckets[name].needs_device()
            for order in (o for o in touched if o.at.collection == name):
                held = seen[name].at(order.at)
                todo = [h.entry for h in held]
                task = _Task(order, set(todo), todo, seen[name], forbidden=_forbidden(order.at, held, device))
                if len(task.fixed) > task.budget:
                    message = f"{name}: {len(task.fixed)} object versions, the plan has {order.count}"
                    raise ChangedError(self.system, message)
                tasks.append(task)
        self._spare(tasks, kept, seen)
        return tasks

    def _spare(self, tasks: Sequence[_Task], kept: Sequence[Order], seen: dict[str, Holding]) -> None:
        """An object that another collection of the same bucket keeps is not deleted through this one."""
        for order in kept:
            name = order.at.collection
            beside = [t for t in tasks if t.order.at.collection != name
                      and self.buckets[t.order.at.collection].name == self.buckets[name].name]  # fmt: skip
            if not beside:
                continue
            if name not in seen:
                seen[name] = self.look(name)
            staying = {h.entry for h in seen[name].at(order.at)}
            for task in beside:
                if task.fixed & staying:
                    task.forbidden = f"holds objects that {name} keeps; part the two collections in the inventory"

    def _collection(self, name: str, tasks: Sequence[_Task]) -> Iterator[Outcome]:
        for task in tasks:
            if not task.forbidden:
                self._delete(name, task)
        after = self.look(name) if any(t.fixed and not t.forbidden for t in tasks) else None
        while after is not None and any(self._catch_up(name, task, after) for task in tasks):
            after = self.look(name)
        for task in tasks:
            yield self._outcome(task, after)

    def _catch_up(self, name: str, task: _Task, after: Holding) -> bool:
        """Delete what was written meanwhile, as far as the plan allows; whether anything was."""
        new = {h.entry for h in after.at(task.order.at)} - task.fixed
        if task.forbidden or not task.fixed or not new or len(task.fixed | new) > task.budget:
            return False
        task.fixed |= new
        task.todo = [h.entry for h in after.at(task.order.at) if h.entry in new]
        self._delete(name, task)
        return True

    def _delete(self, name: str, task: _Task) -> None:
        bucket = self.buckets[name]
        # S3 lists the newest first. Oldest first and markers last: a deletion that is cut off half-way
        # must not make an older version current again.
        oldest_first = task.todo[::-1]
        ordered = iter(sorted(oldest_first, key=lambda e: (e.kind is not Kind.UPLOAD, e.key, e.kind is Kind.MARKER)))
        busy = False
        while batch := list(islice(ordered, BATCH)):
            uploads = [e for e in batch if e.kind is Kind.UPLOAD]
            for entry in uploads:
                self.gate(name)
                _abort(bucket, entry)
            if versions := [e for e in batch if e.kind is not Kind.UPLOAD]:
                self.gate(name)
                for refusal in _delete_versions(bucket, versions):
                    busy |= refusal in _BUSY
                    task.refused[refusal] += 1
        if busy:
            raise TransientError(self.system, f"s3:DeleteObjectVersion on {bucket.name}: some were put off (SlowDown)")

    def _outcome(self, task: _Task, after: Holding | None) -> Outcome:
        at = task.order.at
        if task.forbidden:
            return Outcome(at, Status.FAILED, reason=task.forbidden)
        now = after or task.before
        staying = len(task.fixed & {h.entry for h in now.held}) if after else 0
        gone = len(task.fixed) - staying
        if reasons := [*_staying(task, staying), *_appeared(task, now)]:
            return Outcome(at, Status.FAILED, gone, reason="; ".join(reasons))
        return Outcome(at, Status.DONE, gone) if gone else Outcome(at, Status.ABSENT)


def _staying(task: _Task, staying: int) -> Iterator[str]:
    if staying and task.refused:
        codes = ", ".join(f"{name} {n}" for name, n in sorted(task.refused.items()))
        yield f"S3 refused {staying} of {len(task.fixed)} object versions ({codes})"
    elif staying:
        yield f"{staying} of {len(task.fixed)} object versions are still listed after S3 answered success"


def _appeared(task: _Task, now: Holding) -> Iterator[str]:
    """What was written, locked or shared since the plan counted: this order does not cover it."""
    order, at = task.order, task.order.at
    if new := len({h.entry for h in now.at(at)} - task.fixed):
        yield f"{new} object versions appeared during the deletion; a new plan is due"
    kept = now.kept_beside(at)
    if fate_of(at) == FREE and kept > kept_when_planned(at):
        yield f"{kept - kept_when_planned(at)} came under a lock since the plan, or hold others too, and stay"
    elif at.key.startswith(LOCKED) and kept and len(task.fixed) < order.count:
        yield "fewer object versions than planned, and others under a lock: theirs may have been extended"


def _forbidden(at: Locator, held: Sequence[Held], device: bool) -> str:
    """Why these may not be deleted whatever the order says; locks are never bypassed."""
    now = datetime.now(UTC)
    if at.key == SHARED:
        return "holds other people's data too"
    if at.key == HOLD:
        return "under a legal hold"
    if at.key.startswith(LOCKED) and any(h.until is not None and h.until > now for h in held):
        return "under retention (Object Lock)"
    if device and any(h.entry.kind is not Kind.UPLOAD for h in held):
        return BY_DEVICE
    return ""


def _delete_versions(bucket: Bucket, entries: Sequence[Entry]) -> Iterator[str]:
    """One call; yields the code of every version that S3 refused."""
    objects = [{"Key": e.key, "VersionId": e.version} for e in entries]
    with named_errors(bucket.system, f"s3:DeleteObjectVersion on {bucket.name}"):
        answer = bucket.client.delete_objects(Bucket=bucket.name, Delete={"Objects": objects}, **bucket.owner)
    for refusal in answer.get("Errors", ()):
        if (name := code_of(refusal)) not in GONE:
            yield name


def code_of(refusal: Mapping[str, Any]) -> str:
    """The code of one version's error; its message may name the key."""
    return "".join(c for c in str(refusal.get("Code") or "error") if c.isalnum())[:64]


def _abort(bucket: Bucket, entry: Entry) -> None:
    from botocore.exceptions import ClientError

    with named_errors(bucket.system, f"s3:AbortMultipartUpload on {bucket.name}"):
        try:
            bucket.client.abort_multipart_upload(
                Bucket=bucket.name, Key=entry.key, UploadId=entry.version, **bucket.owner
            )
        except ClientError as error:
            if code(error) not in GONE:
                raise
