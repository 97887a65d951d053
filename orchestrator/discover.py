"""Finds the person everywhere: a fixpoint over systems, each of which may reveal identifiers that
open further ones. Reads only.

Only proven and assigned identifiers open systems. What a record claims about the person is listed
and opens nothing; a claim that turns out to be another person's is a conflict and stops the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from connectors.errors import ConnectorError
from connectors.model import Identifier, Record, Subject, Trust
from connectors.protocol import Connector
from orchestrator.model import Conflict, Coverage, Discovery, Searched

UNSEEN = "nobody can be looked up there: deletion is asked for every identifier that may stand in it"
MAX_HOPS = 8  # more rounds than this means identifiers chase each other
_RANK = {Trust.CLAIMED: 0, Trust.ASSIGNED: 1, Trust.PROVEN: 2}

Normalise = Callable[[str, str], str]
Progress = Callable[[str, str], None]


@dataclass
class _Known:
    """Identifiers by what they are, each at the highest trust seen."""

    normalise: Normalise
    held: dict[tuple[str, str], Identifier] = field(default_factory=dict)

    def learn(self, identifier: Identifier) -> bool:
        """Remember it; True if it newly opens systems."""
        identifier = replace(identifier, value=self.normalise(identifier.kind, identifier.value))
        if not identifier.value:
            return False
        key = (identifier.kind, identifier.value)
        before = self.held.get(key)
        if before is not None and _RANK[before.trust] >= _RANK[identifier.trust]:
            return False
        self.held[key] = identifier
        return identifier.opens and (before is None or not before.opens)

    def subject(self) -> Subject:
        return Subject(frozenset(i for i in self.held.values() if i.opens))

    def claimed(self) -> frozenset[Identifier]:
        return frozenset(i for i in self.held.values() if not i.opens)


@dataclass
class _Search:
    """The latest answer of one system."""

    hop: int
    records: list[Record]
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
) -> Discovery:
    """Search all systems until nothing new opens one.

    `not_connected`: system -> why it is not searched by machine. `authorities`: identifier kind ->
    (system, collection) that hold it as one person's own; used to see whose a claim is. A system
    that fails is UNREACHABLE with its reason; it never counts as empty.
    """
    known = _Known(normalise)
    for identifier in given:
        known.learn(identifier)
    searches: dict[str, _Search] = {}
    due = [name for name, c in systems.items() if c.capabilities.needs & known.subject().kinds]
    conflicts: list[Conflict] = []
    hop = 0
    while due:
        if hop >= MAX_HOPS:
            conflicts.append(Conflict("*", "*", f"identifiers still open new systems after {MAX_HOPS} rounds"))
            break
        found = _round(due, systems, known.subject(), hop, searches, now, progress)
        opened = {i.kind for i in found if known.learn(i)}
        due = [name for name, c in systems.items() if c.capabilities.needs & opened]
        hop += 1
    conflicts += _conflicts(known, systems, authorities)
    at = now()
    return Discovery(
        known.subject(),
        known.claimed(),
        _in_order(systems, searches),
        _coverage(systems, searches, not_connected, at),
        tuple(conflicts),
        at,
    )


def _round(
    due: Sequence[str],
    systems: Mapping[str, Connector],
    subject: Subject,
    hop: int,
    searches: dict[str, _Search],
    now: Callable[[], datetime],
    progress: Progress,
) -> list[Identifier]:
    def search(name: str) -> _Search:
        progress(name, "searching")
        first = searches[name].hop if name in searches and searches[name].records else hop
        try:
            records = list(systems[name].locate(subject))
        except ConnectorError as error:
            progress(name, "unreachable")
            return _Search(first, [], Coverage.UNREACHABLE, str(error), now())
        progress(name, f"{sum(r.count for r in records)} found")
        return _Search(first, records, Coverage.SEARCHED, "", now())

    with ThreadPoolExecutor(max_workers=max(1, len(due))) as pool:
        searches.update(zip(due, pool.map(search, due), strict=True))
    return [i for name in due for record in searches[name].records for i in record.reveals]


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
