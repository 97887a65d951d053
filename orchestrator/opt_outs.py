"""The use cases around what people keep us from doing: signals, opt-ins and their confirmation, notices, the list.

Our own list is asked by whoever imports, campaigns, sells or shares; `orchestrator.honour` enters what was asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from orchestrator.attachment import content_of
from orchestrator.choices import BY_LAW, NOTICE, Age, By, not_confirmed, purposes, sells
from orchestrator.deadlines import Clocks
from orchestrator.errors import NotAllowedError, UnknownError
from orchestrator.law import Purpose
from orchestrator.manual import ManualStep
from orchestrator.model import Request, Right
from orchestrator.opt_out import MAILED
from orchestrator.preferences import ENTRY, LIFTED, LISTED, Choice, Preferences, places
from orchestrator.receipt import Answer, hash_of

SIGNAL = "signal"  # the channel of a browser's opt-out preference signal


@dataclass(frozen=True, slots=True)
class Honoured:
    """What a person may be shown: from when on an opt-out is honoured, and nothing else of them."""

    purpose: Purpose
    since: datetime


class OptOuts(Clocks):
    """The use cases around our own list."""

    def honoured(self, identifiers: Sequence[tuple[str, str]]) -> tuple[Honoured, ...]:
        """The means to confirm that an opt-out was processed (11 CCR 7026(g)); empty if none is in force."""
        choices = Preferences(self.journal).of(self._tag(kind, value) for kind, value in identifiers)
        return tuple(Honoured(c.purpose, c.since) for c in choices)

    def opted_out(
        self, addresses: Sequence[str], purpose: Purpose = Purpose.MARKETING, kind: str = MAILED
    ) -> tuple[int, ...]:
        """Which lines of an import are of people who opted out of that purpose, counted from 1."""
        self.actor.require("plan")
        listed = Preferences(self.journal)
        return places(self._tags(addresses, kind), lambda tag: listed.keeps(tag, purpose))

    def not_to_invite(self, addresses: Sequence[str], kind: str = MAILED) -> tuple[int, ...]:
        """Which lines must not be asked to opt in again, for they opted out within the last 12 months."""
        self.actor.require("plan")
        listed, today = Preferences(self.journal), self.day(self.now())
        return places(self._tags(addresses, kind), lambda tag: listed.silent(tag, today, self.day))

    def signal(self, identifiers: Sequence[tuple[str, str]]) -> str:
        """A browser's opt-out preference signal: of that device, and of the account if the person is known.

        It takes effect at once and has nothing to answer (11 CCR 7025), so that it is an entry in our list and
        no request; unless somebody has to be told, or it would not be honoured: then the id of a request, to be
        run. Repeating it changes nothing.
        """
        self.actor.require("run")
        listed = Preferences(self.journal)
        tags = [self._tag(kind, value) for kind, value in identifiers]
        new = [(tag, p) for tag in tags for p in BY_LAW if not listed.keeps(tag, p)]
        if not new:
            return ""
        if sells(self.inventory, self.day(self.now())):
            return self.new_request(Right.OPT_OUT, identifiers, SIGNAL)
        for tag, purpose in new:
            self.journal.append("", LISTED, self.actor.id, {"tag": tag, "purpose": purpose})
        return ""

    # Opt-in: a request, and separately its confirmation

    def confirm_opt_in(self, request: str, by: By, age: Age, method: str) -> None:
        """Record the second step of an opt-in, without which nothing changes (11 CCR 7028(a)).

        NotAllowedError if it is not an opt-in, has ended or was confirmed by whom the law does not name.
        """
        self.actor.require("verify")
        self._opt_in(request)
        self.not_ended(request)
        if not method.strip():
            raise NotAllowedError("say how the person confirmed it, apart from the request: --method")
        if why := not_confirmed(age, by):
            raise NotAllowedError(why)
        told = {"by": by, "age": age, "method": method.strip()}
        self.journal.append(request, "opt_in_confirmed", self.actor.id, told)

    def confirmed_opt_in(self, request: str) -> bool:
        return any(self.journal.entries(request, "opt_in_confirmed"))

    def _opt_in(self, request: str) -> Request:
        asked = self.request(request)
        if asked.right is not Right.OPT_IN:
            raise NotAllowedError(f"{request} is a request to {asked.right}: only an opt-in is confirmed")
        return asked

    # Notices to whom data went

    def notified(self, request: str, recipient: str, evidence: Path, at: datetime | None = None) -> ManualStep:
        """Record that a recipient was told, with a file that shows it. UnknownError if nobody had to tell it."""
        step = self._notice(request, recipient)
        proof = hash_of(content_of(evidence, "the evidence"))
        if at and at > self.now():
            raise NotAllowedError("a notice is recorded when it went out")
        done = self.manual_done(step.ref, "", evidence, "notice sent")
        told = {"vendor": recipient, "at": at or self.now(), "proof": proof}
        self.journal.append(request, "vendor_notified", self.actor.id, told)
        return done

    def recipient_answered(self, request: str, recipient: str, answer: Answer, evidence: Path) -> None:
        """Record what a recipient said to its notice, by the hash of what shows it."""
        self.actor.require("run")
        self._notice(request, recipient)
        told = {"vendor": recipient, "at": self.now(), "answer": answer}
        told["proof"] = hash_of(content_of(evidence, "the evidence"))
        self.journal.append(request, "vendor_answered", self.actor.id, told)

    def _notice(self, request: str, recipient: str) -> ManualStep:
        found = [s for s in self.manual_steps(request) if (s.system, s.collection) == (recipient, NOTICE)]
        if not found:
            raise UnknownError(f"{request} has no notice to {recipient!r}: dsr manual list --request {request}")
        return found[0]

    # What the use cases have in common

    def listed(self, request: Request) -> tuple[Choice, ...]:
        """What stands in our list of whoever a request names."""
        return Preferences(self.journal).of(request.tags)

    def in_force_since(self, request: Request) -> date | None:
        """The first day on which all that was asked for holds, as our list says; None while it does not."""
        wanted = [(tag, p) for tag in request.tags for p in purposes(request)]
        if request.right is Right.OPT_IN:
            keys = {self.entry_of(request, tag, p) for tag, p in wanted}
            lifted = [e.at for e in self.journal.entries(kind=LIFTED) if e.key in keys]
            listed = Preferences(self.journal)
            stands = len(lifted) == len(keys) and not any(listed.keeps(tag, p) for tag, p in wanted)
            return self.day(max(lifted)) if lifted and stands else None
        if request.right not in (Right.OPT_OUT, Right.LIMIT):
            return None
        listed = Preferences(self.journal)
        if not wanted or not all(listed.keeps(tag, p) for tag, p in wanted):
            return None
        return self.day(max(c.since for tag, p in wanted for c in listed.of([tag]) if c.purpose is p))

    def entry_of(self, request: Request, tag: str, purpose: Purpose) -> str:
        """What makes an entry one of this request's. Keyed, since the list outlives the record of who asked when."""
        return self.workspace.vault.person_tag(ENTRY, f"{request.id}/{purpose}/{tag}")

    def entered_for(self, request: Request) -> frozenset[str]:
        """Systems in which an earlier request of the same person entered an opt-out."""
        mine = {r.id for r in self.journal.requests() if set(r.tags) & set(request.tags)}
        return frozenset(e.payload["system"] for e in self.journal.entries(kind="suppressed") if e.request in mine)

    def _tags(self, values: Sequence[str], kind: str) -> list[str]:
        normal = (self.inventory.normalise(kind, value) for value in values)
        return [self.workspace.vault.person_tag(kind, value) if value else "" for value in normal]

    def _tag(self, kind: str, value: str) -> str:
        if not (normal := self.inventory.normalise(kind, value)):
            raise NotAllowedError(f"the {kind} is empty")
        return self.workspace.vault.person_tag(kind, normal)
