"""What the law's clocks say of every request, and what went out: acknowledgements, extensions, answers.

Letters are personal and stay where the company keeps its mail; the journal names each by its hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from orchestrator.attachment import content_of
from orchestrator.clock import Deadline, Extension, Facts, Standing, deadlines, extension_ends, refusal
from orchestrator.days import Calendar, local
from orchestrator.due import Obligations
from orchestrator.errors import NotAllowedError
from orchestrator.journal import Entry
from orchestrator.law import Law, Topic, asked_by
from orchestrator.model import SCAN, Ground, Request, Right
from orchestrator.receipt import Letter, hash_of
from orchestrator.regimes import holidays, law_of

_URGENCY = (Standing.OVERDUE, Standing.ALARM, Standing.ON_TIME, Standing.MET)
# An opt-out is complied with and needs no letter: 11 CCR 7026(f) has no other answer.
_KINDS = ("acknowledged", "extended", "answered", "complied", "denied", "cancelled")
_ENDS = ("answered", "complied", "denied", "cancelled")
_KIND_OF_LETTER = {
    "acknowledged": "acknowledgement", "extended": "extension", "answered": "answer", "more_asked": "more_information",
}  # fmt: skip


AsSent = Path | bytes  # a letter as it went out: a file, or its content
Told = Mapping[str, Entry]  # kind -> the latest entry of that kind


@dataclass(frozen=True, slots=True)
class Clocked:
    """One request and its deadlines, what is most urgent first."""

    request: str
    right: Right
    regime: str
    ground: Ground
    policy: str
    received: date
    open: bool
    deadlines: tuple[Deadline, ...]
    ask_opt_out: bool = False  # denied, and the letter asks whether the person wants to opt out (11 CCR 7022(g))

    @property
    def overdue(self) -> bool:
        return any(d.standing is Standing.OVERDUE for d in self.deadlines)


class Clocks(Obligations):
    """The use cases around what the law's clocks ask for."""

    def clock(self, request: str = "", everything: bool = False) -> tuple[Clocked, ...]:
        """Every request that is not answered, the most urgent first; one if given, all with `everything`."""
        told = self._told(request or None)
        # Nobody waits for the answer to a replay, which the company asks of itself.
        asked = [self.request(request)] if request else [r for r in self.journal.requests() if not r.replays]
        found = [self._clocked(r, told.get(r.id, {})) for r in asked]
        return tuple(sorted((c for c in found if c.open or everything or request), key=_urgency))

    def acknowledge(self, request: str, letter: AsSent | None = None, at: datetime | None = None) -> Clocked:
        """Record that the receipt of a request was confirmed: in writing, or on the call in which it came."""
        self.unanswered(request, "acknowledged", at)
        told = {"at": at or self.now(), "letter": letter_hash(letter) if letter else ""}
        self.journal.append(request, "acknowledged", self.actor.id, told, request)
        return self.clocked(request)

    def extend(self, request: str, reason: str, letter: AsSent, until: date | None = None) -> Clocked:
        """Record that a notice of extension goes out today, until the last day the law allows if no other is given.

        NotAllowedError without a reason, after the first period, a second time, or past the law's end.
        """
        extension = self.extension(request, reason, until)
        told = {"until": extension.until.isoformat(), "reason": reason.strip(), "letter": letter_hash(letter)}
        self.journal.append(request, "extended", self.actor.id, told, request)
        return self.clocked(request)

    def extension(self, request: str, reason: str, until: date | None = None) -> Extension:
        """What a notice of today would come to. Errors as `extend`."""
        asked = self.unanswered(request, "extended", None)
        return self._extension(request, self._facts(asked, {}), self.law(asked), reason, until)

    def _extension(self, what: str, facts: Facts, law: Law, reason: str, until: date | None) -> Extension:
        """A notice of today that `what` takes longer, to the law's last day if no other is given."""
        days, today = holidays(), self._today()
        end = extension_ends(facts, law, days, today)
        extension = Extension(today, until or (end.strict if end else today), bool(reason.strip()))
        if why := refusal(facts, extension, law, days):
            raise NotAllowedError(f"{what} cannot be extended: {why}")
        return extension

    def answer(self, request: str, letter: AsSent, at: datetime | None = None) -> Clocked:
        """Record that the answer went out: what was done, or the reasons why it was not. It stops the clock."""
        self.unanswered(request, "answered", at)
        told = {"at": at or self.now(), "letter": letter_hash(letter)}
        self.journal.append(request, "answered", self.actor.id, told, request)
        return self.clocked(request)

    def letters(self, request: str) -> tuple[Letter, ...]:
        """What went out to the person, in order, each by its hash."""
        entries = [e for kind in _KIND_OF_LETTER for e in self.journal.entries(request, kind)]
        others = list(self.journal.entries(request, "letter"))
        sent = sorted([*entries, *others], key=lambda e: e.seq)
        return tuple(
            Letter(e.payload["kind"], e.payload["sha256"], went_out(e)) if e.kind == "letter"
            else Letter(_KIND_OF_LETTER[e.kind], e.payload["letter"], went_out(e)) for e in sent
        )  # fmt: skip

    def extended_until(self, request: str) -> date | None:
        """The new day, if the answer was extended."""
        last = self._told(request).get(request, {}).get("extended")
        return date.fromisoformat(last.payload["until"]) if last else None

    def clocked(self, request: str) -> Clocked:
        (found,) = self.clock(request)
        return found

    def _clocked(self, request: Request, told: Told) -> Clocked:
        facts = self._facts(request, told)
        # A clock that was stopped stands still: what was not done by then is late, not ever later.
        ended = [went_out(told[kind]) for kind in _ENDS if kind in told]
        on = min([*map(self.day, ended), self._today()])
        due = deadlines(facts, self.law(request), holidays(), on)
        return Clocked(
            request.id, request.right, request.regime, request.ground, request.policy, facts.received, not ended,
            tuple(sorted(due, key=lambda d: (_URGENCY.index(d.standing), d.due))),
            "denied" in told and bool(told["denied"].payload.get("ask_opt_out")),
        )  # fmt: skip

    def _facts(self, request: Request, told: Told) -> Facts:
        day = {kind: self.day(went_out(entry)) for kind, entry in told.items()}
        extension = None
        if entry := told.get("extended"):
            until, reasoned = date.fromisoformat(entry.payload["until"]), bool(entry.payload["reason"])
            extension = Extension(day["extended"], until, reasoned)
        received = self.day(request.received)
        nobody = received if request.channel == SCAN else None  # to whom a receipt could be confirmed
        return Facts(
            asked_by(request.right), received, day.get("acknowledged") or nobody,
            min((day[kind] for kind in ("answered", "complied", "denied") if kind in day), default=None), extension,
            self._pauses(request.id) if self.law(request).regime.verification_pauses else (),
        )  # fmt: skip

    def _pauses(self, request: str) -> tuple[tuple[date, date | None], ...]:
        """From asking for proof of identity until it came: the first that came, or the verification, ends the wait."""
        entries = [e for kind in ("more_asked", "more_came", "verified") for e in self.journal.entries(request, kind)]
        found: list[tuple[date, date | None]] = []
        since: date | None = None
        for entry in sorted(entries, key=lambda e: e.seq):
            if entry.kind == "more_asked":
                since = since or (self.day(went_out(entry)) if entry.payload["purpose"] == "identity" else None)
            elif since is not None:
                found.append((since, max(since, self.day(went_out(entry)))))
                since = None
        return (*found, (since, None)) if since else tuple(found)

    def unanswered(self, request: str, kind: str, at: datetime | None) -> Request:
        """Whether such a letter may be recorded at all."""
        self.actor.require("run")
        asked = self.request(request)
        told = self._told(request).get(request, {})
        for done in {kind, "answered", "denied"} & set(told):
            raise NotAllowedError(f"{request} was {done} on {went_out(told[done]):%Y-%m-%d} already")
        self.not_ended(request)
        if at and (at > self.now() + timedelta(minutes=5) or self.day(at) < self.day(asked.received)):
            raise NotAllowedError("it went out after the request was received, and not in the future")
        return asked

    def law(self, request: Request) -> Law:
        return law_of(request.regime, self.inventory.promises)

    def _today(self) -> date:
        return self.day(self.now())

    def day(self, instant: datetime) -> date:
        return local(instant, self.inventory.zone)

    def _told(self, request: str | None) -> dict[str, dict[str, Entry]]:
        """request -> what was told, by kind; the whole journal is read once for all requests."""
        found: dict[str, dict[str, Entry]] = {}
        for kind in _KINDS:
            for entry in self.journal.entries(request, kind):
                found.setdefault(entry.request, {})[kind] = entry
        for entry in self.journal.entries(request, "reopened"):
            for kind in ("denied", "cancelled"):
                if (end := found.get(entry.request, {}).get(kind)) and end.seq < entry.seq:
                    del found[entry.request][kind]
        return found


def uncounted(found: Iterable[Clocked], days: Calendar) -> bool:
    """Whether a deadline lies where the calendar knows no holidays: then it is early rather than late."""
    return any(not days.covers(d.last) for c in found for d in c.deadlines if d.what is Topic.ACKNOWLEDGE)


def _urgency(clocked: Clocked) -> tuple[Any, ...]:
    first = clocked.deadlines[0]
    return (not clocked.open, _URGENCY.index(first.standing), first.due, clocked.request)


def went_out(entry: Entry) -> datetime:
    at = entry.payload.get("at")
    return datetime.fromisoformat(at) if isinstance(at, str) else entry.at


def letter_hash(letter: AsSent) -> str:
    """What the journal calls a letter, which is personal and is not kept. NotAllowedError as `content_of`."""
    return hash_of(letter if isinstance(letter, bytes) else content_of(letter, "the letter"))
