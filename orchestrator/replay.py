"""Runs erasures again after a restore: everybody in a system is compared with the ledger, and whoever
was erased and is there again gets a request of their own, with a plan that a person approves.

What came after an erasure is not the erased data: a new account, a consent, another holder of an
address. It is not touched, and stops the plan until a person has looked. A restored system is
unserved from `start` until a reading finds nobody left, which is signed as the replay's receipt.
Used through `orchestrator.service` only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from connectors.errors import ConnectorError
from connectors.model import Identifier, Trust
from orchestrator import canonical, receipt
from orchestrator.abilities import Enumerating, enumerating
from orchestrator.decide import Given, decide
from orchestrator.errors import NotAllowedError
from orchestrator.journal import State
from orchestrator.ledger import Erasure, Index, erasures, portion, scope_of
from orchestrator.model import LATER, Coverage, Discovery, Plan, Right, Verification
from orchestrator.signing import envelope_bytes
from orchestrator.storage.kinds import PURGED
from orchestrator.workspace import private_file

if TYPE_CHECKING:
    from orchestrator.intake import Intake
    from orchestrator.service import Service

Progress = Callable[[str, str], None]
CHANNEL = "replay"
METHOD = "an entry of the erasure ledger: the identifiers are those erased for the request that is run again"


class Came(StrEnum):
    """What came of one person who was found again."""

    TO_ERASE = "to erase"  # a plan waits for an approval
    STOPPED = "stopped"  # the guard stops the plan: a person looks
    SETTLED = "settled"  # a person cancelled it since the restore
    NOTHING = "nothing to erase"  # what is there is kept by a rule, or handed over

    @property
    def open(self) -> bool:
        return self in (Came.TO_ERASE, Came.STOPPED)


@dataclass(frozen=True, slots=True)
class Again:
    """One erased person who is in a system again."""

    first: str
    came: Came
    request: str = ""
    digest: str = ""
    why: tuple[str, ...] = ()  # codes of what stops the plan


@dataclass(frozen=True, slots=True)
class Replayed:
    """One system compared with the ledger."""

    system: str
    since: datetime
    erasures: int  # people in the ledger who may be in the copy
    rows: int = 0
    people: tuple[Again, ...] = ()
    receipt: str = ""  # its file
    trouble: str = ""  # why it could not be read

    @property
    def settled(self) -> bool:
        return not self.trouble and not any(p.came.open for p in self.people)


@dataclass(frozen=True, slots=True)
class Mark:
    """A restored system that must not be served yet."""

    system: str
    copy: datetime  # when the copy was made
    since: datetime  # when it was marked
    by: str


def start(service: Service, system: str, copy: datetime) -> Mark:
    """Mark a system as restored and unserved. NotAllowedError if nobody could clear the mark."""
    if _reader(service, system) is None:
        raise NotAllowedError(f"{system} cannot list whom it holds: search it for each request of the ledger by hand")
    if copy > service.now():
        raise NotAllowedError("the copy was made in the future")
    told = {"system": system, "copy": canonical.plain(copy)}
    service.journal.append("", "restored", service.actor.id, told)
    return unserved(service)[system]


def unserved(service: Intake) -> dict[str, Mark]:
    """Systems that were restored and have no replay receipt since."""
    cleared = {e.payload["system"]: e.seq for e in service.journal.entries(kind="replay_receipt")}
    marks: dict[str, Mark] = {}
    for entry in service.journal.entries(kind="restored"):
        name, copy = entry.payload["system"], datetime.fromisoformat(entry.payload["copy"])
        if entry.seq > cleared.get(name, 0):
            before = marks.get(name)
            marks[name] = Mark(name, min(copy, before.copy) if before else copy, entry.at, entry.by)
    return marks


def replay(service: Service, since: datetime | None, system: str, progress: Progress) -> tuple[Replayed, ...]:
    """Compare systems with the erasures since then; see `Service.replay`."""
    marks = unserved(service)
    if system:
        names = [service.inventory.system(system).name]
    else:
        names = list(marks) or [n for n in service.workspace.connectors(service.now()) if _reader(service, n)]
    return tuple(_Replay(service, name, since, marks.get(name), progress).result() for name in names)


def _reader(service: Service, system: str) -> Enumerating | None:
    if service.inventory.system(system).manual:
        return None
    return enumerating(service.workspace.connector(system, service.now()))


class _NotSearchedError(Exception):
    """The restored system was listed and then not searched to its end."""


class _Replay:
    """One system under one comparison."""

    def __init__(
        self, service: Service, system: str, since: datetime | None, mark: Mark | None, progress: Progress
    ) -> None:  # fmt: skip
        if since is None and mark is None:
            raise NotAllowedError(f"say when the restored copy of {system} was made: --since DATE")
        if since and mark and since > mark.copy:
            raise NotAllowedError(f"the copy of {system} was made {mark.copy:%Y-%m-%d %H:%M}: --since is later")
        self.service, self.system, self.mark, self.progress = service, system, mark, progress
        self.since = since or (mark.copy if mark else service.now())
        live = [e for e in erasures(service.journal) if not e.expired(service.now())]
        people = {e.first for e in live if e.system == system and e.at >= self.since}
        self.known: list[Erasure] = [e for e in live if e.first in people]
        self.people = frozenset(people)

    def result(self) -> Replayed:
        reader = _reader(self.service, self.system)
        blank = Replayed(self.system, self.since, len(self.people))
        if reader is None:
            return _with_trouble(blank, "cannot list whom it holds: search it for each request by hand")
        self.progress(self.system, "comparing with the ledger")
        index = Index(self.known, self.service.workspace.vault.ledger_tagger)
        try:
            rows, found = reader.read(lambda rows: _matches(rows, index, self.service.inventory.normalise))
        except ConnectorError as error:
            return _with_trouble(blank, str(error))
        try:
            people = tuple(self._again(first, found[first]) for first in sorted(found))
        except _NotSearchedError as error:
            return _with_trouble(blank, str(error))
        self.progress(self.system, f"{rows} rows, {len(people)} erased people")
        done = Replayed(self.system, self.since, len(self.people), rows, people)
        told = {
            "system": self.system, "since": canonical.plain(self.since), "rows": rows, "erasures": len(self.people),
            "found": len(people), "open": sum(p.came.open for p in people),
        }  # fmt: skip
        self.service.journal.append("", "replayed", self.service.actor.id, told)
        return _sign(self.service, done, self.mark) if done.settled else done

    def _again(self, first: str, identifiers: frozenset[Identifier]) -> Again:
        """Search for one person with what the ledger knows of them, and plan if there is something to erase."""
        service = self.service
        unserved = frozenset({self.system} if self.mark else ())
        scope = scope_of(service.workspace, first, [self.system], unserved, self.known)
        found = service.search(scope, identifiers, self.progress)
        for searched in found.coverage:
            if searched.system == self.system and searched.coverage is not Coverage.SEARCHED:
                raise _NotSearchedError(searched.why)  # silence is no absence
        verification = self._verification(first, identifiers)
        only = portion(service.workspace, self.known, first, self.system)
        trial = self._trial(found, verification, scope.existed, unserved, only)
        if not (trial.changes or trial.conflicts or any(s.rule == LATER for s in trial.steps)):
            return Again(first, Came.NOTHING)
        for request, state, ended in self._requests(first):
            if state not in (State.CANCELLED, State.CLOSED, State.DENIED):
                return self._shown(first, request)
            if state is not State.CLOSED and self.mark and ended > self.mark.since:
                return Again(first, Came.SETTLED, request)
        given = sorted((i.kind, i.value) for i in identifiers)
        request = service.new_request(Right.DELETE, given, CHANNEL, replays=first, only=only)
        told = {"first": first, "systems": [self.system], "unserved": sorted(unserved)}
        service.journal.append(request, "replaying", service.actor.id, told, request)
        service.journal.append(request, "verified", service.actor.id, canonical.plain(verification))
        service.plan(request, self.progress)
        return self._shown(first, request)

    def _shown(self, first: str, request: str) -> Again:
        if self.service.journal.latest_plan(request) is None:  # it was cut short between the two
            self.service.plan(request, self.progress)
        planned = self.service.show_plan(request)
        codes = tuple(sorted({f.code for f in planned.open}))
        return Again(first, Came.STOPPED if codes else Came.TO_ERASE, request, planned.digest, codes)

    def _requests(self, first: str) -> Iterator[tuple[str, State, datetime]]:
        """Requests that run this person's erasure again here, the latest first, with their last entry's time."""
        for request, state in reversed(list(self.service.requests())):
            if request.replays == first:
                *_, last = self.service.journal.entries(request.id)
                told = next(self.service.journal.entries(request.id, "replaying"), None)
                if told is not None and self.system in told.payload["systems"]:
                    yield request.id, state, last.at

    def _verification(self, first: str, identifiers: Collection[Identifier]) -> Verification:
        """As strong as the one that the erasure was based on: the same identifiers were proven by it.

        Where its record was destroyed since, as strong as a deletion must be: it was carried out.
        """
        needed = self.service.inventory.verification[Right.DELETE]
        destroyed = any(self.service.journal.entries(first, PURGED))
        level = needed if destroyed else self.service.verification(first).level
        kinds = tuple(sorted({i.kind for i in identifiers}))
        return Verification(level, METHOD, kinds, kinds, self.service.actor.id, self.service.now())

    def _trial(
        self, found: Discovery, verification: Verification, existed: Mapping[str, datetime], unserved: frozenset[str],
        only: tuple[str, ...],
    ) -> Plan:  # fmt: skip
        """What would be done, before there is a request: nothing is kept of whoever needs none."""
        given = Given(
            "", Right.DELETE, self.service.actor.id, verification, self.service.journal.holds(),
            self.service.tags(found), canonical.digest, self.service.now(), existed=existed, undated=unserved,
            only=only, redacts=self.service.workspace.redacting,
        )  # fmt: skip
        return decide(found, self.service.inventory, given)


def _with_trouble(blank: Replayed, trouble: str) -> Replayed:
    return Replayed(blank.system, blank.since, blank.erasures, trouble=trouble)


def _matches(
    rows: Iterable[tuple[Identifier, ...]], index: Index, normalise: Callable[[str, str], str]
) -> tuple[int, dict[str, frozenset[Identifier]]]:
    """How many rows there are, and whom of the ledger they bear, with the identifiers that the ledger knows.

    Of several people who had an identifier in turn, a row is whoever's it fits best.
    """
    count, found = 0, dict[str, set[Identifier]]()
    for row in rows:
        count += 1
        fits: dict[str, set[Identifier]] = {}
        for borne in row:
            value = normalise(borne.kind, borne.value)
            for first in index.who(borne.kind, value):
                fits.setdefault(first, set()).add(Identifier(borne.kind, value, Trust.PROVEN, borne.origin))
        best = max(map(len, fits.values()), default=0)
        for first, identifiers in fits.items():
            if len(identifiers) == best:
                found.setdefault(first, set()).update(identifiers)
    less = {a for a in found for b in found if found[a] < found[b]}
    return count, {first: frozenset(mine) for first, mine in found.items() if first not in less}


def _sign(service: Service, done: Replayed, mark: Mark | None) -> Replayed:
    """The replay's receipt: nobody who was erased is left. It clears the mark."""
    workspace, journal = service.workspace, service.journal
    requests = [r for r, _ in service.requests() if r.replays and (mark is None or r.received >= mark.since)]
    payload = canonical.plain({
        "type": receipt.REPLAY, "company": service.inventory.company, "system": done.system, "issued": service.now(),
        "copy": mark.copy if mark else done.since, "since": done.since, "restored": mark.since if mark else None,
        "rows": done.rows, "erasures": done.erasures, "found": len(done.people),
        "kept": sum(p.came is Came.NOTHING for p in done.people),
        "settled_by_a_person": sum(p.came is Came.SETTLED for p in done.people),
        "requests": [_named(service, r.id, r.replays) for r in requests], "journal": journal.head(),
    })  # fmt: skip
    envelope = envelope_bytes(workspace.signing_key.sign(payload))
    digest = receipt.hash_of(envelope)
    told = {"system": done.system, "hash": digest, "envelope": envelope.decode()}
    journal.append("", "replay_receipt", service.actor.id, told, digest)
    number = sum(e.payload["system"] == done.system for e in journal.entries(kind="replay_receipt"))
    file = workspace.root / "receipts" / f"replay-{done.system}-{number}.json"
    private_file(file, envelope)
    private_file(file.parent / "receipt.pub.pem", workspace.public_pem())
    return Replayed(done.system, done.since, done.erasures, done.rows, done.people, str(file))


def _named(service: Service, request: str, first: str) -> Mapping[str, Any]:
    receipts = [r["hash"] for r in service.journal.receipts(request)]
    state = service.journal.state(request)
    return {"request": request, "replays": first, "state": state, "receipt": receipts[-1] if receipts else ""}
