"""Steps that people do: listed with owner and day, recorded with evidence, believed when a search proves them.

A word counts for the identifiers that were known when it was given: where a later plan knows more, nobody has looked
by those, and the step is open again.

A person's word is "attested, not verified" until a fresh search no longer finds the record; where
a system has no search it stays so. What a search still finds outweighs any word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from connectors.model import Action
from orchestrator.attachment import content_of
from orchestrator.errors import NotAllowedError, UnknownError
from orchestrator.intake import Intake
from orchestrator.journal import State
from orchestrator.model import Attested, Plan, Step, StepResult
from orchestrator.receipt import hash_of

LARGEST_EVIDENCE = 16 * 1024 * 1024  # bytes: a screenshot or a PDF, not an export
_OVER = (State.CANCELLED, State.DENIED, State.CLOSED)


class Progress(StrEnum):
    """How far a step by hand has come."""

    OPEN = "open"
    OPEN_AGAIN = "open again: more identifiers are known than when it was done"
    FAILED = "failed"  # somebody tried and could not
    ATTESTED = "attested, not verified"
    VERIFIED = "verified"  # a fresh search no longer finds it
    STILL_THERE = "still there"  # somebody said it was done, and a fresh search finds it


@dataclass(frozen=True, slots=True)
class ManualStep:
    """One step by hand of a request under way."""

    request: str
    ref: str
    system: str
    collection: str
    count: int | None  # None: nobody has searched by machine
    owner: str
    due: datetime | None
    overdue: bool
    progress: Progress
    by: str
    note: str

    @property
    def settled(self) -> bool:
        return self.progress in (Progress.ATTESTED, Progress.VERIFIED)


class ManualWork(Intake):
    """The use cases around steps that people do."""

    def manual_steps(self, request: str = "") -> tuple[ManualStep, ...]:
        """Steps by hand of approved plans, the most urgent first; of one request if given."""
        wanted = [self.request(request)] if request else [r for r, state in self.requests() if state not in _OVER]
        found = [step for asked in wanted for step in self._of(asked.id)]
        return tuple(sorted(found, key=lambda s: (s.settled, s.due is None, s.due, s.request)))

    def manual_done(self, ref: str, by: str, evidence: Path, how: str = "") -> ManualStep:
        """Record that a step was done: who did it, and a file that shows it, kept in the evidence file.

        `ref` may be shortened while it stays unambiguous. NotAllowedError for evidence that is missing,
        empty or too large, and for words that hold an address; UnknownError if there is no such step.
        """
        self.actor.require("run")
        step = self._named(ref)
        content = _evidence(evidence)
        attested = Attested(
            step.ref, by or self.actor.id, self.now(), how, hash_of(content),
            "" if by in ("", self.actor.id) else self.actor.id,
        )  # fmt: skip
        self.workspace.vault.file(step.request).put(f"evidence:{attested.evidence}", content)
        self.journal.attest(self._latest(step.request), attested)
        return self._named(step.ref)

    def manual_failed(self, ref: str, reason: str) -> ManualStep:
        """Record that a step could not be done, and why; it stays open."""
        self.actor.require("run")
        if not reason.strip():
            raise NotAllowedError("say why it could not be done: --reason")
        step = self._named(ref)
        told = {"plan": self._latest(step.request), "ref": step.ref, "reason": reason}
        self.journal.append(step.request, "manual_failed", self.actor.id, told)
        return self._named(step.ref)

    def attested(self, plan: Plan) -> tuple[Attested, ...]:
        """The latest word on each step of a plan, given under this plan or one that it replaces and knew as much.

        A step has the same reference in every plan of a request.
        """
        return tuple(a for digest, a in self._words(plan) if not self._outgrown(plan, digest))

    def _words(self, plan: Plan) -> list[tuple[str, Attested]]:
        """The latest word on each step, with the digest of the plan under which it was given."""
        refs = {step.ref for step in plan.steps if step.action is Action.MANUAL}
        latest = {a.ref: (digest, a) for digest, a in self.journal.attestations(plan.request) if a.ref in refs}
        return [(d, a) for ref, (d, a) in latest.items() if not self._failed_since(plan.request, ref, a.at)]

    def _outgrown(self, plan: Plan, digest: str) -> bool:
        """Whether the plan knows identifiers that the one under which a word was given did not."""
        return not set(plan.known) <= set(self.journal.plan(digest).known)

    def _of(self, request: str) -> Iterator[ManualStep]:
        digest = self.journal.latest_plan(request)
        if digest is None:
            return
        plan = self.journal.plan(digest)
        if plan.right.reaches_data and not self.journal.approvals(digest):
            return
        words = {a.ref: a for a in self.attested(plan)}
        outgrown = {a.ref for _, a in self._words(plan)} - set(words)
        confirmation = self.journal.confirmation(digest)
        seen = {r.ref: r for r in confirmation.results} if confirmation else {}
        for step in plan.steps:
            if step.action is Action.MANUAL:
                done = self._step(request, step, words.get(step.ref), seen.get(step.ref))
                again = step.ref in outgrown and done.progress is Progress.OPEN
                yield replace(done, progress=Progress.OPEN_AGAIN) if again else done

    def _step(self, request: str, step: Step, word: Attested | None, seen: StepResult | None) -> ManualStep:
        progress = _progress(word, seen)
        if progress is Progress.OPEN and self._failed_since(request, step.ref, None):
            progress = Progress.FAILED
        settled = progress in (Progress.ATTESTED, Progress.VERIFIED)
        late = step.due is not None and step.due < self.now() and not settled
        count = None if step.collection == "*" else step.count
        who = word.by if word else ""
        return ManualStep(
            request, step.ref, step.system, step.collection, count, step.owner, step.due, late, progress, who, step.note
        )

    def _failed_since(self, request: str, ref: str, since: datetime | None) -> bool:
        entries = self.journal.entries(request, "manual_failed")
        return any(e.payload["ref"] == ref and (since is None or e.at > since) for e in entries)

    def _named(self, ref: str) -> ManualStep:
        found = [step for step in self.manual_steps() if ref and step.ref.startswith(ref)]
        if not found:
            raise UnknownError(f"no step by hand {ref!r} in an approved plan: dsr manual list")
        if len(found) > 1:
            raise UnknownError(f"{ref!r} names {len(found)} steps: give more of it")
        return found[0]

    def _latest(self, request: str) -> str:
        digest = self.journal.latest_plan(request)
        assert digest is not None  # the step was found in it
        return digest


def _progress(word: Attested | None, seen: StepResult | None) -> Progress:
    if seen is not None and seen.confirmed:
        return Progress.VERIFIED
    if word is None:
        return Progress.OPEN
    # What was read before the word was given says nothing about it.
    read_since = seen is not None and seen.at is not None and seen.at >= word.at
    return Progress.STILL_THERE if read_since and seen is not None and seen.left else Progress.ATTESTED


def _evidence(path: Path) -> bytes:
    wanted = "give a screenshot, a vendor's letter or a log"
    content = content_of(path, "the evidence", most=LARGEST_EVIDENCE, wanted=wanted)
    if len(content) > LARGEST_EVIDENCE:
        raise NotAllowedError(f"the evidence {path} is larger than {LARGEST_EVIDENCE // 1024 // 1024} MB")
    return content
