"""What each vendor is told: which data to delete, which to keep and for what alone; with proof, and its answer.

Service providers and contractors are told to delete, and of what an exception keeps, to use it for nothing else
(Cal. Civ. Code 1798.105(c)(1), (3); 11 CCR 7022(b)(2), (c), (f)(4)). An order to a vendor's API is such a notice and
its outcome the answer; a retention, and whatever the API cannot do, must be told by people.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from connectors.model import Action, ObstacleKind
from orchestrator.attachment import content_of
from orchestrator.deadlines import Clocks, went_out
from orchestrator.due import Obligation, Owed
from orchestrator.errors import NotAllowedError, UnknownError
from orchestrator.instructed import APART
from orchestrator.inventory import Inventory
from orchestrator.model import Coverage, Plan, Right, Role, Step
from orchestrator.portion import WISH
from orchestrator.receipt import Answer, hash_of


@dataclass(frozen=True, slots=True)
class Kept:
    """What a vendor must keep, for which use alone, and until when."""

    collection: str
    count: int
    fields: tuple[str, ...]
    basis: str
    use_limit: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Instruction:
    """What one vendor is told about a request."""

    vendor: str
    by_api: tuple[tuple[str, int], ...]  # (collection, records) that its API was or will be ordered to delete
    delete: tuple[tuple[str, int], ...]  # that the vendor must be asked for in writing
    keep: tuple[Kept, ...]

    @property
    def in_writing(self) -> bool:
        """Whether people must write to the vendor: an API knows no "keep, and use for this only"."""
        return bool(self.delete or self.keep)


@dataclass(frozen=True, slots=True)
class Notice:
    """An instruction and how it stands."""

    request: str
    instruction: Instruction
    due: datetime
    notified: datetime | None
    answer: Answer
    answered: datetime | None
    overdue: bool


def instructions(plan: Plan, inventory: Inventory) -> tuple[Instruction, ...]:
    """What each vendor that a deletion is about must be told. Pure."""
    if plan.right is not Right.DELETE:
        return ()
    by_hand = {s.system for s in plan.coverage if s.coverage is Coverage.MANUAL_OPEN}
    found = []
    for name, system in inventory.systems.items():
        # What is held for an organisation that has not instructed us is neither deleted nor kept by our word.
        mine = [s for s in plan.steps if s.system == name and (s.role is Role.BUSINESS or _ordered(s))]
        if not system.third_party or not mine:
            continue
        keep = tuple(_kept(s, inventory) for s in mine if s.count and _keeps(s))
        asked = tuple((s.collection, s.count) for s in mine if _beyond(s) or (name in by_hand and s.collection == "*"))
        found.append(Instruction(name, tuple((s.collection, s.count) for s in mine if _ordered(s)), asked, keep))
    return tuple(i for i in found if i.by_api or i.in_writing)


def _ordered(step: Step) -> bool:
    return step.action in (Action.DELETE, Action.REDACT)


def _keeps(step: Step) -> bool:
    """Kept by our word alone: what the vendor locks by itself needs none, and what the person left goes on in use."""
    ours = step.rule not in ("", "vendor", "access", APART, WISH)
    return ours and (step.action is Action.RETAIN or (step.action is Action.REDACT and bool(step.keep)))


def _beyond(step: Step) -> bool:
    return step.action is Action.MANUAL and any(o.kind is ObstacleKind.BY_HAND for o in step.obstacles)


def _kept(step: Step, inventory: Inventory) -> Kept:
    rule = next((r for r in inventory.rules if r.id == step.rule), None)
    limit = rule.use_limit if rule else "only to comply with law, or to exercise or defend legal claims"
    return Kept(step.collection, step.count, step.keep or step.fields, step.basis, limit, step.until)


class Notices(Clocks):
    """The use cases around what vendors are told."""

    def notices(self, request: str = "") -> tuple[Notice, ...]:
        """What vendors must be told by approved plans, the unsettled first; of one request if given."""
        wanted = [self.request(request)] if request else list(self.journal.requests())
        found = [n for asked in wanted for n in self._of_request(asked.id)]
        return tuple(sorted(found, key=lambda n: (n.notified is not None, n.due, n.request, n.instruction.vendor)))

    def vendor_notified(self, request: str, vendor: str, proof: Path, at: datetime | None = None) -> Notice:
        """Record that a vendor was told in writing, and the file that shows it, kept in the request's vault."""
        self.actor.require("run")
        self._written_notice(request, vendor)
        told = {"vendor": vendor, "at": self._not_future(at), "proof": self._notice_filed(request, proof)}
        self.journal.append(request, "vendor_notified", self.actor.id, told)
        return self._written_notice(request, vendor)

    def vendor_answered(
        self, request: str, vendor: str, answer: Answer, proof: Path, at: datetime | None = None
    ) -> Notice:
        """Record what the vendor answered. NotAllowedError if it was not told before."""
        self.actor.require("run")
        if self._written_notice(request, vendor).notified is None:
            raise NotAllowedError(f"{vendor} was not told yet: dsr vendor notified")
        if answer is Answer.NONE:
            raise NotAllowedError("an answer says what the vendor did")
        told = {
            "vendor": vendor,
            "at": self._not_future(at),
            "answer": answer,
            "proof": self._notice_filed(request, proof),
        }
        self.journal.append(request, "vendor_answered", self.actor.id, told)
        return self._written_notice(request, vendor)

    def _of_request(self, request: str) -> Iterator[Notice]:
        digest = self.journal.latest_plan(request)
        if digest is None or not self.journal.approvals(digest):
            return
        plan = self.journal.plan(digest)
        told = {e.payload["vendor"]: e for e in self.journal.entries(request, "vendor_notified")}
        said = {e.payload["vendor"]: e for e in self.journal.entries(request, "vendor_answered")}
        due = self.request(request).received + timedelta(days=self.inventory.limits.manual_days)
        for instruction in instructions(plan, self.inventory):
            if not instruction.in_writing:
                continue
            name = instruction.vendor
            notified = went_out(told[name]) if name in told else None
            # What the vendor said before it was told again says nothing of that.
            answer = said[name] if name in said and name in told and said[name].seq > told[name].seq else None
            yield Notice(
                request, instruction, due, notified, Answer(answer.payload["answer"]) if answer else Answer.NONE,
                went_out(answer) if answer else None, notified is None and due < self.now(),
            )  # fmt: skip

    def _written_notice(self, request: str, vendor: str) -> Notice:
        self.request(request)
        found = {n.instruction.vendor: n for n in self._of_request(request)}
        if vendor not in found:
            known = ", ".join(sorted(found)) or "nobody"
            raise UnknownError(f"{vendor!r} need not be told in writing by an approved plan of {request}; {known} must")
        return found[vendor]

    def _notice_filed(self, request: str, proof: Path) -> str:
        content = content_of(proof, "the proof", wanted="give the notice as it went out, or the answer")
        self.workspace.vault.file(request).put(f"evidence:{hash_of(content)}", content)
        return hash_of(content)

    def _not_future(self, at: datetime | None) -> datetime:
        if at and at > self.now() + timedelta(minutes=5):
            raise NotAllowedError("the day lies in the future")
        return at or self.now()

    def owed_of(self, request: str) -> Iterator[Obligation]:
        yield from super().owed_of(request)
        for notice in self._of_request(request):
            if notice.notified is None:
                kept, gone = len(notice.instruction.keep), len(notice.instruction.delete)
                why = f"tell it in writing: {gone} collections to delete, {kept} to keep for one use only"
                yield Obligation(
                    request, Owed.NOTIFY, notice.instruction.vendor, "*", notice.due, notice.overdue, why
                )  # fmt: skip
