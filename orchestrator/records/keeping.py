"""The use cases around the record of requests: read it, count it, and destroy it when its time is up."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from orchestrator.canonical import decode
from orchestrator.days import months_after
from orchestrator.deadlines import went_out
from orchestrator.errors import NotAllowedError
from orchestrator.journal import Entry, State
from orchestrator.ledger import Erasure
from orchestrator.model import Request
from orchestrator.papers import Papers
from orchestrator.records.appeals import Appeal, Appeals
from orchestrator.records.log import Logged, Told, logged, payload_of
from orchestrator.records.metrics import Year, figures
from orchestrator.storage.agenda import Agenda
from orchestrator.storage.chain import covered
from orchestrator.storage.kinds import PURGED

KEPT_FOR = 24  # months after a request has ended (11 CCR 7101(a); "maintain" names no start, so it is the latest)
_DAY = timedelta(days=1)
_RESPONSES = ("answered", "complied")  # an opt-out is responded to by complying with it


@dataclass(frozen=True, slots=True)
class Due:
    """A request whose record is to be destroyed, from `due` on. `held`: ids of the legal holds that keep it."""

    request: str
    ended: date
    due: date
    held: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Purged:
    """A record that was destroyed: how many entries of the journal lost their content, how many files went."""

    request: str
    entries: int
    files: int


class Records(Papers, Appeals):
    """The use cases around the record of requests."""

    def log(self, year: int | None = None, *, instructions: bool = False) -> tuple[Logged, ...]:
        """The log of consumers' requests, oldest first; of those received in one year if given.

        `instructions`: those of customer organisations instead, which are in no figure that the law asks for.
        """
        told, receipts = self._told(None), self._last_receipts()
        appeals = {a.request: a for a in self.appeals()}
        rows = (
            logged(r, self.day(r.received), self._told_of(told.get(r.id, {}), receipts.get(r.id), appeals.get(r.id)))
            for r in self.journal.requests() if (_instructed(r) if instructions else _of_a_consumer(r))
        )  # fmt: skip
        return tuple(
            sorted((r for r in rows if year in (None, r.received.year)), key=lambda r: (r.received, r.request))
        )

    def metrics(self, year: int, consumers: int | None = None) -> Year:
        """The figures of a year; see `orchestrator.records.metrics`."""
        gone = sum(e.payload["year"] == year for e in self.journal.entries(kind=PURGED))
        taken_as = {e.request: e.payload["request"] for e in self.journal.entries(kind="taken_as")}
        return figures(self.log(year), year, gone, consumers, taken_as)

    def to_purge(self, today: date | None = None) -> tuple[Due, ...]:
        """Requests whose record has had its time, what is due longest first; those held as well."""
        today = today or self.day(self.now())
        told = self._told(None)
        closed, appeals = self._closings(), {a.request: a for a in self.appeals()}
        found = []
        for request in self.journal.requests():
            ended = self._over_on(request, told.get(request.id, {}), closed.get(request.id))
            if appeal := appeals.get(request.id):  # it goes on until the appeal is decided
                ended = max(ended, appeal.decision.met) if ended and appeal.decision.met else None
            if ended and (due := months_after(ended, KEPT_FOR) + _DAY) <= today and not self._still_owed(request.id):
                found.append(Due(request.id, ended, due, self.holds_on_record(request)))
        return tuple(sorted(found, key=lambda d: (d.due, d.request)))

    def purge(self) -> tuple[Purged, ...]:
        """Destroy every record that is due and not held: entries, vault, files. Safe to repeat.

        IncompleteError if another process's reading keeps deleted bytes in the journal's files: ask again.
        """
        self.actor.require("run")
        done = [self._destroyed(due.request) for due in self.to_purge() if not due.held]
        done += [self._blanked(request, None, 0) for request in self._expired_in_ledger()]
        if done or any(self.journal.entries(kind=PURGED)):  # also if it was cut short before
            self.journal.store.scrub()
        return tuple(done)

    def _told_of(self, told: Mapping[str, Entry], receipt: Entry | None, appeal: Appeal | None) -> Told:
        day = {kind: self.day(went_out(entry)) for kind, entry in told.items()}
        denied = told["denied"].payload if "denied" in told else {}
        because = "; ".join(str(denied[name]) for name in ("code", "exception") if denied.get(name))
        payload = payload_of(receipt.payload["envelope"]) if receipt else None
        appealed, result = (appeal.appealed, appeal.result) if appeal else (None, "")
        return Told(
            _first(day), day.get("denied"), because, day.get("cancelled"), payload, appealed, result
        )  # fmt: skip

    def _still_owed(self, request: str) -> bool:
        """Whether anything is still to be done, read back or decided anew; nothing of what was stopped is."""
        return self.journal.state(request) not in (State.DENIED, State.CANCELLED) and bool(self.due(request))

    def _closings(self) -> dict[str, Entry]:
        ends = [e for kind in ("closed", "reopened") for e in self.journal.entries(kind=kind)]
        return {e.request: e for e in sorted(ends, key=lambda e: e.seq)}

    def _last_receipts(self) -> dict[str, Entry]:
        return {entry.request: entry for entry in self.journal.entries(kind="receipt")}

    def _over_on(self, request: Request, told: Mapping[str, Entry], closed: Entry | None) -> date | None:
        """The day on which nothing was left to do: answered, and closed if anything was carried out."""
        ends = [told[kind] for kind in ("denied", "cancelled") if kind in told]
        if ends:
            return max(self.day(went_out(e)) for e in ends)
        over = self.day(closed.at) if closed and closed.kind == "closed" else None
        if request.replays:
            return over
        answered = _first({kind: self.day(went_out(entry)) for kind, entry in told.items()})
        return max(answered, over or answered) if answered else None

    def _destroyed(self, request: str) -> Purged:
        with self.journal.lease(request):
            record = self.journal.request(request)
            if held := self.holds_on_record(record):  # placed since the list was made
                raise NotAllowedError(f"the record of {request} is under legal hold {', '.join(held)}")
            self.forget_papers(request)
            if not any(self.journal.entries(request, "vault_destroyed")):
                self.workspace.vault.destroy(request, self.actor.id)
            self.workspace.vault.destroy_file(request, self.actor.id)
            Agenda(self.journal.store).drop(request)
            year = self.day(record.received).year if _of_a_consumer(record) else None
            return self._blanked(request, year, self._remove_files(request))

    def _blanked(self, request: str, year: int | None, files: int) -> Purged:
        done = self.journal.purge(request, self.actor.id, year, frozenset(self._needed_by_ledger(request)))
        return Purged(request, len(list(covered(done))) if done else 0, files)

    def _expired_in_ledger(self) -> list[str]:
        """Requests of which nothing was left but entries of the ledger, and those have expired since."""
        known = {r.id for r in self.journal.requests()}
        kept = [e for e in self.journal.entries(kind="erased") if e.request not in known]
        return sorted({e.request for e in kept if decode(Erasure, e.payload).expired(self.now())})

    def _needed_by_ledger(self, request: str) -> Iterator[int]:
        """The erasure ledger's entries that have not expired: a copy could still bring the data back."""
        for entry in self.journal.entries(request, "erased"):
            if not decode(Erasure, entry.payload).expired(self.now()):
                yield entry.seq

    def _remove_files(self, request: str) -> int:
        """Receipts and whatever else bears the request's id in the state directory."""
        found = [path for path in self.workspace.root.rglob(f"{request}*") if path.name[len(request) :][:1] in "-."]
        for path in found:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return len(found)


def _first(day: Mapping[str, date]) -> date | None:
    """The day of the substantive response, if it was no denial."""
    return min((day[kind] for kind in _RESPONSES if kind in day), default=None)


def _of_a_consumer(request: Request) -> bool:
    """Whether a consumer asked: replays are nobody's request, and an instruction is a customer organisation's."""
    return not (request.replays or request.organisation)


def _instructed(request: Request) -> bool:
    return bool(request.organisation) and not request.replays
