"""Carries out approved steps of a retention plan, batch by batch, and says how far it has come."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from connectors.errors import ConnectorError, TransientError
from connectors.model import Gate
from orchestrator.errors import NotAllowedError
from orchestrator.pause import refuse_if_paused
from orchestrator.retention.model import RETENTION, RetentionPlan, RetentionStep
from orchestrator.retention.planning import Progress, held_by
from orchestrator.retention.purging import Purging, purging
from orchestrator.workspace import Workspace

Sleep = Callable[[float], None]
_TRIES = 4  # after faults without anything done in between


def removed(workspace: Workspace, digest: str) -> Counter[tuple[str, str]]:
    """How many rows each step's batches took so far, as journalled: (ref, collection) -> rows."""
    found: Counter[tuple[str, str]] = Counter()
    for entry in workspace.journal.entries(RETENTION, "retention_batch"):
        if entry.payload["plan"] == digest:
            ref = entry.payload["ref"]
            found[ref, ref.partition("/")[2]] += entry.payload["count"]
            for name, count in entry.payload["along"]:
                found[ref, name] += count
    return found


def carry_out(
    workspace: Workspace, plan: RetentionPlan, digest: str, refs: Sequence[str], by: str, now: datetime,
    progress: Progress, sleep: Sleep = time.sleep,
) -> dict[str, str]:  # fmt: skip
    """Do these steps; "system/collection" -> why one was cut short. What was done is kept and not done twice."""
    troubles = {}
    for step in (s for s in plan.steps if s.ref in refs):
        try:
            _step(workspace, step, digest, by, now, progress, sleep)
        except (ConnectorError, NotAllowedError) as error:
            troubles[step.ref] = str(error)
    return troubles


def _step(
    workspace: Workspace, step: RetentionStep, digest: str, by: str, now: datetime, progress: Progress, sleep: Sleep
) -> None:
    able = purging(workspace.connector(step.system, now, _gate(workspace, step.system)))
    assert able is not None  # a step whose connector cannot has a stop
    failures = 0
    while True:
        already = removed(workspace, digest)[step.ref, step.collection]
        try:
            done = _batches(workspace, able, step, digest, by, already, progress, sleep)
        except TransientError as error:
            failures = 0 if removed(workspace, digest)[step.ref, step.collection] > already else failures + 1
            if failures >= _TRIES:
                raise
            sleep(error.retry_after or 2.0**failures)
            continue
        progress(step.system, f"{step.collection}: {already + done:,} of {step.count:,} done")
        return


def _batches(
    workspace: Workspace, able: Purging, step: RetentionStep, digest: str, by: str, already: int,
    progress: Progress, sleep: Sleep,
) -> int:  # fmt: skip
    began, done = time.monotonic(), 0
    for batch in able.purge(step.order(max(0, step.count - already)), partial(held_by, workspace, step.system)):
        if batch.count:
            done += batch.count
            told = {
                "plan": digest,
                "ref": step.ref,
                "count": batch.count,
                "along": [list(pair) for pair in batch.along],
            }
            workspace.journal.append(RETENTION, "retention_batch", by, told)
        rate = done / max(time.monotonic() - began, 0.001)
        left = max(0, step.count - already - done)
        said = (
            f"{already + done:,} of {step.count:,}, {rate:,.0f} a second, about {left / max(rate, 0.001):,.0f} s left"
        )
        progress(step.system, f"{step.collection}: {batch.note or said}")
        if batch.rest:
            sleep(batch.rest)
    return done


def _gate(workspace: Workspace, system: str) -> Gate:
    """The last look before every batch: is the system paused, or did another process take over?"""

    def gate(collection: str) -> None:
        workspace.journal.driving.still(RETENTION)
        refuse_if_paused(workspace.journal, RETENTION, system)

    return gate


def left(
    workspace: Workspace, plan: RetentionPlan, refs: Sequence[str], now: datetime, progress: Progress
) -> dict[str, int | None]:
    """What a new count still finds of each step, but for what is held; None if it could not be counted."""
    found: dict[str, int | None] = {}
    for step in (s for s in plan.steps if s.ref in refs):
        progress(step.system, f"counting {step.collection} again")
        able = purging(workspace.connector(step.system, now))
        try:
            found[step.ref] = able.expired(step.order(), held_by(workspace, step.system)).count if able else None
        except ConnectorError:
            found[step.ref] = None
    return found
