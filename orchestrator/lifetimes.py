"""What is kept of a person, and until when: the working vault while a request is under way, then a capsule for
each thing that is still open, with what that one needs and no more.

A capsule is made when the working vault goes: when nothing is left but to look again, or when the answer
has arrived. From then on only systems with something open are searched, with their capsules' identifiers. It
is destroyed when a search has shown, or a person has said, that its thing is over; with the last one the
request is closed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from connectors import copies
from connectors.model import Identifier, Locator, Subject
from orchestrator import canonical
from orchestrator.due import Obligations, Owed
from orchestrator.errors import BusyError, UnknownError
from orchestrator.journal import State
from orchestrator.model import Confirmation, Discovery, Plan, Right, Verification
from orchestrator.opt_out import MAILED
from orchestrator.receipt import Fulfilment, of_request
from orchestrator.still_open import Known, Open, locators, still_open
from orchestrator.storage.agenda import Agenda

_SLOT = "capsule"
_EVERY = "*"  # instead of systems: all of them
_ENDED = (State.CLOSED, State.DENIED, State.CANCELLED)
_ORGANISATION = "organisation_id"  # holds on it are matched by its value


class Lifetimes(Obligations):
    """The use cases around what is kept of a person."""

    def known(self, request: str, digest: str) -> Known:
        """What is known of the person for a plan. UnknownError if nothing is, any more."""
        vault = self.workspace.vault.open(request)
        slots, capsuled = vault.slots(), self.capsuled(request)
        if f"plan:{digest}" not in slots:
            if capsuled is None:
                raise UnknownError(f"{request} is closed, and what it knew of the person is destroyed")
            return replace(capsuled, locators={**capsuled.locators, **self._by_hand(request)})
        kept = vault.get_json(f"plan:{digest}")
        subject = canonical.decode(Subject, kept["subject"])
        claimed = canonical.decode(Subject, kept["claimed"]) if "claimed" in kept else Subject.of()
        before = capsuled or Known(subject, claimed, {})
        places = locators(kept.get("locators", {})) | self._by_hand(request)
        return Known(subject, claimed, places, before.tags, before.systems, before.reduced)

    def _by_hand(self, request: str) -> dict[str, Locator]:
        """Systems that no connector searches, as plans name them."""
        ref = self.ref_of(request)
        return {ref(at): at for at in (Locator(system, "*") for system in self.workspace.not_connected())}

    def capsuled(self, request: str) -> Known | None:
        """What the capsules of a request hold together; None if it has none, or its working vault is still there."""
        if "identifiers" in self.workspace.vault.open(request).slots():
            return None
        held = [c.get_json(_SLOT) for c in self.workspace.vault.capsules(request) if _SLOT in c.slots()]
        if not held:
            return None
        systems = frozenset(system for one in held for system in one["systems"])
        identifiers = (canonical.decode(Subject, one["subject"]).identifiers for one in held)
        return Known(
            Subject(frozenset[Identifier]().union(*identifiers)), Subject.of(),
            {ref: at for one in held for ref, at in locators(one["locators"]).items()},
            frozenset(tag for one in held for tag in one["tags"]), None if _EVERY in systems else systems,
            reduced=True,
        )  # fmt: skip

    def acted_on(self, request: str, verification: Verification) -> frozenset[Identifier]:
        """Identifiers of the last plan that was carried out: a redacted account no longer leads to them.

        Not those of plans that were only made: what misled one of them may have been corrected since. Of a
        plan that stood on a proof which is withdrawn, only until when copies may hold the person.
        """
        for entry in reversed(list(self.journal.entries(request, "planned"))):
            digest = entry.payload["digest"]
            if self.journal.outcomes(digest):
                known = self.known(request, digest).subject.identifiers  # since the answer, what capsules hold
                stands = set(self.journal.plan(digest).verification.proves) <= set(verification.proves)
                return known if stands else frozenset(i for i in known if copies.is_kind(i.kind))
        return frozenset()

    def tags(self, found: Discovery) -> frozenset[str]:
        """Keyed hashes of everything that names the person, to match holds."""
        named = {(i.kind, i.value) for i in found.subject.identifiers | found.claimed}
        return frozenset(self.workspace.vault.person_tag(kind, value) for kind, value in named)

    def remembered_tags(self, request: str) -> frozenset[str]:
        """Keyed hashes of what named the person, as far as journal and capsules tell: no hold is forgotten."""
        confirmed = (e.payload["tag"] for e in self.journal.entries(request, "identifier_confirmed"))
        capsuled = self.capsuled(request)
        return frozenset({*self.request(request).tags, *confirmed, *(capsuled.tags if capsuled else ())})

    def ref_of(self, request: str) -> Callable[[Locator], str]:
        """What plans call an address: where a capsule holds it, the name that it has had so far."""
        vault, capsuled = self.workspace.vault.open(request), self.capsuled(request)
        named = {at: ref for ref, at in capsuled.locators.items()} if capsuled else {}
        return lambda at: named.get(at) or vault.ref(at)

    def settle(self, plan: Plan, payload: Mapping[str, Any], confirmation: Confirmation) -> None:
        """After a receipt: forget what nothing needs any more. Safe to repeat, for a run that was cut short.

        Close the request if nothing is open; reduce a deletion to capsules if it is answered, or nothing is left
        but to look again.
        """
        only_looks = payload["final"] and payload["outcome"] != Fulfilment.COMPLETE_WITH_RETENTION
        if plan.right is not Right.DELETE:
            if only_looks and not self._in_our_hands(plan.request):
                self.close(plan.request, payload["outcome"])
            return
        digest = canonical.digest(plan)
        if not self.workspace.vault.holds(plan.request) or not self._carried_out(plan, digest):
            return
        known, recheck = self.known(plan.request, digest), self.recheck_due(plan.request)
        looked_for = (known.systems or frozenset({_EVERY})) if recheck else frozenset[str]()
        left = tuple(still_open(plan, payload, confirmation, looked_for))
        if payload["final"] and not left:
            self.close(plan.request, payload["outcome"])
        elif only_looks or known.reduced or self.answer_arrived(plan.request):
            self._keep(plan.request, left, known)
            self.forget(plan.request)
            if recheck and plan.request not in (agenda := Agenda(self.journal.store)).rows():
                agenda.put(plan.request, recheck)

    def _in_our_hands(self, request: str) -> bool:
        """Whether a package was written that the person does not have: to hand it over, their addresses are needed."""
        return any(o.owed in (Owed.REVIEW, Owed.DELIVER) for o in self.due(request))

    def close(self, request: str, outcome: str) -> None:
        """Nothing can follow: nobody needs to find the person again."""
        if self.journal.state(request) is not State.CLOSED:
            self.journal.append(request, "closed", self.actor.id, {"outcome": outcome})
        self.forget(request)

    def forget(self, request: str) -> None:
        """Destroy what is kept of the person, but for capsules of what is open and for what letters need."""
        self.file_away(request)
        vault, ended = self.workspace.vault, self.journal.state(request) in _ENDED
        reply = self.reply_needed(request)
        if ended and not reply:
            vault.destroy(request, self.actor.id)
            return
        vault.reduce(request, reply, self.actor.id)
        if ended:
            vault.close(vault.capsules(request), self.actor.id)

    def forget_answered(self, request: str) -> None:
        """The answer arrived: what the last run left open lives on in capsules only. A run under way does it itself."""
        with suppress(BusyError), self.journal.lease(request):
            if self.journal.state(request) in _ENDED:
                self.forget(request)
                return
            digest, last = self.journal.latest_plan(request), next(reversed(list(self.journal.receipts(request))), None)
            if digest is None or last is None or last["plan"] != digest:
                return
            payload = of_request(last, request, self.workspace.public_keys)
            if confirmation := self.journal.confirmation(digest):
                self.settle(self.journal.plan(digest), payload, confirmation)

    def tidy(self) -> tuple[str, ...]:
        """Finish what was cut short: forget of ended and answered requests what should be. Which those were."""
        self.actor.require("run")
        kept, left = self.workspace.vault.requests(), []
        for request in (r.id for r in self.journal.requests() if r.id in kept):
            slots, ended = set(self.workspace.vault.open(request).slots()), self.journal.state(request) in _ENDED
            over = self.workspace.vault.capsules(request) or not slots or slots - set(self.reply_needed(request))
            if (ended and over) or (not ended and "identifiers" in slots and self.answer_arrived(request)):
                self.forget_answered(request)
                left.append(request)
        return tuple(left)

    def file_away(self, request: str) -> None:
        """Move what older versions kept in the working vault, and proves the answer, into the evidence file."""
        if not self.workspace.vault.holds(request):
            return
        working, file = self.workspace.vault.open(request), self.workspace.vault.file
        for slot in working.slots():
            if slot.startswith(("evidence:", "letter:<")):
                file(request).put(slot, working.get(slot))

    def reply_needed(self, request: str) -> Mapping[str, Any]:
        """The slots that letters still need after the person is forgotten otherwise."""
        return {}

    def answer_arrived(self, request: str) -> bool:
        """Whether the person has the answer."""
        return any(self.journal.entries(request, "answered"))

    def _carried_out(self, plan: Plan, digest: str) -> bool:
        return {s.ref for s in plan.steps} <= set(self.journal.outcomes(digest))

    def _keep(self, request: str, left: Collection[Open], known: Known) -> None:
        """A capsule for each thing that is open, and none for anything else."""
        vault = self.workspace.vault
        there = {c: c.get_json(_SLOT) if _SLOT in c.slots() else {"what": ""} for c in vault.capsules(request)}
        wanted = {one.what for one in left}
        held = {one["what"]: capsule for capsule, one in there.items()}
        for one in left:
            capsule = held.get(one.what) or vault.new_capsule(request)
            if one.what not in held:
                capsule.put_json(_SLOT, self._content(one, known))
            kept = capsule.get_json(_SLOT)
            told = {"capsule": capsule.name, "what": kept["what"], "systems": kept["systems"]}
            self.journal.append(request, "capsule_made", self.actor.id, told, capsule.name)  # once, if cut short here
        over = [capsule for capsule, one in there.items() if one["what"] not in wanted]
        if over:
            vault.close(over, self.actor.id)

    def _content(self, one: Open, known: Known) -> Mapping[str, Any]:
        kinds = self._needed_kinds(one)
        kept = (i for i in known.subject.identifiers if i.opens and (kinds is None or i.kind in kinds))
        named = {(i.kind, i.value) for who in (known.subject, known.claimed) for i in who.identifiers}
        tags = {self.workspace.vault.person_tag(kind, value) for kind, value in named}
        return {
            "what": one.what, "systems": sorted(one.systems), "subject": canonical.plain(Subject(frozenset(kept))),
            "locators": {ref: canonical.plain(at) for ref, at in known.locators.items() if ref in one.refs},
            "tags": sorted(tags | known.tags),
        }  # fmt: skip

    def _needed_kinds(self, one: Open) -> frozenset[str] | None:
        """Kinds of identifiers by which its systems are searched; None where people, or all systems, need them all."""
        systems = self.inventory.systems
        if any(name not in systems or systems[name].manual for name in one.systems):
            return None
        needs = (self.workspace.connector(name, self.now()).capabilities.needs for name in one.systems)
        mailed = {MAILED} if one.what.startswith("opt-out ") else set[str]()
        return frozenset({*mailed, _ORGANISATION}).union(*needs)
