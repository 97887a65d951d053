"""Denials of a request as a whole: recorded with their letter, refused where law or policy leaves the ground closed."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from orchestrator.choices import BY_LAW, sells
from orchestrator.days import months_after
from orchestrator.deadlines import AsSent, Clocked, Clocks, letter_hash, went_out
from orchestrator.errors import NotAllowedError
from orchestrator.inventory.exceptions import exceptions
from orchestrator.law import Rule, Topic, asked_by
from orchestrator.model import Ground, Request, Right
from orchestrator.preferences import Preferences
from orchestrator.regimes.outcomes import Outcome, outcomes
from orchestrator.regimes.proofs import proofs

_A_YEAR = 12  # months


class Because(StrEnum):
    """Why a request is denied as a whole, in the words of the Data Rights Protocol 1.0."""

    UNVERIFIED = "insuf_verification"
    FRAUD = "suspected_fraud"
    NO_MATCH = "no_match"
    NOT_COVERED = "claim_not_covered"  # such as data held for a customer organisation only
    OUTSIDE_JURISDICTION = "outside_jurisdiction"
    TOO_MANY_REQUESTS = "too_many_requests"
    OTHER = "other"


class Denials(Clocks):
    """The use case of saying no."""

    def deny(self, request: str, because: Because, reason: str, letter: AsSent, exception: str = "") -> Clocked:
        """Record that a request is denied as a whole and the reasons went out today. It stops the clock.

        Its vault is destroyed, but for where to write to while a letter may come back: whoever appeals, where the law
        lets them, says anew who they are.

        `exception`: the law's exception that all of the data falls under. NotAllowedError for a ground that neither
        law nor policy leaves open, a repealed one also in words, without a reason, and after a run.
        """
        self.denied(request, because, reason, letter, exception)
        self.forget(request)
        return self.clocked(request)

    def denied(self, request: str, because: Because, reason: str, letter: AsSent, exception: str = "") -> None:
        """Record a denial, and leave it to the caller to forget the person. Errors as `deny`."""
        asked = self.deniable(request, because, reason, exception)
        outcome = self.denial(request, because)
        sent = {"kind": outcome.letter, "sha256": letter_hash(letter), "at": self.now()}
        self.journal.append(request, "letter", self.actor.id, sent)
        told = {
            "code": because, "reason": reason.strip(), "exception": exception, "outcome": outcome.id,
            "ask_opt_out": self.asks_about_opt_out(asked),
        }  # fmt: skip
        self.journal.append(request, "denied", self.actor.id, told)
        if because is Because.UNVERIFIED:
            self._taken_as(asked)

    def _taken_as(self, asked: Request) -> None:
        """Open the request as which one is taken that nobody could be verified for: specific pieces as categories."""
        rule = proofs().after_failure(asked.right)
        if rule is None or not rule.treated_as or asked.organisation:
            return
        given = [(kind, value) for kind, value in self.workspace.vault.open(asked.id).get_json("identifiers")]
        opened = self.new_request(Right(rule.treated_as), given, asked.channel, asked.received, asked.ground)
        self.journal.append(asked.id, "taken_as", self.actor.id, {"right": rule.treated_as, "request": opened})

    def deniable(self, request: str, because: Because, reason: str, exception: str = "") -> Request:
        """Whether a request may be denied for that reason today. Errors as `deny`."""
        asked = self.unanswered(request, "denied", None)
        if not reason.strip():
            raise NotAllowedError("a denial says why: --reason")
        if any(e for kind in ("run_started", "complied") for e in self.journal.entries(request, kind)):
            raise NotAllowedError(f"{request} was carried out at least in part: dsr request answer says what was done")
        if why := self._closed_ground(asked, because) or self._closed_exception(asked, because, exception, reason):
            raise NotAllowedError(f"{request} cannot be denied as {because}: {why}")
        self.journal.screen(request, reason=reason)  # before the letter is recorded, which would stay
        return asked

    def asks_about_opt_out(self, request: Request) -> bool:
        """Whether the letter of a denied deletion asks if the person wants to opt out (11 CCR 7022(g)).

        So where data is sold or shared, or nobody has said that it is not, unless they opted out already.
        """
        if request.right is not Right.DELETE or request.organisation or not sells(self.inventory, self.day(self.now())):
            return False
        held = {choice.purpose for choice in Preferences(self.journal).of(request.tags)}
        return not set(BY_LAW) <= held

    def denial(self, request: str, because: Because) -> Outcome:
        """What a denial for that reason comes out as: its kind of letter, and what that must offer."""
        asked = self.request(request)
        if asked.organisation:
            return outcomes().of("instruction_refused")
        return outcomes().of_denial(because, asked.right)

    def closed(self, asked: Request) -> frozenset[str]:
        """Exceptions that are no ground for keeping this request's data."""
        return exceptions().closed(asked.regime, promised=asked.ground is Ground.POLICY_PROMISE)

    def _closed_exception(self, asked: Request, because: Because, exception: str, reason: str) -> str:
        known = exceptions()
        if not exception:
            return known.repealed(reason)
        if asked.right is not Right.DELETE or because not in (Because.OTHER, Because.NOT_COVERED):
            return "an exception is a ground against deletion, as `other` or `claim_not_covered`"
        if exception in known.known and known.known[exception].in_force and exception in self.closed(asked):
            return f"{exception} is no ground where only the policy, which does not name it, gives the right"
        return known.refusal(exception, asked.regime, reason)

    def _closed_ground(self, request: Request, because: Because) -> str:
        """Why such a denial is not open, with the rule that says so; empty if it is."""
        law, asked = self.law(request), asked_by(request.right)
        if because is Because.UNVERIFIED and not request.right.reaches_data:
            return "nobody may be asked to prove who they are for it (11 CCR 7026(d), 7027(e))"
        if because is Because.OUTSIDE_JURISDICTION and law.serves_everybody(asked):
            rules = law.choice(Topic.RESIDENCE, asked).rules
            return "residence is no ground while the right is given to everybody (" + _cited(rules) + ")"
        if because is Because.TOO_MANY_REQUESTS:
            counted = law.counted(Topic.TIMES, asked)
            if counted.times is None:
                return f"the law sets no limit to requests to {asked}"
            if (before := self.answered_before(request)) < counted.times:
                return (
                    f"{before} were answered in the 12 months before, of {counted.times} ("
                    + _cited(counted.rules)
                    + ")"
                )
        return ""

    def answered_before(self, request: Request) -> int:
        """How many requests of this kind by the same person were answered in the 12 months before receipt.

        Or in its calendar year, where the rule counts those. Requests to know are one kind, whatever of it they ask
        for (Cal. Civ. Code 1798.130(b)). Neither a denial nor an organisation's instruction uses up any of them.
        """
        until = self.day(request.received)
        since = months_after(until, -_A_YEAR)
        if any(rule.calendar_year for rule in self.law(request).rules(Topic.TIMES, asked_by(request.right))):
            since = until.replace(month=1, day=1)
        answers = {e.request: self.day(went_out(e)) for e in self.journal.entries(None, "answered")}
        same = (r for r in self.journal.requests() if asked_by(r.right) is asked_by(request.right))
        return sum(
            since <= answers[r.id] <= until and bool(set(r.tags) & set(request.tags))
            for r in same if r.id in answers and r.id != request.id and not r.organisation
        )  # fmt: skip


def _cited(rules: Iterable[Rule]) -> str:
    return "; ".join(f"{r.id}: {r.citation}" for r in rules)
