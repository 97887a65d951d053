"""Plans and carries out what is done from our own list and the inventory: opt-out, opt-in, limit, Shine the Light.

No approval is waited for. An opt-out harms nobody, can be taken back, and is due as soon as is feasible (11 CCR
7026(f)); an opt-in is decided by the person's own two steps; an answer from the inventory was decided by
whoever wrote that. Who did it is journalled and in the receipt. Used through `orchestrator.service` only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time
from typing import TYPE_CHECKING

from connectors.model import Action, Identifier, Status, Subject, Trust
from orchestrator import canonical, fulfil, opt_out
from orchestrator.abilities import mailing
from orchestrator.choices import OUR_LIST, Setting, purposes, steps, suppresses
from orchestrator.clock import Facts, answer_ends
from orchestrator.decide import CODE
from orchestrator.errors import NotAllowedError
from orchestrator.issue import Fulfilled, issue
from orchestrator.law import Purpose, asked_by
from orchestrator.manual import Progress as ByHand
from orchestrator.model import Confirmation, Plan, Request, Right, StepResult
from orchestrator.pause import refuse_if_paused
from orchestrator.preferences import LIFTED, LISTED, Preferences
from orchestrator.regimes import holidays

if TYPE_CHECKING:
    from orchestrator.service import Planned, Service


def plan(service: Service, request: str) -> Plan:
    """Freeze what is to be done. Nothing is searched: the plan hangs on the request and the inventory."""
    asked, now = service.request(request), service.now()
    vault = service.workspace.vault.open(request)
    made = Plan(
        request=request, right=asked.right, made_by=service.actor.id, made_at=now,
        steps=steps(asked, service.inventory, _setting(service, asked), vault.ref),
        coverage=(), conflicts=(), claimed=(), verification=service.verification(request), rules=(),
        inventory=service.inventory.digest, code=CODE,
        suppresses=suppresses(asked, service.inventory, _mailing(service, asked)),
        replaces=service.journal.latest_plan(request) or "",
    )  # fmt: skip
    known = {"subject": canonical.plain(_subject(service, request)), "claimed": canonical.plain(Subject.of())}
    vault.put_json(f"plan:{canonical.digest(made)}", {**known, "locators": {}})
    service.journal.save_plan(made)
    return made


def run(service: Service, request: str) -> Fulfilled:
    """Plan unless it was begun, carry out what is left, read back, sign. Safe to run again.

    NotAllowedError for an opt-in that was not confirmed; SystemFailedError if a system did not answer.
    """
    asked = service.request(request)
    refuse_if_paused(service.journal, request)
    service.not_ended(request)
    service.fee_settled(request)
    if asked.right is Right.OPT_IN and not service.confirmed_opt_in(request):
        raise NotAllowedError(f"{request} changes nothing before its second step: dsr opt-in confirm {request}")
    with service.journal.lease(request):
        digest = _current(service, request)
        planned = service.show_plan(request)
        subject = _subject(service, request)
        _carry_out(service, asked, planned, subject)
        confirmation = _read_back(service, asked, planned, subject)
        service.journal.save_confirmation(digest, confirmation, service.actor.id)
        if _complied(service, asked, confirmation):
            service.journal.append(request, "complied", service.actor.id, {"plan": digest}, request)
        return issue(service, planned, subject, confirmation)


def _current(service: Service, request: str) -> str:
    """The digest of the plan to be carried out: a new one if there is none, or the inventory says otherwise by now."""
    digest = service.journal.latest_plan(request)
    if digest is not None:
        same = service.journal.plan(digest).inventory == service.inventory.digest
        if same or service.journal.outcomes(digest):
            return digest
    return canonical.digest(plan(service, request))


def _setting(service: Service, asked: Request) -> Setting:
    received = service.day(asked.received)
    ends = answer_ends(Facts(asked_by(asked.right), received), service.law(asked), holidays(), received)
    return Setting(
        due=datetime.combine(ends.strict, time(12), service.inventory.zone),
        received=received,
        today=service.day(service.now()),
        tags=len(asked.tags),
        mailing=_mailing(service, asked),
        entered=service.entered_for(asked),
    )


def _mailing(service: Service, asked: Request) -> frozenset[str]:
    """Systems that can opt a person out of mail; asked only if mail is meant, so that nothing else waits for them."""
    return service.workspace.mailing if Purpose.MARKETING in purposes(asked) else frozenset()


def _subject(service: Service, request: str) -> Subject:
    """Whoever the request names. Nobody verified it: it may keep an address from being written to, nothing else."""
    given = service.workspace.vault.open(request).get_json("identifiers")
    return Subject(frozenset(Identifier(kind, value, Trust.PROVEN) for kind, value in given))


def _carry_out(service: Service, asked: Request, planned: Planned, subject: Subject) -> None:
    journal, digest, now = service.journal, planned.digest, service.now()
    for step in planned.plan.steps:
        if step.ref in journal.outcomes(digest):
            continue
        if step.action is Action.MANUAL:
            journal.outcome(digest, step.ref, StepResult(step.ref, Status.MANUAL, 0, now), service.actor.id)
        elif step.system == OUR_LIST and asked.right is not Right.SHINE_THE_LIGHT:
            _enter(service, asked, Purpose(step.collection))
            journal.outcome(digest, step.ref, StepResult(step.ref, Status.DONE, step.count, now), service.actor.id)
    if planned.plan.suppresses:
        systems = service.workspace.connectors(now, fulfil.gate_for(service, asked.id, digest))
        tag = service.workspace.vault.person_tag
        troubles = opt_out.enter(planned.plan, digest, subject, mailing(systems), journal, service.actor.id, tag)
        if troubles:
            raise fulfil.not_finished(service, asked.id, troubles)


def _enter(service: Service, asked: Request, purpose: Purpose) -> None:
    """Once for each request: what the person said since by another one stands."""
    kind = LIFTED if asked.right is Right.OPT_IN else LISTED
    for tag in asked.tags:
        told = {"tag": tag, "purpose": purpose}
        service.journal.append("", kind, service.actor.id, told, service.entry_of(asked, tag, purpose))


def _read_back(service: Service, asked: Request, planned: Planned, subject: Subject) -> Confirmation:
    now = service.now()
    systems = mailing(service.workspace.connectors(now)) if planned.plan.suppresses else {}
    results = tuple(_seen(service, asked, planned, now))
    return Confirmation(now, results, (), opt_outs=opt_out.still_there(planned.plan, subject, systems))


def _seen(service: Service, asked: Request, planned: Planned, now: datetime) -> Iterator[StepResult]:
    """What our list says by now. An entry that another request of the person's changed since is as it should be."""
    listed, outcomes = Preferences(service.journal), service.journal.outcomes(planned.digest)
    wanted = asked.right is not Right.OPT_IN
    for step in planned.plan.steps:
        done = outcomes.get(step.ref)
        if done is None or done.status is not Status.DONE:
            continue
        purpose = Purpose(step.collection)
        good = all(listed.keeps(t, purpose) is wanted or _later(service, asked, t, purpose) for t in asked.tags)
        yield replace(done, confirmed=good, left=0 if good else step.count, at=now)


def _later(service: Service, asked: Request, tag: str, purpose: Purpose) -> bool:
    """Whether the person said otherwise after this request was carried out."""
    mine, other = (LIFTED, LISTED) if asked.right is Right.OPT_IN else (LISTED, LIFTED)
    key = service.entry_of(asked, tag, purpose)
    entered = next((e.seq for e in service.journal.entries(kind=mine) if e.key == key), None)
    told = {"tag": tag, "purpose": purpose}
    return entered is not None and any(
        e.seq > entered and dict(e.payload) == told for e in service.journal.entries(kind=other)
    )


def _complied(service: Service, asked: Request, confirmation: Confirmation) -> bool:
    """Whether an opt-out, opt-in or limit is done: entered and seen, kept by the vendors, and everybody was told."""
    if asked.right is Right.SHINE_THE_LIGHT:
        return False  # that one is answered by a letter
    seen = all(r.confirmed for r in confirmation.results) and all(kept for _, kept in confirmation.opt_outs)
    return seen and all(s.progress is ByHand.ATTESTED for s in service.manual_steps(asked.id))
