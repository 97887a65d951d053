"""Appeals to the company against a denial, where the law gives one: when it came, when it is due, what came of it.

Virginia, Colorado, Connecticut and Texas do, California does not. Colorado wants the appeal and its result in the
record of the request (4 CCR 904-3, rule 6.11). What is granted is carried out as a request of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from orchestrator.clock import Deadline, Extension, Facts, Standing, deadlines
from orchestrator.deadlines import AsSent, Clocks, letter_hash, went_out
from orchestrator.errors import NotAllowedError
from orchestrator.journal import Entry
from orchestrator.law import Asked, Topic
from orchestrator.regimes import holidays


class Result(StrEnum):
    """What came of an appeal."""

    GRANTED = "granted"
    IN_PART = "granted in part"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Appeal:
    """One appeal. `decision` is its deadline; `result` is empty while it is open."""

    request: str
    appealed: date
    decision: Deadline
    result: str = ""

    @property
    def overdue(self) -> bool:
        return self.decision.standing is Standing.OVERDUE


class Appeals(Clocks):
    """The use cases around appeals."""

    def appeal(self, request: str, at: datetime | None = None) -> Appeal:
        """Record that the person appeals. NotAllowedError where the law knows none, or nothing was refused yet."""
        self.actor.require("run")
        asked, law = self.request(request), self.law(self.request(request))
        if not law.rules(Topic.ANSWER, Asked.APPEAL):
            raise NotAllowedError(f"{law.regime.title} knows no appeal to the company against an answer")
        answers = [went_out(e) for kind in ("answered", "denied") for e in self.journal.entries(asked.id, kind)]
        if not answers:
            raise NotAllowedError(f"{request} was neither answered nor denied: there is nothing to appeal against")
        self._after(min(answers), at)
        self.journal.append(request, "appealed", self.actor.id, {"at": at or self.now()}, request)
        return self._appeal_of(request)

    def extend_appeal(self, request: str, reason: str, letter: AsSent, until: date | None = None) -> Appeal:
        """Record that a notice went out today: the decision takes until then, or until the law's last day.

        NotAllowedError where the law gives no more time for an appeal, as only Colorado does, and as `Clocks.extend`.
        """
        self.actor.require("run")
        self.undecided(request)
        facts = self._facts_of(next(self.journal.entries(request, "appealed")), None, None)
        law = self.law(self.request(request))
        extension = self._extension(f"the appeal of {request}", facts, law, reason, until)
        told = {"until": extension.until.isoformat(), "reason": reason.strip(), "letter": letter_hash(letter)}
        self.journal.append(request, "appeal_extended", self.actor.id, told, request)
        return self._appeal_of(request)

    def undecided(self, request: str) -> Appeal:
        """The appeal that waits for a decision. NotAllowedError if there is none."""
        found = self._appeal_of(request)
        if found.result:
            raise NotAllowedError(f"the appeal of {request} was decided already")
        return found

    def decide_appeal(self, request: str, result: Result, letter: AsSent, at: datetime | None = None) -> Appeal:
        """Record that the decision went out, with its reasons and how to reach the attorney general."""
        self.actor.require("run")
        self.undecided(request)
        self._after(went_out(next(self.journal.entries(request, "appealed"))), at)
        told = {"at": at or self.now(), "result": result, "letter": letter_hash(letter)}
        self.journal.append(request, "appeal_decided", self.actor.id, told, request)
        return self._appeal_of(request)

    def appeals(self, request: str | None = None) -> Iterator[Appeal]:
        """All appeals, oldest first; of one request if given."""
        decided = {e.request: e for e in self.journal.entries(request, "appeal_decided")}
        extended = {e.request: e for e in self.journal.entries(request, "appeal_extended")}
        for entry in self.journal.entries(request, "appealed"):
            end = decided.get(entry.request)
            facts = self._facts_of(entry, end, extended.get(entry.request))
            law = self.law(self.request(entry.request))
            *_, decision = deadlines(facts, law, holidays(), self.day(self.now()))
            yield Appeal(entry.request, facts.received, decision, str(end.payload["result"]) if end else "")

    def _facts_of(self, appealed: Entry, decided: Entry | None, extended: Entry | None) -> Facts:
        """What the clock of an appeal counts from."""
        more = None
        if extended:
            more = Extension(self.day(went_out(extended)), date.fromisoformat(extended.payload["until"]))
        answered = self.day(went_out(decided)) if decided else None
        return Facts(Asked.APPEAL, self.day(went_out(appealed)), answered=answered, extension=more)

    def _appeal_of(self, request: str) -> Appeal:
        self.request(request)
        if found := next(self.appeals(request), None):
            return found
        raise NotAllowedError(f"nobody appealed in {request}: dsr request appeal {request}")

    def _after(self, before: datetime, at: datetime | None) -> None:
        if at and (at > self.now() + timedelta(minutes=5) or self.day(at) < self.day(before)):
            raise NotAllowedError("it came after what it follows, and not in the future")
