"""From what the journal and the vault know of a request to the facts of one letter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from orchestrator.choices import purposes
from orchestrator.clock import answer_ends, extension_ends
from orchestrator.denial import Because
from orchestrator.errors import NotAllowedError
from orchestrator.fees import Fees
from orchestrator.inventory.flows import Whether
from orchestrator.inventory.stationery import Stationery
from orchestrator.law import asked_by
from orchestrator.letter_notices import Given, NoticeFacts
from orchestrator.letters.facts import Addressee, Appealed, Choice, Denied, Extended, Facts, Outcome
from orchestrator.letters.items import outcome
from orchestrator.letters.kinds import ANSWERS, RECORDED, Kind, fitting
from orchestrator.model import Level, Request, Verification
from orchestrator.opt_out import MAILED
from orchestrator.opt_outs import OptOuts
from orchestrator.receipt import of_request
from orchestrator.records import Appeals
from orchestrator.regimes import holidays
from orchestrator.regimes.proofs import proofs
from orchestrator.vault import RequestVault

REPLY = "reply"  # the vault's slot with the name and the addresses that the person gave for letters


class LetterFacts(OptOuts, Fees, NoticeFacts, Appeals):
    """What letters are written from."""

    def letter_facts(self, request: str, kind: Kind, given: Given) -> Facts:
        """One letter's facts. NotAllowedError for a letter that law or outcome do not allow now."""
        desk, asked = self.desk(), self.request(request)
        self.writable(request, kind, given)
        law, days, today, told = self.law(asked), holidays(), self._today(), self._told(request).get(request, {})
        clock = self._facts(asked, told)
        ends = extension_ends(clock, law, days, today)
        extendable = (
            ends is not None and "extended" not in told and today <= answer_ends(clock, law, days, today).lenient
        )
        return Facts(
            kind=kind, request=asked, asked=asked_by(asked.right), received=clock.received, today=today, law=law,
            deadlines=self.clocked(request).deadlines,
            extendable_until=ends.strict if ends and extendable else None,
            company=self.inventory.company, desk=desk, policy=self.inventory.policy.document,
            needed=self.inventory.verification.get(asked.right, Level.REASONABLY_HIGH),
            to=self._addressee(request, kind, given), verification=self._verified(request),
            outcome=self.came_to(request) if kind in ANSWERS or kind is Kind.APPROVAL else None,
            extended=self._extended(request, given) if kind is Kind.EXTENSION else None,
            denied=Denied(given.because, given.reason) if kind in (Kind.DENIAL, Kind.FEE_ESTIMATE) else None,
            appealed=self._appealed(request, given) if kind is Kind.APPEAL_DECISION else None,
            notice=self._notice_of(asked, kind, given), amount=given.amount,
            choice=self._choice(asked, given), sells=self._sells(),
            asks=given.asks, asks_by=given.by, again_by=given.by, delivery=given.delivery,
            covers_from=self._covers_from(request), agent_of=given.agent_of,
        )  # fmt: skip

    def desk(self) -> Stationery:
        if self.inventory.letters is None:
            raise NotAllowedError(f"{self.inventory.path} has no `letters` section: it says who writes and how")
        return self.inventory.letters

    def writable(self, request: str, kind: Kind, given: Given) -> None:
        """Whether such a letter may go out now. Errors as the use case that records it."""
        if self.request(request).replays:
            raise NotAllowedError(f"{request} runs an erasure again: nobody asked for it, and nobody is written to")
        if kind is Kind.DENIAL:
            if given.because not in list(Because):
                raise NotAllowedError(f"a denial has one of these grounds: {', '.join(Because)}")
            self.deniable(request, Because(given.because), given.reason)
        elif why := next((w for ask in given.asks if (w := proofs().refusal(ask))), ""):
            raise NotAllowedError(why)
        elif kind is Kind.APPEAL_DECISION:
            self.undecided(request)
        elif kind is Kind.FEE_ESTIMATE:
            self.estimable(request, given.amount, given.because, given.reason, given.facts is not None)
        elif kind is Kind.HAND_OVER:
            self.handed_to(request, given.organisation)
        elif kind in RECORDED and not (kind in ANSWERS and self.further_owed(request)):
            self.unanswered(request, RECORDED[kind], None)
        if kind in ANSWERS - {Kind.DENIAL} and (found := self.came_to(request)):
            fits = fitting(found.fulfilment, found.states)
            if kind not in fits:
                raise NotAllowedError(
                    f"what became of {request} needs another letter: dsr letter draft {request} {fits[0]}"
                )

    def came_to(self, request: str) -> Outcome | None:
        """What the latest receipt says, if it is of the latest plan."""
        last = next(reversed(list(self.journal.receipts(request))), None)
        if last is None or last["plan"] != self.journal.latest_plan(request):
            return None
        payload = of_request(last, request, self.workspace.public_keys)
        return outcome(payload, self.inventory)

    def further_owed(self, request: str) -> bool:
        """Whether the person was answered by a letter that promised a further one."""
        sent = [e for e in self.journal.entries(request, "letter_sent") if e.payload["letter"] in ANSWERS]
        return bool(sent) and not sent[-1].payload["last"]

    def reply_to(self, request: str) -> Addressee:
        """Where the person wants to be written to, as far as they said: nothing that only a vendor's record knows."""
        vault = self._still_open(request)
        slots = vault.slots() if vault else ()
        if vault and REPLY in slots:
            kept: Mapping[str, object] = vault.get_json(REPLY)
            lines = kept["address"]
            assert isinstance(lines, list)  # as `letter_address` wrote it
            return Addressee(str(kept["name"]), tuple(map(str, lines)), str(kept["email"]))
        given = vault.get_json("identifiers") if vault and "identifiers" in slots else []
        return Addressee(email=next((value for kind, value in given if kind == MAILED), ""))

    def letter_address(self, request: str, name: str, lines: tuple[str, ...], email: str) -> Addressee:
        """Keep where the person wants to be written to, in the request's vault; what is not given stays.

        NotAllowedError for an address that only a system's record of them revealed.
        """
        self.actor.require("verify")
        self.request(request)
        vault, before = self.workspace.vault.open(request), self.reply_to(request)
        if email and self._only_revealed(vault, self.inventory.normalise(MAILED, email)):
            raise NotAllowedError("the address stands in a system's record only; the person must give it themselves")
        kept = Addressee(name or before.name, lines or before.address, email or before.email)
        vault.put_json(REPLY, {"name": kept.name, "address": list(kept.address), "email": kept.email})
        return kept

    def _only_revealed(self, vault: RequestVault, email: str) -> bool:
        given = vault.get_json("identifiers") if "identifiers" in vault.slots() else []
        if [MAILED, email] in given:
            return False
        plans = (vault.get_json(slot) for slot in vault.slots() if slot.startswith("plan:"))
        known = (
            i for plan in plans for name in ("subject", "claimed") for i in plan.get(name, {}).get("identifiers", ())
        )
        return any(i["kind"] == MAILED and i["value"] == email for i in known)

    def _addressee(self, request: str, kind: Kind, given: Given) -> Addressee:
        if kind is Kind.VENDOR_NOTICE:
            recipient = self._recipient(given.vendor)
            return Addressee(recipient.title, given.address or (recipient.notice,))
        if kind is Kind.HAND_OVER or self.request(request).organisation:
            known = self.organisation(given.organisation if kind is Kind.HAND_OVER else self.instructs(request))
            return Addressee(known.title, given.address, min(known.contacts, default=""))
        kept = self.reply_to(request)
        return Addressee(given.name or kept.name, given.address or kept.address, kept.email)

    def _choice(self, asked: Request, given: Given) -> Choice:
        """Since when an opt-out, opt-in or limit holds: as our list says, and only if it has none as staff say."""
        since, desk = self.in_force_since(asked), self.desk()
        if since and given.since and given.since < since:
            raise NotAllowedError(f"by our list it holds since {since}, and not before: leave out --since")
        return Choice(given.since or since, given.see_at or desk.choices_at, purposes(asked))

    def _extended(self, request: str, given: Given) -> Extended:
        return Extended(self.extension(request, given.reason, given.until).until, given.reason)

    def _appealed(self, request: str, given: Given) -> Appealed:
        return Appealed(self.undecided(request).appealed, given.result, given.reason)

    def _verified(self, request: str) -> Verification | None:
        try:
            found = self.verification(request)
        except NotAllowedError:
            return None
        return None if found.level is Level.NONE else found

    def _covers_from(self, request: str) -> date | None:
        """The first day that the last package covers; None if it covers everything, or there is none."""
        last = next(reversed(list(self.journal.entries(request, "exported"))), None)
        since = last.payload["since"] if last else None
        return self.day(datetime.fromisoformat(since)) if since else None

    def _sells(self) -> Whether:
        """Whether data is sold or shared today. One answer that is missing is none."""
        today = self._today()
        flows = (f for r in self.inventory.recipients for f in r.flows if f.until is None or f.until >= today)
        said = {whether for flow in flows for whether in (flow.sold, flow.shared)}
        if Whether.YES in said:
            return Whether.YES
        return Whether.NO if said == {Whether.NO} else Whether.UNKNOWN
