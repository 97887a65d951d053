"""Handing over: what we hold for a customer organisation is its to decide about, so it gets the request, and the person
is told so.

Nothing of it is deleted on a person's direct request (Cal. Civ. Code 1798.105(c)(3); 11 CCR 7050). Which organisation
it was, and who was written to, stands in the journal as keyed hashes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestrator.attachment import content_of
from orchestrator.deadlines import AsSent, Clocks, letter_hash
from orchestrator.decide import HAND_OVER
from orchestrator.due import Obligation, Owed
from orchestrator.errors import NotAllowedError, UnknownError
from orchestrator.journal import State
from orchestrator.lifetimes import Lifetimes
from orchestrator.model import Attested, Step
from orchestrator.receipt import hash_of
from orchestrator.regimes.outcomes import outcomes

UNKNOWN = "unknown"  # no search revealed which organisation it is: whoever hands over names one
_KIND = "organisation_id"
_OVER = (State.CANCELLED, State.DENIED)


@dataclass(frozen=True, slots=True)
class HandOver:
    """What one organisation is handed over of one request."""

    request: str
    organisation: str  # its id, or "unknown"
    title: str
    what: tuple[tuple[str, int], ...]  # ("system/collection", records)
    owner: str
    due: datetime
    sent: datetime | None
    person_told: datetime | None
    overdue: bool
    to_contact: bool = False  # it went to an authorised contact

    @property
    def settled(self) -> bool:
        return self.sent is not None and self.person_told is not None


class HandingOver(Clocks, Lifetimes):
    """The use cases around what organisations decide about."""

    def handovers(self, request: str = "") -> tuple[HandOver, ...]:
        """Everything that organisations must be handed over, what is open first; of one request if given."""
        wanted = [self.request(request)] if request else [r for r, state in self.requests() if state not in _OVER]
        found = [h for asked in wanted for h in self._handed(asked.id)]
        return tuple(sorted(found, key=lambda h: (h.settled, h.due, h.request, h.organisation)))

    def handed_over(
        self, request: str, organisation: str, recipient: str, proof: AsSent, at: datetime | None = None,
        reason: str = "",
    ) -> HandOver:  # fmt: skip
        """Record that the request was sent to an organisation: to whom, when, and what shows it.

        NotAllowedError if the recipient is no authorised contact of it in the inventory, unless a reason is given.
        """
        self.actor.require("run")
        mine = self.handed_to(request, organisation)
        listed = self.inventory.organisations.get(organisation)
        known = listed is not None and recipient.strip().casefold() in listed.contacts
        if not known and not reason.strip():
            raise NotAllowedError(
                f"this is no authorised contact of organisation {organisation!r} in the inventory: add it there, "
                "or say why the request went to them (--reason)"
            )
        at = at or self.now()
        if at > self.now() + timedelta(minutes=5) or at < self.request(request).received:
            raise NotAllowedError("it was sent after the request was received, and not in the future")
        wanted = "give the mail as it went out, or a receipt of delivery"
        content = proof if isinstance(proof, bytes) else content_of(proof, "the proof", wanted=wanted)
        self.workspace.vault.file(request).put(f"evidence:{hash_of(content)}", content)
        tag = self.workspace.vault.person_tag
        self.journal.append(request, "handed_over", self.actor.id, {
            "plan": self.journal.latest_plan(request), "organisation": tag(_KIND, organisation),
            "recipient": tag("recipient", recipient.strip().casefold()), "listed": known, "reason": reason.strip(),
            "at": at, "proof": hash_of(content), "steps": len(mine.what),
        })  # fmt: skip
        self._attest_handed(request, hash_of(content))
        return next((h for h in self._handed(request) if h.organisation == organisation), mine)

    def person_told(self, request: str, letter: AsSent, at: datetime | None = None) -> tuple[HandOver, ...]:
        """Record the letter that tells the person which part an organisation decides about."""
        self.actor.require("run")
        if not list(self._handed(request)):
            raise UnknownError(f"nothing of {request} is held for an organisation")
        kind = outcomes().of("handed_over").letter
        sent = {"kind": kind, "sha256": letter_hash(letter), "at": at or self.now()}
        self.journal.append(request, "letter", self.actor.id, sent)
        return self.handovers(request)

    def _handed(self, request: str) -> Iterator[HandOver]:
        steps = self._steps_handed(request)
        if not steps:
            return
        what = tuple((f"{s.system}/{s.collection}", s.count) for s in steps)
        owner, due = steps[0].owner, min(s.due for s in steps if s.due)
        sent = {e.payload["organisation"]: e for e in self.journal.entries(request, "handed_over")}
        kind = outcomes().of("handed_over").letter
        letters = [e for e in self.journal.entries(request, "letter") if e.payload["kind"] == kind]
        told = datetime.fromisoformat(letters[-1].payload["at"]) if letters else None
        for organisation in self._organisations_of(request, sent):
            entry = sent.get(self.workspace.vault.person_tag(_KIND, organisation)) or sent.get(organisation)
            when = datetime.fromisoformat(entry.payload["at"]) if entry else None
            known = self.inventory.organisations.get(organisation)
            late = due < self.now() and (when is None or told is None)
            listed = entry is not None and bool(entry.payload["listed"])
            title = known.title if known else ""
            yield HandOver(request, organisation, title, what, owner, due, when, told, late, listed)

    def _steps_handed(self, request: str) -> list[Step]:
        digest = self.journal.latest_plan(request)
        plan = self.journal.plan(digest) if digest else None
        return [s for s in plan.steps if s.rule == HAND_OVER and s.count] if plan else []

    def _organisations_of(self, request: str, sent: Collection[str]) -> tuple[str, ...]:
        """The organisations that the search revealed; if it revealed none, those written to, or an unknown one."""
        digest = self.journal.latest_plan(request)
        try:
            known = self.known(request, digest) if digest else None
        except UnknownError:  # the vault was destroyed with the request's end: what was written to is left to be told
            known = None
        some = known.subject.identifiers | known.claimed.identifiers if known else frozenset()
        named = sorted({i.value for i in some if i.kind == _KIND})
        if named:
            return tuple(named)
        listed = {self.workspace.vault.person_tag(_KIND, o): o for o in self.inventory.organisations}
        return tuple(listed.get(tag, tag) for tag in sent) or (UNKNOWN,)

    def handed_to(self, request: str, organisation: str) -> HandOver:
        """What that organisation is handed over. UnknownError if it is nothing."""
        found = {h.organisation: h for h in self._handed(request)}
        if UNKNOWN in found:
            if organisation not in self.inventory.organisations:
                raise UnknownError(f"no search revealed the organisation, and the inventory has no {organisation!r}")
            return found[UNKNOWN]
        if organisation not in found:
            named = ", ".join(found) or "none"
            raise UnknownError(f"nothing of {request} is held for organisation {organisation!r}; for {named}")
        return found[organisation]

    def _attest_handed(self, request: str, proof: str) -> None:
        """Once every organisation has its part, the steps of the plan are done on our side, as far as a word goes."""
        if any(h.sent is None for h in self._handed(request)):
            return
        digest = self.journal.latest_plan(request)
        assert digest is not None  # there were steps
        for step in self._steps_handed(request):
            how = "handed over to the organisation, which decides"
            self.journal.attest(digest, Attested(step.ref, self.actor.id, self.now(), how, proof))

    def owed_of(self, request: str) -> Iterator[Obligation]:
        """Of each organisation one line, and none of its steps."""
        places = {(s.system, s.collection) for s in self._steps_handed(request)}
        for owed in super().owed_of(request):
            if owed.owed is not Owed.BY_HAND or (owed.system, owed.collection) not in places:
                yield owed
        for mine in self._handed(request):
            if not mine.settled:
                missing = " and ".join(
                    what
                    for what, done in (("hand it over", mine.sent), ("tell the person", mine.person_told))
                    if not done
                )
                why = f"{mine.owner}: {missing} (organisation {mine.organisation})"
                yield Obligation(
                    request, Owed.HAND_OVER, "organisations", mine.organisation, mine.due, mine.overdue, why
                )
