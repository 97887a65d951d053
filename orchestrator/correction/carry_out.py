"""After the approval: opt-outs of an old address go along, the approved corrections are made, all is read back.

Used by `orchestrator.fulfil` only, which has made the checks that come before. Everything is journalled as
any plan is; what a system answers in between (half way, try again) leaves the step without an outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connectors.model import (
    Action,
    Artifact,
    Capabilities,
    Correction,
    Gate,
    Identifier,
    Locator,
    Order,
    Outcome,
    Record,
    Subject,
    Trust,
)
from connectors.protocol import Connector, Corrects
from orchestrator import canonical, opt_out
from orchestrator.abilities import correcting, mailing
from orchestrator.correction.confirm import confirm
from orchestrator.correction.contested import records
from orchestrator.correction.decide import Decided
from orchestrator.correction.readings import identifiers
from orchestrator.execute import Trouble, execute
from orchestrator.model import Confirmation, Plan
from orchestrator.preferences import ENTRY, LISTED, Preferences

if TYPE_CHECKING:
    from orchestrator.service import Planned, Service

Progress = Callable[[str, str], None]


class Corrector:
    """A connector that is given the values of its corrections beforehand: an order names a place only."""

    def __init__(self, inside: Connector, able: Corrects | None, corrections: Mapping[Locator, Correction]) -> None:
        self._inside, self._able, self._corrections = inside, able, corrections

    @property
    def system(self) -> str:
        return self._inside.system

    @property
    def capabilities(self) -> Capabilities:
        return self._inside.capabilities

    def check(self) -> None:
        self._inside.check()

    def locate(self, subject: Subject) -> Iterator[Record]:
        return self._inside.locate(subject)

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        return self._inside.export(subject, at)

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Nothing is deleted: corrections are made, and the rest is answered as what it is."""
        asked = [o for o in orders if o.action is Action.CORRECT]
        yield from (spared for o in orders if o not in asked and (spared := o.spared()))
        if asked and self._able is not None:
            made = self._able.correct(subject, [self._corrections[o.at] for o in asked])
            for order, outcome in zip(asked, made, strict=True):
                yield replace(outcome, at=order.at)


def carry_out(
    service: Service, planned: Planned, gate_for: Callable[[str], Gate], progress: Progress
) -> tuple[Subject, tuple[Trouble, ...]]:
    """Do what has no outcome yet. What kept it from finishing, and who the person is, for the receipt."""
    plan, digest, journal = planned.plan, planned.digest, service.journal
    kept = service.workspace.vault.open(plan.request).get_json(f"plan:{digest}")
    subject = canonical.decode(Subject, kept["subject"])
    seen = journal.confirmation(digest)
    lost = seen is not None and not all(kept for _, kept in seen.opt_outs)
    if not lost and {s.ref for s in plan.steps} <= set(journal.outcomes(digest)):
        return subject, ()
    journal.append(plan.request, "run_started", service.actor.id, {"plan": digest})
    places = {ref: canonical.decode(Locator, at) for ref, at in kept["places"].items()}
    corrections = {places[ref]: canonical.decode(Correction, c) for ref, c in kept["corrections"].items()}
    systems = service.workspace.connectors(service.now(), gate_for)
    troubles = _opt_out(service, plan, digest, subject, systems)
    given: dict[str, Connector] = {n: Corrector(c, correcting(c), corrections) for n, c in systems.items()}
    troubles = troubles or execute(plan, digest, subject, places, given, journal, progress=progress)
    told = {"plan": digest, "systems": [t.system for t in troubles]}
    journal.append(plan.request, "run_ended", service.actor.id, told)
    return subject, troubles


def _opt_out(
    service: Service, plan: Plan, digest: str, subject: Subject, systems: Mapping[str, Connector]
) -> tuple[Trouble, ...]:
    """The new address is opted out wherever the old one is, in our own list too, before it stands anywhere."""
    tag, by = service.workspace.vault.person_tag, service.actor.id
    new = _new(service, plan.request)
    listed = Preferences(service.journal)
    for identifier in sorted(new.identifiers, key=lambda i: (i.kind, i.value)):
        entered = tag(identifier.kind, identifier.value)
        for choice in listed.of(tag(identifier.kind, old) for old in subject.values(identifier.kind)):
            entry = {"tag": entered, "purpose": choice.purpose}
            service.journal.append("", LISTED, by, entry, tag(ENTRY, f"{plan.request}/{choice.purpose}/{entered}"))
    return opt_out.enter(plan, digest, new, mailing(systems), service.journal, by, tag)


def named(service: Service, request: str, subject: Subject) -> Subject:
    """The person with every contested value: what no text of a receipt may hold."""
    values = {v for c in service.contested(request) for v in (c.new, *c.was) if v}
    return Subject(subject.identifiers | {Identifier("contested", value, Trust.CLAIMED) for value in values})


def read_back(service: Service, planned: Planned, subject: Subject, progress: Progress) -> Confirmation:
    """Search and read everything again, with the new identifiers as well: by now they are the person's."""

    def saying(system: str, what: str) -> None:
        progress(system, f"reading back: {what}")

    plan, now = planned.plan, service.now()
    kept: Any = service.workspace.vault.open(plan.request).get_json(f"plan:{planned.digest}")
    new = _new(service, plan.request)
    found = service.discover(plan.request, subject.identifiers | new.identifiers, saying, erasing=False)
    fresh: Decided = service.decided_correction(plan.request, found, saying)
    planned_at = {ref: canonical.decode(Locator, at) for ref, at in kept["records"].items()}
    emptied = {c.attribute for c in service.contested(plan.request) if not c.new}
    outcomes = service.journal.outcomes(planned.digest)
    done = confirm(plan, outcomes, fresh, {r.at for _, r in records(found)}, emptied, planned_at, now)
    systems = mailing(service.workspace.connectors(now))
    return replace(done, opt_outs=opt_out.still_there(plan, new, systems))


def _new(service: Service, request: str) -> Subject:
    return Subject(frozenset(identifiers(service.contested(request), service.inventory, Trust.ASSIGNED)))
