"""What happens after an approval: execute, read back, sign; and the export of what may be disclosed.

Used through `orchestrator.service` only, which has made the checks that come before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.model import Action, Gate, Subject
from orchestrator import canonical, ledger, opt_out
from orchestrator.abilities import mailing
from orchestrator.collected import lists
from orchestrator.confirm import confirm
from orchestrator.correction.carry_out import carry_out, named, read_back
from orchestrator.disclosures import first_day
from orchestrator.errors import HeldError, IncompleteError, SystemFailedError, UnknownError
from orchestrator.execute import Trouble, execute
from orchestrator.issue import Fulfilled, issue
from orchestrator.journal import State
from orchestrator.model import LATER, SCAN, Confirmation, Right
from orchestrator.package import Job, Package, write
from orchestrator.pause import paused_systems, refuse_if_paused
from orchestrator.still_open import Known, carried_over

if TYPE_CHECKING:
    from orchestrator.service import Planned, Service

Progress = Callable[[str, str], None]
_WHILE_MUTE = (
    "everything else went on; if a vendor stays as it is, enter the opt-out there by hand, let the inventory say that "
    "its system is done by hand, and make a new plan"
)


@dataclass(frozen=True, slots=True)
class Wish:
    """How a package is wanted."""

    zipped: bool = False
    since: date | None = None  # in place of what was recorded with the request
    held_to: Path | None = None  # a new folder for files that a person has to look at


def run(service: Service, request: str, progress: Progress) -> Fulfilled:
    """Execute the approved plan, read everything back, sign a receipt.

    Raises SystemFailedError if a system did not answer all its orders, IncompleteError if what is left waits for
    people; what was done stays done and journalled, and running again does the rest. Where it is only an opt-out
    that could not be entered, with what waits for it, everything else is read back and signed before.
    A plan that was carried out to its end is not carried out again: it is read back, and a new receipt is signed if
    anything changed.
    """
    service.request(request)
    refuse_if_paused(service.journal, request)
    service.fee_settled(request)
    with service.journal.lease(request):  # before the checks: another driver may be making a new plan
        _scrub(service, request)
        done = service.carried_out(request)
        planned = done or service.executable(request)
        service.approval(planned, at_any_age=done is not None)
        troubles: Sequence[Trouble] = ()
        if planned.plan.right is Right.CORRECT:
            subject, confirmation = _put_right(service, planned, progress)
        else:
            known = service.known(request, planned.digest)
            subject = known.subject
            if planned.plan.right is Right.DELETE:
                troubles = _carry_out(service, planned, known, progress)
            confirmation = _read_back(service, request, planned, known, progress)
        service.journal.save_confirmation(planned.digest, confirmation, service.actor.id)
        _enter(service, planned, subject, confirmation)  # before a closed request forgets who it was
        fulfilled = issue(service, planned, subject, confirmation)
        if troubles:
            way_out = [_WHILE_MUTE] if any(t.failed for t in troubles) else []
            said = f"an interim receipt says so: {fulfilled.envelope}"
            raise not_finished(service, request, troubles, *way_out, said)
        if fulfilled.payload["final"] and service.request(request).channel == SCAN:  # nobody waits for a letter
            service.journal.append(request, "complied", service.actor.id, {"plan": planned.digest}, request)
        return fulfilled


def _scrub(service: Service, request: str) -> None:
    """Get rid of what another process's reading kept in the files when something was destroyed."""
    journal = service.journal
    reduced = any(journal.entries(request, "vault_reduced"))
    if reduced and journal.state(request) is State.CLOSED:
        service.forget(request)
        raise UnknownError(f"{request} is closed, and what it knew of the person is destroyed")
    if reduced or any(journal.entries(request, "vault_destroyed")):
        journal.store.scrub()


def _carry_out(service: Service, planned: Planned, known: Known, progress: Progress) -> tuple[Trouble, ...]:
    """Opt-outs first, for a deleted contact forgets its own; then every step that has no outcome yet.

    Returns what kept opt-outs from being entered, with what waits for them. Raises for all else.
    """
    journal, plan, digest = service.journal, planned.plan, planned.digest
    seen = journal.confirmation(digest)
    lost = seen is not None and not all(kept for _, kept in seen.opt_outs)
    if not lost and {s.ref for s in plan.steps} <= set(journal.outcomes(digest)):
        return ()
    journal.append(plan.request, "run_started", service.actor.id, {"plan": digest})
    systems = service.systems(plan.request, gate_for(service, plan.request, digest))
    tag = service.workspace.vault.person_tag
    partial = bool(service.request(plan.request).only)
    entering = (plan, digest, known.subject, mailing(systems), journal, service.actor.id, tag)
    mute = opt_out.enter(*entering, partial=partial)
    held_back = frozenset(plan.suppresses if mute else ())
    troubles = execute(
        plan, digest, known.subject, known.locators, systems, journal, held_back=held_back, progress=progress
    )
    told = {"plan": digest, "systems": sorted({t.system for t in (*mute, *troubles)})}
    journal.append(plan.request, "run_ended", service.actor.id, told)
    if not all(t.waits for t in troubles):
        raise not_finished(service, plan.request, (*mute, *troubles))
    return (*mute, *troubles)


def _put_right(service: Service, planned: Planned, progress: Progress) -> tuple[Subject, Confirmation]:
    request = planned.plan.request
    subject, troubles = carry_out(service, planned, gate_for(service, request, planned.digest), progress)
    if troubles:
        raise not_finished(service, request, troubles)
    confirmation = read_back(service, planned, subject, progress)
    return named(service, request, subject), confirmation


def gate_for(service: Service, request: str, digest: str) -> Callable[[str], Gate]:
    """The last look before every write: is there a hold by now, or was the request cancelled?

    Claims count as in a plan: they open nothing, and a hold on one keeps everything as it is.
    """
    known = service.known(request, digest)
    named = {(i.kind, i.value) for some in (known.subject, known.claimed) for i in some.identifiers}
    tags = {service.workspace.vault.person_tag(kind, value) for kind, value in named}
    tags |= known.tags | service.remembered_tags(request)
    organisations = {value for kind, value in named if kind == "organisation_id"}
    if instructing := service.instructs(request):
        organisations.add(instructing)
    changing = [s for s in service.journal.plan(digest).steps if s.action in (Action.DELETE, Action.REDACT)]

    def gate_of(system: str) -> Gate:
        def gate(collection: str) -> None:
            service.journal.driving.still(request)
            refuse_if_paused(service.journal, request, system)
            if (state := service.journal.state(request)) in (State.CANCELLED, State.DENIED):
                raise HeldError(f"{request} was {state}: nothing more is written")
            for hold in service.journal.holds():
                places = (system, f"{system}/{collection}")
                ages = [(s.oldest, s.newest) for s in changing if (s.system, s.collection) == (system, collection)]
                if ages and not any(hold.reaches(*age) for age in ages):
                    continue  # it is about another time
                if hold.person in tags or hold.organisation in organisations or hold.collection in places:
                    raise HeldError(f"{system}/{collection} is under legal hold {hold.id}: make a new plan")

        return gate

    return gate_of


def _enter(service: Service, planned: Planned, subject: Subject, confirmation: Confirmation) -> None:
    # An instruction erased one organisation's rows: to run it again by person would reach what is not its.
    if planned.plan.right is Right.DELETE and not service.instructs(planned.plan.request):
        scope = service.scope(planned.plan.request)
        contradicted = {r.ref for r in confirmation.results if r.left}
        ledger.record(
            service.workspace, planned.plan, planned.digest, subject, confirmation, by=service.actor.id,
            now=service.now(), attested={a.ref for a in service.attested(planned.plan)} - contradicted,
            first=scope.first if scope else "", existed=scope.existed if scope else None,
        )  # fmt: skip


def _read_back(
    service: Service, request: str, planned: Planned, known: Known, progress: Progress
) -> Confirmation:  # fmt: skip
    def saying(system: str, what: str) -> None:
        progress(system, f"reading back: {what}")

    # Built anew: what a connector remembers from before the deletion proves nothing.
    scope = service.scope(request)
    existed = scope.existed if scope else None
    told = service.instructs(request)
    connectors = service.systems(request) if told else service.workspace.reached(service.now(), existed)
    found = service.discover(
        request, known.subject.identifiers, saying, erasing=False, systems=connectors, only=known.systems
    )
    later = any(s.rule == LATER for s in planned.plan.steps)  # by a plan that knows of an erasure before it
    fresh = service.decided(found, request, erased=service.erased(request) if later else {})
    ref, before = service.ref_of(request), service.journal.confirmation(planned.digest)
    places = {**known.locators, **{ref(record.at): record.at for _, record in found.records}}
    able = service.workspace.capabilities
    verifiable = {name: a.verifiable for name, a in able.items()}
    unsearchable = {name for name, a in able.items() if not a.searchable}
    outcomes = service.journal.outcomes(planned.digest)
    waiting = {s.ref for s in planned.plan.steps} - service.journal.intended(planned.digest)
    kept = opt_out.still_there(planned.plan, known.subject, mailing(connectors))
    done = confirm(planned.plan, outcomes, fresh, verifiable, service.now(), unsearchable, places, waiting)
    mailed = opt_out.MAILED in known.subject.kinds
    return carried_over(before, replace(done, opt_outs=kept), planned.plan, known.systems, mailed)


def not_finished(service: Service, request: str, troubles: Sequence[Trouble], *more: str) -> IncompleteError:
    """What stood in the way, and what to do now: a SystemFailedError if a system is what has to be mended."""
    set_aside = paused_systems(service.journal)
    lines = [f"  {t.system}: {t.message}" for t in troubles]
    changed = any(t.changed for t in troubles)
    way = f"make a new plan: dsr plan {request}" if changed else f"run again when it is mended: dsr run {request}"
    said = ["not finished; what was done is kept and will not be done twice", *lines, *more, way]
    failed = SystemFailedError if any(t.failed and t.system not in set_aside for t in troubles) else IncompleteError
    return failed("\n".join(said))


def write_package(service: Service, request: str, to: Path, progress: Progress, wish: Wish) -> Package:
    """Export what the latest plan found, as far as it may be disclosed, and journal what was withheld."""
    service.fee_settled(request)
    planned = service.show_plan(request)
    with service.journal.lease(request):
        known = service.known(request, planned.digest)
        asked, period = service.request(request), service.period_of(request, wish.since)
        received = service.day(asked.received)
        since = service.day(period.since) if period.asked and period.since else None
        job = Job(
            asked, planned.plan, known.subject, known.locators, service.systems(request), service.inventory, period,
            service.decider(request), service.now(),
            lists(service.inventory, planned.plan, first_day(received, since), received), progress=progress,
        )  # fmt: skip
        package = write(job, to, zipped=wish.zipped, held_to=wish.held_to)
        told = {
            "plan": planned.digest, "files": len(package.files), "bytes": sum(f.bytes for f in package.files),
            "manifest": package.manifest, "withheld": list(package.withheld),
            "left_out": [list(pair) for pair in package.left_out],
            "since": canonical.plain(job.period.since), "held": [canonical.plain(h) for h in package.held],
            "older": canonical.plain(package.contents.older),
        }  # fmt: skip
        service.journal.append(request, "exported", service.actor.id, told)
    return package
