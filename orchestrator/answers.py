"""The use cases around answers that hold no values: categories of data, and disclosures for direct marketing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from orchestrator import canonical
from orchestrator.deadlines import Clocks
from orchestrator.disclosures import Categories, DirectMarketing, categories, direct_marketing, first_day
from orchestrator.errors import NotAllowedError
from orchestrator.model import Right
from orchestrator.receipt import hash_of


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, and whether it may go out: not while something in it is unknown."""

    request: str
    right: Right
    answer: Categories | DirectMarketing
    hash: str  # of its canonical JSON


class Answers(Clocks):
    """The use cases of telling without handing over."""

    def know(self, request: str, since: date | None = None) -> Answered:
        """The categories held of a person, from the latest plan of a request to know or for access.

        `since`: first day of the disclosures; by default 12 months before receipt. It is journalled as told
        by its hash, unless something in it is unknown. NotAllowedError for other rights and without a verification.
        """
        self.actor.require("export")
        asked = self.request(request)
        if asked.right not in (Right.KNOW, Right.ACCESS):
            raise NotAllowedError(f"{request} is a request to {asked.right}: it is not answered by categories")
        self.strong_enough(self.verification(request), Right.KNOW)
        digest = self.journal.latest_plan(request)
        if digest is None:
            raise NotAllowedError(f"{request} has no plan yet: dsr plan {request}")
        received = self.day(asked.received)
        first = first_day(received, since)
        if first > received:
            raise NotAllowedError("the period begins after the request was received")
        answer = categories(self.journal.plan(digest), self.inventory, first, received)
        return self._tell(request, asked.right, digest, answer, count=asked.right is Right.KNOW)

    def shine(self, request: str) -> Answered:
        """What went to third parties for their direct marketing in the calendar year before receipt.

        The same for everybody who asks, so that nobody learns from it who is a customer: the section has no
        step of verification, and the answer goes to whoever wrote. NotAllowedError for other rights.
        """
        self.actor.require("export")
        asked = self.request(request)
        if asked.right is not Right.SHINE_THE_LIGHT:
            raise NotAllowedError(f"{request} is a request to {asked.right}, not under Cal. Civ. Code 1798.83")
        digest = self.journal.latest_plan(request)
        if digest is None:
            raise NotAllowedError(f"{request} has no plan yet: dsr plan {request}")
        answer = direct_marketing(self.inventory, self.day(asked.received).year - 1)
        return self._tell(request, asked.right, digest, answer, count=True)

    def tell(self, request: str, since: date | None = None) -> Answered:
        """The answer that a request without values gets: `shine` or `know`, as it asked."""
        if self.request(request).right is Right.SHINE_THE_LIGHT:
            return self.shine(request)
        return self.know(request, since)

    def _tell(
        self, request: str, right: Right, digest: str, answer: Categories | DirectMarketing, *, count: bool
    ) -> Answered:
        self.not_ended(request)
        encoded = canonical.encode(answer)
        if answer.complete and count:
            told = {"plan": digest, "bytes": len(encoded), "hash": hash_of(encoded)}
            self.journal.append(request, "told", self.actor.id, told, f"{digest}/{told['hash']}")
        return Answered(request, right, answer, hash_of(encoded))
