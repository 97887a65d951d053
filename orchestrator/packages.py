"""Packages on their way: what a person has to look at, what was written and not handed over, what must be destroyed.

A package in clear lies where staff had it written; nobody but they know where, so the journal knows it by the hash
of its manifest until it is delivered or destroyed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from connectors.model import Locator
from orchestrator.due import Obligation, Obligations, Owed
from orchestrator.errors import NotAllowedError, UnknownError
from orchestrator.journal import Entry
from orchestrator.package import Verdict, period
from orchestrator.package.looker import Decide
from orchestrator.package.period import Period

KEPT_FOR = timedelta(days=30)  # after delivery, or after it was written and not delivered
_DECISIONS = {"release": Verdict.RELEASED, "withhold": Verdict.WITHHELD}


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file that the last package of a request did not hold, because a person has to look at it."""

    ref: str
    system: str
    collection: str
    source: str  # what the collection's rows call it
    why: str
    decided: str  # "release", "withhold" or ""
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """A package that was sealed to be handed over."""

    request: str
    package: str  # its id
    file: str  # where the sealed package lies, or lay
    channel: str
    at: datetime
    until: datetime  # when it is destroyed at the latest
    manifest: str
    collected: datetime | None
    destroyed: datetime | None

    @property
    def path(self) -> Path:
        return Path(self.file)


class Packages(Obligations):
    """The use cases around packages that need no package at hand."""

    # The time a package covers

    def ask_period(self, request: str, since: date) -> Period:
        """Record that the person asks for more than the last twelve months."""
        asked = self.request(request)
        found = period(asked.regime, asked.received, since, self.inventory.zone)
        self.journal.append(request, "period_asked", self.actor.id, {"since": since.isoformat()})
        return found

    def period_of(self, request: str, since: date | None = None) -> Period:
        """What a package of this request covers; `since` in place of what was recorded with it."""
        asked = self.request(request)
        if since is None and (told := list(self.journal.entries(request, "period_asked"))):
            since = date.fromisoformat(told[-1].payload["since"])
        return period(asked.regime, asked.received, since, self.inventory.zone)

    # Files that a person has to look at

    def held_files(self, request: str) -> tuple[HeldFile, ...]:
        """What the last package held back, and what was decided about it."""
        last = self._last_export(request)
        decided = self._decided(request)
        rows = last.payload.get("held", ()) if last else ()
        return tuple(_held(row, decided.get(row["ref"])) for row in rows)

    def decide_held(self, request: str, ref: str, decision: str, reason: str) -> HeldFile:
        """Release a held file, so that the next export holds it as it is, or withhold it. About these bytes only.

        `ref` may be shortened while it stays unambiguous. NotAllowedError without a reason.
        """
        self.actor.require("export")
        if decision not in _DECISIONS:
            raise NotAllowedError("a file is released or withheld")
        if not reason.strip():
            raise NotAllowedError("say why: --reason")
        found = [h for h in self.held_files(request) if ref and h.ref.startswith(ref)]
        if len({h.ref for h in found}) != 1:
            raise UnknownError(f"{ref!r} names {len(found)} held files: dsr package review {request}")
        told = {"ref": found[0].ref, "decision": decision, "reason": reason.strip()}
        self.journal.append(request, "held_decided", self.actor.id, told)
        return next(h for h in self.held_files(request) if h.ref == found[0].ref)

    def decider(self, request: str) -> Decide:
        """What people decided about files, by the hash of their bytes."""
        vault = self.workspace.vault.open(request)
        decided = self._decided(request)

        def decide(sha256: str) -> tuple[str, Verdict | None]:
            ref = vault.ref(Locator("package", "held", sha256))
            entry = decided.get(ref)
            return ref, _DECISIONS[entry.payload["decision"]] if entry else None

        return decide

    def _decided(self, request: str) -> Mapping[str, Entry]:
        return {e.payload["ref"]: e for e in self.journal.entries(request, "held_decided")}

    def _last_export(self, request: str) -> Entry | None:
        return next(reversed(list(self.journal.entries(request, "exported"))), None)

    # What was written and what became of it

    def in_clear(self, request: str) -> tuple[Entry, ...]:
        """Packages that were written and neither delivered nor destroyed."""
        over = {
            e.payload["manifest"]
            for k in ("package_delivered", "package_destroyed")
            for e in self.journal.entries(request, k)
        }
        return tuple(e for e in self.journal.entries(request, "exported") if e.payload["manifest"] not in over)

    def deliveries(self, request: str = "") -> tuple[Delivered, ...]:
        """Sealed packages, oldest first; of one request if given."""
        entries = list(self.journal.entries(request or None, "package_delivered"))
        collected = {e.key: e for e in self.journal.entries(request or None, "package_collected")}
        gone = {e.payload["package"]: e.at for e in self.journal.entries(request or None, "package_destroyed")}
        return tuple(self._delivered(e, collected.get(e.key or ""), gone) for e in entries)

    def _delivered(self, entry: Entry, collected: Entry | None, gone: Mapping[str, datetime]) -> Delivered:
        told, package = entry.payload, entry.key or ""
        at = datetime.fromisoformat(collected.payload["at"]) if collected else None
        return Delivered(
            entry.request, package, str(self.sealed(package)), told["channel"], entry.at,
            datetime.fromisoformat(told["until"]), told["manifest"], at, gone.get(package),
        )  # fmt: skip

    def sealed(self, package: str) -> Path:
        """Where a sealed package lies."""
        return self.workspace.root / "packages" / f"{package}.zip"

    # What is owed

    def due(self, request: str = "") -> tuple[Obligation, ...]:
        """Also files to be looked at, packages to be handed over, and what must be destroyed, of any request."""
        mine = [o for asked in self._with_packages(request) for o in self._owed_of_packages(asked)]
        found = [*super().due(request), *mine]
        return tuple(sorted(found, key=lambda o: (not o.overdue, o.when is not None, o.when, o.request)))

    def _with_packages(self, request: str) -> list[str]:
        return list(dict.fromkeys(e.request for e in self.journal.entries(request or None, "exported")))

    def _owed_of_packages(self, request: str) -> Iterator[Obligation]:
        now, received = self.now(), self.request(request).received
        by = received + timedelta(days=self.inventory.limits.manual_days)
        clear = self.in_clear(request)
        for held in self.held_files(request) if clear else ():
            if not held.decided:
                yield Obligation(request, Owed.REVIEW, held.system, held.collection, by, by <= now, held.why)
        for entry in clear:
            when = entry.at + KEPT_FOR
            why = f"a package in clear, written on {entry.at:%Y-%m-%d}: deliver it or destroy it"
            yield Obligation(request, Owed.DELIVER, "package", "clear", when, when <= now, why)
        for sealed in self.deliveries(request):
            if sealed.destroyed is None:
                said = "collected" if sealed.collected else "not collected yet"
                why = f"{sealed.package}, delivered by {sealed.channel}, {said}"
                yield Obligation(request, Owed.DESTROY, "package", "sealed", sealed.until, sealed.until <= now, why)


def _held(row: Mapping[str, str], decided: Entry | None) -> HeldFile:
    told: Mapping[str, str] = decided.payload if decided else {}
    return HeldFile(
        row["ref"], row["system"], row["collection"], row["source"], row["why"], told.get("decision", ""),
        decided.by if decided else "", told.get("reason", ""),
    )  # fmt: skip
