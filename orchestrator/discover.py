"""Finds the person everywhere: a fixpoint over systems, each of which may reveal identifiers that
open further ones. Reads only.

Only proven and assigned identifiers open systems. What a record claims about the person is listed
and opens nothing; a claim that turns out to be another person's is a conflict and stops the plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from connectors import copies
from connectors.errors import ConnectorError
from connectors.model import Identifier, ObstacleKind, Record, Subject, Trust
from connectors.protocol import Connector
from orchestrator.model import Conflict, Coverage, Discovery, Searched

MAX_SEARCHES = 16  # of one system: more means that identifiers chase each other
LASTING = timedelta(days=4)  # a plan is carried out within 72 hours, and a run may take its time
UNSEEN = "nobody can be looked up there: deletion is asked for every identifier that may stand in it"
_RANK = {Trust.CLAIMED: 0, Trust.ASSIGNED: 1, Trust.PROVEN: 2}

Normalise = Callable[[str, str], str]
Progress = Callable[[str, str], None]


@dataclass
class _Known:
    """Identifiers by what they are, each at the highest trust seen."""

    normalise: Normalise
    held: dict[tuple[str, str], Identifier] = field(default_factory=dict)
    hops: dict[tuple[str, str], int] = field(default_factory=dict)

    def learn(self, identifier: Identifier, hop: int) -> bool:
        """Remember it, found so many hops away from what was given; True if it newly opens systems."""
        identifier = replace(identifier, value=self.normalise(identifier.kind, identifier.value))
        if not identifier.value:
            return False
        key = (identifier.kind, identifier.value)
        before = self.held.get(key)
        if before is not None and _RANK[before.trust] >= _RANK[identifier.trust]:
            return False
        self.held[key] = identifier
        self.hops[key] = hop
        return identifier.opens and (before is None or not before.opens)

    def farthest(self, kinds: Collection[str]) -> int:
        """How far away the farthest opening identifier of these kinds was found."""
        return max(self.hops[key] for key, i in self.held.items() if i.opens and i.kind in kinds)

    def subject(self) -> Subject:
        return Subject(frozenset(i for i in self.held.values() if i.opens))

    def claimed(self) -> frozenset[Identifier]:
        return frozenset(i for i in self.held.values() if not i.opens)


@dataclass(frozen=True, slots=True)
class _Search:
    """The latest answer of one system."""

    hop: int
    records: tuple[Record, ...]
    coverage: Coverage
    why: str
    at: datetime


def discover(
    given: Iterable[Identifier],
    systems: Mapping[str, Connector],
    *,
    not_connected: Mapping[str, str],
    authorities: Mapping[str, Sequence[tuple[str, str]]],
    normalise: Normalise,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    progress: Progress = lambda system, what: None,
    erasing: bool = True,
) -> Discovery:
    """Search all systems until nothing new opens one.

    `not_connected`: system -> why it is not searched by machine. `authorities`: identifier kind ->
    (system, collection) that hold it as one person's own; used to see whose a claim is. A system
    that fails is UNREACHABLE with its reason; it never counts as empty. `erasing`: whether what is
    found may yet be erased; otherwise copies are those of before, and what stays opens no newer ones.
    """
    known = _Known(normalise)
    for identifier in given:
        known.learn(identifier, 0)
    searching = _Searching(systems, known, now, progress, erasing)
    searching.to_the_end()
    conflicts = [*searching.conflicts, *_conflicts(known, systems, authorities)]
    at = now()
    return Discovery(
        known.subject(),
        known.claimed(),
        _in_order(systems, searching.done),
        _coverage(systems, searching.done, not_connected, at),
        tuple(conflicts),
        at,
    )


class _Searching:
    """Searches side by side: each system as soon as an identifier opens it, and again for every new
    one, without waiting for the others. Only the thread that owns this object changes it."""

    def __init__(
        self, systems: Mapping[str, Connector], known: _Known, now: Callable[[], datetime], progress: Progress,
        erasing: bool,
    ) -> None:  # fmt: skip
        self._systems, self._known, self._now, self._progress = systems, known, now, progress
        self._under_way: dict[Future[_Search], str] = {}
        # Copies made until then hold the person, too.
        self._erased_by = now() + LASTING if erasing else None
        self._stale: set[str] = set()  # under way, and something new opens them
        self._asked = Counter[str]()
        self.done: dict[str, _Search] = {}
        self.conflicts: list[Conflict] = []

    def to_the_end(self) -> None:
        with ThreadPoolExecutor(max_workers=max(1, len(self._systems))) as pool:
            self._open(pool, self._known.subject().kinds)
            while self._under_way:
                finished, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
                for future in sorted(finished, key=lambda f: self._under_way[f]):
                    self._learn(pool, self._under_way.pop(future), future.result())

    def _learn(self, pool: ThreadPoolExecutor, name: str, search: _Search) -> None:
        self.done[name] = search
        revealed = [i for record in search.records for i in record.reveals]
        if self._erased_by is not None and self._copied(name, search):
            revealed.append(copies.held(name, self._erased_by))
        opened = {i.kind for i in revealed if self._known.learn(i, search.hop + 1)}
        if name in self._stale:
            self._stale.discard(name)
            self._ask(pool, name)
        self._open(pool, opened)

    def _copied(self, name: str, search: _Search) -> bool:
        """Whether the person was found in a system of which another one holds copies."""
        if not any(copies.kind(name) in c.capabilities.needs for c in self._systems.values()):
            return False
        return any(all(o.kind is not ObstacleKind.CLAIMED for o in record.obstacles) for record in search.records)

    def _open(self, pool: ThreadPoolExecutor, kinds: Collection[str]) -> None:
        for name, connector in self._systems.items():
            if not connector.capabilities.needs.intersection(kinds):
                continue
            if name in self._under_way.values():
                self._stale.add(name)
            else:
                self._ask(pool, name)

    def _ask(self, pool: ThreadPoolExecutor, name: str) -> None:
        self._asked[name] += 1
        if self._asked[name] > MAX_SEARCHES:
            reason = f"identifiers still open it after {MAX_SEARCHES} searches"
            self.conflicts.append(Conflict(name, "*", reason))
            return
        before = self.done.get(name)
        # Where it had records before, those came from nearer identifiers.
        hop = before.hop if before and before.records else self._known.farthest(self._systems[name].capabilities.needs)
        self._under_way[pool.submit(self._search, name, self._known.subject(), hop)] = name

    def _search(self, name: str, subject: Subject, hop: int) -> _Search:
        self._progress(name, "searching")
        try:
            records = tuple(self._systems[name].locate(subject))
        except ConnectorError as error:
            self._progress(name, "unreachable")
            return _Search(hop, (), Coverage.UNREACHABLE, str(error), self._now())
        self._progress(name, f"{sum(r.count for r in records)} found")
        return _Search(hop, records, Coverage.SEARCHED, "", self._now())


def _conflicts(
    known: _Known, systems: Mapping[str, Connector], authorities: Mapping[str, Sequence[tuple[str, str]]]
) -> list[Conflict]:
    """Claims met outside the authority for their kind that are, there, someone else's own."""
    mine = known.subject()
    conflicts = []
    for claim in sorted(known.claimed(), key=lambda i: (i.kind, i.origin)):
        for system, collection in authorities.get(claim.kind, ()):
            if claim.origin == "request" or claim.origin.partition("/")[0] == system or system not in systems:
                continue
            asked = Subject.of(replace(claim, trust=Trust.PROVEN))
            try:
                records = [r for r in systems[system].locate(asked) if r.at.collection == collection]
            except ConnectorError as error:
                conflicts.append(Conflict(system, claim.kind, f"cannot see whose the claimed identifier is: {error}"))
                continue
            if any(_someone_else(record, mine, claim) for record in records):
                reason = f"{claim.origin} names an identifier that is another person's own in {system}/{collection}"
                conflicts.append(Conflict(system, claim.kind, reason))
    return conflicts


def _someone_else(record: Record, mine: Subject, claim: Identifier) -> bool:
    assigned = [i for i in record.reveals if i.trust is Trust.ASSIGNED and i.kind in mine.kinds]
    if assigned:
        return any(i not in mine.identifiers for i in assigned)
    return not record.obstacles and claim not in mine.identifiers


def _in_order(systems: Mapping[str, Connector], searches: Mapping[str, _Search]) -> tuple[tuple[int, Record], ...]:
    """Farthest discovered first; inside a system as yielded, which is children before parents."""
    names = sorted(searches, key=lambda n: (-searches[n].hop, list(systems).index(n)))
    return tuple((searches[n].hop, record) for n in names for record in searches[n].records)


def _coverage(
    systems: Mapping[str, Connector],
    searches: Mapping[str, _Search],
    not_connected: Mapping[str, str],
    at: datetime,
) -> tuple[Searched, ...]:
    rows = []
    for name, connector in systems.items():
        if done := searches.get(name):
            count = sum(r.count for r in done.records)
            coverage, why = done.coverage, done.why
            if coverage is Coverage.SEARCHED and not connector.capabilities.searchable:
                coverage, why = Coverage.NOT_SEARCHABLE, UNSEEN
            rows.append(Searched(name, coverage, done.at, why, done.hop, count))
        else:
            kinds = ", ".join(sorted(connector.capabilities.needs))
            why = f"no proven or assigned identifier of a kind it can be searched by ({kinds})"
            rows.append(Searched(name, Coverage.NOT_SEARCHABLE, at, why))
    rows += [Searched(name, Coverage.MANUAL_OPEN, at, why) for name, why in not_connected.items()]
    return tuple(rows)
