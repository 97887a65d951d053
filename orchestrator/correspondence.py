"""Letters to the person: drafted, sent or recorded as sent, and what of the person is kept until the last arrived.

The journal keeps of a letter its kind, hash, Message-ID, channel and time. A draft is written where staff say, or
kept in the request's vault; a letter as it went out is kept in the evidence file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from orchestrator.attachment import content_of
from orchestrator.deadlines import AsSent, Clocked
from orchestrator.due import Obligation, Owed
from orchestrator.errors import NotAllowedError
from orchestrator.inventory.stationery import BY_HAND, SMTP, mail_server
from orchestrator.journal import Entry, State
from orchestrator.law import Topic, asked_by
from orchestrator.letter_facts import REPLY
from orchestrator.letter_notices import Given
from orchestrator.letters.content import Content, compose, text_of
from orchestrator.letters.facts import Facts
from orchestrator.letters.kinds import ANSWERS, RECORDED, Kind, fitting
from orchestrator.letters.post import NotSentError, PerhapsSentError, hand_over, message
from orchestrator.letters.render import Rendered, rendered
from orchestrator.letters.slots import again_by
from orchestrator.lifetimes import Lifetimes
from orchestrator.model import Right
from orchestrator.outgoing import Outgoing
from orchestrator.receipt import hash_of
from orchestrator.workspace import private_file


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter that was written and not sent. `where`: its files, or slots of the request's vault."""

    request: str
    kind: Kind
    where: tuple[str, ...]
    hashes: tuple[str, ...]
    no_pdf: str  # why there is none; empty if there is


@dataclass(frozen=True, slots=True)
class Sent:
    """One letter that went out, or may have."""

    request: str
    kind: Kind
    message: str
    channel: str
    sha256: str
    at: datetime
    state: str  # "sent", "perhaps sent", "returned" or "delivered"
    last: bool  # whether nothing more is owed after it


class Letters(Outgoing, Lifetimes):
    """The use cases around letters."""

    def draft_letter(self, request: str, kind: Kind, given: Given, out: Path | None = None) -> Draft:
        """Write a letter as text, page and PDF into a folder, or into the request's vault. Changes no clock."""
        self.actor.require("run")
        _, _, forms = self._written(request, kind, given)
        files = forms.files(f"{request}-{kind}".replace("_", "-"))
        for name, content in files.items():
            if out:
                private_file(out / name, content)
            else:
                self.workspace.vault.open(request).put(f"letter:{name}", content)
        where = tuple(str(out / name) if out else f"letter:{name}" for name in files)
        return Draft(request, kind, where, tuple(map(hash_of, files.values())), forms.why_no_pdf)

    def send_letter(self, request: str, kind: Kind, given: Given, *, again: bool = False) -> Sent:
        """Write a letter and send it through the declared channel; acknowledges, extends, answers or denies by it.

        NotAllowedError where letters go out by hand, without an address of the person's, and where the letter
        may have gone out before, unless it is to be sent `again`.
        """
        self.actor.require("run")
        desk, inventory = self.desk(), self.inventory
        channel = desk.channel(inventory.sandbox)
        if channel.kind != SMTP or kind is Kind.VENDOR_NOTICE:  # a vendor takes notices in a way of its own
            raise NotAllowedError(
                f"letters go out by hand here: draft it, post it, then dsr letter record {request} {kind}"
            )
        server = mail_server(channel, inventory.path, inventory.sandbox)
        with self.journal.lease(request):
            facts, content, forms = self._written(request, kind, given)
            self._first(request, kind, given)
            if not facts.to.email:
                raise NotAllowedError(
                    f"no address for e-mail is known that the person gave: dsr letter address {request}"
                )
            name = self._message_id(request, kind, desk.message_ids, again)
            mail = message(content, forms, channel.sender, facts.to.email, desk.reply_to, name, self.now())
            told = {"letter": kind, "sha256": hash_of(mail), "message": name, "channel": channel.kind}
            self.workspace.vault.file(request).put(f"letter:{name}", mail)
            self.journal.append(request, "letter_sending", self.actor.id, told)
            try:
                hand_over(server, channel.sender, facts.to.email, mail)
            except NotSentError as error:
                self.journal.append(request, "letter_unsent", self.actor.id, {"message": name, "reason": str(error)})
                raise
            except PerhapsSentError as error:
                way = f"look for {name} in the mail sent; then dsr letter send {request} {kind} --again, or record it"
                raise PerhapsSentError(f"{error}: {way}") from None
            return self._went_out(facts, given, mail, told, None)

    def record_letter(self, request: str, kind: Kind, letter: Path, given: Given, at: datetime | None = None) -> Sent:
        """Record that a letter went out by hand, by its file; acknowledges, extends, answers or denies by it."""
        self.actor.require("run")
        content = content_of(letter, "the letter")
        with self.journal.lease(request):
            facts = self.letter_facts(request, kind, given)
            text_of(facts)
            self._first(request, kind, given)
            if kind in RECORDED and kind not in (Kind.EXTENSION, Kind.DENIAL) and not self.further_owed(request):
                self.unanswered(request, RECORDED[kind], at)  # the day it went out
            number = sum(e.payload["letter"] == kind for e in self.journal.entries(request, "letter_sent")) + 1
            name = f"{request}.{kind}.{number}"
            told = {"letter": kind, "sha256": hash_of(content), "message": name, "channel": BY_HAND}
            self.workspace.vault.file(request).put(f"letter:{told['message']}", content)
            return self._went_out(facts, given, content, told, at)

    def _first(self, request: str, kind: Kind, given: Given) -> None:
        """Raise NotAllowedError if the organisation has the request already."""
        if kind is Kind.HAND_OVER and (sent := self.handed_to(request, given.organisation).sent):
            raise NotAllowedError(f"organisation {given.organisation!r} has {request} since {sent:%Y-%m-%d}")

    def letters_sent(self, request: str = "") -> tuple[Sent, ...]:
        """What went out, in order; of one request if given."""
        wanted = [self.request(request)] if request else list(self.journal.requests())
        return tuple(letter for asked in wanted for letter in self._sent(asked.id))

    def next_letter(self, request: str) -> Kind | None:
        """The letter that the request waits for, if any."""
        asked, state = self.request(request), self.journal.state(request)
        told = self._told(request).get(request, {})
        if self.inventory.letters and any(not appeal.result for appeal in self.appeals(request)):
            return Kind.APPEAL_DECISION
        if asked.replays or state in (State.CANCELLED, State.DENIED) or self.inventory.letters is None:
            return None
        found = self.came_to(request)
        if "answered" in told:
            further = found is not None and not found.unfinished and self.further_owed(request)
            return fitting(found.fulfilment, found.states)[0] if found and further else None
        if found is not None:
            return fitting(found.fulfilment, found.states)[0]
        if "acknowledged" not in told and self.law(asked).rules(Topic.ACKNOWLEDGE, asked_by(asked.right)):
            return Kind.ACKNOWLEDGEMENT
        if asked.organisation:
            return None
        if asked.right not in (Right.DELETE, Right.ACCESS, Right.CORRECT):
            return Kind.COMPLETION  # no run comes between
        return Kind.MORE_INFORMATION if state is State.RECEIVED else Kind.APPROVAL

    def owed_of(self, request: str) -> Iterator[Obligation]:
        yield from super().owed_of(request)
        sent = [e.payload for e in self.journal.entries(request, "letter_sent") if "again" in e.payload]
        if sent and (promised := sent[-1]["again"]):
            ends = datetime.combine(date.fromisoformat(promised) + timedelta(days=1), time(), self.inventory.zone)
            why = "our last letter promised another by then: dsr letter list"
            yield Obligation(request, Owed.WRITE, "letters", sent[-1]["letter"], ends, ends <= self.now(), why)

    def letter_copy(self, request: str, name: str, to: Path) -> Path:
        """Write a letter that is kept, a draft or one as it went out, to a file."""
        self.actor.require("run")
        self.request(request)
        slot, filed = f"letter:{name.removeprefix('letter:')}", self.workspace.vault.file(request)
        private_file(to, (filed if slot in filed.slots() else self.workspace.vault.open(request)).get(slot))
        return to

    def letter_returned(self, request: str, reason: str) -> Sent:
        """Record that the latest letter came back: what is known of where to write is kept on."""
        self.actor.require("run")
        told = {"message": self._last_letter(request).message, "at": self.now(), "reason": reason}
        self.journal.append(request, "letter_returned", self.actor.id, told)
        return self._last_letter(request)

    def letter_delivered(self, request: str = "") -> tuple[Sent, ...]:
        """Record that letters arrived: all of a request, or whatever had its time to come back and did not.

        Of a request that ended and whose last letter arrived nothing more of the person is kept, and of one that
        is answered what is still open needs.
        """
        self.actor.require("run")
        late = self.now() - timedelta(days=self.desk().returns_days)
        arrived = [s for s in self.letters_sent(request) if s.state == "sent" and (request or s.at <= late)]
        for letter in arrived:
            told = {"message": letter.message, "at": self.now()}
            self.journal.append(letter.request, "letter_delivered", self.actor.id, told)
        for told_of in sorted({s.request for s in arrived}):
            self.forget_answered(told_of)
        names = {letter.message for letter in arrived}
        return tuple(s for s in self.letters_sent(request) if s.message in names)

    def reply_needed(self, request: str) -> Mapping[str, Any]:
        """Where to write to, while a letter is owed or may come back."""
        if not self._may_write_again(request):
            return {}
        kept = self.reply_to(request)
        return {REPLY: {"name": kept.name, "address": list(kept.address), "email": kept.email}}

    def answer_arrived(self, request: str) -> bool:
        """Whether the person has the answer: a letter of ours arrived, or it was recorded without one."""
        answers = [letter for letter in self._sent(request) if letter.kind in ANSWERS]
        answered = bool({"answered", "complied"} & set(self._told(request).get(request, {})))
        return answered and (not answers or answers[-1].state == "delivered")

    def answer(self, request: str, letter: AsSent, at: datetime | None = None) -> Clocked:
        """As `Clocks.answer`; the answer went out elsewhere, and nothing is known to be owed after it."""
        clocked = super().answer(request, letter, at)
        self.forget_answered(request)
        return clocked

    def _may_write_again(self, request: str) -> bool:
        asked = self.request(request)
        if self.inventory.letters is None or asked.replays or asked.organisation:  # whose contact the inventory has
            return False
        if self._still_open(request) is None:
            return False
        answers = [letter for letter in self._sent(request) if letter.kind in ANSWERS]
        if not answers:
            told = self._told(request).get(request, {})
            return not {"answered", "denied", "cancelled"} & set(
                told
            )  # recorded elsewhere: nothing is known to be owed
        return not answers[-1].last or answers[-1].state != "delivered"

    def _written(self, request: str, kind: Kind, given: Given) -> tuple[Facts, Content, Rendered]:
        facts = self.letter_facts(request, kind, given)
        content = compose(facts)
        folder = self.desk().fonts
        return facts, content, rendered(content, self.inventory.path.parent / folder if folder else None)

    def _went_out(
        self, facts: Facts, given: Given, letter: bytes, told: dict[str, str], at: datetime | None
    ) -> Sent:  # fmt: skip
        """Stop the clock first: should this end in between, the letter is not sent a second time."""
        request, kind = facts.request.id, facts.kind
        self.took_effect(facts, given, letter, at)
        last = kind in ANSWERS and (facts.outcome is None or not facts.outcome.unfinished)
        sent = {**told, "at": at or self.now(), "last": last}
        if kind in ANSWERS or kind is Kind.APPROVAL:
            promised = None if last else again_by(facts)
            sent["again"] = promised.isoformat() if promised else ""
        self.journal.append(request, "letter_sent", self.actor.id, sent)
        if self.journal.state(request) is State.DENIED:
            self.forget(request)
        return self._last_letter(request)

    def _message_id(self, request: str, kind: Kind, domain: str, again: bool) -> str:
        """A new Message-ID, or that of a letter which may have gone out: mailboxes then show it once."""
        perhaps = [letter for letter in self._sent(request) if letter.kind is kind and letter.state == "perhaps sent"]
        if perhaps and not again:
            way = f"look for {perhaps[-1].message} in the mail sent; record it, or send it --again"
            raise NotAllowedError(f"this letter may have gone out on {perhaps[-1].at:%Y-%m-%d}: {way}")
        if perhaps:
            return perhaps[-1].message
        number = sum(e.payload["letter"] == kind for e in self.journal.entries(request, "letter_sending")) + 1
        return f"<{request}.{kind}.{number}@{domain}>"

    def _sent(self, request: str) -> list[Sent]:
        """Letters in order; what the server surely did not take is none."""
        ended = {
            e.payload["message"]: kind
            for kind in ("letter_unsent", "letter_sent", "letter_returned", "letter_delivered")
            for e in self.journal.entries(request, kind)
        }
        found: dict[str, Entry] = {}
        for kind in ("letter_sending", "letter_sent"):
            found |= {e.payload["message"]: e for e in self.journal.entries(request, kind)}
        recorded = {letter.sha256 for letter in self.letters(request)}
        words = {"letter_sent": "sent", "letter_returned": "returned", "letter_delivered": "delivered"}
        letters = []
        for name, entry in sorted(found.items(), key=lambda pair: pair[1].seq):
            told = entry.payload
            state = words.get(ended.get(name, ""), "sent" if told["sha256"] in recorded else "perhaps sent")
            if ended.get(name) != "letter_unsent":
                at = datetime.fromisoformat(told["at"]) if "at" in told else entry.at
                kind = Kind(told["letter"])
                letters.append(
                    Sent(request, kind, name, told["channel"], told["sha256"], at, state, told.get("last", False))
                )
        return letters

    def _last_letter(self, request: str) -> Sent:
        letters = self._sent(self.request(request).id)
        if not letters:
            raise NotAllowedError(f"no letter of {request} went out yet")
        return letters[-1]
