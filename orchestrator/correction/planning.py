"""Makes the plan of a correction: searches, reads what stands where, decides. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.model import Identifier, Subject, Trust
from orchestrator import canonical
from orchestrator.abilities import mailing
from orchestrator.correction import readings
from orchestrator.correction.decide import Decided, decide
from orchestrator.decide import Given
from orchestrator.model import Discovery, Plan, Right

if TYPE_CHECKING:
    from orchestrator.service import Service

Progress = Callable[[str, str], None]


def decided(service: Service, request: str, found: Discovery, progress: Progress, replaces: str = "") -> Decided:
    """What is to be put right by now: everything is read, nothing changed."""
    workspace, inventory = service.workspace, service.inventory
    contested = service.contested(request)
    systems = workspace.connectors(service.now())
    read = readings.read(found, inventory, contested, systems, progress)
    verification = service.verification(request)
    vault = workspace.vault.open(request)
    new = readings.identifiers(contested, inventory, Trust.CLAIMED)
    known = workspace.hashes(request, Subject(found.subject.identifiers - frozenset(new)))  # the new one is no news
    about = Given(
        request, Right.CORRECT, service.actor.id, verification, service.journal.holds(), service.tags(found),
        vault.ref, service.request(request).received, replaces=replaces, known=known,
    )  # fmt: skip
    made = decide(
        found, inventory, about, contested, read.values, read.able,
        tuple(readings.conflicts(found, read, contested, inventory, systems)),
        readings.opted_out(contested, found, inventory, mailing(systems)), read.unread,
    )  # fmt: skip
    tags = tuple((c.attribute, service.commitment(c)) for c in contested)
    return replace(made, plan=replace(made.plan, contested=tags))


def plan(service: Service, request: str, acted_on: Iterable[Identifier], progress: Progress) -> tuple[Plan, str]:
    """Search, read, decide; the plan is frozen under its digest, its values in the vault.

    `acted_on`: identifiers of the last plan that was carried out, an address that was corrected since among them.
    """
    verification = service.verification(request)
    contested = service.ready(request, verification)
    with service.journal.lease(request):
        start = [*service.identifiers(request, verification), *acted_on]
        new = set(readings.identifiers(contested, service.inventory, Trust.CLAIMED))
        start = [i for i in start if i not in new]  # what is only said to be theirs opens nothing
        found = service.discover(request, start, progress, erasing=False)
        made = decided(service, request, found, progress, service.journal.latest_plan(request) or "")
        digest = canonical.digest(made.plan)
        service.workspace.vault.open(request).put_json(f"plan:{digest}", {
            "subject": canonical.plain(found.subject), "claimed": canonical.plain(Subject(found.claimed)),
            "places": canonical.plain(made.places), "corrections": canonical.plain(made.corrections),
            "records": canonical.plain(made.records),
        })  # fmt: skip
        service.journal.save_plan(made.plan)
    return made.plan, digest
