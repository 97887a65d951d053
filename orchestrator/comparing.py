"""Compares what a requester says with what is held. Staff enter it, the program looks, and nobody keeps it.

A point matches only if it does for every identifier of the request: otherwise somebody who names a victim's address
beside his own would prove hers with his own data. What is not surely one person's is not compared, and neither is a
field that anybody can fill in about somebody else. Attempts are counted before anything is compared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta

from connectors.model import Identifier, ObstacleKind, Record, Subject, Trust
from connectors.protocol import Connector
from orchestrator.correction.cases import Corrections
from orchestrator.correction.contested import named, points
from orchestrator.deadlines import Clocks
from orchestrator.discover import discover
from orchestrator.errors import IncompleteError, NotAllowedError, UnknownError
from orchestrator.held import Answer, compared, normal, together, values
from orchestrator.inventory import nearest
from orchestrator.inventory.counterparts import Point
from orchestrator.model import Coverage, Discovery, Request, Right
from orchestrator.regimes.proofs import proofs

_UNSURE = {ObstacleKind.CLAIMED, ObstacleKind.SEVERAL_PEOPLE, ObstacleKind.ORGANISATION, ObstacleKind.SHARED}
_MANY = {ObstacleKind.SEVERAL_PEOPLE, ObstacleKind.ORGANISATION}


class Comparing(Corrections, Clocks):
    """The use cases around points."""

    def compare(self, request: str, said: Mapping[str, str]) -> dict[str, Answer]:
        """Compare points (name -> what the requester says) with what is held. An attempt, whatever comes of it.

        NotAllowedError for a point that is not to be asked or is contested, for what says too little, and when the
        attempts are used up, in the same words whatever would have matched; IncompleteError, without an attempt, if
        a system cannot be searched.
        """
        self.actor.require("verify")
        asked = self.request(request)
        self.not_ended(request)
        wanted = [self._askable(asked, name, what) for name, what in said.items()]
        if not wanted or len(wanted) > proofs().attempts.points:
            raise NotAllowedError(
                f"an attempt has 1 to {proofs().attempts.points} points ({proofs().attempts.citation})"
            )
        with self.journal.lease("comparing"):
            self._attempts_left(asked)
            systems = self._systems_of_points(wanted)
            found = [f for f in self._led_to(request, systems) if f.records]
            self.journal.append(request, "comparing", self.actor.id, {"points": sorted(said)})
            answers = {p.name: self._compared_with(p, said[p.name], found, systems) for p in wanted}
            told = {"points": [[name, answers[name]] for name in sorted(answers)]}
            self.journal.append(request, "compared", self.actor.id, told)
        return answers

    def answers(self, request: str) -> dict[str, Answer]:
        """The answer to each point compared so far; the last one counts, since the data may have been corrected."""
        entries = self.journal.entries(request, "compared")
        return {name: Answer(answer) for e in entries for name, answer in e.payload["points"]}

    def point_refused(self, request: str, name: str) -> str:
        """Why nobody may be verified by this point, in words with the rule; empty if they may."""
        rules = proofs()
        if why := rules.refusal(name):
            return why
        point = self.inventory.points.get(name)
        return self.contested_in(request, {name, *((point.title, *(f for *_, f in point.held)) if point else ())})

    def contested_in(self, request: str, names: Collection[str]) -> str:
        """Why none of these names proves anything, in words; empty if they may. Contested is what is put right."""
        if self.request(request).right is not Right.CORRECT:
            return ""
        words = points(self._said(request), self.inventory)
        against = sorted(name for name in names if named(name, words))
        if not against:
            return ""
        said = f"contested in this request, so that it proves nothing ({proofs().contested.citation})"
        return f"{against[0]}: {said}; compare other points, such as the account or another identifier"

    def _askable(self, asked: Request, name: str, what: str) -> Point:
        if why := self.point_refused(asked.id, name):
            raise NotAllowedError(why)
        if name not in self.inventory.points:
            raise UnknownError(f"the inventory has no point {name!r}{nearest(name, self.inventory.points)}")
        point = self.inventory.points[name]
        if not normal(what, point.compare):
            raise NotAllowedError(f"what was said of {name!r} is too short to be compared")
        return point

    def _attempts_left(self, asked: Request) -> None:
        """Raise if none is left, of the request or of all that name the same person."""
        rule = proofs().attempts
        since = self.now() - timedelta(days=rule.days)
        same = [r.id for r in self.journal.requests() if set(r.tags) & set(asked.tags)]
        tried = [e for r in same for e in self.journal.entries(r, "comparing") if e.at >= since]
        mine = list(self.journal.entries(asked.id, "comparing"))
        if len(mine) >= rule.per_request or len(tried) >= rule.per_person:
            raise NotAllowedError(
                f"no attempts are left ({rule.per_request} for a request, {rule.per_person} about a person in "
                f"{rule.days} days: {rule.citation}); verify in another way, or dsr request unverifiable {asked.id}"
            )

    def _systems_of_points(self, points: Collection[Point]) -> dict[str, Connector]:
        wanted = {system for point in points for system, _, _ in point.held}
        connected = [n for n, system in self.inventory.systems.items() if n in wanted and not system.manual]
        return {name: self.workspace.connector(name, self.now()) for name in connected}

    def _led_to(self, request: str, systems: Mapping[str, Connector]) -> Iterator[Discovery]:
        """What each identifier of the request leads to by itself, as if it were proven. Reads only."""
        for kind, value in self.workspace.vault.open(request).get_json("identifiers"):
            found = discover(
                [Identifier(kind, value, Trust.PROVEN)], systems, not_connected={}, authorities={},
                normalise=self.inventory.normalise, now=self.now, erasing=False,
            )  # fmt: skip
            if down := [s.system for s in found.coverage if s.coverage is Coverage.UNREACHABLE]:
                raise IncompleteError(f"{', '.join(down)} could not be searched: nothing was compared; try again")
            yield found

    def _compared_with(
        self, point: Point, said: str, found: Sequence[Discovery], systems: Mapping[str, Connector]
    ) -> Answer:  # fmt: skip
        return together(compared(said, list(_held(point, one, systems)), point.compare) for one in found)


def _held(point: Point, found: Discovery, systems: Mapping[str, Connector]) -> Iterator[str]:
    records = [record for _, record in found.records]
    if any(r.people > 1 or {o.kind for o in r.obstacles} & _MANY for r in records):
        return  # more than one person: nobody's point
    for system, collection, field in point.held:
        for record in records:
            if (record.at.system, record.at.collection) == (system, collection) and _surely(record):
                yield from _values(systems[system], found.subject, record, field)


def _values(connector: Connector, subject: Subject, record: Record, field: str) -> Iterator[str]:
    for artifact in connector.export(subject, record.at):
        yield from values(artifact, field)


def _surely(record: Record) -> bool:
    return not record.mentions and not {o.kind for o in record.obstacles} & _UNSURE
