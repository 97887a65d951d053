"""What follows from a letter that goes out: clocks stop, and what is owed to others is settled. One entry for each."""

from __future__ import annotations

from datetime import datetime

from orchestrator.denial import Because
from orchestrator.fees import Charged
from orchestrator.letter_facts import LetterFacts
from orchestrator.letter_notices import Given
from orchestrator.letters.facts import Facts
from orchestrator.letters.kinds import RECORDED, Kind
from orchestrator.receipt import hash_of
from orchestrator.records import Result


class Outgoing(LetterFacts):
    """What letters do, whichever way they go."""

    def took_effect(self, facts: Facts, given: Given, letter: bytes, at: datetime | None) -> None:
        """Record what such a letter does to its request, as the command for it alone would."""
        request, kind = facts.request.id, facts.kind
        match RECORDED.get(kind):
            case "acknowledged":
                self.acknowledge(request, letter, at)
            case "extended":
                self.extend(request, given.reason, letter, given.until)
            case "denied":
                self.denied(request, Because(given.because), given.reason, letter)
            case "answered" if not self.further_owed(request):
                LetterFacts.answer(self, request, letter, at)  # who wrote it knows what is owed after it
        match kind:
            case Kind.MORE_INFORMATION:
                purpose = "details" if any(self.journal.entries(request, "verified")) else "identity"
                more = {"at": at or self.now(), "purpose": purpose, "points": [], "letter": hash_of(letter)}
                self.journal.append(request, "more_asked", self.actor.id, more)
            case Kind.APPEAL_DECISION:
                self.decide_appeal(request, Result(given.result), letter, at)
            case Kind.FEE_ESTIMATE:
                because = Charged(given.because)
                self.estimate_fee(request, given.amount, because, given.reason, letter, given.facts, at)
            case Kind.HAND_OVER:
                self.handed_over(request, given.organisation, facts.to.email, letter, at)
            case Kind.PROVIDER_NOTICE:
                self.person_told(request, letter, at)
            case Kind.VENDOR_NOTICE:
                notice = {"vendor": given.vendor, "at": at or self.now(), "proof": hash_of(letter)}
                self.journal.append(request, "vendor_notified", self.actor.id, notice)
