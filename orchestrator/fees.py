"""Fees: free by law and by promise, but for what is manifestly unfounded or excessive, and never without an estimate
that went out before.

The company bears the burden of proof (Cal. Civ. Code 1798.145(h)(3)), so the facts are a file. The published policy's
"repetitive" is no ground by itself: as often as the law lets somebody ask, asking is not excessive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from orchestrator.attachment import content_of
from orchestrator.deadlines import AsSent, letter_hash
from orchestrator.denial import Denials
from orchestrator.errors import NotAllowedError
from orchestrator.law import Asked, Law, Topic, asked_by
from orchestrator.model import Request
from orchestrator.receipt import hash_of
from orchestrator.regimes.outcomes import outcomes

_AMOUNT = re.compile(r"(\d{1,5})(?:\.(\d\d))? ([A-Z]{3})")


class Charged(StrEnum):
    """For what a fee may be asked at all."""

    UNFOUNDED = "manifestly_unfounded"
    EXCESSIVE = "manifestly_excessive"
    BEYOND_FREE = "beyond_free"  # more often than the law gives free of charge, and no promise gives more


@dataclass(frozen=True, slots=True)
class Fee:
    """How a request's fee stands."""

    request: str
    cents: int
    currency: str
    because: Charged
    agreed: bool
    charged: bool
    waived: bool = False


def refusal(law: Law, asked: Asked, because: Charged, before: int, facts: bool) -> str:
    """Why no fee may be asked, in words with the rules; empty if one may. Pure.

    `before`: requests of the kind by the same person that were answered in the 12 months before. `facts`: whether
    what makes the request unfounded or excessive is on file.
    """
    free, often = law.counted(Topic.FREE, asked), law.counted(Topic.TIMES, asked)
    cited = "; ".join(f"{r.id}: {r.citation}" for r in free.rules) or "no rule lets anybody ask for a fee"
    if because is Charged.BEYOND_FREE:
        if free.times is None:
            return f"it is free without limit ({cited})"
        return "" if before >= free.times else f"{before} of {free.times} free ones were answered ({cited})"
    if not facts:
        return f"the company must prove that it is {because.replace('_', ' ')}: give the facts ({cited})"
    if because is Charged.EXCESSIVE and often.times is not None and before < often.times:
        numbers = "; ".join(f"{r.id}: {r.citation}" for r in often.rules)
        return f"{before} were answered in 12 months, and {often.times} are never excessive by number ({numbers})"
    return ""


class Fees(Denials):
    """The use cases around fees."""

    def estimate_fee(
        self, request: str, amount: str, because: Charged, reason: str, letter: AsSent, facts: Path | None = None,
        at: datetime | None = None,
    ) -> Fee:  # fmt: skip
        """Record an estimate that went out, such as "25.00 USD". NotAllowedError where the request is free."""
        self.estimable(request, amount, because, reason, facts is not None, at)
        asked, (cents, currency) = self.request(request), _parsed(amount)
        proof = self._facts_filed(asked, facts) if facts else ""
        told = {
            "cents": cents, "currency": currency, "because": because, "reason": reason.strip(),
            "letter": letter_hash(letter), "evidence": proof,
        }  # fmt: skip
        self.journal.append(request, "fee_estimated", self.actor.id, told)
        sent = {"kind": outcomes().of("fee_estimated").letter, "sha256": told["letter"], "at": at or self.now()}
        self.journal.append(request, "letter", self.actor.id, sent)
        return self._fee(request)

    def estimable(
        self, request: str, amount: str, because: str, reason: str, facts: bool, at: datetime | None = None
    ) -> None:
        """Whether such an estimate may go out. Errors as `estimate_fee`."""
        asked = self.unanswered(request, "", at)
        if asked.organisation:
            raise NotAllowedError("what an organisation pays is settled by its contract")
        if because not in list(Charged):
            raise NotAllowedError(f"a fee has one of these grounds: {', '.join(Charged)} (--because)")
        if not reason.strip():
            raise NotAllowedError("an estimate says why there is a fee: --reason")
        _parsed(amount)
        before = self.answered_before(asked)
        if why := refusal(self.law(asked), asked_by(asked.right), Charged(because), before, facts):
            raise NotAllowedError(f"no fee may be asked for {request}: {why}")
        self.journal.screen(request, reason=reason)  # before the letter goes out

    def agree_fee(self, request: str) -> Fee:
        """Record that the person agreed to the estimate."""
        self.actor.require("run")
        self._fee(request)
        self.journal.append(request, "fee_agreed", self.actor.id, {"at": self.now()})
        return self._fee(request)

    def waive_fee(self, request: str) -> Fee:
        """Record that the request is carried out free of charge after all."""
        self.actor.require("run")
        if self._fee(request).charged:
            raise NotAllowedError(f"the fee of {request} was charged already")
        self.journal.append(request, "fee_waived", self.actor.id, {"at": self.now()})
        return self._fee(request)

    def fee_settled(self, request: str) -> None:
        """NotAllowedError while the person has an estimate and has not said whether to go on: they may withdraw."""
        if not any(self.journal.entries(request, "fee_estimated")):
            return
        fee = self._fee(request)
        if not (fee.agreed or fee.waived):
            raise NotAllowedError(
                f"the person has an estimate of {_shown(fee.cents, fee.currency)} and has not agreed to it: "
                f"dsr request fee {request} --agreed, or --waive; or dsr request cancel {request} if it is withdrawn"
            )

    def charge_fee(self, request: str, amount: str, letter: Path) -> Fee:
        """Record what was charged. NotAllowedError without an estimate that was agreed to, and above it."""
        self.actor.require("run")
        fee = self._fee(request)
        cents, currency = _parsed(amount)
        if fee.waived:
            raise NotAllowedError(f"the fee of {request} was waived")
        if not fee.agreed:
            raise NotAllowedError(f"the person has not agreed to the estimate: dsr request fee {request} --agreed")
        if currency != fee.currency or cents > fee.cents:
            raise NotAllowedError(f"the estimate was {_shown(fee.cents, fee.currency)}, and no more may be charged")
        if fee.charged:
            raise NotAllowedError(f"the fee of {request} was charged already")
        told = {"cents": cents, "currency": currency, "letter": letter_hash(letter)}
        self.journal.append(request, "fee_charged", self.actor.id, told, request)
        return self._fee(request)

    def _fee(self, request: str) -> Fee:
        estimates = list(self.journal.entries(request, "fee_estimated"))
        if not estimates:
            raise NotAllowedError(
                f"nothing is charged without an estimate before: dsr request fee {request} --estimate"
            )
        last = estimates[-1]
        agreed, waived = (
            any(e.seq > last.seq for e in self.journal.entries(request, kind)) for kind in ("fee_agreed", "fee_waived")
        )
        charged = any(self.journal.entries(request, "fee_charged"))
        told = last.payload
        return Fee(request, told["cents"], told["currency"], Charged(told["because"]), agreed, charged, waived)

    def _facts_filed(self, asked: Request, facts: Path) -> str:
        content = content_of(facts, "the facts", wanted="give what shows that it is unfounded or excessive")
        self.workspace.vault.file(asked.id).put(f"evidence:{hash_of(content)}", content)
        return hash_of(content)


def _parsed(amount: str) -> tuple[int, str]:
    found = _AMOUNT.fullmatch(amount.strip())
    if found is None or int(found[1]) + int(found[2] or 0) == 0:
        raise NotAllowedError('an amount is written "25.00 USD"')
    return int(found[1]) * 100 + int(found[2] or 0), found[3]


def _shown(cents: int, currency: str) -> str:
    return f"{cents // 100}.{cents % 100:02} {currency}"
