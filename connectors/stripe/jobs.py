"""Redaction jobs: validate everything first, then run, and find the job again after a crash.

A preview feature (https://docs.stripe.com/privacy/redaction), hence raw requests under a preview
version. A job takes ten roots, validates by itself, and is run only when all jobs are ready.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import quote

from connectors.errors import RefusedError, TransientError
from connectors.stripe.settings import Settings
from connectors.stripe.transport import Api, Item
from connectors.stripe.values import ident

PATH = "/v1/privacy/redaction_jobs"
PER_JOB = 10
SETTLES = timedelta(days=7)  # https://docs.stripe.com/privacy/redaction-integration
_UNDER_WAY = ("created", "validating", "ready", "redacting", "failed", "canceling")
Root = tuple[str, str]  # (kind of root, object id)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the jobs: refused with a reason, still running, or through."""

    refused: str = ""
    running: bool = False


@dataclass
class _Job:
    id: str
    status: str
    roots: frozenset[Root] = field(repr=False)


class RedactionJobs:
    """The redaction jobs of one account."""

    def __init__(self, system: str, api: Api, settings: Settings) -> None:
        self._system = system
        self._api = api
        self._settings = settings

    def erase(self, roots: Iterable[Root], collections: Sequence[str]) -> Verdict:
        """Redact the roots and all that hangs on them, or nothing.

        Raises TransientError if validation outlasts the wait: nothing runs then, and asking again
        finds the same jobs.
        """
        wanted = frozenset(roots)
        if not wanted:
            return Verdict()
        deadline = time.monotonic() + self._settings.wait
        mine, elsewhere, ended = self._existing(wanted, collections)
        if elsewhere is None:
            return Verdict("another redaction job, of other objects too, holds some of them; wait until it has ended")
        covered = frozenset[Root]().union(*(job.roots for job in mine))
        rest = sorted(wanted - covered - elsewhere)
        for start in range(0, len(rest), PER_JOB):
            mine.append(self._create(rest[start : start + PER_JOB], ended, collections))
        for job in mine:
            self._await(job, ("created", "validating"), deadline)
        if any(job.status in ("created", "validating") for job in mine):
            raise TransientError(
                self._system, "redaction jobs are still being validated", max(1.0, self._settings.poll)
            )
        if wrong := [job for job in mine if job.status not in ("ready", "redacting", "succeeded")]:
            return self._give_up(mine, wrong, collections)
        for job in mine:
            if job.status == "ready":
                answer = self._write(f"{self._at(job)}/run", "running a redaction job", collections, key="run")
                job.status = str(answer.get("status"))
        for job in mine:
            self._await(job, ("ready", "redacting"), deadline)
        if wrong := [job for job in mine if job.status not in ("redacting", "ready", "succeeded")]:
            return Verdict(f"a redaction job ended as {_word(wrong[0].status)}")
        return Verdict(running=bool(elsewhere) or any(job.status != "succeeded" for job in mine))

    def _existing(
        self, wanted: frozenset[Root], collections: Sequence[str]
    ) -> tuple[list[_Job], frozenset[Root] | None, list[str]]:
        """Jobs on our roots: ours to go on with, roots that others redact just now, ended ones.

        A job with roots that are not wanted is never run from here: None in its place.
        """
        mine: list[_Job] = []
        elsewhere: frozenset[Root] = frozenset()
        ended: list[str] = []
        doing = "listing redaction jobs"
        for item in self._api.listed(PATH, doing, version=self._settings.version, expand=["data.objects"]):
            job = _Job(ident(item), str(item.get("status")), frozenset(_roots(item.get("objects"))))
            if not job.roots & wanted:
                continue
            if job.status not in _UNDER_WAY:
                ended.append(job.id)
            elif job.roots <= wanted and job.status not in ("failed", "canceling"):
                mine.append(job)
            elif job.roots <= wanted:
                self._cancel(job, collections)
                ended.append(job.id)
            elif job.status == "redacting":
                elsewhere |= job.roots & wanted
            else:
                return [], None, []
        return mine, elsewhere, sorted(ended)

    def _create(self, roots: Sequence[Root], ended: Sequence[str], collections: Sequence[str]) -> _Job:
        objects: dict[str, list[str]] = {}
        for kind, id_ in roots:
            objects.setdefault(kind, []).append(id_)
        params: dict[str, object] = {"objects": objects, "validation_behavior": "error"}
        # Jobs that ended before make it another request: the stored answer would name a dead job.
        item = self._write(PATH, "creating a redaction job", collections, params, key=ended)
        return _Job(ident(item), str(item.get("status")), frozenset(roots))

    def _await(self, job: _Job, passing: tuple[str, ...], deadline: float) -> None:
        while job.status in passing:
            item = self._api.preview(self._at(job), "reading a redaction job", self._settings.version)
            job.status = str(item.get("status"))
            if job.status not in passing or time.monotonic() >= deadline:
                return
            time.sleep(self._settings.poll)

    def _give_up(self, mine: Sequence[_Job], wrong: Sequence[_Job], collections: Sequence[str]) -> Verdict:
        problems = Counter[str]()
        for job in wrong:
            path = f"{self._at(job)}/validation_errors"
            for error in self._api.listed(path, "reading validation errors", version=self._settings.version):
                kind = _word((error.get("erroring_object") or {}).get("object_type"))
                problems[f"{_word(error.get('code'))} ({kind})"] += 1
        for job in mine:
            if job.status in ("ready", "failed"):
                self._cancel(job, collections)
        listed = ", ".join(f"{n} x {what}" for what, n in sorted(problems.items())) or _word(wrong[0].status)
        return Verdict(f"Stripe will not redact: {listed}; nothing was redacted")

    def _cancel(self, job: _Job, collections: Sequence[str]) -> None:
        try:
            self._write(f"{self._at(job)}/cancel", "cancelling a redaction job", collections, key="cancel")
        except RefusedError:
            job.status = "canceled"  # it ended by itself meanwhile

    def _write(
        self,
        path: str,
        doing: str,
        collections: Sequence[str],
        params: Mapping[str, object] | None = None,
        key: object = "",
    ) -> Item:
        return self._api.write("post", path, doing, collections, params, key, self._settings.version)

    def _at(self, job: _Job) -> str:
        return f"{PATH}/{quote(job.id, safe='')}"


def _roots(objects: object) -> Iterator[Root]:
    if isinstance(objects, dict):
        for kind, ids in objects.items():
            yield from ((str(kind), ident(id_)) for id_ in ids or ())


def _word(value: object) -> str:
    """A word of Stripe's closed vocabularies; anything else stays out of reasons."""
    text = str(value or "unknown")
    return text if text.replace("_", "").replace(".", "").isalpha() and len(text) <= 60 else "unknown"
