"""Finds data of children under 13 without anybody asking, and opens a request of our own for each.

The policy: "If we learn that we have collected … from a child under 13 without verification of parental consent,
we will delete that information." What follows is ordinary: a plan, holds, a person's approval, a receipt. A
guessed age, a contradiction or a recorded consent stops the plan until a person has looked.
Used through `orchestrator.service` only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from connectors.errors import ConnectorError
from connectors.model import Aged, Identifier
from orchestrator import canonical
from orchestrator.abilities import aging
from orchestrator.ages import Said, heard, together
from orchestrator.guard import AGE
from orchestrator.journal import State
from orchestrator.model import SCAN, Conflict, Ground, Level, Request, Right, Verification

if TYPE_CHECKING:
    from orchestrator.service import Service

METHOD = "a search of our own for data of children: nobody asked"
_CONSENT = "a parent's consent is recorded"
Progress = Callable[[str, str], None]


class Came(StrEnum):
    """What became of one find."""

    TO_ERASE = "to erase"  # planned: a person approves
    STOPPED = "stopped"  # planned, and the guard stops it: a person has to look
    UNDER_WAY = "under way"  # a request of before
    LEFT = "left"  # a person looked before, and cancelled


@dataclass(frozen=True, slots=True)
class Child:
    """One person who is, or may be, a child under 13."""

    system: str
    collection: str
    why: str
    came: Came
    request: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan looked into and found."""

    looked: tuple[str, ...]  # "system/collection"
    by_hand: tuple[tuple[str, str], ...]  # ("system/collection", owner): they tell ages, and no machine reads them
    rows: int
    unreadable: int  # values that are no age and no date
    children: tuple[Child, ...]
    troubles: tuple[tuple[str, str], ...]  # (system, why it could not be read)

    @property
    def settled(self) -> bool:
        return not self.troubles and all(c.came is Came.LEFT for c in self.children)


@dataclass
class _Person:
    """What is said of one person in all rows that name them."""

    system: str
    collection: str
    said: Said
    identifiers: set[Identifier] = field(default_factory=set)


def scan(service: Service, progress: Progress) -> Scanned:
    """Look at every field of the inventory that tells an age. Opens requests, deletes nothing."""
    looked, by_hand, troubles, children = [], [], [], list[Child]()
    rows = unreadable = 0
    for name, system in service.inventory.systems.items():
        places = [f"{name}/{c.name}" for c in system.collections.values() if c.tells]
        reader = aging(service.workspace.connector(name, service.now())) if places and not system.manual else None
        if reader is None:
            by_hand += [(place, system.owner) for place in places]
            continue
        progress(name, "looking for data of children")
        found = _Search(service, name)
        try:
            reader.read(found.first)
            if found.people:
                reader.read(found.again)
        except ConnectorError as error:
            troubles.append((name, str(error)))
            continue
        looked += places
        rows, unreadable = rows + found.rows, unreadable + found.unreadable
        children += [_opened(service, person, progress) for person in found.people]
    return Scanned(tuple(looked), tuple(by_hand), rows, unreadable, tuple(children), tuple(troubles))


class _Search:
    """One system's rows, read twice: for who may be a child, and then for what else is said of these.

    So nothing is kept of anybody else, however many rows there are.
    """

    def __init__(self, service: Service, system: str) -> None:
        self._service, self._system = service, system
        self._today = service.day(service.now())
        self._known: dict[tuple[str, str], _Person] = {}
        self.people: list[_Person] = []
        self.rows = self.unreadable = 0

    def first(self, rows: Iterable[Aged]) -> None:
        """Also after a reading that was cut short: it begins anew."""
        self._known, self.people, self.rows, self.unreadable = {}, [], 0, 0
        for row in rows:
            said = heard(row.says, self._today)
            self.rows, self.unreadable = self.rows + 1, self.unreadable + said.unreadable
            if not said.child:
                continue
            named = self._named(row)
            person = next((self._known[key] for key in named if key in self._known), None)
            if person is None:
                person = _Person(self._system, row.collection, said)
                self.people.append(person)
            self._learn(person, named, said)

    def again(self, rows: Iterable[Aged]) -> None:
        for row in rows:
            named = self._named(row)
            for person in {id(p): p for p in (self._known.get(key) for key in named) if p}.values():
                self._learn(person, named, heard(row.says, self._today))

    def _named(self, row: Aged) -> dict[tuple[str, str], Identifier]:
        return {(i.kind, self._service.inventory.normalise(i.kind, i.value)): i for i in row.identifiers}

    def _learn(self, person: _Person, named: Mapping[tuple[str, str], Identifier], said: Said) -> None:
        person.said = together(person.said, said)
        person.identifiers.update(named.values())
        self._known |= dict.fromkeys(named, person)


def _opened(service: Service, person: _Person, progress: Progress) -> Child:
    given = sorted({(i.kind, service.inventory.normalise(i.kind, i.value)) for i in person.identifiers})
    tags = {service.workspace.vault.person_tag(kind, value) for kind, value in given}
    why, sure = person.said.why, not person.said.doubtful
    why = f"{why}; {_CONSENT}" if person.said.consent else why
    for request, state in _before(service, tags):
        if state is State.CANCELLED and _told(service, request.id) != {"why": why, "sure": sure}:
            continue  # another thing is said by now than what a person looked at
        came = Came.LEFT if state is State.CANCELLED else Came.UNDER_WAY
        return Child(person.system, person.collection, why, came, request.id)
    request_id = service.new_request(Right.DELETE, given, SCAN, ground=Ground.POLICY_PROMISE)
    told = {"system": person.system, "collection": person.collection, "why": why, "sure": sure}
    service.journal.append(request_id, "minor_found", service.actor.id, told, request_id)
    kinds = tuple(sorted({kind for kind, _ in given}))
    # Nobody asks who might be somebody else: the record itself is what is meant.
    verified = Verification(Level.REASONABLY_HIGH, METHOD, kinds, kinds, service.actor.id, service.now())
    service.journal.append(request_id, "verified", service.actor.id, canonical.plain(verified))
    planned = service.plan(request_id, progress)
    came = Came.STOPPED if planned.open else Came.TO_ERASE
    return Child(person.system, person.collection, why, came, request_id, planned.digest)


def _before(service: Service, tags: set[str]) -> Iterator[tuple[Request, State]]:
    """Requests of our own about the same person that did not end in a deletion, the latest first."""
    for request, state in reversed(list(service.requests())):
        if request.channel == SCAN and tags & set(request.tags) and state not in (State.CLOSED, State.DENIED):
            yield request, state


def _told(service: Service, request: str) -> Mapping[str, Any]:
    found = next(service.journal.entries(request, "minor_found"), None)
    return {k: found.payload[k] for k in ("why", "sure")} if found else {}


def doubts(service: Service, request: str) -> tuple[Conflict, ...]:
    """What stops the plan of such a request until a person has looked."""
    found = service.journal.entries(request, "minor_found")
    return tuple(
        Conflict(e.payload["system"], AGE, e.payload["why"], final=False) for e in found if not e.payload["sure"]
    )
